# FETCH of imapd-lite(8): what clients make of the answers. The same pieces are asked for in several ways, and must agree.
load lib

setup() {
	make_root example.org alice
	export PABAL_LOG=fd:2 PYTHONPATH=$BATS_TEST_DIRNAME PYTHONDONTWRITEBYTECODE=1
	unset TCPREMOTEIP TLS_VERSION
	echo loopback >"$PABAL_ROOT/control/login-without-tls"
	[ -s "$BATS_FILE_TMPDIR/passwd" ] || { # the hash is made once for all tests
		echo 'two  words' | mail-user passwd alice@example.org
		cp "$PABAL_ROOT/passwd" "$BATS_FILE_TMPDIR/passwd"
	}
	cp "$BATS_FILE_TMPDIR/passwd" "$PABAL_ROOT/passwd"
	ALICE=$PABAL_ROOT/mail/example.org/alice
	# here, not in client(): at the end of a pipeline that is a shell of its own, and nobody would end the server
	start_wait imapd-lite 2>>"$LOG"
}
teardown() { stop_all; }

# client <SCRIPT: Python on fd 0; the port in `port`, Alice's Maildir in `box`; put() makes a message there, value() reads
# the rest of an answer.
client() {
	{
		cat <<-'END'
			import imaplib, email, email.policy, os, re, sys
			from imap_client import *
			port, box = sys.argv[1:3]
			made = 0
			def put(octets, crlf=False):
			    global made
			    made += 1
			    with open(f"{box}/cur/{1000000000 + made}.m{made}:2,S", "wb") as f:
			        f.write(octets.replace(b"\n", b"\r\n") if crlf else octets)
			def wire(octets):
			    return re.sub(rb"(?<!\r)\n", b"\r\n", octets)
			def value(s):
			    """(what stands there, the rest): lists, bytes, numbers, None"""
			    if s[:1] == b"(":
			        out, s = [], s[1:]
			        while s[:1] != b")":
			            v, s = value(s.removeprefix(b" "))
			            out.append(v)
			        return out, s[1:]
			    if s[:1] == b'"':
			        m = re.match(rb'"((?:[^"\\\r\n\0\x80-\xff]|\\["\\])*)"', s)
			        return re.sub(rb"\\(.)", rb"\1", m[1]), s[m.end():]
			    if s[:1] == b"{":
			        m = re.match(rb"\{(\d+)\}\r\n", s)
			        end = m.end() + int(m[1])
			        assert len(s) >= end
			        return s[m.end():end], s[end:]
			    m = re.match(rb"[A-Za-z0-9.\\$]+(?:\[[^]]*\](?:<\d+>)?)?", s)
			    word = m[0]
			    return (None if word == b"NIL" else int(word) if word.isdigit() else word), s[m.end():]
			def ask(c, items, what=1):
			    """the items of message `what` by name"""
			    untagged, r = c.command(f"FETCH {what} {items}")
			    assert r.startswith(b"OK") and len(untagged) == 1, (items, untagged, r)
			    head = b"* %d FETCH " % what
			    assert untagged[0].startswith(head)
			    got, rest = value(untagged[0][len(head):])
			    assert rest == b"", rest
			    return dict(zip(got[::2], got[1::2]))
			def one(c, item, what=1):
			    return list(ask(c, item, what).values())[0]
		END
		cat
	} >"$BATS_TEST_TMPDIR/script.py"
	timeout 100 python3 "$BATS_TEST_TMPDIR/script.py" "$PORT" "$ALICE"
}

# Messages of all shapes, in $shapes: a list of bytes.
shapes() {
	cat <<-'END'
		nested = b"Subject: n\nContent-Type: multipart/mixed; boundary=A\n\npreamble\n--A\n\nplain\nof two\n--A\n" \
		    b"Content-Type: multipart/alternative; boundary=\"B B\"\n\n--B B\nContent-Type: text/html\n\n<p>\n\n--B B--\n--A\n" \
		    b"Content-Type: message/rfc822\n\nSubject: inner\nFrom: i@x.org\nContent-Type: multipart/mixed; boundary=C\n\n--C\n\ndeep\n" \
		    b"--C\nContent-Type: application/x\nContent-Transfer-Encoding: base64\n\nQUJD\n--C--\n--A\n" \
		    b"Content-Type: message/rfc822\n\nSubject: single\n\nbody\nof three\nlines\n--A--\nepilogue\n"
		shapes = [
		    b"Subject: a\nFrom: a@x.org\n\nbody\n", b"Subject: no body\n", b"Subject: no end\n\nline", b"Subject: cr\n\na\rb\n\n\n",
		    b"Subject: nul\n\n\0\xff\0\n\x80\n", nested,
		    b"Content-Type: multipart/mixed; boundary=X\n\n--X--\n",
		    b"Content-Type: multipart/digest; boundary=X\n\n--X\n\nSubject: 1\n\none\n--X\n\nSubject: 2\n\ntwo\n\n--X--\n",
		    b"Content-Type: multipart/mixed; boundary=X\n\n--X\n\nnever closed\n\n",
		    b"Content-Type: message/rfc822\n\nSubject: top is a message\n\nits body\n",
		    b"From: \"\xed\x95\x9c\" <k@x.org>, g: a@x.org, b@x.org;\nSubject: \xea\xb8\x80\n more\nTo: \"q\\\"q\" <q@x.org>, no address, r\n\n.\n",
		]
	END
}

@test "each part is where BODYSTRUCTURE says, of the size that it says" {
	{ shapes; cat <<-'END'; } | client
		for s in shapes:
		    put(s), put(s, crlf=True)
		c = Imap(port); c.ok("SELECT INBOX")
		parts = 0
		def check(number, s, n):
		    global parts
		    parts += 1
		    body = one(c, f"BODY.PEEK[{'.'.join(map(str, number))}]", n)
		    assert s[6] == len(body), (number, s, body)
		    kind = s[0].lower() + b"/" + s[1].lower()
		    if s[0].lower() == b"text":
		        assert s[7] == body.count(b"\n"), (number, s, body)
		    if kind == b"message/rfc822":
		        assert s[9] == body.count(b"\n")
		        inner = body[len(one(c, f"BODY.PEEK[{'.'.join(map(str, number))}.HEADER]", n)):]
		        assert inner == one(c, f"BODY.PEEK[{'.'.join(map(str, number))}.TEXT]", n)
		        walk(number, s[8], n)
		def walk(number, s, n):
		    """The parts of a message's structure."""
		    if not isinstance(s[0], list):
		        return check(number + [1], s, n)
		    for i, p in enumerate([p for p in s if isinstance(p, list) and p and (isinstance(p[0], list) or len(p) > 6)], 1):
		        if isinstance(p[0], list):
		            walk(number + [i], p, n)
		        else:
		            check(number + [i], p, n)
		for n in range(1, made + 1):
		    if b"--X--\n" == shapes[(n - 1) // 2][-6:] and shapes[(n - 1) // 2].count(b"--X") == 1:
		        continue  # a multipart without a part: the one that is told of is nowhere
		    got = ask(c, "(BODY BODYSTRUCTURE ENVELOPE)", n)
		    walk([], got[b"BODY"], n)
		    assert len(got[b"ENVELOPE"]) == 10
		assert parts >= 40, parts
	END
}

@test "BODY[], its header and text, RFC822.SIZE: what the file holds, with CRLF" {
	{ shapes; cat <<-'END'; } | client
		for s in shapes:
		    put(s), put(s, crlf=True)
		c = Imap(port); c.ok("SELECT INBOX")
		for n in range(1, made + 1):
		    whole = wire(shapes[(n - 1) // 2])
		    got = ask(c, "(RFC822.SIZE BODY.PEEK[] BODY.PEEK[HEADER] BODY.PEEK[TEXT] RFC822.HEADER)", n)
		    assert got[b"BODY[]"] == whole and got[b"RFC822.SIZE"] == len(whole), (n, got)
		    assert got[b"BODY[HEADER]"] + got[b"BODY[TEXT]"] == whole
		    assert got[b"RFC822.HEADER"] == got[b"BODY[HEADER]"]
		    for step in (1, 7, 4096):
		        pieces = [one(c, f"BODY.PEEK[]<{at}.{step}>", n) for at in range(0, len(whole) + 1, step)]
		        assert b"".join(pieces) == whole, (n, step)
		    assert one(c, f"BODY.PEEK[]<{len(whole) + 5}.10>", n) == b""
		    assert one(c, "BODY.PEEK[TEXT]<1.3>", n) == got[b"BODY[TEXT]"][1:4]
		    assert one(c, "BODY.PEEK[HEADER.FIELDS (Subject)]<2.4>", n) == \
		        one(c, "BODY.PEEK[HEADER.FIELDS (Subject)]", n)[2:6]
		    fields = one(c, "BODY.PEEK[HEADER.FIELDS (SUBJECT from)]", n)
		    others = one(c, "BODY.PEEK[HEADER.FIELDS.NOT (Subject From)]", n)
		    assert fields.endswith(b"\r\n") and others.endswith(b"\r\n")
		    assert sorted((fields[:-2] + others[:-2]).split(b"\r\n")) == sorted(got[b"BODY[HEADER]"].removesuffix(b"\r\n").split(b"\r\n")) \
		        or not got[b"BODY[HEADER]"].endswith(b"\r\n\r\n")
	END
}

@test "a large message in pieces, and whole, in little memory" {
	client <<-'END'
		line = b"The quick brown fox jumps over the lazy dog and comes back again.\n"
		text = b"Subject: large\nContent-Type: multipart/mixed; boundary=B\n\n--B\n\nsmall\n--B\n\n" + line * 300000 + b"--B--\n"
		put(text)
		whole = wire(text)
		c = Imap(port); c.ok("SELECT INBOX")
		step, at = 65536, 0
		while at < len(whole):
		    assert one(c, f"BODY.PEEK[]<{at}.{step}>") == whole[at:at + step], at
		    at += step
		part = wire(line * 300000)[:-2]
		for at in range(0, len(part), 1 << 20):
		    assert one(c, f"BODY.PEEK[2]<{at}.{1 << 20}>") == part[at:at + (1 << 20)], at
		assert one(c, "BODY.PEEK[]") == whole
		import glob
		kib = []
		for path in glob.glob("/proc/[0-9]*"):
		    try:  # it may end meanwhile
		        if os.environ["PABAL_ROOT"].encode() in open(path + "/environ", "rb").read() and \
		                open(path + "/comm").read().strip() == "imapd-lite":
		            kib.append(int(re.search(r"Private_Dirty:\s+(\d+)", open(path + "/smaps_rollup").read())[1]))
		    except OSError:
		        pass
		assert kib and max(kib) < 4096, kib
	END
}

@test "pabal.cache: the same answers with it, without it, and with a damaged one" {
	{ shapes; cat <<-'END'; } | client
		for s in shapes:
		    put(s)
		items = "(UID ENVELOPE BODY BODYSTRUCTURE BODY.PEEK[HEADER.FIELDS (From To Subject Content-Type)])"
		def all_of():
		    c = Imap(port); c.ok("SELECT INBOX")
		    untagged, r = c.command("FETCH 1:* " + items)
		    assert r.startswith(b"OK") and len(untagged) == made, r
		    c.close()
		    return untagged
		cache = box + "/pabal.cache"
		first = all_of()
		size = os.path.getsize(cache)
		assert size > 1000 and all_of() == first and os.path.getsize(cache) == size, "known"
		for damage in range(0, size, 97):
		    with open(cache, "r+b") as f:
		        f.seek(damage)
		        octet = f.read(1)
		        f.seek(damage)
		        f.write(bytes([octet[0] ^ 0x11]))
		    assert all_of() == first, damage
		for rest in range(0, size, 211):
		    os.rename(cache, cache + ".old")  # a session may have the old one mapped
		    with open(cache, "wb") as f:
		        f.write(open(cache + ".old", "rb").read()[:rest])
		    assert all_of() == first, rest
		# and it is what is asked first
		name = sorted(os.listdir(box + "/cur"))[0]
		text = open(f"{box}/cur/{name}", "rb").read()
		with open(f"{box}/cur/{name}", "r+b") as f:
		    f.write(text.replace(b"Subject: a", b"Subject: z"))
		assert all_of() == first
		os.unlink(cache)
		assert all_of() != first
	END
}

@test "imaplib and Python's email package read what was put there" {
	{ shapes; cat <<-'END'; } | client
		for s in shapes:
		    put(s)
		m = imaplib.IMAP4("127.0.0.1", int(port))
		m.login("alice", "two  words")
		m.select()
		for n, s in enumerate(shapes, 1):
		    kind, data = m.fetch(str(n), "(FLAGS RFC822)")
		    assert kind == "OK" and data[0][1] == wire(s), data
		    ours, theirs = email.message_from_bytes(data[0][1]), email.message_from_bytes(s)
		    assert [p.get_content_type() for p in ours.walk()] == [p.get_content_type() for p in theirs.walk()]
		    kind, data = m.fetch(str(n), "(ENVELOPE BODYSTRUCTURE INTERNALDATE)")
		    assert kind == "OK"
		assert imaplib.Internaldate2tuple(m.fetch("1", "(INTERNALDATE)")[1][0])
		m.logout()
	END
}

@test "macros, CHANGEDSINCE, and what is no FETCH" {
	{ shapes; cat <<-'END'; } | client
		for s in shapes[:3]:
		    put(s)
		c = Imap(port); c.ok("SELECT INBOX")
		assert list(ask(c, "FAST")) == [b"FLAGS", b"INTERNALDATE", b"RFC822.SIZE"]
		assert list(ask(c, "ALL")) == [b"FLAGS", b"INTERNALDATE", b"RFC822.SIZE", b"ENVELOPE"]
		assert list(ask(c, "FULL")) == [b"FLAGS", b"INTERNALDATE", b"RFC822.SIZE", b"ENVELOPE", b"BODY"]
		for bad in ("", "()", "FLAGS)", "(FLAGS", "BODY[", "BODY[0]", "BODY[1.]", "BODY[MIME]", "BODY[]<0>", "BODY[]<0.0>",
		            "BODY[HEADER.FIELDS]", "BODY[HEADER.FIELDS ()]", "FLAGS (CHANGEDSINCE)", "FLAGS (VANISHED)"):
		    c.fails("FETCH 1 " + bad, kind="BAD")
		    c.ok("NOOP")  # so many errors would end the session
		c.ok("FETCH 1 MODSEQ")  # from now on the session is one of CONDSTORE, which is told beside
		modseq = one(c, "MODSEQ")[0]
		same(c.ok(f"FETCH 1:* FLAGS (CHANGEDSINCE {modseq + 100})"), "")
		same(c.ok("STORE 2 +FLAGS (\\Flagged)"), "2 FETCH (FLAGS (\\Flagged \\Seen) MODSEQ (…))")
		same(c.ok(f"UID FETCH 1:* FLAGS (CHANGEDSINCE {modseq})"), "2 FETCH (UID 2 FLAGS (\\Flagged \\Seen) MODSEQ (…))")
		c.ok("STORE 1 -FLAGS.SILENT (\\Seen)")
		same(c.ok("FETCH 1 BODY[TEXT]"), ["1 FETCH (BODY[TEXT] {6}\r\nbody\r\n FLAGS (\\Seen) MODSEQ (…))"])
		same(c.ok("FETCH 1 BODY[TEXT]"), ["1 FETCH (BODY[TEXT] {6}\r\nbody\r\n)"])
	END
}

@test "deliver-maildir notes what it delivers, where a client reads by IMAP" {
	{ shapes; cat <<-'END'; } | client
		import subprocess
		def deliver(text, *options, **more):
		    subprocess.run(["deliver-maildir", *(options or [box])], input=text, check=True, stdout=subprocess.DEVNULL, **more)
		def all_of(since):
		    c = Imap(port); c.ok("SELECT INBOX")
		    untagged, r = c.command(f"FETCH {since}:* (UID ENVELOPE BODYSTRUCTURE BODY.PEEK[HEADER.FIELDS (From To Subject Content-Type)])")
		    assert r.startswith(b"OK"), r
		    c.close()
		    return untagged
		cache = box + "/pabal.cache"
		deliver(b"Subject: before\n\n")
		assert not os.path.exists(cache), "nobody reads by IMAP"
		all_of(1)
		before = size = os.path.getsize(cache)
		for s in shapes:
		    deliver(s)
		    now = os.path.getsize(cache)
		    assert now > size and now % 8 == 0, s
		    size = now
		open(box + "/message", "wb").write(shapes[5])
		job = f"1N00000ABCDEFGHJKMNPQRST\t1\t{box}/message\t0\ts@far.test\talice@example.org\tDEST={box}\n"
		deliver(job.encode(), "-b")
		os.unlink(box + "/message")
		assert os.path.getsize(cache) > size
		size = os.path.getsize(cache)
		with_it = all_of(1)
		assert len(with_it) == len(shapes) + 2 and os.path.getsize(cache) == size, "nothing was left to be made"
		os.unlink(cache)
		assert all_of(1) == with_it
		# a torn end is no place to begin
		with open(cache, "ab") as f:
		    f.write(b"torn")
		size = os.path.getsize(cache)
		deliver(b"Subject: behind a torn end\n\n")
		assert os.path.getsize(cache) == size and len(all_of(1)) == len(shapes) + 3
	END
}
