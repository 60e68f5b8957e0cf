# smtp-recv(8): the protocol, bad input, the limits, the wall between talker and keeper, wait mode.
load lib

setup() {
	make_root example.org alice bob
	export PABAL_LOG=fd:9
	exec 9>>"$LOG"
	OUT=$BATS_TEST_TMPDIR/out
	Q=$PABAL_ROOT/queue
}

teardown() { stop_all; }

# session LINE…: lines, with CRLF, to a session on a pipe; its replies in $OUT, CR taken off.
session() {
	printf '%s\r\n' "$@" | smtp-recv >"$OUT.raw"
	local rc=$?
	tr -d '\r' <"$OUT.raw" >"$OUT"
	return $rc
}

# raw FORMAT: octets as printf(1) makes them.
raw() {
	# shellcheck disable=SC2059
	printf "$1" | smtp-recv | tr -d '\r' >"$OUT"
}

codes() { sed 's/^\(...\).*/\1/' "$OUT" | tr '\n' ' ' | sed 's/ $//'; }
codes_are() { [ "$(codes)" = "$1" ] || { echo "got $(codes), not $1"; cat "$OUT"; return 1; }; }
has() { grep -q -- "$1" "$OUT" || { echo "no $1 in:"; cat "$OUT"; return 1; }; }
queued() { find "$Q/new" -type f | wc -l; }
queued_are() { [ "$(queued)" = "$1" ] || { echo "$(queued) messages are queued, not $1"; return 1; }; }
nothing_left() { [ -z "$(find "$Q/new" -type f)" ] || { ls -l "$Q/new"; return 1; }; }
logged() { grep -q -- "$1" "$LOG" || { echo "no $1 in the log:"; cat "$LOG"; return 1; }; }

# little_memory KIB: for this shell and its children; the sanitizers map more.
little_memory() { [ "$BUILD" != "$TOP/build/release" ] || ulimit -v "$1"; }

# body FILE: the message below our Received field, of a queue file.
body() { sed '1,/^DATA$/d' "$1" | sed '1,/^\tfor .*+0000$/d'; }

MAIL=('EHLO client.example' 'MAIL FROM:<a@sender.example>' 'RCPT TO:<alice@example.org>')

@test "a message is taken, with a Received field that holds the queue ID" {
	session "${MAIL[@]}" DATA 'Subject: x' '' '..a dot' . QUIT
	codes_are '220 250 250 250 250 250 250 250 250 250 250 250 250 354 250 221'
	queued_are 1
	f=$(echo "$Q"/new/*)
	id=$(basename "$f")
	has "^250 2.0.0 queued $id"
	grep -q "^Received: from client.example" "$f"
	grep -qE "^	by mail.example.org with ESMTP id $id" "$f"
	grep -qE '^	for <alice@example.org>; [A-Z][a-z]{2}, [0-9]{1,2} [A-Z][a-z]{2} [0-9]{4} .* \+0000$' "$f"
	[ "$(body "$f")" = $'Subject: x\n\n.a dot' ]
	logged "event=accepted id=$id"
}

@test "EHLO announces what there is, HELO does not" {
	session 'EHLO x' QUIT
	for word in PIPELINING 'SIZE 52428800' 8BITMIME ENHANCEDSTATUSCODES CHUNKING SMTPUTF8 DSN 'LIMITS RCPTMAX=1000 MAILMAX=1000' HELP; do
		has "^250[ -]$word\$"
	done
	has '^220 mail.example.org ESMTP'
	session 'HELO x' QUIT
	codes_are '220 250 221'
	has '^250 mail.example.org$'
	session 'HELO x' 'MAIL FROM:<>' 'RCPT TO:<bob@example.org>' DATA 'Subject: y' . QUIT
	grep -q 'with SMTP id' "$Q"/new/*
}

@test "the other verbs" {
	session 'NOOP' 'NOOP words' 'VRFY alice' 'HELP' 'RSET' 'QUIT'
	codes_are '220 250 250 252 214 214 250 221'
	session 'VRFY' 'RSET x' 'DATA x' 'QUIT x' 'QUIT'
	codes_are '220 501 501 503 501 221'
}

@test "unknown verb 500, wrong order 503" {
	session FROBNICATE '' 'MAIL FROM:<a@b.example>' 'RCPT TO:<alice@example.org>' DATA QUIT
	codes_are '220 500 500 503 503 503 221'
	session 'EHLO x' 'RCPT TO:<alice@example.org>' DATA 'MAIL FROM:<a@b.example>' \
		'MAIL FROM:<a@b.example>' DATA QUIT
	[[ $(codes) == '220 '*' 503 503 250 503 503 221' ]]
	has '^500' && false
	# a new EHLO or RSET ends the transaction
	for reset in RSET 'EHLO y'; do
		session "${MAIL[@]}" "$reset" 'RCPT TO:<alice@example.org>' QUIT
		[ "$(tail -2 "$OUT" | head -1)" = '503 5.5.1 commands in another order, please' ]
	done
	nothing_left
}

@test "bad addresses 501 and 553" {
	session 'EHLO x' 'MAIL FROM:a@b.example' 'MAIL FROM:<a b@b.example>' 'MAIL FROM:<a@b.example' MAIL \
		'MAIL FROM:<a@b.example> NO-SUCH=1' $'MAIL FROM:<\xc3\xbc@b.example>' 'MAIL FROM:<>' \
		'RCPT TO:<>' 'RCPT TO:<alice>' 'RCPT TO:alice@example.org' 'RCPT TO:<alice@example.org> X=1' QUIT
	[[ $(codes) == *' 501 501 501 501 555 553 250 501 501 501 555 221' ]] || { cat "$OUT"; false; }
	has '^501 5.1.7'
	has '^501 5.1.3'
}

@test "unknown user 550 5.1.1, relay 550 5.7.1, each with a line in the log" {
	session "${MAIL[@]}" 'RCPT TO:<nobody@example.org>' 'RCPT TO:<x@elsewhere.example>' QUIT
	has '^550 5.1.1'
	has '^550 5.7.1'
	logged 'event=refused .*to=nobody@example.org .*reply=550 enhanced=5.1.1'
	logged 'event=refused .*to=x@elsewhere.example .*reply=550 enhanced=5.7.1'
}

@test "relay-nets may relay, by the address of the connection" {
	echo 192.0.2.0/24 >"$PABAL_ROOT/control/relay-nets"
	relay=('EHLO x' 'MAIL FROM:<a@b.example>' 'RCPT TO:<x@elsewhere.example>' QUIT)
	TCPREMOTEIP=192.0.2.7 PROTO=TCP session "${relay[@]}"
	has '^250 2.1.5'
	TCPREMOTEIP=198.51.100.7 PROTO=TCP session "${relay[@]}"
	has '^550 5.7.1'
	start_wait smtp-recv
	run python3 "$BATS_TEST_DIRNAME/smtp-client.py" relay "$PORT"
	[ "$output" = 550 ]
	stop_all
	echo 127.0.0.1 >"$PABAL_ROOT/control/relay-nets"
	start_wait smtp-recv
	run python3 "$BATS_TEST_DIRNAME/smtp-client.py" relay "$PORT"
	[ "$output" = 250 ]
}

@test "postmaster is always known" {
	session 'EHLO x' 'MAIL FROM:<>' 'RCPT TO:<postmaster>' 'RCPT TO:<PostMaster@example.org>' QUIT
	[[ $(codes) == *' 250 250 250 221' ]]
	sed -i /postmaster/d "$PABAL_ROOT/control/aliases"
	session 'EHLO x' 'MAIL FROM:<>' 'RCPT TO:<postmaster>' 'RCPT TO:<nobody@example.org>' QUIT
	[[ $(codes) == *' 250 451 550 221' ]]
	logged 'event=config-error file=.*control/aliases'
}

@test "a command line that is too long is 500, is drained, and memory does not grow" {
	{
		printf 'EHLO x\r\nNOOP '
		head -c 2000000 /dev/zero | tr '\0' x
		printf '\r\nNOOP\r\nQUIT\r\n'
	} >"$BATS_TEST_TMPDIR/long"
	(
		little_memory 100000
		smtp-recv <"$BATS_TEST_TMPDIR/long" | tr -d '\r' >"$OUT"
	)
	[[ $(codes) == *' 250 500 250 221' ]] || { cat "$OUT"; false; }
	has '^500 5.5.2'
	[ "$(wc -l <"$OUT")" = 14 ] # it is one error, not one a buffer
}

@test "too many errors end the session with 421" {
	lines=()
	for i in {1..30}; do lines+=("BAD$i"); done
	session "${lines[@]}" NOOP
	[ "$(grep -c '^500' "$OUT")" = 20 ]
	[ "$(tail -1 "$OUT")" = '421 4.7.0 too many errors' ]
	echo 3 >"$PABAL_ROOT/control/max-errors"
	session "${lines[@]}"
	codes_are '220 500 500 500 421'
}

@test "a browser is turned away at once" {
	session 'GET / HTTP/1.1' 'Host: mail' '' 'EHLO x' 'MAIL FROM:<a@b.example>'
	codes_are '220 421'
}

@test "NUL and bare CR in a command" {
	raw 'NO\0OP\r\nEHLO x\rMAIL FROM:<>\r\nNOOP\r\nQUIT\r\n'
	codes_are '220 500 500 250 221'
}

@test "too big is 552: by SIZE at MAIL, and by what comes; the session goes on" {
	echo 1000 >"$PABAL_ROOT/control/max-size"
	session 'EHLO x' 'MAIL FROM:<a@b.example> SIZE=1001' 'MAIL FROM:<a@b.example> SIZE=1000' QUIT
	[[ $(codes) == *' 552 250 221' ]]
	has '^552 5.3.4'
	lines=()
	for i in {1..30}; do lines+=("a line of forty octets, more or less, $i."); done
	session "${MAIL[@]}" DATA "${lines[@]}" . NOOP QUIT
	[[ $(codes) == *' 354 552 250 221' ]] || { cat "$OUT"; false; }
	nothing_left
	logged 'event=refused .*reply=552'
}

@test "a message of just the largest size is taken, one octet more is not" {
	echo 1000 >"$PABAL_ROOT/control/max-size"
	line=$(printf '%0998d' 0)
	session "${MAIL[@]}" DATA "$line" . QUIT
	has '^250 2.0.0 queued'
	session "${MAIL[@]}" DATA "${line}0" . QUIT
	has '^552 5.3.4'
	queued_are 1
}

@test "no sum of tricks ends the data early: only CRLF.CRLF does" {
	n=0
	for trick in '\n.\n' '\n.\r\n' '\r\n.\n' '\r.\r' '\r\n.\r' '\r.\r\n' '\r\n.\r\r\n'; do
		raw "EHLO x\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<alice@example.org>\r\nDATA\r\nSubject: x\r\n\r\na${trick}MAIL FROM:<evil@b.example>\r\nRCPT TO:<bob@example.org>\r\nDATA\r\nevil\r\n.\r\nQUIT\r\n"
		[ "$(grep -c '^354' "$OUT")" = 1 ] || { echo "$trick ends the data"; cat "$OUT"; false; }
		has '^550 5.6.11'
		has '^221'
		nothing_left
		((n += 1))
	done
	[ $n = 7 ]
	logged 'event=refused .*enhanced=5.6.11'
}

@test "a bare LF or CR anywhere in the message is refused after its end" {
	for bad in 'a\nb' 'a\rb' '\n' '\ra'; do
		raw "EHLO x\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<alice@example.org>\r\nDATA\r\n$bad\r\n.\r\nQUIT\r\n"
		has '^550 5.6.11'
	done
	nothing_left
}

@test "for relay-nets a bare LF is a line end, but not a part of the end" {
	echo 127.0.0.1 >"$PABAL_ROOT/control/relay-nets"
	raw 'EHLO x\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<alice@example.org>\r\nDATA\r\nSubject: x\n\na\n.\nb\n.\r\nc\r\n.\r\nQUIT\r\n'
	has '^250 2.0.0 queued'
	[ "$(body "$Q"/new/*)" = $'Subject: x\n\na\n.\nb\n.\nc' ]
	raw 'EHLO x\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<alice@example.org>\r\nDATA\r\na\rb\r\n.\r\nQUIT\r\n'
	has '^550 5.6.11'
}

@test "EOF in DATA stores nothing, small or large" {
	session "${MAIL[@]}" DATA 'Subject: x' '' 'no end' || :
	[[ $(codes) == *' 354' ]]
	nothing_left
	raw "EHLO x\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<alice@example.org>\r\nDATA\r\na\r\n.\r" || :
	nothing_left
	{
		printf '%s\r\n' "${MAIL[@]}" DATA
		head -c 3000000 /dev/zero | tr '\0' x
		printf '\r\n.'
	} | smtp-recv >"$OUT" || :
	nothing_left
	logged 'event=refused .*connection\\x20lost'
}

@test "a hundred Received fields are a loop" {
	lines=()
	for ((i = 0; i < 99; i++)); do lines+=("Received: from a by b; $i"); done
	session "${MAIL[@]}" DATA "${lines[@]}" 'Subject: x' '' 'Received: not a field' . QUIT
	has '^250 2.0.0 queued'
	session "${MAIL[@]}" DATA "${lines[@]}" 'Received: one more' '' x . QUIT
	has '^554 5.4.6'
	queued_are 1
}

@test "too many recipients 452 4.5.3, those before are served; twice the same is once" {
	echo 2 >"$PABAL_ROOT/control/max-recipients"
	session "${MAIL[@]}" 'RCPT TO:<bob@example.org>' 'RCPT TO:<postmaster>' DATA x . QUIT
	has '^452 4.5.3'
	has '^250 2.0.0 queued'
	[ "$(grep -c '^RCPT TO' "$Q"/new/*)" = 2 ]
	rm "$PABAL_ROOT/control/max-recipients" "$Q"/new/*
	session "${MAIL[@]}" 'RCPT TO:<alice@EXAMPLE.org>' DATA x . QUIT
	[ "$(grep -c '^RCPT TO' "$Q"/new/*)" = 1 ]
}

@test "a disk that is full: 452 4.3.1, nothing left behind, and it goes on when there is room" {
	unshare -${R}m true 2>/dev/null || cannot "no mount namespace of one's own here"
	cat >"$BATS_TEST_TMPDIR/full" <<-'END'
		set -e
		mount -t tmpfs -o size=256k none "$PABAL_ROOT/queue"
		echo 0 | tee "$PABAL_ROOT"/control/free-{space,inodes} >/dev/null
		mkdir "$PABAL_ROOT"/queue/{new,later,hold,failed,log}
		for size in 200000 1000000; do
			{
				printf '%s\r\n' 'EHLO x' 'MAIL FROM:<a@b.example>' 'RCPT TO:<alice@example.org>' DATA
				[ $size != 200000 ] || head -c 150000 /dev/zero >"$PABAL_ROOT/queue/ballast"
				head -c $size /dev/zero | tr '\0' x
				printf '\r\n.\r\nQUIT\r\n'
			} | smtp-recv
			find "$PABAL_ROOT"/queue/new -type f
			rm -f "$PABAL_ROOT/queue/ballast"
		done
		printf '%s\r\n' 'EHLO x' 'MAIL FROM:<a@b.example>' 'RCPT TO:<alice@example.org>' DATA ok . QUIT | smtp-recv
	END
	unshare -${R}m bash "$BATS_TEST_TMPDIR/full" | tr -d '\r' >"$OUT"
	[ "$(grep -c '^452 4.3.1' "$OUT")" = 2 ] || { cat "$OUT"; false; }
	! grep -q "^$PABAL_ROOT" "$OUT"
	[ "$(grep -c '^250 2.0.0 queued' "$OUT")" = 1 ]
}

@test "an operator's mistake defers: 451, never 5xx, with the file in the log" {
	ok() { grep -q '^451' "$OUT" && ! grep -q '^5' "$OUT" || { echo "$1:"; cat "$OUT"; return 1; }; }
	n=0
	for file in me domains users; do
		mv "$PABAL_ROOT/control/$file" "$BATS_TEST_TMPDIR/kept"
		: >"$LOG"
		session "${MAIL[@]}" 'RCPT TO:<x@elsewhere.example>' 'RCPT TO:<nobody@example.org>' QUIT
		ok "no $file"
		logged "control/$file"
		mv "$BATS_TEST_TMPDIR/kept" "$PABAL_ROOT/control/$file"
		((n += 1))
	done
	[ $n = 3 ]
	printf '%s\n' 'bob@example.org:mail/example.org/bob' 'alice@example.org:mail/example.org/alice' \
		>"$PABAL_ROOT/control/users"
	: >"$LOG"
	session 'EHLO x' 'MAIL FROM:<>' 'RCPT TO:<nobody@example.org>' QUIT
	ok 'unsorted users'
	logged 'control/users'
	printf 'nonsense\n' >"$PABAL_ROOT/control/relay-nets"
	session "${MAIL[@]}" QUIT
	ok 'broken relay-nets'
	logged 'control/relay-nets'
}

@test "a queue that is not there defers" {
	mv "$Q" "$Q.away"
	session "${MAIL[@]}" DATA 'Subject: x' . QUIT
	has '^451 4.3.0'
	logged 'event=config-error file=queue'
	[ ! -e "$Q" ]
}

@test "silence ends the session with 421 4.4.2" {
	echo 1 >"$PABAL_ROOT/control/timeout"
	mkfifo "$BATS_TEST_TMPDIR/in"
	exec 8<>"$BATS_TEST_TMPDIR/in"
	echo -ne 'EHLO x\r\nNOO' >&8
	smtp-recv <"$BATS_TEST_TMPDIR/in" 8>&- | tr -d '\r' >"$OUT"
	[ "$(tail -1 "$OUT")" = '421 4.4.2 nothing heard for too long' ]
	echo -ne 'EHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<alice@example.org>\r\nDATA\r\nx\r\n' >&8
	smtp-recv <"$BATS_TEST_TMPDIR/in" 8>&- | tr -d '\r' >"$OUT"
	[ "$(tail -1 "$OUT")" = '421 4.4.2 nothing heard for too long' ]
	exec 8>&-
	nothing_left
}

@test "silence on a connection too, between commands, in one, and in data" {
	echo 1 >"$PABAL_ROOT/control/timeout"
	start_wait smtp-recv
	run timeout 20 python3 "$BATS_TEST_DIRNAME/smtp-client.py" silence "$PORT"
	[ "$output" = "421 4.4.2 421 4.4.2 421 4.4.2" ]
	nothing_left
}

@test "swaks, curl and Python's smtplib send" {
	need swaks curl
	start_wait smtp-recv
	swaks --silent 2 --server "127.0.0.1:$PORT" --from s@b.example --to alice@example.org --body swaks
	printf 'Subject: curl\r\n\r\n.curl\r\n' >"$BATS_TEST_TMPDIR/m"
	curl -sS "smtp://127.0.0.1:$PORT/client.example" --mail-from c@b.example --mail-rcpt bob@example.org \
		-T "$BATS_TEST_TMPDIR/m"
	python3 "$BATS_TEST_DIRNAME/smtp-client.py" send "$PORT"
	queued_are 3
	[ "$(grep -l '^\.curl$' "$Q"/new/* | wc -l)" = 1 ]
	[ "$(grep -l '^\.python$' "$Q"/new/* | wc -l)" = 1 ]
	[ "$(grep -lE '^XFORWARD ADDR=127.0.0.1' "$Q"/new/* | wc -l)" = 3 ]
	[ "$(grep -h '^Received' -A1 "$Q"/new/* | grep -c '\[127.0.0.1\]')" = 3 ]
}

@test "a message of 50 MB and a line of 10 MB pass unchanged, in little memory" {
	python3 "$BATS_TEST_DIRNAME/smtp-client.py" message 49000000 >"$BATS_TEST_TMPDIR/big"
	{ printf 'Subject: long\n\n'; head -c 10000000 /dev/zero | tr '\0' y; echo; } >"$BATS_TEST_TMPDIR/line"
	n=0
	for m in big line; do
		{
			printf '%s\r\n' "${MAIL[@]}" DATA
			sed 's/^\./../; s/$/\r/' "$BATS_TEST_TMPDIR/$m"
			printf '.\r\nQUIT\r\n'
		} >"$BATS_TEST_TMPDIR/wire"
		(
			little_memory 60000
			smtp-recv <"$BATS_TEST_TMPDIR/wire" | tr -d '\r' >"$OUT"
		)
		has '^250 2.0.0 queued'
		body "$Q"/new/* >"$BATS_TEST_TMPDIR/got"
		cmp "$BATS_TEST_TMPDIR/$m" "$BATS_TEST_TMPDIR/got"
		rm "$Q"/new/*
		((n += 1))
	done
	[ $n = 2 ]
}

@test "NUL and 8-bit octets survive" {
	raw 'EHLO x\r\nMAIL FROM:<a@b.example> BODY=8BITMIME\r\nRCPT TO:<alice@example.org>\r\nDATA\r\nSubject: x\r\n\r\na\0b\377\200\r\n.\r\nQUIT\r\n'
	printf 'a\0b\377\200\n' >"$BATS_TEST_TMPDIR/want"
	body "$Q"/new/* | tail -1 | cmp - "$BATS_TEST_TMPDIR/want"
}

@test "replies wait while input is there: a pipelined session is answered in few writes" {
	need strace
	session_writes() {
		strace -f -e trace=write,sendto -o "$BATS_TEST_TMPDIR/trace" smtp-recv <"$BATS_TEST_TMPDIR/in" >"$OUT"
		grep -cE '(write|sendto)\(1, .* = [0-9]+$' "$BATS_TEST_TMPDIR/trace"
	}
	printf '%s\r\n' "${MAIL[@]}" 'RCPT TO:<bob@example.org>' RSET NOOP NOOP NOOP QUIT >"$BATS_TEST_TMPDIR/in"
	[ "$(session_writes)" = 2 ] # the greeting, and all the rest
	[ "$(wc -l <"$OUT")" = 19 ]
}

@test "the keeper is gone: 421, at whatever the session asks it" {
	start_wait smtp-recv
	n=0
	for when in before-rcpt before-data in-data; do
		run python3 "$BATS_TEST_DIRNAME/smtp-client.py" keeper "$PORT" "$when" "${STARTED[-1]}"
		[ "$output" = 421 ] || { echo "$when: $output"; false; }
		((n += 1))
	done
	[ $n = 3 ]
	nothing_left
	python3 "$BATS_TEST_DIRNAME/smtp-client.py" send "$PORT" # others are served
}

@test "wait mode: fifty clients are served at once" {
	start_wait smtp-recv
	timeout 30 python3 "$BATS_TEST_DIRNAME/smtp-client.py" many "$PORT" 50
	queued_are 50
}

@test "wait mode: max-sessions is a cap, who is over it waits and is served" {
	echo 3 >"$PABAL_ROOT/control/max-sessions"
	start_wait smtp-recv
	timeout 30 python3 "$BATS_TEST_DIRNAME/smtp-client.py" cap "$PORT" 3
}

@test "wait mode: a talker retires, and others take over" {
	echo 2 >"$PABAL_ROOT/control/recv-connections"
	start_wait smtp-recv
	for i in {1..25}; do python3 "$BATS_TEST_DIRNAME/smtp-client.py" send "$PORT"; done
	queued_are 25
}

@test "wait mode: SIGTERM ends idle sessions with 421 and leaves no process" {
	start_wait smtp-recv
	parent=${STARTED[-1]}
	run timeout 20 python3 "$BATS_TEST_DIRNAME/smtp-client.py" term "$PORT" "$parent"
	[ "$output" = 421 ]
	wait_until gone "$parent"
}
gone() { ! kill -0 "$1" 2>/dev/null && [ -z "$(pgrep -P "$1")" ]; }

@test "wait mode: SIGHUP reads the control files anew" {
	start_wait smtp-recv
	parent=${STARTED[-1]}
	sizes() { python3 "$BATS_TEST_DIRNAME/smtp-client.py" size "$PORT"; }
	[ "$(sizes)" = 52428800 ]
	echo 12345 >"$PABAL_ROOT/control/max-size"
	kill -HUP "$parent"
	is_new() { [ "$(sizes)" = 12345 ]; }
	wait_until is_new
}

@test "an idle session costs little private memory" {
	start_wait smtp-recv
	kib=$(python3 "$BATS_TEST_DIRNAME/smtp-client.py" memory "$PORT" "${STARTED[-1]}")
	echo "$kib KiB"
	[ "$BUILD" != "$TOP/build/release" ] || [ "$kib" -le 144 ]
}

# chain SCRIPT: recv-chain is this script.
chain() {
	printf '#!/bin/bash\n%s\n' "$1" >"$BATS_TEST_TMPDIR/chain"
	chmod +x "$BATS_TEST_TMPDIR/chain"
	echo "$BATS_TEST_TMPDIR/chain one two" >"$PABAL_ROOT/control/recv-chain"
}

@test "recv-chain gets message, envelope and environment, and is believed with its last line" {
	chain 'cat >"$TMPDIR/message"; cat <&3 >"$TMPDIR/envelope"
		echo "$1 $2 $SENDER $RECIPIENT $TCPREMOTEIP" >"$TMPDIR/words"; echo noise; echo "queued $QUEUE_ID"'
	export TMPDIR=$BATS_TEST_TMPDIR
	PROTO=TCP TCPREMOTEIP=192.0.2.7 session "${MAIL[@]}" DATA 'Subject: x' . QUIT
	has '^250 2.0.0 queued [0-9A-Z]\{24\}$'
	nothing_left
	[ "$(<"$TMPDIR/words")" = 'one two a@sender.example alice@example.org 192.0.2.7' ]
	grep -q '^Received: from client.example' "$TMPDIR/message"
	[ "$(tail -1 "$TMPDIR/message")" = 'Subject: x' ]
	[ "$(tail -1 "$TMPDIR/envelope")" = DATA ]
	grep -q '^RCPT TO:<alice@example.org>$' "$TMPDIR/envelope"
}

@test "recv-chain: what is not clearly yes is 451, and 65 and 77 are 554" {
	n=0
	while IFS='|' read -r script want; do
		chain "$script"
		session "${MAIL[@]}" DATA 'Subject: x' . QUIT
		has "$want" || { echo "$script"; false; }
		((n += 1))
	done <<-'END'
		echo dropped spam|^250 2.0.0 dropped spam
		exit 0|^451
		echo "queued X"; exit 1|^451
		echo "queued X"; echo more|^451
		echo "queued X"; kill -9 $$|^451
		exit 64|^451
		exit 100|^451
		echo "no spam please" >&2; exit 77|^554 5.7.1 no spam please
		echo "5.6.0 that is no message" >&2; exit 65|^554 5.6.0 that is no message
	END
	[ $n = 9 ]
	echo /no/such/program >"$PABAL_ROOT/control/recv-chain"
	session "${MAIL[@]}" DATA 'Subject: x' . QUIT
	has '^451'
	nothing_left
}

@test "recv-chain and the real queue-add" {
	command -v queue-add >/dev/null || cannot "no queue-add here"
	echo "thru cat -- queue-add -e 3" >"$PABAL_ROOT/control/recv-chain"
	session "${MAIL[@]}" DATA 'Subject: x' '' 'body' . QUIT
	has '^250 2.0.0 queued'
	queued_are 1
	grep -q '^body$' "$Q"/new/*
}

@test "LIMITS: MAILMAX is what is announced, and what is taken; the client comes back with the rest" {
	echo 2 >"$PABAL_ROOT/control/max-messages"
	echo 7 >"$PABAL_ROOT/control/max-recipients"
	session 'EHLO x' 'MAIL FROM:<>' RSET 'MAIL FROM:<>' RSET 'MAIL FROM:<>' NOOP
	has '^250-LIMITS RCPTMAX=7 MAILMAX=2$'
	[[ $(codes) == *' 250 250 250 250 421' ]] || { cat "$OUT"; false; }
	has '^421 4.5.3'
}

@test "DSN: the parameters are in the envelope to the letter; xtext with control octets is refused" {
	session 'EHLO x' 'MAIL FROM:<a@b.example> RET=HDRS ENVID=QQ+2B1' \
		'RCPT TO:<alice@example.org> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;Old+2B1@x.example' \
		'RCPT TO:<bob@example.org> ORCPT=rfc822;x+0A' DATA 'Subject: x' '' . QUIT
	has '^501 5.5.4 ORCPT'
	queued_are 1
	grep -q '^MAIL FROM:<a@b.example> RET=HDRS ENVID=QQ+2B1$' "$Q"/new/*
	grep -q '^RCPT TO:<alice@example.org> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;Old+2B1@x.example$' "$Q"/new/*
	! grep -q 'RCPT TO:<bob' "$Q"/new/*
}

@test "SMTPUTF8: with the parameter only, for the transaction only; it is in the envelope and in Received" {
	u=$'\xc3\xbc'
	session 'EHLO x' "VRFY $u" "VRFY $u SMTPUTF8" "EXPN $u SMTPUTF8" \
		"MAIL FROM:<$u@b.example> SMTPUTF8" 'RCPT TO:<alice@example.org>' DATA "Subject: $u" '' . \
		'MAIL FROM:<a@b.example>' "RCPT TO:<$u@example.org>" QUIT
	[[ $(codes) == *' 553 252 252 250 250 354 250 250 553 221' ]] || { cat "$OUT"; false; }
	queued_are 1
	grep -q "^MAIL FROM:<$u@b.example> SMTPUTF8$" "$Q"/new/*
	grep -q 'with UTF8SMTP id' "$Q"/new/*
}

# chunks FORMAT: the octets behind MAIL and RCPT.
chunks() { raw "EHLO x\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<alice@example.org>\r\n$1"; }
chunk_codes() { [[ $(codes) == *" 250 250 250 $1" ]] || { echo "not $1"; cat "$OUT"; return 1; }; }

@test "BDAT: the octets that were counted, dots and all; a CRLF may be cut anywhere" {
	chunks 'BDAT 7\r\na: b\r\n\rBDAT 8\r\n\n.\r\n..\r\nBDAT 0\r\nBDAT 4 LAST\r\n.\r\nyQUIT\r\n'
	chunk_codes '250 250 250 250 221'
	queued_are 1
	[ "$(body "$Q"/new/*; echo .)" = $'a: b\n\n.\n..\n.\ny\n.' ]
}

@test "BDAT 0 LAST ends a message; the next transaction starts afresh" {
	chunks 'BDAT 8\r\na: b\r\n\r\nBDAT 0 LAST\r\nBDAT 2\r\nxyMAIL FROM:<>\r\nRCPT TO:<bob@example.org>\r\nBDAT 8 LAST\r\nc: d\r\n\r\nQUIT\r\n'
	chunk_codes '250 250 503 250 250 250 221'
	queued_are 2
}

@test "BDAT: DATA, MAIL and RCPT between chunks are 503; RSET and EHLO give the message up" {
	for word in DATA 'MAIL FROM:<>' 'RCPT TO:<bob@example.org>'; do
		chunks "BDAT 6\r\na: b\r\n$word\r\nBDAT 2 LAST\r\n\r\nQUIT\r\n"
		chunk_codes '250 503 250 221'
		queued_are 1
		rm "$Q"/new/*
	done
	chunks 'BDAT 6\r\na: b\r\nRSET\r\nBDAT 2 LAST\r\n\r\nQUIT\r\n'
	chunk_codes '250 250 503 221'
	chunks 'BDAT 6\r\na: b\r\nEHLO y\r\nBDAT 2 LAST\r\n\r\nQUIT\r\n'
	[[ $(codes) == *' 250 503 221' ]]
	nothing_left
}

@test "BDAT: a chunk that is refused is read all the same, and never as commands" {
	raw 'EHLO x\r\nBDAT 6\r\nQUIT\r\nMAIL FROM:<>\r\nRCPT TO:<no@example.org>\r\nBDAT 6 LAST\r\nQUIT\r\nNOOP\r\nQUIT\r\n'
	[[ $(codes) == *' 503 250 550 554 250 221' ]] || { cat "$OUT"; false; }
	for size in 99999999999999999999 -1 '' '5 FIRST'; do
		chunks "BDAT $size\r\nRSET\r\nQUIT\r\n"
		chunk_codes 501
	done
	nothing_left
}

@test "BDAT: a bare CR or LF is refused at its chunk; those that follow are 503" {
	for text in 'BDAT 9 LAST\r\na: b\n\nxyz' 'BDAT 9 LAST\r\na: b\r\n\r\r\n' 'BDAT 10 LAST\r\na: b\r\n\r\nx\r'; do
		chunks "${text}NOOP\r\nQUIT\r\n"
		has '^550 5.6.11'
	done
	chunks 'BDAT 4\r\na: \nBDAT 4\r\nb\r\nxBDAT 2 LAST\r\n\r\nQUIT\r\n'
	chunk_codes '550 503 503 221'
	nothing_left
}

@test "BDAT: a chunk, or a message, cut by EOF stores nothing" {
	chunks 'BDAT 100 LAST\r\na: b\r\n\r\nx'
	chunks 'BDAT 8\r\na: b\r\n\r\n'
	chunks "BDAT 400000\r\na: b\r\n\r\n$(head -c 399992 /dev/zero | tr '\0' x)"
	chunk_codes 250
	nothing_left
	echo 1000 >"$PABAL_ROOT/control/max-size"
	chunks "BDAT 900\r\n$(head -c 900 /dev/zero | tr '\0' x)BDAT 101\r\n$(head -c 101 /dev/zero | tr '\0' x)QUIT\r\n"
	chunk_codes '250 552 221'
	nothing_left
}

@test "BDAT: 40 MB in one chunk pass in little memory" {
	little_memory 40000
	{
		printf 'EHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<alice@example.org>\r\nBDAT 40000008 LAST\r\na: b\r\n\r\n'
		head -c 40000000 /dev/zero
		printf 'QUIT\r\n'
	} | smtp-recv | tr -d '\r' >"$OUT"
	chunk_codes '250 221'
	[ "$(stat -c %s "$Q"/new/*)" -gt 40000000 ]
}

@test "LMTP: LHLO, and one reply for each recipient after the end of data" {
	printf '%s\r\n' 'EHLO x' 'LHLO x' 'MAIL FROM:<>' 'RCPT TO:<alice@example.org>' 'RCPT TO:<no@example.org>' \
		'RCPT TO:<bob@example.org>' DATA 'a: b' '' . 'MAIL FROM:<>' 'RCPT TO:<no@example.org>' DATA QUIT |
		smtp-recv -l | tr -d '\r' >"$OUT"
	has '^220 mail.example.org LMTP'
	[[ $(codes) == '220 500 '*' 250 250 550 250 354 250 250 250 550 503 221' ]] || { cat "$OUT"; false; }
	queued_are 1
	grep -q 'with LMTP id' "$Q"/new/*
	session 'LHLO x' QUIT
	codes_are '220 500 221'
}

@test "Python's smtplib: SMTPUTF8 and DSN as it says them, and chunks by hand" {
	start_wait smtp-recv
	python3 - "$PORT" <<-'END'
		import smtplib, sys
		with smtplib.SMTP("127.0.0.1", int(sys.argv[1])) as s:
		    s.sendmail("\u00fc@b.example", ["alice@example.org"], "Subject: \u00fc\r\n\r\n".encode(),
		        mail_options=["SMTPUTF8", "BODY=8BITMIME", "RET=HDRS"], rcpt_options=["NOTIFY=NEVER"])
		    s.mail("a@b.example")
		    s.rcpt("bob@example.org")
		    s.send(b"BDAT 5\r\na: b\r")
		    assert s.getreply()[0] == 250
		    s.send(b"BDAT 1 LAST\r\n\n")
		    assert s.getreply()[0] == 250
	END
	queued_are 2
	grep -qE $'^MAIL FROM:<\xc3\xbc@b.example> .*SMTPUTF8.*' "$Q"/new/*
	grep -qE '^MAIL FROM:.* RET=HDRS( |$)' "$Q"/new/*
	grep -q '^RCPT TO:<alice@example.org> NOTIFY=NEVER$' "$Q"/new/*
}
