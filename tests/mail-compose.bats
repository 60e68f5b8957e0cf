# mail-compose(1): messages from bodies and drafts, answers, the session with an editor; judged by Python's email
# package, by mutt, and by our own readers.
load lib
bats_require_minimum_version 1.5.0

setup() {
	export HOME=$BATS_TEST_TMPDIR TMPDIR=$BATS_TEST_TMPDIR/tmp MAILDIR=$BATS_TEST_TMPDIR/Maildir
	mkdir "$TMPDIR"
	unset EMAIL EDITOR VISUAL
	make_root example.org chul
	MUTT=
	cd "$BATS_TEST_TMPDIR" || return
	cat >orig <<-'END'
		From: =?utf-8?B?67CV7JiB7Z2s?= <young@example.org>
		To: chul@example.org, bob@example.net, "Doe, J." <doe@example.com>
		Cc: Chul@EXAMPLE.org, c@example.com, BOB@example.net
		Subject: =?utf-8?B?64u17J6lOiBSRTogUmVbMl06IO2ajOydmCBwbGFu?=
		Date: Tue, 24 Nov 2026 09:00:00 +0900
		Message-ID: <3@example.org>
		References: <1@example.org>
		 <2@example.org>

		Line one
		> quoted
		-- 
		signature
	END
}

teardown() { [ -z "$MUTT" ] || $MUTT kill-server 2>/dev/null || :; }

compose() { mail-compose -F 'Kim <chul@example.org>' "$@"; }
# python CODE: with m the message on standard input, parsed.
python() {
	python3 -c 'import email, email.policy, sys
raw = sys.stdin.buffer.read()
m = email.message_from_bytes(raw, policy=email.policy.default)
exec(sys.argv[1])' "$@"
}
# field NAME: of the message on standard input, decoded.
field() { mail-header -x "$1"; }

@test "a body and options become a complete message" {
	echo hello | compose -t bob@example.net -c c@example.net -b d@example.net -s 'plain subject' >m
	[ "$(field subject <m)" = 'plain subject' ]
	[ "$(field bcc <m)" = d@example.net ]
	grep -qx 'Message-ID: <[0-9a-f.]*@mail.example.org>' m
	python 'assert m["date"].datetime and m["mime-version"] == "1.0"; assert m.get_content() == "hello\n"' <m
	grep -qi 'content-transfer-encoding' m && false
	echo hello | compose -t bob@example.net >n
	[ "$(field message-id <m)" != "$(field message-id <n)" ]
}

@test "what is a body stays one, however it begins" {
	printf 'Bcc: evil@example.net\nAttach: /etc/passwd\n\nx\n' | compose -t bob@example.net >m
	[ -z "$(field bcc <m)" ]
	python 'assert m.get_content().startswith("Bcc: evil")' <m
}

@test "Korean: subject, names, body and file names, by Python's email package" {
	printf '첨부 파일\n내용\n' >'회의록 2026년 11월 24일 아주 긴 이름의 파일 그리고 더 길게 만들어 보는 이름 끝.txt'
	subject='회의록: 아주 긴 제목이 여기에 있습니다 그리고 hello 더 길게 씁니다 끝까지 가보자'
	printf '안녕하세요.\n\n%s\n' "$(yes 가나다 | head -400 | tr -d '\n')" >body
	mail-compose -F '김철수 <chul@example.org>' -t '"박, 영희" <young@example.org>, 이순신 <lee@example.org>' \
		-s "$subject" -a *.txt <body >m
	python '
assert str(m["subject"]) == sys.argv[2], m["subject"]
assert [(a.display_name, a.addr_spec) for a in m["to"].addresses] == [("박, 영희", "young@example.org"), ("이순신", "lee@example.org")]
assert m["from"].addresses[0].display_name == "김철수"
text, part = m.iter_parts()
assert text.get_content() == open("body").read()
import glob
name = glob.glob("*.txt")[0]
assert part.get_filename() == name
assert part.get_content() == open(name).read()
assert all(len(l) <= 78 for l in raw.split(b"\n")), max(raw.split(b"\n"), key=len)
assert raw.isascii()
# each encoded word by itself is whole characters
import re, email.header
for w in re.findall(rb"=\?utf-8\?[BQ]\?[^?]*\?=", raw, re.I):
    assert len(w) <= 75
    (octets, charset), = email.header.decode_header(w.decode())
    octets.decode(charset)
' "$subject" <m
	[ "$(mail-parts -T <m | cut -f5 | tail -1)" = "$(ls *.txt)" ]
}

@test "every attachment comes back octet for octet" {
	mkdir files out
	head -c 100000 /dev/urandom >files/noise.bin
	printf 'a\r\nb\r\n' >files/crlf.txt
	printf 'no line end' >files/open.txt
	printf 'blank \t\n \nFrom here\n.\n--x\n' >files/traps.txt
	printf '\xb0\xa1\xb3\xaa\n' >files/euc-kr.txt
	printf 'a\0b' >files/nul.txt
	: >files/empty
	head -c 5000 /dev/zero | tr '\0' x >files/long.txt
	printf '<p>한글</p>\n' >files/page.html
	printf 'Subject: x\n\nbody\n' >files/mail.eml
	printf 'Subject: x\r\n\r\nbody\r\n' >files/crlf.eml
	printf 'caf\xe9\n=?utf-8?B?x?=\n' >files/latin.txt
	yes '한글과 text' | head -1000 >files/mixed.txt
	args=()
	for f in files/*; do args+=(-a "$f"); done
	echo text | compose -t bob@example.net "${args[@]}" >m
	n=2
	for f in files/*; do
		mail-parts -p $n <m | cmp - "$f"
		[ "$(mail-parts -T <m | cut -f1,5 | grep -P "^$n\t" | cut -f2)" = "$(basename "$f")" ]
		((n += 1))
	done
	python 'assert raw.isascii() and max(map(len, raw.split(b"\n"))) <= 998
parts = {p.get_filename(): p for p in m.iter_parts()}
for name in "noise.bin crlf.txt open.txt traps.txt euc-kr.txt nul.txt empty long.txt page.html latin.txt mixed.txt".split():
    got = parts[name].get_payload(decode=True)
    assert got == open("files/" + name, "rb").read(), name
assert parts["euc-kr.txt"].get_content_type() == "application/octet-stream"
assert parts["page.html"].get_content_type() == "text/html" and parts["page.html"].get_content_charset() == "utf-8"
assert parts["mail.eml"].get_content_type() == "message/rfc822"' <m
}

@test "an attachment that is not there: nothing is written" {
	run -66 --separate-stderr compose -t bob@example.net -a nowhere <orig
	[ -z "$output" ]
	[[ $stderr = *nowhere:* ]]
	run -66 compose -t bob@example.net -a . <orig
}

@test "text that is not UTF-8, and addresses that are none, are refused" {
	printf '\xb0\xa1\n' >k
	run -65 compose -t bob@example.net <k
	[[ $output = *UTF-8* ]]
	run -65 compose -t 'not an address' <orig
	run -64 compose -t $'\xb0\xa1@x' <orig
	run -65 compose </dev/null
	printf 'no header\n' >k
	run -65 mail-compose <k
	[[ $output = *'line 1'* ]]
}

@test "line ends in values start no field" {
	echo x | compose -t bob@example.net -s $'a\nBcc: evil@example.net' >m
	[ -z "$(field bcc <m)" ]
	[ "$(field subject <m)" = 'a Bcc: evil@example.net' ]
}

@test "a draft on standard input, with files" {
	echo data >f.txt
	cp f.txt ~/home.txt
	printf 'To: 이순신 <lee@example.org>,\n bob@example.net\nSubject: 제목\nX-Mine: 값\nAttach: f.txt\nAttach: ~/home.txt\n\n본문\n' |
		mail-compose >m
	[ "$(field x-mine <m)" = 값 ]
	[ "$(field attach <m | wc -l)" = 0 ]
	[ "$(mail-parts -T <m | cut -f5 | paste -sd,)" = ,f.txt,home.txt ]
	[ "$(mail-parts -p 1 <m)" = 본문 ]
	[ "$(mail-header -x to -A <m | wc -l)" = 2 ]
}

@test "reply: To, subject once, the chain, the quote" {
	echo answer | compose -r orig >m
	[ "$(field to <m)" = '박영희 <young@example.org>' ]
	[ -z "$(field cc <m)" ]
	[ "$(field subject <m)" = 'Re: 회의 plan' ]
	[ "$(field in-reply-to <m)" = '<3@example.org>' ]
	[ "$(field references <m)" = '<1@example.org> <2@example.org> <3@example.org>' ]
	mail-parts -p 1 <m >text
	diff text - <<-'END'
		On Tue, 24 Nov 2026 09:00:00 +0900, 박영희 <young@example.org> wrote:
		> Line one
		>> quoted

		answer
	END
	echo answer | compose -q -r orig | mail-parts -p 1 >text
	[ "$(cat text)" = answer ]
}

@test "reply to all: everybody once, without oneself" {
	echo answer | compose -R orig >m
	[ "$(mail-header -x to -A <m)" = young@example.org ]
	[ "$(mail-header -x cc -A <m | paste -sd' ')" = 'bob@example.net doe@example.com c@example.com' ]
	sed '1iMail-Followup-To: list@example.com' orig >n
	echo answer | compose -R n >m
	[ "$(mail-header -x to -A <m)" = list@example.com ]
	[ -z "$(field cc <m)" ]
	sed '1iReply-To: other@example.com' orig >n
	echo answer | compose -r n >m
	[ "$(mail-header -x to -A <m)" = other@example.com ]
	# to oneself: on to the others
	sed 's/^From: .*/From: chul@example.org/' orig >n
	echo answer | compose -r n >m
	[ "$(mail-header -x to -A <m | head -1)" = bob@example.net ]
}

@test "who answers is who was written to" {
	export EMAIL='Work <work@example.net>, 김철수 <chul@example.org>'
	echo answer | mail-compose -r orig >m
	[ "$(field from <m)" = '김철수 <chul@example.org>' ]
	echo new | mail-compose -t x@example.net >m
	[ "$(field from <m)" = 'Work <work@example.net>' ]
	unset EMAIL
	echo new | mail-compose -t x@example.net >m
	[ "$(mail-header -x from -A <m)" = "$(id -un)@mail.example.org" ]
}

@test "subjects: one prefix, whatever was there" {
	while IFS='|' read -r old new; do
		printf 'From: a@example.net\nSubject: %s\nMessage-ID: <x@y>\n\nx\n' "$old" >n
		[ "$(compose -r n </dev/null | field subject)" = "$new" ] || { echo "$old"; false; }
	done <<-'END'
		plan|Re: plan
		Re: plan|Re: plan
		RE: Re: re: plan|Re: plan
		Re[4]: plan|Re: plan
		답장: 계획|Re: 계획
		회신 : RE: 계획|Re: 계획
		RE：계획|Re: 계획
		Fwd: plan|Re: Fwd: plan
		Regarding: plan|Re: Regarding: plan
		Return|Re: Return
		|Re:
	END
}

@test "flowed text and HTML are quoted as they were meant" {
	printf 'From: a@example.net\nContent-Type: text/plain; format=flowed\n\n%s \nend of it.\n> deep \n> er\n' \
		"$(yes word | head -20 | paste -sd' ')" >n
	compose -r n </dev/null | mail-parts -p 1 >text
	grep -q '^> .*word end of it\.$' text
	grep -qx '>> deep er' text
	[ "$(awk '{ print length }' text | sort -n | tail -1)" -le 74 ]
	printf 'From: a@example.net\nContent-Type: text/html\n\n<p>one</p><script>x</script><p>two</p>' >n
	compose -r n </dev/null | mail-parts -p 1 | grep -qx '> two'
}

@test "a chain that is too long loses its middle" {
	{
		printf 'From: a@example.net\nMessage-ID: <last@example.net>\nReferences:'
		for i in $(seq 100); do printf ' <message-number-%d@example.net>\n' $i; done
		printf '\nx\n'
	} >n
	compose -r n </dev/null >m
	python 'r = m["references"].split()
assert r[0] == "<message-number-1@example.net>" and r[-1] == "<last@example.net>" and r[-2] == "<message-number-100@example.net>"
assert 20 < len(r) < 100 and len("References: " + " ".join(r)) <= 998
assert max(map(len, raw.split(b"\n"))) <= 78' <m
}

@test "a message without Message-ID, or with a bad one, can be answered" {
	printf 'From: a@example.net\nSubject: x\nMessage-ID: \xb0\xa1\nReferences: (a) <b@c> junk <d\n\nx\n' >n
	compose -r n </dev/null >m
	[ -z "$(field references <m)" ]
	[ -z "$(field in-reply-to <m)" ]
}

@test "forward: the text inline, the attachments go with it" {
	head -c 3000 /dev/urandom >'자료.bin'
	echo original text | mail-compose -F young@example.org -t chul@example.org -s 계획 -a 자료.bin >n
	echo look | compose -t bob@example.net -f n >m
	[ "$(field subject <m)" = 'Fwd: 계획' ]
	mail-parts -p 2 <m | cmp - 자료.bin
	[ "$(mail-parts -T <m | cut -f5 | tail -1)" = 자료.bin ]
	mail-parts -p 1 <m >text
	[ "$(head -1 text)" = look ]
	grep -qx 'original text' text
	grep -qx 'Subject: 계획' text
	# the encoded octets of the part are the very same
	diff <(sed -n '/^Content-Type: application/,/^--/p' n | sed '/^--/d') <(sed -n '/^Content-Type: application/,/^--/p' m | sed '/^--/d')
}

@test "what is answered may be standard input" {
	compose -r - <orig >m
	[ "$(field in-reply-to <m)" = '<3@example.org>' ]
	head -c 3000 /dev/urandom >data.bin
	echo original | compose -t chul@example.org -a data.bin >n
	compose -t bob@example.net -f - <n >m
	mail-parts -p 2 <m | cmp - data.bin
	cat n | compose -t bob@example.net -m -f - >m
	mail-parts -p 2 <m | cmp - n
	run -64 compose -t bob@example.net -e -f - <n
	run -66 compose -t bob@example.net -a - <n # only a message that is answered
}

@test "a message with CRLF ends is answered as one with LF" {
	sed 's/$/\r/' orig >crlf
	for how in -R -f; do
		echo x | compose -t a@b $how orig | grep -v '^Date\|^Message-ID' >m
		echo x | compose -t a@b $how crlf | grep -v '^Date\|^Message-ID' >n
		cmp m n
	done
}

@test "forward as an attachment: the whole message" {
	echo look | compose -m -t bob@example.net -f orig >m
	mail-parts -p 2 <m | cmp - orig
	[ "$(mail-parts -T <m | cut -f2 | paste -sd' ')" = 'text/plain message/rfc822 text/plain' ]
	sed 's/$/\r/' orig >crlf
	echo look | compose -m -t bob@example.net -f crlf >m
	mail-parts -p 2 <m | cmp - orig
}

@test "resend: a block on top, all else octet for octet" {
	compose -n orig -t new@example.net -b hidden@example.net </dev/null >m
	tail -c "$(stat -c %s orig)" m | cmp - orig
	head -c -"$(stat -c %s orig)" m >block
	[ "$(cut -d: -f1 block | paste -sd' ')" = 'Resent-From Resent-To Resent-Bcc Resent-Date Resent-Message-ID' ]
	{ echo 'From someone Tue Nov 24 09:00:00 2026'; cat orig; } | compose -n - -t new@example.net >m
	tail -c "$(stat -c %s orig)" m | cmp - orig
	run -64 compose -n orig </dev/null
}

@test "HTML: an alternative, with a text that is made or given" {
	printf '<html><body><h1>제목</h1><p>one <b>two</b></p></body></html>\n' >page.html
	compose -t bob@example.net -A page.html </dev/null >m
	python 'assert m.get_content_type() == "multipart/alternative"
plain, html = m.iter_parts()
assert "one" in plain.get_content() and "<b>" not in plain.get_content()
assert html.get_content() == open("page.html").read()' <m
	echo given | compose -t bob@example.net -A page.html -a orig >m
	python 'alternative, attachment = m.iter_parts()
plain, html = alternative.iter_parts()
assert plain.get_content() == "given\n" and html.get_content_type() == "text/html"' <m
}

@test "encodings: 7bit where it fits, then quoted-printable; 8bit when asked" {
	encoding() { mail-parts -T | cut -f7 | head -1; }
	echo plain | compose -t b@example.net >m
	[ "$(encoding <m)" = 7bit ]
	echo 'mostly ASCII with one 한 character in it, and so it stays readable' | compose -t b@example.net >m
	[ "$(encoding <m)" = quoted-printable ]
	echo 모두한글로만쓴글 | compose -t b@example.net >m
	[ "$(encoding <m)" = quoted-printable ]
	echo 모두한글로만쓴글 | compose -8 -t b@example.net >m
	[ "$(encoding <m)" = 8bit ]
	grep -qx 모두한글로만쓴글 m
	head -c 3000 /dev/zero | tr '\0' x | compose -t b@example.net >m
	[ "$(awk '{ print length }' m | sort -n | tail -1)" -le 78 ]
}

@test "a copy is filed, with the flag S" {
	mkdir -p Maildir/{cur,new,tmp} box/{cur,new,tmp}
	echo x | compose -t b@example.net -o .Sent >m
	cmp m Maildir/.Sent/cur/*:2,S
	[ -e Maildir/.Sent/maildirfolder ]
	echo x | compose -t b@example.net -o box >m
	cmp m box/cur/*:2,S
	run -75 --separate-stderr compose -t b@example.net -o nowhere <orig
	[ -z "$output" ]
	run -74 bash -c 'mail-compose -F a@b.c -t b@example.net -o box <orig >/dev/full'
	[ "$(ls box/cur | wc -l)" = 1 ]
}

@test "the word attachment without one" {
	printf '> attached\nhello\n' | compose -M -t b@example.net 2>err >m
	[ ! -s err ]
	for text in 'it is attached' '첨부합니다'; do
		echo "$text" | compose -M -t b@example.net 2>err >m
		grep -q attachment err
		echo "$text" | compose -M -t b@example.net -a orig 2>err >m
		[ ! -s err ]
	done
}

@test "50 MB are attached with flat memory" {
	head -c 50000000 /dev/urandom >big
	case $BUILD in
	*asan) ;; # which needs more for itself
	*) ulimit -d 16384 ;;
	esac
	compose -t b@example.net -a big </dev/null >m
	mail-parts -p 2 <m | cmp - big
}

@test "queue-add -t takes the recipients, Bcc too, and leaves it out" {
	echo x | compose -t a@example.net -b b@example.net >m
	queue-add -f chul@example.org -t <m
	grep -h '^RCPT' "$PABAL_ROOT"/queue/new/* | cut -d' ' -f2 | paste -sd' ' | grep -q 'TO:<a@example.net> TO:<b@example.net>'
	! grep -i '^Bcc' "$PABAL_ROOT"/queue/new/*
}

@test "what is 8-bit is called so" {
	printf 'Subject: x\n\n8비트\n' >eight
	echo look | compose -m -t bob@example.net -f eight >m
	grep -qx 'Content-Transfer-Encoding: 8bit' <(sed '/^$/q' m)
	mail-parts -p 2 <m | cmp - eight
	echo 한글 | compose -8 -t bob@example.net -a orig >m
	grep -qx 'Content-Transfer-Encoding: 8bit' <(sed '/^$/q' m)
	echo 한글 | compose -t bob@example.net -a orig >m
	! grep -qx 'Content-Transfer-Encoding: 8bit' m
}

@test "many recipients: all are answered, quickly; more than can be is refused" {
	many() {
		printf 'From: a@example.net\nCc: x@example.net'
		awk -v n="$1" 'BEGIN { for (i = 0; i < n; i++) printf ",\n u%d@example.org", i }'
		printf '\n\nx\n'
	}
	many 3000 >n
	SECONDS=0
	compose -R n </dev/null >m
	[ "$(mail-header -x cc -A <m | wc -l)" = 3001 ]
	many 20000 >n
	run -65 --separate-stderr compose -R n </dev/null
	[ -z "$output" ]
	((SECONDS < 20))
}

# ---- the editor

editor() { # SCRIPT: becomes $EDITOR; its "$1" is the file
	export EDITOR=$BATS_TEST_TMPDIR/editor
	printf '#!/bin/bash\n%s\n' "$1" >"$EDITOR"
	chmod +x "$EDITOR"
}
# at_terminal ANSWERS COMMAND…: on a terminal of its own, fd 0 to 2; each question is answered by the next line
at_terminal() { python3 "$TOP/tests/at-terminal.py" "$@"; }
sender() {
	printf '#!/bin/sh\ncat >%q\nexit %d\n' "$BATS_TEST_TMPDIR/sent" "${1:-0}" >send
	chmod +x send
}
drafts() { ls "$MAILDIR"/.Drafts/cur/*:2,D 2>/dev/null; }

@test "edit and send" {
	mkdir -p Maildir/{cur,new,tmp}
	sender
	echo data >f.txt
	editor 'cp "$1" seen; sed -i "s/^Subject:.*/Subject: 새 제목/; \$a 새 글" "$1"; sed -i "1aAttach: f.txt" "$1"'
	at_terminal s mail-compose -F chul@example.org -t 이순신\ \<lee@example.org\> -s old -e -o .Sent -x ./send
	grep -qx 'To: 이순신 <lee@example.org>' seen
	[ "$(field subject <sent)" = '새 제목' ]
	[ "$(mail-parts -p f.txt <sent)" = data ]
	cmp sent Maildir/.Sent/cur/*:2,S
	[ -z "$(ls "$TMPDIR")" ]
	[ -z "$(drafts)" ]
}

@test "edit again, keep, take up, send" {
	mkdir -p Maildir/{cur,new,tmp}
	sender
	echo data >'자료.txt'
	editor 'echo x >>count; printf "To: 이순신 <lee@example.org>\nBcc: b@example.net\nSubject: 제목\nAttach: 자료.txt\n\n본문 첫 줄\n\n끝\n" >"$1"'
	run -1 at_terminal ek mail-compose -F chul@example.org -e -x ./send
	[ "$(wc -l <count)" = 2 ]
	[[ $output = *"kept in $MAILDIR/.Drafts/cur/"* ]]
	[ "$(drafts | wc -l)" = 1 ]
	[ -z "$(ls "$TMPDIR")" ]
	[ ! -e sent ]
	# another program reads it
	python 'assert str(m["subject"]) == "제목" and m.get_content().startswith("본문 첫 줄")' <"$(drafts)"
	mkdir elsewhere
	cd elsewhere
	editor 'cp "$1" ../seen'
	at_terminal s mail-compose -F chul@example.org -e -x ../send -d "$(drafts)"
	cd ..
	grep -qx "Attach: $BATS_TEST_TMPDIR/자료.txt" seen
	[ "$(tail -3 seen)" = $'본문 첫 줄\n\n끝' ]
	[ "$(mail-parts -p 2 <sent)" = data ]
	[ "$(field bcc <sent)" = b@example.net ]
	[ -z "$(drafts)" ]
}

@test "a draft of another program is taken up with its attachments" {
	mkdir -p Maildir/{cur,new,tmp}
	sender
	head -c 3000 /dev/urandom >data.bin
	python3 - <<-'END'
		from email.message import EmailMessage
		m = EmailMessage()
		m["From"], m["To"], m["Subject"] = "chul@example.org", "이순신 <lee@example.org>", "초안"
		m.set_content("가나다\n", charset="euc-kr")
		m.add_attachment(open("data.bin", "rb").read(), maintype="application", subtype="x-data", filename="자료.bin")
		open("Maildir/cur/9.x.host:2,D", "wb").write(bytes(m))
	END
	editor 'cp "$1" seen; echo 라 >>"$1"'
	run -1 at_terminal k mail-compose -e -d Maildir/cur/9.x.host:2,D
	grep -qx 'To: 이순신 <lee@example.org>' seen
	grep -qx 가나다 seen
	[ -e Maildir/cur/9.x.host:2,D ] # the new draft holds on to it
	at_terminal s mail-compose -e -x ./send -d "$(drafts)"
	mail-parts -p 자료.bin <sent | cmp - data.bin
	[ "$(mail-parts -p 1 <sent)" = $'가나다\n라\n라' ]
}

@test "a message that is only written leaves the draft that was taken up" {
	mkdir -p Maildir/{cur,new,tmp}
	editor :
	run -1 at_terminal k mail-compose -t lee@example.org -s x -e
	setsid -w mail-compose -e -d "$(drafts)" </dev/null >m
	[ "$(field subject <m)" = x ]
	[ "$(drafts | wc -l)" = 1 ]
	run -1 at_terminal d mail-compose -e -d "$(drafts)"
	[ -z "$(drafts)" ]
}

@test "output that cannot be written: the draft stays where it was edited, and it is said" {
	editor :
	run -74 --separate-stderr setsid -w bash -c 'mail-compose -F a@b.c -t lee@example.org -s full -e </dev/null >/dev/full'
	grep -qx 'Subject: full' "$TMPDIR"/draft.*.eml
	[[ $stderr = *"kept in $TMPDIR/draft."* ]]
}

@test "what is said is sent by sendmail, into the queue" {
	editor 'sed -i "s/^Cc:/Cc: c@example.net/" "$1"'
	at_terminal s mail-compose -F 'Kim <chul@example.org>' -t lee@example.org -b b@example.net -s x -e
	grep -h '^MAIL\|^RCPT' "$PABAL_ROOT"/queue/new/* | cut -d' ' -f1,2 | paste -sd' ' >envelope
	grep -qx 'MAIL FROM:<chul@example.org> RCPT TO:<lee@example.org> RCPT TO:<c@example.net> RCPT TO:<b@example.net>' envelope
	! grep -i '^Bcc' "$PABAL_ROOT"/queue/new/*
	[ -z "$(ls "$TMPDIR")" ]
}

@test "drop" {
	editor :
	sender
	run -1 at_terminal d mail-compose -t lee@example.org -e -x ./send
	[ -z "$(ls "$TMPDIR")" ]
	[ ! -e sent ]
}

@test "an attachment that is missing cannot be sent, but kept" {
	mkdir -p Maildir/{cur,new,tmp}
	editor 'sed -i "1aAttach: nowhere.pdf" "$1"'
	sender
	run -1 at_terminal sk mail-compose -t lee@example.org -e -x ./send
	[[ $output = *'cannot be sent: nowhere.pdf: No such file'* ]]
	grep -q nowhere.pdf "$(drafts)"
	[ ! -e sent ]
}

@test "to nobody, and a header that is none, cannot be sent, and nothing of it is lost" {
	mkdir -p Maildir/{cur,new,tmp}
	editor 'printf "Subject: x\nthis is no field\n\ntext\n" >"$1"'
	run -1 at_terminal k mail-compose -t lee@example.org -e
	[[ $output = *'cannot be sent'* ]]
	grep -qx 'this is no field' "$(drafts)"
	grep -qx text "$(drafts)"
	editor :
	run -1 at_terminal d mail-compose -s x -e
	[[ $output = *'to nobody'* ]]
}

@test "an editor that dies, a send that fails: the draft is kept, and it is said where" {
	mkdir -p Maildir/{cur,new,tmp}
	editor 'echo "more text" >>"$1"; kill -9 $$'
	run -75 at_terminal '' mail-compose -t lee@example.org -s dying -e
	[[ $output = *"kept in $MAILDIR/.Drafts"* ]]
	grep -q dying "$(drafts)"
	rm "$(drafts)"
	editor :
	sender 69
	run -69 at_terminal s mail-compose -t lee@example.org -s failing -e -x ./send -o .Sent
	[[ $output = *"kept in $MAILDIR/.Drafts"* ]]
	grep -q failing "$(drafts)"
	[ -z "$(ls Maildir/.Sent/cur)" ]
	# no Maildir: it stays where it was edited
	rm -r Maildir
	run -69 at_terminal s mail-compose -t lee@example.org -s failing -e -x ./send
	grep -qx 'Subject: failing' "$TMPDIR"/draft.*.eml
	[[ $output = *"kept in $TMPDIR/draft."* ]]
}

@test "the end of the terminal, and an interrupt, keep the draft" {
	mkdir -p Maildir/{cur,new,tmp}
	editor :
	for answer in $'\x04' $'\x03'; do
		run -1 at_terminal "$answer" mail-compose -t lee@example.org -s x -e
		[ "$(drafts | wc -l)" = 1 ]
		rm "$(drafts)"
	done
}

@test "without a terminal nobody is asked" {
	editor 'echo more >>"$1"'
	setsid -w mail-compose -F chul@example.org -t lee@example.org -e <<<begun >m
	[ "$(mail-parts -p 1 <m)" = $'begun\nmore' ]
	mkdir -p Maildir/{cur,new,tmp}
	editor 'sed -i "1aAttach: nowhere" "$1"'
	run -66 --separate-stderr setsid -w mail-compose -t lee@example.org -e <<<begun
	[ -z "$output" ]
	[ "$(drafts | wc -l)" = 1 ]
}

@test "the editor's name may have options, and nothing of a message reaches the shell" {
	printf '#!/bin/bash\nprintf "%%s\\n" "$@" >args\n' >ed
	chmod +x ed
	export VISUAL='./ed -x  +3'
	printf 'From: "$(touch bad)" <a@example.net>\nSubject: `touch bad`; touch bad\n\n$(touch bad)\n' >n
	setsid -w mail-compose -F chul@example.org -e -r n </dev/null >m
	[ "$(head -2 args | paste -sd' ')" = '-x +3' ]
	[ ! -e bad ]
}

@test "forward with an editor: the parts go along, also when the message was moved meanwhile" {
	mkdir -p Maildir/{cur,new,tmp}
	head -c 3000 /dev/urandom >data.bin
	echo original | mail-compose -F young@example.org -t chul@example.org -a data.bin >Maildir/new/1.a.host
	editor 'cp "$1" seen; mv Maildir/new/1.a.host Maildir/cur/1.a.host:2,S'
	setsid -w mail-compose -F chul@example.org -t bob@example.net -e -f Maildir/new/1.a.host </dev/null >m
	grep -qx 'Attach-Part: 2 Maildir/new/1.a.host' seen
	mail-parts -p 2 <m | cmp - data.bin
}

# ---- other programs

@test "answers thread right in mutt" {
	need mutt tmux
	mkdir -p box/{cur,new,tmp}
	cp orig box/cur/1.a.host:2,S
	echo one | compose -r orig >box/cur/2.a.host:2,S
	sed '/^Date/s/.*/Date: Wed, 25 Nov 2026 10:00:00 +0900/' -i box/cur/2.a.host:2,S
	echo two | mail-compose -F young@example.org -r box/cur/2.a.host:2,S >box/cur/3.a.host:2,S
	sed '/^Date/s/.*/Date: Thu, 26 Nov 2026 10:00:00 +0900/' -i box/cur/3.a.host:2,S
	cat >muttrc <<-'END'
		set sort=threads strict_threads=yes ascii_chars=yes index_format="%C:%s:" help=no
		set mbox_type=Maildir folder=. quit=yes sleep_time=0
	END
	MUTT="tmux -L mutt.$$ -f /dev/null"
	$MUTT new-session -d -x 100 -y 20 'env -u TMUX LC_ALL=C.UTF-8 mutt -n -F muttrc -f box' 3>&-
	wait_until mutt_shows 3:
	$MUTT capture-pane -p >screen
	$MUTT kill-server
	diff - <(grep -a '^ *[0-9]:' screen | sed 's/^ *//') <<-'END'
		1:답장: RE: Re[2]: 회의 plan:
		2:`->Re: 회의 plan:
		3:  `->:
	END
}
mutt_shows() { $MUTT capture-pane -p | grep -aqF "$1"; }
