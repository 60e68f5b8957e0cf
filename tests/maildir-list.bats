# maildir-list(1): paths, lines, threads of Maildir folders.
load lib
bats_require_minimum_version 1.5.0

setup() {
	export HOME=$BATS_TEST_TMPDIR TMPDIR=$BATS_TEST_TMPDIR
	cd "$BATS_TEST_TMPDIR" || return
	mkdir -p box/{cur,new,tmp}
}

# put FILE [FIELD…]: a message with these fields.
put() {
	local file=$1
	shift
	printf '%s\n' "$@" '' 'the body' >"box/$file"
}

three() {
	put cur/200.b.h:2,S 'From: "Lee, Jane" <lee@example.org>' 'Subject: second' 'Date: Tue, 24 Nov 2026 09:00:00 +0000'
	put new/300.c.h 'From: kim@example.org' 'Subject: =?EUC-KR?B?yLjAx7fP?=' 'Date: Tue, 24 Nov 2026 10:00:00 +0900'
	put cur/100.a.h:2,FS 'From: =?utf-8?B?6rmA7LKg7IiY?= <kim@example.org>' 'Subject: first'
}

@test "paths, oldest first, whatever the order of the directory" {
	three
	[ "$(maildir-list box)" = $'box/cur/100.a.h:2,FS\nbox/cur/200.b.h:2,S\nbox/new/300.c.h' ]
	[ "$(maildir-list box/)" = "$(maildir-list box)" ]
	[ "$(maildir-list box/new)" = box/new/300.c.h ]
	[ "$(maildir-list box/cur/ | wc -l)" = 2 ]
	[ "$(cd box && maildir-list .)" = $'./cur/100.a.h:2,FS\n./cur/200.b.h:2,S\n./new/300.c.h' ]
	[ "$(maildir-list -0 box | tr '\0' '|')" = 'box/cur/100.a.h:2,FS|box/cur/200.b.h:2,S|box/new/300.c.h|' ]
	mkdir -p other/{cur,new,tmp}
	cp box/cur/200* other/cur/150.x.h:2,
	[ "$(maildir-list other box | sed 's,.*/,,')" = $'100.a.h:2,FS\n150.x.h:2,\n200.b.h:2,S\n300.c.h' ]
	[ "$(maildir-list box | md5sum)" = "$(find box -type f | sort -t. -k1.9n | md5sum)" ]
}

@test "an empty folder is no error, what cannot be read is" {
	run -0 maildir-list box
	[ -z "$output" ]
	three
	run -66 --separate-stderr maildir-list nothing box
	[ "$(wc -l <<<"$output")" = 3 ]
	[[ $stderr = *nothing* ]]
	run -66 maildir-list -l box/cur/100.a.h:2,FS/x
	mkdir half half/cur
	run -66 --separate-stderr maildir-list half
	[[ $stderr = *half* ]]
	run -64 maildir-list -s 1 box
	run -64 maildir-list -f %y box
	[[ $output = *"column 1"* ]]
	run -64 maildir-list -j -T box
}

@test "new ones and flags" {
	three
	[ "$(maildir-list -n box)" = box/new/300.c.h ]
	[ "$(maildir-list -s S box | wc -l)" = 2 ]
	[ "$(maildir-list -s FS box)" = box/cur/100.a.h:2,FS ]
	[ "$(maildir-list -s S-F box)" = box/cur/200.b.h:2,S ]
	[ "$(maildir-list -s -S box)" = box/new/300.c.h ]
	[ -z "$(maildir-list -n -s S box)" ]
	[ "$(maildir-list box | maildir-list -s -F)" = $'box/cur/200.b.h:2,S\nbox/new/300.c.h' ]
}

@test "paths and folders on standard input, their order kept" {
	three
	[ "$(maildir-list box | tac | maildir-list -f %n:%R)" = $'1:box/new/300.c.h\n2:box/cur/200.b.h:2,S\n3:box/cur/100.a.h:2,FS' ]
	[ "$(echo box | maildir-list | wc -l)" = 3 ]
	[ "$(printf 'box\0' | maildir-list -0 -f %s- | tr '\0' '\n')" = $'first-\nsecond-\n회의록-' ]
	[ "$(printf 'box/new/300.c.h' | maildir-list -f %s)" = 회의록 ]
	cp box/cur/100* plain.eml
	[ "$(maildir-list -f '%s %F' plain.eml)" = 'first ' ]
	run -64 script -qec 'maildir-list' /dev/null
}

@test "one line a message, in columns that fit Korean" {
	three
	maildir-list -l box >out
	[ "$(sed -n 1p out)" = 'FS   1970-01-01 00:01 김철수                  74  first' ]
	[ "$(sed -n 2p out)" = 'S    2026-11-24 09:00 Lee, Jane              100  second' ]
	[ "$(sed -n 3p out)" = 'N    2026-11-24 01:00 kim@example.org        101  회의록' ]
	[ "$(TZ=Asia/Seoul maildir-list -f '%D %d' box/new)" = '2026-11-24 2026-11-24 10:00' ]
	[ "$(maildir-list -f '[%5f][%-5f][%3b][%-6b]%%\t%u%r\\%4n' box | head -n 1)" = $'[김철 ][ 김철][ 74][74    ]%\t* \\   1' ]
	[ "$(maildir-list -l -w 24 box | sed -n 1p)" = 'FS   1970-01-01 00:01 김' ]
	put cur/400.d.h:2,PRT 'Subject: x' 'To: "A, B" <a@x>, b@x'
	[ "$(maildir-list -f '%u%r%M|%f|%T|%F|%I' box | tail -n 1)" = 'x-PRT||A, B|box|' ]
}

@test "sizes" {
	put cur/1.a.h:2, 'Subject: x'
	for n in 999 1000 1023 1024 10240 102400 1048576; do
		mv box/cur/* "box/cur/1.a.h,S=$n:2,"
		maildir-list -f %b box
	done >out
	[ "$(tr '\n' ' ' <out)" = '999 0.9k 0.9k 1.0k 10k 100k 1.0M ' ]
	truncate -s 20000 box/cur/*
	mv box/cur/* box/cur/1.a.h:2,
	[ "$(maildir-list -T box | cut -f4)" = 20000 ]
}

@test "nothing in a line is obeyed by a terminal" {
	put cur/1.a.h:2, $'Subject: a\x1b[2Jb =?utf-8?Q?=1B]0;x=07=E2=80=AEy=0Az?=' $'From: "\x9b1m" <a@x>'
	maildir-list -l box >out
	! LC_ALL=C grep -q $'[\x01-\x09\x0b-\x1f\x7f]\|\xe2\x80\xae' out
	[ "$(wc -l <out)" = 1 ]
	: >$'box/cur/2.\x1b[2J.h:2,'
	script -qec 'maildir-list box' /dev/null </dev/null >out
	! grep -q $'\x1b\\[2J' out
	maildir-list box | grep -q $'\x1b\\[2J'
}

@test "TSV and JSON" {
	three
	put cur/400.d.h:2, $'Subject: a\tb\\c' 'Message-ID: <1@x>' 'To: me@x'
	maildir-list -T box | awk -F'\t' 'NF != 9 { exit 1 } END { exit NR != 4 }'
	[ "$(maildir-list -T box | sed -n 4p)" = $'box/cur/400.d.h:2,\t\t400\t'"$(stat -c %s box/cur/400*)"$'\t\tme@x\ta\\tb\\\\c\t<1@x>\t0' ]
	[ "$(maildir-list -T box | sed -n 3p | cut -f1-3)" = $'box/new/300.c.h\tN\t1795482000' ]
	maildir-list -j box | jq -es 'length == 4 and .[0].flags == "FS" and .[2].new and (.[3].new | not) and
		.[2].subject == "회의록" and .[0].from == "김철수 <kim@example.org>" and .[1].date == 1795510800 and .[3].id == "<1@x>"'
}

@test "threads: replies below what they answer, indented" {
	put cur/1.a.h:2,S 'Subject: plan' 'Message-ID: <a@x>' 'Date: Mon, 1 Jan 2024 01:00:00 +0000'
	put cur/2.b.h:2,S 'Subject: other' 'Message-ID: <b@x>' 'Date: Mon, 1 Jan 2024 02:00:00 +0000'
	put cur/3.c.h:2,S 'Subject: Re: plan' 'Message-ID: <c@x>' 'In-Reply-To: <a@x>' 'Date: Mon, 1 Jan 2024 03:00:00 +0000'
	put cur/4.d.h:2,S 'Subject: Re: plan' 'Message-ID: <d@x>' 'References: <a@x>' ' <c@x>' 'Date: Mon, 1 Jan 2024 04:00:00 +0000'
	put new/5.e.h 'Subject: Re: other' 'Message-ID: <e@x>' 'Date: Mon, 1 Jan 2024 05:00:00 +0000'
	[ "$(maildir-list -t -f '%i%s' box)" = $'plan\n Re: plan\n  Re: plan\nother\n Re: other' ]
	[ "$(maildir-list -t -f '%3i%S' box | sed -n 3p)" = '      plan' ]
	[ "$(maildir-list -t box | sed 's,.*/,,; s,\..*,,' | tr '\n' ' ')" = '1 3 4 2 5 ' ]
	maildir-list -tj box | jq -es 'map(.depth) == [0, 1, 2, 0, 1]'
}

@test "a header of any length is read, and one of none" {
	{ for i in {1..3000}; do echo "X-Filler-$i: 0123456789"; done; printf 'Subject: far\n\nbody\n'; } >box/cur/1.a.h:2,
	printf 'Subject: not ended' >box/cur/2.a.h:2,
	printf '\nSubject: body\n' >box/cur/3.a.h:2,
	: >box/cur/4.a.h:2,
	printf 'From x y\nSubject: mbox\r\n\r\nSubject: body\n' >box/cur/5.a.h:2,
	[ "$(maildir-list -f %s box | tr '\n' ,)" = 'far,not ended,,,mbox,' ]
}

@test "a message that another program renames or removes meanwhile" {
	three
	maildir-list box >paths
	mv box/new/300.c.h box/cur/300.c.h:2,S
	rm box/cur/100*
	run -0 --separate-stderr maildir-list -f '%M %s' <paths
	[ "$output" = $'S second\nS 회의록' ]
	[ -z "$stderr" ]
}

@test "long lists: the same by several processes, and a reader that goes away" {
	for i in {1..1200}; do echo "Subject: number $i" >"box/cur/$i.x.h:2,"; done
	maildir-list -f '%n %s' box >out
	taskset -c "$(taskset -cp $$ | sed 's/.*: //; s/[-,].*//')" maildir-list -f '%n %s' box | cmp - out
	[ "$(sed -n '1p;1200p' out)" = $'1 number 1\n1200 number 1200' ]
	[ "$(timeout 20 maildir-list -j box | head -n 1 | jq .subject)" = '"number 1"' ]
	run -74 sh -c 'maildir-list -l box >/dev/full'
}
