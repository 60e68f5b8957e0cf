# `make run`: two systems, a first message through both.
load lib

setup() {
	VAR=$BATS_TEST_TMPDIR/var
	OUT=$BATS_TEST_TMPDIR/out
	cd "$TOP" || return
	unset MAKEFLAGS MFLAGS MAKELEVEL
	# a network of its own, where there is one to have: the ports of base 2000 are free there
	OWN=()
	if unshare -${R}n true 2>/dev/null; then OWN=(unshare -${R}n sh -c 'ip link set lo up; exec "$@"' -); fi
}
teardown() { stop_all; }

build() { [[ $BUILD != */build/release ]] && echo "V=$(basename "$BUILD")" || :; }
run_once() { "${OWN[@]}" make -s run ONCE=1 VAR="$VAR" $(build); }

@test "make run ONCE=1 prints each hop and ends with 0" {
	run run_once
	echo "$output"
	[ "$status" = 0 ]
	id=$(sed -n 's/^queued as //p' <<<"$output")
	[ "${#id}" = 24 ]
	grep -q "^accepted over SMTP: 250 .*$id" <<<"$output"
	alice=$(sed -n 's/^delivered to //p' <<<"$output")
	[[ $alice == "$VAR"/mail/example.test/alice/new/*$id* ]]
	grep -q '^sent on to a second system over smtp-send, port [0-9]*: queued there as [0-9A-Z]*$' <<<"$output"
	bob=$(sed -n 's/^delivered there to //p' <<<"$output")
	[[ $bob == "$VAR"/second/mail/second.test/bob/new/* ]]
	grep -qx "identical byte for byte below the trace fields, at both" <<<"$output"
	[[ ${lines[-2]} =~ ^read\ by\ POP3,\ port\ [0-9]+:\ the\ same\ octets$ ]]
	[[ ${lines[-1]} =~ ^read\ by\ IMAP,\ port\ [0-9]+:\ the\ same\ octets$ ]]
	alice=("${alice/\/new\///cur/}":2,*) # who reads by IMAP takes it out of new/
	# not only said: an independent look
	python3 - tests/mail/first.eml "$alice" "$bob" <<-'END'
		import email, email.policy, sys
		first, alice, bob = [open(f, "rb").read() for f in sys.argv[1:]]
		for hops, delivered in (1, alice), (2, bob):
		    assert delivered.endswith(first) and delivered != first
		    m = email.message_from_bytes(delivered, policy=email.policy.default)
		    assert len(m.get_all("Received")) == hops and not m.defects
		    assert m["subject"] == "첫 번째 편지: 파발이 떠납니다"
		    text, attachment = m.iter_parts()
		    assert "역에서 역으로" in text.get_content()
		    assert attachment.get_filename() == "태극.png"
		    assert attachment.get_content().startswith(b"\x89PNG")
	END
	# two mailboxes with the passwords that were printed
	[ "$(grep -c '^mailbox .*@example.test, password ' <<<"$output")" = 2 ]
	[ "$(PABAL_ROOT=$VAR mail-user list | grep -c '	login$')" = 2 ]
	PABAL_ROOT=$VAR mail-doctor
	# and once more in the same place
	run run_once
	[ "$status" = 0 ]
	[ "$(ls "$VAR/mail/example.test/alice/cur" | wc -l)" = 2 ]
}

@test "a busy port: another base is taken, and told" {
	[ "${#OWN[@]}" -gt 0 ] || cannot "no network namespaces here"
	run unshare -${R}n bash -c 'ip link set lo up
		tcp-serve 127.0.0.1 2025 true >/dev/null & busy=$!
		make -s run ONCE=1 VAR="$1" $2; rc=$?
		kill $busy; exit $rc' - "$VAR" "$(build)"
	echo "$output"
	[ "$status" = 0 ]
	grep -q '^a port of base 2000 is busy' <<<"$output"
	grep -q '^up: SMTP on 127.0.0.1 port 3025,' <<<"$output"
}

@test "a hop that does not hold is an error" {
	mkdir -p "$VAR/second/control"
	printf 'z@second.test:mail/z\na@second.test:mail/a\n' >"$VAR/second/control/users"
	run run_once
	echo "$output"
	[ "$status" != 0 ]
	! grep -q identical <<<"$output"
}

@test "make run stays up, takes one more message by the line it shows, and ends without a trace" {
	start setsid make -s run VAR="$VAR" $(build) >"$OUT" 2>&1 3>&-
	pid=$!
	wait_until grep -q '^It stays up' "$OUT"
	line=$(sed -n 's/^  \(printf .*\)$/\1/p' "$OUT")
	bash -c "$line"
	arrived() { grep -rlq '^One more\.$' "$VAR/mail/example.test/alice/new"; }
	wait_until arrived
	mapfile -t ours < <(pgrep -g "$pid")
	((${#ours[@]} >= 4))
	kill -INT -- "-$pid"
	wait "$pid" || :
	none() { ! pgrep -g "$pid" >/dev/null; }
	wait_until none
}
