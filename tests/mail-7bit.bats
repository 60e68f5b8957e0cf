# mail-7bit(1): a message in 7 bits; over all test messages, against mail-parts and Python's email package.
load lib
bats_require_minimum_version 1.5.0

setup() {
	export HOME=$BATS_TEST_TMPDIR TMPDIR=$BATS_TEST_TMPDIR
	cd "$BATS_TEST_TMPDIR" || return
	FIRST=$TOP/tests/mail/first.eml
}

# ascii FILE: no octet above 0x7f
ascii() {
	! LC_ALL=C grep -n $'[\x80-\xff]' "$1"
}

@test "leaves and fields that need it change, all else stays" {
	mail-7bit <"$FIRST" >out
	ascii out
	[ "$(mail-parts -p 2 <out | sha256sum)" = "$(mail-parts -p 2 <"$FIRST" | sha256sum)" ]
	cmp <(mail-parts -p 1 <out | tr -d '\r') <(mail-parts -p 1 <"$FIRST")
	diff "$FIRST" out | sed -n 's/^< //p' >gone
	sed -n '/^$/,$d; p' "$FIRST" >header
	[ "$(grep -Fxf header gone | sort -u)" = "Content-Transfer-Encoding: 8bit" ]
	[ "$(mail-header -x content-transfer-encoding <out)" = 7bit ]
}

@test "a message that is 7-bit comes out as it was, from a file, a pipe and an offset" {
	printf 'Subject: x\n\nplain \nContent-Transfer-Encoding: 8bit\n' >m
	mail-7bit <m | cmp - m
	cat m | mail-7bit | cmp - m
	{ read -r _; mail-7bit; } <m | cmp - <(tail -n +2 m)
	mail-7bit </dev/null | cmp - /dev/null
}

@test "once is enough" {
	mail-7bit <"$FIRST" >one
	mail-7bit <one | cmp - one
}

@test "exit 65, and nothing on standard output, where a signed part or an address is in the way" {
	printf 'Content-Type: multipart/signed; boundary=b\n\n--b\n\n\303\251\n--b--\n' >m
	run -65 --separate-stderr mail-7bit <m
	[ "$output" = "" ]
	[ "$stderr" = "5.6.3 the message is signed or encrypted, and not 7-bit" ]
	printf 'Cc: a@x.test, \303\251@x.test\n\nx\n' >m
	run -65 --separate-stderr mail-7bit <m
	[ "$output" = "" ]
	[ "$stderr" = "5.6.9 Cc of the message has an address that is not ASCII" ]
}

@test "wrong usage, full disk" {
	run -64 mail-7bit file
	run -64 mail-7bit -x
	run -0 mail-7bit -h
	[[ $output = "usage: mail-7bit"* ]]
	run -74 bash -c 'mail-7bit <"$1" >/dev/full' - "$FIRST"
}

@test "every test message, with 8-bit octets and without, decodes to the same" {
	corpus >names
	python3 "$TOP/tests/mail/compare-7bit.py" <names
}

@test "Korean in every charset that mail is written in stays readable" {
	for charset in utf-8 euc-kr cp949 iso-2022-kr johab; do
		{
			printf 'MIME-Version: 1.0\nContent-Type: text/plain; charset=%s\nContent-Transfer-Encoding: 8bit\n\n' "$charset"
			echo '안녕하세요. 편지가 도착했습니다.' | iconv -f utf-8 -t "$charset"
		} >m
		mail-7bit <m >out
		ascii out
		[ "$(mail-show <out | tail -1)" = "안녕하세요. 편지가 도착했습니다." ]
	done
	printf 'From: %s <a@x.test>\nSubject: %s\n\nx\n' '홍길동' '도착했습니다' >utf8
	iconv -f utf-8 -t cp949 utf8 >m
	[ "$(mail-7bit <m | mail-header -x from -x subject)" = "$(mail-header -x from -x subject <utf8)" ]
}

@test "50 MB: linear, memory flat" {
	python3 - <<-'END'
		line = "점심은 세 시에. 편지는 here and there and everywhere, with many words that are ASCII.\n".encode()
		with open("m", "wb") as f:
		    f.write(b"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain; charset=utf-8\n\n")
		    f.write(line * (25_000_000 // len(line)))
		    f.write(b"\n--b\nContent-Type: application/octet-stream\n\n")
		    f.write(bytes(range(256)) * (25_000_000 // 256))
		    f.write(b"\n--b--\n")
	END
	case $BUILD in
	*asan) ;; # which needs more for itself
	*) ulimit -d 16384 ;;
	esac
	timeout 60 mail-7bit <m >out
	ascii out
	cmp <(mail-parts -p 2 <m) <(mail-parts -p 2 <out)
	cmp <(mail-parts -p 1 <m) <(mail-parts -p 1 <out | tr -d '\r')
}
