# queue-edit(8): hold, release, retry, remove, bounce, show; alone and beside running senders.
load lib
bats_require_minimum_version 1.5.0

setup() {
	make_root example.test alice bob
	export PABAL_LOG=fd:5
	exec 5>>"$LOG"
	export AGENT=$BATS_TEST_TMPDIR/agent
	mkdir "$AGENT"
	echo ok >"$AGENT/mode"
	: >"$AGENT/jobs"
	mkfifo "$AGENT/go"
	PATH=$BATS_TEST_DIRNAME/agents:$PATH
	printf '%s\n' 'far.test:fake-agent hop-1' 'near.test:fake-agent hop-2' >"$PABAL_ROOT/control/routes"
	Q=$PABAL_ROOT/queue
	MAIL=$PABAL_ROOT/mail/example.test
}

teardown() {
	stop_all
	exec 5>&-
}

# add SENDER RCPT…: a message in the queue; its ID in $ID.
add() {
	local sender=$1
	shift
	ID=$(printf 'Subject: one\n\nbody of one\n' | queue-add -f "$sender" -- "$@")
	ID=${ID#queued }
	[ ${#ID} = 24 ]
}
count() { find "$@" -type f | wc -l; }
queue_empty() { [ -z "$(find "$Q" -type f ! -name swept ! -path '*/log/run.*')" ]; }
logged() { grep -q "$@" "$LOG"; }
# A message for far.test that its agent has in work, by the runner $RUNNER; the first job of $1 messages.
in_work() {
	echo wait >"$AGENT/mode"
	start queue-run ${2:-}
	RUNNER=${STARTED[-1]}
	wait_until test -s "$AGENT/pid"
}
let_go() { echo "${1:-ok}" >"$AGENT/mode"; echo go >"$AGENT/go"; }

@test "hold takes what waits out of the runner's way, release gives it back" {
	add s@y.test alice@example.test
	run -0 queue-edit hold "$ID"
	[ "$output" = "$ID	held" ]
	[ -e "$Q/hold/$ID" ]
	queue-run
	[ -e "$Q/hold/$ID" ] && [ "$(count "$MAIL")" = 0 ]
	run -0 queue-edit hold "$ID" # again: still
	run -0 queue-edit release "$ID"
	[ "$output" = "$ID	released" ]
	[ -e "$Q/new/$ID" ]
	run -1 queue-edit release "$ID"
	[[ $output == *"is not held"* ]]
	queue-run
	only_message "$MAIL/alice"
	queue_empty
}

@test "who is meant: sender, recipient, next hop, domain, all; kinds add up" {
	local a b c d
	add s@y.test alice@example.test && a=$ID
	add s@y.test x@far.test && b=$ID
	add t@Y.test x@near.test && c=$ID
	add '<>' x@far.test bob@example.test && d=$ID
	held() { (cd "$Q/hold" && ls | tr '\n' ' '); }
	sorted() { printf '%s\n' "$@" | sort | tr '\n' ' '; }
	try() { # WANTED -- OPTIONS
		local want=()
		while [ "$1" != -- ]; do want+=("$1"); shift; done
		shift
		queue-edit hold "$@" >/dev/null
		[ "$(held)" = "$(sorted "${want[@]}")" ] || { echo "hold $*: $(held)"; return 1; }
		queue-edit release -a >/dev/null
		[ -z "$(held)" ]
	}
	try "$a" "$b" -- -f s@y.test
	try "$a" "$b" "$c" -- -f '*@y.TEST'
	try "$d" -- -f '<>'
	try "$b" "$d" -- -t x@far.test
	try "$b" "$c" "$d" -- -t x@far.test -t '*@near.test'
	try "$b" -- -t x@far.test -f s@y.test
	try "$b" "$d" -- -n hop-1
	try "$b" "$c" "$d" -- -n HOP-1 -n hop-2
	try "$a" "$b" "$c" "$d" -- -a
	try "$a" "$c" -- "$a" "$c"
	try "$a" -- "$a" "$c" -f s@y.test
	run -1 queue-edit hold -f nobody@y.test
	[ "$output" = '' ]
	run -1 queue-edit hold 0000000000000000000000AB
	[[ $output == *"not in the queue"* ]]
	run -1 queue-edit hold nonsense
}

@test "a recipient who has the message is no reason to choose it" {
	echo defer >"$AGENT/mode"
	add s@y.test alice@example.test x@far.test
	queue-run
	run -1 queue-edit hold -t alice@example.test
	run -0 queue-edit hold -t x@far.test
	[ -e "$Q/hold/$ID" ]
}

@test "retry makes what waits due; what is held stays held" {
	echo defer >"$AGENT/mode"
	add s@y.test x@far.test
	queue-run
	queue-run
	[ "$(wc -l <"$AGENT/jobs")" = 1 ]
	run -0 queue-edit retry -n hop-1
	[ "$output" = "$ID	due" ]
	queue-run
	[ "$(wc -l <"$AGENT/jobs")" = 2 ]
	queue-edit hold "$ID"
	run -1 queue-edit retry "$ID"
	[[ $output == *"is held: release it"* ]]
	[ -e "$Q/hold/$ID" ]
	# tried by its ID it is, and stays held where that fails
	run -75 queue-run "$ID"
	[ -e "$Q/hold/$ID" ]
	echo ok >"$AGENT/mode"
	run -0 queue-run "$ID"
	queue_empty
}

@test "-w tries at once what is released or to be tried again, and not as if for the first time" {
	local t
	start queue-run -w
	wait_until logged event=watching
	add s@y.test alice@example.test
	wait_until only_message "$MAIL/alice"
	t=$EPOCHSECONDS
	wait_until eval "((EPOCHSECONDS > $t))"
	kill -STOP "${STARTED[0]}"
	add s@y.test x@far.test
	queue-edit hold "$ID"
	kill -CONT "${STARTED[0]}"
	t=${EPOCHREALTIME/./}
	queue-edit release "$ID"
	wait_until queue_empty
	((${EPOCHREALTIME/./} - t < 5000000))
	[ "$(cat "$AGENT/jobs")" = "x@far.test n=1 attempt=2 dest=hop-1" ] || { cat "$AGENT/jobs"; false; }
}

@test "remove leaves nothing, and says so when it is durable" {
	echo defer >"$AGENT/mode"
	add s@y.test x@far.test
	local one=$ID
	queue-run
	add s@y.test alice@example.test
	run -0 queue-edit remove -f s@y.test
	[ "$(sort <<<"$output")" = "$(printf '%s\tremoved\n' "$one" "$ID" | sort)" ]
	queue_empty
	logged "event=removed id=$ID"
	queue-run
	[ "$(count "$MAIL")" = 0 ]
}

@test "bounce reports by RFC 3464 to the sender, with the last words, and to nobody about <>" {
	echo defer >"$AGENT/mode"
	add alice@example.test x@far.test bob@example.test
	queue-run
	run -0 queue-edit bounce -r 'the address is closed' "$ID"
	[ "$output" = "$ID	bounced" ]
	[ ! -e "$Q/log/$ID" ] && [ "$(count "$Q/later" "$Q/hold")" = 0 ]
	queue-run
	python3 - "$(only_message "$MAIL/alice")" <<-'END'
		import email, email.policy, sys
		m = email.message_from_binary_file(open(sys.argv[1], "rb"), policy=email.policy.default)
		assert m["Return-Path"] == "<>" and m.get_content_type() == "multipart/report"
		text, report, original = m.iter_parts()
		assert "the address is closed" in text.get_content() and "come back" in text.get_content()
		parts = report.get_payload()
		assert len(parts) == 2, "bob has it, and is not named"
		assert parts[1]["Final-Recipient"] == "rfc822; x@far.test" and parts[1]["Action"] == "failed"
		assert parts[1]["Status"] == "5.0.0"
	END
	[ "$(count "$MAIL/bob/new")" = 1 ]
	add '<>' x@far.test
	run -0 queue-edit bounce "$ID"
	queue_empty
	logged "event=dropped id=$ID"
}

@test "a bounce that cannot be queued: the message is held, and a release bounces it" {
	add alice@example.test x@far.test
	queue-edit hold "$ID"
	run -75 nothing_new queue-edit bounce "$ID"
	[ -e "$Q/hold/$ID" ]
	queue-edit release "$ID"
	queue-run
	only_message "$MAIL/alice"
	[ "$(wc -l <"$AGENT/jobs")" = 0 ]
	queue_empty
}

@test "hold of what is being tried: that job ends, the others of the sender are not begun" {
	echo 1 >"$PABAL_ROOT/control/max-per-hop"
	for i in {1..60}; do add spam@y.test x@far.test; done
	add s@y.test x@far.test
	local good=$ID
	in_work
	run -0 queue-edit hold -f spam@y.test
	[ "$(wc -l <<<"$output")" = 60 ]
	[[ $output == *"being tried now"* ]]
	let_go
	wait "$RUNNER"
	# the one job that was begun, and the good one
	[ "$(grep -c . "$AGENT/jobs")" -le 3 ] || { cat "$AGENT/jobs"; false; }
	# That agent stumbles over what is gone; what it had of others is deferred, and can be told to go.
	queue-edit retry -a || [ $? = 1 ]
	queue-run
	grep -q . "$AGENT/$good.1"
	[ "$(count "$Q/new" "$Q/later")" = 0 ]
	[ "$(count "$Q/hold")" -ge 59 ]
	[ -z "$(find "$Q/log" -name "$good")" ]
}

@test "held while it is tried: a deferral leaves it held" {
	add s@y.test x@far.test
	in_work
	run -0 queue-edit hold "$ID"
	[ "$output" = "$ID	held	being tried now" ]
	# the agent opened nothing yet: its copy fails, which is a deferral
	let_go defer
	wait "$RUNNER"
	[ -e "$Q/hold/$ID" ]
	[ "$(count "$Q/new" "$Q/later")" = 0 ]
	queue-edit release "$ID"
	echo ok >"$AGENT/mode"
	queue-run
	queue_empty
	[ "$(wc -l <"$AGENT/jobs")" = 2 ]
}

@test "remove and bounce of what is being tried wait for the end of the job" {
	add alice@example.test x@far.test
	in_work
	start queue-edit remove "$ID"
	local edit=${STARTED[-1]}
	wait_until test -e "$Q/hold/$ID"
	kill -0 "$edit"
	let_go defer
	wait "$edit"
	wait "$RUNNER"
	queue_empty
	: >"$AGENT/pid"
	add alice@example.test x@far.test
	in_work
	run -75 queue-edit bounce -w 0 "$ID"
	[[ $output == *"another process works on it; it is held"* ]]
	[ -e "$Q/hold/$ID" ]
	let_go defer
	wait "$RUNNER"
	run -0 queue-edit bounce "$ID"
	queue-run
	only_message "$MAIL/alice"
}

@test "a relayed message that was held meanwhile is done with, not sent again" {
	# An agent that opens the message first, and answers when it is told.
	cat >"$BATS_TEST_TMPDIR/slow-agent" <<-'END'
		#!/usr/bin/python3
		import os, sys, zlib
		home = os.environ["AGENT"]
		for line in sys.stdin:
		    ident, number, path = line.split("\t")[:3]
		    f = open(path, "rb")
		    open(home + "/pid", "w").write("x\n")
		    open(home + "/go").read()
		    words = f"{ident} {number} 0 250 2.0.0 taken\n"
		    os.write(1, f"{zlib.crc32(words.encode()):08X} {words}".encode())
	END
	chmod +x "$BATS_TEST_TMPDIR/slow-agent"
	PATH=$BATS_TEST_TMPDIR:$PATH
	echo 'far.test:slow-agent hop-1' >"$PABAL_ROOT/control/routes"
	add s@y.test x@far.test
	start queue-run
	wait_until test -s "$AGENT/pid"
	queue-edit hold "$ID"
	echo go >"$AGENT/go"
	wait "${STARTED[0]}"
	queue_empty
	logged "event=relayed id=$ID"
}

@test "a killed runner, its worker's word unread: a bounce does not name who has it" {
	add alice@example.test x@far.test y@near.test
	# The word of a dead run: x has it.
	words="$ID 1 0 250 2.0.0 taken"
	printf '%08X %s\n' "$(printf '%s\n' "$words" | python3 -c 'import sys, zlib; print(zlib.crc32(sys.stdin.buffer.read()))')" \
		"$words" >"$Q/log/run.00"
	queue-edit bounce "$ID"
	queue-run
	run -0 cat "$(only_message "$MAIL/alice")"
	[[ $output == *"y@near.test"* ]]
	[[ $output != *"Final-Recipient: rfc822; x@far.test"* ]]
}

@test "show prints the message; -v envelope and log; several are told apart" {
	echo defer >"$AGENT/mode"
	add s@y.test x@far.test
	queue-run
	[ "$(queue-edit show "$ID")" = "$(printf 'Subject: one\n\nbody of one')" ]
	run -0 queue-edit show -v "$ID"
	[[ $output == "name later/"*"MAIL FROM:<s@y.test>"*"RCPT TO:<x@far.test>"*"DATA"*" 1 deferred "*"come back"*"Subject: one"* ]]
	add s@y.test x@far.test
	run -0 queue-edit show -a
	[ "$(grep -c '^==> .* <==$' <<<"$output")" = 2 ]
	run ! sh -c "queue-edit show '$ID' >/dev/full"
}

@test "damaged: to failed/ with the reason, shown as it is, removed by its ID" {
	add s@y.test x@far.test
	# An envelope without its commit mark, with a sum that holds.
	python3 - "$Q/new/$ID" <<-'END'
		import sys, zlib
		p = sys.argv[1]
		b = open(p, "rb").read()
		rest = b[72:].replace(b"DATA\n", b"DXTA\n", 1)
		w = b[:72].split()
		head = b" ".join([w[0], w[1], b"%08X" % zlib.crc32(rest), w[3], w[4]])
		open(p, "wb").write(head.ljust(71) + b"\n" + rest)
	END
	run -69 queue-edit bounce "$ID"
	[[ $output == *"failed/$ID: damaged: the envelope cannot be read"* ]]
	[ -e "$Q/failed/$ID" ]
	grep -q ' 0 damaged [0-9]* 0 - the envelope cannot be read$' "$Q/log/$ID"
	run -69 queue-list
	[[ $output == *"failed/$ID: damaged: the envelope cannot be read"* ]]
	run -69 queue-edit show "$ID"
	[[ $output == *"PABAL1 "*"body of one"* ]]
	run -1 queue-edit remove -a
	[ -e "$Q/failed/$ID" ] # only by name
	run -0 queue-edit remove "$ID"
	queue_empty
}

@test "editors and runners at once: nothing is lost, nothing is there twice" {
	local i
	for i in {1..40}; do add "s$((i % 4))@y.test" alice@example.test x@far.test; done
	for i in 1 2 3; do queue-run & done
	for i in 1 2 3 4 5 6; do
		queue-edit hold -f 's1@y.test' >/dev/null || :
		queue-edit release -a >/dev/null || :
		queue-edit retry -a >/dev/null || :
	done
	wait
	queue-edit release -a >/dev/null || :
	queue-edit retry -a >/dev/null || :
	queue-run
	[ "$(count "$MAIL/alice/new")" = 40 ]
	[ "$(ls "$AGENT" | grep -c '\.2$')" = 40 ]
	queue_empty
}

@test "a held message that a local user dropped does not come back from drop/" {
	mv "$Q/new" "$Q/new.away" # then drop/ is all there is
	printf 'To: alice@example.test\nSubject: cron\n\nx\n' | sendmail -t
	mv "$Q/new.away" "$Q/new"
	local name
	name=$(basename "$Q"/drop/*)
	cp -p "$Q/drop/$name" "$BATS_TEST_TMPDIR/copy"
	mv "$MAIL" "$MAIL.away"
	queue-run
	# as a crash may leave it: copied in, and not gone from drop/ yet
	mv "$Q"/later/*/*."$name" "$Q/new/$name"
	cp -p "$BATS_TEST_TMPDIR/copy" "$Q/drop/$name"
	queue-edit hold "$name"
	[ ! -e "$Q/drop/$name" ]
	mv "$MAIL.away" "$MAIL"
	queue-run
	[ "$(count "$MAIL")" = 0 ]
	[ -e "$Q/hold/$name" ]
}

@test "usage: no verb, an unknown one, nobody meant, a pattern that is none" {
	set -f
	for args in '' frobnicate hold 'hold -a X' 'hold -a -f a@b.test' 'hold -f @' 'hold -f *' 'hold -r x A' 'hold -w x A' 'hold -n'; do
		run -64 queue-edit $args
		[ -n "$output" ]
	done
	PABAL_ROOT=$BATS_TEST_TMPDIR/none run -69 queue-edit hold -a
}
