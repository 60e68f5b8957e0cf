#!/usr/bin/env bats
# queue-run(8): how much a next hop gets at a time; hosts that do not answer.

load lib
load peers/peers
bats_require_minimum_version 1.5.0

setup() {
	make_root example.test alice
	export PABAL_LOG=fd:5
	exec 5>>"$LOG"
	export AGENT=$BATS_TEST_TMPDIR/agent
	mkdir "$AGENT"
	echo ok >"$AGENT/mode"
	: >"$AGENT/jobs"
	PATH=$BATS_TEST_DIRNAME/agents:$PATH
	Q=$PABAL_ROOT/queue
	NOW=$EPOCHSECONDS
	port=$(free_port)
	printf '%s\n' "dead.test:[127.0.0.1]:$port" 'far.test:fake-agent hop-1' >"$PABAL_ROOT/control/routes"
}

teardown() {
	stop_all
	stop_peers
	exec 5>&-
}

add() {
	ID=$(printf 'Subject: one\n\nbody\n' | queue-add -f x@y.test -- "$@")
	ID=${ID#queued }
}
at() { PABAL_NOW=$1 queue-run; }
tried() { grep -c "^smtp-send: event=deferred id=$ID" "$LOG"; }
waiting() { find "$Q/new" "$Q/later" -type f | wc -l; }
# When each message is due, in minutes from the next full one.
minutes() {
	local f
	for f in "$Q"/later/*/*; do
		f=${f##*/}
		echo $(((${f%%.*} - (NOW / 60 + 1) * 60) / 60))
	done | sort -n | tr '\n' ' '
}

@test "who does not answer is left alone for a minute, then for two; all runs know it" {
	add a@dead.test
	at "$NOW"
	[ "$(tried)" = 1 ]
	grep -q 'event=hop-paused dest=\[127.0.0.1\].* seconds=60 ' "$LOG"
	add b@dead.test
	PABAL_NOW=$((NOW + 50)) queue-run -n | grep -q "	smtp-send \[127.0.0.1\]:$port (left alone for 10 s: .*refused"
	at $((NOW + 59))
	[ "$(tried)" = 0 ]
	grep -q "event=deferred id=$ID .*text=does.x20not.x20answer.*refused" "$LOG"
	queue-list -j "$ID" | grep -q '"attempts":1,.*"enhanced":"4.4.1"'
	add c@dead.test
	at $((NOW + 60))
	[ "$(tried)" = 1 ]
	grep -q 'event=hop-paused .* seconds=120 ' "$LOG"
	add d@dead.test
	at $((NOW + 179))
	[ "$(tried)" = 0 ]
}

@test "who is back gets all that waits, and is as good as new" {
	add a@dead.test
	at "$NOW"
	at $((NOW + 300))
	start_fake back 127.0.0.1 "$port"
	for i in 1 2 3; do add "x$i@dead.test"; done
	at $((NOW + 2000))
	[ "$(waiting)" = 0 ] || { queue-list; false; }
	[ "$(grep -c '^1< RCPT' "$BATS_TEST_TMPDIR/back")" = 4 ]
	stop_peers
	add d@dead.test
	at $((NOW + 2001))
	[ "$(grep -c 'event=hop-paused .* seconds=60 ' "$LOG")" = 2 ]
}

@test "an operator's queue-run ID goes at once; hop-pause 0 means never" {
	add a@dead.test
	at "$NOW"
	first=$ID
	add b@dead.test
	PABAL_NOW=$NOW run -75 queue-run "$ID"
	[ "$(tried)" = 1 ]
	[[ $output == *refused* ]]
	echo 0 >"$PABAL_ROOT/control/hop-pause"
	rm -r "$PABAL_ROOT/run"
	for i in 1 2 3; do
		add "c$i@dead.test"
		at "$NOW"
		[ "$(tried)" = 1 ]
	done
	[ "$(grep -c event=hop-paused "$LOG")" = 2 ] # by the first pass, and by ID
}

@test "a dead host does not hold up the mail of others" {
	for i in {1..30}; do add "a$i@dead.test" "b$i@far.test"; done
	at "$NOW"
	[ "$(wc -l <"$AGENT/jobs")" = 30 ]
	[ "$(waiting)" = 30 ]
	at $((NOW + 600))
	[ "$(wc -l <"$AGENT/jobs")" = 30 ]
}

@test "messages a minute: the others are put off, minute by minute, and that is no attempt" {
	printf '%s\n' '# slow ones' 'hop-1 3' >"$PABAL_ROOT/control/hop-rate"
	for i in {1..8}; do add "a$i@far.test" "b$i@far.test"; done
	at "$NOW"
	[ "$(wc -l <"$AGENT/jobs")" = 6 ]
	[ "$(minutes)" = '0 0 0 1 1 ' ] || { minutes; false; }
	[ "$(queue-list -T | cut -f6 | sort -u)" = 0 ]
	[ "$(grep -c event=put-off "$LOG")" = 10 ]
	# the same minute, a new message: nothing goes
	add c@far.test
	at "$NOW"
	[ "$(wc -l <"$AGENT/jobs")" = 6 ]
	at $(((NOW / 60 + 1) * 60))
	[ "$(wc -l <"$AGENT/jobs")" -le 12 ]
	for i in 2 3 4 5; do at $(((NOW / 60 + i) * 60)); done
	[ "$(wc -l <"$AGENT/jobs")" = 17 ]
	[ "$(waiting)" = 0 ]
}

@test "a limit that is none is said, and nothing is limited" {
	echo 'hop-1 often' >"$PABAL_ROOT/control/hop-rate"
	for i in {1..5}; do add "a$i@far.test"; done
	queue-run
	[ "$(wc -l <"$AGENT/jobs")" = 5 ]
	grep -q 'control/hop-rate' "$LOG"
}
