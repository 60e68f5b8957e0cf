#!/usr/bin/env bats
# The floor of free space and inodes below which no new mail is taken; what is in the queue goes on.

load lib
bats_require_minimum_version 1.5.0

setup() {
	make_root example.test alice bob
	export PABAL_LOG=none
	Q=$PABAL_ROOT/queue
	MAIL=$PABAL_ROOT/mail/example.test
	T=$BATS_TEST_TMPDIR
	printf 'From: bob@example.test\nSubject: x\n\nbody\n' >"$T/message"
}
teardown() { stop_all; }

floor() { echo 999999999999999999 >"$PABAL_ROOT/control/$1"; }
session() {
	printf '%s\r\n' 'EHLO c' "MAIL FROM:<bob@example.test>$1" 'RCPT TO:<alice@example.test>' DATA 'Subject: x' '' body . QUIT |
		PROTO=TCP TCPREMOTEIP=192.0.2.7 smtp-recv
}

@test "smtp-recv answers 452 4.3.1 and keeps nothing; it takes mail again when there is room" {
	for name in free-space free-inodes; do
		floor $name
		run session ''
		[[ $output == *'452 4.3.1 queue: too '* ]]
		[ -z "$(find "$Q" -type f)" ]
		rm "$PABAL_ROOT/control/$name"
	done
	run session ''
	[[ $output == *'250 2.0.0 queued '* ]]
}

@test "smtp-recv: the size that the client announces counts" {
	free=$(stat -f -c '%a * %S' "$PABAL_ROOT")
	echo $((free - 40000000)) >"$PABAL_ROOT/control/free-space"
	run session ' SIZE=50000000'
	[[ $output == *'452 4.3.1 '* ]]
	run session ' SIZE=100'
	[[ $output == *'250 2.0.0 queued '* ]]
}

@test "queue-add and sendmail exit 75 with 4.3.1" {
	floor free-space
	run -75 queue-add -f bob@example.test alice@example.test <"$T/message"
	[[ $output == '4.3.1 '* ]]
	run -75 sendmail alice@example.test <"$T/message"
	[[ $output == *'4.3.1 '* ]]
	[ -z "$(find "$Q" -type f)" ]
}

@test "what is in the queue is delivered, and bounced" {
	queue-add -f bob@example.test alice@example.test nobody@example.test <"$T/message"
	floor free-space
	queue-run
	only_message "$MAIL/alice"
	only_message "$MAIL/bob"
}

@test "what was dropped waits for room" {
	# sendmail writes into drop/ where there is no new/
	mv "$Q/new" "$Q/new.away"
	sendmail alice@example.test <"$T/message"
	mv "$Q/new.away" "$Q/new"
	[ "$(find "$Q/drop" -type f | wc -l)" = 1 ]
	floor free-inodes
	queue-run
	[ "$(find "$Q/drop" -type f | wc -l)" = 1 ]
	rm "$PABAL_ROOT/control/free-inodes"
	queue-run
	only_message "$MAIL/alice"
}

@test "a floor that is no number: mail is deferred, with the file's name" {
	echo lots >"$PABAL_ROOT/control/free-space"
	run -75 queue-add -f bob@example.test alice@example.test <"$T/message"
	[[ $output == *control/free-space* ]]
	run session ''
	[[ $output == *$'\n451 4.3.0 '* ]]
}
