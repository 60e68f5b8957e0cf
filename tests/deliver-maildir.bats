# deliver-maildir: byte for byte, once, durable, or 75 and nothing left.
load lib

setup() {
	make_root example.test alice bob
	BOX=$PABAL_ROOT/mail/example.test/alice
	cd "$BATS_TEST_TMPDIR" || return
	unset SENDER RECIPIENT QUEUE_ID ATTEMPT
	printf 'Subject: x\n\nbody\n' >message
}

# refused [ARGS…]: exit 75 with a word on fd 2, and no file anywhere in the Maildir.
refused() {
	rc=0
	deliver-maildir "${1:-$BOX}" >out 2>err || rc=$?
	[ $rc = 75 ] || { echo "exit $rc"; cat out err; return 1; }
	[ -s err ] && [ ! -s out ] && [ -z "$(find "$BOX" -type f)" ]
}

@test "prints the path of the new file, with the two fields on top" {
	path=$(SENDER=s@far.test RECIPIENT=alice@example.test deliver-maildir "$BOX" <message)
	[ "$path" = "$(only_message "$BOX")" ]
	diff <(printf 'Return-Path: <s@far.test>\nDelivered-To: alice@example.test\n'; cat message) "$path"
	[[ $path == *,S=$(stat -c %s "$path"),W=$(sed 's/$/\r/' "$path" | wc -c) ]]
	[ "$(stat -c %a "$path")" = 600 ]
	[ "$(find "$BOX" -type f | wc -l)" = 1 ]
}

@test "the null sender, and no fields where nothing is known" {
	SENDER='' deliver-maildir "$BOX" <message >path
	diff <(echo 'Return-Path: <>'; cat message) "$(cat path)"
	deliver-maildir "$BOX" <message >path
	cmp message "$(cat path)"
}

@test "NULs, all octets, and a line of 10 MB go in unchanged" {
	{
		printf 'Subject: x\n\n'
		python3 -c 'import sys; sys.stdout.buffer.write(bytes(b for b in range(256) if b != 13) * 8)'
		head -c 10000000 /dev/zero | tr '\0' x
	} >big
	deliver-maildir "$BOX" <big >path
	cmp big "$(cat path)"
	cat big | deliver-maildir "$BOX" >path2
	cmp big "$(cat path2)"
	[ "$(cat path)" != "$(cat path2)" ]
}

@test "a file with CRLF line ends becomes one with LF" {
	sed 's/$/\r/' message >crlf
	deliver-maildir "$BOX" <crlf >path
	cmp message "$(cat path)"
}

@test "the message starts at the current offset" {
	{ echo "not this line"; cat message; } >two
	{ read -r _; deliver-maildir "$BOX" >path; } <two
	cmp message "$(cat path)"
}

@test "into a folder" {
	mkdir -p "$BOX/.lists/"{cur,new,tmp}
	path=$(deliver-maildir "$BOX/.lists" <message)
	[ "$path" = "$(only_message "$BOX/.lists")" ]
}

@test "empty and headerless input is 75 and leaves nothing" {
	refused </dev/null
	refused <<<'no header here'
	printf '\nbody\n' | refused
	printf 'From a b\nSubject: x\n\n' | refused
}

@test "a Maildir that is not there is 75 and is not made" {
	rc=0
	deliver-maildir "$BOX/.none" <message 2>err || rc=$?
	[ $rc = 75 ] && [ ! -e "$BOX/.none" ]
	rc=0
	rmdir "$BOX/tmp"
	deliver-maildir "$BOX" <message 2>err || rc=$?
	[ $rc = 75 ] && [ ! -e "$BOX/tmp" ] && [ -z "$(find "$BOX" -type f)" ]
}

@test "no argument, two, an empty one: 75" {
	for args in '' "$BOX $BOX"; do
		rc=0
		deliver-maildir $args <message 2>err || rc=$?
		[ $rc = 75 ] && grep -q usage err
	done
	rc=0
	deliver-maildir '' <message 2>err || rc=$?
	[ $rc = 75 ]
}

@test "a loop of Delivered-To is permanent" {
	{ printf 'Delivered-To: Alice@example.test\n'; cat message; } >looped
	rc=0
	RECIPIENT=alice@example.test deliver-maildir "$BOX" <looped 2>err || rc=$?
	[ $rc = 69 ] && grep -q '5\.4\.6' err && [ -z "$(find "$BOX" -type f)" ]
	RECIPIENT=bob@example.test deliver-maildir "$BOX" <looped
}

@test "a control octet in the envelope is refused" {
	SENDER=$'a\nX-Forged: yes' refused <message
	RECIPIENT=$'a\rb' refused <message
}

@test "the file system is full: 75, 4.3.1, nothing left behind" {
	[ "$(id -u)" = 0 ] || unshare -${R}m true 2>/dev/null || cannot "no mount name space"
	head -c 3000000 /dev/zero >body
	cat message body >big
	export BOX
	run unshare -${R}m bash -c '
		mkdir full && mount -t tmpfs -o size=1m none full && mkdir full/{cur,new,tmp} || exit 1
		deliver-maildir full <big 2>err; echo $?
		find full -type f
		cat err'
	[ "${lines[0]}" = 75 ]
	[[ ${lines[1]} == *4.3.1* ]]
	[ ${#lines[@]} = 2 ]
}

@test "a limit on file sizes is 75, not a signal" {
	head -c 3000000 /dev/zero >body
	cat message body >big
	(ulimit -f 1000 && refused <big)
}

@test "in a chain with QUEUE_ID: a second attempt finds the first" {
	export QUEUE_ID=1N00000ABCDEFGHJKMNPQRST RECIPIENT=alice@example.test SENDER=s@far.test
	first=$(ATTEMPT=1 deliver-maildir "$BOX" <message)
	[ "$(ATTEMPT=2 deliver-maildir "$BOX" <message)" = "$first" ]
	mv "$first" "$BOX/cur/${first##*/}:2,RS"
	[ "$(ATTEMPT=3 deliver-maildir "$BOX" <message)" = "$BOX/cur/${first##*/}:2,RS" ]
	[ "$(find "$BOX" -type f | wc -l)" = 1 ]
}

@test "old leftovers in tmp/ go, young ones stay" {
	touch "$BOX/tmp/leftover"
	deliver-maildir "$BOX" <message
	[ -e "$BOX/tmp/leftover" ]
	PABAL_NOW=$(($(date +%s) + 35 * 3600)) deliver-maildir "$BOX" <message
	[ -e "$BOX/tmp/leftover" ]
	PABAL_NOW=$(($(date +%s) + 37 * 3600)) deliver-maildir "$BOX" <message
	[ ! -e "$BOX/tmp/leftover" ]
}

# job N ATTEMPT BOX: a line for the worker
job() {
	printf '1N00000ABCDEFGHJKMNPQRS%s\t%d\t%s\t0\ts@far.test\tr%d@example.test\tDEST=%s\tSIZE=17\tATTEMPT=%d\n' \
		T "$1" "$PWD/message" "$1" "$3" "$2"
}

@test "the worker: results only after the commit, one line a job" {
	bob=$PABAL_ROOT/mail/example.test/bob
	for n in {1..100}; do job "$n" 1 "$BOX"; done >jobs
	job 101 1 "$bob" >>jobs
	job 102 1 "$BOX/.none" >>jobs
	echo garbage >>jobs
	deliver-maildir -b <jobs >>results 2>err
	grep -q 'not a job: garbage' err
	[ "$(wc -l <results)" = 102 ]
	[ "$(grep -c ' 0 0 2\.' results)" = 101 ]
	[ "$(grep -c ' 102 75 451 4\.3\.0 ' results)" = 1 ]
	[ "$(ls "$BOX/new" | wc -l)" = 100 ]
	[ "$(ls "$bob/new" | wc -l)" = 1 ]
	[ -z "$(ls "$BOX/tmp")" ]
	# the same again, as second attempts: nothing is doubled
	for n in {1..100}; do job "$n" 2 "$BOX"; done | deliver-maildir -b >>results
	[ "$(wc -l <results)" = 202 ]
	[ "$(ls "$BOX/new" | wc -l)" = 100 ]
}

@test "the worker reports at an empty line, while it lives" {
	mkfifo jobs
	: >results
	start sh -c 'exec deliver-maildir -b <jobs >>results'
	exec 5>jobs
	job 1 1 "$BOX" >&5
	job 2 1 "$BOX" >&5
	echo >&5
	wait_until grep -q ' 2 0 0 ' results
	[ "$(wc -l <results)" = 2 ]
	exec 5>&-
	wait "${STARTED[0]}"
}

@test "a full mailbox defers, once its messages were counted; a second attempt that finds the message does not" {
	printf '100S\n0 0\n' >"$BOX/maildirsize"
	QUEUE_ID=1N00000ABCDEFGHJKMNPQRST deliver-maildir "$BOX" <message
	printf '100S\n80 1\n10 1\n' >"$BOX/maildirsize"                  # what it says is wrong
	deliver-maildir "$BOX" <message
	[ "$(cat "$BOX/maildirsize")" = $'100S\n17 1\n17 1' ]
	{ cat message; head -c 60 /dev/zero | tr '\0' x; } >large
	rc=0
	deliver-maildir "$BOX" <large 2>err || rc=$?
	[ $rc = 75 ] && grep -q '^deliver-maildir: .*4\.2\.2.*full' err
	[ "$(cat "$BOX/maildirsize")" = $'100S\n34 2' ] && [ "$(find "$BOX/new" "$BOX/tmp" -type f | wc -l)" = 2 ]
	printf '10S\n34 2\n' >"$BOX/maildirsize"
	ATTEMPT=2 QUEUE_ID=1N00000ABCDEFGHJKMNPQRST deliver-maildir "$BOX" <message
}

@test "64 deliveries share their commits" {
	need strace
	for n in {1..64}; do job "$n" 1 "$BOX"; done >jobs
	strace -f -o trace -e trace=fsync,fdatasync,syncfs,rename,renameat deliver-maildir -b <jobs >>results || cannot "strace does not work here"
	[ "$(wc -l <results)" = 64 ]
	[ "$(grep -c 'rename' trace)" = 64 ]
	[ "$(grep -cE 'sync' trace)" -le 4 ]
	# every rename lies between a sync before and a sync behind
	grep -E 'sync|rename' trace | sed -n '1p;$p' | grep -c sync | grep -qx 2
}

teardown() { stop_all; }
