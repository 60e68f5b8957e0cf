# imapd-lite(8) where other servers, or their clients, have failed: tests/imap/conform.py.
load lib

setup() {
	make_root example.org alice
	export PABAL_LOG=fd:2
	unset TCPREMOTEIP TLS_VERSION
	echo loopback >"$PABAL_ROOT/control/login-without-tls"
	[ -s "$BATS_FILE_TMPDIR/passwd" ] || {
		echo secret | mail-user passwd alice@example.org
		cp "$PABAL_ROOT/passwd" "$BATS_FILE_TMPDIR/passwd"
	}
	cp "$BATS_FILE_TMPDIR/passwd" "$PABAL_ROOT/passwd"
	ALICE=$PABAL_ROOT/mail/example.org/alice
	start_wait imapd-lite 2>>"$LOG"
}
teardown() { stop_all; }

conform() { timeout 120 python3 "$TOP/tests/imap/conform.py" "$PORT" "$ALICE" "$@"; }

@test "reading commands: literals, lines, what comes behind a login" {
	conform huge-literals-are-bad-before-any-octet \
		literals-in-every-string-position \
		an-empty-literal-and-a-literal-over-two-segments \
		commands-behind-the-login \
		before-a-login-nothing-is-had \
		lines-that-are-no-commands
}

@test "IDLE: what is glued to DONE, what is no DONE, news" {
	conform done-glued-to-a-command \
		something-else-than-done-ends-idle \
		idle-tells-arrivals-flags-and-expunges-at-once
}

@test "message numbers and UIDs" {
	conform expunge-never-during-fetch-store-search \
		expunge-tells-numbers-as-they-fall \
		a-message-number-that-is-not-is-bad-a-uid-that-is-not-is-ok \
		a-uid-is-never-used-again \
		uid-expunge-removes-no-more-than-was-said
}

@test "SELECT and EXAMINE, CONDSTORE, QRESYNC" {
	conform closed-is-told-between-two-mailboxes \
		select-with-condstore-and-qresync \
		mod-sequences-grow-and-unchangedsince-is-kept \
		examine-changes-nothing
}

@test "names of mailboxes" {
	conform names-in-modified-utf7 \
		utf8-accept \
		inbox-in-any-case-and-its-children \
		the-usual-folders-have-their-uses \
		a-deleted-mailbox-under-a-session
}

@test "FETCH, STORE, SEARCH" {
	conform nul-octets-and-every-other-octet-come-as-they-are \
		sizes-and-pieces-fit-together \
		body-sets-seen-and-says-so \
		silent-tells-nothing-but-what-others-did \
		keywords-in-any-number \
		an-esearch-names-its-tag
}

@test "APPEND, COPY, MOVE" {
	conform appenduid-and-copyuid-are-right \
		what-cannot-be-appended-to-says-trycreate \
		too-large-a-message-is-refused-before-it-is-sent
}

@test "extensions" {
	conform compress-deflate \
		the-capabilities-that-are-promised \
		namespace-and-id
}

@test "structures of foreign messages: a strict client parses them, and their parts are there" {
	corpus >"$BATS_TEST_TMPDIR/list" || return 0
	CORPUS=$BATS_TEST_TMPDIR/list conform every-message-of-the-corpus-has-a-structure-that-holds
}
