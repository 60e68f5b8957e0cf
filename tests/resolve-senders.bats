#!/usr/bin/env bats
# Who forwarded mail and lists' mail comes back to: SRS, owner-LIST with VERP; whole domains as aliases; backup MX.

bats_require_minimum_version 1.5.0
load lib

setup() {
	source "$BATS_TEST_DIRNAME/peers/peers.bash"
	make_root example.test user
	export PABAL_LOG=fd:9
	exec 9>>"$LOG"
	T=$BATS_TEST_TMPDIR M=$T/message
	printf 'From: <a@x.test>\nSubject: test\n\ntext\n' >"$M"
	start_fake s
	echo "*:[127.0.0.1]:$FAKE_PORT" >"$PABAL_ROOT/control/routes"
}

teardown() {
	stop_peers
}

aliases() {
	printf '%s\n' 'abuse@example.test:postmaster@example.test' 'postmaster@example.test:user@example.test' "$@" |
		LC_ALL=C sort >"$PABAL_ROOT/control/aliases"
}

senders() { # what stood in MAIL FROM, sorted
	sed -n 's/^[0-9]*< MAIL FROM:<\([^>]*\)>.*/\1/p' "$T/s" | sort
}

@test "SRS: forwarded mail goes out in our name, and its bounce back" {
	aliases 'away@example.test:me@far.test'
	echo 'a secret of some length' >"$PABAL_ROOT/control/srs-secret"
	queue-add -f a@x.test away@example.test direct@far.test <"$M"
	queue-add -f user@example.test away@example.test <"$M"
	queue-add -f '<>' away@example.test <"$M"
	queue-run
	senders >"$T/senders"
	diff - <(sed 's/SRS0=.*=x.test=a/WRAPPED/' "$T/senders") <<-END

		WRAPPED@example.test
		a@x.test
		user@example.test
	END
	wrapped=$(grep SRS0 "$T/senders")
	run mail-where "$wrapped"
	[ "$status" = 0 ]
	[[ ${lines[0]} == "$wrapped: alias of 1 (control/srs-secret)" ]]
	[[ ${lines[1]} == "  a@x.test: remote by smtp-send to"* ]]
	run mail-where "${wrapped,,}" # case may change on the way
	[ "$status" = 0 ]
	run mail-where "${wrapped/=x.test=/=y.test=}" # a hash for another address
	[ "$status" = 67 ]
	queue-add -f '<>' "$wrapped" <"$M"
	queue-run
	grep -q 'RCPT TO:<a@x.test>' "$T/s"
	PABAL_NOW=$(($(date +%s) + 30 * 86400)) run mail-where "$wrapped"
	[ "$status" = 67 ]
}

@test "SRS: no secret, no change; a bad one is told; no room, no change" {
	aliases 'away@example.test:me@far.test'
	queue-add -f a@x.test away@example.test <"$M"
	queue-run
	[ "$(senders)" = a@x.test ]
	echo short >"$PABAL_ROOT/control/srs-secret"
	run mail-where SRS0=00000=AA=x.test=a@example.test
	[ "$status" = 75 ]
	queue-add -f a@x.test away@example.test <"$M"
	queue-run
	[ "$(senders)" = $'a@x.test\na@x.test' ]
	grep -q 'event=config-error file=control/srs-secret' "$LOG"
	echo 'a secret of some length' >"$PABAL_ROOT/control/srs-secret"
	long=a123456789b123456789c123456789d123456789e12345678@example.org
	queue-add -f "$long" away@example.test <"$M"
	queue-run
	senders | grep -qx "$long"
}

@test "a list with owner-LIST: its mail comes back there, with the member in the address" {
	aliases 'list@example.test:m@far.test, n@far.test, user@example.test, sub@example.test' \
		'owner-list@example.test:user@example.test' 'sub@example.test:o@far.test'
	queue-add -f a@x.test list@example.test <"$M"
	queue-run
	[ "$(senders | xargs)" = 'owner-list+m=far.test@example.test owner-list+n=far.test@example.test owner-list+o=far.test@example.test' ]
	grep -q '^Return-Path: <owner-list@example.test>' "$(only_message "$PABAL_ROOT/mail/example.test/user")"
	# such an address leads to the owner
	run mail-where owner-list+m=far.test@example.test
	[ "$status" = 0 ]
	[[ ${lines[1]} == "  user@example.test: mailbox"* ]]
	queue-add -f '<>' list@example.test <"$M" # a bounce stays one
	queue-run
	[ "$(senders | grep -c '^$')" = 1 ]
}

@test "a list inside a list: the inner owner's" {
	aliases 'big@example.test:sub@example.test, m@far.test' 'owner-big@example.test:user' \
		'owner-sub@example.test:user' 'sub@example.test:o@far.test'
	queue-add -f a@x.test big@example.test <"$M"
	queue-run
	[ "$(senders | xargs)" = 'owner-big+m=far.test@example.test owner-sub+o=far.test@example.test' ]
}

@test "a whole domain as an alias of another" {
	printf '%s\n' example.test old.test >"$PABAL_ROOT/control/domains"
	aliases '@old.test:@example.test, copy@far.test' 'postmaster@old.test:user@example.test'
	run mail-where user@old.test
	[ "$status" = 0 ]
	[[ ${lines[1]} == "  user@example.test: mailbox"* ]]
	[[ ${lines[2]} == "  copy@far.test: remote"* ]]
	run mail-where nobody@old.test
	[ "$status" = 67 ]
	aliases 'x@example.test:@far.test'
	run mail-where x@example.test
	[ "$status" = 75 ]
	[[ $output == *"a whole domain as the target of one address"* ]]
}

@test "backup MX: taken from everybody, sent to the hosts that are better than this one" {
	need nsd
	printf '%s\n' example.test other.test >"$PABAL_ROOT/control/domains"
	echo other.test:other.test >"$PABAL_ROOT/control/routes"
	mkdir "$T/dns"
	cat >"$T/dns/other.test.zone" <<-'END'
		$ORIGIN other.test.
		$TTL 60
		@ SOA ns hostmaster 1 60 60 60 60
		@ NS ns
		ns A 127.0.0.1
		@ MX 10 dead
		@ MX 20 mail.example.test.
		@ MX 30 worse
		dead A 127.0.0.9
		worse A 127.0.0.1
	END
	start_dns "$T/dns"
	printf '%s\r\n' 'EHLO x.test' 'MAIL FROM:<a@x.test>' 'RCPT TO:<anyone@other.test>' DATA 'Subject: x' '' x . QUIT |
		TCPREMOTEIP=192.0.2.9 PROTO=TCP smtp-recv >"$T/answers"
	grep -q '^250 .*queued\|^250 2.0.0' "$T/answers"
	run queue-run
	grep -q 'event=deferred .*to=anyone@other.test .*host=dead.other.test' "$LOG"
	! grep 'worse\|comes back' "$LOG" || false
}
