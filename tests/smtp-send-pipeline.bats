#!/usr/bin/env bats
# smtp-send as a worker: the next message begins with the end of the last one.

bats_require_minimum_version 1.5.0
load lib

setup() {
	source "$BATS_TEST_DIRNAME/peers/peers.bash"
	make_root example.test user
	export PABAL_LOG=fd:9
	exec 9>>"$LOG"
	T=$BATS_TEST_TMPDIR
	local i
	for i in 1 2 3 4; do
		printf 'Subject: message %s\n\n.text %s\n' $i $i >"$T/m$i"
	done
}

teardown() {
	stop_peers
}

# job ID N RCPT: message ID for that recipient
job() {
	printf '%s\t%s\t%s\t0\ta@example.test\t%s\tDEST=[127.0.0.1]:%s\n' "$(printf %024d "$1")" "$2" "$T/m$1" "$3" "$FAKE_PORT"
}

# result ID N: its code, reply and words
result() {
	grep " $(printf %024d "$1") $2 " "$T/results" | cut -d' ' -f4- | sed -E 's|^([0-9]+ [0-9]+)//[^ ]*|\1|'
}

work() {
	timeout 60 smtp-send -T 3 -b >>"$T/results"
}

@test "MAIL, RCPT and DATA of the next message are there before the last one has its reply" {
	start_fake s -- dot/1=@peek dot/2=@peek
	{ job 1 1 b@x.test; job 2 1 c@x.test; job 2 2 d@x.test; job 3 1 e@x.test; } | work
	[ "$(grep -c ' 0 250' "$T/results")" = 4 ]
	wait_until grep -q '^1\. closed' "$T/s"
	[ "$(sed -n 's/^1< \([A-Z]*\).*/\1/p' "$T/s" | xargs)" = "EHLO MAIL RCPT DATA MAIL RCPT RCPT DATA MAIL RCPT DATA QUIT" ]
	for i in 1 2 3; do
		sed 's/\r$//; s/^\.//' "$T/s.1.$i" | cmp - "$T/m$i"
	done
}

@test "without PIPELINING nothing is sent before its time" {
	start_fake s -- 'EHLO=250 fake' dot/1=@peek
	{ job 1 1 b@x.test; job 2 1 c@x.test; } | work
	[[ $(result 1 1) == "75 "*"no answer after the message"* ]]
	[ "$(result 2 1)" = "0 250 2.0.0 taken" ]
}

@test "a refused message harms the next one not; nor does a refused sender, a refused recipient" {
	start_fake s -- 'dot/1=554 5.7.1 spam' 'MAIL/3=550 5.7.1 not you' 'RCPT:e@x.test=550 5.1.1 no' 'DATA/3=503 5.5.1 no'
	{ job 1 1 b@x.test; job 2 1 c@x.test; job 3 1 d@x.test; job 4 1 f@x.test; job 4 2 e@x.test; } | work
	[ "$(result 1 1)" = "69 554 5.7.1 spam" ]
	[ "$(result 2 1)" = "0 250 2.0.0 taken" ]
	[ "$(result 3 1)" = "69 550 5.7.1 not you" ]
	[ "$(result 4 1)" = "0 250 2.0.0 taken" ]
	[ "$(result 4 2)" = "67 550 5.1.1 no" ]
	[ "$(grep -c EHLO "$T/s")" = 1 ]
}

@test "all recipients of the next are refused: no message of it, no RSET too many" {
	start_fake s -- 'RCPT:c@x.test=550 5.1.1 no' 'DATA/2=503 5.5.1 no recipients'
	{ job 1 1 b@x.test; job 2 1 c@x.test; job 3 1 d@x.test; } | work
	[ "$(result 2 1)" = "67 550 5.1.1 no" ]
	[ "$(result 3 1)" = "0 250 2.0.0 taken" ]
	[ "$(sed -n 's/^1< \([A-Z]*\).*/\1/p' "$T/s" | xargs)" = "EHLO MAIL RCPT DATA MAIL RCPT DATA RSET MAIL RCPT DATA QUIT" ]
	sed 's/\r$//; s/^\.//' "$T/s.1.2" | cmp - "$T/m3"
}

@test "421 or a lost connection at the end of one: the next goes over a new one" {
	local action
	for action in '421 4.3.2 going down' @close; do
		rm -f "$T/results"
		start_fake "s${action:0:2}" -- "dot/1=$action"
		{ job 1 1 b@x.test; job 2 1 c@x.test; } | work
		[[ $(result 2 1) == "0 250 2.0.0 taken" ]]
		grep -q '^2< RCPT TO:<c@x.test>' "$T/s${action:0:2}"
	done
	[[ $(result 1 1) == "75 "*"connection lost after the message" ]]
}

@test "a lost connection between the next one's replies" {
	start_fake s -- 'RCPT:c@x.test/1=@close'
	{ job 1 1 b@x.test; job 2 1 c@x.test; job 3 1 d@x.test; } | work
	[ "$(grep -c ' 1 0 250' "$T/results")" = 3 ]
	[ "$(cat "$T/s".?.? | grep -c '^Subject: message 1')$(cat "$T/s".?.? | grep -c '^Subject: message 2')" = 11 ]
}

@test "a next message that needs thought waits: too large, 8-bit octets without 8BITMIME, an address for SMTPUTF8" {
	start_fake s -- 'EHLO=250-fake\n250-PIPELINING\n250 SIZE 100'
	printf 'Subject: \303\251\n\nx\n' >"$T/m2"
	{ printf 'Subject: big\n\n'; head -c 200 /dev/zero | tr '\0' x; echo; } >"$T/m3"
	{ job 1 1 b@x.test; job 2 1 c@x.test; job 3 1 d@x.test; job 4 1 e@x.test; job 4 2 $'\303\251@x.test'; } | work
	[ "$(result 1 1)" = "0 250 2.0.0 taken" ]
	[ "$(result 2 1)" = "0 250 2.0.0 taken" ]
	[[ $(result 3 1) == "69 552 5.3.4 "* ]]
	[ "$(result 4 1)" = "0 250 2.0.0 taken" ]
	[[ $(result 4 2) == "65 553 5.6.7 "* ]]
	sed 's/\r$//' "$T/s.1.2" | grep -q '^Subject: =?'
}

@test "250 recipients: transactions of 100, the next message behind the last of them" {
	start_fake s -- dot/3=@peek
	{
		for ((i = 1; i <= 250; i++)); do job 1 $i "u$i@x.test"; done
		job 2 1 c@x.test
	} | work
	[ "$(grep -c ' 0 250' "$T/results")" = 251 ]
	[ "$(grep -c MAIL "$T/s")" = 4 ]
	[ "$(grep -c RCPT "$T/s")" = 251 ]
}

@test "any octets: each message arrives as it is, none becomes two, no bare CR or LF" {
	python3 - "$T" 60 <<-'END'
		import random, sys
		random.seed(11)
		parts = [b".", b"..", b"\n", b"\n.\n", b"\n..\n", b"\r\n", b"\r\n.\r\n", b"\nMAIL FROM:<x@y>\n", b"\0", b"\xff",
		         b"word ", b"x" * 998, b"y" * 70000, b"\n.\nRCPT TO:<z@z>\n", b"\n\n"]
		for i in range(1, int(sys.argv[2]) + 1):
		    body = b"".join(random.choice(parts) for _ in range(random.randrange(0, 40)))
		    with open(f"{sys.argv[1]}/m{i}", "wb") as f:
		        f.write(b"Subject: %d\n\n" % i + body)
	END
	start_fake s
	for ((i = 1; i <= 60; i++)); do job $i 1 b@x.test; done | work
	[ "$(grep -c ' 1 0 250' "$T/results")" = 60 ]
	python3 - "$T" 60 <<-'END'
		import sys
		for i in range(1, int(sys.argv[2]) + 1):
		    sent = open(f"{sys.argv[1]}/m{i}", "rb").read().replace(b"\r\n", b"\n")
		    got = open(f"{sys.argv[1]}/s.1.{i}", "rb").read()
		    assert got.count(b"\n") == got.count(b"\r\n") == got.count(b"\r"), i
		    lines = [l[1:] if l.startswith(b".") else l for l in got.split(b"\r\n")]
		    text = b"\n".join(lines)
		    assert text == sent or text == sent + b"\n", i
	END
	[ "$(grep -c 'MAIL FROM' "$T/s")" = 60 ]
	[ "$(grep -c EHLO "$T/s")" = 1 ]
}
