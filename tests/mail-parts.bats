# mail-parts(1): lists, writes, saves and removes parts; against Python's email package over foreign messages.
load lib
bats_require_minimum_version 1.5.0

setup() {
	export HOME=$BATS_TEST_TMPDIR TMPDIR=$BATS_TEST_TMPDIR
	cd "$BATS_TEST_TMPDIR" || return
	FIRST=$TOP/tests/mail/first.eml
}

teardown() { stop_all; }

@test "lists as a table, TSV and JSON" {
	run -0 mail-parts <"$FIRST"
	[[ ${lines[0]} = PART*TYPE*NAME ]]
	[[ ${lines[2]} = 2\ *image/png*attachment*base64*.png ]]
	mail-parts -j <"$FIRST" | jq -es 'length == 2 and .[0].charset == "utf-8" and .[1].sniffed == "image/png" and (.[1].sha256 | length) == 64'
	[ "$(mail-parts -T <"$FIRST" | awk -F'\t' 'NF == 9' | wc -l)" = 2 ]
}

@test "writes a part by number and by glob" {
	python3 - "$FIRST" <<-'END'
		import email, sys
		m = email.message_from_binary_file(open(sys.argv[1], "rb"))
		open("want", "wb").write(m.get_payload()[1].get_payload(decode=True))
	END
	mail-parts -p 2 <"$FIRST" | cmp - want
	mail-parts -p 'image/*' <"$FIRST" | cmp - want
	mail-parts -p '*.png' <"$FIRST" | cmp - want
	run -1 mail-parts -p 9 <"$FIRST"
	[[ $output = *"no part 9"* ]]
}

@test "saves under safe names and overwrites nothing" {
	mkdir out
	printf 'Content-Type: multipart/mixed; boundary=b\n\n' >m
	for name in ../../etc/passwd .hidden -rf 'a\\b' same same; do
		printf -- '--b\nContent-Disposition: attachment; filename="%s"\n\n%s\n' "$name" "$name" >>m
	done
	printf -- '--b\nContent-Type: text/html\n\nx\n--b--\n' >>m
	mail-parts -d out <m >list
	[ "$(wc -l <list)" = 7 ]
	[ "$(cd out && ls | sort | tr '\n' ' ')" = "b hidden part-7.html passwd rf same same-2 " ]
	mail-parts -d out <m >list
	[ "$(find out -type f | wc -l)" = 14 ]
	[ "$(cat out/passwd)" = ../../etc/passwd ]
	run -73 mail-parts -d nowhere <m
}

@test "removes a part and leaves all else octet for octet" {
	mail-parts -r 2 <"$FIRST" >less
	[ "$(mail-parts -j <less | wc -l)" = 1 ]
	cmp <(mail-parts -p 1 <"$FIRST") <(mail-parts -p 1 <less)
	diff "$FIRST" less | grep '^>' && false
	run -65 mail-parts -r 1 <less
	run -1 mail-parts -r 7 <less
}

@test "an enclosed message in base64 is listed with its parts" {
	{
		printf 'Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n'
		base64 "$FIRST"
	} >m
	[ "$(mail-parts -T <m | cut -f1 | tr '\n' ' ')" = "1 1.1 1.2 " ]
}

# enclose ENCODING TITLE: the message on standard input as an attachment beside a text.
enclose() {
	python3 -c '
import base64, quopri, sys, binascii
inner, encoding = sys.stdin.buffer.read(), sys.argv[1]
w = sys.stdout.buffer.write
w(b"Content-Type: multipart/mixed; boundary=%s\n\n--%s\n\ntext\n--%s\n" % ((sys.argv[2].encode(),) * 3))
w(b"Content-Type: message/rfc822\nContent-Transfer-Encoding: %s\n\n" % encoding.encode())
if encoding == "base64": w(base64.encodebytes(inner))
elif encoding == "x-uuencode":
    w(b"begin 644 message\n" + b"".join(binascii.b2a_uu(inner[i:i + 45]) for i in range(0, len(inner), 45)) + b"`\nend\n")
else: w(quopri.encodestring(inner))
w(b"\n--%s--\n" % sys.argv[2].encode())' "$1" "$2"
}

@test "enclosed messages that are encoded are written, saved, found by glob" {
	mail-parts -p 2 <"$FIRST" >picture
	for encoding in base64 quoted-printable x-uuencode; do
		enclose "$encoding" a <"$FIRST" >m
		[ "$(mail-parts -T <m | cut -f1 | tr '\n' ' ')" = "1 2 2.1 2.2 " ]
		mail-parts -p 2 <m | cmp - "$FIRST"
		mail-parts -p 2.2 <m | cmp - picture
		mail-parts -p 'image/*' <m | cmp - picture
		run -1 mail-parts -p 2.3 <m
		rm -rf out
		mkdir out
		mail-parts -d out <m >list
		[ "$(wc -l <list)" = 3 ]
		cmp out/*.png picture
		run -65 mail-parts -r 2.2 <m
		[[ $output = *"is encoded inside of another one"* ]]
		run -0 mail-parts -r 2 <m
		run -1 mail-parts -r 3.1 <m
	done
	# message in message in message; one that is encoded ten times is opened eight times
	enclose base64 a <"$FIRST" | enclose quoted-printable b | enclose base64 c >m
	mail-parts -p 2.2.2.2 <m | cmp - picture
	cp "$FIRST" m
	for i in {1..10}; do enclose base64 "x$i" <m >n && mv n m; done
	[ "$(mail-parts -T <m | cut -f1 | tail -1)" = 2.2.2.2.2.2.2.2.2 ]
}

@test "uuencoded files in plain text are listed, written, saved" {
	head -c 1000 /dev/urandom >one
	: >empty
	python3 - >m <<-'END'
		import binascii
		one = open("one", "rb").read()
		data = b"".join(binascii.b2a_uu(one[i:i + 45]) for i in range(0, len(one), 45)).decode()
		print("Subject: s\n\nsee\n\nbegin 644 one.bin\n%s`\nend\nbegin 755 \ud55c\uae00\n`\nend\n"
		      "begin 644 not whole\nbegin at the beginning\nend" % data)
	END
	mail-parts -T <m >list
	[ "$(cut -f1,2,5,7,8 list)" = "$(printf '1\ttext/plain\t\t7bit\t%s\n1.u1\tapplication/octet-stream\tone.bin\tx-uuencode\t1000\n1.u2\tapplication/octet-stream\t한글\tx-uuencode\t0' "$(sed '1,2d' m | wc -c)")" ]
	mail-parts -p 1.u1 <m | cmp - one
	mail-parts -p '*.bin' <m | cmp - one
	mail-parts -p 1 <m | cmp - <(sed 1,2d m)
	mkdir out
	mail-parts -d out <m >list
	cmp out/one.bin one
	cmp out/한글 empty
	cmp out/part-1.txt <(sed 1,2d m)
	run -65 mail-parts -r 1.u1 <m
}

@test "who reads a message is confined" {
	[ "$BUILD" = "$TOP/build/release" ] || return 0 # the other variants have no seccomp
	mkfifo pipe
	{ printf 'Subject: x\n\n'; yes text | head -c 1000000; } >m
	for command in 'mail-parts -p 1' mail-header mail-show; do
		exec 9<>pipe # nobody reads: it waits when the pipe is full
		start sh -c "exec $command <m >pipe"
		wait_until grep -qx 'Seccomp:	2' "/proc/${STARTED[-1]}/status"
		grep -qx 'NoNewPrivs:	1' "/proc/${STARTED[-1]}/status"
		stop_all
		exec 9<&-
	done
}

@test "without Landlock or seccomp a reader works all the same" {
	need strace
	[ "$BUILD" = "$TOP/build/release" ] || return 0 # the other variants have no seccomp
	for call in landlock_create_ruleset landlock_restrict_self seccomp; do
		strace -o trace -e "inject=$call:error=ENOSYS" mail-parts -p 1 <"$FIRST" >out
		cmp out <(mail-parts -p 1 <"$FIRST")
		grep -q INJECTED trace
	done
	run -71 strace -o trace -e inject=seccomp:error=EFAULT mail-parts -p 1 <"$FIRST"
}

@test "names that would move the terminal are made harmless in the table" {
	printf 'Content-Type: x/y; name="a\x1b[2Jb"\n\nx' | mail-parts >out
	grep -q 'a^\[\[2Jb' out
	! grep -q $'\x1b' out
}

@test "the same parts, names and octets as Python's email package and MIME-tools" {
	corpus >list
	[ "$(wc -l <list)" -ge 48 ]
	python3 "$TOP/tests/mail/compare-parts.py" <list
}

@test "no foreign message ends a reader in a bad way, and none writes what a terminal obeys" {
	corpus >list
	while read -r f; do
		timeout 10 mail-parts <"$f" >out || { echo "$f: $?"; exit 1; }
		timeout 10 mail-show -H all <"$f" >out || { echo "$f: $?"; exit 1; }
		! LC_ALL=C grep -qP '[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]' out || { echo "$f"; exit 1; }
		mail-header <"$f" | cmp - "$f"
	done <list
}

@test "50 MB: linear, memory flat" {
	{
		printf 'Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Transfer-Encoding: base64\n\n'
		head -c 37000000 /dev/zero | base64
		printf -- '--b--\n'
	} >m
	case $BUILD in
	*asan) ;; # which needs more for itself
	*) ulimit -d 16384 ;;
	esac
	mail-parts -p 1 <m >out
	[ "$(stat -c %s out)" = 37000000 ]
}
