# thru(1): NEXT sees the whole of what the filter wrote, or nothing at all.
load lib

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	export TMPDIR=$BATS_TEST_TMPDIR/tmp
	mkdir tmp
	printf 'Subject: x\n\nbody\n' >message
	# NEXT for the tests: shows that it ran, and keeps its input
	cat >next <<-'END'
		#!/bin/sh
		echo ran >>ran
		cat >got
		exit ${1:-0}
	END
	chmod +x next
}
teardown() { stop_all; }

not_run() { [ ! -e ran ]; }

@test "the filter's output is the message of the next command" {
	run thru sed s/body/BODY/ -- ./next <message
	[ "$status" = 0 ]
	[ "$output" = '' ]
	[ "$(<got)" = $'Subject: x\n\nBODY' ]
	[ "$(wc -l <ran)" = 1 ]
	[ -z "$(ls tmp)" ] # the temporary file has no name
}

@test "the next command gets a seekable file, at its start" {
	thru cat -- python3 -c '
import os, stat
assert stat.S_ISREG(os.fstat(0).st_mode) and os.lseek(0, 0, os.SEEK_CUR) == 0
assert os.read(0, 99) == b"Subject: x\n\nbody\n"' <message
}

@test "the message starts at the current offset" {
	printf 'left out\n' | cat - message >longer
	{ read -r _; thru cat -- ./next; } <longer
	cmp got message
}

@test "filters follow each other" {
	thru sed s/body/a/ -- thru sed s/a/b/ -- thru sed s/b/c/ -- ./next <message
	[ "$(tail -1 got)" = c ]
}

@test "the next command's exit status is the end of it" {
	for rc in 0 1 65 75 99; do
		run thru cat -- ./next $rc <message
		[ "$status" = $rc ]
	done
}

@test "a filter that fails: 65 and 77 as they are, all else 75; the next command is not run" {
	for pair in 1:75 2:75 64:75 65:65 67:75 70:75 75:75 77:77 78:75 100:75 111:75 127:75 255:75; do
		run thru sh -c "cat; exit ${pair%:*}" -- ./next <message
		[ "$status" = "${pair#*:}" ]
		not_run
	done
}

@test "a filter that is killed half way: 75, not run" {
	for signal in KILL TERM SEGV PIPE; do
		run thru sh -c "head -1; kill -$signal \$\$" -- ./next <message
		[ "$status" = 75 ]
		not_run
	done
}

@test "a filter that exits with 99 has handled the message" {
	run thru sh -c 'cat; exit 99' -- ./next <message
	[ "$status" = 0 ]
	[ "$output" = 'dropped sh' ]
	not_run
	run sh -c "thru sh -c 'exit 99' -- ./next <message >/dev/full"
	[ "$status" = 75 ]
}

@test "programs that are missing: 75" {
	run thru ./no-such-filter -- ./next <message
	[ "$status" = 75 ]
	[[ $output == *no-such-filter* ]]
	not_run
	run thru cat -- ./no-such-next <message
	[ "$status" = 75 ]
	[[ $output == *no-such-next* ]]
}

@test "wrong usage: 75, with a word" {
	for args in '' 'cat' '-- ./next' 'cat --' '-x cat -- ./next'; do
		run thru $args <message
		[ "$status" = 75 ]
		[ -n "$output" ]
		not_run
	done
}

@test "the filter does not see descriptor 3, the next command does" {
	echo envelope >envelope
	thru sh -c '! { true <&3; } 2>/dev/null && cat' -- sh -c 'cat <&3; cat' 3<envelope <message >out
	cat envelope message | cmp - out
	# and where there is none, none appears
	thru sh -c '! { true <&3; } 2>/dev/null && cat' -- sh -c '! { true <&3; } 2>/dev/null && cat' 3<&- \
		<message >out
	cmp message out
}

@test "the filter has no descriptor of the temporary file but its output" {
	cat >filter <<-'END'
		import os, sys
		fds = [int(fd) for fd in os.listdir("/proc/self/fd")]
		links = {fd: os.readlink(f"/proc/self/fd/{fd}") for fd in fds if os.path.lexists(f"/proc/self/fd/{fd}")}
		assert [fd for fd in links if "pabal" in links[fd] and "deleted" in links[fd]] == [1], links
		sys.stdout.write(sys.stdin.read())
	END
	thru python3 filter -- ./next <message
	cmp got message
}

@test "no room for the temporary file: 75, not run" {
	TMPDIR=$PWD/none run thru cat -- ./next <message
	[ "$status" = 75 ]
	not_run
	unshare -${R}m true 2>/dev/null || cannot "no mount namespace of one's own here"
	{ cat message; head -c 3000000 /dev/zero; } >large
	run unshare -${R}m sh -c 'mount -t tmpfs -o size=1m none "$TMPDIR" && exec thru cat -- ./next <large'
	[ "$status" = 75 ]
	not_run
}

@test "with queue-add: a filter that dies commits nothing, one that empties the message neither" {
	make_root example.test kim
	export PABAL_LOG=none
	run thru sh -c 'cat; exit 1' -- queue-add -f a@x.test b@x.test <message
	[ "$status" = 75 ]
	run thru true -- queue-add -f a@x.test b@x.test <message
	[ "$status" = 75 ]
	[ -z "$(find "$PABAL_ROOT/queue" -type f)" ]
	printf 'MAIL FROM:<a@x.test>\nRCPT TO:<b@x.test>\nDATA\n' >envelope
	run thru cat -- thru cat -- queue-add -e 3 3<envelope <message
	[ "$status" = 0 ]
	[[ $output == queued\ * ]]
	only_message "$PABAL_ROOT/queue"
}

@test "a message of 20 MB with NULs, unchanged" {
	{ cat message; head -c 20000000 /dev/urandom; } >large
	thru cat -- ./next <large
	cmp large got
}
