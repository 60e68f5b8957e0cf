# queue-top(1): waiting mail by destination and reason, by age.
load lib
bats_require_minimum_version 1.5.0

setup() {
	make_root example.test kim
	export PABAL_LOG=none
	Q=$PABAL_ROOT/queue
	N=0
	NOW=1700000000
	cd "$BATS_TEST_TMPDIR" || return
}

# add AGE SENDER RCPT…: a message that came AGE seconds ago; its ID in $ID.
add() {
	local age=$1 sender=$2
	shift 2
	N=$((N + 1))
	ID=$(printf '%024d' $N)
	printf 'Subject: x\n\nx\n' | QUEUE_ID=$ID PABAL_NOW=$((NOW - age)) queue-add -f "$sender" -- "$@" >/dev/null
}
# deferred N WORDS: recipient N of the last message.
deferred() {
	python3 -c 'import sys, zlib
w = sys.argv[1].encode() + b"\n"
sys.stdout.buffer.write(b"%08X " % zlib.crc32(w) + w)' "$1 deferred $NOW $2" >>"$Q/log/$ID"
}
at() { PABAL_NOW=$NOW queue-top "$@"; }

@test "an empty queue: nothing, 0" {
	for o in '' -T -j -s; do
		run -0 at $o
		[ "$output" = '' ]
	done
}

@test "destinations by the mail that waits, reasons below, ages beside" {
	add 10 a@y.test one@far.test two@Far.test kim@near.test
	deferred 1 '75 4.4.1 connect to 192.0.2.1: timed out'
	deferred 2 '75 4.4.1 connect to 192.0.2.200: timed out'
	add 4000 b@z.test x@far.test
	deferred 1 '75/450 4.2.0 busy'
	add 400000 '<>' x@far.test done@far.test
	deferred 2 '75/450 4.2.0 busy'
	mv "$Q/new/$ID" "$Q/hold/$ID"
	at >out
	cat >want <<-'END'
		   MAIL    <5m    <1h    <4h    <1d    <3d   MORE OLDEST  TO, WHY
		      5                                                    far.test
		      2      2      .      .      .      .      .    10s      4.4.1 connect to 192.0.2.1: timed out
		      2      .      .      .      .      .      2     4d      held
		      1      .      .      1      .      .      .    66m      450 4.2.0 busy
		      1                                                    near.test
		      1      1      .      .      .      .      .    10s      not tried yet
	END
	diff want out
	[ "$(at -T | head -1)" = $'far.test\t2\t10\t2\t0\t0\t0\t0\t0\t4.4.1 connect to 192.0.2.1: timed out' ]
	[ "$(at -T -n 2 | wc -l)" = 2 ]
	at -j | python3 -c '
import json, sys
rows = [json.loads(line) for line in sys.stdin]
assert sum(r["mail"] for r in rows) == 6 and rows[1]["reason"] == "held", rows
assert rows[1] == {"destination": "far.test", "mail": 2, "oldest": 400000, "ages": [0, 0, 0, 0, 0, 2], "reason": "held"}'
	[ "$(at -s -T | cut -f 1 | sort -u | tr '\n' ' ')" = '<> y.test z.test ' ]
}

@test "who has the message waits no more; what failed is not counted" {
	add 10 a@y.test one@far.test two@far.test
	python3 -c 'import sys, zlib
w = b"1 relayed 1700000000 0/250 2.0.0 ok\n"
sys.stdout.buffer.write(b"%08X " % zlib.crc32(w) + w)' >"$Q/log/$ID"
	[ "$(at -T | cut -f 2)" = 1 ]
	mv "$Q/new/$ID" "$Q/failed/$ID"
	[ "$(at -T)" = '' ]
}

@test "a damaged file is told, the others count; usage" {
	add 10 a@y.test one@far.test
	add 10 a@y.test one@far.test
	mv "$Q/new/$ID" "$Q/hold/$ID"
	printf x | dd of="$Q/hold/$ID" bs=1 seek=3 conv=notrunc status=none
	run -69 at -T
	[[ $output == *"hold/$ID: damaged"* && $output == *far.test* ]]
	for args in -x 'x' '-n 0' '-n x'; do run -64 at $args; done
	PABAL_ROOT=$BATS_TEST_TMPDIR/none run -69 at
	run ! sh -c 'queue-top -T >/dev/full'
}
