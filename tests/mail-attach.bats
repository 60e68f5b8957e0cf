# mail-attach(1): parts are added, all that was there stays; judged by our own reader and Python's email package.
load lib
bats_require_minimum_version 1.5.0

setup() {
	export HOME=$BATS_TEST_TMPDIR TMPDIR=$BATS_TEST_TMPDIR
	cd "$BATS_TEST_TMPDIR" || return
	FIRST=$TOP/tests/mail/first.eml
	printf '첨부\n' >'붙임.txt'
	head -c 5000 /dev/urandom >data.bin
	printf 'From: a@example.org\nSubject: x\nX-Odd:  y \nContent-Type: text/plain; charset=utf-8\nMIME-Version: 1.0\nContent-Transfer-Encoding: 8bit\nDate: z\n\n본문\nwithout end' >plain
}

types() { mail-parts -T | cut -f2 | paste -sd' '; }
# python CODE: with m the message on standard input, parsed.
python() {
	python3 -c 'import email, email.policy, sys
raw = sys.stdin.buffer.read()
m = email.message_from_bytes(raw, policy=email.policy.default)
exec(sys.argv[1])' "$@"
}

@test "a plain message becomes a multipart/mixed; its own octets stay" {
	mail-attach 붙임.txt data.bin <plain >m
	[ "$(types <m)" = 'text/plain text/plain application/octet-stream' ]
	mail-parts -p 1 <m | cmp - <(printf '본문\nwithout end')
	mail-parts -p 2 <m | cmp - 붙임.txt
	mail-parts -p 3 <m | cmp - data.bin
	# the fields that say what the text is go with it, the others stay in their order
	diff <(sed '/^$/q' m | grep -v '^Content\|^ boundary') - <<-'END'
		From: a@example.org
		Subject: x
		X-Odd:  y 
		MIME-Version: 1.0
		Date: z

	END
	sed -n '/^--/,/^$/p' m | head -4 | grep -qx 'Content-Transfer-Encoding: 8bit'
	python 'a, b, c = m.iter_parts(); assert a.get_content() == "본문\nwithout end" and b.get_filename() == "붙임.txt"' <m
}

@test "a message without MIME fields gets them" {
	printf 'Subject: x\n\nbody\n' | mail-attach data.bin >m
	grep -qx 'MIME-Version: 1.0' m
	[ "$(mail-parts -p 1 <m)" = body ]
}

@test "a multipart/mixed gets one more part, and nothing else changes" {
	n=$(mail-parts -T <"$FIRST" | wc -l)
	mail-attach data.bin <"$FIRST" >m
	mail-parts -p $((n + 1)) <m | cmp - data.bin
	mail-parts -r $((n + 1)) <m | cmp - "$FIRST"
}

@test "damaged multiparts: never closed, empty parts, without parts" {
	printf 'Content-Type: multipart/mixed; boundary=b\n\n--b\n\none\n--b\n\ntwo\n' >open
	mail-attach data.bin <open >m
	[ "$(mail-parts -T <m | wc -l)" = 3 ]
	head -c "$(stat -c %s open)" m | cmp - open
	mail-parts -p 3 <m | cmp - data.bin
	printf 'Content-Type: multipart/mixed; boundary=b\n\n--b\n--b--\nepilogue\n' >empty
	mail-attach data.bin <empty >m
	[ "$(mail-parts -T <m | wc -l)" = 2 ]
	mail-parts -p 2 <m | cmp - data.bin
	for text in '\n\nnothing\n' '; boundary=b\n\nnothing\n'; do
		printf "Subject: x\nContent-Type: multipart/mixed$text" >none
		mail-attach data.bin <none >m
		mail-parts -T <m | cut -f2 | tail -1 | grep -qx application/octet-stream
		mail-parts -p '*.bin' <m | cmp - data.bin
	done
}

@test "what is signed stays octet for octet" {
	printf 'Subject: x\nMIME-Version: 1.0\nContent-Type: multipart/signed; boundary=s; protocol="application/pgp-signature"\n\n--s\nContent-Type: text/html\n\n<p>signed \n--s\nContent-Type: application/pgp-signature\n\nsig\n--s--\n' >signed
	mail-attach data.bin <signed >m
	[ "$(types <m)" = 'multipart/signed text/html application/pgp-signature application/octet-stream' ]
	diff <(sed -n '/^--s$/,/^--s--$/p' m) <(sed -n '/^--s$/,/^--s--$/p' signed)
	run -65 --separate-stderr mail-attach -i cid data.bin <signed
	[ -z "$output" ]
	# a part of a mixed one too
	mail-attach 붙임.txt <m >n
	mail-parts -p 3 <n | cmp - 붙임.txt
	diff <(sed -n '/^--s$/,/^--s--$/p' n) <(sed -n '/^--s$/,/^--s--$/p' signed)
}

@test "a picture beside the HTML that shows it" {
	printf 'Subject: x\nContent-Type: text/html; charset=utf-8\n\n<img src="cid:logo"><img src="cid:two@x">\n' >page
	mail-attach -i logo -t image/png data.bin <page | mail-attach -i two@x -t image/gif -n two.gif data.bin >m
	[ "$(types <m)" = 'text/html image/png image/gif' ]
	python 'assert m.get_content_type() == "multipart/related" and m.get_param("type") == "text/html"
html, one, two = m.iter_parts()
assert one["content-id"] == "<logo>" and two["content-id"] == "<two@x>" and one.get_content_disposition() == "inline"
assert two.get_filename() == "two.gif" and two.get_content() == open("data.bin", "rb").read()' <m
	# in an alternative, in a mixed
	printf 'Subject: x\nContent-Type: multipart/alternative; boundary=b\n\n--b\n\ntext\n--b\nContent-Type: text/html\n\n<p>\n--b--\n' |
		mail-attach 붙임.txt | mail-attach -i logo -t image/png data.bin >m
	[ "$(mail-parts -T <m | cut -f1,2 | paste -sd' ' | tr '\t' :)" = '1:multipart/alternative 1.1:text/plain 1.2:multipart/related 1.2.1:text/html 1.2.2:image/png 2:text/plain' ]
	run -65 mail-attach -i logo data.bin <plain
	[[ $output = *HTML* ]]
}

@test "-z compresses, and gunzip gives it back" {
	yes 가나다 | head -20000 >big.txt
	mail-attach -z big.txt <plain >m
	mail-parts -p big.txt.gz <m | gunzip | cmp - big.txt
	[ "$(mail-parts -T <m | cut -f2 | tail -1)" = application/gzip ]
	[ "$(stat -c %s m)" -lt 4000 ]
	: >none
	mail-attach -z none <plain | mail-parts -p none.gz | gunzip | cmp - none
}

@test "types: declared, by name, by octets" {
	printf '\xb0\xa1\n' >euc
	mail-attach -t 'text/plain; charset=euc-kr' euc <plain >m
	python 'assert list(m.iter_parts())[1].get_content() == "가\n"' <m
	printf 'a,b\n' >t.csv
	printf '%%PDF-1.4\n' >x
	mail-attach t.csv x euc <plain >m
	[ "$(types <m)" = 'text/plain text/csv application/pdf application/octet-stream' ]
	for bad in x/ /x 'x/y z' $'x/y\nBcc: a' 'text'; do run -64 mail-attach -t "$bad" x <plain; done
	for bad in 'a b' '<a>' $'a\nb' ''; do run -64 mail-attach -i "$bad" x <plain; done
}

@test "CRLF stays, and attachments come back all the same" {
	sed 's/$/\r/' "$FIRST" >crlf
	printf 'a\nb\r\nc' >mixed.txt
	mail-attach 붙임.txt mixed.txt <crlf >m
	[ "$(grep -c $'\r$' m)" = "$(wc -l <m)" ]
	mail-parts -p mixed.txt <m | cmp - mixed.txt
	mail-parts -p 붙임.txt <m | cmp - 붙임.txt
	sed 's/$/\r/' plain | mail-attach 붙임.txt >m
	[ "$(grep -c $'\r$' m)" = "$(wc -l <m)" ]
}

@test "no message, no file" {
	run -65 mail-attach data.bin </dev/null
	printf 'no header\n\nx' >n
	run -65 mail-attach data.bin <n
	run -66 --separate-stderr mail-attach data.bin nowhere <plain
	[ -z "$output" ]
	run -64 mail-attach <plain
	run -64 mail-attach -i x data.bin plain <plain
	run -74 bash -c 'mail-attach data.bin <plain >/dev/full'
}

@test "own and foreign messages: all that was there is still there" {
	for f in "$TOP"/tests/mail/*.eml /usr/lib/python3.11/test/test_email/data/msg_*.txt; do
		[ -f "$f" ] || continue
		timeout 10 mail-attach data.bin <"$f" >m 2>err || { grep -q 'no message' err && continue; echo "$f"; false; }
		mail-parts -p data.bin <m | cmp - data.bin || { echo "$f"; false; }
	done
}

@test "50 MB with flat memory" {
	head -c 50000000 /dev/urandom >big
	case $BUILD in
	*asan) ;; # which needs more for itself
	*) ulimit -d 16384 ;;
	esac
	mail-attach big <plain >m
	mail-parts -p big <m | cmp - big
}
