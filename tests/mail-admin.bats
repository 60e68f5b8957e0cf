# mail-init(8), mail-user(8), mail-doctor(8): an installation, its mailboxes and its health.
load lib

setup() {
	export PABAL_ROOT=$BATS_TEST_TMPDIR/root PABAL_LOG=none
}

init() { mail-init -m mail.example.test "$@" example.test; }

# tree: every file with type, mode and content, for a comparison.
tree() {
	(cd "$PABAL_ROOT" && find . ! -path './run/*' -printf '%y %m %p\n' | sort &&
		find . -type f ! -path './run/*' ! -name '*.lock' | sort | xargs sha256sum)
}

@test "mail-init makes all of an installation" {
	run init
	[ "$status" = 0 ]
	cd "$PABAL_ROOT"
	[ "$(cat control/me)" = mail.example.test ]
	[ "$(head -1 control/domains)" = example.test ]
	[ "$(find queue/later -mindepth 1 -type d -name '[0-9A-F][0-9A-F]' | wc -l)" = 256 ]
	[ "$(stat -c %a queue/drop)" = 3733 ]
	for d in queue/new queue/hold queue/failed queue/log; do
		[ "$(stat -c %a "$d")" = 700 ]
	done
	[ "$(stat -c %a passwd)" = 600 ]
	[ -d run ] && [ -d mail/example.test/admin/cur ]
	for who in root postmaster abuse; do
		grep -qx "$who@example.test:admin@example.test" control/aliases
	done
	LC_ALL=C sort -c control/aliases
	[ "$(cat control/domains)" = example.test ]
	run mail-doctor
	[ "$status" = 0 ]
	! grep -q FAIL <<<"$output"
	run mail-where postmaster@example.test
	[ "$status" = 0 ]
	[[ $output == *mail/example.test/admin* ]]
	# the host's own name means the first domain: cron's mail for a user of the machine
	echo secret | mail-user add alice@example.test
	for a in alice root@mail.example.test alice@mail.example.test; do
		run mail-where "$a"
		[ "$status" = 0 ]
	done
	[[ $output == *mail/example.test/alice* ]]
}

@test "mail-init again changes nothing; another domain is added to what is there" {
	init
	tree >"$BATS_TEST_TMPDIR/before"
	init
	tree | diff "$BATS_TEST_TMPDIR/before" -
	sed -i 's/^root@example.test:.*/root@example.test:alice@elsewhere.test/' "$PABAL_ROOT/control/aliases"
	echo changed.example.test >"$PABAL_ROOT/control/me"
	mail-init -a admin@example.test second.test
	[ "$(cat "$PABAL_ROOT/control/me")" = changed.example.test ]
	grep -qx 'root@example.test:alice@elsewhere.test' "$PABAL_ROOT/control/aliases"
	grep -qx 'abuse@second.test:admin@example.test' "$PABAL_ROOT/control/aliases"
	LC_ALL=C sort -c "$PABAL_ROOT/control/aliases"
	[ "$(head -1 "$PABAL_ROOT/control/domains")" = example.test ]
	grep -qx second.test "$PABAL_ROOT/control/domains"
	mail-doctor
}

@test "mail-init repairs modes and missing folders" {
	init
	rmdir "$PABAL_ROOT/queue/later/A7" "$PABAL_ROOT/queue/hold"
	chmod 777 "$PABAL_ROOT/queue/drop"
	run mail-doctor
	[ "$status" = 1 ]
	grep -q '^FAIL queue/later: 255 buckets' <<<"$output"
	grep -q '^FAIL queue/hold: No such file' <<<"$output"
	grep -q '^FAIL queue/drop: mode 2777' <<<"$output"
	init
	mail-doctor
}

@test "mail-init keeps the comments at the top of aliases" {
	init
	{ echo '# who is who'; echo; cat "$PABAL_ROOT/control/aliases"; } >"$BATS_TEST_TMPDIR/a"
	mv "$BATS_TEST_TMPDIR/a" "$PABAL_ROOT/control/aliases"
	mail-init second.test
	[ "$(head -1 "$PABAL_ROOT/control/aliases")" = '# who is who' ]
	grep -q '^root@second.test:' "$PABAL_ROOT/control/aliases"
	mail-doctor
}

@test "mail-init refuses what is no domain" {
	for bad in '' . .test a..test -a.test a-.test 'a b' 'a/b' '../x' "$(printf 'a\nb')" 한글.test; do
		run mail-init -- "$bad"
		[ "$status" = 64 ]
	done
	[ ! -e "$PABAL_ROOT/control" ]
	run mail-init
	[ "$status" = 64 ]
	run mail-init -a 'x y@example.test' example.test
	[ "$status" = 64 ]
}

@test "mail-init gives the four owners what is theirs" {
	[ "$(id -u)" = 0 ] || cannot "needs root"
	four_owners
	owned mail-init -m mail.example.test example.test
	cd "$PABAL_ROOT"
	[ "$(stat -c %u queue queue/drop queue/new queue/later/A7 run | sort -u)" = 60902 ]
	[ "$(stat -c %u passwd)" = 60903 ]
	[ "$(stat -c %u mail mail/example.test/admin/new | sort -u)" = 60904 ]
	[ "$(stat -c %u . control control/users | sort -u)" = 0 ]
	grep -qx 'admin@example.test:mail/example.test/admin:60904:60904' control/users
	echo secret | owned mail-user add alice@example.test
	[ "$(stat -c %u:%a passwd)" = 60903:600 ]
	[ "$(stat -c %u control/users)" = 0 ]
	[ "$(stat -c %u mail/example.test/alice/new)" = 60904 ]
	owned mail-doctor
}

@test "mail-user add: Maildir, login and entry" {
	init
	run mail-user add Alice@Example.TEST <<<secret
	[ "$status" = 0 ] && [ -z "$output" ]
	cd "$PABAL_ROOT"
	grep -qx 'alice@example.test:mail/example.test/alice' control/users
	LC_ALL=C sort -c control/users
	grep -qE '^alice@example.test:\{CRYPT\}\$y\$[^ ]+ \{SCRAM-SHA-256\}4096,[^,]+,[^,]+,[^,]+$' passwd
	! grep -q secret passwd
	[ "$(stat -c %a passwd)" = 600 ]
	for d in cur new tmp; do [ -d "mail/example.test/alice/$d" ]; done
	run mail-where alice@example.test
	[[ $output == *mail/example.test/alice* ]]
	mail-doctor
}

@test "the hash is of the password: libcrypt and PBKDF2 of others agree" {
	init
	mail-user add alice@example.test <<<'pass word 암호'
	python3 - "$PABAL_ROOT/passwd" <<-'END'
		import base64, ctypes, ctypes.util, hashlib, hmac, sys
		value = open(sys.argv[1]).read().strip().split(":", 1)[1]
		hash, verifier = value.split(" ")
		lib = ctypes.CDLL(ctypes.util.find_library("crypt") or "libcrypt.so.1")
		lib.crypt.restype = ctypes.c_char_p
		hash = hash.removeprefix("{CRYPT}").encode()
		assert lib.crypt("pass word 암호".encode(), hash) == hash
		assert lib.crypt(b"pass word", hash) != hash
		n, salt, stored, server = verifier.removeprefix("{SCRAM-SHA-256}").split(",")
		salted = hashlib.pbkdf2_hmac("sha256", "pass word 암호".encode(), base64.b64decode(salt), int(n))
		key = lambda name: hmac.new(salted, name, "sha256").digest()
		assert hashlib.sha256(key(b"Client Key")).digest() == base64.b64decode(stored)
		assert key(b"Server Key") == base64.b64decode(server)
	END
}

@test "mail-user passwd gives another password to that mailbox only" {
	init
	mail-user add alice@example.test <<<one
	mail-user add bob@example.test <<<two
	cp "$PABAL_ROOT/passwd" "$BATS_TEST_TMPDIR/before"
	mail-user passwd alice@example.test <<<three
	[ "$(diff "$BATS_TEST_TMPDIR/before" "$PABAL_ROOT/passwd" | grep -c '^[<>] alice@')" = 2 ]
	[ "$(diff "$BATS_TEST_TMPDIR/before" "$PABAL_ROOT/passwd" | grep -c '^[<>] bob@')" = 0 ]
	run mail-user passwd carol@example.test <<<three
	[ "$status" = 67 ]
}

@test "mail-user del removes entry and login, never mail" {
	init
	mail-user add alice@example.test <<<secret
	echo mail >"$PABAL_ROOT/mail/example.test/alice/new/1.x"
	mail-user del alice@example.test
	! grep -q alice "$PABAL_ROOT/control/users" "$PABAL_ROOT/passwd"
	[ "$(cat "$PABAL_ROOT/mail/example.test/alice/new/1.x")" = mail ]
	run mail-user del alice@example.test
	[ "$status" = 67 ]
	mail-user add alice@example.test <<<again # finds its mail again
	[ -e "$PABAL_ROOT/mail/example.test/alice/new/1.x" ]
}

@test "mail-user list" {
	init
	mail-user add alice@example.test <<<secret
	run mail-user list
	[ "$status" = 0 ]
	[ "${lines[0]}" = $'admin@example.test\tmail/example.test/admin\tno-login' ]
	[ "${lines[1]}" = $'alice@example.test\tmail/example.test/alice\tlogin' ]
	[ "${#lines[@]}" = 2 ]
	run mail-user list ALICE@example.test
	[ "$status" = 0 ] && [ "${#lines[@]}" = 1 ]
	run mail-user list nobody@example.test
	[ "$status" = 1 ] && [ -z "$output" ]
	sh -c 'mail-user list >/dev/full' && false || [ $? = 74 ]
}

@test "mail-user names folders so that no address leaves mail/" {
	init
	for a in '"../../x"@example.test' '".hidden"@example.test' '"a/b"@example.test' '"a b:c"@example.test'; do
		mail-user add -n "$a"
	done
	[ "$(find "$PABAL_ROOT/mail" -name cur | wc -l)" = 5 ]
	[ "$(find "$PABAL_ROOT/mail" -mindepth 1 -maxdepth 1 | wc -l)" = 1 ]
	[ "$(find "$PABAL_ROOT/mail/example.test" -mindepth 1 -maxdepth 1 -name '[!.]*' | wc -l)" = 5 ]
	mail-doctor
}

@test "mail-user refuses what cannot be used, and leaves nothing behind" {
	init
	tree >"$BATS_TEST_TMPDIR/before"
	run mail-user add alice@elsewhere.test <<<secret
	[ "$status" = 68 ]
	for bad in alice '<alice@example.test>' 'a@b@example.test' '' '@example.test' 'alice@[127.0.0.1]'; do
		run mail-user add "$bad" <<<secret
		[ "$status" = 64 ]
	done
	run mail-user add admin@example.test <<<secret
	[ "$status" = 73 ]
	run mail-user
	[ "$status" = 64 ]
	run mail-user frobnicate alice@example.test
	[ "$status" = 64 ]
	tree | diff "$BATS_TEST_TMPDIR/before" -
	for bad in '' $'\x01' "$(printf 'p%.0s' {1..257})"; do
		run mail-user add alice@example.test <<<"$bad"
		[ "$status" = 65 ]
	done
	run mail-user add alice@example.test </dev/null
	[ "$status" = 65 ]
	! grep -q alice "$PABAL_ROOT/control/users" "$PABAL_ROOT/passwd"
}

@test "mail-user at once from many: every entry is there, in order" {
	init
	for i in {1..20}; do mail-user add -n "user$i@example.test" & done
	wait
	[ "$(grep -c '^user' "$PABAL_ROOT/control/users")" = 20 ]
	LC_ALL=C sort -c "$PABAL_ROOT/control/users"
	mail-doctor
}

@test "mail-user on an unsorted table says file and line, and changes nothing" {
	init
	printf 'z@example.test:mail/z\na@example.test:mail/a\n' >"$PABAL_ROOT/control/users"
	run mail-user add bob@example.test <<<secret
	[ "$status" = 78 ]
	[[ $output == *control/users:2* ]]
	[ "$(wc -l <"$PABAL_ROOT/control/users")" = 2 ]
}

@test "mail-doctor says file and line" {
	init
	mail-user add bob@example.test <<<secret
	check() { # check WHAT: a line that fails and matches
		run mail-doctor
		[ "$status" = 1 ]
		grep -qE "^FAIL $1" <<<"$output" || { echo "$output"; return 1; }
	}
	cd "$PABAL_ROOT"
	cp -r . "$BATS_TEST_TMPDIR/good"
	again() { cp -r "$BATS_TEST_TMPDIR/good/." .; }
	rm control/me && check 'control/me: '
	again && printf 'z@x:y\na@x:y\n' >control/users && check 'control/users:2: '
	again && echo 'bob@example.test:mail/example.test/bob:1:' >control/users && check 'control/users:1: bob@.*malformed'
	again && rmdir mail/example.test/bob/new && check 'control/users:2: bob@example.test: .*mail/example.test/bob'
	again && sed -i 's/^root@example.test:.*/root@example.test:a@b@c/' control/aliases &&
		check 'control/aliases:3: root@example.test: '
	again && echo 'second.test:[127.0.0.1]:99999' >control/routes && check 'control/routes:1: second.test: '
	again && rm control/routes && echo 'bob@example.test:{PLAIN}secret' >passwd && check 'passwd:1: bob@'
	again && chmod 644 passwd && check 'passwd: mode 0644'
	again && chmod 600 passwd && chmod 640 auth.key && check 'auth.key: mode 0640'
	chmod 600 auth.key && echo 'no-such-program true' >control/checkpassword &&
		check 'control/checkpassword: no-such-program is not there'
	again && rm control/checkpassword && echo 'not-a-net' >control/relay-nets && check 'control/relay-nets: '
	again && rm control/relay-nets && echo 'second.test:no-such-agent x' >control/routes &&
		check 'control/routes:1: second.test: the agent is not there'
	again && rm control/routes && echo 'no-such-program -- queue-add -e 3' >control/recv-chain &&
		check 'control/recv-chain: no-such-program is not there'
	echo 'thru cat -- queue-add -e 3' >control/recv-chain && mail-doctor | grep -qx 'ok control/recv-chain: thru cat -- queue-add -e 3'
	rm control/recv-chain && sed -i '/^postmaster@/d' control/aliases
	run mail-doctor # <postmaster> without an alias is the resolver's to judge; it must not crash
	[[ $status == [01] ]]
}

@test "mail-doctor -n asks DNS, and only then" {
	need unshare
	unshare -${R}n true 2>/dev/null || cannot "no user and network namespaces here"
	init
	run unshare -${R}n mail-doctor
	! grep -q DNS <<<"$output"
	run timeout 60 unshare -${R}n mail-doctor -n
	[ "$status" = 1 ]
	grep -q '^FAIL DNS: control/me: mail.example.test: ' <<<"$output"
}

@test "mail-doctor changes nothing" {
	init
	tree >"$BATS_TEST_TMPDIR/before"
	mail-doctor >/dev/null
	tree | diff "$BATS_TEST_TMPDIR/before" -
}
