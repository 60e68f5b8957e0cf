# imapd-lite(8): sessions on a pipe and on a socket. What the tests send is raw, by tests/imap_client.py.
load lib

setup() {
	make_root example.org alice bob
	export PABAL_LOG=fd:2 PYTHONPATH=$BATS_TEST_DIRNAME PYTHONDONTWRITEBYTECODE=1
	unset TCPREMOTEIP TLS_VERSION
	echo loopback >"$PABAL_ROOT/control/login-without-tls"
	# the hash is made once for all tests
	[ -s "$BATS_FILE_TMPDIR/passwd" ] || {
		echo 'two  words' | mail-user passwd alice@example.org
		echo 'pencil' | mail-user passwd bob@example.org
		cp "$PABAL_ROOT/passwd" "$BATS_FILE_TMPDIR/passwd"
	}
	cp "$BATS_FILE_TMPDIR/passwd" "$PABAL_ROOT/passwd"
	ALICE=$PABAL_ROOT/mail/example.org/alice
	LOGIN='a LOGIN alice@example.org "two  words"'
}
teardown() { stop_all; }

b64() { printf "$@" | base64 -w 0; }
deliver() { deliver-maildir "${1:-$ALICE}" >/dev/null; } # a message on fd 0
three() {
	printf 'Subject: one\n\nfirst\n.\n..x\nend\n' | deliver
	printf 'Subject: two\n\nsecond\n' | deliver
	printf 'Subject: three\n\nthird, \377\0\nwith more\nthan two\nlines\n' | deliver
}
# session LINE…: these commands on a pipe; replies without CR in $out, exit code in $rc.
session() {
	rc=0
	printf '%s\r\n' "$@" | timeout 60 imapd-lite 2>>"$LOG" >"$BATS_TEST_TMPDIR/raw" || rc=$?
	! tr -d '\0' <"$BATS_TEST_TMPDIR/raw" | grep -qav $'\r$' || { echo "a line without CRLF"; return 1; }
	out=$(tr -d '\0\r' <"$BATS_TEST_TMPDIR/raw")
}
# client <SCRIPT: Python on fd 0, with everything of tests/imap_client.py, the port in `port`, Alice's Maildir in `box`.
client() {
	[ -n "${PORT:-}" ] || start_wait imapd-lite 2>>"$LOG"
	{ printf 'import os, sys, time\nfrom imap_client import *\nport, box = sys.argv[1:3]\n'; cat; } >"$BATS_TEST_TMPDIR/script.py"
	timeout 100 python3 "$BATS_TEST_TMPDIR/script.py" "$PORT" "$ALICE"
}

@test "a session from greeting to LOGOUT" {
	three
	session 'x CAPABILITY' "$LOGIN" 'b SELECT INBOX' 'c STORE 1,3 +FLAGS (\Seen $Junk)' 'd STORE 2 FLAGS.SILENT (\Deleted)' 'e EXPUNGE' \
		'f CLOSE' 'g SELECT nowhere' 'h CLOSE' 'i NOOP' 'j LOGOUT'
	diff - <(sed -E 's/(UIDVALIDITY|HIGHESTMODSEQ) [0-9]+/\1 N/; s/\[CAPABILITY [^]]*\]/[CAPABILITY]/; s/^\* CAPABILITY .*/* CAPABILITY/' <<<"$out") <<-'END'
		* OK [CAPABILITY] mail.example.org IMAP
		* CAPABILITY
		x OK done
		a OK [CAPABILITY] logged in
		* FLAGS (\Answered \Flagged \Deleted \Seen \Draft $Forwarded)
		* OK [PERMANENTFLAGS (\Answered \Flagged \Deleted \Seen \Draft $Forwarded \*)] flags that stay
		* 3 EXISTS
		* 3 RECENT
		* OK [UNSEEN 1] the first that is not seen
		* OK [UIDVALIDITY N] UIDs are valid
		* OK [UIDNEXT 4] the next UID
		* OK [HIGHESTMODSEQ N] the highest mod-sequence
		b OK [READ-WRITE] selected
		* FLAGS (\Answered \Flagged \Deleted \Seen \Draft $Forwarded $Junk)
		* OK [PERMANENTFLAGS (\Answered \Flagged \Deleted \Seen \Draft $Forwarded $Junk \*)] flags that stay
		* 1 FETCH (FLAGS (\Seen \Recent $Junk))
		* 3 FETCH (FLAGS (\Seen \Recent $Junk))
		c OK stored
		d OK stored
		* 2 EXPUNGE
		* 2 RECENT
		e OK removed
		f OK closed
		g NO [NONEXISTENT] no such mailbox
		h BAD select a mailbox first
		i OK done
		* BYE bye
		j OK done
	END
	[ "$rc" = 0 ]
	ls "$ALICE/cur" | grep -c ':2,S$' | grep -qx 2
	grep -aq 'event=logout user=alice@example.org commands=9 appended=0 expunged=1' "$LOG"
}

@test "APPEND: flags, date, UID; literals of both kinds; what is refused before it is sent" {
	client <<-'END'
		c = Imap(port)
		c.ok("APPEND INBOX {}", MESSAGE, code="APPENDUID")
		validity, uid = re.match(rb"OK \[APPENDUID (\d+) (\d+)\]", c.last).groups()
		assert uid == b"1"
		c.ok('APPEND INBOX (\\Seen \\Draft $Forwarded work) " 1-Feb-2003 04:05:06 +0900" {}', MESSAGE, sync=False, code=f"APPENDUID {validity.decode()} 2")
		c.ok("APPEND {} () {}", b"inbox", MESSAGE, sync=False)
		c.ok("append \"INBOX\" \"31-Dec-1969 23:59:59 +0000\" {}", b"no header, no line end")
		same(c.ok("SELECT INBOX"), """
			FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft $Forwarded work)
			OK [PERMANENTFLAGS …
			4 EXISTS
			0 RECENT
			OK [UNSEEN 1] …
			OK [UIDVALIDITY …
			OK [UIDNEXT 5] …
			OK [HIGHESTMODSEQ …""")
		files = sorted(os.listdir(box + "/cur"), key=lambda n: os.stat(f"{box}/cur/{n}").st_ino)
		assert len(files) == 4 and not os.listdir(box + "/new") and not os.listdir(box + "/tmp")
		stored = [open(f"{box}/cur/{n}", "rb").read() for n in files]
		assert sorted(stored) == sorted([MESSAGE.replace(b"\r\n", b"\n")] * 3 + [b"no header, no line end"])
		(marked,) = [n for n in files if n.endswith(":2,DPS")]
		assert os.stat(f"{box}/cur/{marked}").st_mtime == 1044039906
		assert ",S=37,W=41:" in marked, marked
		# octets stay: NUL, 8 bits, long lines, a bare LF
		odd = b"A: \xff\0\r\n\r\n" + b"x" * 70000 + b"\nbare\r\n"
		c.ok("APPEND INBOX {}", odd)
		assert odd.replace(b"\r\n", b"\n") in [open(f"{box}/cur/{n}", "rb").read() for n in os.listdir(box + "/cur")]
		# refused, and the literal was never asked for
		assert not c.fails("APPEND nowhere {}", MESSAGE, code="TRYCREATE")
		c.fails("APPEND INBOX {}", b"")
		c.fails("APPEND INBOX (\\Seen {}", MESSAGE, kind="BAD")
		c.fails("APPEND INBOX nodate {}", MESSAGE, kind="BAD")
		c.fails("APPEND INBOX (\\Recent) {}", MESSAGE, kind="BAD")
		for date in "32-Jan-2020 00:00:00 +0000", "01-Foo-2020 00:00:00 +0000", "01-Jan-2020 24:00:00 +0000", "x":
		    c.fails(f'APPEND INBOX "{date}" {{}}', MESSAGE, kind="BAD")
		# … and where it comes all the same it is passed over
		c.fails("APPEND nowhere {}", MESSAGE * 1000, code="TRYCREATE", sync=False)
		c.fails("APPEND INBOX {}", b"a\rb\r\n", code="CANNOT")
		c.fails("APPEND INBOX {}", b"a\r\r\n", code="CANNOT")
		c.fails("APPEND INBOX {}", b"a\r", code="CANNOT")
		c.send("z APPEND INBOX {67108865}\r\n")
		assert c.line().startswith(b"z NO [TOOBIG]")
		c.fails("APPEND INBOX", kind="BAD")
		c.fails("APPEND INBOX \"text\"", kind="BAD")
		same(c.ok("NOOP"), "")
		c.ok("LOGOUT")
		assert len(os.listdir(box + "/cur")) == 5 and not os.listdir(box + "/tmp")
	END
}

@test "EXISTS, EXPUNGE and flags of other sessions are told where they may be" {
	client <<-'END'
		a, b, ex = Imap(port), Imap(port), Imap(port)
		append(a, n=4)
		a.ok("SELECT INBOX"); b.ok("SELECT INBOX"); ex.ok("EXAMINE INBOX")
		append(b)
		same(a.ok("NOOP"), "5 EXISTS")
		a.ok("STORE 1,3 +FLAGS.SILENT (\\Deleted)")
		same(b.ok("NOOP"), """
			1 FETCH (FLAGS (\\Deleted))
			3 FETCH (FLAGS (\\Deleted))""")
		same(a.ok("EXPUNGE"), """
			3 EXPUNGE
			1 EXPUNGE""")
		# numbers stay as they were for STORE, and what is gone is no mistake
		same(b.ok("STORE 2 +FLAGS ($two)"), """
			FLAGS …
			OK [PERMANENTFLAGS …
			2 FETCH (FLAGS ($two))""")
		b.ok("STORE 3 +FLAGS (\\Seen)")
		same(b.ok("UID STORE 5 +FLAGS (\\Seen)"), """
			5 FETCH (UID 5 FLAGS (\\Seen))
			3 EXPUNGE
			1 EXPUNGE""")
		same(ex.ok("NOOP"), """
			3 EXPUNGE
			1 EXPUNGE
			FLAGS …
			OK [PERMANENTFLAGS ()] …
			1 FETCH (FLAGS ($two))
			3 EXISTS""")
		for text in "STORE 1 FLAGS ()", "EXPUNGE", "UID EXPUNGE 1:*", "MOVE 1 Trash":
		    ex.fails(text, code="READ-ONLY")
		# two keywords of two sessions: both stay
		a.ok("STORE 1 +FLAGS.SILENT ($a)")
		same(b.ok("STORE 1 +FLAGS.SILENT ($b)"), """
			FLAGS …
			OK [PERMANENTFLAGS …
			1 FETCH (FLAGS ($two $a $b))""")
		same(a.ok("NOOP"), """
			FLAGS …
			OK [PERMANENTFLAGS …
			1 FETCH (FLAGS ($two $a $b))
			3 FETCH (FLAGS (\\Seen))""")
	END
}

@test "COPY and MOVE: UIDs told, what is not there is OK, no such mailbox is TRYCREATE" {
	client <<-'END'
		c = Imap(port)
		append(c, flags="(\\Seen $k) ", n=5)
		c.ok("SELECT INBOX")
		c.fails("COPY 1 nowhere", code="TRYCREATE")
		c.ok("COPY 1:2,4 Archive", code="COPYUID")
		assert re.match(rb"OK \[COPYUID \d+ 1:2,4 1:3\]", c.last), c.last
		same(c.ok("UID MOVE 4:5 Archive"), """
			OK [COPYUID … 4:5 4:5] moved
			5 EXPUNGE
			4 EXPUNGE""")
		same(c.ok("UID MOVE 99 Archive"), "")
		same(c.ok("UID COPY 99 Archive"), "")
		c.fails("MOVE 99 Archive", kind="BAD")
		c.ok("COPY 1 INBOX", code="COPYUID")
		c.ok("SELECT Archive")
		same(c.ok("STATUS Archive (MESSAGES UIDNEXT UNSEEN RECENT DELETED)"),
		    "STATUS Archive (MESSAGES 5 RECENT 0 UIDNEXT 6 UNSEEN 0 DELETED 0)")
		same(c.ok("MOVE 1:* INBOX"), "OK [COPYUID … 1:5 7:11] moved\n" + "\n".join(f"{n} EXPUNGE" for n in (5, 4, 3, 2, 1)))
		same(c.ok("SELECT INBOX")[:1], "OK [CLOSED] …")
		same(c.ok("STORE 1:* +FLAGS.SILENT (\\Deleted)"), "")
		same(c.ok("UID EXPUNGE 2,7:9"), "\n".join(f"{n} EXPUNGE" for n in (7, 6, 5, 2)))
		same(c.ok("CLOSE"), "")
		same(c.ok("STATUS INBOX (MESSAGES UIDNEXT)"), "STATUS INBOX (MESSAGES 0 UIDNEXT 12)")
	END
}

@test "mailboxes: made at first use, LIST with its patterns, CREATE, DELETE, RENAME" {
	client <<-'END'
		c = Imap(port)
		usual = """
			LIST (\\HasNoChildren \\Archive) "." Archive
			LIST (\\HasNoChildren \\Drafts) "." Drafts
			LIST (\\HasNoChildren) "." INBOX
			LIST (\\HasNoChildren \\Junk) "." Junk
			LIST (\\HasNoChildren \\Sent) "." Sent
			LIST (\\HasNoChildren \\Trash) "." Trash"""
		same(c.ok('LIST "" *'), usual)
		same(c.ok('LSUB "" "*"'), usual.replace("LIST", "LSUB"))
		same(c.ok('LIST "" ""'), 'LIST (\\Noselect) "." ""')
		same(c.ok("NAMESPACE"), 'NAMESPACE (("" ".")) NIL NIL')
		for name in "a.b.c", "a-b", "INBOX.sub", '"with space"', '"qu\\"ote"', "&vPStANVo-", "R&-D":
		    c.ok(f"CREATE {name}")
		assert os.path.isdir(box + "/.보관함/cur") and os.path.isdir(box + "/.R&D/new")
		same(c.ok('LIST "" a*'), """
			LIST (\\Noselect \\HasChildren) "." a
			LIST (\\Noselect \\HasChildren) "." a.b
			LIST (\\HasNoChildren) "." a.b.c
			LIST (\\HasNoChildren) "." a-b""")
		same(c.ok('LIST "" %'), """
			LIST (\\HasNoChildren \\Archive) "." Archive
			LIST (\\HasNoChildren \\Drafts) "." Drafts
			LIST (\\HasChildren) "." INBOX
			LIST (\\HasNoChildren \\Junk) "." Junk
			LIST (\\HasNoChildren) "." R&-D
			LIST (\\HasNoChildren \\Sent) "." Sent
			LIST (\\HasNoChildren \\Trash) "." Trash
			LIST (\\Noselect \\HasChildren) "." a
			LIST (\\HasNoChildren) "." a-b
			LIST (\\HasNoChildren) "." "qu\\"ote"
			LIST (\\HasNoChildren) "." "with space"
			LIST (\\HasNoChildren) "." &vPStANVo-""")
		same(c.ok('LIST "a." %'), 'LIST (\\Noselect \\HasChildren) "." a.b')
		same(c.ok('LIST a. b.%'), 'LIST (\\HasNoChildren) "." a.b.c')
		same(c.ok('LIST "" inbox'), 'LIST (\\HasChildren) "." INBOX')
		same(c.ok('LIST "" inbox.%'), '')
		same(c.ok('LIST "" INBOX.%'), 'LIST (\\HasNoChildren) "." INBOX.sub')
		same(c.ok('LIST "" &vPStANVo-'), 'LIST (\\HasNoChildren) "." &vPStANVo-')
		same(c.ok('LIST "" &broken'), '')
		for name in "a..b", ".a", '""', "a/b", '"a\tb"', "&vPSun-", '"a%"', '"a*"', "x" * 251:
		    c.fails(f"CREATE {name}", code="CANNOT")
		for name in "inbox", "INBOX", "a.b.c", "Drafts":
		    c.fails(f"CREATE {name}", code="ALREADYEXISTS")
		c.ok("CREATE new."); c.ok("DELETE new")
		c.fails("DELETE new", code="NONEXISTENT")
		c.fails("DELETE INBOX", code="CANNOT")
		c.fails("DELETE a", code="HASCHILDREN")
		# what is below stays
		c.ok("CREATE a"); append(c, "a", n=3); c.ok("DELETE a")
		same(c.ok('LIST "" a'), 'LIST (\\Noselect \\HasChildren) "." a')
		assert os.listdir(box + "/tmp") == []
		# a name that comes again has another UIDVALIDITY
		c.ok("CREATE again"); append(c, "again"); first = c.last; c.ok("DELETE again"); c.ok("CREATE again"); append(c, "again")
		assert int(c.last.split()[2]) > int(first.split()[2])
	END
	client <<-'END'
		c = Imap(port)
		append(c, "a.b.c", n=2)
		uid = c.last
		c.fails("RENAME nowhere x", code="NONEXISTENT")
		c.fails("RENAME a.b.c Drafts", code="ALREADYEXISTS")
		c.fails("RENAME a INBOX", code="ALREADYEXISTS")
		c.ok("RENAME a z.y")
		same(c.ok('LIST "" (a z*)'), """
			LIST (\\NonExistent \\Noselect \\HasChildren) "." z
			LIST (\\NonExistent \\Noselect \\HasChildren) "." z.y
			LIST (\\NonExistent \\Noselect \\HasChildren) "." z.y.b
			LIST (\\HasNoChildren) "." z.y.b.c""")
		append(c, "z.y.b.c")
		assert c.last.split()[2] == uid.split()[2] and c.last.split()[3] == b"3]"
		# uses go with the names
		c.ok("RENAME Sent Old.Sent")
		same(c.ok('LIST (SPECIAL-USE) "" *'), """
			LIST (\\HasNoChildren \\Archive) "." Archive
			LIST (\\HasNoChildren \\Drafts) "." Drafts
			LIST (\\HasNoChildren \\Junk) "." Junk
			LIST (\\HasNoChildren \\Sent) "." Old.Sent
			LIST (\\HasNoChildren \\Trash) "." Trash""")
		c.ok("DELETE Trash"); c.ok("CREATE Bin (USE (\\Trash))")
		c.fails("CREATE every (USE (\\Nothing))", code="USEATTR")
		same(c.ok('LIST "" Bin'), 'LIST (\\HasNoChildren \\Trash) "." Bin')
		# INBOX: its messages go, it stays
		append(c, flags="(\\Flagged $k) ", n=3)
		c.ok("SELECT INBOX")
		same(c.ok("RENAME INBOX saved"), """
			3 EXPUNGE
			2 EXPUNGE
			1 EXPUNGE""")
		same(c.ok("STATUS saved (MESSAGES UNSEEN)"), "STATUS saved (MESSAGES 3 UNSEEN 3)")
		same(c.ok('LIST "" INBOX*'), """
			LIST (\\HasChildren) "." INBOX
			LIST (\\HasNoChildren) "." INBOX.sub""")
		# the selected mailbox goes on under its new name, and is closed where it is removed
		c.ok("SELECT saved"); c.ok("RENAME saved kept"); append(c, "kept")
		same(c.ok("NOOP"), "")
		same(c.ok("STORE 1 FLAGS.SILENT ()"), "")
		same(c.ok("DELETE kept"), "OK [CLOSED] …")
		c.fails("STORE 1 FLAGS ()", kind="BAD")
	END
}

@test "subscriptions, and LIST with options" {
	client <<-'END'
		c = Imap(port)
		for name in "Archive", "Drafts", "Junk", "Sent", "Trash": c.ok(f"UNSUBSCRIBE {name}")
		c.ok("CREATE foo.bar"); c.ok("CREATE foo.baz"); c.ok("CREATE x.y.z"); c.ok("CREATE plain")
		c.fails("SUBSCRIBE none", code="NONEXISTENT")
		c.ok("SUBSCRIBE foo.bar"); c.ok("SUBSCRIBE x.y.z"); c.ok("SUBSCRIBE plain"); c.ok("SUBSCRIBE plain")
		same(c.ok('LSUB "" %'), """
			LSUB (\\HasNoChildren) "." INBOX
			LSUB (\\Noselect \\HasChildren) "." foo
			LSUB (\\HasNoChildren) "." plain
			LSUB (\\Noselect \\HasChildren) "." x""")
		same(c.ok('LIST (SUBSCRIBED) "" (%)'), """
			LIST (\\HasNoChildren \\Subscribed) "." INBOX
			LIST (\\HasNoChildren \\Subscribed) "." plain""")
		same(c.ok('LIST (SUBSCRIBED RECURSIVEMATCH) "" %'), """
			LIST (\\HasNoChildren \\Subscribed) "." INBOX
			LIST (\\NonExistent \\Noselect \\HasChildren) "." foo ("CHILDINFO" ("SUBSCRIBED"))
			LIST (\\HasNoChildren \\Subscribed) "." plain
			LIST (\\NonExistent \\Noselect \\HasChildren) "." x ("CHILDINFO" ("SUBSCRIBED"))""")
		same(c.ok('LIST (SUBSCRIBED RECURSIVEMATCH) "" *'), """
			LIST (\\HasNoChildren \\Subscribed) "." INBOX
			LIST (\\HasNoChildren \\Subscribed) "." foo.bar
			LIST (\\HasNoChildren \\Subscribed) "." plain
			LIST (\\HasNoChildren \\Subscribed) "." x.y.z""")
		c.fails('LIST (RECURSIVEMATCH) "" *', kind="BAD")
		same(c.ok('LIST "" (plain foo.*) RETURN (SUBSCRIBED CHILDREN)'), """
			LIST (\\HasNoChildren \\Subscribed) "." foo.bar
			LIST (\\HasNoChildren) "." foo.baz
			LIST (\\HasNoChildren \\Subscribed) "." plain""")
		c.ok("DELETE plain")
		same(c.ok('LIST (SUBSCRIBED) "" plain'), 'LIST (\\NonExistent \\Noselect \\HasNoChildren \\Subscribed) "." plain')
		append(c, "foo.bar")
		same(c.ok('LIST "" foo.% RETURN (STATUS (MESSAGES UIDNEXT SIZE))'), """
			LIST (\\HasNoChildren) "." foo.bar
			STATUS foo.bar (MESSAGES 1 UIDNEXT 2 SIZE 41)
			LIST (\\HasNoChildren) "." foo.baz
			STATUS foo.baz (MESSAGES 0 UIDNEXT 1 SIZE 0)""")
	END
}

@test "the reader: literals, bounds, nonsense" {
	client <<-'END'
		for login in False, True:
		    c = Imap(port, login=login)
		    for n in "4294967295", "18446744073709551617", "9" * 60, "99999999999999999999999999999999999":
		        c.send("z1 LOGIN {%s}\r\n" % n)
		        assert c.line().startswith(b"z1 BAD"), n
		    for n in "4294967295", "18446744073709551617":
		        d = Imap(port, login=login)
		        d.send("z1 LOGIN {%s+}\r\n" % n)
		        assert d.line().startswith(b"* BYE") and not d.f.read()
		    c.send("\r\n"); assert c.line().startswith(b"* BAD")
		    c.send("x\r\n"); assert c.line().startswith(b"* BAD")
		    c.send("+x NOOP\r\n"); assert c.line().startswith(b"* BAD")
		    c.send("x1 NOOP\n"); assert c.line().startswith(b"x1 OK")
		    c.send("x2 NO\0OP\r\n"); assert c.line().startswith(b"* BAD") or c.line().startswith(b"x2 BAD")
		    c.send("x3 noop\r\nx4 Noop x\r\nx5 XYZZY\r\nx6 UID\r\nx7 UID NONE\r\n")
		    assert [c.line()[:6].rstrip() for _ in range(5)] == [b"x3 OK", b"x4 BAD", b"x5 BAD", b"x6 BAD", b"x7 BAD"]
		# before the login 8 KiB for a command, literals and all
		c = Imap(port, login=False)
		c.send(b"l1 LOGIN alice " + b"x" * 9000 + b"\r\n"); assert c.line().startswith(b"l1 BAD")
		c.send(b"l2 LOGIN {9000+}\r\n" + b"x" * 9000 + b" y\r\n"); assert c.line().startswith(b"l2 BAD")
		c.send(b"l3 LOGIN {9000}\r\n"); assert c.line().startswith(b"l3 BAD")
		c.send(b"l4 LOGIN {5}\r\n"); assert c.line().startswith(b"+"); c.send(b"alice {10}\r\n"); assert c.line().startswith(b"+")
		c.send(b"two  words\r\n"); assert c.line().startswith(b"l4 OK")
		c.send(b"m1 LIST \"\" " + b"x" * 200000 + b"\r\n"); assert c.line().startswith(b"m1 OK")
		c.send(b"m2 LIST \"\" " + b"x" * 300000 + b"\r\n"); assert c.line().startswith(b"m2 BAD")
		c.send(b"m3 LIST \"\" {262144}\r\n"); assert c.line().startswith(b"m3 BAD")
		c.send(b"m4 LIST \"\" {300000+}\r\n" + b"x" * 300000 + b"\r\n"); assert c.line().startswith(b"m4 BAD")
		c.ok("NOOP")
		d = Imap(port)
		try:
		    d.send(b"x" * 3000000)
		except OSError:
		    pass
		else:
		    assert d.line().startswith(b"* BYE")
		# enough is enough
		c = Imap(port, login=False)
		c.send("a NONE\r\n" * 30)
		lines = c.f.read().splitlines()
		assert len(lines) == 21 and lines[-1].startswith(b"* BYE"), len(lines)
	END
}

@test "logging in: LOGIN and AUTHENTICATE, with and without an initial response; wrong ones" {
	three
	session 'x LOGIN alice wrong' 'x LOGIN nobody "two  words"' 'x AUTHENTICATE PLAIN' '*' 'x AUTHENTICATE PLAIN !' 'x AUTHENTICATE X-NONE' \
		'x LOGIN alice' 'x SELECT INBOX' 'x STARTTLS' 'x ID NIL' 'x ID ("name" "x" "version" NIL)' 'x ID (' 'x ENABLE QRESYNC' 'y NOOP' 'z LOGOUT'
	diff - <(sed 1d <<<"$out") <<-'END'
		x NO [AUTHENTICATIONFAILED] user and password do not fit
		x NO [AUTHENTICATIONFAILED] user and password do not fit
		+ 
		x BAD cancelled, or no message of this mechanism
		x BAD cancelled, or no message of this mechanism
		x BAD no such mechanism
		x BAD LOGIN user password
		x BAD not known, or not before a login
		x BAD no TLS here
		* ID ("name" "pabal")
		x OK done
		* ID ("name" "pabal")
		x OK done
		x BAD ID NIL, or pairs
		x BAD not known, or not before a login
		y OK done
		* BYE bye
		z OK done
	END
	for how in "AUTHENTICATE PLAIN $(b64 '\0alice\0two  words')" "authenticate plain $(b64 'alice\0alice\0two  words')"; do
		session "a $how" 'b LOGOUT'
		grep -q '^a OK \[CAPABILITY IMAP4rev1 .*\] logged in$' <<<"$out"
	done
	session 'a AUTHENTICATE PLAIN' "$(b64 '\0alice\0two  words')" 'b LOGOUT'
	[ "$(sed -n 2p <<<"$out")" = '+ ' ] && grep -q '^a OK' <<<"$out"
	start_wait imapd-lite
	python3 - "$PORT" <<-'END'
		import imaplib, sys
		m = imaplib.IMAP4("127.0.0.1", int(sys.argv[1]))
		assert m.login("alice@example.org", "two  words")[0] == "OK"
		assert m.select() == ("OK", [b"3"])
		assert m.store("1", "+FLAGS", "(\\Seen)")[0] == "OK"
		assert m.list()[0] == "OK" and m.status("INBOX", "(UNSEEN)") == ("OK", [b"INBOX (UNSEEN 2)"])
		assert m.append("INBOX", "(\\Seen)", None, b"Subject: x\r\n\r\ny\r\n")[0] == "OK"
		assert m.logout()[0] == "BYE"
	END
}

@test "no login without TLS, but on loopback where control says so" {
	TCPREMOTEIP=192.0.2.1 session 'x CAPABILITY' "$LOGIN" "y AUTHENTICATE PLAIN $(b64 '\0alice\0two  words')" 'z LOGOUT'
	grep -q '^\* CAPABILITY.* LOGINDISABLED' <<<"$out" && ! grep -q 'AUTH=' <<<"$out"
	[ "$(grep -c 'NO \[PRIVACYREQUIRED\] a login needs TLS here$' <<<"$out")" = 2 ]
	TLS_VERSION=TLSv1.3 TCPREMOTEIP=192.0.2.1 session "$LOGIN" 'b LOGOUT'
	grep -q '^a OK' <<<"$out"
}

@test "a mailbox that cannot be opened; the usual ones that cannot be made" {
	rm -r "$ALICE/cur" && : >"$ALICE/cur"
	: >"$ALICE/.Drafts"
	session "$LOGIN" 'b SELECT INBOX' 'c SELECT Drafts' 'd LIST "" Dr*' 'e CREATE Sent' 'f LOGOUT'
	grep -q '^b NO \[UNAVAILABLE\]' <<<"$out" && grep -q '^c NO \[NONEXISTENT\]' <<<"$out"
	! grep -q '^\* LIST' <<<"$out" && grep -q '^e OK' <<<"$out" && grep -q '^f OK' <<<"$out"
	grep -aq 'event=trouble .*what=making' "$LOG"
}

@test "FETCH and SEARCH, and \\Seen by BODY[]" {
	three
	client <<-'END'
		c, d = Imap(port), Imap(port)
		c.ok("SELECT INBOX"); d.ok("EXAMINE INBOX")
		same(c.ok("FETCH 1:* (FLAGS UID RFC822.SIZE)"), """
			1 FETCH (FLAGS (\\Recent) UID 1 RFC822.SIZE 36)
			2 FETCH (FLAGS (\\Recent) UID 2 RFC822.SIZE 24)
			3 FETCH (FLAGS (\\Recent) UID 3 RFC822.SIZE 57)""")
		same(d.ok("FETCH 1 BODY[TEXT]"), ["1 FETCH (BODY[TEXT] {20}\r\nfirst\r\n.\r\n..x\r\nend\r\n)"])
		same(c.ok("UID FETCH 2 (BODY[HEADER.FIELDS (SUBJECT)])"), ["2 FETCH (…{16}\r\nSubject: two\r\n\r\n…)"])
		assert sorted(os.listdir(box + "/cur"))[1].endswith(":2,S")
		same(c.ok("SEARCH UNSEEN"), "SEARCH 1 3")
		same(c.ok("UID SEARCH RETURN (ALL COUNT) BODY second"), "ESEARCH (TAG …) UID …")
		same(c.ok("SEARCH SUBJECT nothing"), "SEARCH")
		c.fails("SEARCH CHARSET X-NONE SUBJECT x", code="BADCHARSET")
		c.fails("FETCH 4 FLAGS", kind="BAD")
		c.fails("FETCH 1 NONE", kind="BAD")
		same(c.ok("UID FETCH 4:9 FLAGS"), "")
		# gone meanwhile
		e = Imap(port); e.ok("SELECT INBOX"); e.ok("STORE 1 +FLAGS.SILENT (\\Deleted)"); e.ok("EXPUNGE")
		for _ in range(200):  # sure only when the directory was quiet for a moment
		    untagged, r = c.command("FETCH 1 BODY[]")
		    assert r.startswith(b"NO ["), r
		    if b"EXPUNGEISSUED" in r: break
		else:
		    raise SystemExit(r)
		same(c.ok("NOOP")[:1], "1 EXPUNGE")
	END
	printf 'Subject: =?euc-kr?B?x9GxuQ==?=\nContent-Type: text/plain; charset=euc-kr\n\n\260\241\263\252\n' | deliver
	client <<-'END'
		c = Imap(port)
		c.ok("SELECT INBOX")
		same(c.ok("SEARCH CHARSET UTF-8 SUBJECT {}", "한국".encode()), "SEARCH 3")
		same(c.ok("SEARCH CHARSET UTF-8 BODY {}", "가나".encode()), "SEARCH 3")
	END
}

@test "IDLE: told at once; commands glued to DONE; SIGTERM" {
	client <<-'END'
		c, d = Imap(port), Imap(port)
		append(c, n=2)
		for mailbox in False, True:
		    if mailbox:
		        c.ok("SELECT INBOX")
		    c.send("i1 IDLE\r\n")
		    assert c.line().startswith(b"+ ")
		    c.send("DONE\r\nn1 NOOP\r\nn2 NOOP\r\n")
		    assert [c.line()[:5] for _ in range(3)] == [b"i1 OK", b"n1 OK", b"n2 OK"]
		c.send("i2 IDLE\r\n"); c.line()
		append(d)
		assert c.line() == b"* 3 EXISTS"
		d.ok("SELECT INBOX"); d.ok("STORE 2 +FLAGS (\\Deleted)")
		assert c.line() == b"* 2 FETCH (FLAGS (\\Deleted))"
		d.ok("EXPUNGE")
		assert c.line() == b"* 2 EXPUNGE"
		# a foreign program delivers, marks and removes
		open(box + "/new/1.foreign", "w").write("A: b\n\n")
		assert c.line() == b"* 3 EXISTS" and c.line() == b"* 1 RECENT"
		(name,) = [n for n in os.listdir(box + "/cur") if "foreign" in n]
		os.rename(f"{box}/cur/{name}", f"{box}/cur/1.foreign:2,S")
		assert c.line() == b"* 3 FETCH (FLAGS (\\Seen \\Recent))"
		os.unlink(box + "/cur/1.foreign:2,S")
		assert c.line() == b"* 3 EXPUNGE" and c.line() == b"* 0 RECENT"
		c.send("done\r\n")
		assert c.line().startswith(b"i2 OK")
		c.send("i3 IDLE\r\n"); c.line(); c.send("NOOP\r\n"); assert c.line().startswith(b"i3 BAD")
		c.ok("NOOP")
		c.send("i4 IDLE\r\nDO"); c.line(); c.close()
	END
	exec 5<>"/dev/tcp/127.0.0.1/$PORT"
	printf 'a LOGIN alice "two  words"\r\nb IDLE\r\n' >&5
	timeout 20 sed -u '/idling/q' <&5 >/dev/null
	kill "${STARTED[-1]}"
	timeout 20 cat <&5 >"$BATS_TEST_TMPDIR/last"
	grep -q '^\* BYE \[UNAVAILABLE\]' "$BATS_TEST_TMPDIR/last"
	exec 5<&-
}

@test "CONDSTORE and QRESYNC: what changed while one was away" {
	client <<-'END'
		c, d = Imap(port), Imap(port)
		append(c, n=6)
		c.fails("SELECT INBOX (QRESYNC (1 1))", kind="BAD")
		same(c.ok("ENABLE QRESYNC NONSENSE"), "ENABLED QRESYNC")
		same(c.ok("ENABLE CONDSTORE QRESYNC"), "ENABLED")
		lines = "\n".join(c.ok("SELECT INBOX (CONDSTORE)"))
		validity, start = (int(re.search(rf"{word} (\d+)", lines)[1]) for word in ("UIDVALIDITY", "HIGHESTMODSEQ"))
		same(c.ok("STORE 2 +FLAGS.SILENT (\\Seen)"), "2 FETCH (UID 2 MODSEQ (…))")
		(line,) = c.ok("FETCH 2 (MODSEQ)")
		two = int(re.search(r"MODSEQ \((\d+)\)", line)[1])
		assert two > start
		# compared and changed at once
		same(c.ok(f"STORE 1,2 (UNCHANGEDSINCE {start}) +FLAGS.SILENT (\\Flagged)", code="MODIFIED 2]"), "1 FETCH (UID 1 MODSEQ (…))")
		d.ok("SELECT INBOX")
		d.ok("STORE 3 +FLAGS ($d)")  # c has not heard of it
		same(c.ok(f"UID STORE 3:4 (UNCHANGEDSINCE {two}) +FLAGS (\\Answered)", code="MODIFIED 3]"),
		    "FLAGS …\nOK [PERMANENTFLAGS …\n4 FETCH (UID 4 FLAGS (\\Answered) MODSEQ (…))\n3 FETCH (UID 3 FLAGS ($d) MODSEQ (…))")
		same(c.ok("STORE 5 (UNCHANGEDSINCE 0) FLAGS ()", code="MODIFIED 5]"), "")
		c.fails("STORE 5 (UNCHANGEDSINCE x) FLAGS ()", kind="BAD")
		d.ok("STORE 5:6 +FLAGS.SILENT (\\Deleted)"); d.ok("EXPUNGE")
		same(c.ok("NOOP"), "VANISHED 5:6")
		append(d, n=2)
		same(c.ok("NOOP"), "6 EXISTS")
		c.ok("UID STORE 7 +FLAGS.SILENT (\\Deleted)")
		same(c.ok("UID EXPUNGE 7", code="HIGHESTMODSEQ"), "VANISHED 7")
		e = Imap(port); e.ok("ENABLE QRESYNC")
		same(e.ok(f"SELECT INBOX (QRESYNC ({validity} {two} 1:7))"), """
			FLAGS …
			OK [PERMANENTFLAGS …
			5 EXISTS
			0 RECENT
			OK [UNSEEN 1] …
			OK [UIDVALIDITY …
			OK [UIDNEXT 9] …
			OK [HIGHESTMODSEQ …
			VANISHED (EARLIER) 5:7
			1 FETCH (UID 1 FLAGS (\\Flagged) MODSEQ (…))
			3 FETCH (UID 3 FLAGS ($d) MODSEQ (…))
			4 FETCH (UID 4 FLAGS (\\Answered) MODSEQ (…))""")
		same(e.ok(f"SELECT INBOX (QRESYNC ({validity} {two} 1,6:20 (1:2 1:2)))")[9:], """
			VANISHED (EARLIER) 6:7
			1 FETCH (UID 1 FLAGS (\\Flagged) MODSEQ (…))
			5 FETCH (UID 8 FLAGS () MODSEQ (…))""")
		assert len(e.ok(f"SELECT INBOX (QRESYNC ({validity + 1} {two} 1:7))")) == 9
		same(e.ok(f"UID FETCH 1:* (FLAGS) (CHANGEDSINCE {two} VANISHED)")[0:2], "VANISHED (EARLIER) 5:7\n1 FETCH (UID 1 FLAGS (\\Flagged) MODSEQ (…))")
		same(e.ok("MOVE 1 Trash"), "OK [COPYUID … 1 1] moved\nVANISHED 1")
		assert "HIGHESTMODSEQ" in e.ok("STATUS Trash (HIGHESTMODSEQ)")[0]
		d.fails("UID FETCH 1:* (FLAGS) (CHANGEDSINCE 1 VANISHED)", kind="BAD")
	END
}

@test "UTF8=ACCEPT: names and messages in UTF-8; names of other servers" {
	mkdir -p "$ALICE/.&vPStANVo-2/"{cur,new,tmp} "$ALICE/.raw한"/{cur,new,tmp}
	client <<-'END'
		c, d = Imap(port), Imap(port)
		c.fails('CREATE "보관"', kind="BAD")
		same(c.ok('LIST "" *2'), 'LIST (\\HasNoChildren) "." &vPStANVo-2')
		c.ok("APPEND &vPStANVo-2 {}", MESSAGE)
		assert len(os.listdir(box + "/.&vPStANVo-2/cur")) == 1
		same(c.ok("ENABLE UTF8=ACCEPT"), "ENABLED UTF8=ACCEPT")
		c.ok('CREATE "보관함"')
		assert os.path.isdir(box + "/.보관함/cur")
		same(c.ok('LIST "" "보*"'), 'LIST (\\HasNoChildren) "." "보관함"\nLIST (\\HasNoChildren) "." "보관함2"')
		same(d.ok('LIST "" &v*'), '')
		same(d.ok('LIST "" &vPStANVo-*'), 'LIST (\\HasNoChildren) "." &vPStANVo-\nLIST (\\HasNoChildren) "." &vPStANVo-2')
		c.ok('APPEND "보관함2" (\\Seen) UTF8 (~{})', "Subject: 제목\r\n\r\nx\r\n".encode(), code="APPENDUID")
		d.fails("APPEND INBOX UTF8 (~{})", MESSAGE, kind="BAD")
		same(c.ok('STATUS "보관함2" (MESSAGES)'), 'STATUS "보관함2" (MESSAGES 2)')
		c.ok('DELETE "raw한"')
	END
}

@test "COMPRESS=DEFLATE: both ways, large and small, IDLE too" {
	client <<-'END'
		c, d = Imap(port), Imap(port)
		assert "COMPRESS=DEFLATE" in c.ok("CAPABILITY")[0]
		c.fails("COMPRESS NONE", kind="BAD")
		compress(c)
		c.fails("COMPRESS DEFLATE", code="COMPRESSIONACTIVE")
		for n in range(20): c.ok("NOOP")
		text = MESSAGE + b"all work and no play\r\n" * 100000
		c.ok("APPEND INBOX {}", text)
		noise = MESSAGE + os.urandom(300000).hex().encode() + b"\r\n"
		c.ok("APPEND INBOX {}", noise, sync=False)
		c.ok("SELECT INBOX")
		before = c.raw
		assert text.decode() in c.ok("FETCH 1 BODY.PEEK[]")[0]
		assert c.raw - before < len(text) // 50
		assert noise.decode() in c.ok("FETCH 2 BODY.PEEK[]")[0]
		c.send("i IDLE\r\n"); assert c.line().startswith(b"+")
		append(d)
		assert c.line() == b"* 3 EXISTS"
		c.send("DONE\r\nn NOOP\r\n" + "x NOOP\r\n" * 2000)
		assert c.line().startswith(b"i OK") and c.line().startswith(b"n OK")
		assert all(c.line().startswith(b"x OK") for _ in range(2000))
		c.s.sendall(b"\xff" * 100)  # no such stream: the end
		try:
		    c.line()
		except AssertionError as e:
		    assert "closed" in str(e)
		else:
		    raise SystemExit("not closed")
		d.ok("NOOP")
	END
}

@test "QUOTA by maildirsize; APPEND and COPY into a full mailbox" {
	client <<-'END'
		c = Imap(port)
		same(c.ok('GETQUOTAROOT INBOX'), "QUOTAROOT INBOX")
		same(c.ok('GETQUOTA ""'), 'QUOTA "" ()')
		open(box + "/maildirsize", "w").write("10240S\n0 0\n")
		append(c, text=MESSAGE + b"x" * 5000 + b"\r\n")
		same(c.ok('GETQUOTAROOT Sent'), 'QUOTAROOT Sent ""\nQUOTA "" (STORAGE 5 10)')
		same(c.ok('GETQUOTA ""'), 'QUOTA "" (STORAGE 5 10)')
		c.fails('GETQUOTA "none"', code="NONEXISTENT"); c.fails('GETQUOTAROOT none', code="NONEXISTENT")
		c.fails('SETQUOTA "" (STORAGE 1)', code="NOPERM")
		append(c, text=MESSAGE + b"x" * 3000 + b"\r\n")
		c.fails("APPEND INBOX {}", MESSAGE + b"x" * 5000 + b"\r\n", code="OVERQUOTA")
		c.ok("SELECT INBOX")
		c.fails("COPY 1 Archive", code="OVERQUOTA")
		same(c.ok("MOVE 1 Archive"), "OK [COPYUID …\n1 EXPUNGE")
		same(c.ok('GETQUOTA ""'), 'QUOTA "" (STORAGE 8 10)')
		c.ok("DELETE Archive")
		same(c.ok('GETQUOTA ""'), 'QUOTA "" (STORAGE 3 10)')
	END
}

@test "STARTTLS: then logins are allowed; nothing may be pipelined behind it" {
	need openssl
	mkdir -p "$PABAL_ROOT/control/tls/default"
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=mail.example.org \
		-keyout "$PABAL_ROOT/control/tls/default/key.pem" -out "$PABAL_ROOT/control/tls/default/cert.pem" 2>/dev/null
	rm "$PABAL_ROOT/control/login-without-tls"
	client <<-'END'
		import imaplib, ssl
		c = Imap(port, login=False)
		assert b" STARTTLS LOGINDISABLED" in c.greeting and b"AUTH=" not in c.greeting, c.greeting
		c.fails('LOGIN alice "two  words"', code="PRIVACYREQUIRED")
		c.send('x STARTTLS\r\ny LOGIN alice "two  words"\r\n')
		assert c.line().startswith(b"x BAD") and c.line().startswith(b"* BYE")
		context = ssl.create_default_context(); context.check_hostname = False; context.verify_mode = ssl.CERT_NONE
		m = imaplib.IMAP4("127.0.0.1", int(port))
		assert m.starttls(context)[0] == "OK"
		assert "AUTH=PLAIN" in m.capabilities and "STARTTLS" not in m.capabilities, m.capabilities
		assert m.login("alice@example.org", "two  words")[0] == "OK"
		assert m.append("INBOX", None, None, MESSAGE + b"x" * 1000000)[0] == "OK"
		assert m.select() == ("OK", [b"1"])
		assert len(m.fetch("1", "BODY[]")[1][0][1]) > 1000000
		assert m.logout()[0] == "BYE"
	END
}

@test "an idle session has at most 247 KiB to itself, all of its processes together" {
	[ "$BUILD" = "$TOP/build/release" ] || return 0 # the sanitizers have their own
	three
	start_wait imapd-lite
	kib=$(timeout 60 python3 "$BATS_TEST_DIRNAME/imap-process.py" memory "$PORT" "${STARTED[-1]}")
	echo "$kib KiB"
	[ "$kib" -gt 20 ] && [ "$kib" -le 247 ]
}
