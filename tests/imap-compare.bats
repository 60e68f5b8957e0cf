# imapd-lite(8) beside Debian's Dovecot: the same session scripts, the same answers, but for what is judged.
load lib

@test "a thousand commands are answered as Dovecot answers them, or otherwise for a reason that is written down" {
	[ "$(id -u)" = 0 ] || cannot "needs root for a mount namespace"
	unshare -m true 2>/dev/null || cannot "no mount namespaces here"
	"$TOP/tests/peers/fetch" dovecot-core dovecot-imapd >/dev/null || cannot "Dovecot could not be downloaded"
	run timeout 200 "$TOP/tests/imap/compare.py"
	echo "$output" | tail -100
	[ "$status" = 0 ]
}

@test "what is not judged fails, and so does a judgement that nothing needs" {
	[ "$(id -u)" = 0 ] || cannot "needs root for a mount namespace"
	unshare -m true 2>/dev/null || cannot "no mount namespaces here"
	mkdir "$BATS_TEST_TMPDIR/imap"
	cp -r "$TOP/tests/imap/." "$BATS_TEST_TMPDIR/imap"
	cd "$BATS_TEST_TMPDIR/imap"
	printf '%s\n' 'SELECT INBOX' 'SEARCH 11' >scripts/one.imap
	rm scripts/[!o]*.imap scripts/odd.imap
	: >judged
	PABAL_TOP=$TOP run timeout 60 ./compare.py one
	[ "$status" = 1 ]
	grep -q 'one:2: SEARCH 11' <<<"$output"
	grep -q '^2 commands, [12] answered otherwise' <<<"$output"
}
