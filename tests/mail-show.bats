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

@test "Korean in every charset" {
	for pair in utf-8:UTF-8 euc-kr:EUC-KR ks_c_5601-1987:CP949 cp949:CP949 iso-2022-kr:ISO-2022-KR johab:JOHAB; do
		python3 - "${pair%:*}" "${pair#*:}" >m <<-'END'
			import base64, sys
			from email.header import Header
			name, codec = sys.argv[1:]
			text = "안녕하세요, 똠방각하 아님".replace("똠", "똠" if codec in ("UTF-8", "CP949", "JOHAB") else "동")
			raw = text.encode(codec)
			out = b"Subject: =?%s?B?%s?=\nContent-Type: text/plain; charset=%s\nContent-Transfer-Encoding: base64\n\n%s" % (
				name.encode(), base64.b64encode(raw), name.encode(), base64.encodebytes(raw))
			sys.stdout.buffer.write(out)
			open("want", "w").write("Subject: %s\n\n%s\n" % (text, text))
		END
		mail-show <m >got
		diff want got || { echo "$pair"; false; }
	done
}

@test "an unknown charset is shown escaped, with a word" {
	message 'text/plain; charset=nope' 'a\xff b\n' | mail-show -H '' >got
	[ "$(cat got)" = "$(printf '[unknown charset nope]\na\\xff b')" ]
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
