#!/usr/bin/env bats
# deliver-pipe: a program a message, with limits.

bats_require_minimum_version 1.5.0
load lib

setup() {
	make_root example.test user
	export PABAL_LOG=fd:9 SENDER=s@x.test RECIPIENT=b+ext@y.test
	exec 9>>"$LOG"
	T=$BATS_TEST_TMPDIR M=$T/message
	printf 'Subject: test\n\ntext\n' >"$M"
}

program() { # program SCRIPT: $T/p
	printf '#!/bin/sh\n%s\n' "$1" >"$T/p"
	chmod +x "$T/p"
}

@test "the message from its offset, the environment, the words of the command" {
	program "cat >$T/got; env >$T/env; echo \"\$# \$2\" >$T/args"
	printf 'garbage\n' | cat - "$M" >"$T/more"
	{
		read -r _
		HIDDEN=x QUEUE_ID=000000000000000000000001 ATTEMPT=3 deliver-pipe "$T/p" one 'two three'
	} <"$T/more"
	printf 'Return-Path: <s@x.test>\nDelivered-To: b+ext@y.test\n' | cat - "$M" | cmp - "$T/got"
	[ "$(cat "$T/args")" = "3 two" ]
	local line
	for line in SENDER=s@x.test RECIPIENT=b+ext@y.test LOCAL=b+ext HOST=y.test EXT=ext \
		QUEUE_ID=000000000000000000000001 ATTEMPT=3 "HOME=$(getent passwd "$(id -u)" | cut -d: -f6)"; do
		grep -qx "$line" "$T/env" || { echo "$line"; cat "$T/env"; false; }
	done
	! grep HIDDEN "$T/env" || false
}

@test "exit codes: permanent and temporary; the last line of fd 2 is the reason" {
	local code
	for code in 65 67 68 69 76 77 100; do
		program "echo ignored >&2; echo '5.7.1 not from you' >&2; exit $code"
		run --separate-stderr deliver-pipe "$T/p" <"$M"
		[ "$status" = "$code" ]
		[[ $stderr == *"5.7.1 not from you" ]]
	done
	for code in 1 64 66 70 71 75 99 111 126 127 255; do
		program "echo '5.7.1 not from you' >&2; exit $code"
		run --separate-stderr deliver-pipe "$T/p" <"$M"
		[ "$status" = 75 ]
		[[ $stderr == *"4.3.0 $T/p: exit $code: 5.7.1 not from you" ]]
	done
	run deliver-pipe "$T/missing" <"$M"
	[ "$status" = 75 ]
	program 'kill -9 $$'
	run deliver-pipe "$T/p" <"$M"
	[ "$status" = 75 ]
}

@test "a program that takes too long, or leaves others behind, is ended with all of its group" {
	program "sleep 300 & echo \$! >$T/child; wait"
	SECONDS=0
	run deliver-pipe -t 1 "$T/p" <"$M"
	[ "$status" = 75 ]
	[[ $output == *"took too long" ]]
	[ "$SECONDS" -lt 10 ]
	gone() { ! kill -0 "$(cat "$T/child")" 2>/dev/null; }
	wait_until gone
	program "sleep 300 >/dev/null 2>&1 & echo \$! >$T/child"
	deliver-pipe "$T/p" <"$M"
	wait_until gone
}

@test "limits: memory, the size of a file; a mistake in control defers" {
	echo 50 >"$PABAL_ROOT/control/program-memory"
	program 'exec python3 -c "x = bytearray(200 << 20)"'
	run deliver-pipe "$T/p" <"$M"
	[ "$status" = 75 ]
	echo 1 >"$PABAL_ROOT/control/program-file"
	program "head -c 3000000 /dev/zero >$T/big"
	run deliver-pipe "$T/p" <"$M"
	[ "$status" = 75 ]
	[ "$(stat -c %s "$T/big")" -le 1048576 ]
	echo nonsense >"$PABAL_ROOT/control/program-timeout"
	run deliver-pipe true <"$M"
	[ "$status" = 75 ]
}

@test "worker: a result for each job; from the queue by a route" {
	program "cat >>$T/got; [ \"\$RECIPIENT\" != no@far.test ] || { echo 5.1.1 nobody >&2; exit 67; }"
	echo "far.test:deliver-pipe $T/p an argument" >"$PABAL_ROOT/control/routes"
	run mail-where x@far.test
	[[ $output == "x@far.test: remote by deliver-pipe to $T/p an argument (control/routes:1)" ]]
	SENDER='' queue-add -f user@example.test x@far.test y@far.test no@far.test <"$M"
	run queue-run
	[ "$(grep -c '^Subject: test' "$T/got")" = 3 ]
	grep -q 'Delivered-To: y@far.test' "$T/got"
	[ "$(only_message "$PABAL_ROOT/mail/example.test/user" | wc -l)" = 1 ] # the bounce
	grep -q '5.1.1' "$(only_message "$PABAL_ROOT/mail/example.test/user")"
	run deliver-pipe "$T/p" </dev/null
	[ "$status" = 75 ]
}
