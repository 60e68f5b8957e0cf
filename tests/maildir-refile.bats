# maildir-refile(1): messages move and are copied whole, once, and are never lost.
load lib
bats_require_minimum_version 1.5.0

setup() {
	export HOME=$BATS_TEST_TMPDIR TMPDIR=$BATS_TEST_TMPDIR
	cd "$BATS_TEST_TMPDIR" || return
	mkdir -p box/{cur,new,tmp} there/{cur,new,tmp}
}

put() {
	for f; do echo "Subject: ${f##*/}" >"$f"; done
}
names() { (cd "$1" && find . -type f | sort | sed 's,^\./,,'); }

@test "moves, keeps flags, and new ones stay new" {
	put box/cur/1.a.h:2,FS box/new/2.a.h box/cur/3.a.h
	[ "$(maildir-refile there box/cur/1.a.h:2,FS box/new/2.a.h)" = $'there/cur/1.a.h:2,FS\nthere/new/2.a.h' ]
	[ "$(maildir-list box | maildir-refile there/)" = there/cur/3.a.h:2, ]
	[ -z "$(names box)" ]
	[ "$(names there)" = $'cur/1.a.h:2,FS\ncur/3.a.h:2,\nnew/2.a.h' ]
	[ "$(cat there/new/2.a.h)" = 'Subject: 2.a.h' ]
}

@test "keeps with -k: one file, two places" {
	put box/cur/1.a.h:2,S
	[ "$(maildir-refile -k there box/cur/1.a.h:2,S)" = there/cur/1.a.h:2,S ]
	[ box/cur/1.a.h:2,S -ef there/cur/1.a.h:2,S ]
	[ "$(maildir-refile --keep there box/cur/1.a.h:2,S)" = there/cur/1.a.h:2,S ]
	[ "$(names there | wc -l)" = 1 ]
	# and then the move that was meant: it is there already
	[ "$(maildir-refile there box/cur/1.a.h:2,S)" = there/cur/1.a.h:2,S ]
	[ "$(names box; names there)" = cur/1.a.h:2,S ]
}

@test "to where it is: nothing happens" {
	put box/cur/1.a.h:2,S
	[ "$(maildir-refile box box/cur/1.a.h:2,S)" = box/cur/1.a.h:2,S ]
	[ "$(maildir-refile "$PWD/box" box/cur/1.a.h:2,S)" = "$PWD/box/cur/1.a.h:2,S" ]
	ln -s box link
	[ "$(maildir-refile link/ box/cur/1.a.h:2,S)" = link/cur/1.a.h:2,S ]
	ln -s box/cur odd
	ln box/cur/1.a.h:2,S another
	[ "$(maildir-refile box odd/1.a.h:2,S)" = box/cur/1.a.h:2,S ]
	[ "$(maildir-refile -k box box/cur/1.a.h:2,S box/cur/1.a.h:2,S | sort -u)" = box/cur/1.a.h:2,S ]
	[ "$(names box)" = cur/1.a.h:2,S ]
}

@test "a name that is taken: a new one, nothing is overwritten" {
	put box/cur/1.a.h,S=9:2,S
	echo another >there/cur/1.a.h,S=9:2,F
	maildir-refile there box/cur/1.a.h,S=9:2,S >out
	[[ $(<out) = there/cur/1.M*R*.h,S=9:2,S ]]
	[ "$(cat "$(<out)")" = 'Subject: 1.a.h,S=9:2,S' ]
	[ "$(cat there/cur/1.a.h,S=9:2,F)" = another ]
	[ "$(names there | wc -l)" = 2 ]
	# the same octets under the same name: the message is there
	mkdir -p third/{cur,new,tmp}
	cp there/cur/1.a.h,S=9:2,F third/new/1.a.h,S=9
	[ "$(maildir-refile there third/new/1.a.h,S=9)" = there/cur/1.a.h,S=9:2,F ]
	[ -z "$(names third)" ]
	[ "$(names there | wc -l)" = 2 ]
}

@test "across file systems" {
	[ -w /dev/shm ] && [ "$(stat -c %d /dev/shm)" != "$(stat -c %d .)" ] || cannot "no second file system"
	local far
	far=$(mktemp -d /dev/shm/pabal.XXXXXX)
	mkdir "$far"/{cur,new,tmp}
	put box/cur/1.a.h:2,S
	touch -d @1000000000 box/cur/1.a.h:2,S
	head -c 1000000 /dev/urandom >box/new/2.a.h
	sum=$(md5sum <box/new/2.a.h)
	local ok=0
	[ "$(maildir-refile -k "$far" box/cur/1.a.h:2,S)" = "$far/cur/1.a.h:2,S" ] &&
		[ "$(maildir-refile "$far" box/cur/1.a.h:2,S box/new/2.a.h)" = "$far/cur/1.a.h:2,S"$'\n'"$far/new/2.a.h" ] &&
		[ "$(names "$far")" = $'cur/1.a.h:2,S\nnew/2.a.h' ] && [ -z "$(names box)" ] &&
		[ "$(stat -c %Y "$far/cur/1.a.h:2,S")" = 1000000000 ] &&
		[ "$(md5sum <"$far/new/2.a.h")" = "$sum" ] || ok=1
	rm -rf "$far"
	[ $ok = 0 ]
}

@test "a file from outside gets a name, a folder is made where that is asked for" {
	put draft.eml
	run -66 maildir-refile 'box/.Sent' draft.eml
	run -0 maildir-refile -c 'box/.Sent' draft.eml
	[[ $output = box/.Sent/cur/*.M*R*.localhost,S=19:2, ]]
	[ "$(cat "$output")" = 'Subject: draft.eml' ]
	[ ! -e draft.eml ]
	[ -f box/.Sent/maildirfolder ]
}

@test "what is gone is told, the others are done; a renamed one is found" {
	put box/cur/1.a.h:2, box/cur/2.a.h:2,
	mv box/cur/2.a.h:2, box/cur/2.a.h:2,RS
	mkdir box/cur/dir:2,
	run -66 --separate-stderr maildir-refile there box/cur/9.a.h:2, box/cur/1.a.h:2, box/cur/dir:2, box/cur/2.a.h:2,
	[[ $stderr = *9.a.h*dir* ]]
	[ "$(wc -l <<<"$output")" = 2 ]
	[ "$(names there | wc -l)" = 2 ]
	run -66 maildir-refile nowhere box/cur/1.a.h:2,
	run -64 maildir-refile
	run -64 script -qec 'maildir-refile there' /dev/null
}

@test "hundreds on standard input, through a pipe of commands" {
	for i in {1..300}; do put "box/cur/$i.a.h:2,$([ $((i % 3)) = 0 ] || echo S)"; done
	maildir-pick 'seen' box | maildir-refile there | maildir-flag +F | maildir-list -f %M | sort | uniq -c >out
	[ "$(tr -s ' ' <out)" = ' 200 FS' ]
	[ "$(names box | wc -l)" = 100 ]
	maildir-list -0 box | maildir-refile -0 there | tr '\0' '\n' | wc -l | grep -qx 100
	[ "$(names there | wc -l)" = 300 ]
	[ "$(cat there/cur/* | sort -u | wc -l)" = 300 ]
}

@test "a full disk or a closed output loses nothing" {
	put box/cur/{1..100}.a.h:2,
	run -74 sh -c 'maildir-list box | maildir-refile there >/dev/full'
	[ "$(cat box/cur/* there/cur/* 2>/dev/null | sort -u | wc -l)" = 100 ]
	maildir-list box | maildir-refile there | wc -l >/dev/null
	[ "$(names there | wc -l)" = 100 ]
}

@test "killed at any system call, every message is in one of the two folders; again, and it is in one" {
	need strace
	local call n kills=0
	for call in openat linkat syncfs unlink fsync; do
		for ((n = 1; n < 100; n++)); do
			rm -f box/cur/* there/cur/*
			put box/cur/{1..5}.a.h:2,S
			strace -qq -o /dev/null -e "trace=$call" -e "inject=$call:signal=KILL:when=$n" \
				maildir-refile there box/cur/* >/dev/null 2>&1 && break
			((kills += 1))
			[ "$(cat box/cur/* there/cur/* 2>/dev/null | sort -u | wc -l)" = 5 ]
			maildir-list box | maildir-refile there >/dev/null
			[ "$(names box | wc -l) $(names there | wc -l)" = "0 5" ]
		done
	done
	echo "$kills kills"
	((kills > 20))
}

@test "the quota of the mailbox counts what came from another one" {
	printf '1000000S\n0 0\n' >there/maildirsize
	put box/cur/1.a.h:2,
	octets=$(stat -c %s box/cur/1.a.h:2,)
	maildir-refile -c there/.Sub box/cur/1.a.h:2,
	[ "$(tail -n 1 there/maildirsize)" = "$octets 1" ]
	maildir-list there/.Sub | maildir-refile there
	[ "$(wc -l <there/maildirsize)" = 3 ]
}
