#!/usr/bin/env bats
# queue-run(8): reports of success (RFC 3461, RFC 3464, RFC 6533), from the door to the sender's mailbox.

load lib
load peers/peers
bats_require_minimum_version 1.5.0

setup() {
	make_root example.test alice bob carol
	export PABAL_LOG=fd:5
	exec 5>>"$LOG"
	export AGENT=$BATS_TEST_TMPDIR/agent
	mkdir "$AGENT"
	echo ok >"$AGENT/mode"
	PATH=$BATS_TEST_DIRNAME/agents:$PATH
	echo 'far.test:fake-agent hop-1' >"$PABAL_ROOT/control/routes"
	Q=$PABAL_ROOT/queue
	MAIL=$PABAL_ROOT/mail/example.test
	T=$BATS_TEST_TMPDIR
}

teardown() {
	stop_all
	stop_peers
	exec 5>&-
}

# add LINE…: a message with this envelope.
add() {
	printf '%s\n' "$@" DATA >"$T/env"
	ID=$(printf 'Subject: one\n\nthe body\n' | queue-add -e 3 3<"$T/env")
	ID=${ID#queued }
}
aliases() { printf '%s\n' "$@" "postmaster@example.test:carol@example.test" | sort >"$PABAL_ROOT/control/aliases"; }
count() { find "$@" -type f | wc -l; }
queue_empty() { [ -z "$(find "$Q" -type f ! -name swept)" ]; }

# fields FILE: of each recipient in the report, "ACTION STATUS FINAL ORIGINAL REMOTE", sorted.
fields() {
	python3 - "$1" <<-'END'
		import email, email.policy, sys
		m = email.message_from_binary_file(open(sys.argv[1], "rb"), policy=email.policy.default)
		assert m["Return-Path"] == "<>" and m["Auto-Submitted"], m.as_string()
		assert m.get_content_type() == "multipart/report"
		text, report, original = m.iter_parts()
		assert original.get_content_type() == "text/rfc822-headers", "no success returns the message"
		for p in sorted(report.get_payload()[1:], key=str):
		    print(p["Action"], p["Status"], p["Final-Recipient"], p["Original-Recipient"], p["Remote-MTA"])
	END
}
reported() {
	local want
	want=$(printf '%s\n' "$@")
	[ "$(fields "$(only_message "$MAIL/alice")")" = "$want" ] || { cat "$MAIL"/alice/new/*; false; }
}

@test "delivered: who asked hears of it, once, and of nobody else" {
	add 'MAIL FROM:<alice@example.test> ENVID=QQ+2B1 RET=FULL' 'RCPT TO:<bob@example.test> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;Bob+2B@old.test' \
		'RCPT TO:<carol@example.test>'
	queue-run
	only_message "$MAIL/bob"
	only_message "$MAIL/carol"
	reported 'delivered 2.0.0 rfc822; bob@example.test rfc822; Bob+@old.test None'
	grep -q '^Original-Envelope-Id: QQ+1$' "$MAIL"/alice/new/*
	! grep -q "$PABAL_ROOT" "$MAIL"/alice/new/* # no path of ours goes out
	queue_empty
	[ "$(grep -c "event=reported id=$ID" "$LOG")" = 1 ]
}

@test "no NOTIFY, other words, NEVER, a null sender: no report" {
	add 'MAIL FROM:<alice@example.test>' 'RCPT TO:<bob@example.test>'
	add 'MAIL FROM:<alice@example.test>' 'RCPT TO:<bob@example.test> NOTIFY=FAILURE,DELAY'
	add 'MAIL FROM:<alice@example.test>' 'RCPT TO:<bob@example.test> NOTIFY=NEVER'
	add 'MAIL FROM:<>' 'RCPT TO:<bob@example.test> NOTIFY=SUCCESS'
	queue-run
	[ "$(count "$MAIL/bob/new")" = 4 ]
	[ "$(count "$MAIL/alice/new")" = 0 ]
	queue_empty
}

@test "relayed: reported where the next hop makes no reports, left to it where it does" {
	add 'MAIL FROM:<alice@example.test>' 'RCPT TO:<a@far.test> NOTIFY=SUCCESS'
	queue-run
	reported 'relayed 2.0.0 rfc822; a@far.test None None'
	grep -q 'reports no more' "$MAIL"/alice/new/*
	echo dsn >"$AGENT/mode"
	add 'MAIL FROM:<alice@example.test>' 'RCPT TO:<a@far.test> NOTIFY=SUCCESS'
	queue-run
	[ "$(count "$MAIL/alice/new")" = 1 ]
	[ "$(tail -n 1 "$AGENT/params")" = 'a@far.test NOTIFY=SUCCESS' ]
	queue_empty
}

@test "the real thing: smtp-send to a host with DSN, and to one without" {
	make_hop() {
		start_fake "$@"
		echo "far.test:[127.0.0.1]:$FAKE_PORT" >"$PABAL_ROOT/control/routes"
		add 'MAIL FROM:<alice@example.test> ENVID=x' 'RCPT TO:<a@far.test> NOTIFY=SUCCESS ORCPT=rfc822;a@far.test'
		queue-run
	}
	make_hop with -- 'EHLO=250-fake\n250-PIPELINING\n250 DSN'
	grep -qx '1< RCPT TO:<a@far.test> NOTIFY=SUCCESS ORCPT=rfc822;a@far.test' "$T/with"
	[ "$(count "$MAIL/alice/new")" = 0 ]
	make_hop without
	queue-run
	fields "$(only_message "$MAIL/alice")" | grep -q '^relayed 2.*a@far.test rfc822; a@far.test dns; 127.0.0.1$' ||
		{ cat "$MAIL"/alice/new/*; false; }
	queue_empty
}

@test "an alias of one passes it on; of several is expanded, and its members are asked for no success" {
	aliases 'one@example.test:bob@example.test' 'all@example.test:bob@example.test, carol@example.test, x@far.test' \
		'far@example.test:y@far.test'
	add 'MAIL FROM:<alice@example.test>' 'RCPT TO:<one@example.test> NOTIFY=SUCCESS'
	queue-run
	reported 'delivered 2.0.0 rfc822; bob@example.test rfc822; one@example.test None'
	rm "$MAIL"/alice/new/*
	add 'MAIL FROM:<alice@example.test>' 'RCPT TO:<all@example.test> NOTIFY=SUCCESS,FAILURE'
	queue-run
	reported 'expanded 2.0.0 rfc822; all@example.test None None'
	[ "$(tail -n 1 "$AGENT/params")" = 'x@far.test NOTIFY=FAILURE ORCPT=rfc822;all@example.test' ] || { cat "$AGENT/params"; false; }
	rm "$MAIL"/alice/new/*
	add 'MAIL FROM:<alice@example.test>' 'RCPT TO:<all@example.test> NOTIFY=SUCCESS'
	add 'MAIL FROM:<alice@example.test>' 'RCPT TO:<far@example.test> NOTIFY=DELAY'
	queue-run
	grep -qx 'x@far.test NOTIFY=NEVER ORCPT=rfc822;all@example.test' "$AGENT/params"
	grep -qx 'y@far.test NOTIFY=DELAY ORCPT=rfc822;far@example.test' "$AGENT/params"
	[ "$(count "$MAIL/alice/new")" = 1 ]
	queue_empty
}

@test "one is delivered, the other waits: each is reported when it is so" {
	echo defer >"$AGENT/mode"
	add 'MAIL FROM:<alice@example.test>' 'RCPT TO:<bob@example.test> NOTIFY=SUCCESS' 'RCPT TO:<a@far.test> NOTIFY=SUCCESS'
	queue-run
	reported 'delivered 2.0.0 rfc822; bob@example.test None None'
	rm "$MAIL"/alice/new/*
	echo ok >"$AGENT/mode"
	PABAL_NOW=$((EPOCHSECONDS + 400)) queue-run
	queue-run
	reported 'relayed 2.0.0 rfc822; a@far.test None None'
	[ "$(count "$MAIL/bob/new")" = 1 ]
	queue_empty
}

@test "a report that cannot be queued is made later; nothing is delivered again" {
	add 'MAIL FROM:<alice@example.test>' 'RCPT TO:<bob@example.test> NOTIFY=SUCCESS'
	mv "$Q/new/$ID" "$Q/later/00/0000000000.$ID"
	nothing_new queue-run
	only_message "$MAIL/bob"
	[ "$(count "$MAIL/alice/new")" = 0 ]
	PABAL_NOW=$((EPOCHSECONDS + 400)) queue-run
	queue-run
	reported 'delivered 2.0.0 rfc822; bob@example.test None None'
	only_message "$MAIL/bob"
	queue_empty
}

@test "a report that its reader cannot get makes no more mail" {
	echo fail >"$AGENT/mode"
	add 'MAIL FROM:<gone@far.test>' 'RCPT TO:<bob@example.test> NOTIFY=SUCCESS'
	queue-run
	queue_empty
	[ "$(count "$MAIL")" = 1 ]
}

@test "from SMTP to the report: smtp-recv offers DSN, and what it took is reported" {
	printf '%s\r\n' 'EHLO c' 'MAIL FROM:<alice@example.test> RET=HDRS ENVID=e1' 'RCPT TO:<bob@example.test> NOTIFY=SUCCESS ORCPT=rfc822;bob@example.test' \
		DATA 'Subject: x' '' body . QUIT | PROTO=TCP TCPREMOTEIP=192.0.2.7 smtp-recv >"$T/out"
	grep -q '^250-DSN' "$T/out"
	queue-run
	reported 'delivered 2.0.0 rfc822; bob@example.test rfc822; bob@example.test None'
	grep -q '^Original-Envelope-Id: e1$' "$MAIL"/alice/new/*
}

@test "RFC 6533: addresses and headers beyond ASCII" {
	mkdir -p "$MAIL/조조"/{cur,new,tmp}
	printf '%s\n' "조조@example.test:mail/example.test/조조" >>"$PABAL_ROOT/control/users"
	printf '%s\n' 'MAIL FROM:<alice@example.test> SMTPUTF8' 'RCPT TO:<조조@example.test> NOTIFY=SUCCESS ORCPT=utf-8;\x{C870}\x{C870}@old.test' DATA >"$T/env"
	printf 'Subject: 제목\n\nbody\n' | queue-add -e 3 3<"$T/env"
	queue-run
	r=$(only_message "$MAIL/alice")
	grep -qx 'Content-Type: message/delivery-status' "$r"
	grep -qxF 'Final-Recipient: utf-8; \x{C870}\x{C870}@example.test' "$r"
	grep -qxF 'Original-Recipient: utf-8; \x{C870}\x{C870}@old.test' "$r"
	grep -qx 'Content-Type: message/global-headers' "$r"
	grep -qx 'Subject: 제목' "$r"
	rm "$MAIL"/조조/new/*
	# the report itself needs SMTPUTF8: then all is said as it is
	printf '%s\n' 'MAIL FROM:<조조@example.test> SMTPUTF8' 'RCPT TO:<nobody@example.test>' 'RCPT TO:<없음@example.test>' DATA >"$T/env"
	printf 'Subject: 제목\n\nbody\n' | queue-add -e 3 3<"$T/env"
	queue-run
	r=$(only_message "$MAIL/조조")
	grep -qx 'Content-Type: message/global-delivery-status' "$r"
	grep -qx 'Final-Recipient: utf-8; 없음@example.test' "$r"
	grep -qx 'Content-Type: message/global' "$r"
}

@test "a storm of bounces to one address is held, and no one else's" {
	echo fail >"$AGENT/mode"
	echo 5 >"$PABAL_ROOT/control/bounce-storm"
	export PABAL_NOW=1800000000
	for i in {1..12}; do add 'MAIL FROM:<alice@example.test>' "RCPT TO:<a$i@far.test>"; done
	add 'MAIL FROM:<bob@example.test>' 'RCPT TO:<a@far.test>'
	queue-run
	queue-run
	[ "$(count "$MAIL/alice/new")" = 5 ]
	[ "$(count "$MAIL/bob/new")" = 1 ]
	[ "$(count "$Q/hold")" = 7 ]
	[ "$(count "$Q/new" "$Q/later")" = 0 ]
	[ "$(grep -c 'event=storm .* to=alice@example.test held=yes' "$LOG")" = 7 ]
	# the operator looks, and lets them go; the next hour is a new one
	queue-edit release -f '<>'
	queue-run
	[ "$(count "$MAIL/alice/new")" = 12 ]
	PABAL_NOW=1800003600
	add 'MAIL FROM:<alice@example.test>' 'RCPT TO:<a@far.test>'
	queue-run
	[ "$(count "$MAIL/alice/new")" = 13 ]
	echo 0 >"$PABAL_ROOT/control/bounce-storm"
	for i in {1..8}; do add 'MAIL FROM:<alice@example.test>' "RCPT TO:<a$i@far.test>"; done
	queue-run
	[ "$(count "$MAIL/alice/new")" = 21 ]
}
