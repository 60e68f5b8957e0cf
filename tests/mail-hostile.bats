# What is made to make a reader slow, or to end it: no command that reads messages hangs or dies.
load lib

setup() {
	export HOME=$BATS_TEST_TMPDIR TMPDIR=$BATS_TEST_TMPDIR
	cd "$BATS_TEST_TMPDIR" || return
	SIZE=1 LIMIT=2
	[ "$BUILD" = "$TOP/build/release" ] || SIZE=0.5 LIMIT=8 # builds that check themselves
}

@test "one thing over and over: processor time in proportion to the size" {
	python3 "$TOP/tests/mail/shapes.py" "$SIZE" "$LIMIT"
}

@test "lines of 100 MB" {
	[ "$BUILD" = "$TOP/build/release" ] || return 0 # too slow, and no other code
	python3 "$TOP/tests/mail/shapes.py" 100 20 'one line' 'one header line'
}
