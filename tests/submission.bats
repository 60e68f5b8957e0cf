# smtp-recv(8) with logins: AUTH, and submission with -s.
load lib

setup() {
	make_root example.org alice bob
	export PABAL_LOG=fd:9
	exec 9>>"$LOG"
	unset TCPREMOTEIP TLS_VERSION
	echo loopback >"$PABAL_ROOT/control/login-without-tls"
	# the hash is made once for all tests
	[ -s "$BATS_FILE_TMPDIR/passwd" ] || {
		echo 'two  words' | mail-user passwd alice@example.org
		echo 'pencil' | mail-user passwd bob@example.org
		cp "$PABAL_ROOT/passwd" "$BATS_FILE_TMPDIR/passwd"
	}
	cp "$BATS_FILE_TMPDIR/passwd" "$PABAL_ROOT/passwd"
	OUT=$BATS_TEST_TMPDIR/out
	Q=$PABAL_ROOT/queue
	AUTH="AUTH PLAIN $(b64 '\0alice@example.org\0two  words')"
}
teardown() { stop_all; }

b64() { printf "$@" | base64 -w 0; }
# session LINE…: lines, with CRLF, to a submission session on a pipe; its replies in $OUT, CR taken off.
session() {
	printf '%s\r\n' "$@" | timeout 60 smtp-recv -s >"$OUT.raw"
	local rc=$?
	tr -d '\r' <"$OUT.raw" >"$OUT"
	return $rc
}
# codes_are CODES: of the last lines of the replies, behind those to the greeting and EHLO.
codes() { sed -n 's/^\(...\) .*/\1/p' "$OUT" | tr '\n' ' ' | sed 's/ $//'; }
codes_are() { [ "$(codes)" = "220 250 $1" ] || { echo "got $(codes), not 220 250 $1"; cat "$OUT"; return 1; }; }
has() { grep -q -- "$1" "$OUT" || { echo "no $1 in:"; cat "$OUT"; return 1; }; }
hasnt() { ! grep -- "$1" "$OUT" || return 1; }
logged() { grep -q -- "$1" "$LOG" || { echo "no $1 in the log:"; cat "$LOG"; return 1; }; }
nothing_queued() { [ -z "$(find "$Q/tmp" "$Q/new" -type f)" ] || { ls -l "$Q/tmp" "$Q/new"; return 1; }; }
MAIL=('MAIL FROM:<alice@example.org>' 'RCPT TO:<x@elsewhere.example>' DATA 'Subject: x' '' 'body' .)

@test "AUTH is offered where a login is allowed, and only there" {
	session 'EHLO x' QUIT
	has '^250[ -]AUTH SCRAM-SHA-256 PLAIN LOGIN$'
	TCPREMOTEIP=192.0.2.7 PROTO=TCP session 'EHLO x' "$AUTH" QUIT
	codes_are '538 221'
	has '^538 5.7.11'
	hasnt AUTH
	TLS_VERSION=TLSv1.3 TCPREMOTEIP=192.0.2.7 PROTO=TCP session 'EHLO x' "$AUTH" QUIT
	codes_are '235 221'
	rm "$PABAL_ROOT/control/login-without-tls"
	session 'EHLO x' "$AUTH" QUIT
	codes_are '538 221'
	# port 25: only where control says so
	echo loopback >"$PABAL_ROOT/control/login-without-tls"
	printf '%s\r\n' 'EHLO x' "$AUTH" QUIT | smtp-recv | tr -d '\r' >"$OUT"
	codes_are '502 221'
	hasnt '^250.AUTH'
	: >"$PABAL_ROOT/control/recv-auth"
	printf '%s\r\n' 'EHLO x' "$AUTH" QUIT | smtp-recv | tr -d '\r' >"$OUT"
	codes_are '235 221'
}

@test "PLAIN and LOGIN: right, wrong, cancelled, malformed" {
	session 'EHLO x' "$AUTH" QUIT
	codes_are '235 221'
	has '^235 2.7.0'
	logged 'event=login user=alice@example.org'
	session 'EHLO x' 'AUTH PLAIN' "$(b64 '\0alice@example.org\0two  words')" QUIT
	codes_are '334 235 221'
	session 'EHLO x' 'AUTH LOGIN' "$(b64 bob@example.org)" "$(b64 pencil)" QUIT
	codes_are '334 334 235 221'
	has "^334 $(b64 Username:)"
	session 'EHLO x' "AUTH login $(b64 bob@example.org)" "$(b64 pencil)" QUIT
	codes_are '334 235 221'
	session 'EHLO x' "AUTH PLAIN $(b64 '\0alice@example.org\0wrong')" "${MAIL[0]}" QUIT
	codes_are '535 530 221'
	has '^535 5.7.8'
	session 'EHLO x' 'AUTH LOGIN' '*' 'AUTH X-NONE' 'AUTH PLAIN !!' 'AUTH' 'AUTH PLAIN =' NOOP QUIT
	codes_are '334 501 504 501 501 501 250 221'
}

@test "AUTH PLAIN with 0, 1, 2 and 4 NULs: only two are a login" {
	for message in 'alice@example.org' 'alice@example.org\0two  words' '\0alice@example.org\0two  words\0' \
		'\0alice@example.org\0two  words\0\0' '\0\0\0\0' '\0\0' '\0'; do
		session 'EHLO x' "AUTH PLAIN $(b64 "$message")" "${MAIL[0]}" QUIT
		[[ $(codes) == '220 250 5'*' 530 221' ]] || { echo "$message"; cat "$OUT"; false; }
	done
	session 'EHLO x' "AUTH PLAIN $(b64 '\0alice@example.org\0two  words')" "${MAIL[0]}" QUIT
	codes_are '235 250 221'
	# an authorization identity of another user
	session 'EHLO x' "AUTH PLAIN $(b64 'bob@example.org\0alice@example.org\0two  words')" "${MAIL[0]}" QUIT
	[[ $(codes) == '220 250 5'*' 530 221' ]]
}

@test "AUTH with 12 KiB, as initial response and as response" {
	long=$(head -c 9216 /dev/zero | base64 -w 0)
	[ ${#long} = 12288 ]
	session 'EHLO x' "AUTH PLAIN $long" NOOP QUIT
	codes_are '500 250 221'
	session 'EHLO x' 'AUTH PLAIN' "$long" NOOP QUIT
	codes_are '334 500 250 221'
	has '^500 5.5.6'
	session 'EHLO x' 'AUTH PLAIN' "${long:0:2090}" NOOP "AUTH PLAIN ${long:0:2030}" NOOP QUIT
	[[ $(codes) == '220 250 334 50'?' 250 50'?' 250 221' ]] || { cat "$OUT"; false; }
}

@test "AUTH twice, before EHLO, behind HELO, during a transaction" {
	session 'EHLO x' "$AUTH" "$AUTH" QUIT
	codes_are '235 503 221'
	session "$AUTH" 'HELO x' "$AUTH" QUIT
	[ "$(codes)" = '220 503 250 503 221' ]
	session 'EHLO x' "$AUTH" "${MAIL[0]}" 'AUTH LOGIN' QUIT
	codes_are '235 250 503 221'
}

@test "a missing, killed or lying auth-check is 454 and never a yes" {
	mkdir "$BATS_TEST_TMPDIR/bin"
	cp "$BUILD/bin/smtp-recv" "$BATS_TEST_TMPDIR/bin/"
	PATH=$BATS_TEST_TMPDIR/bin:$PATH
	hash -r
	session 'EHLO x' "$AUTH" "${MAIL[0]}" QUIT
	codes_are '454 530 221'
	has '^454 4.7.0'
	for lie in 'kill -9 $$' 'exit 0' 'echo OK' 'printf "OK alice@example.org\t/x\t\t\n"; exit 1' 'echo "OK a	b	c	d"' \
		'printf "OK alice@example.org\t/x\t\t\n"; kill -9 $$' 'echo YES' 'printf "OK alice@example.org\t/x\t\t"'; do
		printf '#!/bin/sh\nread line\n%s\n' "$lie" >"$BATS_TEST_TMPDIR/bin/auth-check"
		chmod +x "$BATS_TEST_TMPDIR/bin/auth-check"
		session 'EHLO x' "$AUTH" "${MAIL[0]}" QUIT
		codes_are '454 530 221' || { echo "$lie"; false; }
	done
	# and with an answer that is right the same program lets in
	printf '#!/bin/sh\nread line\nprintf "OK alice@example.org\\t/x\\t\\t\\n"\n' >"$BATS_TEST_TMPDIR/bin/auth-check"
	session 'EHLO x' "$AUTH" QUIT
	codes_are '235 221'
}

@test "so many logins may fail on a connection" {
	wrong="AUTH PLAIN $(b64 '\0nobody@example.org\0x')"
	printf '#!/bin/sh\nread line\necho NO AUTH no\n' >"$BATS_TEST_TMPDIR/auth-check"
	chmod +x "$BATS_TEST_TMPDIR/auth-check"
	cp "$BUILD/bin/smtp-recv" "$BATS_TEST_TMPDIR/"
	PATH=$BATS_TEST_TMPDIR:$PATH
	hash -r
	session 'EHLO x' "$wrong" "$wrong" "$wrong" "$wrong" "$wrong" "$wrong" "$wrong" "$wrong" "$wrong" "$AUTH"
	codes_are '535 535 535 535 535 535 535 535 421'
}

@test "wait mode: SCRAM-SHA-256, and a login is the connection's alone" {
	echo 1 >"$PABAL_ROOT/control/max-sessions"
	start_wait smtp-recv -s
	python3 "$TOP/tests/scram.py" alice@example.org 'two  words' "smtp:$PORT"
	run python3 "$TOP/tests/scram.py" alice@example.org 'two words' "smtp:$PORT"
	[ "$status" = 1 ] && [[ $output == *535* ]]
	# the same process serves them all
	python3 - "$PORT" <<-'END'
		import smtplib, sys
		def connect():
		    s = smtplib.SMTP("127.0.0.1", int(sys.argv[1]), timeout=20)
		    s.ehlo("client.example")
		    return s
		s = connect()
		assert s.login("alice@example.org", "two  words")[0] == 235
		assert s.mail("alice@example.org")[0] == 250
		s.quit()
		s = connect()
		assert s.mail("alice@example.org")[0] == 530, "a login outlived its connection"
		try:
		    s.login("alice@example.org", "wrong")
		    raise SystemExit("wrong password")
		except smtplib.SMTPAuthenticationError as e:
		    assert e.smtp_code == 535
	END
}

@test "without a login nothing is sent: 530" {
	session 'EHLO x' "${MAIL[0]}" 'MAIL FROM:<>' 'RCPT TO:<alice@example.org>' QUIT
	codes_are '530 530 503 221'
	has '^530 5.7.0'
	nothing_queued
	session 'EHLO x' "$AUTH" "${MAIL[@]}" QUIT
	codes_are '235 250 250 354 250 221'
	grep -q "by mail.example.org with ESMTPA id" "$Q"/new/*
	logged 'event=accepted .* user=alice@example.org '
	TLS_VERSION=TLSv1.3 session 'EHLO x' "$AUTH" "${MAIL[@]}" QUIT
	grep -q "by mail.example.org with ESMTPSA id" "$Q"/new/*
}
