#!/usr/bin/env bats
# Users of the machine with ~/.forward, commands in it, and routes by sender: mail-where, the queue, deliver-pipe.

bats_require_minimum_version 1.5.0
load lib

setup() {
	make_root example.test user
	export PABAL_LOG=fd:9
	exec 9>>"$LOG"
	T=$BATS_TEST_TMPDIR
	printf 'From: <a@x.test>\nSubject: test\n\ntext\n' >"$T/message"
}

# machine_users: ann (60911) and bob, whom only `owned` sees
machine_users() {
	[ "$(id -u)" = 0 ] || cannot "only root can be other users"
	four_owners
	local i=60910 name
	for name in ann bob; do
		i=$((i + 1))
		echo "$name:x:$i:$i::$T/home/$name:/bin/sh" >>"$T/etc-passwd"
		mkdir -p "$T/home/$name/Maildir"/{cur,new,tmp}
		chown -R "$i:$i" "$T/home/$name"
	done
	chmod a+x "$BATS_RUN_TMPDIR" "$(dirname "$T")" "$T" "$T/home"
	chmod -R a+rX "$PABAL_ROOT"
	: >"$PABAL_ROOT/control/system-users"
}

forward() { # forward USER LINE…
	local user=$1
	shift
	printf '%s\n' "$@" >"$T/home/$user/.forward"
	chown --reference="$T/home/$user" "$T/home/$user/.forward"
	chmod 644 "$T/home/$user/.forward"
}

where() {
	run owned mail-where "$@"
}

@test ".forward: addresses, the mailbox itself, comments alone, none" {
	machine_users
	where ann@example.test
	[[ $output == "ann@example.test: mailbox $T/home/ann/Maildir uid=60911 gid=60911 (control/system-users)" ]]
	forward ann '# me too' '\ann, user' 'x@elsewhere.test'
	where ann@example.test
	[ "$status" = 0 ]
	diff - <(echo "$output") <<-END
		ann@example.test: alias of 3 (.forward)
		  ann+@example.test: mailbox $T/home/ann/Maildir uid=60911 gid=60911 (control/system-users)
		  user@example.test: mailbox $PABAL_ROOT/mail/example.test/user (control/users:1)
		  x@elsewhere.test: remote by smtp-send to elsewhere.test (by MX)
	END
	where ann+list@example.test
	[[ ${lines[0]} == "ann+list@example.test: alias of 3 (.forward)" ]]
	forward ann '# nothing'
	where ann@example.test
	[[ $output == *"mailbox $T/home/ann/Maildir"* ]]
}

@test ".forward that leads round: a doubt, no copy without end" {
	machine_users
	forward ann bob
	forward bob ann
	where ann@example.test
	[ "$status" = 75 ]
	[[ $output == *"alias loop"* ]]
}

@test ".forward: what is not the user's own, or is malformed, defers" {
	machine_users
	local case
	for case in 'chmod 666' 'chmod 664' 'chown 60912'; do
		forward ann user
		$case "$T/home/ann/.forward"
		where ann@example.test
		[ "$status" = 75 ] || { echo "$case: $output"; false; }
	done
	rm "$T/home/ann/.forward"
	ln -s /etc/passwd "$T/home/ann/.forward"
	where ann@example.test
	[ "$status" = 75 ]
	rm "$T/home/ann/.forward"
	mkfifo "$T/home/ann/.forward"
	where ann@example.test
	[ "$status" = 75 ]
	rm "$T/home/ann/.forward"
	for case in '/var/mail/x' ':include:/etc/passwd' 'a b c' '\bob' '|/bin/true'; do
		forward ann "$case"
		where ann@example.test
		[ "$status" = 75 ]
		[[ $output == *"451 4.3.5 .forward of ann: "* ]]
	done
	[[ $output == *"a command, and there is no control/forward-programs"* ]]
}

@test ".forward: a command runs as its user, once, with the message, and nothing else of the envelope" {
	machine_users
	: >"$PABAL_ROOT/control/forward-programs"
	cat >"$T/program" <<-END
		#!/bin/sh
		{ id -u; echo "\$SENDER \$RECIPIENT \$LOCAL \$HOST \$HOME \$1"; ls /proc/self/fd; cat; } >$T/home/ann/got
	END
	chmod 755 "$T/program"
	forward ann "\\ann" "|$T/program first"
	where ann@example.test
	[ "$status" = 0 ]
	[[ ${lines[2]} == "  ann|"????????"@example.test: program $T/program first uid=60911 gid=60911 (.forward)" ]]
	owned queue-add -f s@x.test ann@example.test secret@nowhere.test <"$T/message"
	run owned queue-run
	echo "$output"; cat "$LOG"
	[ "$(sed -n 1p "$T/home/ann/got")" = 60911 ]
	sed -n 2p "$T/home/ann/got" | grep -qx "s@x.test ann|........@example.test ann|........ example.test $T/home/ann first"
	! grep -q secret "$T/home/ann/got" || false
	sed -n '/^Return-Path/,$p' "$T/home/ann/got" | sed 1,2d | tail -n 4 | cmp - "$T/message"
	[ "$(find "$T/home/ann/Maildir/new" -type f | wc -l)" = 1 ]
	# nobody else's command is started by that name
	where 'ann|00000000@example.test'
	[[ $output == *"mailbox $T/home/ann/Maildir"* ]]
	where "bob|$(sed -n 's/.*ann|\(........\)@.*/\1/p' "$T/home/ann/got" | head -1)@example.test"
	[[ $output == *"mailbox $T/home/bob/Maildir"* ]]
}

@test ".forward: a login goes to the mailbox all the same" {
	machine_users
	forward ann user
	echo "ann@example.test:{CRYPT}$(openssl passwd -6 pencil)" >"$PABAL_ROOT/passwd"
	chown 60903:60903 "$PABAL_ROOT/passwd"
	run owned auth-check <<<"PLAIN $(printf '\0ann@example.test\0pencil' | base64)"
	echo "$output"; cat "$LOG"
	[[ $output == "OK ann@example.test	$T/home/ann/Maildir	60911	60911" ]]
}

@test "routes by sender: behind those of the domain, before *" {
	printf '%s\n' '*:[all.test]' 'special.test:[special.test]' >"$PABAL_ROOT/control/routes"
	printf '%s\n' '@example.test:[ours.test]' 'user@example.test:[user@isp.test]:587' >"$PABAL_ROOT/control/sender-routes"
	for pair in 'x@far.test:[all.test]' 'user@example.test:[user@isp.test]:587' 'User@Example.TEST:[user@isp.test]:587' \
		'other@example.test:[ours.test]' '<>:[all.test]'; do
		run mail-where -f "${pair%%:*}" y@far.test
		[[ $output == "y@far.test: remote by smtp-send to ${pair#*:} ("* ]] || { echo "$pair $output"; false; }
	done
	run mail-where -f user@example.test y@special.test
	[[ $output == *"to [special.test] ("* ]]
	run mail-where -f user@example.test user@example.test
	[[ $output == *mailbox* ]]
	echo 'user@example.test:[broken' >"$PABAL_ROOT/control/sender-routes"
	run mail-where -f user@example.test y@far.test
	[ "$status" = 75 ]
	run mail-where y@far.test
	[ "$status" = 0 ]
}

@test "routes by sender, from the queue" {
	source "$BATS_TEST_DIRNAME/peers/peers.bash"
	start_fake one
	ONE=$FAKE_PORT
	start_fake two
	echo "*:[127.0.0.1]:$FAKE_PORT" >"$PABAL_ROOT/control/routes"
	echo "user@example.test:[127.0.0.1]:$ONE" >"$PABAL_ROOT/control/sender-routes"
	queue-add -f user@example.test x@far.test <"$T/message"
	queue-add -f other@example.test x@far.test <"$T/message"
	queue-run
	stop_peers
	grep -q 'MAIL FROM:<user@example.test>' "$T/one"
	grep -q 'MAIL FROM:<other@example.test>' "$T/two"
	[ "$(grep -c MAIL "$T/one")$(grep -c MAIL "$T/two")" = 11 ]
}
