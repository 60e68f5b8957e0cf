# What happens to an address, and that an operator's mistake never says "no such user".
load lib

setup() {
	make_root example.test alice bob
	cd "$PABAL_ROOT/control" || return
}

# where WANT-RC ADDRESS…: mail-where's exit code is this; its output is in $output.
where() {
	local want=$1
	shift
	run mail-where "$@"
	[ "$status" = "$want" ] || { echo "mail-where $*: exit $status"; echo "$output"; return 1; }
}

@test "a user, with the rule that decided" {
	where 0 alice@example.test
	[ "$output" = "alice@example.test: mailbox $PABAL_ROOT/mail/example.test/alice (control/users:1)" ]
	where 0 Bob@Example.Test
	[[ $output == *"/bob (control/users:2)" ]]
	where 67 carol@example.test
	[[ $output == *"refused 550 5.1.1 no such user"* ]]
	where 0 carol@far.test
	[ "$output" = "carol@far.test: remote by smtp-send to far.test (by MX)" ]
}

@test "several addresses: a doubt goes before a refusal" {
	echo 'broken@example.test:/nowhere' >>users
	LC_ALL=C sort -o users users
	where 67 alice@example.test carol@example.test
	where 75 carol@example.test broken@example.test alice@example.test
}

@test "nested aliases, lists, a name twice" {
	cat >>aliases <<-X
		all@example.test:team, alice@example.test, far@far.test
		team@example.test:alice, bob
	X
	LC_ALL=C sort -o aliases aliases
	where 0 all
	diff <(echo "$output") - <<-X
		all@example.test: alias of 3 (control/aliases:2)
		  team@example.test: alias of 2 (control/aliases:4)
		    alice@example.test: mailbox $PABAL_ROOT/mail/example.test/alice (control/users:1)
		    bob@example.test: mailbox $PABAL_ROOT/mail/example.test/bob (control/users:2)
		  alice@example.test: as above
		  far@far.test: remote by smtp-send to far.test (by MX)
	X
}

@test "an alias loop is a doubt" {
	printf '%s\n' 'a@example.test:b' 'b@example.test:c@example.test' 'c@example.test:a' >aliases
	where 75 a
	[[ $output == *"alias loop"* ]]
}

@test "JSON lines" {
	mail-where -j alice carol@far.test nobody >out || [ $? = 67 ]
	python3 -c '
import json, sys
a, b, c = [json.loads(line) for line in open("out")]
assert a["kind"] == "mailbox" and a["maildir"].endswith("/mail/example.test/alice"), a
assert b["kind"] == "remote" and b["next_hop"] == "far.test", b
assert c["kind"] == "refused" and c["reply"] == 550, c
'
}

# doubtful FILE TEXT: unknown users get 75 and never 67; the file and the words are told.
doubtful() {
	where 75 nobody@example.test
	[[ $output == *"refused 451 4.3.0 $1: $2"* ]] || { echo "$output"; return 1; }
}

@test "an unsorted table" {
	printf '%s\n' 'bob@example.test:mail/example.test/bob' 'alice@example.test:mail/example.test/alice' >users
	doubtful control/users:2 'not in octet order'
}

@test "broken tables: no colon, no line end, CRLF, a key twice, a blank line" {
	printf 'alice@example.test:a\nnothing\n' >users
	doubtful control/users:2 'no colon'
	printf 'alice@example.test:a\nbob@example.test:b' >users
	doubtful control/users:2 'no line end'
	printf 'alice@example.test:a\r\nbob@example.test:b\r\n' >users
	doubtful control/users:1 'carriage return'
	printf 'alice@example.test:a\nalice@example.test:b\n' >users
	doubtful control/users:2 'key is there twice'
	printf 'alice@example.test:a\n\nbob@example.test:b\n' >users
	doubtful control/users:2 'no colon'
}

@test "missing files" {
	for f in me domains users; do
		mv $f away
		doubtful control/$f missing
		mv away $f
	done
	: >users
	doubtful control/users 'has no entry'
	: >domains
	where 75 alice@example.test
}

@test "unreadable tables" {
	rm users
	mkdir users
	doubtful control/users 'is not a file'
	rmdir users
	ln -s users users
	doubtful control/users 'cannot be opened'
}

@test "an unmounted store" {
	mv "$PABAL_ROOT/mail" "$PABAL_ROOT/away"
	where 75 alice@example.test
	[[ $output == *"control/users:1: Maildir $PABAL_ROOT/mail/example.test/alice: No such file"* ]]
	mkdir "$PABAL_ROOT/mail"
	where 75 alice@example.test
	mkdir -p "$PABAL_ROOT/mail/example.test/alice"
	where 75 alice@example.test
	[ -z "$(ls "$PABAL_ROOT/mail/example.test/alice")" ]
}

@test "postmaster is always somebody, or a doubt" {
	where 0 postmaster
	where 0 PostMaster@example.test
	: >aliases
	where 75 postmaster
	[[ $output == *"names no postmaster"* ]]
}

@test "routes: a domain, a suffix, everything" {
	printf '%s\n' '*:[192.0.2.1]:25' '.b.test:uucp-send b!host' 'a.test:smtp-send [127.0.0.1]:2525' |
		LC_ALL=C sort >routes
	where 0 x@a.test
	[[ $output == *"remote by smtp-send to [127.0.0.1]:2525 (control/routes:3)" ]]
	where 0 x@c.b.test
	[[ $output == *"remote by uucp-send to b!host (control/routes:2)" ]]
	where 0 x@other.test
	[[ $output == *"remote by smtp-send to [192.0.2.1]:25 (control/routes:1)" ]]
	where 0 alice@example.test
	printf 'a.test:127.0.0.1:2525\n' >routes
	where 75 x@a.test
	[[ $output == *"control/routes:1: next hop is no domain"* ]]
}

@test "a table that is a program" {
	cat >users <<-'X'
		#!/bin/sh
		while read -r key; do
			case $key in
			dyn@example.test) echo mail/example.test/alice ;;
			dies@example.test) exit 1 ;;
			*) echo ;;
			esac
		done
	X
	chmod +x users
	where 0 dyn@example.test
	where 67 nobody@example.test
	where 75 dies@example.test
	[[ $output == *"control/users: the program ended without an answer"* ]]
	where 75 dies@example.test dyn@example.test
	[[ $output == *"dyn@example.test: mailbox "* ]]
	printf '#!/no/such/interpreter\n' >users
	where 75 dyn@example.test
}

@test "user+ext: the folder where there is one" {
	mkdir -p "$PABAL_ROOT/mail/example.test/alice/.lists/"{cur,new,tmp}
	where 0 alice+lists@example.test
	[[ $output == *"/alice/.lists ("* ]]
	where 0 alice+other@example.test
	[[ $output == *"/alice ("* ]]
	where 67 nobody+lists@example.test
}

@test "users of the machine, when control says so" {
	name=$(id -un)
	where 67 "$name"
	: >system-users
	home=$(getent passwd "$name" | cut -d: -f6)
	run mail-where "$name"
	if [ -d "$home/Maildir/new" ]; then
		[ "$status" = 0 ] && [[ $output == *"mailbox $home/Maildir uid=$(id -u) gid="* ]]
	else
		[ "$status" = 75 ] && [[ $output == *"Maildir $home/Maildir"* ]]
	fi
	where 67 no-such-user-here
	where 67 nobody # its home does not exist
}

@test "a full mailbox" {
	echo "alice@example.test:mail/example.test/alice:::1000" >users
	where 0 -s 1000 alice
	where 67 -s 1001 alice
	[[ $output == *"552 5.2.2"* ]]
	printf '1000S\n900 3\n' >"$PABAL_ROOT/mail/example.test/alice/maildirsize"
	where 0 -s 100 alice
	where 75 -s 101 alice
	[[ $output == *"452 4.2.2"* ]]
}

@test "a table of 100,000 lines is checked once, and again when it changes" {
	need strace
	seq -f 'user%06.0f@example.test:mail/example.test/alice' 100000 >users
	touch -d '1 hour ago' users
	# the time of the inode's change cannot be set: wait for the two seconds in which nothing is remembered
	old() { (($(date +%s) - $(stat -c %Z users) > 3)); }
	wait_until old
	where 67 nobody@example.test
	[ -s "$PABAL_RUN/ordered.control-users" ] || [ -s "$PABAL_ROOT/run/ordered.control-users" ]
	strace -o trace -e trace=pread64 mail-where nobody@example.test >out || [ $? = 67 ] || cannot "strace does not work here"
	[ "$(wc -l <trace)" -lt 60 ]
	sed -i '1s/user000001/zser000001/' users
	doubtful control/users:2 'not in octet order'
}
