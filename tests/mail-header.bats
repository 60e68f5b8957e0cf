# mail-header(1): reads decoded values, and edits without touching what it was not asked to.
load lib
bats_require_minimum_version 1.5.0

setup() {
	export HOME=$BATS_TEST_TMPDIR TMPDIR=$BATS_TEST_TMPDIR
	cd "$BATS_TEST_TMPDIR" || return
	cat >m <<-'END'
		Received: by x with y;
		 Wed, 11 Feb 1998 11:51:00 -0600
		From: =?EUC-KR?B?x9Gx2w==?= <kim@example.org>
		To: "Doe, Jane" <jane@example.org>, team: a@x.kr, b@x.kr;,
		 <c@x.kr>
		subject : =?utf-8?Q?caf=C3=A9?=
		 =?utf-8?Q?_au_lait?=
		X-Two: 1
		Content-Type: text/plain; name*=utf-8''%ED%95%9C.txt; charset=us-ascii
		x-two:2

		Subject: of the body
		bytes: END
	END
	head -c 300 /dev/urandom >>m
}

# fields FILE: Python's reading of the header, decoded.
python_get() { python3 -c '
import email, email.policy, sys
m = email.message_from_binary_file(sys.stdin.buffer, policy=email.policy.default)
for v in m.get_all(sys.argv[1]): print(v)' "$1"; }

@test "without an edit it is the identity, whatever comes" {
	mail-header <m | cmp - m
	for text in '' '\n' '\n\nx' 'a: b' 'a: b\r\n\r\nx\r\n' 'no header' 'From x\na: b\n\nc' 'a: b\nrubbish\n\nc' 'a: b\n\0c'; do
		printf "$text" >t
		mail-header <t | cmp - t
		cat t | mail-header | cmp - t
	done
	mail-header -d nothing <m | cmp - m
}

@test "prints decoded values" {
	[ "$(mail-header -x Subject <m)" = 'café au lait' ]
	[ "$(mail-header -x from <m)" = '한글 <kim@example.org>' ]
	[ "$(mail-header -x X-TWO -x subject <m)" = $'1\n2\ncafé au lait' ]
	[ "$(mail-header -x X-TWO -x subject <<<"$(tr -d '\0' <m | sed 's/$/\r/')")" = $'1\n2\ncafé au lait' ]
	run -1 mail-header -x cc <m
	[ -z "$output" ]
	[ "$(printf 'Subject: =?utf-8?Q?a=0Ab=0Dc?=\n' | mail-header -x subject)" = 'a b c' ]
}

@test "prints addresses, dates and parameters" {
	[ "$(mail-header -x to -A <m | tr '\n' ' ')" = "jane@example.org a@x.kr b@x.kr c@x.kr " ]
	[ "$(mail-header -x received -D <m)" = 887219460 ]
	[ "$(printf 'Date: 11 Feb 98 11:51 CST\n\n' | mail-header -x Date -D)" = 887219460 ]
	[ "$(mail-header -x content-type -P name <m)" = 한.txt ]
	[ "$(mail-header -x content-type -P CHARSET <m)" = us-ascii ]
	run -1 mail-header -x content-type -P boundary <m
	run -1 mail-header -x from -D <m
	run -1 mail-header -x x-nothing -A <m
}

@test "prints JSON lines" {
	mail-header -j <m | jq -es 'length == 7 and .[1] == {name: "From", value: "한글 <kim@example.org>"} and .[3].name == "subject"'
	mail-header -j -x to -A <m | jq -es 'map(.value) == ["jane@example.org", "a@x.kr", "b@x.kr", "c@x.kr"]'
	mail-header -j <<<'' | jq -es 'length == 0'
}

@test "a terminal obeys nothing in a value" {
	printf 'Subject: a=1B =?utf-8?Q?=1B[2Jb=E2=80=AEc?=\n\n' >t
	mail-header -x subject <t | grep -q $'\x1b'
	script -qec 'mail-header -x subject <t' /dev/null </dev/null >out
	grep -q 'a=1B ^\[\[2Jb' out
	! grep -q $'\x1b\|\xe2\x80\xae' out
}

@test "edits touch nothing else" {
	mail-header -a 'X-New: end' <m >out
	diff -a m out | grep -a '^[<>]' >changes || :
	[ "$(cat changes)" = '> X-New: end' ]
	[ "$(grep -an . out | sed -n 11p)" = '11:X-New: end' ]
	mail-header -i 'X-A: 1' -i 'X-B: 2' <m >out
	cmp out <(printf 'X-B: 2\nX-A: 1\n'; cat m)
	mail-header -s 'x-two: once' <m >out
	cmp out <(sed '0,/^X-Two: 1$/s//x-two: once/; 0,/^x-two:2$/{/^x-two:2$/d}' m)
	mail-header -s 'x-three: once' <m | mail-header -d x-THREE | cmp - m
	mail-header -d SUBJECT <m >out
	cmp out <(sed '6,7d' m)
	mail-header -d from -a 'From: later' -s 'From: last' -a 'From: more' <m >out
	[ "$(mail-header -x from <out)" = $'last\nmore' ]
}

@test "line ends are those of the message" {
	printf 'A: 1\r\n\r\nbody\n' >t
	mail-header -a "B: $(printf 'word %.0s' {1..30})" -i 'C: 3' <t >out
	[ "$(head -n 5 out | grep -c $'\r$')" = 5 ]
	[ "$(tail -n 1 out)" = body ]
	printf 'A: 1' | mail-header -a 'B: 2' | cmp - <(printf 'A: 1\nB: 2\n')
	printf 'A: 1' | mail-header -i 'B: 2' | cmp - <(printf 'B: 2\nA: 1')
	printf 'From x\nA: 1\n\n' | mail-header -i 'B: 2' | cmp - <(printf 'From x\nB: 2\nA: 1\n\n')
	printf 'no header\n' | mail-header -a 'B: 2' | cmp - <(printf 'B: 2\n\nno header\n')
	printf '\nbody\n' | mail-header -a 'B: 2' | cmp - <(printf 'B: 2\n\nbody\n')
	mail-header -s 'B: 2' </dev/null | cmp - <(printf 'B: 2\n')
}

@test "values are encoded and folded, and read the same by Python" {
	subject="회의록 $(printf '가나다라마바사 %.0s' {1..20})and some plain words at the end of it"
	mail-header -s "Subject: $subject" <m >out
	! sed '/^$/,$d' out | LC_ALL=C grep -q '[^ -~	]'
	[ "$(sed '/^$/,$d' out | awk '{ if (length > 78) n++ } END { print n + 0 }')" = 0 ]
	[ "$(mail-header -x subject <out)" = "$subject" ]
	[ "$(python_get subject <out)" = "$subject" ]
	to='김철수 <kim@example.org>, "이, 영희" <lee@example.org>, plain@example.org, J. R. Doe <j@example.org> (동료), 팀: a@x.kr, b@x.kr;'
	mail-header -s "To: $to" <m >out
	! sed '/^$/,$d' out | LC_ALL=C grep -q '[^ -~	]'
	[ "$(mail-header -x to -A <out | tr '\n' ' ')" = "kim@example.org lee@example.org plain@example.org j@example.org a@x.kr b@x.kr " ]
	[ "$(python3 -c '
import email, email.policy, sys
m = email.message_from_binary_file(sys.stdin.buffer, policy=email.policy.default)
print([(a.display_name, a.addr_spec) for a in m["to"].addresses][:4], [g.display_name for g in m["to"].groups if g.display_name and len(g.addresses) == 2])' <out)" = \
		"[('김철수', 'kim@example.org'), ('이, 영희', 'lee@example.org'), ('', 'plain@example.org'), ('J. R. Doe', 'j@example.org')] ['팀']" ]
	mail-header -s 'To: =?utf-8?B?6rmA?= <kim@example.org>' <m | mail-header -x to | grep -qx '김 <kim@example.org>'
	mail-header -s 'To: 김 <김@example.org>' <m | grep -aq '^To: =?utf-8?.*?= <김@example.org>$'
	mail-header -s 'Content-Disposition: attachment; filename="회의 록.txt"' <m >out
	[ "$(mail-header -x content-disposition -P filename <out)" = '회의 록.txt' ]
	grep -aq "^ *.*filename\*.*=utf-8''%" out
	mail-header -s 'Subject: =?utf-8?Q?x?=' <m | mail-header -x subject | grep -Fqx '=?utf-8?Q?x?='
	mail-header -s "To: $(seq -s, -f 'user%g@example.org' 200)" <m >out
	[ "$(sed '/^$/,$d' out | awk '{ if (length > 78) n++ } END { print n + 0 }')" = 0 ]
	[ "$(mail-header -x to -A <out | wc -l)" = 200 ]
}

@test "refuses what cannot be a field" {
	for value in $'Subject: a\nBcc: b' $'Subject: a\rb' $'Subject: \xff' 'Subject' ': x' 'Sub ject: x' 'Sübject: x' \
		'Message-ID: <é@x>' "References: $(printf 'x%.0s' {1..1200})"; do
		run -64 --separate-stderr mail-header -s "$value" <m
		[ -z "$output" ] && [ -n "$stderr" ]
	done
	run -64 mail-header -x 'a b' <m
	run -64 mail-header -x a -d b <m
	run -64 mail-header -A <m
	run -64 mail-header -x a -A -D <m
	run -64 mail-header -j -d b <m
	run -64 mail-header file <m
}

@test "a second is enough for 500,000 addresses, as many fields, or 100,000 parameters" {
	seq -f ' user%g@example.org,' 500000 >list
	{ echo 'To:'; cat list; printf '\nbody\n'; } >one
	sed 's/^/To:/; s/,$//' list >many
	{ printf 'Content-Type: x/y'; seq -f '; name*%g*=%%41' 0 99999; printf '\n\nbody\n'; } | tr -d '\n' | sed 's/body/\n\n&/' >parameters
	limit=1
	[ "$BUILD" = "$TOP/build/release" ] || limit=5 # a build that checks itself
	python3 - "$limit" <<-'END'
		import resource, subprocess, sys
		limit = int(sys.argv[1])
		def seconds(*argv, **more):
		    before = resource.getrusage(resource.RUSAGE_CHILDREN)
		    subprocess.run(argv, check=True, **more)
		    after = resource.getrusage(resource.RUSAGE_CHILDREN)
		    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
		for name in "one", "many":
		    for options in ["-x", "to", "-A"], ["-s", "Subject: x"], ["-d", "to"], ["-x", "to"]:
		        took = seconds("mail-header", *options, stdin=open(name), stdout=open("out", "w"))
		        print(name, options, took)
		        assert took < limit, (name, options, took)
		        if "-A" in options:
		            assert sum(1 for line in open("out")) == 500000
		for options in ["-x", "content-type", "-P", "name"], ["-x", "content-type"], ["-d", "x"]:
		    took = seconds("mail-header", *options, stdin=open("parameters"), stdout=open("out", "w"))
		    print(options, took)
		    assert took < limit, (options, took)
	END
}
