# Crash states: what was confirmed is there once, nothing partial is ever seen (pabal-internals(7)).
# `make crash` runs the full form: more combinations, and renames that leave both names.
load lib

setup() {
	need strace python3
	strace -o /dev/null true || cannot "strace may not trace here"
}

prove() {
	local c
	for c in queue-add queue-list queue-run deliver-maildir sendmail; do
		[ "$1" = --self-test ] || [ -x "$BUILD/bin/$c" ] || cannot "$c is not built"
	done
	# The variants are slow: fewer states there.
	[ "${BUILD##*/}" = release ] || [ "$1" = --self-test ] || set -- --limit 4 "$@"
	PABAL_BUILD=$BUILD python3 "$BATS_TEST_DIRNAME/crash/prove.py" "$@"
}

@test "crash: the prover finds writers that are wrong on purpose, and lets the right one pass" {
	prove --self-test
}

@test "crash: queue-add" { prove queue-add queue-add-large; }
@test "crash: smtp-recv" { prove smtp-recv; }
@test "crash: sendmail, into the queue and into drop/" { prove sendmail sendmail-drop; }
@test "crash: deliver-maildir" { prove deliver-maildir; }
@test "crash: POP3 QUIT" { prove pop3-quit; }
@test "crash: IMAP EXPUNGE, IMAP APPEND" { prove imap-expunge imap-append; }
@test "crash: a session adds to a folder, copies, changes flags, removes" {
	[ -x "$BUILD/tests/unit/folder" ] || cannot "tests/unit/folder is not built"
	prove folder-append folder-first folder-store folder-take folder-expunge folder-copy folder-compact
}
@test "crash: queue-run delivers" { prove queue-run; }
@test "crash: queue-run defers" { prove queue-run-defer; }
@test "crash: queue-run relays" { prove queue-run-relay; }
@test "crash: queue-run takes in drop/" { prove queue-run-drop; }
@test "crash: queue-run bounces" { prove queue-run-bounce; }
@test "crash: queue-run reports a delivery" { prove queue-run-report; }
@test "crash: queue-run expands an alias" { prove queue-run-expand; }
@test "crash: queue-edit holds, removes, bounces" { prove queue-edit-hold queue-edit-remove queue-edit-bounce; }

journal() {
	PABAL_BUILD=$BUILD python3 "$BATS_TEST_DIRNAME/crash/journal.py" "$1" || {
		[ $? = 77 ] && skip "no $1 can be made and mounted here"
		false
	}
}
@test "crash: on ext4 one sync holds a file and its name" { journal ext4; }
@test "crash: on XFS one sync holds a file and its name" { journal xfs; }
