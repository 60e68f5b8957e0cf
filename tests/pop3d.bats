# pop3d(8): sessions on a pipe, on a socket, with clients that are not ours.
load lib

setup() {
	make_root example.org alice bob
	export PABAL_LOG=fd:2
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
	LOGIN=('USER alice@example.org' 'PASS two  words')
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
	printf '%s\r\n' "$@" | timeout 60 pop3d 2>>"$LOG" >"$BATS_TEST_TMPDIR/raw" || rc=$?
	! tr -d '\0' <"$BATS_TEST_TMPDIR/raw" | grep -qav $'\r$' || { echo "a line without CRLF"; return 1; }
	out=$(tr -d '\0\r' <"$BATS_TEST_TMPDIR/raw")
}
files() { find "$ALICE"/new "$ALICE"/cur -type f | wc -l; }

@test "the commands of RFC 1939, in order" {
	three
	session "${LOGIN[@]}" STAT LIST 'LIST 2' 'RETR 1' 'DELE 1' 'LIST 1' STAT LIST NOOP RSET STAT 'TOP 3 1' 'TOP 3 0' QUIT
	diff - <(sed -E 's/^(\+OK) mail.example.org POP3$/\1/' <<<"$out" | tr -cd '\12\40-\176') <<-'END'
		+OK
		+OK
		+OK 3 messages
		+OK 3 117
		+OK 3 messages
		1 36
		2 24
		3 57
		.
		+OK 2 24
		+OK 36 octets
		Subject: one

		first
		..
		...x
		end
		.
		+OK marked
		-ERR that message is deleted
		+OK 2 81
		+OK 2 messages
		2 24
		3 57
		.
		+OK
		+OK
		+OK 3 117
		+OK
		Subject: three

		third, 
		.
		+OK
		Subject: three

		.
		+OK bye
	END
	[ "$rc" = 0 ] && [ "$(files)" = 3 ]
	grep -aq 'event=logout user=alice@example.org messages=3 retrieved=1 deleted=0' "$LOG"
}

@test "what is sent is the message octet for octet, and as long as LIST says" {
	while IFS= read -r f; do
		# as a mailbox would have it: LF line ends, a header
		{ printf 'X-Case: 1\n'; cat "$f"; } >"$ALICE/new/1.$((n += 1)).x"
	done < <(ls "$TOP"/tests/mail/*.eml)
	printf 'A: b\r\n\r\ncrlf\r\n.dot\r\n' >"$ALICE/new/2.1.x"      # a foreign file with CRLF
	printf 'A: b\n\nno end' >"$ALICE/new/2.2.x"                    # no line end
	printf 'A: b\n\nhalf an end\r' >"$ALICE/new/2.5.x"
	printf 'A: b\n\nno end, named' | deliver-maildir "$ALICE"
	printf 'A: b\n\nbare\rcr\0nul\n\n.\n' >"$ALICE/new/2.3.x"
	head -c 300001 /dev/urandom | base64 -w 0 >"$ALICE/new/2.4.x" # one long line
	start_wait pop3d
	python3 - "$PORT" "$ALICE" <<-'END'
		import glob, poplib, re, sys
		p = poplib.POP3("127.0.0.1", int(sys.argv[1]), timeout=60)
		poplib._MAXLINE = 1 << 20
		p.utf8(); p.user("alice"); p.pass_("two  words")
		want = sorted(re.sub(rb"(?<!\r)\n", b"\r\n", open(f, "rb").read()) for f in glob.glob(sys.argv[2] + "/???/*"))
		want = sorted(w if w.endswith(b"\r\n") else w + b"\r\n"[w.endswith(b"\r"):] for w in want)
		got, sizes = [], []
		for line in p.list()[1]:
		    number, size = map(int, line.split())
		    raw = b"".join(l + b"\r\n" for l in p.retr(number)[1])
		    got.append(raw); sizes.append(size)
		    assert len(raw) == size, (len(raw), size, raw[:60])
		assert sorted(got) == want
		assert p.stat() == (len(want), sum(sizes)) and len(want) > 4
		p.quit()
	END
}

@test "who did not say UTF8 gets a header in ASCII, and all else as it is" {
	printf 'Subject: 회의\nFrom: 김 <kim@example.org>\nTo: 이@example.org, x@example.org\nX-A: a\n\n본문\n.\nend\n' >"$ALICE/new/1.1.x"
	printf 'Subject: plain\n\nbody\n' >"$ALICE/new/2.1.x"
	printf 'Subject: \355\225\234\r\n\r\nbody' >"$ALICE/new/3.1.x"
	start_wait pop3d
	python3 - "$PORT" "$ALICE" <<-'END'
		import email.header, poplib, sys
		def login(utf8):
		    p = poplib.POP3("127.0.0.1", int(sys.argv[1]), timeout=60)
		    if utf8: p.utf8()
		    p.user("alice"); p.pass_("two  words")
		    return p
		def size(answer): return int(answer[0].split()[1])
		p = login(False)
		for number, body in (1, "본문\n.\nend\n"), (2, "body\n"), (3, "body\n"):
		    answer = p.retr(number)
		    raw = b"".join(l + b"\r\n" for l in answer[1])
		    header, _, rest = raw.partition(b"\r\n\r\n")
		    assert rest == body.replace("\n", "\r\n").encode() and header.isascii(), raw
		    assert len(raw) == size(answer), (len(raw), answer[0])
		    assert p.top(number, 0)[1] == header.split(b"\r\n") + [b""]
		    if number == 1:
		        lines = header.decode().split("\r\n")
		        assert str(email.header.make_header(email.header.decode_header(lines[0]))) == "Subject: 회의", lines
		        assert lines[1].startswith("From: =?utf-8?") and lines[1].endswith(" <kim@example.org>"), lines
		        assert lines[2:] == ["To: Internationalized address removed:;", "X-A: a"], lines
		assert int(p.list(2).split()[2]) == 24
		p.quit()
		p = login(True)
		answer = p.retr(1)
		assert answer[1][0] == "Subject: 회의".encode() and sum(len(l) + 2 for l in answer[1]) == size(answer)
		p.quit()
	END
}

@test "a login by each mechanism, pipelined and not; bytes behind it are handed over" {
	three
	ok='+OK 3 messages'
	for how in "AUTH PLAIN $(b64 '\0alice\0two  words')" "auth plain $(b64 'alice\0alice\0two  words')"; do
		session "$how" STAT QUIT
		[ "$(sed -n 2p <<<"$out")" = "$ok" ] && [ "$(sed -n 3p <<<"$out")" = '+OK 3 117' ]
	done
	session 'AUTH PLAIN' "$(b64 '\0alice\0two  words')" STAT QUIT
	[ "$(sed -n 2p <<<"$out")" = '+ ' ] && [ "$(sed -n 3p <<<"$out")" = "$ok" ]
	session 'AUTH LOGIN' "$(b64 alice)" "$(b64 'two  words')" STAT QUIT
	[ "$(sed -n 4p <<<"$out")" = "$ok" ]
	session AUTH QUIT
	[ "$out" = $'+OK mail.example.org POP3\n+OK\nPLAIN\nSCRAM-SHA-256\n.\n+OK bye' ]
	# thousands of commands behind the login, at once
	{ printf '%s\r\n' "${LOGIN[@]}"; for i in {1..3000}; do printf 'RETR 1\r\nNOOP\r\n'; done; printf 'QUIT\r\n'; } >"$BATS_TEST_TMPDIR/in"
	timeout 60 pop3d <"$BATS_TEST_TMPDIR/in" >"$BATS_TEST_TMPDIR/raw" 2>>"$LOG"
	[ "$(grep -c 'octets' "$BATS_TEST_TMPDIR/raw")" = 3000 ]
	[ "$(tail -1 "$BATS_TEST_TMPDIR/raw")" = $'+OK bye\r' ]
}

@test "a login that is wrong, cancelled, malformed; and what may come before one" {
	session 'USER alice' 'PASS wrong' 'USER nobody' 'PASS wrong' 'PASS x' STAT 'AUTH PLAIN' '*' 'AUTH PLAIN !' 'AUTH X-NONE' \
		'USER' 'USER alice' 'PASS' 'APOP a b' STLS 'RETR 1' NOOP '' UTF8 'UTF8 x' 'QUIT'
	diff - <(sed 1d <<<"$out") <<-'END'
		+OK
		-ERR [AUTH] user and password do not fit
		+OK
		-ERR [AUTH] user and password do not fit
		-ERR USER first
		-ERR log in first
		+ 
		-ERR cancelled, or no message of this mechanism
		-ERR cancelled, or no message of this mechanism
		-ERR no such mechanism
		-ERR USER name
		+OK
		-ERR PASS password
		-ERR command not known
		-ERR no TLS here
		-ERR log in first
		-ERR log in first
		-ERR command not known
		+OK
		-ERR UTF8 takes no argument
		+OK bye
	END
	[ "$rc" = 0 ]
	# enough is enough
	session $(printf 'AUTH=X-NONE %.0s' {1..30} | tr = ' ') 
	session "${LOGIN[0]}" 'PASS 1' "${LOGIN[0]}" 'PASS 2' "${LOGIN[0]}" 'PASS 3' "${LOGIN[0]}" 'PASS 4' "${LOGIN[0]}" 'PASS 5' \
		"${LOGIN[0]}" 'PASS 6' "${LOGIN[0]}" 'PASS 7' "${LOGIN[0]}" 'PASS 8' "${LOGIN[@]}" STAT
	[ "$(grep -c '^-ERR \[AUTH\]' <<<"$out")" = 8 ] && [ "$(tail -1 <<<"$out")" = '-ERR [SYS/TEMP] enough for one connection' ]
}

@test "CAPA, before the login and behind it" {
	session CAPA "${LOGIN[@]}" CAPA QUIT
	before=$(sed -n '2,/^\.$/p' <<<"$out")
	diff - <(echo "$before") <<-'END'
		+OK
		TOP
		UIDL
		RESP-CODES
		AUTH-RESP-CODE
		PIPELINING
		EXPIRE NEVER
		LOGIN-DELAY 0
		UTF8 USER
		USER
		SASL PLAIN SCRAM-SHA-256
		IMPLEMENTATION pabal
		.
	END
	[ "$(grep -c '^UIDL$' <<<"$out")" = 2 ] && [ "$(grep -c '^SASL' <<<"$out")" = 1 ]
}

@test "no login without TLS, but on loopback where control says so" {
	TCPREMOTEIP=192.0.2.1 session CAPA "${LOGIN[@]}" "AUTH PLAIN $(b64 '\0alice\0two  words')" QUIT
	! grep -qE '^(USER|SASL)' <<<"$out"
	[ "$(grep -c '^-ERR \[AUTH\] a login needs TLS here$' <<<"$out")" = 3 ]
	TLS_VERSION=TLSv1.3 TCPREMOTEIP=192.0.2.1 session "${LOGIN[@]}" QUIT
	grep -q '^+OK 0 messages' <<<"$out"
	rm "$PABAL_ROOT/control/login-without-tls"
	session CAPA "${LOGIN[@]}" QUIT
	! grep -qE '^(USER|SASL|.OK 0)' <<<"$out"
	start_wait pop3d
	exec 5<>"/dev/tcp/127.0.0.1/$PORT"
	printf 'USER alice\r\nQUIT\r\n' >&5
	grep -q 'needs TLS' <&5
	exec 5<&-
}

@test "UIDL: at most 70 printable octets, the same tomorrow, never used again" {
	three
	session "${LOGIN[@]}" UIDL 'UIDL 2' 'DELE 3' UIDL QUIT
	mapfile -t ids < <(sed -n '5,7p' <<<"$out" | cut -d ' ' -f 2)
	[ "${#ids[@]}" = 3 ] && [ "$(printf '%s\n' "${ids[@]}" | sort -u | wc -l)" = 3 ]
	for id in "${ids[@]}"; do [[ $id =~ ^[!-~]{1,70}$ ]]; done
	grep -qxF "+OK 2 ${ids[1]}" <<<"$out"
	[ "$(files)" = 2 ]
	printf 'Subject: four\n\nx\n' | deliver
	session "${LOGIN[@]}" UIDL QUIT
	mapfile -t again < <(sed -n '5,7p' <<<"$out" | cut -d ' ' -f 2)
	[ "${again[0]} ${again[1]}" = "${ids[0]} ${ids[1]}" ]
	[ "${again[2]}" != "${ids[2]}" ] && [ -n "${again[2]}" ]
	# somebody else renames: the same message still
	one=$(ls "$ALICE/new" | head -1)
	mv "$ALICE/new/$one" "$ALICE/cur/$one:2,S"
	session "${LOGIN[@]}" UIDL QUIT
	[ "$(sed -n '5,7p' <<<"$out" | cut -d ' ' -f 2 | tr '\n' ' ')" = "${again[*]} " ]
}

@test "QUIT removes; a connection that is cut, a lost client, SIGTERM remove nothing" {
	three
	session "${LOGIN[@]}" 'DELE 1' 'DELE 2'
	[ "$(files)" = 3 ] && [ "$rc" = 0 ]
	printf '%s\r\n' "${LOGIN[@]}" 'DELE 1' >"$BATS_TEST_TMPDIR/in"
	printf 'QUIT' >>"$BATS_TEST_TMPDIR/in" # no line end
	timeout 20 pop3d <"$BATS_TEST_TMPDIR/in" >/dev/null 2>>"$LOG"
	[ "$(files)" = 3 ]
	start_wait pop3d
	exec 5<>"/dev/tcp/127.0.0.1/$PORT"
	printf '%s\r\n' "${LOGIN[@]}" 'DELE 1' >&5
	timeout 20 grep -q marked <&5
	exec 5<&- 5>&-
	wait_until grep -q 'deleted=0$' "$LOG"
	exec 5<>"/dev/tcp/127.0.0.1/$PORT"
	printf '%s\r\n' "${LOGIN[@]}" 'DELE 1' >&5
	timeout 20 sed -u '/marked/q' <&5 >/dev/null
	kill "${STARTED[-1]}"
	timeout 20 cat <&5 >"$BATS_TEST_TMPDIR/last"
	grep -q '^-ERR \[SYS/TEMP\] going down' "$BATS_TEST_TMPDIR/last"
	exec 5<&-
	[ "$(files)" = 3 ]
	session "${LOGIN[@]}" 'DELE 1' 'DELE 3' QUIT
	[ "$(files)" = 1 ] && grep -q '^Subject: two' "$ALICE"/???/*
	grep -q 'event=logout user=alice@example.org messages=3 retrieved=0 deleted=2' "$LOG"
}

@test "two sessions on one mailbox: each has its view, what is gone is told" {
	three
	start_wait pop3d
	python3 - "$PORT" <<-'END'
		import poplib, sys
		def login():
		    p = poplib.POP3("127.0.0.1", int(sys.argv[1]), timeout=30)
		    p.user("alice"); p.pass_("two  words")
		    return p
		a, b = login(), login()
		a.dele(1)
		assert a.stat()[0] == 2 and b.stat() == (3, 117)
		assert b.retr(1)[1][0] == b"Subject: one"
		a.quit()
		assert b.stat() == (3, 117)
		try:
		    b.retr(1)
		    raise SystemExit("it was removed")
		except poplib.error_proto as e:
		    # sure only once the directory was quiet for a moment
		    assert b"removed meanwhile" in e.args[0] or b"[SYS/TEMP]" in e.args[0]
		assert b.retr(2)[1][0] == b"Subject: two"
		b.dele(1); b.dele(2)   # one of them is gone already
		assert b.quit().startswith(b"+OK")
		c = login()
		assert c.stat()[0] == 1
		c.quit()
	END
	[ "$(files)" = 1 ]
}

@test "a foreign program renames all the time: every message is read whole, UIDLs stay" {
	for i in {1..40}; do printf 'Subject: %d\n\nbody of %d\n' "$i" "$i" | deliver; done
	start_wait pop3d
	timeout 100 python3 - "$PORT" "$ALICE" <<-'END'
		import os, poplib, random, sys, threading
		box, stop = sys.argv[2], threading.Event()
		def rename():
		    r = random.Random(1)
		    while not stop.is_set():
		        for part in "new", "cur":
		            for name in os.listdir(f"{box}/{part}"):
		                to = name.split(":")[0] + ":2," + "".join(f for f in "FRS" if r.random() < .5)
		                try:
		                    os.rename(f"{box}/{part}/{name}", f"{box}/cur/{to}")
		                except FileNotFoundError:
		                    pass
		t = threading.Thread(target=rename)
		t.start()
		try:
		    seen = {}
		    for _ in range(8):
		        p = poplib.POP3("127.0.0.1", int(sys.argv[1]), timeout=60)
		        p.user("alice"); p.pass_("two  words")
		        assert p.stat()[0] == 40, p.stat()
		        for line in p.uidl()[1]:
		            number, uid = line.split()
		            text = p.retr(int(number))[1]
		            assert len(text) == 3 and text[2] == b"body of " + text[0][9:]
		            assert seen.setdefault(uid, text) == text
		        p.quit()
		    assert len(seen) == 40
		finally:
		    stop.set()
		    t.join()
	END
}

@test "a message that comes during a session is in the next one" {
	three
	start_wait pop3d
	exec 5<>"/dev/tcp/127.0.0.1/$PORT"
	printf '%s\r\n' "${LOGIN[@]}" >&5
	timeout 20 sed -u '/messages/q' <&5 >/dev/null
	printf 'Subject: late\n\nx\n' | deliver
	printf 'STAT\r\nQUIT\r\n' >&5
	[ "$(timeout 20 head -1 <&5)" = $'+OK 3 117\r' ]
	exec 5<&-
	session "${LOGIN[@]}" QUIT
	grep -q '^+OK 4 messages' <<<"$out"
}

@test "bounds: lines, numbers, octets, errors" {
	three
	long=$(head -c 5000 /dev/zero | tr '\0' x)
	session "$long" "USER $long" "AUTH PLAIN $long" 'AUTH PLAIN' "$long" QUIT
	[ "$(grep -c '^-ERR line too long$' <<<"$out")" = 3 ]
	[ "$(tail -1 <<<"$out")" = '+OK bye' ]
	session "${LOGIN[@]}" "$long" 'RETR 0' 'RETR -1' 'RETR 4' 'RETR 18446744073709551617' 'RETR' 'RETR 1 1' 'TOP 1' 'TOP 1 -1' \
		'TOP 1 99999999999' 'DELE x' 'LIST 4' 'UIDL 0' 'STAT 1' 'NOOP x' $'RETR\t1' QUIT
	[ "$(sed 1,3d <<<"$out" | grep -c '^-ERR ')" = 16 ] && [ "$(tail -1 <<<"$out")" = '+OK bye' ]
	session $(printf 'NONE %.0s' {1..40})
	[ "$(tail -1 <<<"$out")" = '-ERR too many errors' ] && [ "$(wc -l <<<"$out")" = 21 ]
	# a line that never ends is not read for ever
	head -c 3000000 /dev/zero | tr '\0' x | timeout 20 pop3d >"$BATS_TEST_TMPDIR/raw" 2>>"$LOG"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/raw")" = 1 ]
}

@test "auth-check that fails, is killed, or says nonsense: temporary, never yes" {
	mkdir "$BATS_TEST_TMPDIR/bin"
	cp "$BUILD/bin/pop3d" "$BATS_TEST_TMPDIR/bin"
	try() {
		printf '#!/bin/sh\nread -r line\n%s\n' "$1" >"$BATS_TEST_TMPDIR/bin/auth-check"
		chmod +x "$BATS_TEST_TMPDIR/bin/auth-check"
		PATH=$BATS_TEST_TMPDIR/bin:$PATH session "${LOGIN[@]}" STAT QUIT
		[ "$(sed -n 3p <<<"$out")" = '-ERR [SYS/TEMP] something is wrong here, try again later' ] || { echo "$1: $out"; false; }
		[ "$(sed -n 4p <<<"$out")" = '-ERR log in first' ]
	}
	account="alice@example.org\\\\t$ALICE\\\\t\\\\t"
	try 'kill -9 $$'
	try 'exit 0'
	try 'exit 75'
	try "printf 'OK $account\n'; exit 75"
	try "printf 'OK $account\n'; kill -9 \$\$"
	try "printf 'OK $account'"
	try 'echo OK'
	try 'printf "OK a@b\trelative\t\t\n"'
	try 'printf "OK a@b\t/x\t1\t\n"'
	try 'printf "OK a@b\t/x\\\\x\t\t\n"'
	try 'echo YES'
	try 'head -c 100000 /dev/zero'
	try 'echo "NO TEMP"'
	rm "$BATS_TEST_TMPDIR/bin/auth-check"
	PATH=$BATS_TEST_TMPDIR/bin:$PATH session "${LOGIN[@]}" STAT QUIT
	grep -q '^-ERR \[SYS/TEMP\]' <<<"$out"
	printf '#!/bin/sh\nread -r line\nprintf "OK %s\\n"\n' "$account" >"$BATS_TEST_TMPDIR/bin/auth-check"
	chmod +x "$BATS_TEST_TMPDIR/bin/auth-check"
	PATH=$BATS_TEST_TMPDIR/bin:$PATH session "${LOGIN[@]}" STAT QUIT
	[ "$(sed -n 3p <<<"$out")" = '+OK 0 messages' ] # and only that is yes
}

@test "a mailbox that cannot be opened: temporary, and the session ends" {
	rm -r "$ALICE/cur" && : >"$ALICE/cur"
	session "${LOGIN[@]}" STAT
	[ "$(sed -n 3p <<<"$out")" = '-ERR [SYS/TEMP] the mailbox cannot be opened now' ] && [ "$rc" = 75 ]
	[ "$(wc -l <<<"$out")" = 3 ]
}

@test "a listening socket: many at once, one connection a process, SIGTERM and kill -9 leave nothing" {
	three
	start_wait pop3d
	python3 - "$PORT" <<-'END'
		import poplib, sys
		from concurrent.futures import ThreadPoolExecutor
		def one(i):
		    p = poplib.POP3("127.0.0.1", int(sys.argv[1]), timeout=60)
		    p.user("alice"); p.pass_("two  words")
		    n = p.stat()[0]
		    p.retr(1 + i % 3)
		    p.quit()
		    return n
		with ThreadPoolExecutor(16) as pool:
		    assert list(pool.map(one, range(60))) == [3] * 60
	END
	parent=${STARTED[-1]}
	children() { pgrep -P "$parent" | wc -l; }
	enough() { [ "$(children)" -ge 4 ]; }
	wait_until enough
	mapfile -t all < <(for p in $(pgrep -P "$parent"); do echo "$p"; pgrep -P "$p"; done)
	((${#all[@]} >= 8)) # a monitor and a talker each
	kill "$parent"
	wait "$parent"
	none() { local p; for p in "${all[@]}"; do [ ! -e "/proc/$p" ] || return 1; done; }
	wait_until none
	start_wait pop3d
	parent=${STARTED[-1]}
	wait_until enough
	mapfile -t all < <(for p in $(pgrep -P "$parent"); do echo "$p"; pgrep -P "$p"; done)
	kill -9 "$parent"
	wait_until none
}

@test "a client that says nothing is not waited for" {
	echo 1 >"$PABAL_ROOT/control/login-timeout"
	start_wait pop3d
	exec 5<>"/dev/tcp/127.0.0.1/$PORT"
	[ "$(timeout 20 cat <&5 | wc -l)" = 1 ]
	exec 5<&-
	mkfifo "$BATS_TEST_TMPDIR/fifo"
	exec 6<>"$BATS_TEST_TMPDIR/fifo"
	timeout 20 pop3d <&6 >/dev/null 2>>"$LOG"
	exec 6<&-
}

@test "SCRAM-SHA-256: both sides prove themselves" {
	three
	start_wait pop3d
	run python3 "$BATS_TEST_DIRNAME/scram.py" alice 'two  words' "pop3:$PORT"
	[ "$status" = 0 ] && [ "${lines[-1]}" = '+OK 3 messages' ]
	run python3 "$BATS_TEST_DIRNAME/scram.py" alice 'two words' "pop3:$PORT"
	[ "$status" = 1 ] && [ "${lines[-1]}" = '-ERR [AUTH] user and password do not fit' ]
}

@test "curl: list, fetch, by each mechanism" {
	need curl
	three
	start_wait pop3d
	url="pop3://127.0.0.1:$PORT"
	for auth in '' ';AUTH=PLAIN'; do # this curl may have no SCRAM
		curl -sS -m 20 --user "alice@example.org:two  words" ${auth:+--login-options "${auth#;}"} "$url/" >"$BATS_TEST_TMPDIR/list"
		[ "$(tr -d '\r' <"$BATS_TEST_TMPDIR/list")" = $'1 36\n2 24\n3 57' ] || { echo "$auth"; cat "$BATS_TEST_TMPDIR/list"; false; }
	done
	curl -sS -m 20 --user 'alice@example.org:two  words' "$url/1" | tr -d '\r' | cmp - "$(grep -l 'Subject: one' "$ALICE"/new/*)"
	run curl -sS -m 20 --user 'alice@example.org:wrong' "$url/1"
	[ "$status" = 67 ]
}

@test "Perl's Net::POP3: list, top, uidl, delete" {
	need perl
	three
	start_wait pop3d
	perl -MNet::POP3 -e '
		my $p = Net::POP3->new("127.0.0.1", Port => $ARGV[0], Timeout => 30) or die "connect";
		$p->login("alice\@example.org", "two  words") == 3 or die "login";
		my $l = $p->list; $l->{1} == 36 && $l->{3} == 57 or die "list";
		my $u = $p->uidl; keys %$u == 3 or die "uidl";
		join("", @{$p->get(1)}) eq "Subject: one\n\nfirst\n.\n..x\nend\n" or die "get";
		join("", @{$p->top(3, 1)}) =~ /^Subject: three\n\nthird[^\n]*\n\z/ or die "top";
		$p->delete(2) or die "delete"; $p->quit or die "quit";' "$PORT"
	[ "$(files)" = 2 ]
}

@test "fetchmail: takes all, leaves nothing, and nothing the second time" {
	need fetchmail
	three
	start_wait pop3d
	export HOME=$BATS_TEST_TMPDIR FETCHMAILHOME=$BATS_TEST_TMPDIR
	cat >"$BATS_TEST_TMPDIR/rc" <<-END
		poll 127.0.0.1 port $PORT protocol pop3 auth password uidl user "alice@example.org" password "two  words" sslproto "" mda "cat >>$BATS_TEST_TMPDIR/got" KEEP
	END
	chmod 600 "$BATS_TEST_TMPDIR/rc"
	sed s/KEEP/keep/ "$BATS_TEST_TMPDIR/rc" >"$BATS_TEST_TMPDIR/keep" && chmod 600 "$BATS_TEST_TMPDIR/keep"
	fetchmail -f "$BATS_TEST_TMPDIR/keep" --nodetach --nosyslog -i "$BATS_TEST_TMPDIR/ids"
	[ "$(grep -ac '^Subject: ' "$BATS_TEST_TMPDIR/got")" = 3 ] && [ "$(files)" = 3 ]
	run fetchmail -f "$BATS_TEST_TMPDIR/keep" --nodetach --nosyslog -i "$BATS_TEST_TMPDIR/ids"
	[ "$status" -le 1 ] && [ "$(grep -ac '^Subject: ' "$BATS_TEST_TMPDIR/got")" = 3 ] # known by UIDL
	sed s/KEEP/nokeep/ "$BATS_TEST_TMPDIR/rc" >"$BATS_TEST_TMPDIR/nokeep" && chmod 600 "$BATS_TEST_TMPDIR/nokeep"
	rm "$BATS_TEST_TMPDIR/ids"
	fetchmail -f "$BATS_TEST_TMPDIR/nokeep" --nodetach --nosyslog -i "$BATS_TEST_TMPDIR/ids"
	[ "$(grep -ac '^Subject: ' "$BATS_TEST_TMPDIR/got")" = 6 ] && [ "$(files)" = 0 ]
}

@test "getmail: takes all into smtp-recv's LMTP, then only what is new" {
	need getmail
	for i in one two three; do printf 'Return-Path: <%s@example.net>\nSubject: %s\n\nx\n' $i $i | deliver; done
	start_wait pop3d
	pop3=$PORT
	# not by a program of getmail's: it waits for one that has ended before it looks
	start_wait smtp-recv -l 2>>"$LOG"
	mkdir -p "$BATS_TEST_TMPDIR/getmail"
	cat >"$BATS_TEST_TMPDIR/getmail/getmailrc" <<-END
		[retriever]
		type = SimplePOP3Retriever
		server = 127.0.0.1
		port = $pop3
		username = alice@example.org
		password = two  words
		[destination]
		type = MDA_lmtp
		host = 127.0.0.1
		port = $PORT
		override = bob@example.org
		[options]
		read_all = false
	END
	get() { HOME=$BATS_TEST_TMPDIR getmail --getmaildir "$BATS_TEST_TMPDIR/getmail"; }
	got() { find "$PABAL_ROOT/queue/new" -type f | wc -l; }
	get
	[ "$(got)" = 3 ] && [ "$(files)" = 3 ]
	printf 'Return-Path: <four@example.net>\nSubject: four\n\nx\n' | deliver
	get
	[ "$(got)" = 4 ]
	[ "$(grep -alx 'Subject: .*' "$PABAL_ROOT"/queue/new/* | wc -l)" = 4 ]
}

@test "under inetd, wait and nowait, and under tcp-serve" {
	need inetutils-inetd
	three
	cd "$BATS_TEST_TMPDIR"
	one() {
		python3 - "$1" <<-'END'
			import poplib, sys
			p = poplib.POP3("127.0.0.1", int(sys.argv[1]), timeout=20)
			p.user("alice"); p.pass_("two  words")
			assert p.stat() == (3, 117)
			p.quit()
		END
	}
	answers() { (exec 5<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }
	for mode in wait nowait; do
		port=$(free_port)
		echo "127.0.0.1:$port stream tcp $mode $(id -un) $BUILD/bin/pop3d pop3d" >inetd.conf
		start inetutils-inetd -d -p "$PWD/inetd.pid" inetd.conf >inetd.out 2>&1
		wait_until answers "$port"
		one "$port"
		ours=$(pgrep -P "${STARTED[-1]}" || :)
		stop_all
		[ -z "$ours" ] || kill $ours 2>/dev/null || :
	done
	for option in '' -w; do
		port=$(free_port)
		start tcp-serve $option 127.0.0.1 "$port" pop3d >/dev/null 2>>"$LOG"
		wait_until answers "$port"
		one "$port"
		stop_all
	done
	[ "$(grep -c 'event=login user=alice@example.org ip=127.0.0.1' "$LOG")" -ge 2 ]
}

@test "one network does not get all connections, nor a login without TLS" {
	unshare -${R}n true 2>/dev/null || cannot "no network namespaces here"
	echo 3 >"$PABAL_ROOT/control/max-per-network"
	timeout 60 unshare -${R}n sh -c 'ip link set lo up; ip addr add 192.0.2.1/32 dev lo; exec "$@"' - python3 - 2>>"$LOG" <<-'END'
		import os, signal, socket, subprocess
		server = socket.socket()
		server.bind(("192.0.2.1", 0))
		server.listen(100)
		p = subprocess.Popen(["pop3d"], stdin=server)
		def connect():
		    f = socket.create_connection(server.getsockname(), 20).makefile("rwb")
		    return f, f.readline()
		try:
		    some = [connect() for _ in range(3)]
		    assert all(line.startswith(b"+OK") for _, line in some), some
		    f, line = connect()
		    assert line == b"-ERR [SYS/TEMP] too many connections from there\r\n" and f.read() == b"", line
		    f = some[0][0]
		    f.write(b"USER alice\r\nQUIT\r\n"); f.flush()
		    assert f.readline() == b"-ERR [AUTH] a login needs TLS here\r\n"
		    assert f.readline().startswith(b"+OK") and f.read() == b""
		    f, line = connect()
		    while line.startswith(b"-ERR"): # until the one that ended is reaped
		        f, line = connect()
		finally:
		    p.terminate()
		    p.wait()
	END
}

@test "the monitor or the talker is killed before the login: nobody is logged in" {
	start_wait pop3d
	for who in monitor talker; do
		[ "$(python3 "$BATS_TEST_DIRNAME/pop3-client.py" killed "$PORT" "${STARTED[-1]}" $who)" = ended ]
	done
	session "${LOGIN[@]}" QUIT
	[ "$rc" = 0 ]
}

@test "as root with the four owners: the talker is mailnet, the session is the mailbox's owner" {
	[ "$(id -u)" = 0 ] || cannot "needs root"
	four_owners
	chmod 755 "$BATS_RUN_TMPDIR" "$BATS_FILE_TMPDIR" "$BATS_TEST_TMPDIR"
	export PABAL_ROOT=$BATS_TEST_TMPDIR/owned
	owned mail-init -m mail.example.test example.test >/dev/null
	echo secret | owned mail-user add carol@example.test
	echo secret | owned mail-user add -u games dave@example.test
	start_wait "${OWNED[@]}" pop3d 2>>"$LOG"
	parent=${STARTED[-1]}
	uids() { awk '/^(Uid|Gid):/ { print $1 $2 "," $3 "," $4 }' "/proc/$1/status" | tr '\n' ' '; }
	# one more child of the parent's executes auth-check for all
	ready() { for monitor in $(pgrep -P "$parent"); do ! pgrep -P "$monitor" >/dev/null || return 0; done; false; }
	wait_until ready
	talker=$(pgrep -P "$monitor")
	confined() { [ "$(uids "$talker")" = "Uid:60901,60901,60901 Gid:60901,60901,60901 " ]; }
	wait_until confined
	grep -q '^CapEff:[[:space:]]*0*$' "/proc/$talker/status"
	grep -q '^CapPrm:[[:space:]]*00000000000000e0$' "/proc/$monitor/status" # kill, setgid, setuid
	for who in carol:60904 dave:"$(id -u games)"; do
		exec 5<>"/dev/tcp/127.0.0.1/$PORT"
		printf 'USER %s@example.test\r\nPASS secret\r\n' "${who%:*}" >&5
		timeout 20 sed -u '/ messages/q' <&5 | grep -q '^+OK 0 messages'
		port=$(ss -Htnp "sport = :$PORT" | grep -o 'pid=[0-9]*' | tr -d 'pid=' | sort -u)
		found=
		for p in $port; do
			[[ "$(uids "$p")" == "Uid:${who#*:},${who#*:},${who#*:} "* ]] && found=$p
		done
		[ -n "$found" ]
		grep -q '^CapPrm:[[:space:]]*0*$' "/proc/$found/status"
		printf 'QUIT\r\n' >&5
		exec 5<&-
	done
	# and they can be ended
	mapfile -t all < <(for p in $(pgrep -P "$parent"); do echo "$p"; pgrep -P "$p"; done)
	kill "$parent"
	wait "$parent"
	none() { local p; for p in "${all[@]}"; do [ ! -e "/proc/$p" ] || return 1; done; }
	wait_until none
}
