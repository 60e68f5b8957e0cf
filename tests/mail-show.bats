# mail-show(1): a message as readable text.
load lib
bats_require_minimum_version 1.5.0

setup() {
	export HOME=$BATS_TEST_TMPDIR TMPDIR=$BATS_TEST_TMPDIR
	cd "$BATS_TEST_TMPDIR" || return
}

# message TYPE BODY: a one-part message.
message() { printf 'From: a@example.org\nSubject: s\nContent-Type: %s\n\n%b' "$1" "$2"; }

@test "header fields are chosen and decoded" {
	printf 'To: =?EUC-KR?B?sei55A==?= <kim@example.org>,\n b@example.org\nX: 1\nX: 2\nSubject: =?utf-8?B?7ZWc6riA?=\n\nhi\n' >m
	[ "$(mail-show <m)" = "$(printf 'To: 김밥 <kim@example.org>, b@example.org\nSubject: 한글\n\nhi')" ]
	[ "$(mail-show -H x <m)" = "$(printf 'X: 1\nX: 2\n\nhi')" ]
	[ "$(mail-show -H '' <m)" = hi ]
	mail-show -j -H Subject <m | jq -e '. == {"header": {"Subject": "한글"}, "text": "hi\n", "attachments": []}'
}

@test "Korean in every charset, under every name, from Python and iconv" {
	python3 "$TOP/tests/mail/korean.py"
}

@test "an unknown charset is shown escaped, with a word" {
	message 'text/plain; charset=nope' 'a\xff b\n' | mail-show -H '' >got
	[ "$(cat got)" = "$(printf '[unknown charset nope]\na\\xff b')" ]
	message 'text/html; charset=nope' '<p>a\xff b\n' | mail-show -H '' >got
	[ "$(cat got)" = "$(printf '[unknown charset nope]\na\\xff b')" ]
	printf 'Subject: =?nope?Q?a=FFb?= c\nContent-Type: x/y\nContent-Disposition: attachment; filename*=nope%s\n\nx' "''a%FF.txt" >m
	[ "$(mail-show -H subject <m)" = "$(printf 'Subject: =?nope?Q?a=FFb?= c\n\n[part 1: x/y, 1 octets: a\\xff.txt]')" ]
	[ "$(mail-parts -j <m | jq -r .name)" = 'a\xff.txt' ]
}

@test "flowed text is joined and wrapped by columns" {
	message 'text/plain; format=flowed; delsp=yes; charset=utf-8' 'one \ntwo \nthree\n> quo \n> ted\n' | mail-show -H '' >got
	[ "$(cat got)" = "$(printf 'onetwothree\n> quoted')" ]
	message 'text/plain; format=flowed; charset=utf-8' '한글은 두 칸입니다 \n정말로 그렇습니다\n' | mail-show -H '' -w 20 >got
	[ "$(cat got)" = "$(printf '한글은 두 칸입니다\n정말로 그렇습니다')" ]
}

@test "of alternatives the plain text, unless it is empty" {
	alternative() {
		message 'multipart/alternative; boundary=b' "--b\n\n$1\n--b\nContent-Type: text/html\n\n<p>HTML &amp; <a href='http://x.org/'>link</a>\n--b--\n"
	}
	[ "$(alternative plain | mail-show -H '')" = plain ]
	[ "$(alternative ' ' | mail-show -H '')" = "$(printf 'HTML & link [1]\n\n[1] http://x.org/')" ]
}

@test "an alternative that shows nothing gives way, whichever it is" {
	nothing='<html><head><title>t</title></head><body><img src="cid:x">&nbsp;</body></html>'
	# alternatives TYPE BODY TYPE BODY…
	alternatives() {
		printf 'Content-Type: multipart/alternative; boundary=b\n'
		while [ $# -gt 0 ]; do
			printf '\n--b\nContent-Type: %s\n\n%s' "$1" "$2"
			shift 2
		done
		printf '\n--b--\n'
	}
	[ "$(alternatives text/html "$nothing" text/enriched rich | mail-show -H '')" = rich ]
	[ "$(alternatives text/enriched rich text/html "$nothing" | mail-show -H '')" = rich ]
	[ "$(alternatives text/plain ' ' text/html "$nothing" | mail-show -H '')" = "[part 2: text/html, ${#nothing} octets]" ]
	[ "$(alternatives text/plain "$(head -c 9000 /dev/zero | tr '\0' ' ')" text/html '<b>x</b>' | mail-show -H '')" = x ]
	[ "$(alternatives text/plain '' text/html "$nothing" text/html '<b>x</b>' | mail-show -H '')" = x ]
	# the filter fails, the HTML is converted without it; the filter shows blanks, or HTML shows nothing
	[ "$(alternatives text/plain '' text/html '<b>x</b>' | mail-show -H '' -x false 2>/dev/null)" = x ]
	[ "$(alternatives text/plain '' text/html '<b>x</b>' | mail-show -H '' -x echo 2>/dev/null)" = x ]
	[ "$(alternatives text/enriched rich text/html "$nothing" | mail-show -H '' -x false)" = rich ]
	[ "$(message text/html "$nothing" | mail-show -H '')" = "[part 1: text/html, ${#nothing} octets]" ]
}

@test "deep alternatives are looked through once" {
	python3 - >m <<-'END'
		for i in range(90):
		    print("Content-Type: multipart/alternative; boundary=b%d\n\n--b%d" % (i, i))
		print("Content-Type: text/html\n\n" + "<p>" * 700000)
		for i in reversed(range(90)):
		    print("\n--b%d\n\n\n--b%d--" % (i, i))
	END
	timeout 20 mail-show -H '' <m >got
	[ "$(cat got)" = '[part 1.1'* ] || grep -q '^\[part 1.*text/html' got
}

@test "HTML by w3m" {
	need w3m
	message 'text/html; charset=euc-kr' "$(printf '<p>안녕 &amp; <b>세계</b></p><table><tr><td>a<td>b</table>' | iconv -t EUC-KR)" >m
	[ "$(mail-show -H '' -x 'w3m -dump -I UTF-8 -O UTF-8 -T text/html' <m)" = "$(printf '안녕 & 세계\n\na b')" ]
}

@test "uuencoded files are named, the text around them shown" {
	python3 - >m <<-'END'
		import binascii
		print("Subject: s\n\nbefore\nbegin 644 a.bin\n%s`\nend\nafter" % binascii.b2a_uu(b"x" * 45).decode())
	END
	[ "$(mail-show -H '' <m)" = "$(printf 'before\n\n[part 1.u1: uuencoded, 45 octets: a.bin]\n\nafter')" ]
	mail-show -j <m | jq -e '.attachments == [{"part": "1.u1", "type": "uuencoded", "name": "a.bin", "octets": 45}] and .text == "before\n\nafter\n"'
}

@test "the reader's own filter, and the built-in one where that fails" {
	message text/html '<p>a &amp; b</p>' >m
	[ "$(mail-show -H '' -x 'sed s/^<p>.*/mine/;/meta/d' <m)" = mine ]
	for bad in ./none false 'cat /nonexistent' true; do
		run -0 --separate-stderr mail-show -H '' -x "$bad" <m
		[ "$output" = 'a & b' ]
		[[ $stderr = *"converted without it"* ]]
	done
	run -64 mail-show -x ' ' <m
}

@test "attachments are listed, enclosed messages shown" {
	mail-show <"$TOP/tests/mail/first.eml" >got
	grep -q '^\[part 2: image/png, [0-9]* octets: .*\.png\]$' got
	message message/rfc822 'Subject: =?utf-8?q?in?=\n\ninner\n' | mail-show >got
	grep -qx 'Subject: in' got
	grep -qx inner got
	{
		printf 'Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n'
		printf 'Subject: deep\n\nwithin\n' | base64
	} | mail-show >got
	grep -qx 'Subject: deep' got
	grep -qx within got
}

@test "nothing that a terminal obeys comes out" {
	printf 'Subject: a\x1b[2Jb\nFrom: =?utf-8?B?4oCuZXZpbA==?= <a@b.org>\n\nx\x1b]0;t\x07\xc2\x9b\xe2\x80\xaey\n' | mail-show >got
	! LC_ALL=C grep -qP '\x1b|\x07|\xc2\x9b|\xe2\x80\xae' got
	grep -q 'a^\[\[2Jb' got
	message text/html '&#27;[2J&#x202e;x' | mail-show >got
	! LC_ALL=C grep -qP '\x1b|\xe2\x80\xae' got
}
