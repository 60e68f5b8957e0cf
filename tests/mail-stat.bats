#!/usr/bin/env bats
# mail-stat(1), mail-report(8): the log of a day of ours, as figures and as a message with a plot.

load lib
bats_require_minimum_version 1.5.0

setup() {
	make_root example.test alice bob
	export PABAL_LOG=fd:5
	exec 5>>"$LOG"
	Q=$PABAL_ROOT/queue
	MAIL=$PABAL_ROOT/mail/example.test
	T=$BATS_TEST_TMPDIR
}
teardown() {
	stop_all
	exec 5>&-
}

# A day: two delivered, one bounced, one refused at the door.
live() {
	printf 'Subject: one\n\nbody\n' >"$T/message"
	queue-add -f bob@example.test alice@example.test bob@example.test <"$T/message"
	queue-add -f bob@example.test nobody@example.test <"$T/message"
	printf '%s\r\n' 'EHLO c' 'MAIL FROM:<a@x.test>' 'RCPT TO:<nobody@example.test>' 'RCPT TO:<alice@example.test>' \
		DATA 'Subject: x' '' y . QUIT | PROTO=TCP TCPREMOTEIP=192.0.2.7 smtp-recv >/dev/null
	queue-run
}
# number TEXT: the last word of the row that starts with it.
number() { awk -v row="$1" 'index($0, row) == 1 { print $NF }' "$T/out"; }

@test "the log of our own commands: every event, destinations, senders, refusals" {
	live
	mail-stat "$LOG" >"$T/out"
	[ "$(number 'queue-run delivered')" = 4 ]
	[ "$(number 'queue-add queued')" = 2 ]
	[ "$(number 'smtp-recv accepted')" = 1 ]
	[ "$(number 'queue-run bounced')" = 1 ]
	[ "$(number '550 5.1.1')" = 1 ]
	[ "$(number 192.0.2.7)" = 1 ]
	grep -qE '^local +4 +0 +0 ' "$T/out"
	grep -qE '^bob@example.test +2 +38$' "$T/out"
	mail-stat <"$LOG" | diff "$T/out" -
}

@test "JSON lines that a parser takes, Prometheus text that has types and buckets" {
	live
	echo 'queue-run: event=deferred sender=a dest=\x22\x5c\x0a\xff delay=1' >>"$LOG"
	mail-stat -j "$LOG" >"$T/out"
	python3 - "$T/out" <<-'END'
		import json, sys
		rows = [json.loads(line) for line in open(sys.argv[1])]
		assert {r["figure"] for r in rows} >= {"all", "event", "destination", "delay", "sender", "refusal", "client"}
		assert next(r for r in rows if r["figure"] == "destination" and r["name"] == "local")["done"] == 4
		assert any(r["name"].startswith('"\\\n') for r in rows if r["figure"] == "destination")
	END
	mail-stat -pq "$LOG" >"$T/out"
	python3 - "$T/out" <<-'END'
		import re, sys
		types = {}
		for line in open(sys.argv[1]):
		    if line.startswith("#"):
		        word = line.split()
		        if word[1] == "TYPE":
		            types[word[2]] = word[3]
		        continue
		    m = re.fullmatch(r'(\w+)(\{(\w+="([^"\\\n]|\\["\\n])*",?)+\})? (\d+)\n', line)
		    assert m, line
		    assert m[1] in types or re.sub("_(bucket|sum|count)$", "", m[1]) in types, line
		assert types["pabal_delay_seconds"] == "histogram" and types["pabal_queue_messages"] == "gauge"
	END
	grep -qx 'pabal_events_total{command="queue-run",event="delivered"} 4' "$T/out"
	grep -qx 'pabal_queue_messages{where="new"} 0' "$T/out"
}

@test "-d: a day, by either kind of time stamp; yesterday and today" {
	cat >"$T/log" <<-'END'
		Nov  3 10:00:00 h queue-run[1]: event=delivered relay=deliver-maildir delay=1
		Nov  4 10:00:00 h queue-run[1]: event=delivered relay=deliver-maildir delay=1
		2026-11-03T11:00:00+00:00 h queue-run: event=deferred dest=x delay=1
		2026-11-04T11:00:00+00:00 h queue-run: event=deferred dest=x delay=1
		queue-run: event=failed dest=x delay=1
		Nov  3 10:00:00 h sshd[1]: no event of ours
	END
	mail-stat -d 2026-11-03 "$T/log" >"$T/out"
	[ "$(number 'queue-run delivered')" = 1 ]
	[ "$(number 'queue-run deferred')" = 1 ]
	! grep -q failed "$T/out" || [ "$(grep -c 'queue-run failed' "$T/out")" = 0 ]
	grep -qE '^Nov  3 10 +0 +1 +0 +0$' "$T/out"
	grep -qE '^2026-11-03 11 +0 +0 +1 +0$' "$T/out"
	now=$(date -d '2026-11-04 12:00' +%s)
	PABAL_NOW=$now mail-stat -d yesterday "$T/log" | diff "$T/out" -
	[ "$(PABAL_NOW=$now mail-stat -d today "$T/log" | grep -c '^Nov  4 10')" = 1 ]
}

@test "-o replaces the file as a whole; usage; a log that is not there" {
	echo old >"$T/file"
	mail-stat -p -o "$T/file" </dev/null
	grep -q pabal_octets_total "$T/file"
	run -64 mail-stat -d soon </dev/null
	run -64 mail-stat -n many </dev/null
	run -66 mail-stat "$T/none" "$LOG"
	[[ $output == *none* ]]
	run -69 env PABAL_ROOT="$T/none" mail-stat -q /dev/null
}

@test "hostile lines: nothing reaches the terminal, a million names do not fill the memory" {
	printf 'queue-run: event=relayed dest=\\x1b[2J\\x07 delay=1\n\377\0event=x\nqueue-run: event=\n' >"$T/log"
	head -c 200000 /dev/zero | tr '\0' x >>"$T/log"
	mail-stat "$T/log" >"$T/out"
	! grep -q "$(printf '[\033\007]')" "$T/out"
	[ "$(number 'queue-run relayed')" = 1 ]
	awk 'BEGIN { for (i = 0; i < 300000; i++) print "queue-run: event=relayed dest=d" i " delay=1" }' |
		(ulimit -v 400000; mail-stat -n 1) >"$T/out"
	[ "$(number 'queue-run relayed')" = 300000 ]
	grep -qE '^\(others\) +200000 ' "$T/out"
}

# A drawing program for tests: it checks that it gets a script and the 24 hours, and draws one dot.
fake_gnuplot() {
	mkdir "$T/bin"
	cat >"$T/bin/gnuplot" <<-'END'
		#!/bin/sh
		grep -q 'plot "hours"' && [ "$(wc -l <hours)" = 24 ] || exit 1
		cp hours "$SEEN"
		printf 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==' | base64 -d >plot.png
	END
	chmod +x "$T/bin/gnuplot"
	export SEEN=$T/hours
}

report_log() {
	cat >"$T/day" <<-'END'
		2026-11-24T09:10:00+00:00 h smtp-recv: event=accepted from=a<b>&c size=10
		2026-11-24T09:10:01+00:00 h queue-run: event=delivered relay=deliver-maildir delay=1
		2026-11-24T17:00:00+00:00 h queue-run: event=deferred dest=far.test delay=9
		2026-11-23T17:00:00+00:00 h queue-run: event=failed dest=old.test delay=9
	END
}

@test "mail-report: text, HTML, and the plot inline, delivered to its reader" {
	fake_gnuplot
	report_log
	PATH=$T/bin:$PATH mail-report -d 2026-11-24 alice@example.test "$T/day"
	queue-run
	m=$(only_message "$MAIL/alice")
	python3 - "$m" <<-'END'
		import email, email.policy, sys
		m = email.message_from_binary_file(open(sys.argv[1], "rb"), policy=email.policy.default)
		assert m["Subject"] == "Mail at mail.example.test on 2026-11-24" and m["Auto-Submitted"] == "auto-generated"
		assert "postmaster@mail.example.test" in m["From"] and m["To"] == "alice@example.test"
		parts = {p.get_content_type(): p for p in m.walk()}
		assert "far.test" in parts["text/plain"].get_content() and "old.test" not in parts["text/plain"].get_content()
		page = parts["text/html"].get_content()
		assert 'src="cid:plot"' in page and "a&lt;b&gt;&amp;c" in page
		assert parts["image/png"]["Content-ID"] == "<plot>" and parts["image/png"].get_content().startswith(b"\x89PNG")
	END
	[ "$(sed -n 10p "$T/hours")" = '9 1 1 0 0' ]
	[ "$(sed -n 18p "$T/hours")" = '17 0 0 1 0' ]
}

@test "mail-report without gnuplot, from standard input; what fails sends nothing" {
	report_log
	run -0 mail-report -x -p -d 2026-11-24 -f root@example.test bob@example.test <"$T/day"
	[[ $output == *'From: root@example.test'*'far.test'* ]]
	[[ $output != *cid:plot* ]]
	run -64 mail-report
	run -66 mail-report bob@example.test "$T/none"
	mkdir "$T/bin"
	printf '#!/bin/sh\nexit 1\n' >"$T/bin/gnuplot"
	chmod +x "$T/bin/gnuplot"
	PATH=$T/bin:$PATH run -75 mail-report bob@example.test "$T/day"
	[ -z "$(find "$Q" -type f)" ]
}

@test "mail-report with the real gnuplot" {
	need gnuplot
	report_log
	mail-report -p -d 2026-11-24 alice@example.test "$T/day" >"$T/message"
	mail-parts -p "mail-2026-11-24.png" <"$T/message" | head -c 4 | grep -q PNG
}
