# Four IMAP sessions, one of POP3, and two foreign programs on one mailbox: tests/imap/hammer. `make hammer` does it for a minute.
load lib

setup() {
	make_root example.org alice
	export PABAL_LOG=fd:2
	unset TCPREMOTEIP TLS_VERSION
	echo loopback >"$PABAL_ROOT/control/login-without-tls"
	echo secret | mail-user passwd alice@example.org
	ALICE=$PABAL_ROOT/mail/example.org/alice
}
teardown() { stop_all; }

@test "every client's view is right, and nothing is lost" {
	start_wait imapd-lite 2>>"$LOG"
	imap=$PORT
	start_wait pop3d 2>>"$LOG"
	timeout $((${HAMMER_SECONDS:-5} + 120)) "$TOP/tests/imap/hammer" "$imap" "$PORT" "$ALICE" "${HAMMER_SECONDS:-5}" || {
		tail -20 "$LOG"
		return 1
	}
}
