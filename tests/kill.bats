# kill -9 of any process of ours, again and again, while mail comes in and is delivered.
load lib

setup() {
	need python3
	local c
	for c in smtp-recv queue-run deliver-maildir; do
		[ -x "$BUILD/bin/$c" ] || cannot "$c is not built"
	done
}

@test "kill: 500 messages over 10 connections; what got its 250 is delivered, once" {
	make_root example.test u0 u1 u2 u3
	sed -i '1a all@example.test:u0@example.test, u1@example.test, u2@example.test, u3@example.test' "$PABAL_ROOT/control/aliases"
	PABAL_LOG=none python3 "$BATS_TEST_DIRNAME/crash/kill.py" -n 500 -c 10 -s 1 "$PABAL_ROOT"
}
