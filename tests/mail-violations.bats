# pabal-violations(7): what it says about reading mail is what the commands do.
load lib

@test "each item of the page about reading has a case, and is true" {
	cd "$BATS_TEST_TMPDIR"
	python3 "$TOP/tests/mail/violations.py" "$TOP/man/pabal-violations.7"
}
