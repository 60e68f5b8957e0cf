#!/usr/bin/env bats
# smtp-send against servers that misbehave, a DNS of its own, and smtp-sink.

bats_require_minimum_version 1.5.0
load lib

setup() {
	source "$BATS_TEST_DIRNAME/peers/peers.bash"
	make_root example.test user
	export PABAL_LOG=fd:9
	exec 9>>"$LOG"
	T=$BATS_TEST_TMPDIR M=$T/message
	printf 'From: <a@example.test>\nSubject: test\n\n.a dot\n\nthe end\n' >"$M"
}

teardown() {
	stop_peers
}

# to RCPT…: through the fake server, sender a@example.test, no wait above one second.
to() {
	run --separate-stderr smtp-send -T 1 -f a@example.test -c "127.0.0.1:$FAKE_PORT" "$@" <"$M"
}

# outcome RCPT: what was printed for it.
outcome() {
	grep "^$1	" <<<"$output" | cut -f2-
}

@test "a message goes out with dots doubled and CRLF, the envelope in one group" {
	start_fake s
	to b@x.test c@x.test
	[ "$status" = 0 ]
	[ "$(outcome b@x.test)" = "delivered	250 2.0.0 taken" ]
	[ "$(outcome c@x.test)" = "delivered	250 2.0.0 taken" ]
	wait_until grep -q '^1\. closed' "$T/s"
	diff <(sed 's/^1< //' "$T/s") - <<-END
		EHLO mail.example.test
		MAIL FROM:<a@example.test> SIZE=60
		RCPT TO:<b@x.test>
		RCPT TO:<c@x.test>
		DATA
		QUIT
		1. closed
	END
	[ "$(wc -c <"$T/s.1.1")" = 61 ] # one dot more than SIZE says
	sed 's/\r$//; s/^\.//' "$T/s.1.1" | cmp - "$M"
	grep -q 'event=delivered .*to=b@x.test .*ip=127.0.0.1 code=0 reply=250 enhanced=2.0.0' "$LOG"
}

@test "the null sender, a message on a pipe, a message from an offset" {
	start_fake s
	cat "$M" | smtp-send -f '<>' -c "127.0.0.1:$FAKE_PORT" b@x.test
	grep -q '^1< MAIL FROM:<> ' "$T/s"
	{
		read -r _
		smtp-send -f '<>' -c "127.0.0.1:$FAKE_PORT" b@x.test
	} <"$M"
	head -1 "$T/s.2.1" | grep -q '^Subject: test'
	SENDER='' smtp-send -c "127.0.0.1:$FAKE_PORT" b@x.test <"$M"
	grep -q '^3< MAIL FROM:<> ' "$T/s"
	SENDER=c@x.test smtp-send -c "127.0.0.1:$FAKE_PORT" b@x.test <"$M"
	grep -q '^4< MAIL FROM:<c@x.test> ' "$T/s"
}

@test "HELO where EHLO is not known, no extension used" {
	start_fake s -- 'EHLO=500 what'
	to b@x.test
	[ "$status" = 0 ]
	diff <(sed 's/^1< //; /closed/d' "$T/s") - <<-END
		EHLO mail.example.test
		HELO mail.example.test
		MAIL FROM:<a@example.test>
		RCPT TO:<b@x.test>
		DATA
		QUIT
	END
}

@test "a refused recipient harms no other" {
	start_fake s -- 'RCPT:c@x.test=550 5.1.1 no such user' 'RCPT:d@x.test=450 4.2.0 later'
	to b@x.test c@x.test d@x.test e@x.test
	[ "$status" = 75 ]
	[ "$(outcome b@x.test)" = "delivered	250 2.0.0 taken" ]
	[ "$(outcome c@x.test)" = "failed	550 5.1.1 no such user" ]
	[ "$(outcome d@x.test)" = "deferred	450 4.2.0 later" ]
	[ "$(outcome e@x.test)" = "delivered	250 2.0.0 taken" ]
	to b@x.test c@x.test
	[ "$status" = 67 ]
	[ "$stderr" = "5.1.1 no such user" ]
}

@test "all recipients refused: no message is sent, with and without PIPELINING" {
	start_fake s -- 'RCPT=550 5.1.1 no such user' 'DATA=503 5.5.1 no recipients'
	to b@x.test c@x.test
	[ "$status" = 67 ]
	[ ! -e "$T/s.1.1" ]
	start_fake t -- 'EHLO=250 fake' 'RCPT=550 5.1.1 no such user'
	to b@x.test c@x.test
	[ "$status" = 67 ]
	! grep -q DATA "$T/t"
}

@test "a server that wants the message though nobody gets it gets an empty one" {
	start_fake s -- 'RCPT=550 5.1.1 no such user'
	to b@x.test
	[ "$status" = 67 ]
	[ -e "$T/s.1.1" ] && [ ! -s "$T/s.1.1" ]
}

# start_each STEP… ACTION: a server that does that at its first CONNECT, then at its first EHLO …: one run for each step.
start_each() {
	local rules=() action=${*: -1}
	while [ $# -gt 1 ]; do
		rules+=("$1/1=$action")
		shift
	done
	start_fake s -- 'EHLO=250 fake' "${rules[@]}" # without PIPELINING a refused step is the last
}

@test "421 at every step is temporary" {
	local step
	start_each connect EHLO MAIL RCPT DATA dot '421 4.3.2 going down'
	for step in connect EHLO MAIL RCPT DATA dot; do
		to b@x.test
		[ "$status" = 75 ]
		[[ $(outcome b@x.test) == "deferred	421 4.3.2 going down" ]]
	done
	to b@x.test
	[ "$status" = 0 ]
}

@test "5yz at every step: temporary before MAIL, then final; 521 says no mail host" {
	local step
	start_each connect MAIL RCPT DATA dot '554 5.7.1 go away'
	for step in connect MAIL RCPT DATA dot; do
		to b@x.test
		if [ "$step" = connect ]; then [ "$status" = 75 ]; else [ "$status" = 69 ]; fi
		[[ $(outcome b@x.test) == *"554 5.7.1 go away" ]]
	done
	start_fake s.521 -- "connect=521 no mail here"
	run --separate-stderr smtp-send -f '<>' "127.0.0.1:$FAKE_PORT" b@x.test <"$M"
	[ "$status" = 69 ]
}

@test "a silent server is left in time at every step" {
	local step pids=() pid
	for step in connect EHLO MAIL RCPT DATA dot; do
		start_fake "s.$step" -- "$step=@hang"
		smtp-send -T 1 -f a@example.test -c "127.0.0.1:$FAKE_PORT" b@x.test <"$M" >"$T/out.$step" 2>&1 &
		pids+=($!)
	done
	for pid in "${pids[@]}"; do
		status=0
		wait "$pid" || status=$?
		[ "$status" = 75 ]
	done
	for step in connect EHLO MAIL RCPT DATA dot; do
		grep -q '^b@x.test	deferred	4.4.2 no answer' "$T/out.$step"
	done
	grep -q 'no answer at RCPT' "$T/out.RCPT"
	[ "$(grep -c 'possible-duplicate=yes' "$LOG")" = 1 ] # only after the dot
}

@test "a closed connection at every step is temporary, a possible duplicate only after the dot" {
	local step
	start_each connect EHLO MAIL RCPT DATA dot @close
	for step in connect EHLO MAIL RCPT DATA; do
		to b@x.test
		[ "$status" = 75 ]
		[[ $(outcome b@x.test) == "deferred	4.4.2 connection lost"* ]]
	done
	! grep -q possible-duplicate "$LOG"
	to b@x.test
	[ "$status" = 75 ]
	grep -q 'event=deferred .*possible-duplicate=yes' "$LOG"
}

@test "long replies: one line, many lines, no end" {
	start_fake s -- dot=@big
	to b@x.test
	[ "$status" = 0 ]
	[ "${#output}" -lt 600 ]
	start_fake t -- MAIL=@lines
	to b@x.test
	[ "$status" = 75 ]
	start_fake u -- RCPT=@endless
	to b@x.test
	[ "$status" = 75 ]
	[[ $(outcome b@x.test) == "deferred	4.5.0 no SMTP reply at RCPT" ]]
}

@test "what is no SMTP server, and where nobody listens" {
	start_fake s -- 'connect=SSH-2.0-OpenSSH_9.2'
	to b@x.test
	[ "$status" = 75 ]
	FAKE_PORT=$(free_port)
	to b@x.test
	[ "$status" = 75 ]
	[[ $(outcome b@x.test) == "deferred	4.4.1 "*"Connection refused" ]]
}

@test "SIZE: known to be too large before MAIL; 8-bit octets with 8BITMIME" {
	start_fake s -- 'EHLO=250-fake\n250 SIZE 50'
	to b@x.test
	[ "$status" = 69 ]
	[[ $(outcome b@x.test) == "failed	552 5.3.4 "* ]]
	! grep -q MAIL "$T/s"
	printf 'Subject: \303\251\n\n\303\251\n' >"$M"
	start_fake t
	to b@x.test
	[ "$status" = 0 ]
	grep -q 'MAIL FROM:<a@example.test> SIZE=19 BODY=8BITMIME' "$T/t"
}

# from_wire FILE: what came over the wire, as it stands on disk
from_wire() {
	sed 's/\r$//; s/^\.//' "$1"
}

@test "no 8BITMIME: the message goes out in 7 bits, as mail-7bit writes it" {
	printf 'Subject: \303\251\n\na small caf\303\251\n.\n' >"$M"
	start_fake s -- 'EHLO=250-fake\n250 SIZE 0'
	to b@x.test c@x.test
	[ "$status" = 0 ]
	from_wire "$T/s.1.1" | cmp - <(mail-7bit <"$M")
	grep -q "MAIL FROM:<a@example.test> SIZE=$(mail-7bit <"$M" | sed 's/$/\r/' | wc -c)\$" "$T/s"
	grep -q 'event=delivered .*converted=7bit' "$LOG"
	start_fake t -- 'EHLO=500 what'
	to b@x.test
	[ "$status" = 0 ]
	from_wire "$T/t.1.1" | cmp - <(mail-7bit <"$M")
}

@test "no 8BITMIME: from an offset, from a pipe, between others over one connection" {
	printf 'garbage\nSubject: \303\251\n\na small caf\303\251\n' >"$M"
	start_fake s -- 'EHLO=250 fake'
	{
		read -r _
		smtp-send -f '<>' -c "127.0.0.1:$FAKE_PORT" b@x.test
	} <"$M"
	from_wire "$T/s.1.1" | cmp - <(tail -n +2 "$M" | mail-7bit)
	tail -n +2 "$M" | smtp-send -f '<>' -c "127.0.0.1:$FAKE_PORT" b@x.test
	cmp "$T/s.1.1" "$T/s.2.1"
	printf 'Subject: plain\n\ntext\n' >"$T/plain"
	printf 'Subject: \303\251\n\nx\n' >"$T/high"
	{ M=$T/high job 1 1 b@x.test; M=$T/plain job 2 1 b@x.test; M=$T/high job 3 1 b@x.test; } |
		smtp-send -b >>"$T/results"
	[ "$(grep -c ' 1 0 250//127.0.0.1\[127.0.0.1\] ' "$T/results")" = 3 ]
	[ "$(head -1 "$T/s.3.1")$(head -1 "$T/s.3.2")$(head -1 "$T/s.3.3")" = \
		$'Subject: =?utf-8?B?w6k=?=\rSubject: plain\rSubject: =?utf-8?B?w6k=?=\r' ]
	[ "$(grep -c '^3< EHLO' "$T/s")" = 1 ]
}

@test "no 8BITMIME: 5.6.3 only where a signed part is not 7-bit, 5.6.9 for an address" {
	printf 'Content-Type: multipart/signed; boundary=b\n\n--b\n\n\303\251\n--b--\n' >"$M"
	start_fake s -- 'EHLO=250 fake'
	to b@x.test
	[ "$status" = 65 ]
	[ "$(outcome b@x.test)" = "failed	554 5.6.3 the message is signed or encrypted, and not 7-bit" ]
	! grep MAIL "$T/s" || false
	printf 'Subject: \303\251\nContent-Type: multipart/signed; boundary=b\n\n--b\n\nx\n--b--\n' >"$M"
	to b@x.test
	[ "$status" = 0 ]
	printf 'Cc: \303\251@x.test\n\nx\n' >"$M"
	to b@x.test
	[ "$status" = 65 ]
	[[ $(outcome b@x.test) == "failed	554 5.6.9 "* ]]
}

@test "no 8BITMIME: long lines are mended, or left where they are signed" {
	{
		printf 'Subject: x\n\n'
		head -c 3000 /dev/zero | tr '\0' y
		echo
	} >"$M"
	start_fake s -- 'EHLO=250 fake'
	to b@x.test
	[ "$status" = 0 ]
	from_wire "$T/s.1.1" | cmp - <(mail-7bit <"$M")
	! grep '.\{999\}' "$T/s.1.1" || false
	{
		printf 'Content-Type: multipart/signed; boundary=b\n\n--b\n\n'
		head -c 3000 /dev/zero | tr '\0' y
		printf '\n--b--\n'
	} >"$M"
	to b@x.test
	[ "$status" = 0 ]
	from_wire "$T/s.2.1" | cmp - "$M"
}

@test "no 8BITMIME and no room for the message in 7 bits: deferred" {
	printf 'Subject: \303\251\n\nx\n' >"$M"
	start_fake s -- 'EHLO=250 fake'
	TMPDIR=$T/nowhere to b@x.test
	[ "$status" = 75 ]
	[[ $(outcome b@x.test) == "deferred	451 4.3.0 "* ]]
	printf 'Subject: x\n\nx\n' >"$M"
	TMPDIR=$T/nowhere to b@x.test
	[ "$status" = 0 ]
}

@test "to smtp-sink without 8BITMIME: every octet of an attachment arrives" {
	need_peers
	local port
	port=$(free_port)
	start_smtp_sink "$port" -8 -d "$T/sunk."
	smtp-send -f a@example.test -c "127.0.0.1:$port" b@x.test <"$TOP/tests/mail/first.eml"
	! LC_ALL=C grep $'[\x80-\xff]' "$T"/sunk.* || false
	grep -v '^X-' "$T"/sunk.* >"$T/got"
	cmp <(mail-parts -p 2 <"$T/got") <(mail-parts -p 2 <"$TOP/tests/mail/first.eml")
}

@test "a bare CR fails before anything is sent; CRLF lines leave as they are" {
	printf 'Subject: x\n\none\rtwo\n' >"$M"
	start_fake s
	to b@x.test
	[ "$status" = 65 ]
	[[ $(outcome b@x.test) == "failed	554 5.6.0 "* ]]
	! grep -q MAIL "$T/s"
	printf 'Subject: x\r\n\r\n.one\r\ntwo' >"$M"
	to b@x.test
	[ "$status" = 0 ]
	printf 'Subject: x\r\n\r\n..one\r\ntwo\r\n' | cmp - "$T/s.2.1"
}

@test "a message of 5 MB with NULs, long lines and dots comes through" {
	python3 - "$M" <<-'END'
		import random, sys
		random.seed(7)
		alphabet = [b".", b"..", b"\n", b"\n.", b"\0", b"x" * 5000, b"\xff", b"word "]
		with open(sys.argv[1], "wb") as f:
		    f.write(b"Subject: big\n\n")
		    for _ in range(8000):
		        f.write(random.choice(alphabet))
		    f.write(b"\n")
	END
	start_fake s
	to b@x.test
	[ "$status" = 0 ]
	python3 - "$M" "$T/s.1.1" <<-'END'
		import sys
		sent, got = (open(name, "rb").read() for name in sys.argv[1:])
		assert got.count(b"\n") == got.count(b"\r\n") == got.count(b"\r")
		lines = [l[1:] if l.startswith(b".") else l for l in got.split(b"\r\n")]
		assert b"\n".join(lines) == sent
	END
}

@test "too many recipients at once: the rest follows in the next transaction" {
	start_fake s -- 'RCPT/3=452 4.5.3 too many' 'RCPT/4=452 4.5.3 too many'
	to a@x.test b@x.test c@x.test d@x.test
	[ "$status" = 0 ]
	[ "$(grep -c 'MAIL FROM' "$T/s")" = 2 ]
	[ -e "$T/s.1.2" ]
}

@test "addresses: quoted, with U-labels, malformed" {
	start_fake s
	to '"a b"@x.test' 'u@b'$'\303\274''cher.test'
	[ "$status" = 0 ]
	grep -q 'RCPT TO:<"a b"@x.test>' "$T/s"
	grep -q 'RCPT TO:<u@xn--bcher-kva.test>' "$T/s"
	to $'b@x.test>\r\nRCPT TO:<c@x.test'
	[ "$status" = 75 ]
	run smtp-send -f '' -c "127.0.0.1:$FAKE_PORT" b@x.test <"$M"
	[ "$status" = 75 ]
	run smtp-send -f '<>' -c "127.0.0.1:$FAKE_PORT" <"$M"
	[ "$status" = 75 ]
}

@test "an empty message, no control/me: deferred" {
	start_fake s
	run smtp-send -f '<>' -c "127.0.0.1:$FAKE_PORT" b@x.test </dev/null
	[ "$status" = 75 ]
	rm "$PABAL_ROOT/control/me"
	to b@x.test
	[ "$status" = 75 ]
	[[ $stderr == *control/me* ]]
	grep -q 'event=config-error file=control/me' "$LOG"
	[ ! -s "$T/s" ]
}

# job ID N RCPT [DEST]
job() {
	printf '%s\t%s\t%s\t0\ta@example.test\t%s\tDEST=%s\n' "$(printf %024d "$1")" "$2" "$M" "$3" \
		"${4:-[127.0.0.1]:$FAKE_PORT}"
}

# result ID N: its line without the checksum
# Without the host, which stands behind the reply.
result() {
	grep " $(printf %024d "$1") $2 " "$T/results" | cut -d' ' -f4- | sed -E 's|^([0-9]+ [0-9]+)//[^ ]*|\1|'
}

@test "worker: jobs of one message are one transaction, one connection for all" {
	start_fake s -- 'RCPT:c@x.test=550 5.1.1 no such user'
	{ job 1 1 b@x.test; job 1 2 c@x.test; job 2 1 d@x.test; echo; job 3 1 e@x.test; } |
		smtp-send -b >>"$T/results"
	[ "$(wc -l <"$T/results")" = 4 ]
	[ "$(result 1 1)" = "0 250 2.0.0 taken" ]
	[ "$(result 1 2)" = "67 550 5.1.1 no such user" ]
	[ "$(result 2 1)" = "0 250 2.0.0 taken" ]
	[ "$(result 3 1)" = "0 250 2.0.0 taken" ]
	[ "$(grep -c EHLO "$T/s")" = 1 ]
	[ "$(grep -c 'MAIL FROM' "$T/s")" = 3 ]
}

@test "worker: an empty line asks for results at once" {
	start_fake s
	mkfifo "$T/jobs"
	smtp-send -b <"$T/jobs" >>"$T/results" 3>&- &
	local pid=$!
	exec 5>"$T/jobs"
	job 1 1 b@x.test >&5
	echo >&5
	wait_until test -s "$T/results"
	job 2 1 b@x.test >&5
	exec 5>&-
	wait "$pid"
	[ "$(wc -l <"$T/results")" = 2 ]
}

@test "worker: a connection without work is ended" {
	start_fake s
	mkfifo "$T/jobs"
	smtp-send -T 1 -b <"$T/jobs" >>"$T/results" 3>&- &
	local pid=$!
	exec 5>"$T/jobs"
	{ job 1 1 b@x.test; echo; } >&5
	wait_until grep -q '^1< QUIT' "$T/s"
	{ job 2 1 b@x.test; echo; } >&5
	wait_until grep -q '^2< DATA' "$T/s"
	exec 5>&-
	wait "$pid"
	[ "$(wc -l <"$T/results")" = 2 ]
}

@test "worker: a kept connection that died is opened again" {
	start_fake s -- 'MAIL/2=421 4.4.2 idle too long' 'MAIL/4=@close'
	{ job 1 1 b@x.test; job 2 1 b@x.test; job 3 1 b@x.test; } | smtp-send -b >>"$T/results"
	[ "$(result 1 1)" = "0 250 2.0.0 taken" ]
	[ "$(result 2 1)" = "0 250 2.0.0 taken" ]
	[ "$(result 3 1)" = "0 250 2.0.0 taken" ]
	[ "$(grep -c EHLO "$T/s")" = 3 ]
}

@test "worker: an open transaction is reset before the next" {
	start_fake s -- 'RCPT/1=550 5.1.1 no' 'DATA/1=503 5.5.1 no recipients'
	{ job 1 1 b@x.test; job 2 1 b@x.test; } | smtp-send -b >>"$T/results"
	[ "$(result 1 1)" = "67 550 5.1.1 no" ]
	[ "$(result 2 1)" = "0 250 2.0.0 taken" ]
	diff <(sed -n 's/^1< \([A-Z]*\).*/\1/p' "$T/s" | xargs) - <<<"EHLO MAIL RCPT DATA RSET MAIL RCPT DATA QUIT"
}

@test "worker: bad lines are skipped, a missing message defers, other work goes on" {
	start_fake s
	{
		echo "no job"
		head -c 100000 /dev/zero | tr '\0' x
		echo
		job 1 1 b@x.test | sed "s|$M|$T/missing|"
		job 2 1 b@x.test
		job 3 1 b@x.test '[127.0.0.1]:1'
	} | smtp-send -b >>"$T/results" 2>"$T/err"
	[[ $(result 1 1) == "75 451 4.3.0 "* ]]
	[ "$(result 2 1)" = "0 250 2.0.0 taken" ]
	[[ $(result 3 1) == "75 0 4.4.1 "* ]] || [[ $(result 3 1) == "75 "*"4.4.1 "* ]]
	grep -q 'cannot be read' "$T/err"
}

# The zone of the MX tests. All hosts are on loopback, at the port that the destination names.
zone() {
	need nsd
	mkdir -p "$T/dns"
	cat >"$T/dns/example.test.zone" <<-'END'
		$ORIGIN example.test.
		$TTL 60
		@ SOA ns hostmaster 1 60 60 60 60
		@ NS ns
		ns A 127.0.0.1
		order MX 20 two
		order MX 10 one
		order MX 30 three
		equal MX 10 one
		equal MX 10 two
		one A 127.0.0.1
		two A 127.0.0.2
		three A 127.0.0.3
		plain A 127.0.0.2
		null MX 0 .
		alias CNAME plain
		cname MX 10 alias
		six AAAA ::1
		both A 127.0.0.1
		both AAAA ::1
		nothing TXT "no address"
		nomx MX 10 nothing
		mail A 127.0.0.1
		own MX 10 one
		own MX 20 mail
		own MX 30 two
		loop MX 10 mail
		loop MX 20 two
		half MX 10 x.broken.test.
		half MX 20 two
		bad MX 10 x.broken.test.
		many MX 10 crowd
		crowd A 127.0.1.1
		crowd A 127.0.1.2
		crowd A 127.0.1.3
		crowd A 127.0.1.4
		crowd A 127.0.1.5
		crowd A 127.0.1.6
		crowd A 127.0.1.7
	END
	echo 'nonsense(' >"$T/dns/broken.test.zone"
	start_dns "$T/dns"
}

# mx DOMAIN: to that domain, at $PORT
mx() {
	run --separate-stderr smtp-send -T 2 -f a@example.test "$1:$PORT" b@x.test <"$M"
}

@test "MX: by preference, the next where one is dead or refuses to talk" {
	zone
	PORT=$(free_port)
	start_fake three 127.0.0.3 "$PORT"
	start_fake two 127.0.0.2 "$PORT" -- 'connect/2=554 not now'
	mx order.example.test # one: nobody listens
	[ "$status" = 0 ]
	grep -q MAIL "$T/two"
	mx order.example.test
	[ "$status" = 0 ]
	grep -q MAIL "$T/three"
	start_fake one 127.0.0.1 "$PORT"
	mx order.example.test
	[ "$status" = 0 ]
	grep -q MAIL "$T/one"
	[ "$(grep -c MAIL "$T/two")$(grep -c MAIL "$T/three")" = 11 ]
}

@test "MX: a connection lost before the message goes on with the next host" {
	zone
	PORT=$(free_port)
	start_fake one 127.0.0.1 "$PORT" -- 'RCPT=421 4.3.2 going down'
	start_fake two 127.0.0.2 "$PORT"
	mx order.example.test
	[ "$status" = 0 ]
	grep -q DATA "$T/two"
	start_fake three 127.0.0.3 "$PORT"
}

@test "MX: after the final dot no other host gets the message" {
	zone
	PORT=$(free_port)
	start_fake one 127.0.0.1 "$PORT" -- dot=@close
	start_fake two 127.0.0.2 "$PORT"
	mx order.example.test
	[ "$status" = 75 ]
	[ ! -s "$T/two" ]
}

@test "MX: no more than five connections for one message" {
	zone
	start_fake s 0.0.0.0 -- 'connect=421 busy'
	PORT=$FAKE_PORT
	mx many.example.test
	[ "$status" = 75 ]
	wait_until grep -q '^5\. closed' "$T/s"
	! grep -q '^6' "$T/s"
}

@test "worker: a place that cannot be reached is not tried for each job; one that hangs up is" {
	need strace
	local dead i
	dead=$(free_port)
	start_fake s -- 'RCPT:poison@x.test=@close'
	{
		for i in 1 2 3; do job $i 1 b@x.test "[127.0.0.1]:$dead"; done
		job 4 1 poison@x.test
		job 5 1 b@x.test
	} >"$T/jobs"
	ASAN_OPTIONS=detect_leaks=0 strace -f -o "$T/trace" -e trace=connect smtp-send -b <"$T/jobs" >>"$T/results"
	[ "$(grep -c "htons($dead)" "$T/trace")" = 1 ]
	[ "$(grep -c ' 75 .*4.4.1 ' "$T/results")" = 3 ]
	[[ $(result 4 1) == 75* ]]
	[ "$(result 5 1)" = "0 250 2.0.0 taken" ]
}

@test "MX: equals are taken at random" {
	zone
	local i
	PORT=$(free_port)
	start_fake one 127.0.0.1 "$PORT"
	start_fake two 127.0.0.2 "$PORT"
	for ((i = 0; i < 60; i++)); do # one of them never: once in 2^59
		mx equal.example.test
		[ "$status" = 0 ]
		[ -s "$T/one" ] && [ -s "$T/two" ] && break
	done
	[ -s "$T/one" ] && [ -s "$T/two" ]
}

@test "no MX: the address of the domain; IPv6; aliases" {
	zone
	PORT=$(free_port)
	start_fake two 127.0.0.2 "$PORT"
	start_fake six ::1 "$PORT"
	local name
	for name in plain alias cname; do
		mx "$name.example.test"
		[ "$status" = 0 ]
	done
	[ "$(grep -c MAIL "$T/two")" = 3 ]
	mx six.example.test
	[ "$status" = 0 ]
	for name in "[::1]:$PORT" "[IPv6:::1]:$PORT"; do
		smtp-send -f a@example.test -c "$name" b@x.test <"$M"
		smtp-send -f a@example.test "$name" b@x.test <"$M"
	done
	mx both.example.test # IPv6 first
	[ "$status" = 0 ]
	[ "$(grep -c MAIL "$T/six")" = 6 ]
}

@test "DNS says no: null MX, no domain, no address, only ourselves" {
	zone
	PORT=$(free_port)
	mx null.example.test
	[ "$status" = 68 ]
	[[ $(outcome b@x.test) == "failed	556 5.1.10 "* ]]
	mx missing.example.test
	[ "$status" = 68 ]
	[[ $(outcome b@x.test) == "failed	550 5.1.2 "* ]]
	mx nomx.example.test
	[ "$status" = 68 ]
	[[ $(outcome b@x.test) == "failed	550 5.4.4 "* ]]
	mx nothing.example.test
	[ "$status" = 68 ]
	mx loop.example.test
	[ "$status" = 69 ]
	[[ $(outcome b@x.test) == "failed	554 5.4.6 "* ]]
}

@test "MX: this host and what is not better are left out" {
	zone
	PORT=$(free_port)
	start_fake one 127.0.0.1 "$PORT" -- 'connect=421 busy'
	start_fake two 127.0.0.2 "$PORT"
	mx own.example.test
	[ "$status" = 75 ]
	[ ! -s "$T/two" ]
}

@test "DNS trouble is temporary: SERVFAIL, refused, no answer; one good host is enough" {
	zone
	PORT=$(free_port)
	start_fake two 127.0.0.2 "$PORT"
	mx x.broken.test
	[ "$status" = 75 ]
	[[ $(outcome b@x.test) == "deferred	451 4.4.3 "* ]]
	mx elsewhere.test
	[ "$status" = 75 ]
	mx bad.example.test
	[ "$status" = 75 ]
	mx half.example.test
	[ "$status" = 0 ]
	python3 -c 'import socket, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("127.0.0.1", 0))
print(s.getsockname()[1], flush=True)
time.sleep(100)' >"$T/silent" 3>&- &
	PEER_PIDS+=($!)
	wait_until test -s "$T/silent"
	echo "127.0.0.1@$(<"$T/silent")" >"$PABAL_ROOT/control/resolver"
	mx order.example.test
	[ "$status" = 75 ]
	[[ $(outcome b@x.test) == "deferred	451 4.4.3 "* ]]
}

@test "the operator's mistakes defer: a resolver that is none, a host that does not exist" {
	zone
	PORT=$(free_port)
	echo 'nonsense' >"$PABAL_ROOT/control/resolver"
	mx order.example.test
	[ "$status" = 75 ]
	[[ $(outcome b@x.test) == *control/resolver* ]]
	grep -q 'event=config-error file=control/resolver' "$LOG"
	echo "127.0.0.1@$DNS_PORT" >"$PABAL_ROOT/control/resolver"
	run smtp-send -f a@example.test -c "missing.example.test:$PORT" b@x.test <"$M"
	[ "$status" = 75 ]
}

@test "the system's resolver and port 25, in a network of its own" {
	zone
	stop_peers
	rm "$PABAL_ROOT/control/resolver"
	unshare -${R}nm true 2>/dev/null || cannot "no namespaces here"
	echo 'nameserver 127.0.0.1' >"$T/resolv.conf"
	echo '127.0.0.2 relay' >"$T/hosts"
	sed -i "s/@$DNS_PORT/@53/" "$T/dns/nsd.conf"
	export T M PEERS PEER_PIDS
	export -f start_fake stop_peers peer_ready peer_port wait_until free_port
	run unshare -${R}nm bash -euc '
		ip link set lo up
		mount --bind "$T/resolv.conf" /etc/resolv.conf
		mount --bind "$T/hosts" /etc/hosts
		PEER_PIDS=()
		trap stop_peers EXIT
		nsd -d -c "$T/dns/nsd.conf" >/dev/null 2>&1 </dev/null &
		PEER_PIDS+=($!)
		peer_ready $! 53
		start_fake two 127.0.0.2 25
		smtp-send -T 5 -f "<>" order.example.test b@x.test <"$M"
		smtp-send -T 5 -f "<>" -c relay c@x.test <"$M"'
	echo "$output"
	[ "$status" = 0 ]
	[ "$(grep -c '^[bc]@x.test	delivered' <<<"$output")" = 2 ]
	[ "$(grep -c 'RCPT TO' "$T/two")" = 2 ]
}

@test "no file can be written and no program run: the sandbox" {
	need strace
	start_fake s
	export ASAN_OPTIONS=detect_leaks=0 # it cannot work under strace
	run strace -f -o "$T/trace" -e trace=landlock_add_rule,landlock_restrict_self,connect \
		smtp-send -f '<>' -c "127.0.0.1:$FAKE_PORT" b@x.test <"$M"
	[ "$status" = 0 ]
	# one rule, to read; confined before the first connection to the network
	diff <(grep -v AF_UNIX "$T/trace" | sed 's/^[0-9]* *//; s/(.*allowed_access=/ /; s/[,(].*//' | head -3) - <<-END
		landlock_add_rule LANDLOCK_ACCESS_FS_READ_FILE|LANDLOCK_ACCESS_FS_READ_DIR
		landlock_restrict_self
		connect
	END
	grep -q '^[0-9]* *landlock_restrict_self(.*= 0$' "$T/trace"
}

@test "to smtp-sink: 500 messages over one connection" {
	need_peers
	local port i
	port=$(free_port)
	start_smtp_sink "$port" -d "$T/sunk."
	for ((i = 1; i <= 500; i++)); do
		job "$i" 1 b@x.test "[127.0.0.1]:$port"
	done | smtp-send -b >>"$T/results"
	[ "$(grep -c ' 1 0 250/[^ ]* 2.0.0' "$T/results")" = 500 ]
	[ "$(find "$T" -name 'sunk.*' | wc -l)" = 500 ]
}

@test "DSN: RET, ENVID, NOTIFY and ORCPT go on to a host that offers it, and to no other" {
	dsn_jobs() {
		printf '%s\tMAILPARAMS=%s\tRCPTPARAMS=%s\n' "$(job 1 1 b@x.test)" \
			'SIZE=9 RET=HDRS ENVID=QQ+2B1' 'NOTIFY=NEVER ORCPT=rfc822;old@x.test'
		job 1 2 c@x.test
	}
	start_fake s -- 'EHLO=250-fake\n250-PIPELINING\n250 DSN'
	dsn_jobs | smtp-send -b >>"$T/results"
	grep -qx '1< MAIL FROM:<a@example.test> RET=HDRS ENVID=QQ+2B1' "$T/s"
	grep -qx '1< RCPT TO:<b@x.test> NOTIFY=NEVER ORCPT=rfc822;old@x.test' "$T/s"
	grep -qx '1< RCPT TO:<c@x.test>' "$T/s"
	[ "$(grep -c ' 0 250/dsn/127.0.0.1\[127.0.0.1\] 2.0.0 taken' "$T/results")" = 2 ]
	start_fake t
	dsn_jobs | smtp-send -b >>"$T/results"
	grep -qx '1< RCPT TO:<b@x.test>' "$T/t"
	! grep -qE 'ENVID|NOTIFY|ORCPT' "$T/t"
}

@test "SMTPUTF8: what needs it is 5.6.7 where it is not offered; what does not, goes" {
	utf8_job() { printf '%s\tMAILPARAMS=SMTPUTF8\n' "$(job "$1" 1 b@x.test)"; }
	start_fake u -- 'EHLO=250-fake\n250-8BITMIME\n250 SMTPUTF8'
	printf 'Subject: plain\n\n\xc3\xbc\n' >"$M"
	utf8_job 1 | smtp-send -b >>"$T/results"
	[[ "$(result 1 1)" == '0 250 '* ]]
	printf 'Subject: \xc3\xbc\n\nx\n' >"$M"
	utf8_job 2 | smtp-send -b >>"$T/results"
	[[ "$(result 2 1)" == '0 250 '* ]]
	grep -q 'MAIL FROM:<a@example.test> .*SMTPUTF8' "$T/u"
	start_fake v
	utf8_job 3 | smtp-send -b >>"$T/results"
	[[ "$(result 3 1)" == *' 5.6.7 '* ]] || { cat "$T/results"; false; }
}
