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

# sent NAME: the header field of the one message that is queued.
field() { sed '1,/^DATA$/d' "$Q"/new/* | sed '/^$/q' | grep -i "^$1:"; }
message() { sed '1,/^DATA$/d' "$Q"/new/*; }

@test "Date, Message-ID and a missing From are added, addresses get their domain" {
	session 'EHLO x' "$AUTH" 'MAIL FROM:<alice>' 'RCPT TO:<bob>' 'RCPT TO:<x@elsewhere.example>' DATA 'Subject: x' \
		'To: bob, "Bob B." <bob>, X <x@elsewhere.example>,' ' (c) "quoted"' 'Cc: undisclosed:;' '' body . QUIT
	codes_are '235 250 250 250 354 250 221'
	grep -q '^MAIL FROM:<alice@example.org>' "$Q"/new/*
	grep -q '^RCPT TO:<bob@example.org>' "$Q"/new/*
	[ "$(field From)" = 'From: <alice@example.org>' ]
	[[ $(field Date) =~ ^Date:\ [A-Z][a-z]{2},\ [0-9]+\ [A-Z][a-z]{2}\ [0-9]{4} ]]
	[ "$(field Message-ID)" = "Message-ID: <$(basename "$Q"/new/*)@mail.example.org>" ]
	[ "$(field To)" = 'To: bob@example.org, "Bob B." <bob@example.org>, X <x@elsewhere.example>,' ]
	message | grep -q '^ (c) "quoted"$'
	[ "$(field Cc)" = 'Cc: undisclosed:;' ]
	[ "$(message | tail -2)" = $'\nbody' ]
}

@test "what a message has stays octet for octet, and one without a header gets one" {
	complete=('Received: x' 'From: Alice  <alice@example.org>' 'date: Tue, 24 Nov 2026 05:00:00 +0900' 'MESSAGE-ID: <1@x>' 'X: ' ' a' '' body)
	session 'EHLO x' "$AUTH" "${MAIL[@]:0:2}" DATA "${complete[@]}" . QUIT
	diff <(printf '%s\n' "${complete[@]}") <(message | sed '1,/0000$/d')
	rm "$Q"/new/*
	session 'EHLO x' "$AUTH" "${MAIL[@]:0:2}" DATA 'no header at all' 'two' . QUIT
	[ "$(message | tail -3)" = $'\nno header at all\ntwo' ]
	[ -n "$(field Date)" ]
	rm "$Q"/new/*
	# larger than what the talker hands over at once
	{
		printf '%s\r\n' 'EHLO x' "$AUTH" "${MAIL[@]:0:2}" DATA 'Subject: large' ''
		yes "$(printf 'x%.0s' {1..70})"$'\r' | head -20000
		printf '.\r\nQUIT\r\n'
	} | smtp-recv -s | tr -d '\r' >"$OUT"
	codes_are '235 250 250 354 250 221'
	[ -n "$(field Date)" ] && [ -n "$(field Message-ID)" ]
	[ "$(message | grep -c '^x*$')" = 20001 ]
}

@test "relayed and LMTP mail is never rewritten" {
	echo 127.0.0.1 >"$PABAL_ROOT/control/relay-nets"
	for option in '' -l; do
		hello=EHLO
		[ -z "$option" ] || hello=LHLO
		printf '%s\r\n' "$hello x" 'MAIL FROM:<a@b.example>' 'RCPT TO:<bob@example.org>' DATA 'To: bob' '' body . QUIT |
			smtp-recv $option >"$OUT"
		[ "$(message | sed '1,/0000$/d')" = $'To: bob\n\nbody' ]
		rm "$Q"/new/*
	done
}

@test "a user sends as the addresses that are his" {
	cat >"$PABAL_ROOT/control/aliases" <<-'END'
		abuse@example.org:postmaster@example.org
		info@example.org:alice@example.org
		postmaster@example.org:alice@example.org
		team@example.org:alice@example.org, bob@example.org
	END
	echo 'alice@example.org:sales@shop.example, @corp.example' >"$PABAL_ROOT/control/senders"
	for his in alice@example.org ALICE@Example.ORG alice+list@example.org alice info@example.org abuse@example.org \
		sales@shop.example anybody@corp.example ''; do
		session 'EHLO x' "$AUTH" "MAIL FROM:<$his>" "${MAIL[1]}" QUIT
		codes_are '235 250 250 221' || { echo "$his"; false; }
	done
	for other in bob@example.org team@example.org nobody@example.org x@elsewhere.example other@shop.example \
		x@sub.corp.example alice@elsewhere.example; do
		session 'EHLO x' "$AUTH" "MAIL FROM:<$other>" "${MAIL[1]}" QUIT
		codes_are '235 250 550 221' || { echo "$other"; false; }
		has '^550 5.7.1'
	done
	# the author too, but not of what is sent on
	for from in bob@example.org 'alice@example.org, bob@example.org' '"alice@example.org" <bob@example.org>' '<><' 'bob'; do
		session 'EHLO x' "$AUTH" "${MAIL[@]:0:3}" "From: $from" '' body . QUIT
		codes_are '235 250 250 354 550 221' || { echo "$from"; false; }
	done
	nothing_queued
	session 'EHLO x' "$AUTH" "${MAIL[@]:0:3}" 'From: bob@example.org' 'Resent-From: alice@example.org' '' body . QUIT
	codes_are '235 250 250 354 250 221'
	# a table out of order is a doubt and never a yes or a no
	printf 'bob@example.org:x@example.org\nalice@example.org:bob@example.org\n' >"$PABAL_ROOT/control/senders"
	session 'EHLO x' "$AUTH" 'MAIL FROM:<bob@example.org>' "${MAIL[1]}" QUIT
	codes_are '235 250 451 221'
}

@test "so many recipients an hour for each user" {
	echo 3 >"$PABAL_ROOT/control/user-rate"
	two=("${MAIL[@]:0:2}" 'RCPT TO:<y@elsewhere.example>' "${MAIL[@]:2}")
	bob="AUTH PLAIN $(b64 '\0bob@example.org\0pencil')"
	session 'EHLO x' "$AUTH" "${two[@]}" "${two[@]}" "${MAIL[@]}" "${MAIL[@]}" QUIT
	codes_are '235 250 250 250 354 250 250 250 250 354 450 250 250 354 250 250 250 354 450 221'
	has '^450 4.7.1'
	session 'EHLO x' "$bob" 'MAIL FROM:<bob@example.org>' "${MAIL[@]:1}" QUIT
	codes_are '235 250 250 354 250 221'
	PABAL_NOW=$(($(date +%s) + 1300)) session 'EHLO x' "$AUTH" "${MAIL[@]}" QUIT
	codes_are '235 250 250 354 250 221'
	session 'EHLO x' "$AUTH" "${MAIL[0]}" 'RCPT TO:<a@x.example>' 'RCPT TO:<b@x.example>' 'RCPT TO:<c@x.example>' \
		'RCPT TO:<d@x.example>' "${MAIL[@]:2}" QUIT
	codes_are '235 250 250 250 250 250 354 550 221'
}

@test "where a user was is hidden where control says so" {
	TLS_VERSION=TLSv1.3 TCPREMOTEIP=192.0.2.7 PROTO=TCP session 'EHLO laptop.example' "$AUTH" "${MAIL[@]}" QUIT
	field Received | grep -q 'from laptop.example (\[192.0.2.7\])'
	rm "$Q"/new/*
	: >"$PABAL_ROOT/control/hide-client"
	TLS_VERSION=TLSv1.3 TCPREMOTEIP=192.0.2.7 PROTO=TCP session 'EHLO laptop.example' "$AUTH" "${MAIL[@]}" QUIT
	field Received | grep -q '^Received: by mail.example.org with ESMTPSA id'
	! message | grep -e laptop -e 192.0.2.7 || false
	logged 'event=accepted .*ip=192.0.2.7 '
}

@test "the submit-chain gets the mail, with what was added" {
	printf '#!/bin/sh\ncat >%s/seen; cat <&3 >%s/env; echo "dropped for the test"\n' "$BATS_TEST_TMPDIR" "$BATS_TEST_TMPDIR" \
		>"$BATS_TEST_TMPDIR/chain"
	chmod +x "$BATS_TEST_TMPDIR/chain"
	echo "$BATS_TEST_TMPDIR/chain" >"$PABAL_ROOT/control/submit-chain"
	echo /nonexistent >"$PABAL_ROOT/control/recv-chain"
	session 'EHLO x' "$AUTH" "${MAIL[@]}" QUIT
	codes_are '235 250 250 354 250 221'
	has 'dropped for the test'
	grep -q '^Message-ID: ' "$BATS_TEST_TMPDIR/seen"
	grep -q '^RCPT TO:<x@elsewhere.example>' "$BATS_TEST_TMPDIR/env"
}

@test "FUTURERELEASE: kept in the envelope, obeyed by queue-run" {
	session 'EHLO x' "$AUTH" 'MAIL FROM:<alice@example.org> HOLDFOR=100000' 'RCPT TO:<bob@example.org>' "${MAIL[@]:2}" QUIT
	codes_are '235 250 250 354 250 221'
	has '^250.FUTURERELEASE 2592000 20[0-9-]*T[0-9:]*Z$'
	grep -qE '^MAIL FROM:<alice@example.org> HOLDUNTIL=20[0-9-]{8}T[0-9:]{8}Z$' "$Q"/new/*
	bob=$PABAL_ROOT/mail/example.org/bob
	PABAL_LOG=none queue-run 9>&-
	[ -z "$(ls "$bob/new")" ]
	[ "$(find "$Q/later" -type f | wc -l)" = 1 ]
	now=$(date +%s)
	PABAL_LOG=none PABAL_NOW=$((now + 20000)) queue-run
	[ -z "$(ls "$bob/new")" ]
	PABAL_LOG=none PABAL_NOW=$((now + 100100)) queue-run
	only_message "$bob"
	rm "$bob"/new/*
	until=$(date -u -d '+2 days' +%Y-%m-%dT%H:%M:%SZ)
	session 'EHLO x' "$AUTH" "MAIL FROM:<alice@example.org> HOLDUNTIL=$until" 'RCPT TO:<bob@example.org>' "${MAIL[@]:2}" QUIT
	grep -q "HOLDUNTIL=$until" "$Q"/new/*
	# who asks for it by its ID gets it now
	PABAL_LOG=none queue-run "$(basename "$Q"/new/*)"
	only_message "$bob"
	far=$(date -u -d '+31 days' +%Y-%m-%dT%H:%M:%SZ)
	for bad in HOLDFOR=2592001 HOLDFOR=0 HOLDFOR=x HOLDFOR= HOLDUNTIL=tomorrow "HOLDUNTIL=$far" "HOLDFOR=1 HOLDUNTIL=$until"; do
		session 'EHLO x' "$AUTH" "MAIL FROM:<alice@example.org> $bad" 'RCPT TO:<bob@example.org>' QUIT
		[[ $(codes) == '220 250 235 501 503 221' || $(codes) == '220 250 235 250 501 221' ]] || { echo "$bad"; cat "$OUT"; false; }
	done
	# not where no user has logged in
	printf '%s\r\n' 'EHLO x' 'MAIL FROM:<a@b.example> HOLDFOR=10' QUIT | smtp-recv | tr -d '\r' >"$OUT"
	codes_are '555 221'
}

@test "AUTH= of MAIL: xtext without CR, LF and NUL (CVE-2020-28021)" {
	for bad in 'AUTH=x+0A' 'AUTH=x+0D' 'AUTH=x+00' 'AUTH=' 'AUTH=x+' 'AUTH=x+0' 'AUTH=a=b'; do
		session 'EHLO x' "$AUTH" "MAIL FROM:<alice@example.org> $bad" QUIT
		codes_are '235 501 221' || { echo "$bad"; false; }
	done
	session 'EHLO x' "$AUTH" 'MAIL FROM:<alice@example.org> AUTH=<>' RSET 'MAIL FROM:<alice@example.org> AUTH=e+2Bmc2@example.org' QUIT
	codes_are '235 250 250 250 221'
}

@test "clients that are not ours: swaks, curl, Python's smtplib" {
	need swaks curl
	start_wait smtp-recv -s
	for mechanism in PLAIN LOGIN; do
		swaks --server 127.0.0.1 --port "$PORT" --auth "$mechanism" --auth-user alice@example.org --auth-password 'two  words' \
			--from alice@example.org --to x@elsewhere.example --suppress-data >"$BATS_TEST_TMPDIR/swaks"
	done
	printf 'From: alice@example.org\r\nSubject: curl\r\n\r\nbody\r\n' |
		curl -sS "smtp://127.0.0.1:$PORT/client.example" --user 'bob@example.org:pencil' --mail-from bob@example.org \
			--mail-rcpt x@elsewhere.example -T - && false
	printf 'From: bob@example.org\r\nSubject: curl\r\n\r\nbody\r\n' |
		curl -sS "smtp://127.0.0.1:$PORT/client.example" --user 'bob@example.org:pencil' --mail-from bob@example.org \
			--mail-rcpt x@elsewhere.example -T -
	python3 - "$PORT" <<-'END'
		import smtplib, sys
		from email.message import EmailMessage
		m = EmailMessage()
		m["From"], m["To"], m["Subject"] = "alice@example.org", "x@elsewhere.example", "Grüße"
		m.set_content("text")
		with smtplib.SMTP("127.0.0.1", int(sys.argv[1]), timeout=20) as s:
		    s.login("alice@example.org", "two  words")
		    s.send_message(m)
	END
	[ "$(find "$Q/new" -type f | wc -l)" = 4 ]
	[ "$(grep -il '^Message-ID:' "$Q"/new/* | wc -l)" = 4 ]
}

@test "with the four owners: the keeper is mailq, auth-check mailauth, and a login works" {
	[ "$(id -u)" = 0 ] || cannot "needs root"
	four_owners
	chmod 755 "$BATS_RUN_TMPDIR" "$BATS_FILE_TMPDIR" "$BATS_TEST_TMPDIR" # other users must reach the root
	export PABAL_ROOT=$BATS_TEST_TMPDIR/owned
	owned mail-init -m mail.example.test example.test >/dev/null
	echo secret | owned mail-user add carol@example.test
	start_wait "${OWNED[@]}" smtp-recv -s
	python3 - "$PORT" "$PABAL_ROOT" <<-'END'
		import os, smtplib, sys, threading
		def login(password):
		    s = smtplib.SMTP("127.0.0.1", int(sys.argv[1]), timeout=30)
		    try:
		        return s.login("carol@example.test", password)[0], s
		    except smtplib.SMTPAuthenticationError as e:
		        return e.smtp_code, s
		code, s = login("secret")
		assert code == 235, code
		assert login("wrong")[0] == 535
		s.sendmail("carol@example.test", ["x@elsewhere.example"], "Subject: x\n\nbody\n")
		many = []
		threads = [threading.Thread(target=lambda: many.append(login("secret")[0])) for _ in range(6)]
		[t.start() for t in threads]
		[t.join() for t in threads]
		assert many == [235] * 6, many
	END
	queued=$(find "$PABAL_ROOT/queue/new" -type f)
	[ "$(stat -c %u "$queued")" = 60902 ]
	owners() { # of all processes below the first one, the gate aside
		local p todo=("${STARTED[-1]}") pids=()
		while [ ${#todo[@]} -gt 0 ]; do
			p=${todo[0]} todo=("${todo[@]:1}")
			pids+=("$p")
			todo+=($(cat "/proc/$p/task/$p/children" 2>/dev/null))
		done
		for p in "${pids[@]}"; do echo "$(cat "/proc/$p/comm") $(stat -c %u "/proc/$p")"; done | grep -v "^tls-wrap " | sort -u
	}
	[ "$(owners)" = $'auth-gate 0\nsmtp-recv 60902' ] || { owners; false; }
	gate=$(pgrep -P "${STARTED[-1]}" -x auth-gate)
	# what it holds is its socket, and nothing of the network or the log's
	[ "$(find "/proc/$gate/fd" -lname 'socket:*' | wc -l)" -le 2 ]
	stop_all
	gone() { ! kill -0 "$gate" 2>/dev/null; }
	wait_until gone
}
