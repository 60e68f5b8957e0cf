#!/usr/bin/env bats
# queue-run(8): what happens to a message from the queue to its mailbox, next hop, or bounce.

load lib
bats_require_minimum_version 1.5.0

setup() {
	make_root example.test alice bob carol
	export PABAL_LOG=fd:5
	exec 5>>"$LOG"
	export AGENT=$BATS_TEST_TMPDIR/agent
	mkdir "$AGENT"
	echo ok >"$AGENT/mode"
	: >"$AGENT/jobs"
	PATH=$BATS_TEST_DIRNAME/agents:$PATH
	echo 'far.test:fake-agent hop-1' >"$PABAL_ROOT/control/routes"
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
	ID=$(printf 'Subject: one\nMessage-ID: <1@y.test>\n\nbody of one\n' | queue-add -f "$sender" -- "$@")
	[[ $ID == "queued "* ]]
	ID=${ID#queued }
}
aliases() { printf '%s\n' "$@" "postmaster@example.test:alice@example.test" | sort >"$PABAL_ROOT/control/aliases"; }
count() { find "$@" -type f | wc -l; }
# Nothing of any message is left (log/swept is the sweep's mark).
queue_empty() { [ -z "$(find "$Q" -type f ! -name swept)" ]; }
at() { PABAL_NOW=$1 queue-run; }
# When the one deferred message is due.
due() {
	local f=("$Q"/later/*/*)
	[ ${#f[@]} = 1 ] && f=${f[0]##*/} && echo "${f%%.*}"
}
logged() { grep -q "$@" "$LOG"; }

@test "a message goes to its mailbox, and the queue is empty" {
	add x@y.test alice@example.test
	queue-run
	run -0 cat "$(only_message "$MAIL/alice")"
	[[ $output == *"Subject: one"*"body of one" ]]
	queue_empty
	logged "event=delivered id=$ID message-id=<1@y.test> sender=x@y.test recipient=alice@example.test"
}

@test "nothing to do is fine; no queue is 75" {
	queue-run
	run -75 queue-run -Q "$BATS_TEST_TMPDIR/none"
	[[ $output == *none* ]]
}

@test "many messages to many mailboxes arrive once each" {
	for i in {1..40}; do add "s$i@y.test" alice@example.test bob@example.test; done
	queue-run
	[ "$(count "$MAIL/alice/new")" = 40 ]
	[ "$(count "$MAIL/bob/new")" = 40 ]
	queue_empty
}

@test "an alias with lists in lists reaches everybody once" {
	aliases "all@example.test:staff@example.test, carol@example.test, x@far.test" \
		"staff@example.test:alice@example.test, bob@example.test, carol@example.test"
	add x@y.test all@example.test bob@example.test
	queue-run
	for u in alice bob carol; do only_message "$MAIL/$u"; done
	[ "$(cat "$AGENT/jobs")" = "x@far.test n=5 attempt=2 dest=hop-1" ] || { cat "$AGENT/jobs"; false; }
	queue_empty
}

@test "an alias that names itself means its mailbox; a loop defers" {
	aliases "alice@example.test:alice@example.test, bob@example.test" \
		"a@example.test:b@example.test" "b@example.test:a@example.test"
	add x@y.test alice@example.test
	queue-run
	only_message "$MAIL/alice"
	only_message "$MAIL/bob"
	queue_empty
	add x@y.test a@example.test
	queue-run
	due
	logged "event=deferred id=$ID .*leads.x20to.x20itself"
}

@test "editing an alias between attempts renumbers nobody" {
	aliases "all@example.test:alice@example.test, x@far.test, bob@example.test"
	echo defer >"$AGENT/mode"
	add x@y.test all@example.test
	queue-run
	only_message "$MAIL/alice"
	due
	aliases "all@example.test:carol@example.test"
	echo ok >"$AGENT/mode"
	at "$(due)"
	[ "$(cut -d' ' -f1,2 "$AGENT/jobs" | sort -u)" = "x@far.test n=3" ]
	[ "$(count "$MAIL/alice/new")" = 1 ]
	[ "$(count "$MAIL/bob/new")" = 1 ]
	[ "$(count "$MAIL/carol/new")" = 0 ]
	queue_empty
}

@test "a relayed message is handed over whole, with its envelope" {
	add x@y.test a@far.test b@far.test
	queue-run
	[ "$(cat "$AGENT/$ID.1")" = "$(printf 'Subject: one\nMessage-ID: <1@y.test>\n\nbody of one')" ]
	[ "$(wc -l <"$AGENT/jobs")" = 2 ]
	queue_empty
	logged "event=relayed id=$ID .*recipient=b@far.test relay=fake-agent dest=hop-1.*reply=250"
}

@test "intervals grow, and a pass tries only what is due" {
	echo defer >"$AGENT/mode"
	local now=$EPOCHSECONDS before=0 step
	add x@y.test a@far.test
	at "$now"
	for attempt in 1 2 3 4 5; do
		step=$(($(due) - now))
		((step > before)) || { echo "step $step after $before"; false; }
		at $((now + step - 1))
		[ "$(wc -l <"$AGENT/jobs")" = "$attempt" ]
		now=$((now + step))
		before=$step
		at "$now"
	done
	[ "$(wc -l <"$AGENT/jobs")" = 6 ]
	logged "event=deferred .*reply=451"
}

# Tries the one deferred message again and again, each time when it is due, until $1 has passed.
retry_until() {
	local t
	while t=$(due) && ((t < $1)); do at "$t" || return; done
}

@test "after four hours the sender hears of the delay, once; NOTIFY is obeyed" {
	echo defer >"$AGENT/mode"
	local now=$EPOCHSECONDS
	add alice@example.test a@far.test bob@example.test
	at "$now"
	retry_until $((now + 4 * 3600))
	[ "$(count "$MAIL/alice/new")" = 0 ]
	retry_until $((now + 86400))
	queue-run # the notice
	python3 - "$(only_message "$MAIL/alice")" <<-'END'
		import email, email.policy, sys
		m = email.message_from_binary_file(open(sys.argv[1], "rb"), policy=email.policy.default)
		assert m["Return-Path"] == "<>" and m.get_content_type() == "multipart/report", m.as_string()
		text, report, original = m.iter_parts()
		assert "a@far.test" in text.get_content() and "come back" in text.get_content()
		rcpt = report.get_payload()[1]
		assert len(report.get_payload()) == 2, "bob has it"
		assert rcpt["Action"] == "delayed" and rcpt["Status"] == "4.2.0" and rcpt["Will-Retry-Until"]
		assert original.get_content_type() == "text/rfc822-headers"
	END
	logged "event=warned id=$ID"
	[ "$(grep -c event=warned "$LOG")" = 1 ]
	rm "$Q"/later/*/*
	for wish in FAILURE DELAY; do
		printf 'MAIL FROM:<bob@example.test>\nRCPT TO:<a@far.test> NOTIFY=%s\nDATA\n' $wish >"$BATS_TEST_TMPDIR/env"
		printf 'Subject: one\n\nbody\n' | queue-add -e 3 3<"$BATS_TEST_TMPDIR/env"
		at "$now"
		retry_until $((now + 86400))
		rm -f "$Q"/later/*/*
		queue-run
		[ "$(grep -c event=warned "$LOG")" = $([ $wish = DELAY ] && echo 2 || echo 1) ]
	done
	echo 0 >"$PABAL_ROOT/control/delay-warning"
	add alice@example.test a@far.test
	at "$now"
	retry_until $((now + 86400))
	[ "$(grep -c event=warned "$LOG")" = 2 ]
}

@test "after five days and ten attempts it is bounced, in the form of RFC 3464" {
	echo 0 >"$PABAL_ROOT/control/delay-warning"
	echo defer >"$AGENT/mode"
	local now=$EPOCHSECONDS
	add alice@example.test a@far.test bob@example.test
	at "$now"
	retry_until $((now + 5 * 86400))
	[ "$(count "$MAIL/alice/new")" = 0 ]
	at "$(due)"
	queue_empty
	local bounce
	bounce=$(only_message "$MAIL/alice")
	python3 - "$bounce" <<-'END'
		import email, email.policy, sys
		m = email.message_from_binary_file(open(sys.argv[1], "rb"), policy=email.policy.default)
		assert m["Return-Path"] == "<>" and m.get_content_type() == "multipart/report", m.as_string()
		assert m.get_param("report-type") == "delivery-status" and m["To"] == "alice@example.test"
		text, report, original = m.iter_parts()
		assert "given up after" in text.get_content() and "a@far.test" in text.get_content()
		head, rcpt = report.get_payload()
		assert head["Reporting-MTA"] == "dns; mail.example.test" and head["Arrival-Date"]
		assert rcpt["Final-Recipient"] == "rfc822; a@far.test" and rcpt["Action"] == "failed"
		assert rcpt["Status"] == "4.4.7", rcpt["Status"]
		assert original.get_content_type() == "message/rfc822"
		assert original.get_payload(0)["Subject"] == "one"
	END
	[ "$(count "$MAIL/bob/new")" = 1 ]
	logged "event=bounced id=$ID"
}

@test "a refusal is bounced at once; the others are not disturbed" {
	echo fail >"$AGENT/mode"
	add alice@example.test a@far.test nobody@example.test bob@example.test
	queue-run
	queue_empty
	only_message "$MAIL/bob"
	run -0 cat "$(only_message "$MAIL/alice")"
	[[ $output == *"Final-Recipient: rfc822; a@far.test"*"Status: 5.1.1"*"smtp; 550 5.1.1 nobody here"* ]]
	[[ $output == *"Final-Recipient: rfc822; nobody@example.test"* ]]
	[[ $output != *"Final-Recipient: rfc822; bob@example.test"* ]]
}

@test "nobody hears of the failure of a message from <>, but postmaster of a bounce's" {
	echo fail >"$AGENT/mode"
	add '<>' a@far.test
	queue-run
	queue_empty
	[ "$(count "$MAIL")" = 0 ]
	logged "event=dropped id=$ID"
	add gone@far.test a@far.test
	queue-run
	queue_empty
	run -0 cat "$(only_message "$MAIL/alice")"
	[[ $output == *"A notification could not be delivered"*"Final-Recipient: rfc822; gone@far.test"* ]]
	[ "$(count "$MAIL")" = 1 ]
}

@test "a notice that postmaster cannot get is kept, and makes no more of its kind" {
	echo fail >"$AGENT/mode"
	printf '%s\n' "postmaster@example.test:pm@far.test" >"$PABAL_ROOT/control/aliases"
	add gone@far.test a@far.test
	queue-run
	[ "$(count "$Q/failed")" = 1 ]
	[ "$(count "$Q/new" "$Q/later")" = 0 ]
	[ "$(wc -l <"$AGENT/jobs")" = 3 ]
}

@test "NOTIFY=NEVER is kept" {
	echo fail >"$AGENT/mode"
	printf 'MAIL FROM:<alice@example.test>\nRCPT TO:<a@far.test> NOTIFY=NEVER\nDATA\n' >"$BATS_TEST_TMPDIR/env"
	printf 'Subject: one\n\nbody\n' | queue-add -e 3 3<"$BATS_TEST_TMPDIR/env"
	queue-run
	queue_empty
	[ "$(count "$MAIL")" = 0 ]
}

@test "a missing agent, a silent agent, an unmounted mailbox: deferred, not bounced" {
	echo 'far.test:no-such-agent hop' >"$PABAL_ROOT/control/routes"
	add alice@example.test a@far.test
	queue-run 2>/dev/null
	due
	rm "$Q"/later/*/*
	echo 'far.test:fake-agent hop' >"$PABAL_ROOT/control/routes"
	echo silent >"$AGENT/mode"
	add alice@example.test a@far.test
	queue-run
	due
	rm "$Q"/later/*/*
	mv "$MAIL" "$MAIL.away"
	add alice@example.test bob@example.test
	queue-run
	due
	mv "$MAIL.away" "$MAIL"
	[ "$(count "$MAIL")" = 0 ]
}

@test "an unsorted users table defers, with file and line in the log" {
	printf '%s\n' bob@example.test:mail/example.test/bob alice@example.test:mail/example.test/alice \
		>"$PABAL_ROOT/control/users"
	add x@y.test nobody@example.test
	queue-run
	due
	logged "control/users"
	! logged event=bounced
}

@test "two runners at once deliver once" {
	for i in {1..30}; do add "s$i@y.test" alice@example.test a@far.test; done
	queue-run & local one=$!
	queue-run & local two=$!
	wait $one
	wait $two
	queue-run
	[ "$(count "$MAIL/alice/new")" = 30 ]
	[ "$(wc -l <"$AGENT/jobs")" = 30 ]
	queue_empty
}

has_messages() { [ "$(count "$1")" = "$2" ]; }

# While -w runs: no message and no log of one; its result file may be there.
no_messages() { [ -z "$(find "$Q"/{new,later,hold,failed,drop} "$Q"/log/[0-9A-Z]* -type f 2>/dev/null)" ]; }

# start_watching: -w, ready. A message is a first try from the next second on.
start_watching() {
	: >"$LOG"
	start queue-run -w
	wait_until logged "event=watching"
	local t=$EPOCHSECONDS
	wait_until eval "((EPOCHSECONDS > $t))"
}

@test "-w takes a new message at once, as a first try" {
	start_watching
	add x@y.test alice@example.test a@far.test
	local t0=${EPOCHREALTIME/./}
	wait_until no_messages
	((${EPOCHREALTIME/./} - t0 < 5000000))
	only_message "$MAIL/alice"
	grep -q "^a@far.test n=2 attempt=1 " "$AGENT/jobs"
}

@test "-w: a second runner beside it never tries as if for the first time" {
	start_watching
	kill -STOP "${STARTED[0]}"
	add x@y.test a@far.test
	queue-run "$ID"
	kill -CONT "${STARTED[0]}"
	grep -q "attempt=2" "$AGENT/jobs"
	! grep -q "attempt=1" "$AGENT/jobs"
	wait_until no_messages
}

@test "-w tries again what falls due" {
	echo 1 >"$PABAL_ROOT/control/retry-first"
	echo defer >"$AGENT/mode"
	start_watching
	add x@y.test a@far.test
	wait_until grep -q attempt=2 "$AGENT/jobs"
	echo ok >"$AGENT/mode"
	wait_until no_messages
}

@test "-w bounces at once, too" {
	echo fail >"$AGENT/mode"
	start_watching
	add alice@example.test a@far.test
	wait_until only_message "$MAIL/alice"
	wait_until no_messages
}

@test "-w ends at SIGTERM with the results of its workers" {
	mkfifo "$AGENT/go"
	echo wait >"$AGENT/mode"
	start queue-run -w
	local runner=${STARTED[0]}
	add x@y.test a@far.test
	wait_until test -s "$AGENT/pid"
	kill "$runner"
	echo go >"$AGENT/go"
	wait "$runner"
	queue_empty
}

drop() { printf 'To: alice@example.test\nSubject: cron\n\nx\n' | sendmail -t; }

@test "-w and its worker end by the same signal: that was no attempt" {
	mkfifo "$AGENT/go"
	echo wait >"$AGENT/mode"
	start queue-run -w
	add x@y.test a@far.test
	wait_until test -s "$AGENT/pid"
	kill -STOP "${STARTED[0]}"
	kill -TERM "${STARTED[0]}" "$(cat "$AGENT/pid")"
	kill -CONT "${STARTED[0]}"
	wait "${STARTED[0]}"
	[ -e "$Q/new/$ID" ]
	echo ok >"$AGENT/mode"
	queue-run
	queue_empty
}

@test "what is dropped is picked up, by a pass and by -w" {
	drop
	queue-run
	only_message "$MAIL/alice"
	queue_empty
	start_watching
	drop
	wait_until has_messages "$MAIL/alice/new" 2
	wait_until no_messages
}

@test "queue-run ID tries one now, prints what happened, and says so" {
	add x@y.test alice@example.test a@far.test
	local other=$ID
	echo defer >"$AGENT/mode"
	add x@y.test bob@example.test a@far.test
	run -75 queue-run "$ID"
	[[ $output == *"bob@example.test	delivered	"* ]]
	[[ $output == *"a@far.test	deferred	451 4.2.0 come back"* ]]
	[ "$(count "$MAIL/alice/new")" = 0 ]
	echo ok >"$AGENT/mode"
	run -0 queue-run "$ID"
	[ "$output" = "a@far.test	relayed	250 2.0.0 taken" ]
	run -75 queue-run "$ID"
	[[ $output == *"not in the queue"* ]]
	run -75 queue-run nonsense
	run -0 queue-run "$other"
	queue_empty
}

@test "a runner killed with -9: its worker counts, nothing is sent twice" {
	mkfifo "$AGENT/go"
	echo wait >"$AGENT/mode"
	add x@y.test a@far.test alice@example.test
	queue-run & local runner=$!
	wait_until test -s "$AGENT/pid"
	wait_until has_messages "$MAIL/alice/new" 1
	kill -9 $runner
	wait $runner || :
	queue-run # the worker holds the claim
	[ "$(wc -l <"$AGENT/jobs")" = 1 ]
	echo go >"$AGENT/go"
	wait_until test -s "$Q"/log/run.00
	wait_until flock -n "$Q/log/run.00" true
	echo ok >"$AGENT/mode"
	queue-run
	queue_empty
	[ "$(wc -l <"$AGENT/jobs")" = 1 ]
	[ "$(count "$MAIL/alice/new")" = 1 ]
	logged "event=merged id=$ID"
}

@test "a runner killed after the delivery, before the removal: once" {
	add x@y.test alice@example.test
	cp -p "$Q/new/$ID" "$BATS_TEST_TMPDIR/copy"
	queue-run
	queue_empty
	mv "$BATS_TEST_TMPDIR/copy" "$Q/new/$ID"
	queue-run
	queue_empty
	[ "$(count "$MAIL/alice/new")" = 1 ]
}

@test "a clock that jumps bounces nothing and strands nothing" {
	echo defer >"$AGENT/mode"
	local now=$EPOCHSECONDS year=$((366 * 86400))
	add alice@example.test a@far.test
	at $((now + year))
	at $((now + 2 * year))
	[ "$(count "$MAIL")" = 0 ]
	# Back again: the time in the name is a year away, which is further than any step.
	at "$now"
	[ "$(wc -l <"$AGENT/jobs")" = 3 ]
	((($(due) - now) < 86400))
}

@test "damaged goes to failed/, partial waits and is swept" {
	add x@y.test alice@example.test
	truncate -s -1 "$Q/new/$ID"
	queue-run
	[ -e "$Q/new/$ID" ]
	touch -d '2 days ago' "$Q/new/$ID"
	queue-run
	[ ! -e "$Q/new/$ID" ]
	[ "$(count "$MAIL")" = 0 ]
	logged "event=swept file=new/$ID"
}

@test "-n says what a pass would do, and touches nothing" {
	aliases "all@example.test:bob@example.test, x@far.test"
	add x@y.test alice@example.test all@example.test nobody@example.test y@far.test
	find "$PABAL_ROOT" -type f -exec md5sum {} + | sort >"$BATS_TEST_TMPDIR/before"
	run -0 queue-run -n
	diff - <(echo "$output") <<-END
		new/$ID	alice@example.test	deliver-maildir $MAIL/alice
		new/$ID	all@example.test	expand to 2
		new/$ID	  bob@example.test	deliver-maildir $MAIL/bob
		new/$ID	  x@far.test	fake-agent hop-1
		new/$ID	nobody@example.test	fail: 5.1.1 no such user
		new/$ID	y@far.test	fake-agent hop-1
	END
	run -0 queue-run -n "$ID"
	[ "${#lines[@]}" = 6 ]
	run -75 queue-run -n 00000000000000000000000A
	find "$PABAL_ROOT" -type f -exec md5sum {} + | grep -v /run/queue/ | sort | diff "$BATS_TEST_TMPDIR/before" -
	# what is done or not due is left out
	echo defer >"$AGENT/mode"
	queue-run
	run -0 queue-run -n
	[ "$output" = '' ]
	PABAL_NOW=$(due) run -0 queue-run -n
	[ "$(cut -f2 <<<"$output" | tr '\n' ' ')" = 'y@far.test x@far.test ' ] || { echo "$output"; false; }
}


@test "limits: no more workers than control says" {
	echo 1 >"$PABAL_ROOT/control/max-per-hop"
	mkfifo "$AGENT/go"
	echo wait >"$AGENT/mode"
	for i in {1..40}; do add "s$i@y.test" a@far.test; done
	queue-run & local runner=$!
	wait_until test -s "$AGENT/pid"
	[ "$(pgrep -c -P $runner)" = 1 ]
	echo ok >"$AGENT/mode"
	echo go >"$AGENT/go"
	wait $runner
	[ "$(wc -l <"$AGENT/jobs")" = 40 ]
	queue_empty
}

@test "a slow next hop does not hold up the others" {
	echo 1 >"$PABAL_ROOT/control/max-per-hop"
	mkfifo "$AGENT/go"
	echo wait >"$AGENT/mode"
	start_watching
	for i in {1..150}; do add "s$i@y.test" a@far.test; done
	wait_until test -s "$AGENT/pid"
	add x@y.test alice@example.test
	wait_until only_message "$MAIL/alice"
	[ "$(wc -l <"$AGENT/jobs")" = 1 ]
	echo ok >"$AGENT/mode"
	echo go >"$AGENT/go"
	wait_until no_messages
	[ "$(cut -d' ' -f1 "$AGENT/jobs" | wc -l)" = 150 ]
}

@test "killed again and again while 200 messages come in: none lost, none twice" {
	aliases "both@example.test:bob@example.test, a@far.test"
	local i runner
	for i in {1..200}; do
		printf 'MAIL FROM:<s%s@y.test>\nRCPT TO:<alice@example.test>\nRCPT TO:<both@example.test>\nDATA\n' "$i" >"$BATS_TEST_TMPDIR/env"
		printf 'Subject: m%s\n\nx\n' "$i" | queue-add -e 3 3<"$BATS_TEST_TMPDIR/env" >>"$BATS_TEST_TMPDIR/ids"
	done &
	local adder=$!
	for i in {1..15}; do
		queue-run -w & runner=$!
		local had=$(count "$MAIL")
		wait_until eval "[ \$(count '$MAIL') != $had ] || ! kill -0 $adder 2>/dev/null"
		kill -9 $runner
		wait $runner 2>/dev/null || :
	done
	wait $adder
	# What workers of the killed still do, then what is left.
	wait_until eval 'queue-run; [ "$(count "$Q/new")" = 0 ]'
	for i in 1 2 3 4; do at $((EPOCHSECONDS + 20000 * i)); done
	[ "$(wc -l <"$BATS_TEST_TMPDIR/ids")" = 200 ]
	for i in alice bob; do
		[ "$(cat "$MAIL/$i"/new/* | grep -c ^Subject:)" = 200 ]
		[ "$(cat "$MAIL/$i"/new/* | grep ^Subject: | sort -u | wc -l)" = 200 ]
	done
	[ "$(sort -u "$AGENT"/*.4 | grep -c '^Subject: m')" = 200 ]
	[ "$(count "$Q/new" "$Q/later")" = 0 ]
}

# The folders of later/ that a pass opens.
buckets_read() { strace -f -e trace=openat -o "$BATS_TEST_TMPDIR/trace" queue-run && grep -c 'later/[0-9A-F][0-9A-F]"' "$BATS_TEST_TMPDIR/trace"; }

@test "a pass reads on where the one before came to; a reboot, a jump of the clock, an hour, a pass cut short: all of it" {
	need strace
	run_dir=$PABAL_ROOT/run/queue
	echo defer >"$AGENT/mode"
	add x@y.test a@far.test
	now=$EPOCHSECONDS
	export PABAL_NOW=$now
	[ "$(buckets_read)" -ge 256 ]
	[ "$(buckets_read)" -le 4 ]
	for ((i = 1; i < 50; i++)); do
		PABAL_NOW=$((now + 60 * i))
		(($(buckets_read) <= 8)) || { cat "$BATS_TEST_TMPDIR/trace"; false; }
	done
	# what falls due is tried: 5 attempts within 49 minutes at the least
	[ "$(wc -l <"$AGENT/jobs")" -ge 4 ]
	PABAL_NOW=$((now + 3600))
	[ "$(buckets_read)" -ge 256 ]
	PABAL_NOW=$((now + 3000))
	[ "$(buckets_read)" -ge 256 ]
	[ "$(buckets_read)" -le 8 ]
	sed -i 's/ ......../ 00000000/' "$run_dir/scanned"
	[ "$(buckets_read)" -ge 256 ]
	rm -r "$PABAL_ROOT/run"
	[ "$(buckets_read)" -ge 256 ]
	echo 7200 >"$PABAL_ROOT/control/retry-largest"
	[ "$(buckets_read)" -ge 256 ]
}

@test "what a pass had to leave is found by the next one" {
	echo defer >"$AGENT/mode"
	now=$EPOCHSECONDS
	add x@y.test a@far.test
	at "$now"
	time=$(due)
	# somebody has it while it is due, then dies; a pass that found it busy moves no mark
	f=$(echo "$Q"/later/*/*)
	exec 8<"$f"
	flock 8
	at "$time"
	at $((time + 500))
	[ "$(wc -l <"$AGENT/jobs")" = 1 ]
	exec 8<&-
	at $((time + 501))
	[ "$(wc -l <"$AGENT/jobs")" = 2 ]
	# killed in the middle
	time=$(due)
	rm -f "$AGENT/go"; mkfifo "$AGENT/go"
	echo wait >"$AGENT/mode"
	PABAL_NOW=$time start queue-run
	wait_until test -s "$AGENT/pid"
	kill -9 "${STARTED[0]}" "$(cat "$AGENT/pid")"
	wait "${STARTED[0]}" || :
	echo ok >"$AGENT/mode"
	at $((time + 600))
	queue_empty
}
