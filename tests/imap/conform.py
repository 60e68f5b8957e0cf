#!/usr/bin/env python3
"""usage: conform.py PORT MAILDIR [NAME…]

Where other servers, or their clients, have failed: each function here is one such thing, asked of an IMAP server at
loopback PORT, user alice@example.org, password secret, whose INBOX is MAILDIR (emptied before each). Every answer is read
by the grammar (wire.py). -l lists the names."""
import base64
import os
import shutil
import sys
import traceback
import zlib

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
import wire

TESTS = {}


def test(f):
    TESTS[f.__name__.replace("_", "-")] = f
    return f


def connect():
    s = wire.Session(port=PORT, timeout=20)
    assert s.greeting.word == "OK"
    return s


def login():
    s = connect()
    s.ok(b"LOGIN alice@example.org secret")
    return s


def box(n=3):
    """Logged in, INBOX selected, n messages in it."""
    for i in range(1, n + 1):
        with open(f"{BOX}/cur/{1700000000 + i}.{i:04}.x:2,", "w", encoding="ascii") as f:
            f.write(f"Subject: message {i}\nFrom: a@b.example\n\nbody {i}\n")
    s = login()
    got = s.ok(b"SELECT INBOX")
    assert [b"%d" % n, b"EXISTS"] in got, got
    return s


def want(answer, word, code=None):
    status = answer[0]
    assert status.word == word, (status.word, status.code, status.text)
    if code:
        assert status.code and status.code[0] == code, (status.code, status.text)
    return answer[1]


def kinds(unasked):
    return [u[1] for u in unasked if isinstance(u, list) and wire.number(u[0])]


def fetched(unasked, item):
    """{message number: value}"""
    got = {}
    for u in unasked:
        if isinstance(u, list) and len(u) > 2 and u[1] == b"FETCH":
            for i in range(0, len(u[2]), 2):
                if u[2][i].upper() == item:
                    got[int(u[0])] = u[2][i + 1]
    return got


def lists(s, *what):
    return {bytes(u[3]): u[1] for u in s.ok(*(what or (b'LIST "" *',))) if u[0] == b"LIST"}


# ---- reading commands

@test
def huge_literals_are_bad_before_any_octet():
    for before in (True, False):
        for n in (b"4294967295", b"18446744073709551617", b"4294967296", b"9223372036854775808", b"99999999999999999999999",
                  b"4294967295+", b"18446744073709551617+"):
            s = connect() if before else login()
            s.send(b"a LOGIN {" + n + b"}\r\n" if before else b"a SELECT {" + n + b"}\r\n")
            t, status = s.response()
            if t is None:  # BYE: the octets of a literal that does not wait cannot be told from commands
                assert n.endswith(b"+") and status.word == "BYE", (n, status)
                assert s.eof()
            else:
                assert t == b"a" and status.word == "BAD", (n, t, status)
                if not n.endswith(b"+"):
                    s.ok(b"NOOP")
            s.close()


@test
def literals_in_every_string_position():
    for how in ("sync", "plain"):
        s = connect()
        def lit(text):
            return (how, text)
        s.ok(b"LOGIN ", lit(b"alice@example.org"), b" ", lit(b"secret"))
        s.ok(b"CREATE ", lit(b"by literal"))
        s.ok(b"SUBSCRIBE ", lit(b"by literal"))
        s.ok(b"RENAME ", lit(b"by literal"), b" ", lit(b"by literal 2"))
        assert b"by literal 2" in lists(s, b"LIST ", lit(b""), b" ", lit(b"by*"))
        s.ok(b"LSUB ", lit(b""), b" ", lit(b"*"))
        s.ok(b"STATUS ", lit(b"by literal 2"), b" (MESSAGES)")
        s.ok(b"APPEND ", lit(b"by literal 2"), b" (\\Seen) ", lit(b"Subject: needle\r\n\r\nx\r\n"))
        s.ok(b"SELECT ", lit(b"by literal 2"))
        got = s.ok(b"SEARCH CHARSET ", lit(b"UTF-8"), b" SUBJECT ", lit(b"needle"), b" HEADER ", lit(b"Subject"), b" ", lit(b"NEED"))
        assert [b"SEARCH", b"1"] in got, got
        got = s.ok(b"FETCH 1 BODY.PEEK[HEADER.FIELDS (", lit(b"Subject"), b" ", lit(b"To"), b")]")
        assert list(fetched(got, b'BODY[HEADER.FIELDS ("SUBJECT" "TO")]').values() or fetched(got, b"BODY[HEADER.FIELDS (SUBJECT TO)]").values()) == \
            [b"Subject: needle\r\n\r\n"], got
        s.ok(b"COPY 1 ", lit(b"INBOX"))
        s.ok(b"ID (", lit(b"name"), b" ", lit(b"tests"), b")")
        s.ok(b"UNSELECT")
        s.ok(b"UNSUBSCRIBE ", lit(b"by literal"))
        s.ok(b"DELETE ", lit(b"by literal 2"))
        s.close()


@test
def an_empty_literal_and_a_literal_over_two_segments():
    s = login()
    status, _ = s.command(b"SELECT ", ("sync", b""))
    assert status.word in ("NO", "BAD")
    s.send(b"a SELECT {5}\r")
    s.send(b"\n")
    assert s.response()[0] == b"+"
    for c in b"INBOX\r\n":
        s.send(bytes([c]))
    status, _ = s.until(b"a")
    assert status.word == "OK"


@test
def commands_behind_the_login():
    s = connect()
    s.send(b"a LOGIN alice@example.org secret\r\nb SELECT INBOX\r\nc NOOP\r\nd UNSELECT\r\n"
           b'e LIST "" INBOX\r\n' + b"".join(b"n%d NOOP\r\n" % i for i in range(500)))
    for tag in b"abcde":
        status, _ = s.until(bytes([tag]))
        assert status.word == "OK", (tag, status.text)
    for i in range(500):
        assert s.until(b"n%d" % i)[0].word == "OK"
    # and behind AUTHENTICATE, whose octets are on the way already
    s = connect()
    s.send(b"a AUTHENTICATE PLAIN " + base64.b64encode(b"\0alice@example.org\0secret") + b"\r\nb SELECT INBOX\r\n")
    assert s.until(b"a")[0].word == "OK" and s.until(b"b")[0].word == "OK"
    s = connect()
    s.send(b"a AUTHENTICATE PLAIN\r\n" + base64.b64encode(b"\0alice@example.org\0secret") + b"\r\nb SELECT INBOX\r\n")
    assert s.until(b"+")[0] is None
    assert s.until(b"a")[0].word == "OK" and s.until(b"b")[0].word == "OK"
    # a login that fails, and one behind it that does not
    s = connect()
    s.send(b"a LOGIN alice@example.org wrong\r\nb SELECT INBOX\r\nc LOGIN alice@example.org secret\r\nd SELECT INBOX\r\n")
    assert [s.until(bytes([t]))[0].word for t in b"abcd"] in (["NO", "BAD", "OK", "OK"], ["NO", "NO", "OK", "OK"])


@test
def before_a_login_nothing_is_had():
    s = connect()
    for c in (b"SELECT INBOX", b'LIST "" *', b"IDLE", b"NAMESPACE", b"FETCH 1 FLAGS", b"ENABLE CONDSTORE",
              b"STATUS INBOX (MESSAGES)", b"GETQUOTAROOT INBOX", b"COMPRESS DEFLATE", b"UNSELECT", b"X"):
        s.send(b"a " + c + b"\r\n")
        t, status = s.response()
        assert t == b"a" and status.word in ("BAD", "NO"), (c, t, status)
    s.ok(b"CAPABILITY")
    s.ok(b"NOOP")
    s.ok(b"ID NIL")
    s.ok(b"LOGOUT")
    assert s.eof()


@test
def lines_that_are_no_commands():
    s = box()
    for line in (b"", b" ", b"a", b"a ", b"* NOOP", b"+ NOOP", b"a+b NOOP", b"(a NOOP", b"a\tNOOP", b"a NOOP\0", b"a  NOOP", b"a FETCH 1 (FLAGS",
                 b"a SELECT \"x", b"a SELECT \"x\\y\"", b"\xff\xfe NOOP", b"a STORE 1 FLAGS (((((((", b"a SEARCH " + b"(" * 5000 + b"ALL" + b")" * 5000,
                 b"a FETCH 1 (" + b"FLAGS " * 20000 + b")",
                 b"a FETCH 1 BODY[" + b"1." * 20000 + b"1]", b"a FETCH " + b"1," * 50000 + b" FLAGS",
                 b"a SELECT " + b"x" * 100000, b"a UID", b"a UID UID FETCH 1 FLAGS", b"a DONE", b"DONE"):
        s.send(line + b"\r\nz NOOP\r\n")
        while True:
            t, status = s.response()
            if t == b"z":
                break
            assert not isinstance(status, wire.Status) or status.word in ("BAD", "NO"), (line[:50], status.word)
    s.send(b"x" * 400000)
    try:
        s.send(b"\r\nz NOOP\r\n")
        while True:
            t, status = s.response()
            if t == b"z":
                break
            assert status.word in ("BAD", "BYE")
    except EOFError:
        pass  # closing is one way to refuse it


# ---- IDLE

@test
def done_glued_to_a_command():
    """iOS 18: DONE and the next command in one segment."""
    s = box()
    s.send(b"a IDLE\r\n")
    s.until(b"+")
    s.send(b"DONE\r\nb FETCH 1 (UID FLAGS)\r\nc IDLE\r\n")
    assert s.until(b"a")[0].word == "OK"
    status, got = s.until(b"b")
    assert status.word == "OK" and fetched(got, b"UID")
    s.until(b"+")
    s.send(b"DO")
    s.send(b"NE\r\nd NOOP\r\n")
    assert s.until(b"c")[0].word == "OK" and s.until(b"d")[0].word == "OK"
    s.send(b"e IDLE\r\nDONE\r\nf NOOP\r\n")
    s.until(b"+")
    assert s.until(b"e")[0].word == "OK" and s.until(b"f")[0].word == "OK"
    s.send(b"g IDLE\r\n")
    s.until(b"+")
    s.send(b"done\r\n")  # case is not told apart (RFC 3501, 9)
    assert s.until(b"g")[0].word == "OK"


@test
def something_else_than_done_ends_idle():
    s = box()
    s.send(b"a IDLE\r\n")
    s.until(b"+")
    s.send(b"b NOOP\r\n")
    status, _ = s.until(b"a")
    assert status.word == "BAD", status.word
    s.ok(b"NOOP")
    want(s.command(b"IDLE x"), "BAD")


@test
def idle_tells_arrivals_flags_and_expunges_at_once():
    s, o = box(), login()
    o.ok(b"SELECT INBOX")
    s.send(b"a IDLE\r\n")
    s.until(b"+")
    o.ok(b"STORE 2 +FLAGS (\\Flagged)")
    while True:
        got = s.response()[1]
        if fetched([got], b"FLAGS"):
            assert fetched([got], b"FLAGS") == {2: [b"\\Flagged"]}, got
            break
    with open(f"{BOX}/tmp/x", "w", encoding="ascii") as f:
        f.write("Subject: late\n\nx\n")
    os.rename(f"{BOX}/tmp/x", f"{BOX}/new/1800000000.1.x")
    while s.response()[1] != [b"4", b"EXISTS"]:
        pass
    o.ok(b"STORE 1 +FLAGS.SILENT (\\Deleted)")
    o.ok(b"EXPUNGE")
    while s.response()[1] != [b"1", b"EXPUNGE"]:
        pass
    s.send(b"DONE\r\n")
    assert s.until(b"a")[0].word == "OK"
    got = s.ok(b"FETCH 1:* UID")
    assert [int(v) for v in fetched(got, b"UID").values()] == [2, 3, 4]


# ---- sequence numbers and EXPUNGE

@test
def expunge_never_during_fetch_store_search():
    s, o = box(6), login()
    o.ok(b"SELECT INBOX")
    o.ok(b"STORE 2,4 +FLAGS.SILENT (\\Deleted)")
    o.ok(b"EXPUNGE")
    for c in (b"FETCH 1:6 FLAGS", b"FETCH 6 (UID FLAGS)", b"STORE 6 +FLAGS (\\Seen)", b"STORE 1 FLAGS.SILENT ()", b"SEARCH ALL",
              b"SEARCH SUBJECT message", b"SEARCH RETURN (COUNT) ALL"):
        status, got = s.command(c)
        assert b"EXPUNGE" not in kinds(got), (c, got)
        assert status.word in ("OK", "NO"), (c, status.text)
    # the numbers still are those of before
    assert int(fetched(s.ok(b"FETCH 6 UID"), b"UID")[6]) == 6
    got = s.ok(b"NOOP")
    assert sorted(kinds(got)).count(b"EXPUNGE") == 2, got
    assert [int(v) for v in fetched(s.ok(b"FETCH 1:* UID"), b"UID").values()] == [1, 3, 5, 6]


@test
def expunge_tells_numbers_as_they_fall():
    s = box(9)
    s.ok(b"STORE 1,3:5,9 +FLAGS.SILENT (\\Deleted)")
    view = list(range(1, 10))
    for u in s.ok(b"EXPUNGE"):
        if isinstance(u, list) and u[1:] == [b"EXPUNGE"]:
            view.pop(int(u[0]) - 1)
    assert view == [2, 6, 7, 8]
    assert [int(v) for v in fetched(s.ok(b"FETCH 1:* UID"), b"UID").values()] == view


@test
def a_message_number_that_is_not_is_bad_a_uid_that_is_not_is_ok():
    s = box()
    for c in (b"FETCH 4 FLAGS", b"FETCH 0 FLAGS", b"STORE 4 +FLAGS (\\Seen)", b"COPY 4 Sent", b"MOVE 4 Sent", b"FETCH 4294967296 FLAGS"):
        want(s.command(c), "BAD")
    for c in (b"UID FETCH 4 FLAGS", b"UID STORE 4 +FLAGS (\\Seen)", b"UID COPY 4 Sent", b"UID MOVE 4 Sent", b"UID EXPUNGE 4", b"UID SEARCH UID 4",
              b"UID MOVE 4:4000000000 Sent"):
        got = want(s.command(c), "OK")
        assert b"EXPUNGE" not in kinds(got) and not fetched(got, b"FLAGS")
    assert set(fetched(s.ok(b"UID FETCH 9:* UID"), b"UID")) == {3}  # * is the last one, though 9 is more
    assert lists(s).get(b"Sent") is not None


@test
def a_uid_is_never_used_again():
    s = box()
    s.ok(b"STORE 3 +FLAGS.SILENT (\\Deleted)")
    s.ok(b"EXPUNGE")
    s.ok(b"LOGOUT")
    s = login()
    got = s.ok(b"SELECT INBOX")
    assert any(isinstance(u, wire.Status) and u.code == [b"UIDNEXT", b"4"] for u in got), [u.code for u in got if isinstance(u, wire.Status)]
    status, _ = s.command(b"APPEND INBOX ", ("sync", b"Subject: x\r\n\r\nx\r\n"))
    assert status.code[0] == b"APPENDUID" and status.code[2] == b"4"
    s.ok(b"DELETE Work") if b"Work" in lists(s) else None
    def validity(name):
        return [int(u[2][1]) for u in s.ok(b"STATUS " + name + b" (UIDVALIDITY)") if u[0] == b"STATUS"][0]
    s.ok(b"CREATE Work")
    first = validity(b"Work")
    s.ok(b"DELETE Work")
    s.ok(b"CREATE Work")
    assert validity(b"Work") > first


# ---- selecting

@test
def closed_is_told_between_two_mailboxes():
    s = box()
    s.ok(b"CREATE Other")
    def codes(got):
        return [u.code[0] for u in got if isinstance(u, wire.Status) and u.code]
    got = s.ok(b"SELECT Other")
    assert codes(got).count(b"CLOSED") == 1 and codes(got)[0] == b"CLOSED"
    s.ok(b"UNSELECT")
    assert b"CLOSED" not in codes(s.ok(b"SELECT Other"))
    status, got = s.command(b"SELECT Missing")
    assert status.word == "NO"
    want(s.command(b"FETCH 1 FLAGS"), "BAD")  # nothing is selected now (RFC 3501, 6.3.1)


@test
def select_with_condstore_and_qresync():
    s = box(5)
    s.ok(b"ENABLE QRESYNC")
    got = s.ok(b"SELECT INBOX")
    code = {u.code[0]: u.code[1:] for u in got if isinstance(u, wire.Status) and u.code}
    v, m = code[b"UIDVALIDITY"][0], code[b"HIGHESTMODSEQ"][0]
    s.ok(b"STORE 2 +FLAGS (\\Seen)")
    s.ok(b"STORE 3 +FLAGS.SILENT (\\Deleted)")
    s.ok(b"EXPUNGE")
    for parameters in (b"(CONDSTORE QRESYNC (%s %s))", b"(QRESYNC (%s %s) CONDSTORE)", b"(QRESYNC (%s %s))", b"(QRESYNC (%s %s 1:5))",
                       b"(QRESYNC (%s %s 1:5 (1:2 1:2)))"):
        got = s.ok(b"SELECT INBOX " + parameters % (v, m))
        vanished = [u for u in got if isinstance(u, list) and u[0] == b"VANISHED"]
        assert vanished == [[b"VANISHED", [b"EARLIER"], b"3"]], (parameters, vanished)
        assert set(fetched(got, b"FLAGS")) == {2}, (parameters, got)
        assert fetched(got, b"UID") == {2: b"2"} and fetched(got, b"MODSEQ")
    got = s.ok(b"SELECT INBOX (QRESYNC (%d %s))" % (int(v) + 1, m))
    assert not fetched(got, b"FLAGS") and not [u for u in got if isinstance(u, list) and u[0] == b"VANISHED"]
    # expunges are VANISHED from now on, of others too
    o = login()
    o.ok(b"SELECT INBOX")
    o.ok(b"STORE 1 +FLAGS.SILENT (\\Deleted)")
    o.ok(b"EXPUNGE")
    got = s.ok(b"NOOP")
    assert [b"VANISHED", b"1"] in got and b"EXPUNGE" not in kinds(got), got
    s = login()
    want(s.command(b"SELECT INBOX (QRESYNC (%s %s))" % (v, m)), "BAD")  # it was not enabled


@test
def mod_sequences_grow_and_unchangedsince_is_kept():
    s = box(3)
    s.ok(b"SELECT INBOX (CONDSTORE)")
    m = {n: int(v[0]) for n, v in fetched(s.ok(b"FETCH 1:3 MODSEQ"), b"MODSEQ").items()}
    got = s.ok(b"STORE 1 +FLAGS (\\Seen)")
    new = int(fetched(got, b"MODSEQ")[1][0])
    assert new > max(m.values())
    status, got = s.command(b"STORE 1,2 (UNCHANGEDSINCE %d) +FLAGS (\\Flagged)" % m[2])
    assert status.word == "OK" and status.code == [b"MODIFIED", b"1"], (status.word, status.code)
    assert fetched(s.ok(b"FETCH 1:2 FLAGS"), b"FLAGS") == {1: [b"\\Seen"], 2: [b"\\Flagged"]}
    assert set(fetched(s.ok(b"FETCH 1:* (FLAGS) (CHANGEDSINCE %d)" % new), b"FLAGS")) == {2}
    # what changes nothing changes no mod-sequence
    before = fetched(s.ok(b"FETCH 2 MODSEQ"), b"MODSEQ")
    s.ok(b"STORE 2 +FLAGS (\\Flagged)")
    assert fetched(s.ok(b"FETCH 2 MODSEQ"), b"MODSEQ") == before


@test
def examine_changes_nothing():
    s = box()
    s.ok(b"EXAMINE INBOX")
    s.ok(b"FETCH 1:* BODY[]")
    for c in (b"STORE 1 +FLAGS (\\Seen)", b"EXPUNGE", b"MOVE 1 Sent"):
        status, _ = s.command(c)
        assert status.word in ("NO", "BAD"), c
    s.ok(b"CLOSE")
    assert all(n.endswith(":2,") for n in os.listdir(f"{BOX}/cur"))
    s.ok(b"SELECT INBOX")
    s.ok(b"STORE 1 +FLAGS (\\Deleted)")
    s.ok(b"EXAMINE INBOX")  # another SELECT removes nothing
    s.ok(b"CLOSE")          # nor does CLOSE of what was examined
    assert len(os.listdir(f"{BOX}/cur")) == 3
    s.ok(b"SELECT INBOX")
    got = s.ok(b"CLOSE")
    assert b"EXPUNGE" not in kinds(got) and len(os.listdir(f"{BOX}/cur")) == 2


# ---- names

@test
def names_in_modified_utf7():
    s = login()
    for name in (b"&AMk-t&AOk-", b"A&-B", b"&ZeVnLIqe-", b"&2D3eAA-", b"x &- y"):
        s.ok(b'CREATE "' + name + b'"')
        assert name in lists(s), (name, lists(s))
        s.ok(b'SELECT "' + name + b'"')
        s.ok(b'APPEND "' + name + b'" ', ("sync", b"Subject: x\r\n\r\nx\r\n"))
        s.ok(b"UNSELECT")
        s.ok(b'RENAME "' + name + b'" "' + name + b'2"')
        s.ok(b'DELETE "' + name + b'2"')
    for name in (b"&", b"&AMk", b"a&b", b"&AMk-&AOk-", b"&AGE-", b"&!!-", b"&2D0-", b"\xc3\x89t", b"a/../b", b"..", b"../x", b".", b"a..b", b".a", b"a\0b"):
        status, _ = s.command(b"CREATE ", ("sync", name))
        assert status.word in ("NO", "BAD"), name
    assert not os.path.exists(os.path.join(os.path.dirname(BOX), "x"))


@test
def utf8_accept():
    s = login()
    got = s.ok(b"ENABLE UTF8=ACCEPT")
    assert [b"ENABLED", b"UTF8=ACCEPT"] in got, got
    s.utf8 = True
    name = "Über".encode()
    s.ok(b'CREATE "' + name + b'"')
    assert name in lists(s)
    message = "Subject: grüße\r\n\r\nblåbær\r\n".encode()
    tag = s.tag()
    s.send(tag + b' APPEND "' + name + b'" UTF8 (~{%d+}\r\n' % len(message) + message + b")\r\n")
    assert s.until(tag)[0].word == "OK"
    s.ok(b'SELECT "' + name + b'"')
    got = fetched(s.ok(b"FETCH 1 (ENVELOPE BODY.PEEK[])"), b"ENVELOPE")[1]
    assert got[1] == "grüße".encode(), got
    assert [b"SEARCH", b"1"] in s.ok(b'SEARCH SUBJECT "' + "grüß".encode() + b'"')
    s.ok(b"UNSELECT")
    o = login()
    assert b"&ANw-ber" in lists(o)
    o.ok(b"DELETE &ANw-ber")


@test
def inbox_in_any_case_and_its_children():
    s = login()
    for name in (b"inbox", b"InBoX", b'"inbox"'):
        s.ok(b"SELECT " + name)
        assert b"INBOX" in lists(s, b'LIST "" ' + name)
    want(s.command(b"CREATE inbox"), "NO")
    want(s.command(b"DELETE Inbox"), "NO")


@test
def the_usual_folders_have_their_uses():
    s = login()
    got = {use: name for name, attributes in lists(s, b'LIST (SPECIAL-USE) "" *').items() for use in attributes
           if use in (b"\\Drafts", b"\\Sent", b"\\Trash", b"\\Junk", b"\\Archive")}
    assert got == {b"\\Drafts": b"Drafts", b"\\Sent": b"Sent", b"\\Trash": b"Trash", b"\\Junk": b"Junk", b"\\Archive": b"Archive"}, got
    assert b"\\Sent" in lists(s)[b"Sent"]


# ---- FETCH, STORE, SEARCH

@test
def nul_octets_and_every_other_octet_come_as_they_are():
    octets = bytes(range(256)).replace(b"\r", b"").replace(b"\n", b"")
    with open(f"{BOX}/cur/1700000000.1.x:2,", "wb") as f:
        f.write(b"Subject: octets\n\n" + octets + b"\n")
    s = login()
    s.ok(b"SELECT INBOX")
    got = s.ok(b"FETCH 1 (RFC822.SIZE BODY.PEEK[] BODY.PEEK[TEXT])")
    assert fetched(got, b"BODY[TEXT]")[1] == octets + b"\r\n"
    assert int(fetched(got, b"RFC822.SIZE")[1]) == len(fetched(got, b"BODY[]")[1])


@test
def sizes_and_pieces_fit_together():
    with open(f"{BOX}/cur/1700000000.1.x:2,", "wb") as f:
        f.write(b"Subject: pieces\n\n" + b"".join(b"line %d\n" % i for i in range(5000)))
    s = login()
    s.ok(b"SELECT INBOX")
    whole = fetched(s.ok(b"FETCH 1 BODY.PEEK[]"), b"BODY[]")[1]
    assert whole.count(b"\r\n") == 5002 and b"\r\r" not in whole
    got, at = b"", 0
    while True:
        piece = fetched(s.ok(b"FETCH 1 BODY.PEEK[]<%d.7777>" % at), b"BODY[]<%d>" % at)[1]
        if not piece:
            break
        got, at = got + piece, at + len(piece)
    assert got == whole
    # a piece may begin between CR and LF
    cr = whole.index(b"\r")
    assert fetched(s.ok(b"FETCH 1 BODY.PEEK[]<%d.3>" % (cr + 1)), b"BODY[]<%d>" % (cr + 1))[1] == whole[cr + 1:cr + 4]


def leaves(v, section=()):
    """(section, octets) of each part of a BODYSTRUCTURE; those of a message in it too."""
    if isinstance(v[0], list):
        n = 0
        while n < len(v) and isinstance(v[n], list) and not (n and wire.params(v[n])):
            yield from leaves(v[n], section + (n + 1,))
            n += 1
        return
    section = section or (1,)
    yield section, int(v[6])
    if v[0].lower() == b"message" and v[1].lower() in (b"rfc822", b"global"):
        inner = v[8]
        yield from leaves(inner, section if isinstance(inner[0], list) else section + (1,))


@test
def every_message_of_the_corpus_has_a_structure_that_holds():
    """Its structure is grammatical, each part that it names is there and as long as it says, and header and text are the whole."""
    with open(os.environ["CORPUS"], encoding="utf-8") as f:
        paths = f.read().split("\n")[:-1]
    for i, path in enumerate(paths):
        shutil.copyfile(path, f"{BOX}/cur/{1700000000 + i}.{i:04}.x:2,S")
    s, bad = login(), []
    s.ok(b"SELECT INBOX")
    for i, path in enumerate(paths, 1):
        got = s.ok(b"FETCH %d (ENVELOPE BODY BODYSTRUCTURE RFC822.SIZE BODY.PEEK[] BODY.PEEK[HEADER] BODY.PEEK[TEXT])" % i)
        def item(name):
            return fetched(got, name)[i]
        whole = item(b"BODY[]")
        assert len(whole) == int(item(b"RFC822.SIZE")), path
        assert whole.endswith(item(b"BODY[HEADER]") + item(b"BODY[TEXT]")), path
        for section, octets in list(leaves(item(b"BODYSTRUCTURE")))[:30]:
            name = b".".join(b"%d" % n for n in section)
            part = fetched(s.ok(b"FETCH %d BODY.PEEK[%s]" % (i, name)), b"BODY[%s]" % name)[i]
            if len(part or b"") != octets:  # a multipart without parts is shown with an empty one
                bad.append((path, name, octets, part and len(part)))
    assert not bad, bad
    assert len(paths) > 20


@test
def body_sets_seen_and_says_so():
    s = box()
    got = s.ok(b"FETCH 1 BODY[TEXT]")
    assert fetched(got, b"FLAGS") == {1: [b"\\Seen"]}
    assert sum(n.endswith(":2,S") for n in os.listdir(f"{BOX}/cur")) == 1
    assert not fetched(s.ok(b"FETCH 2 BODY.PEEK[TEXT]"), b"FLAGS")
    assert not fetched(s.ok(b"FETCH 2 RFC822.HEADER"), b"FLAGS")
    assert fetched(s.ok(b"FETCH 2 RFC822"), b"FLAGS") == {2: [b"\\Seen"]}


@test
def silent_tells_nothing_but_what_others_did():
    s, o = box(), login()
    o.ok(b"SELECT INBOX")
    got = s.ok(b"STORE 1 +FLAGS.SILENT (\\Seen)")
    assert not fetched(got, b"FLAGS"), got
    assert fetched(o.ok(b"NOOP"), b"FLAGS") == {1: [b"\\Seen"]}
    assert not fetched(s.ok(b"NOOP"), b"FLAGS")


@test
def keywords_in_any_number():
    s = box(2)
    for i in range(70):
        status, got = s.command(b"STORE 1 +FLAGS (word%d)" % i)
        assert status.word in ("OK", "NO"), i
        if status.word == "NO" or b"word%d" % i not in fetched(got, b"FLAGS").get(1, []):
            break
    assert i >= 26, i
    flags = fetched(s.ok(b"FETCH 1 FLAGS"), b"FLAGS")[1]
    assert len([f for f in flags if f.startswith(b"word")]) == i
    s.ok(b"LOGOUT")
    s = login()
    s.ok(b"SELECT INBOX")
    assert sorted(fetched(s.ok(b"FETCH 1 FLAGS"), b"FLAGS")[1]) == sorted(f for f in flags if f != b"\\Recent")
    assert [b"SEARCH", b"1"] in s.ok(b"SEARCH KEYWORD WORD3")


@test
def an_esearch_names_its_tag():
    s = box()
    s.send(b"q1 UID SEARCH RETURN (MIN COUNT) ALL\r\n")
    _, got = s.until(b"q1")
    e = [u for u in got if u[0] == b"ESEARCH"][0]
    assert e[1] == [b"TAG", b"q1"] and e[2] == b"UID" and e[3:] in ([b"MIN", b"1", b"COUNT", b"3"], [b"COUNT", b"3", b"MIN", b"1"]), e
    s.send(b"q2 SEARCH RETURN (ALL) KEYWORD none\r\n")
    _, got = s.until(b"q2")
    assert [b"ESEARCH", [b"TAG", b"q2"]] in got, got
    status, _ = s.command(b"SEARCH CHARSET X-NONE SUBJECT x")
    assert status.word == "NO" and status.code[0] == b"BADCHARSET"


# ---- changing

@test
def appenduid_and_copyuid_are_right():
    s = box(4)
    s.ok(b"CREATE To")
    status, _ = s.command(b"APPEND To (\\Seen Word) \"01-Feb-2020 12:34:56 +0100\" ", ("sync", b"Subject: x\r\n\r\nx\r\n"))
    assert status.code[0] == b"APPENDUID"
    validity, uid = status.code[1:]
    status, _ = s.command(b"COPY 2:3 To")
    assert status.code[:3] == [b"COPYUID", validity, b"2:3"]
    copied = wire.expand(status.code[3])
    got = want(s.command(b"UID MOVE 1,4 To"), "OK")
    code = [u.code for u in got if isinstance(u, wire.Status) and u.code and u.code[0] == b"COPYUID"]
    assert len(code) == 1 and wire.expand(code[0][2]) == [1, 4], code
    assert kinds(got).count(b"EXPUNGE") == 2
    got = s.ok(b"SELECT To")
    assert any(isinstance(u, wire.Status) and u.code == [b"UIDVALIDITY", validity] for u in got)
    subjects = {int(v): n for n, v in fetched(s.ok(b"FETCH 1:* UID"), b"UID").items()}
    assert sorted(subjects) == sorted([int(uid)] + copied + wire.expand(code[0][3]))
    got = s.ok(b"UID FETCH " + uid + b" (FLAGS INTERNALDATE)")
    assert sorted(f for f in list(fetched(got, b"FLAGS").values())[0] if f != b"\\Recent") == [b"Word", b"\\Seen"]
    when = list(fetched(got, b"INTERNALDATE").values())[0]
    assert when[1:] in (b"1-Feb-2020 11:34:56 +0000", b"1-Feb-2020 12:34:56 +0100"), when
    # one to one, in their order
    for src, dst in zip([1, 4], wire.expand(code[0][3])):
        header = list(fetched(s.ok(b"UID FETCH %d BODY.PEEK[HEADER]" % dst), b"BODY[HEADER]").values())[0]
        assert b"message %d\r" % src in header


@test
def what_cannot_be_appended_to_says_trycreate():
    s = box(1)
    status, _ = s.command(b"APPEND Missing ", ("sync", b"Subject: x\r\n\r\nx\r\n"))
    assert status.word == "NO" and status.code == [b"TRYCREATE"], (status.word, status.code)
    for c in (b"COPY 1 Missing", b"MOVE 1 Missing", b"UID COPY 1 Missing", b"UID MOVE 1 Missing"):
        status, _ = s.command(c)
        assert status.word == "NO" and status.code == [b"TRYCREATE"], (c, status.code)
    assert len(os.listdir(f"{BOX}/cur")) == 1


@test
def too_large_a_message_is_refused_before_it_is_sent():
    s = login()
    limit = [w for u in s.ok(b"CAPABILITY") for w in u if w.startswith(b"APPENDLIMIT")]
    assert limit, "no APPENDLIMIT"
    n = int(limit[0].split(b"=")[1])
    s.send(b"a APPEND INBOX {%d}\r\n" % (n + 1))
    t, status = s.response()
    assert t == b"a" and status.word in ("NO", "BAD") and status.code in ([b"TOOBIG"], [b"LIMIT"]), (t, status.word, status.code)
    s.ok(b"NOOP")
    s.send(b"b APPEND INBOX {4294967295}\r\n")
    assert s.response()[0] == b"b"


@test
def uid_expunge_removes_no_more_than_was_said():
    s = box(5)
    s.ok(b"STORE 1:5 +FLAGS.SILENT (\\Deleted)")
    got = s.ok(b"UID EXPUNGE 2,4:5")
    assert kinds(got).count(b"EXPUNGE") == 3
    assert [int(v) for v in fetched(s.ok(b"FETCH 1:* UID"), b"UID").values()] == [1, 3]
    assert len(os.listdir(f"{BOX}/cur")) == 2


@test
def a_deleted_mailbox_under_a_session():
    s, o = login(), login()
    s.ok(b"CREATE Brief")
    s.ok(b"APPEND Brief ", ("sync", b"Subject: x\r\n\r\nx\r\n"))
    s.ok(b"SELECT Brief")
    o.ok(b"DELETE Brief")
    for c in (b"NOOP", b"FETCH 1 FLAGS", b"FETCH 1 BODY.PEEK[]", b"STORE 1 +FLAGS (\\Seen)", b"SEARCH ALL", b"EXPUNGE"):
        try:
            s.command(c)
        except EOFError:
            break  # ended with BYE
    login().ok(b"NOOP")
    o.ok(b"CREATE Brief")
    assert any(u[0] == b"STATUS" and u[2] == [b"MESSAGES", b"0"] for u in o.ok(b"STATUS Brief (MESSAGES)"))


# ---- extensions

@test
def compress_deflate():
    s = box()
    s.send(b"a COMPRESS DEFLATE\r\n")
    status, _ = s.until(b"a")
    assert status.word == "OK"
    pack, unpack = zlib.compressobj(9, zlib.DEFLATED, -15), zlib.decompressobj(-15)
    plain_send, plain_more = s.send, s.more

    def send(data):
        plain_send(pack.compress(data) + pack.flush(zlib.Z_SYNC_FLUSH))

    def more(timeout=None):
        have, s.buffer = s.buffer, b""
        plain_more(timeout)
        s.buffer = have + unpack.decompress(s.buffer)

    s.buffer = unpack.decompress(s.buffer)
    s.send, s.more = send, more
    assert len(fetched(s.ok(b"FETCH 1:3 BODY.PEEK[]"), b"BODY[]")) == 3
    s.ok(b"APPEND INBOX ", ("sync", b"Subject: packed\r\n\r\n" + b"x" * 100000 + b"\r\n"))
    got = fetched(s.ok(b"FETCH 4 BODY.PEEK[TEXT]"), b"BODY[TEXT]")
    assert got[4] == b"x" * 100000 + b"\r\n"
    status, _ = s.command(b"COMPRESS DEFLATE")
    assert status.word in ("NO", "BAD")
    s.ok(b"NOOP")
    # octets that are no deflate end it
    plain_send(b"\xff\xff\xff\xff\xff\xff\n")
    try:
        while True:
            s.response()
    except (EOFError, zlib.error):
        pass
    s = login()
    want(s.command(b"COMPRESS GZIP"), "BAD")


@test
def the_capabilities_that_are_promised():
    s = connect()
    got = {bytes(w) for u in s.ok(b"CAPABILITY") for w in u[1:]}
    s.ok(b"LOGIN alice@example.org secret")
    got |= {bytes(w) for u in s.ok(b"CAPABILITY") for w in u[1:]}
    needed = set(b"IMAP4rev1 IDLE NAMESPACE UIDPLUS MOVE CHILDREN LIST-EXTENDED LIST-STATUS SPECIAL-USE ID ENABLE UNSELECT LITERAL+ SASL-IR CONDSTORE "
                 b"QRESYNC ESEARCH COMPRESS=DEFLATE QUOTA UTF8=ACCEPT".split())
    assert needed <= got, needed - got
    assert any(w.startswith(b"APPENDLIMIT=") for w in got)


@test
def namespace_and_id():
    s = login()
    got = s.ok(b"NAMESPACE")
    n = [u for u in got if u[0] == b"NAMESPACE"][0]
    assert isinstance(n[1], list) and len(n[1]) == 1 and n[1][0][0] == b"" and len(n[1][0][1]) == 1 and n[2:] == [None, None], n
    assert [u for u in s.ok(b"ID NIL") if u[0] == b"ID"]
    want(s.command(b'ID ("odd")'), "BAD")


def empty():
    for name in os.listdir(BOX):
        path = os.path.join(BOX, name)
        shutil.rmtree(path) if os.path.isdir(path) else os.unlink(path)
    for d in ("cur", "new", "tmp"):
        os.mkdir(os.path.join(BOX, d))


def main():
    global PORT, BOX
    if sys.argv[1:] == ["-l"]:
        print("\n".join(TESTS))
        return 0
    PORT, BOX, names = int(sys.argv[1]), sys.argv[2], sys.argv[3:] or [n for n in TESTS if "corpus" not in n or "CORPUS" in os.environ]
    failed = 0
    for name in names:
        empty()
        try:
            TESTS[name]()
            print(f"ok {name}")
        except Exception:
            failed += 1
            print(f"not ok {name}\n{traceback.format_exc()}")
    print(f"{len(names)} tried, {failed} failed")
    return 1 if failed else 0


sys.exit(main())
