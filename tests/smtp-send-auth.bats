#!/usr/bin/env bats
# smtp-send logs in, against a server whose side of each mechanism is Python's own code.

bats_require_minimum_version 1.5.0
load lib

setup() {
	source "$BATS_TEST_DIRNAME/peers/peers.bash"
	make_root example.test user
	export PABAL_LOG=fd:9
	exec 9>>"$LOG"
	T=$BATS_TEST_TMPDIR M=$T/message
	printf 'From: <a@example.test>\nSubject: test\n\ntext\n' >"$M"
	LOGINS=$PABAL_ROOT/control/smtp-logins
}

teardown() {
	stop_peers
}

# server NAME MECHANISMS [RULE…]: offers these and checks what it is told
server() {
	local name=$1 mechanisms=$2
	shift 2
	[[ $mechanisms == =* ]] || mechanisms=" $mechanisms"
	start_fake "$name" -- "EHLO=250-fake\\n250-PIPELINING\\n250 AUTH$mechanisms" 'AUTH=@check' "$@"
}

to() {
	run --separate-stderr smtp-send -T 5 -f a@example.test -c "${HOP:-127.0.0.1:$FAKE_PORT}" b@x.test <"$M"
}

@test "each mechanism, the best one first" {
	local offer k=0
	echo '127.0.0.1:password user pencil' >"$LOGINS"
	for offer in 'PLAIN SCRAM-SHA-256 LOGIN:SCRAM-SHA-256' 'LOGIN PLAIN:PLAIN' 'LOGIN:LOGIN' '=PLAIN:PLAIN'; do
		server "s$((k += 1))" "${offer%:*}"
		to
		[ "$status" = 0 ] || { echo "$offer $output $stderr"; false; }
		grep -q "^1< AUTH ${offer##*:}" "$T/s$k"
		[ "$(grep -c AUTH "$T/s$k")" = 1 ]
	done
}

@test "a token: printed by a command, for OAUTHBEARER and XOAUTH2" {
	printf '#!/bin/sh\necho "asked for $1" >>%s\necho token\n' "$T/asked" >"$T/give-token"
	chmod +x "$T/give-token"
	echo "127.0.0.1:token user $T/give-token gmail" >"$LOGINS"
	server s 'PLAIN XOAUTH2 OAUTHBEARER'
	to
	[ "$status" = 0 ]
	grep -q '^1< AUTH OAUTHBEARER ' "$T/s"
	server t 'PLAIN XOAUTH2'
	to
	[ "$status" = 0 ]
	grep -q '^1< AUTH XOAUTH2 ' "$T/t"
	[ "$(cat "$T/asked")" = $'asked for gmail\nasked for gmail' ]
	printf '#!/bin/sh\necho wrong\n' >"$T/give-token"
	to
	[ "$status" = 75 ]
	[[ $output == *"535 4.7.0 login failed: wrong" ]]
	server u 'PLAIN OAUTHBEARER'
	to
	[ "$status" = 75 ]
	[[ $output == *"535 4.7.0 login failed: wrong" ]]
}

@test "a command for a token that fails, is silent, is missing: deferred, nothing is sent" {
	server s 'XOAUTH2'
	local command
	for command in false true "$T/missing" 'echo two words'; do
		echo "127.0.0.1:token user $command" >"$LOGINS"
		to
		[ "$status" = 75 ]
		[[ $output == *"451 4.3.5 control/smtp-logins: the command for a token"* ]]
	done
	grep -q 'event=config-error file=control/smtp-logins line=1' "$LOG"
	! grep -e AUTH -e MAIL "$T/s" || false
}

@test "a refused login never bounces; nothing is sent" {
	echo '127.0.0.1:password user wrong' >"$LOGINS"
	local offer
	for offer in PLAIN LOGIN SCRAM-SHA-256; do
		server "s.$offer" "$offer"
		to
		[ "$status" = 75 ]
		[[ $output == "b@x.test	deferred	535 4.7.0 login failed: wrong" ]]
		! grep MAIL "$T/s.$offer" || false
	done
}

@test "a server that offers no login, or none that fits: deferred" {
	echo '127.0.0.1:password user pencil' >"$LOGINS"
	start_fake s
	to
	[ "$status" = 75 ]
	[[ $output == *"4.7.0 no login: the server offers none" ]]
	server t 'CRAM-MD5 NTLM XOAUTH2'
	to
	[ "$status" = 75 ]
	[[ $output == *"4.7.0 no login: the server offers no mechanism that fits" ]]
	start_fake u -- 'EHLO=500 what'
	to
	[ "$status" = 75 ]
	! cat "$T"/[stu] | grep -e MAIL -e AUTH || false
}

@test "a server that cannot prove that it knows the password gets no mail" {
	echo '127.0.0.1:password user pencil' >"$LOGINS"
	start_fake s -- 'EHLO=250-fake\n250 AUTH SCRAM-SHA-256' 'AUTH=@check-liar'
	to
	[ "$status" = 75 ]
	[[ $output == *"login failed: the server does not know the password"* ]]
	start_fake t -- 'EHLO=250-fake\n250 AUTH SCRAM-SHA-256' 'AUTH=235 2.7.0 welcome'
	to
	[ "$status" = 75 ]
	[[ $output == *"login failed: the server does not know the password"* ]]
	! cat "$T/s" "$T/t" | grep MAIL || false
}

@test "silence, a lost connection, 421, nonsense, long replies at AUTH: temporary" {
	local action k=0
	echo '127.0.0.1:password user pencil' >"$LOGINS"
	for action in @hang @close '421 4.3.2 going down' '334 !!!' '334 ' '334 cj14LHM9eCxpPTE=' @big @lines '454 4.7.0 later'; do
		start_fake "s$((k += 1))" -- 'EHLO=250-fake\n250 AUTH SCRAM-SHA-256' "AUTH=$action"
		run smtp-send -T 1 -f a@example.test -c "127.0.0.1:$FAKE_PORT" b@x.test <"$M"
		[ "$status" = 75 ] || { echo "$action: $output"; false; }
		! grep MAIL "$T/s$k" || false
	done
}

@test "the user that a route names; one that is not in the table" {
	printf '%s\n' '127.0.0.1:password other x' 'user@127.0.0.1:password user pencil' >"$LOGINS"
	server s PLAIN
	HOP="[user@127.0.0.1]:$FAKE_PORT" to
	[ "$status" = 0 ]
	HOP="[nobody@127.0.0.1]:$FAKE_PORT" to
	[ "$status" = 75 ]
	[[ $output == *"control/smtp-logins: has no entry for the user that the route names" ]]
	[ "$(grep -c MAIL "$T/s")" = 1 ]
	rm "$LOGINS"
	HOP="[user@127.0.0.1]:$FAKE_PORT" to
	[ "$status" = 75 ]
	to # without a table there is no login
	[ "$status" = 0 ]
}

@test "no entry for a host: no login; a mistake in the table defers" {
	echo 'other.test:password user pencil' >"$LOGINS"
	server s PLAIN
	to
	[ "$status" = 0 ]
	! grep AUTH "$T/s" || false
	local value
	for value in '' password 'password user' 'password user ' 'nonsense user pencil' 'pencil'; do
		echo "127.0.0.1:$value" >"$LOGINS"
		to
		[ "$status" = 75 ]
		[[ $output == *"control/smtp-logins: not METHOD USER SECRET" ]]
	done
	printf 'x:y\na:b\n' >"$LOGINS"
	to
	[ "$status" = 75 ]
	[ "$(grep -c MAIL "$T/s")" = 1 ]
}

@test "a password with blanks at both ends" {
	echo '127.0.0.1:password user  pen cil ' >"$LOGINS"
	start_fake s -- 'EHLO=250-fake\n250 AUTH PLAIN' 'AUTH=235 ok'
	to
	[ "$status" = 0 ]
	[ "$(sed -n 's/^1< AUTH PLAIN //p' "$T/s" | base64 -d | tr '\0' :)" = ':user: pen cil ' ]
}

@test "over a network without TLS no password goes in clear, unless the entry says so" {
	unshare -${R}n true 2>/dev/null || cannot "no network namespace of one's own here"
	printf '%s\n' '192.0.2.1:password user pencil' '192.0.2.2:password-in-clear user pencil' >"$LOGINS"
	export T M PEERS PEER_PIDS
	export -f start_fake stop_peers peer_ready peer_port wait_until free_port
	run unshare -${R}n bash -euc '
		PEER_PIDS=()
		trap stop_peers EXIT
		ip link set lo up
		ip addr add 192.0.2.1/32 dev lo
		ip addr add 192.0.2.2/32 dev lo
		start_fake one 192.0.2.1 25 -- "EHLO=250-fake\n250 AUTH PLAIN LOGIN" AUTH=@check
		start_fake two 192.0.2.2 25 -- "EHLO=250-fake\n250 AUTH PLAIN LOGIN" AUTH=@check
		smtp-send -f "<>" -c 192.0.2.1 b@x.test <"$M" || [ $? = 75 ]
		smtp-send -f "<>" -c 192.0.2.2 b@x.test <"$M"
		stop_peers
		PEER_PIDS=()
		start_fake three 192.0.2.1 25 -- "EHLO=250-fake\n250 AUTH PLAIN SCRAM-SHA-256" AUTH=@check
		smtp-send -f "<>" -c 192.0.2.1 b@x.test <"$M"'
	echo "$output"
	[ "$status" = 0 ]
	[[ $output == *"deferred	4.7.0 no login: it would show the password to who listens"* ]]
	! grep -e AUTH -e MAIL "$T/one" || false
	grep -q 'AUTH PLAIN' "$T/two"
	grep -q 'AUTH SCRAM' "$T/three"
}

@test "530 from a host that wants a login that we have not: deferred" {
	start_fake s -- 'MAIL=530 5.7.0 authentication required'
	to
	[ "$status" = 75 ]
	[[ $output == "b@x.test	deferred	530 5.7.0 authentication required" ]]
}

@test "worker: one login for all messages of a connection; the queue's locks end with it" {
	echo '127.0.0.1:password user pencil' >"$LOGINS"
	server s SCRAM-SHA-256
	local i
	exec 8>"$T/lock"
	flock 8
	for i in 1 2 3; do
		printf '%024d\t1\t%s\t0\ta@example.test\tb@x.test\tDEST=[127.0.0.1]:%s\n' "$i" "$M" "$FAKE_PORT"
	done | smtp-send -b >>"$T/results"
	exec 8>&-
	flock -n "$T/lock" true
	[ "$(grep -c ' 1 0 250' "$T/results")" = 3 ]
	[ "$(grep -c AUTH "$T/s")" = 1 ]
}

@test "the password is in no log and in no output" {
	echo '127.0.0.1:password user geheimnis' >"$LOGINS"
	server s 'PLAIN LOGIN'
	to
	[ "$status" = 75 ]
	! grep -r geheimnis "$LOG" || false
	[[ $output$stderr != *geheimnis* ]]
}
