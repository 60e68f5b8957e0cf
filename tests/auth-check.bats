# auth-check(8): a login, in lines.
load lib

setup() {
	make_root example.org alice bob
	export PABAL_LOG=none
	unset TCPREMOTEIP
	echo 'pencil: 연필' | mail-user passwd alice@example.org
}
teardown() { stop_all; }

b64() { printf "$@" | base64 -w 0; }
# check LINE…: these lines; output in $output, exit code in $status.
check() {
	status=0
	output=$(printf '%s\n' "$@" | timeout 30 auth-check) || status=$?
}
plain() { check "PLAIN $(b64 '\0%s\0%s' "$1" "$2")"; }
OK_ALICE=$'OK alice@example.org\t'

@test "PLAIN: right, wrong, nobody, not even a message" {
	plain alice@example.org 'pencil: 연필'
	[ "$status" = 0 ] && [ "$output" = "$OK_ALICE$PABAL_ROOT/mail/example.org/alice"$'\t\t' ]
	plain ALICE@Example.ORG 'pencil: 연필'
	[ "$status" = 0 ] && [[ $output == "$OK_ALICE"* ]]
	plain alice 'pencil: 연필' # the first domain
	[ "$status" = 0 ] && [[ $output == "$OK_ALICE"* ]]
	for bad in 'alice@example.org pencil' 'bob@example.org pencil' 'nobody@example.org x' 'alice@elsewhere.example x' '<> x' \
		'alice@[192.0.2.1] x'; do
		plain ${bad% *} ${bad#* }
		[ "$status" = 77 ] && [ "$output" = "NO AUTH user and password do not fit" ] || { echo "$bad: $status $output"; false; }
	done
	for line in PLAIN 'PLAIN =' 'PLAIN !' 'PLAIN YWxpY2U=' 'PLAIN a b' X-NONE '' 'GSSAPI =' 'SCRAM-SHA-256 biws' 'LOGIN ='; do
		check "$line"
		[ "$status" = 65 ] && [[ ${output##*$'\n'} == 'NO BAD '* ]] || { echo "$line: $status $output"; false; }
	done
}

@test "PLAIN without an initial response, LOGIN with and without" {
	check PLAIN "$(b64 '\0alice\0pencil: 연필')"
	[ "$status" = 0 ] && [ "${output%%$'\n'*}" = '+ ' ] && [[ $output == *"$OK_ALICE"* ]]
	check LOGIN "$(b64 alice)" "$(b64 'pencil: 연필')"
	[ "$status" = 0 ]
	[ "$(head -2 <<<"$output" | cut -c 3- | while read -r l; do base64 -d <<<"$l"; done)" = Username:Password: ]
	check "LOGIN $(b64 alice)" "$(b64 'pencil: 연필')"
	[ "$status" = 0 ]
	check LOGIN "$(b64 alice)" '*'
	[ "$status" = 65 ]
	check LOGIN "$(b64 alice)"
	[ "$status" = 65 ]
}

@test "SCRAM-SHA-256 with a client of its own: both sides prove themselves" {
	run python3 "$BATS_TEST_DIRNAME/scram.py" alice@example.org 'pencil: 연필' auth-check
	echo "$output"
	[ "$status" = 0 ] && [[ ${lines[-1]} == "$OK_ALICE"* ]]
	run python3 "$BATS_TEST_DIRNAME/scram.py" alice@example.org 'pencil' auth-check
	[ "$status" = 77 ] && [[ ${lines[-1]} == 'NO AUTH '* ]]
}

@test "a user who is not there has a salt too, the same each time and not that of another" {
	salt() { check SCRAM-SHA-256 "$(b64 'n,,n=%s,r=x' "$1")"; sed -n 's/^+ \(..*\)/\1/p' <<<"$output" | base64 -d | grep -o 's=[^,]*,i=.*'; }
	one=$(salt nobody@example.org)
	[ "$(salt nobody@example.org)" = "$one" ]
	[ "$(salt nobody)" = "$one" ]
	[ "$(salt nobody2@example.org)" != "$one" ]
	[[ $one == s=????????????????????????,i=4096 ]]
	[ "$(salt alice@example.org | wc -c)" = "$(wc -c <<<"$one")" ]
	run python3 "$BATS_TEST_DIRNAME/scram.py" nobody@example.org pencil auth-check
	[ "$status" = 77 ]
}

@test "the table: unsorted, unreadable, malformed, missing: temporary, and never yes" {
	temp() { [ "$status" = 75 ] && [[ $output == 'NO TEMP '* ]] || { echo "$1: $status $output"; false; }; }
	cp "$PABAL_ROOT/passwd" "$BATS_TEST_TMPDIR/good"
	echo 'alice@example.org:secret' >"$PABAL_ROOT/passwd"
	plain alice secret; temp malformed
	printf 'z@example.org:x\nb@example.org:x\n' >"$PABAL_ROOT/passwd"
	plain alice secret; temp unsorted
	rm "$PABAL_ROOT/passwd"
	plain alice secret; temp missing
	cp "$BATS_TEST_TMPDIR/good" "$PABAL_ROOT/passwd"
	rm "$PABAL_ROOT/control/domains"
	plain alice 'pencil: 연필'; temp domains
	echo example.org >"$PABAL_ROOT/control/domains"
	rm -r "$PABAL_ROOT/mail/example.org/alice"
	plain alice 'pencil: 연필'; temp "no Maildir"
	PABAL_ROOT=/nonexistent plain alice x; temp "no installation"
}

@test "a mailbox that is full can be read" {
	echo "alice@example.org:mail/example.org/alice:::10" >"$PABAL_ROOT/control/users"
	printf '10S\n100 1\n' >"$PABAL_ROOT/mail/example.org/alice/maildirsize"
	plain alice 'pencil: 연필'
	[ "$status" = 0 ]
}

@test "owner and uid of control/users are told" {
	echo "alice@example.org:mail/example.org/alice:1234:5678" >"$PABAL_ROOT/control/users"
	plain alice 'pencil: 연필'
	[ "$output" = "$OK_ALICE$PABAL_ROOT/mail/example.org/alice"$'\t1234\t5678' ]
}

@test "checkpassword: any program behind PLAIN and LOGIN" {
	cat >"$BATS_TEST_TMPDIR/program" <<-'END'
		#!/bin/sh
		tr '\0' '\n' <&3 >"$0.got"
		test "$1" = true || exit 2
		case $(sed -n 2p "$0.got") in
		right) exec "$1" ;;
		wrong) exit 1 ;;
		later) exit 111 ;;
		killed) kill -9 $$ ;;
		*) exit 100 ;;
		esac
	END
	chmod +x "$BATS_TEST_TMPDIR/program"
	echo "$BATS_TEST_TMPDIR/program true" >"$PABAL_ROOT/control/checkpassword"
	export PABAL_LOG=fd:2
	plain alice right
	[ "$status" = 0 ] && [[ $output == "$OK_ALICE"* ]]
	[ "$(head -1 "$BATS_TEST_TMPDIR/program.got")" = alice ]
	[ "$(wc -l <"$BATS_TEST_TMPDIR/program.got")" = 3 ]
	plain alice wrong
	[ "$status" = 77 ]
	for p in later killed what; do
		plain alice $p
		[ "$status" = 75 ] && [[ $output == 'NO TEMP '* ]]
	done
	plain nobody right # known there, but without a mailbox here
	[ "$status" = 75 ]
	[ "$(auth-check -m | tr '\n' ' ')" = 'PLAIN LOGIN ' ]
	check SCRAM-SHA-256
	[ "$status" = 65 ]
	echo /nonexistent/program >"$PABAL_ROOT/control/checkpassword"
	plain alice other
	[ "$status" = 75 ]
	: >"$PABAL_ROOT/control/checkpassword"
	plain alice right
	[ "$status" = 75 ]
}

@test "a success is remembered, but not over a change of the password" {
	plain alice 'pencil: 연필'
	[ "$status" = 0 ] && [ -s "$PABAL_ROOT/run/auth/successes" ]
	! grep -q pencil "$PABAL_ROOT/run/auth/successes"
	# no hash is computed for it: the library is not asked for the memory that yescrypt takes
	big() { strace -f -e trace=mmap,mremap,brk auth-check <<<"PLAIN $(b64 '\0alice\0pencil: 연필')" 2>&1 | grep -cE 'mmap\(NULL, 1[0-9]{7},' || :; }
	[ "$(big)" = 0 ]
	rm "$PABAL_ROOT/run/auth/successes"
	[ "$(big)" = 1 ]
	echo other | mail-user passwd alice@example.org
	plain alice 'pencil: 연필'
	[ "$status" = 77 ]
	plain alice other
	[ "$status" = 0 ]
	mail-user del alice@example.org
	plain alice other
	[ "$status" = 77 ]
}

@test "a network that guesses is slowed, others are not" {
	export TCPREMOTEIP=192.0.2.1
	for _ in 1 2 3 4 5; do plain alice wrong; done
	# a turn for each: the sixth waits for at least a second, and so does the right password
	t=$(date +%s%N)
	plain alice 'pencil: 연필'
	[ "$status" = 0 ]
	(($(date +%s%N) - t >= 900000000))
	# one who logged in a short time ago waits for nothing
	t=$(date +%s%N)
	plain alice 'pencil: 연필'
	[ "$status" = 0 ]
	(($(date +%s%N) - t < 900000000))
	rm "$PABAL_ROOT/run/auth/successes"
	export TCPREMOTEIP=192.0.2.2
	t=$(date +%s%N)
	plain alice 'pencil: 연필'
	[ "$status" = 0 ]
	(($(date +%s%N) - t < 900000000))
	# forgiven by hand
	rm "$PABAL_ROOT"/run/auth/*
	export TCPREMOTEIP=192.0.2.1
	t=$(date +%s%N)
	plain alice 'pencil: 연필'
	(($(date +%s%N) - t < 900000000))
}

@test "lines are bounded" {
	head -c 2090 /dev/zero | tr '\0' A | sed 's/^/PLAIN /' >"$BATS_TEST_TMPDIR/fits"
	head -c 5000 /dev/zero | tr '\0' A | sed 's/^/PLAIN /' >"$BATS_TEST_TMPDIR/long"
	for f in fits long; do
		run auth-check <"$BATS_TEST_TMPDIR/$f"
		[ "$status" = 65 ]
	done
	printf 'PLAIN %s' "$(b64 '\0alice\0pencil: 연필')" >"$BATS_TEST_TMPDIR/cut" # no line end: cut off
	run auth-check <"$BATS_TEST_TMPDIR/cut"
	[ "$status" = 65 ]
}

# Twenty of each, one after the other in turns; the medians differ by less than a third.
@test "nobody costs as much time as a wrong password" {
	echo 0 >"$PABAL_ROOT/control/auth-remember"
	python3 - "$(b64 '\0alice\0wrong')" "$(b64 '\0nobody\0wrong')" <<-'END'
		import statistics, subprocess, sys, time
		times = [[], []]
		for i in range(20):
		    for who in 0, 1:
		        t = time.perf_counter()
		        p = subprocess.run(["auth-check"], input=b"PLAIN %s\n" % sys.argv[1 + who].encode(), capture_output=True)
		        times[who].append(time.perf_counter() - t)
		        assert p.returncode == 77, p
		wrong, nobody = map(statistics.median, times)
		print(wrong, nobody)
		assert 2 / 3 < wrong / nobody < 3 / 2
	END
}

@test "where the four owners exist, it is mailauth who reads passwd" {
	[ "$(id -u)" = 0 ] || cannot "needs root"
	four_owners
	chmod 755 "$BATS_RUN_TMPDIR" "$BATS_TEST_TMPDIR" "$PABAL_ROOT"
	owned chown mailauth: "$PABAL_ROOT/passwd"
	install -d -o 60903 -g 60903 -m 700 "$PABAL_ROOT/run/auth"
	owned sh -c 'head -c 32 /dev/urandom | base64 >"$0"; chmod 600 "$0"; chown mailauth: "$0"' "$PABAL_ROOT/auth.key"
	echo "PLAIN $(b64 '\0alice\0pencil: 연필')" >"$BATS_TEST_TMPDIR/in"
	run owned auth-check <"$BATS_TEST_TMPDIR/in"
	[ "$status" = 0 ]
	[ "$(stat -c %u "$PABAL_ROOT/run/auth/successes")" = 60903 ]
	chmod 000 "$PABAL_ROOT/passwd"
	run owned auth-check <"$BATS_TEST_TMPDIR/in"
	[ "$status" = 75 ]
}
