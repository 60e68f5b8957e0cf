# mail-up(8): the whole system in one foreground process.
load lib

setup() {
	WITH=()
	make_root example.test alice bob
	export PABAL_LOG=fd:2
	OUT=$BATS_TEST_TMPDIR/out
}
teardown() { stop_all; }

# up ARG…: starts mail-up, waits until it is ready; sets UP and PORT.
up() {
	start "${WITH[@]}" mail-up "$@" >"$OUT" 2>>"$LOG" 3>&-
	UP=$!
	wait_until grep -qx ready "$OUT"
	PORT=$(sed -n 's/^smtp //p' "$OUT")
}

# descendants PID: it and all below it.
descendants() {
	local child
	echo "$1"
	for child in $(pgrep -P "$1"); do descendants "$child"; done
}
gone() {
	local pid
	for pid; do
		[ ! -e "/proc/$pid" ] || grep -q '^State:[[:space:]]*Z' "/proc/$pid/status" 2>/dev/null || return 1
	done
}

# send ADDRESS: one small message over SMTP.
send() {
	printf 'Subject: x\n\nbody\n' >"$BATS_TEST_TMPDIR/message"
	smtp-send -c "127.0.0.1:$PORT" -f bob@example.test "$1" <"$BATS_TEST_TMPDIR/message"
}

@test "it says ready when it accepts, and mail goes through to the Maildir" {
	up -p 0
	run send alice@example.test
	[ "$status" = 0 ]
	[[ $output == *"	delivered	250 "*queued* ]]
	wait_until only_message "$PABAL_ROOT/mail/example.test/alice"
	grep -q '^body$' "$(only_message "$PABAL_ROOT/mail/example.test/alice")"
}

@test "a service listens at the base plus its standard port, on loopback only" {
	base=$(($(free_port) - 25))
	up -p "$base"
	[ "$PORT" = $((base + 25)) ]
	[ "$(ss -Hltn "sport = :$PORT" | awk '{print $4}')" = "127.0.0.1:$PORT" ]
}

@test "a busy port is told with exit 69, and nothing is left running" {
	up -p 0
	run mail-up -p $((PORT - 25))
	[ "$status" = 69 ]
	[[ $output == *"port $PORT (smtp"*"in use"* ]]
	! grep -qx ready <<<"$output"
}

@test "what dies is started again, and no connection is refused meanwhile" {
	up -p 0
	old=$(pgrep -P "$UP" -f 'smtp-recv$')
	kill -KILL "$old"
	again() { new=$(pgrep -P "$UP" -f 'smtp-recv$') && [ "$new" != "$old" ]; }
	# A prepared session whose parent is gone says 421; the next try finds the new ones.
	refused=
	sent() {
		run send alice@example.test
		[[ $output != *refused* ]] || refused=$output
		[ "$status" = 0 ]
	}
	wait_until sent
	[ -z "$refused" ]
	wait_until again
	grep -q 'event=died service=smtp signal=9' "$LOG"
	runner=$(pgrep -P "$UP" -x queue-run)
	kill -KILL "$runner"
	runs_again() { new=$(pgrep -P "$UP" -x queue-run) && [ "$new" != "$runner" ]; }
	wait_until runs_again
	send alice@example.test
	both() { [ "$(find "$PABAL_ROOT/mail/example.test/alice/new" -type f | wc -l)" = 2 ]; }
	wait_until both
}

@test "SIGTERM ends all of it, exit 0" {
	for signal in TERM INT; do
		up -p 0
		mapfile -t all < <(descendants "$UP")
		((${#all[@]} >= 3))
		kill -"$signal" "$UP"
		wait "$UP"
		wait_until gone "${all[@]}"
		[ -z "$(ss -Hltn "sport = :$PORT")" ]
	done
}

@test "even kill -9 leaves nothing behind" {
	up -p 0
	mapfile -t all < <(descendants "$UP")
	kill -KILL "$UP"
	wait_until gone "${all[@]}"
}

@test "all is in its process group" {
	up -p 0
	group=$(ps -o pgid= -p "$UP")
	for pid in $(descendants "$UP"); do
		[ "$(ps -o pgid= -p "$pid")" = "$group" ]
	done
}

@test "no installation: exit 78 and how to make one" {
	PABAL_ROOT=$BATS_TEST_TMPDIR/none run mail-up
	[ "$status" = 78 ]
	[[ $output == *mail-init* ]]
	rm "$PABAL_ROOT/control/me"
	run mail-up
	[ "$status" = 78 ]
}

@test "a wrong command line is 64" {
	for bad in -x '-p x' '-p 70000' extra; do
		run mail-up $bad
		[ "$status" = 64 ]
	done
}

@test "a relative PABAL_ROOT works" {
	cd "$BATS_TEST_TMPDIR"
	PABAL_ROOT=root up -p 0
	run send alice@example.test
	[ "$status" = 0 ]
	wait_until only_message "$PABAL_ROOT/mail/example.test/alice"
}

@test "with the four owners nobody who talks to the network is root, and mail has its owner" {
	[ "$(id -u)" = 0 ] || cannot "needs root"
	four_owners
	chmod 755 "$BATS_RUN_TMPDIR" "$BATS_TEST_TMPDIR" # other users must reach the root
	export PABAL_ROOT=$BATS_TEST_TMPDIR/owned
	owned mail-init -m mail.example.test example.test
	owned mail-user add -n alice@example.test
	# an agent that says who it is
	printf '#!/bin/sh\nid -un >>%s/run/agent\nexit 75\n' "$PABAL_ROOT" >"$BATS_TEST_TMPDIR/agent"
	chmod 755 "$BATS_TEST_TMPDIR/agent"
	echo "remote.test:$BATS_TEST_TMPDIR/agent nowhere" >"$PABAL_ROOT/control/routes"
	echo 127.0.0.0/8 >"$PABAL_ROOT/control/relay-nets"
	WITH=("${OWNED[@]}")
	up -p 0
	send alice@example.test
	wait_until only_message "$PABAL_ROOT/mail/example.test/alice"
	[ "$(stat -c %u:%a "$(only_message "$PABAL_ROOT/mail/example.test/alice")")" = 60904:600 ]
	for pid in $(descendants "$UP"); do
		[ "$(cat "/proc/$pid/comm")" != smtp-recv ] || [ "$(stat -c %u "/proc/$pid")" = 60902 ]
	done
	send someone@remote.test
	wait_until test -s "$PABAL_ROOT/run/agent"
	[ "$(sort -u "$PABAL_ROOT/run/agent")" = mailq ]
	# a local user's sendmail, too
	setpriv --reuid nobody --regid nogroup --clear-groups sendmail -f nobody alice@example.test \
		<"$BATS_TEST_TMPDIR/message"
	both() { [ "$(find "$PABAL_ROOT/mail/example.test/alice/new" -type f -uid 60904 | wc -l)" = 2 ]; }
	wait_until both
}

# beside PROGRAM…: a folder with mail-up and these of ours; others are the test's own.
beside() {
	local p
	mkdir "$BATS_TEST_TMPDIR/bin"
	for p in mail-up "$@"; do cp "$BUILD/bin/$p" "$BATS_TEST_TMPDIR/bin"; done
	PATH=$BATS_TEST_TMPDIR/bin:$PATH
}

@test "what dies again and again is started after growing delays" {
	beside smtp-recv
	printf '#!/bin/sh\nexit 3\n' >"$BATS_TEST_TMPDIR/bin/queue-run"
	chmod +x "$BATS_TEST_TMPDIR/bin/queue-run"
	up -p 0
	four() { [ "$(grep -c 'event=died service=queue exit=3' "$LOG")" -ge 4 ]; }
	wait_until four
	run sed -n 's/.*event=died service=queue exit=3 again_ms=//p' "$LOG"
	[ "${lines[0]}" = 100 ] && [ "${lines[1]}" = 200 ] && [ "${lines[2]}" = 400 ] && [ "${lines[3]}" = 800 ]
}

@test "a server that says nothing: exit 69, never ready" {
	beside queue-run
	cat >"$BATS_TEST_TMPDIR/bin/smtp-recv" <<-'END'
		#!/usr/bin/env python3
		import socket
		s = socket.socket(fileno=0)
		while True:
		    s.accept()[0].close()
	END
	chmod +x "$BATS_TEST_TMPDIR/bin/smtp-recv"
	run timeout 60 mail-up -p 0
	[ "$status" = 69 ]
	[[ $output == *"smtp (port "*") does not answer"* ]]
	! grep -qx ready <<<"$output"
}

@test "only servers whose program is there" {
	beside queue-run
	up -p 0
	[ "$(cat "$OUT")" = ready ]
}

@test "where there is a certificate, TLS is on the ports for it, and offered on the others" {
	load tls
	make_ca authority
	host_cert mail.example.test
	up -p 0
	port() { sed -n "s/^$1 //p" "$OUT"; }
	greeting() {
		tls_client "$(port "$1")" 'context = ssl.create_default_context(cafile=tmp + "/authority.pem")
tls("mail.example.test"); print(line())'
	}
	[[ $(greeting submissions) == '220 mail.example.test ESMTP' ]]
	[[ $(greeting pop3s) == '+OK mail.example.test POP3' ]]
	[[ $(greeting imaps) == '* OK '* ]]
	tls_client "$(port smtp)" 'line(); say("EHLO c\r\nQUIT\r\n"); assert b"STARTTLS" in rest()'
	tls_client "$(port pop3)" 'line(); say("CAPA\r\nQUIT\r\n"); assert b"STLS" in rest()'
}
