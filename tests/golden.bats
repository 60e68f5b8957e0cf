# Golden pairs: tests/golden/CASE.sh is run in a sandbox (an installation for example.org, mailboxes alice and bob) with
# CASE.in on standard input; what it prints on fd 1 and 2, and its exit code, is CASE.out. IDs, dates and process ids are
# masked. `make golden` writes the .out files anew, and a person reads the diff.
load lib

mask() {
	sed -E -e 's/\b[0-9A-HJKMNP-TV-Z]{24}\b/ID/g' \
		-e 's/(Mon|Tue|Wed|Thu|Fri|Sat|Sun), [0-9]{1,2} [A-Z][a-z]{2} [0-9]{4} [0-9:]{8} [+-][0-9]{4}/DATE/g' \
		-e "s|$BATS_TEST_TMPDIR|TMP|g" -e 's/\r$//'
}

run_case() { # SCRIPT OUTPUT
	local rc=0 in=${1%.sh}.in
	[ -f "$in" ] || in=/dev/null
	rm -rf "$BATS_TEST_TMPDIR/root"
	make_root example.org alice bob
	(cd "$BATS_TEST_TMPDIR" && PABAL_LOG=none timeout -k 5 30 bash "$1") <"$in" >"$2.raw" 2>&1 || rc=$?
	{ mask <"$2.raw"; echo "exit $rc"; } >"$2"
}

@test "each case prints what its .out says" {
	bad=0 count=0
	for script in "$TOP"/tests/golden/*.sh; do
		[ -f "$script" ] || continue
		run_case "$script" "$BATS_TEST_TMPDIR/got"
		if [ "${PABAL_GOLDEN:-}" = write ]; then
			cp "$BATS_TEST_TMPDIR/got" "${script%.sh}.out"
		else
			diff -u "${script%.sh}.out" "$BATS_TEST_TMPDIR/got" || bad=1
		fi
		((count += 1))
	done
	[ $bad = 0 ] && ((count > 0))
}
