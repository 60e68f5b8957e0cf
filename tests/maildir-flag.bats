# maildir-flag(1): flags change, nothing is overwritten or lost.
load lib
bats_require_minimum_version 1.5.0

setup() {
	export HOME=$BATS_TEST_TMPDIR TMPDIR=$BATS_TEST_TMPDIR
	cd "$BATS_TEST_TMPDIR" || return
	mkdir -p box/{cur,new,tmp}
}

put() {
	for f; do echo "Subject: ${f##*/}" >"box/$f"; done
}
names() { (cd box && find . -type f | sort | sed 's,^\./,,'); }

@test "sets, removes, replaces; prints where the message is" {
	put cur/1.a.h:2,
	[ "$(maildir-flag +S box/cur/1.a.h:2,)" = box/cur/1.a.h:2,S ]
	[ "$(maildir-flag +TF box/cur/1.a.h:2,S)" = box/cur/1.a.h:2,FST ]
	[ "$(maildir-flag -T box/cur/1.a.h:2,FST)" = box/cur/1.a.h:2,FS ]
	[ "$(maildir-flag +R-F box/cur/1.a.h:2,FS)" = box/cur/1.a.h:2,RS ]
	[ "$(maildir-flag +F -R -S box/cur/1.a.h:2,RS)" = box/cur/1.a.h:2,F ]
	[ "$(maildir-flag =DS box/cur/1.a.h:2,F)" = box/cur/1.a.h:2,DS ]
	[ "$(maildir-flag =+P box/cur/1.a.h:2,DS 2>&1 || :)" = 'maildir-flag: =+P: no change of flags' ]
	[ "$(maildir-flag = box/cur/1.a.h:2,DS)" = box/cur/1.a.h:2, ]
	[ "$(maildir-flag +S -- box/cur/1.a.h:2,)" = box/cur/1.a.h:2,S ]
	[ "$(maildir-flag +S box/cur/1.a.h:2,S)" = box/cur/1.a.h:2,S ]
	[ "$(names)" = cur/1.a.h:2,S ]
}

@test "from new/ to cur/, with flags alone" {
	put new/1.a.h new/2.a.h
	[ "$(maildir-flag -S box/new/1.a.h)" = box/new/1.a.h ]
	[ "$(maildir-flag +S box/new/1.a.h)" = box/cur/1.a.h:2,S ]
	[ "$(maildir-flag = box/new/2.a.h)" = box/new/2.a.h ]
	[ "$(cat box/cur/1.a.h:2,S)" = 'Subject: 1.a.h' ]
	[ "$(cd box && maildir-flag +F new/2.a.h)" = cur/2.a.h:2,F ]
}

@test "small letters and what is no letter stay" {
	put 'cur/1.a.h:2,Sab' 'cur/2.a.h:2,F!S' 'cur/3.a.h'
	[ "$(maildir-flag +F-b box/cur/1.a.h:2,Sab)" = box/cur/1.a.h:2,FSa ]
	[ "$(maildir-flag +T 'box/cur/2.a.h:2,F!S')" = 'box/cur/2.a.h:2,FST!' ]
	[ "$(maildir-flag +T box/cur/3.a.h)" = box/cur/3.a.h:2,T ]
}

@test "many on standard input" {
	put cur/{1..9}.a.h:2, new/{10..20}.a.h
	maildir-list box | maildir-flag +S >out
	[ "$(wc -l <out)" = 20 ]
	[ "$(maildir-list -s S box)" = "$(cat out)" ]
	maildir-list -0 box | maildir-flag -0 +F | tr '\0' '\n' >out
	maildir-list -s F box | diff - out
	maildir-list -f %M box | sort -u | grep -qx FS
}

@test "a message that was renamed meanwhile is found again" {
	put cur/1.a.h:2,S new/2.a.h
	maildir-list box >paths
	mv box/cur/1.a.h:2,S box/cur/1.a.h:2,RS
	mv box/new/2.a.h box/cur/2.a.h:2,
	[ "$(maildir-flag +F <paths)" = $'box/cur/1.a.h:2,FRS\nbox/cur/2.a.h:2,F' ]
	[ "$(maildir-flag +F <paths)" = $'box/cur/1.a.h:2,FRS\nbox/cur/2.a.h:2,F' ]
	# and many of them
	put cur/{100..400}.x.h:2,
	maildir-list box >paths
	for f in box/cur/*.x.h:2,; do mv "$f" "${f}S"; done
	maildir-flag +T <paths >out
	[ "$(grep -c 'x.h:2,ST$' out)" = 301 ]
	maildir-flag +T <paths | cmp - out
}

@test "what is gone is told, the others are done" {
	put cur/1.a.h:2, cur/2.a.h:2,
	run -66 --separate-stderr maildir-flag +S box/cur/1.a.h:2, box/cur/9.a.h:2, plain box/cur/2.a.h:2,
	[ "$output" = $'box/cur/1.a.h:2,S\nbox/cur/2.a.h:2,S' ]
	[[ $stderr = *9.a.h*"No such file"*plain*"not a message of a Maildir"* ]]
	run -66 maildir-flag +S nowhere/cur/1.a.h:2,
	seq -f 'box/cur/%g.gone:2,' 500 >paths
	run -66 maildir-flag +S <paths
	run -64 maildir-flag box/cur/1.a.h:2,S
	run -64 maildir-flag +1 box/cur/1.a.h:2,S
	run -64 maildir-flag
}

@test "never over another message" {
	put cur/1.a.h:2,
	echo other >box/cur/1.a.h:2,S
	maildir-flag +S box/cur/1.a.h:2, >out
	[ "$(cat box/cur/1.a.h:2,S)" = other ]
	[ "$(cat "$(<out)")" = 'Subject: 1.a.h:2,' ]
	[[ $(<out) = box/cur/1.*.h:2,S ]]
	[ "$(names | wc -l)" = 2 ]
	# two names of one file become one
	ln box/cur/1.a.h:2,S box/cur/1.a.h:2,F
	[ "$(maildir-flag =S box/cur/1.a.h:2,F)" = box/cur/1.a.h:2,S ]
	[ "$(names | wc -l)" = 2 ]
}

@test "a Maildir that others change at the same time keeps all its messages" {
	put cur/{1..200}.a.h:2,
	flags() { # LETTER: as a mail reader would
		local i
		for i in {1..200}; do
			maildir-list box | sed -n "/\/$i\.a\.h/p" | maildir-flag "$1" >/dev/null || return
		done
	}
	flags +S 3>&- &
	local one=$!
	maildir-list box | maildir-flag +F >/dev/null
	maildir-list box | maildir-flag +T-F >/dev/null
	wait $one
	[ "$(names | wc -l)" = 200 ]
	[ "$(maildir-list -s ST-F box | wc -l)" = 200 ]
	[ "$(cat box/cur/* | sort -u | wc -l)" = 200 ]
}
