#!/usr/bin/env bats
# control/sender-map: other names for senders, in the envelope and in the header.

bats_require_minimum_version 1.5.0
load lib

setup() {
	source "$BATS_TEST_DIRNAME/peers/peers.bash"
	make_root example.test user
	export PABAL_LOG=fd:9
	exec 9>>"$LOG"
	T=$BATS_TEST_TMPDIR M=$T/message
	printf 'From: Me <user@example.test>\nTo: user@example.test\nSubject: x\n\nFrom: user@example.test\n.\n' >"$M"
	printf '%s\n' '@example.test:@isp.test' 'user@example.test:me123@isp.test' >"$PABAL_ROOT/control/sender-map"
	start_fake s
}

teardown() {
	stop_peers
}

from_wire() {
	sed 's/\r$//; s/^\.//' "$1"
}

@test "the sender and From have their other name, nothing else" {
	smtp-send -f user@example.test -c "127.0.0.1:$FAKE_PORT" b@x.test <"$M"
	grep -q 'MAIL FROM:<me123@isp.test> SIZE=' "$T/s"
	from_wire "$T/s.1.1" | diff - <(sed '1s/user@example.test/me123@isp.test/' "$M")
	smtp-send -f other@example.test -c "127.0.0.1:$FAKE_PORT" b@x.test <"$M"
	grep -q 'MAIL FROM:<other@isp.test> ' "$T/s"
	smtp-send -f x@y.test -c "127.0.0.1:$FAKE_PORT" b@x.test < <(sed 1d "$M")
	grep -q 'MAIL FROM:<x@y.test> ' "$T/s"
	from_wire "$T/s.3.1" | cmp - <(sed 1d "$M")
	smtp-send -f '<>' -c "127.0.0.1:$FAKE_PORT" b@x.test <"$M"
	grep -q 'MAIL FROM:<> ' "$T/s"
}

@test "from the queue, two messages over one connection, each with its own" {
	echo "*:[127.0.0.1]:$FAKE_PORT" >"$PABAL_ROOT/control/routes"
	sed 's/user@example/second@example/' "$M" >"$T/second"
	queue-add -f user@example.test b@x.test <"$M"
	queue-add -f second@example.test c@x.test <"$T/second"
	queue-run
	cat "$T"/s.1.* | grep -q '^From: Me <me123@isp.test>'
	cat "$T"/s.1.* | grep -q '^From: Me <second@isp.test>'
	[ "$(grep -c EHLO "$T/s")" = 1 ]
	grep -q 'MAIL FROM:<second@isp.test>' "$T/s"
}

@test "not over LMTP; a mistake in the table defers" {
	smtp-send -f user@example.test "lmtp:[127.0.0.1]:$FAKE_PORT" b@x.test <"$M"
	grep -q 'MAIL FROM:<user@example.test>' "$T/s"
	echo 'user@example.test:nonsense' >"$PABAL_ROOT/control/sender-map"
	run smtp-send -f user@example.test -c "127.0.0.1:$FAKE_PORT" b@x.test <"$M"
	[ "$status" = 75 ]
	grep -q 'event=config-error file=control/sender-map line=1' "$LOG"
	[ "$(grep -c MAIL "$T/s")" = 1 ]
}
