# queue-list(1): what waits, for people and for programs.
load lib

setup() {
	make_root example.test kim
	export PABAL_LOG=none
	Q=$PABAL_ROOT/queue
	cd "$BATS_TEST_TMPDIR" || return
	printf 'Subject: x\n\nbody\n' >message
}

# add ID [TIME]: a message from a@x.test to b and c.
add() { QUEUE_ID=$1 PABAL_NOW=${2:-1700000000} queue-add -f a@x.test b@x.test '"c c"@x.test' <message >/dev/null; }
# log_line WORDS: with its sum, as in log/ID.
log_line() {
	python3 -c 'import sys, zlib
w = sys.argv[1].encode() + b"\n"
sys.stdout.buffer.write(b"%08X " % zlib.crc32(w) + w)' "$1"
}

A=00000000000000000000000A B=00000000000000000000000B

@test "an empty queue: nothing, 0" {
	for o in '' -T -j; do
		run queue-list $o
		[ "$status" = 0 ]
		[ "$output" = '' ]
	done
}

@test "for people: one block a message, the oldest first" {
	QUEUE_ID=$B PABAL_NOW=1700000000 queue-add -f '<>' b@x.test <message
	QUEUE_ID=$A PABAL_NOW=1700000000 queue-add -f a@x.test c@x.test <message
	PABAL_NOW=1700007200 queue-list >out
	cat >want <<-END
		ID                       WHERE    AGE   SIZE TRIES  NEXT  SENDER, RECIPIENTS
		$A new       2h    17B     0   now  a@x.test
		    c@x.test  waiting
		$B new       2h    17B     0   now  <>
		    b@x.test  waiting
	END
	diff want out
}

@test "what happened to each, from the log" {
	QUEUE_ID=$A PABAL_NOW=1700000000 queue-add -f a@x.test b@x.test list@x.test c@x.test <message
	mv "$Q/new/$A" "$Q/later/B9/1700003600.$A"
	{
		log_line '0 attempt 1700000100 1 - -'
		log_line '1 deferred 1700000100 75/450//mx.x.test[192.0.2.1] 4.2.0 mailbox "busy"'
		log_line '2 expand 1700000100 4 - d@x.test'
		log_line '2 expanded 1700000100 0/250 2.0.0 ok'
		log_line '0 attempt 1700000200 2 - -'
		log_line '3 relayed 1700000200 0/250 2.0.0 taken'
		log_line '4 failed 1700000200 67/550 5.1.1 no such user'
		printf 'half a li'
	} >"$Q/log/$A"
	PABAL_NOW=1700000000 queue-list >out
	cat >want <<-END
		ID                       WHERE    AGE   SIZE TRIES  NEXT  SENDER, RECIPIENTS
		$A later     0s    17B     2   60m  a@x.test
		    b@x.test  deferred by mx.x.test[192.0.2.1]: 4.2.0 mailbox "busy"
		    list@x.test  expanded: 2.0.0 ok
		    c@x.test  relayed: 2.0.0 taken
		        d@x.test  failed: 5.1.1 no such user
	END
	diff want out
	queue-list -T >out
	printf '%s\t' "later/B9/1700003600.$A" $A later 1700000000 17 2 1700003600 a@x.test b@x.test deferred \
		1700000100 75 4.2.0 >want
	printf '%s\t%s\n' 'mailbox "busy"' 'mx.x.test[192.0.2.1]' >>want
	head -1 out | diff want -
	[ "$(wc -l <out)" = 4 ]
	queue-list -j | python3 -c '
import json, sys
m = [json.loads(line) for line in sys.stdin]
assert len(m) == 1
m = m[0]
assert m["id"] == sys.argv[1] and m["attempts"] == 2 and m["next"] == 1700003600 and m["size"] == 17
r = m["recipients"]
assert [x["event"] for x in r] == ["deferred", "expanded", "relayed", "failed"]
assert r[0]["words"] == "mailbox \"busy\"" and r[0]["reply"] == 450
assert r[0]["host"] == "mx.x.test[192.0.2.1]" and r[1]["host"] == ""
assert r[3]["address"] == "d@x.test" and r[3]["parent"] == 2 and r[3]["enhanced"] == "5.1.1"' $A
}

@test "hold and failed are listed, too" {
	add $A && add $B
	mv "$Q/new/$A" "$Q/hold"
	mv "$Q/new/$B" "$Q/failed"
	[ "$(queue-list | awk 'NR > 1 && /^0/ { print $2, $6 }')" = $'hold -\nfailed -' ]
}

@test "only the IDs that are asked for; none of them there: 1" {
	add $A && add $B
	[ "$(queue-list -T $B | cut -f 2 | sort -u)" = $B ]
	run queue-list 00000000000000000000000C
	[ "$status" = 1 ]
	[ "$output" = '' ]
}

@test "many messages, listed by several processes: all of them, in order" {
	add $A
	f=$Q/new/$A
	python3 - "$f" "$Q" <<-'END'
		import sys
		octets = open(sys.argv[1], "rb").read()
		for i in range(3000):
		    name = "%024d" % i
		    with open(sys.argv[2] + "/later/%02X/17000000%02d.%s" % (i % 256, i % 100, name), "wb") as f:
		        f.write(octets.replace(b"00000000000000000000000A", name.encode()))
	END
	queue-list -T >out
	[ "$(wc -l <out)" = 6002 ]
	cut -f 2 out | LC_ALL=C sort -c
	[ "$(cut -f 2 out | sort -u | wc -l)" = 3001 ]
	rm "$f"
	truncate -s 100 "$Q/later/00/1700000000.000000000000000000000000"
	run queue-list -T
	[ "$status" = 69 ]
	[ "$(queue-list 2>/dev/null | grep -c '^0')" = 2999 ]
}

@test "octets that break tables and JSON" {
	QUEUE_ID=$A queue-add -f '"back\\slash"@x.test' '"qu\"ote"@x.test' <message
	[ "$(queue-list -T | awk -F '\t' '{ print NF ": " $8 }')" = '15: "back\\\\slash"@x.test' ]
	queue-list -j | python3 -c '
import json, sys
m = json.loads(sys.stdin.read())
assert m["recipients"][0]["address"] == "\"qu\\\"ote\"@x.test", m
assert m["sender"] == "\"back\\\\slash\"@x.test", m'
}

@test "a message that is being written is none; a damaged one is told, the others are listed" {
	add $A && add $B
	: >"$Q/new/00000000000000000000000C"
	[ "$(queue-list -T | cut -f 2 | sort -u | wc -l)" = 2 ]
	mv "$Q/new/$A" "$Q/failed/"
	printf x | dd of="$Q/failed/$A" bs=1 seek=80 conv=notrunc status=none
	run queue-list -T
	[ "$status" = 69 ]
	[[ $output == *"failed/$A: damaged"* ]]
	[[ $output == *"$B"* ]]
}

@test "nothing is changed, and nothing locked" {
	add $A
	before=$(find "$Q" -printf '%p %i %s %m %T@\n' | sort)
	exec 9<"$Q/new/$A"
	flock 9
	queue-list >/dev/null
	[ "$(find "$Q" -printf '%p %i %s %m %T@\n' | sort)" = "$before" ]
}

@test "no queue: 69, with the path" {
	mv "$Q" "$Q.gone"
	run queue-list
	[ "$status" = 69 ]
	[[ $output == *"$Q"* ]]
}
