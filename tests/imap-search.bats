# imapd-lite(8), SEARCH: as a client sends it and reads it. Which key means which message is in tests/unit/imap_search.c.
load lib

setup() {
	make_root example.org alice
	export PABAL_LOG=fd:2 PYTHONPATH=$BATS_TEST_DIRNAME PYTHONDONTWRITEBYTECODE=1 TZ=UTC
	unset TCPREMOTEIP TLS_VERSION
	echo loopback >"$PABAL_ROOT/control/login-without-tls"
	[ -s "$BATS_FILE_TMPDIR/passwd" ] || {
		echo 'two  words' | mail-user passwd alice@example.org
		cp "$PABAL_ROOT/passwd" "$BATS_FILE_TMPDIR/passwd"
	}
	cp "$BATS_FILE_TMPDIR/passwd" "$PABAL_ROOT/passwd"
	ALICE=$PABAL_ROOT/mail/example.org/alice
	cd "$BATS_TEST_TMPDIR" || return
}
teardown() { stop_all; }

client() {
	[ -n "${PORT:-}" ] || start_wait imapd-lite 2>>"$LOG"
	{ printf 'import os, sys, time\nfrom imap_client import *\nport, box = sys.argv[1:3]\n'; cat; } >"$BATS_TEST_TMPDIR/script.py"
	timeout 100 python3 "$BATS_TEST_TMPDIR/script.py" "$PORT" "$ALICE"
}

@test "keys, flags, dates, sets, numbers and UIDs" {
	client <<-'END'
		c = Imap(port)
		append(c, flags='(\\Seen $Junk) "23-Nov-2016 23:59:59 +0000" ', text=b"Subject: one\r\nDate: 1 Nov 2026 23:00 -0800\r\n\r\nfirst\r\n")
		append(c, flags='(\\Flagged) "24-Nov-2016 00:00:00 +0000" ', text=b"Subject: two\r\n\r\nsecond\r\n")
		append(c, text=b"Subject: three\r\nDate: 2 Nov 2026 01:00 +0900\r\n\r\nthird\r\n")
		c.ok("SELECT INBOX")
		for keys, answer in (
		    ("ALL", "1 2 3"), ("UNSEEN", "2 3"), ("KEYWORD $junk", "1"), ("UNKEYWORD $Junk FLAGGED", "2"),
		    ("BEFORE 24-Nov-2016", "1"), ('ON "24-Nov-2016"', "2"), ("SENTON 1-Nov-2026", "1"), ("SENTON 2-Nov-2026", "3"),
		    ("OR SEEN (FLAGGED NOT DELETED)", "1 2"), ("NOT 1:2", "3"), ("*", "3"), ("LARGER 50", "1 3"),
		    ("SUBJECT TWO", "2"), ("BODY THIRD", "3"), ("TEXT one", "1"), ("KEYWORD none", ""),
		):
		    same(c.ok("SEARCH " + keys), ("SEARCH " + answer).strip())
		c.ok("STORE 1 +FLAGS.SILENT (\\Deleted)"); c.ok("EXPUNGE")
		same(c.ok("SEARCH ALL"), "SEARCH 1 2")
		same(c.ok("UID SEARCH ALL"), "SEARCH 2 3")
		same(c.ok("UID SEARCH UID 3:*"), "SEARCH 3")
		same(c.ok("UID SEARCH 1"), "SEARCH 2")
		for bad in ("", "3", "NOPE", "SINCE 1-2-2026", "(ALL", "ALL)", "NOT", "OR ALL", "HEADER x", "LARGER -1", "RETURN (X) ALL"):
		    c.fails("SEARCH " + bad, kind="BAD")
		c.fails("SEARCH " + "(" * 100000 + "ALL" + ")" * 100000, kind="BAD")
		same(c.ok("SEARCH ALL"), "SEARCH 1 2")
	END
}

@test "literals of 8-bit octets, charsets" {
	client <<-'END'
		c = Imap(port)
		append(c, text="Subject: =?utf-8?B?7ZWc6rWt7Ja0?=\r\nContent-Type: text/plain; charset=euc-kr\r\n\r\n".encode() + "가나다".encode("euc-kr"))
		append(c, text=b"Subject: x\r\n\r\nx\r\n")
		c.ok("SELECT INBOX")
		for sync in True, False:
		    for charset, codec in ("UTF-8", "utf-8"), ("euc-kr", "euc-kr"), ('"KS_C_5601-1987"', "euc-kr"), ("ISO-2022-KR", "iso2022_kr"):
		        same(c.ok(f"SEARCH CHARSET {charset} SUBJECT {{}} BODY {{}}", "한국".encode(codec), "나다".encode(codec), sync=sync), "SEARCH 1")
		    same(c.ok("SEARCH SUBJECT {}", "국어".encode(), sync=sync), "SEARCH 1")
		same(c.ok("SEARCH CHARSET US-ASCII SUBJECT X"), "SEARCH 2")
		c.fails("SEARCH CHARSET X-NONE ALL", code="BADCHARSET (")
		c.fails("SEARCH CHARSET", kind="BAD")
		c.ok("ENABLE UTF8=ACCEPT"); c.ok("SELECT INBOX")
		same(c.ok('SEARCH SUBJECT "한국"'), "SEARCH 1")
		c.fails('SEARCH CHARSET UTF-8 SUBJECT "한국"', kind="BAD")  # RFC 6855, 3
	END
}

@test "RETURN, and mod-sequences" {
	client <<-'END'
		c = Imap(port)
		append(c, n=5)
		c.ok("SELECT INBOX")
		c.ok("STORE 2,4 +FLAGS.SILENT (\\Flagged)")
		same(c.ok("SEARCH RETURN () FLAGGED"), "ESEARCH (TAG …) ALL 2,4")
		same(c.ok("UID SEARCH RETURN (MIN MAX COUNT ALL) NOT FLAGGED"), "ESEARCH (TAG …) UID MIN 1 MAX 5 COUNT 3 ALL 1,3,5")
		same(c.ok("SEARCH RETURN (MIN) FLAGGED"), "ESEARCH (TAG …) MIN 2")
		same(c.ok("SEARCH RETURN (COUNT MAX) DELETED"), "ESEARCH (TAG …) COUNT 0")
		same(c.ok("SEARCH RETURN (MAX) ALL"), f'ESEARCH (TAG "t{c.n}") MAX 5')
		c.ok("STORE 3 +FLAGS.SILENT (\\Seen)")
		answers = c.ok("SEARCH MODSEQ 1")
		assert [a[:6] for a in answers].count("SEARCH") == 1, answers
		[answer] = [a for a in answers if a.startswith("SEARCH")]
		highest = int(re.fullmatch(r"SEARCH 1 2 3 4 5 \(MODSEQ (\d+)\)", answer)[1])
		same(c.ok(f"SEARCH MODSEQ {highest}"), f"SEARCH 3 (MODSEQ {highest})")
		same(c.ok(f'SEARCH MODSEQ "/flags/\\\\seen" all {highest}'), f"SEARCH 3 (MODSEQ {highest})")
		same(c.ok(f"SEARCH MODSEQ {highest + 1}"), "SEARCH")
		same(c.ok(f"SEARCH RETURN (MAX) MODSEQ {highest - 1}"), f"ESEARCH (TAG …) MAX 4 MODSEQ {highest - 1}")
		# asking for it is what makes a session one of CONDSTORE (RFC 7162, 3.1)
		assert "MODSEQ" in c.ok("STORE 1 +FLAGS (\\Seen)")[0]
	END
}

@test "a message that is gone, and one that cannot be read" {
	client <<-'END'
		c, d = Imap(port), Imap(port)
		append(c, n=4)
		c.ok("SELECT INBOX"); d.ok("SELECT INBOX")
		d.ok("STORE 2 +FLAGS.SILENT (\\Deleted)"); d.ok("EXPUNGE")
		same([l for l in c.ok("SEARCH SUBJECT x") if l.startswith("SEARCH")], "SEARCH 1 3 4")  # no EXPUNGE here, so numbers stay
		same([l for l in c.ok("SEARCH NOT SUBJECT y") if l.startswith("SEARCH")], "SEARCH 1 3 4")
		c.ok("NOOP")
		name = sorted(os.listdir(box + "/cur"))[1]
		os.unlink(f"{box}/cur/{name}"); os.mkdir(f"{box}/cur/{name}")
		same([l for l in c.ok("SEARCH BODY body") if l.startswith("SEARCH")], "SEARCH 1 3")
		assert "not all" in c.last.decode()
		os.rmdir(f"{box}/cur/{name}")
	END
	grep -aq 'event=trouble .*what=searching' "$LOG"
}

@test "flags, dates and UIDs are searched without opening a file" {
	need strace
	for n in {1..5}; do printf 'Subject: %d\n\nbody\n' "$n" | deliver-maildir "$ALICE" >/dev/null; done
	printf '%s\r\n' 'a LOGIN alice@example.org "two  words"' 'b EXAMINE INBOX' 'c SEARCH UNSEEN SINCE 1-Jan-2020 LARGER 10 UID 1:*' \
		'd LOGOUT' >flags
	printf '%s\r\n' 'a LOGIN alice@example.org "two  words"' 'b EXAMINE INBOX' 'c SEARCH SUBJECT 3' 'd SEARCH SUBJECT 3 SEEN' \
		'e SEARCH UID 2 BODY body' 'f LOGOUT' >texts
	traced() {
		strace -f -o trace -e trace=openat,open imapd-lite <"$1" >out 2>>"$LOG" || cannot "strace does not work here"
		opened=$(grep -c '"17[^"]*Q[^"]*,S=' trace || true)
	}
	traced flags
	grep -q 'SEARCH 1 2 3 4 5' out && [ "$opened" = 0 ]
	traced texts
	grep -q 'SEARCH 3' out && grep -q 'SEARCH 2' out && [ "$opened" -le 6 ] && [ "$opened" -ge 1 ]
}
