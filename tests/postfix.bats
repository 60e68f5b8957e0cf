#!/usr/bin/env bats
# A real Postfix on loopback: it sends to smtp-recv and receives from smtp-send; messages are the same, octet for
# octet, below the trace fields.
load lib
load peers/peers

setup() {
	[ "$(id -u)" = 0 ] || cannot "Postfix needs root"
	need_peers
	make_root example.test user
	export PABAL_LOG=fd:2
	T=$BATS_TEST_TMPDIR
	# Postfix changes no message of others; with local clients it would add fields
	POSTFIX_MAIN='local_header_rewrite_clients ='
	for m in "$TOP"/tests/mail/*.eml; do
		[ -s "$m" ] && ! grep -aqP '\r.' "$m" && MESSAGES+=("$m")
	done
	python3 - "$T/strange" <<-'END'
		import sys
		with open(sys.argv[1], "wb") as f:
		    f.write(b"From: a@example.test\nSubject: dots\n\n.\n..\n.a\n" + b"\xc3\xa9\xff 8-bit\n")
		    f.write(b"long " * 150 + b"\n\n\n \t \n")
		    f.write(b"and many lines\n" * 20000 + b".\n")
	END
	MESSAGES+=("$T/strange")
}

teardown() {
	stop_all
	stop_peers
}

# same FILE MESSAGE: the end of FILE is the message, and what is above it are whole header fields.
same() {
	tail -c "$(wc -c <"$2")" "$1" | cmp - "$2"
}

@test "smtp-send to Postfix: every message arrives as it was" {
	local port message n=0 found
	port=$(free_port)
	start_postfix "$port" postfix.test
	for message in "${MESSAGES[@]}"; do
		run smtp-send -f a@example.test -c "127.0.0.1:$port" box@postfix.test <"$message"
		[ "$status" = 0 ] || { echo "$message: $output"; false; }
		n=$((n + 1))
		wait_until count_is "$POSTFIX/mail/box/new" 1
		found=("$POSTFIX"/mail/box/new/*)
		same "${found[0]}" "$message" || { echo "$message"; false; }
		rm "${found[0]}"
	done
	[ $n -ge 1 ]
	run smtp-send -f a@example.test -c "127.0.0.1:$port" box@elsewhere.test <"$T/strange"
	[ "$status" = 69 ]
	[[ $output == *"failed	554 5.7.1 "* ]]
}

count_is() { # DIR N
	[ "$(find "$1" -type f 2>/dev/null | wc -l)" = "$2" ]
}

@test "smtp-send -b to Postfix: 300 messages of two recipients over one connection" {
	local port i
	port=$(free_port)
	start_postfix "$port" postfix.test
	for ((i = 1; i <= 300; i++)); do
		printf '%024d\t%d\t%s\t0\ta@example.test\t%s@postfix.test\tDEST=[127.0.0.1]:%s\n' \
			"$i" 1 "$T/small" box "$port" "$i" 2 "$T/small" two "$port"
	done >"$T/jobs"
	printf 'Subject: small\n\nbody\n' >"$T/small"
	smtp-send -b <"$T/jobs" >>"$T/results" 2>>"$LOG"
	[ "$(wc -l <"$T/results")" = 600 ]
	[ "$(grep -c ' 0 250/dsn/[^ ]* 2.0.0 ' "$T/results")" = 600 ]
	wait_until count_is "$POSTFIX/mail/box/new" 600
	[ "$(grep -c 'disconnect from' "$POSTFIX/log")" -le 2 ]
}

@test "Postfix to smtp-recv: every message is queued as it was" {
	local port message found
	port=$(free_port)
	start_wait smtp-recv </dev/null >/dev/null 2>>"$LOG"
	start_postfix "$port" postfix.test 127.0.0.1 "$PORT"
	for message in "${MESSAGES[@]}"; do
		smtp-send -f a@example.test -c "127.0.0.1:$port" user@example.test <"$message" 2>>"$LOG"
		wait_until count_is "$PABAL_ROOT/queue/new" 1
		found=("$PABAL_ROOT"/queue/new/*)
		same "${found[0]}" "$message" || { echo "$message"; false; }
		grep -aq '^RCPT TO:<user@example.test>' "${found[0]}"
		rm "${found[0]}"
	done
}

@test "Postfix to smtp-recv: 300 messages at once, each once; an unknown user bounces there" {
	local port
	port=$(free_port)
	start_wait smtp-recv </dev/null >/dev/null 2>>"$LOG"
	start_postfix "$port" postfix.test 127.0.0.1 "$PORT"
	smtp_source -s 5 -m 300 -f a@postfix.test -t user@example.test -S 'number' "127.0.0.1:$port"
	wait_until count_is "$PABAL_ROOT/queue/new" 300
	smtp_source -m 1 -f box@postfix.test -t nobody@example.test "127.0.0.1:$port"
	wait_until count_is "$POSTFIX/mail/box/new" 1
	grep -q '550 5.1.1' "$POSTFIX"/mail/box/new/*
	count_is "$PABAL_ROOT/queue/new" 300
}
