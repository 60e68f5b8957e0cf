# What a talker may not do: tried one by one from inside (tests/unit/sandbox.c), and seen on a running one.
load lib

setup() {
	make_root example.org alice
	export PABAL_LOG=none
	MAIL=('EHLO x' 'MAIL FROM:<a@b.example>' 'RCPT TO:<alice@example.org>' DATA 'Subject: x' . QUIT)
}

teardown() { stop_all; }

@test "each thing that a talker may not do is denied, and what it needs is not" {
	"$BUILD/tests/unit/sandbox" >"$BATS_TEST_TMPDIR/out" || { grep -A1 '^not' "$BATS_TEST_TMPDIR/out"; false; }
	[ "$BUILD" != "$TOP/build/release" ] || [ "$(grep -c '^ok.*a talker may not' "$BATS_TEST_TMPDIR/out")" -ge 40 ]
}

@test "a running talker is confined: no new privileges, a filter, few descriptors, limits" {
	start_wait smtp-recv
	python3 "$BATS_TEST_DIRNAME/smtp-client.py" confined "$PORT" "${STARTED[-1]}" >"$BATS_TEST_TMPDIR/out"
	grep -qx 'NoNewPrivs 1' "$BATS_TEST_TMPDIR/out"
	[ "$BUILD" != "$TOP/build/release" ] || grep -qx 'Seccomp 2' "$BATS_TEST_TMPDIR/out"
	# the listener, /dev/null twice (or what was there), the keeper, the parent's pipe, the client
	[ "$(sed -n 's/^fds //p' "$BATS_TEST_TMPDIR/out")" -le 6 ]
	grep -qx 'Max core file size 0' "$BATS_TEST_TMPDIR/out"
	grep -qx 'Max processes 0' "$BATS_TEST_TMPDIR/out"
}

# confined WHO [CLIENT]: the talker or the session of a pop3d (or imapd-lite), before and behind the login.
confined() {
	python3 "$BATS_TEST_DIRNAME/${2:-pop3-client.py}" "$1" "$PORT" "${STARTED[-1]}" >"$BATS_TEST_TMPDIR/out"
	grep -qx 'NoNewPrivs 1' "$BATS_TEST_TMPDIR/out"
	[ "$BUILD" != "$TOP/build/release" ] || grep -qx 'Seccomp 2' "$BATS_TEST_TMPDIR/out"
	grep -qx 'CapPrm 0*' "$BATS_TEST_TMPDIR/out" && grep -qx 'CapEff 0*' "$BATS_TEST_TMPDIR/out"
	grep -qx 'Max core file size 0' "$BATS_TEST_TMPDIR/out"
	grep -qx 'Max processes 0' "$BATS_TEST_TMPDIR/out"
}

@test "pop3d: the talker before the login, the session behind it" {
	echo loopback >"$PABAL_ROOT/control/login-without-tls"
	echo 'two  words' | mail-user passwd alice@example.org
	start_wait pop3d
	confined talker
	[ "$(sed -nE 's/^fds ([0-9]+) .*/\1/p' "$BATS_TEST_TMPDIR/out")" -le 6 ]
	confined session
	# the connection, /dev/null, and what is the mailbox's
	fds=$(sed -n 's/^fds [0-9]* of //p' "$BATS_TEST_TMPDIR/out" | tr ' ' '\n' | grep -vE '^(socket:|/dev/null|anon_inode:)' | grep -v "^$PABAL_ROOT/mail/example.org/alice" || :)
	[ -z "$(grep -E '^/' <<<"$fds" | grep -v "^$BATS_TEST_TMPDIR\|^/tmp/bats")" ] || { echo "$fds"; false; }
	[ "$(grep -o 'socket:' "$BATS_TEST_TMPDIR/out" | wc -l)" = 1 ]
}

@test "imapd-lite: the talker before the login, the session behind it" {
	echo loopback >"$PABAL_ROOT/control/login-without-tls"
	echo 'two  words' | mail-user passwd alice@example.org
	start_wait imapd-lite
	confined talker imap-process.py
	[ "$(sed -nE 's/^fds ([0-9]+) .*/\1/p' "$BATS_TEST_TMPDIR/out")" -le 6 ]
	confined session imap-process.py
	[ "$(grep -o 'socket:' "$BATS_TEST_TMPDIR/out" | wc -l)" = 1 ]
	fds=$(sed -n 's/^fds [0-9]* of //p' "$BATS_TEST_TMPDIR/out" | tr ' ' '\n')
	grep -qx "$PABAL_ROOT/mail/example.org/alice/pabal.log" <<<"$fds"
	! grep '^/' <<<"$fds" | grep -v "^/dev/null\|^$PABAL_ROOT/mail/example.org/alice\|^$BATS_TEST_TMPDIR\|^/tmp/bats"
}

# without CALL: the kernel has no such system call; the session's exit code is in $rc, its replies in $out.
without() {
	rc=0
	out=$(printf '%s\r\n' "${MAIL[@]}" |
		timeout 20 strace -f -o "$BATS_TEST_TMPDIR/trace" -e "inject=$1:error=ENOSYS" smtp-recv 2>/dev/null) || rc=$?
}

@test "without Landlock or seccomp nothing starts, unless control says so" {
	need strace
	[ "$BUILD" = "$TOP/build/release" ] || return 0 # the other variants have no seccomp
	n=0
	for call in landlock_create_ruleset landlock_restrict_self seccomp; do
		without $call
		[ $rc = 75 ] && [ -z "$out" ] || { echo "$call: exit $rc: $out"; false; }
		((n += 1))
	done
	: >"$PABAL_ROOT/control/sandbox-optional"
	for call in landlock_create_ruleset seccomp; do
		without $call
		[ $rc = 0 ] && [[ $out == *'250 2.0.0 queued'* ]] || { echo "$call: exit $rc: $out"; false; }
		((n += 1))
	done
	[ $n = 5 ]
}

@test "pop3d without Landlock or seccomp does not start, unless control says so" {
	need strace
	[ "$BUILD" = "$TOP/build/release" ] || return 0 # the other variants have no seccomp
	echo loopback >"$PABAL_ROOT/control/login-without-tls"
	echo 'two  words' | mail-user passwd alice@example.org
	try() {
		rc=0
		out=$(printf '%s\r\n' 'USER alice' 'PASS two  words' QUIT |
			timeout 20 strace -f -o "$BATS_TEST_TMPDIR/trace" -e "inject=$1:error=ENOSYS" pop3d 2>/dev/null) || rc=$?
	}
	for call in landlock_create_ruleset landlock_restrict_self seccomp; do
		try $call
		[ $rc = 75 ] && [ -z "$out" ] || { echo "$call: exit $rc: $out"; false; }
	done
	: >"$PABAL_ROOT/control/sandbox-optional"
	for call in landlock_create_ruleset seccomp; do
		try $call
		[ $rc = 0 ] && [[ $out == *'+OK 0 messages'* ]] || { echo "$call: exit $rc: $out"; false; }
	done
}
