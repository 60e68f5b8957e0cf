#!/usr/bin/env bats
# deliver-mbox: what Python reads back is what was delivered; locks, full disks, many at a time.

bats_require_minimum_version 1.5.0
load lib

setup() {
	make_root example.test user
	export PABAL_LOG=fd:9 SENDER=s@x.test RECIPIENT=b@y.test
	exec 9>>"$LOG"
	T=$BATS_TEST_TMPDIR M=$T/message BOX=$T/box
	printf 'Subject: test\n\nFrom the start\n>From here\nnot From\n\nFrom x' >"$M"
}

@test "a message, quoted, with its From line; two of them read by Python" {
	deliver-mbox "$BOX" <"$M"
	SENDER='' deliver-mbox "$BOX" <"$M"
	grep -q '^From s@x.test [A-Z][a-z][a-z] [A-Z][a-z][a-z] [ 0-9][0-9] ..:..:.. 20..$' "$BOX"
	grep -q '^From MAILER-DAEMON ' "$BOX"
	[ "$(grep -c '^>From the start$' "$BOX")$(grep -c '^>>From here$' "$BOX")$(grep -c '^>From x$' "$BOX")" = 222 ]
	python3 - "$BOX" <<-'END'
		import mailbox, sys
		box = mailbox.mbox(sys.argv[1])
		assert len(box) == 2
		assert [m["Return-Path"] for m in box] == ["<s@x.test>", "<>"]
		assert [m["Delivered-To"] for m in box] == ["b@y.test"] * 2
	END
	[ "$(stat -c %a "$BOX")" = 600 ]
	[ ! -e "$BOX.lock" ]
}

@test "a long message with From lines everywhere" {
	python3 -c 'print("Subject: x\n"); [print("From " + "y" * (i % 3000)) for i in range(2000)]' >"$M"
	deliver-mbox "$BOX" <"$M"
	[ "$(grep -c '^>From y*$' "$BOX")" = 2000 ]
	[ "$(grep -c '^From ' "$BOX")" = 1 ]
	sed '1,3d; s/^>From/From/' "$BOX" | head -n -1 | cmp - "$M"
}

@test "a full disk, a limit, a link, a folder: deferred, and the file is as before" {
	deliver-mbox "$BOX" <"$M"
	cp "$BOX" "$T/before"
	head -c 200000 /dev/zero | tr '\0' x >>"$M"
	run bash -c 'ulimit -f 100; deliver-mbox "$0" <"$1"' "$BOX" "$M"
	[ "$status" = 75 ]
	cmp "$BOX" "$T/before"
	ln -s "$BOX" "$T/link"
	run deliver-mbox "$T/link" <"$M"
	[ "$status" = 75 ]
	run deliver-mbox "$T" <"$M"
	[ "$status" = 75 ]
	run deliver-mbox "$T/no/where" <"$M"
	[ "$status" = 75 ]
	run deliver-mbox "$BOX" </dev/null
	[ "$status" = 75 ]
	cmp "$BOX" "$T/before"
}

@test "ten at the same time; a lock that was left behind" {
	touch -d '1 hour ago' "$BOX.lock"
	local pids=() i
	for i in 1 2 3 4 5 6 7 8 9 10; do
		deliver-mbox "$BOX" <"$M" 3>&- &
		pids+=($!)
	done
	for i in "${pids[@]}"; do wait "$i"; done
	[ "$(grep -c '^From ' "$BOX")" = 10 ]
	[ "$(grep -c '^Subject: test$' "$BOX")" = 10 ]
	[ ! -e "$BOX.lock" ]
}

@test "from the queue, by a route" {
	echo "far.test:deliver-mbox $BOX" >"$PABAL_ROOT/control/routes"
	queue-add -f user@example.test x@far.test y@far.test <"$M"
	queue-run
	[ "$(grep -c '^Delivered-To: [xy]@far.test' "$BOX")" = 2 ]
}
