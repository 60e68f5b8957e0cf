# mail-parts(1): lists, writes, saves and removes parts; against Python's email package over foreign messages.
load lib
bats_require_minimum_version 1.5.0

setup() {
	export HOME=$BATS_TEST_TMPDIR TMPDIR=$BATS_TEST_TMPDIR
	cd "$BATS_TEST_TMPDIR" || return
	FIRST=$TOP/tests/mail/first.eml
}

# corpus: our own messages, and the foreign ones that this machine has.
corpus() {
	local dir
	ls "$TOP"/tests/mail/*.eml
	for dir in "$TOP"/../shared/corpus/*/ "$TOP"/../shared/corpus/mime-tools/testmsgs/ /usr/lib/python3.11/test/test_email/data/; do
		[ -d "$dir" ] && find "$dir" -maxdepth 1 -type f \( -name '*.msg' -o -name '*.eml' -o -name '*.txt' \)
	done | sort -u
}

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

@test "names that would move the terminal are made harmless in the table" {
	printf 'Content-Type: x/y; name="a\x1b[2Jb"\n\nx' | mail-parts >out
	grep -q 'a^\[\[2Jb' out
	! grep -q $'\x1b' out
}

@test "the same parts and octets as Python's email package" {
	corpus | python3 "$TOP/tests/mail/compare-parts.py"
}

@test "no foreign message ends it in a bad way" {
	corpus | while read -r f; do
		timeout 10 mail-parts <"$f" >out || { echo "$f: $?"; exit 1; }
	done
}

@test "50 MB: linear, memory flat" {
	{
		printf 'Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Transfer-Encoding: base64\n\n'
		head -c 37000000 /dev/zero | base64
		printf -- '--b--\n'
	} >m
	python3 - <<-'END'
		import resource, subprocess
		subprocess.run(["mail-parts", "-p", "1"], stdin=open("m", "rb"), stdout=open("out", "wb"), check=True,
		               preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_DATA, (16 << 20, 16 << 20)))
	END
	[ "$(stat -c %s out)" = 37000000 ]
}
