# queue-add(1): what is confirmed is there, whole; what is not leaves nothing behind.
load lib

setup() {
	make_root example.test kim
	export PABAL_LOG=none
	Q=$PABAL_ROOT/queue
	cd "$BATS_TEST_TMPDIR" || return
	printf 'From: kim@example.test\nSubject: x\n\nbody\n' >message
}
teardown() { stop_all; }

nothing_left() { [ -z "$(find "$Q" -type f)" ]; }
# The message octets of the one queued file.
queued_message() {
	local f
	f=$(only_message "$Q") || return
	sed '1,/^DATA$/d' "$f"
}
queued_envelope() { sed '1d;/^DATA$/,$d' "$(only_message "$Q")"; }

@test "a message is queued: one line on standard output, the file in new/, nothing else" {
	run queue-add -f '<>' lee@x.test '"a b"@x.test' <message
	[ "$status" = 0 ]
	[[ $output =~ ^queued\ [0-9A-Z]{24}$ ]]
	[ "$(only_message "$Q")" = "$Q/new/${output#queued }" ]
	[ "$(find "$Q" -type f | wc -l)" = 1 ]
	queued_message | cmp - message
	[ "$(queued_envelope)" = $'MAIL FROM:<>\nRCPT TO:<lee@x.test>\nRCPT TO:<"a b"@x.test>' ]
	[ "$(stat -c %a "$Q"/new/*)" = 600 ]
}

@test "from the current offset of a seekable file" {
	printf 'left out\n' | cat - message >longer
	{ read -r _; queue-add -f a@x.test b@x.test; } <longer
	queued_message | cmp - message
}

@test "CRLF ends are read as such, the last line gets its LF, NULs and 8-bit octets survive" {
	printf 'Subject: x\r\n\r\nnul \0 \xff\xfe\r\nlast' >foreign
	queue-add -f a@x.test b@x.test <foreign
	printf 'Subject: x\n\nnul \0 \xff\xfe\nlast\n' >want
	queued_message | cmp - want
}

@test "a lone CR is refused with 65, wherever it is" {
	for text in 'Sub\rject: x\n\nbody\n' 'Subject: x\n\nbo\rdy\n' 'Subject: x\n\nbody\r' 'Subject: x\r\r\n\nbody\n'; do
		printf "$text" >cr
		run queue-add -f a@x.test b@x.test <cr
		[ "$status" = 65 ]
		[[ $output == '5.6.11 '* ]]
		nothing_left
	done
	# at the seam of the pieces that are read
	{ printf 'Subject: x\n\n'; head -c 65535 /dev/zero | tr '\0' x; printf '\rx\n'; } >seam
	run queue-add -f a@x.test b@x.test <seam
	[ "$status" = 65 ]
	nothing_left
	{ printf 'Subject: x\n\n'; head -c 65535 /dev/zero | tr '\0' x; printf '\r\nx\n'; } >seam
	queue-add -f a@x.test b@x.test <seam
	queued_message | cmp - <(tr -d '\r' <seam)
}

@test "empty input and input without a header are refused with 75" {
	for text in '' '\n' '\nbody\n' 'no field\n\nbody\n' ' folded: x\n' 'From kim Tue Nov 24\nSubject: x\n\n'; do
		printf "$text" >bad
		run queue-add -f a@x.test b@x.test <bad
		[ "$status" = 75 ]
		nothing_left
	done
	printf 'Subject: header alone' >bad
	queue-add -f a@x.test b@x.test <bad
}

@test "more than 100 Received fields are a loop" {
	{ for _ in {1..100}; do echo 'Received: by x'; done; cat message; } >hundred
	queue-add -f a@x.test b@x.test <hundred
	rm "$Q"/new/*
	{ echo 'Received: by x'; cat hundred; } >more
	run queue-add -f a@x.test b@x.test <more
	[ "$status" = 65 ]
	[[ $output == '5.4.6 '* ]]
	nothing_left
}

@test "larger than control/max-size: 65, nothing is left" {
	echo 200000 >"$PABAL_ROOT/control/max-size"
	{ cat message; head -c 200000 /dev/zero | tr '\0' x; } >large
	run queue-add -f a@x.test b@x.test <large
	[ "$status" = 65 ]
	[[ $output == '5.3.4 '* ]]
	nothing_left
	echo many >"$PABAL_ROOT/control/max-size"
	run queue-add -f a@x.test b@x.test <message
	[ "$status" = 75 ]
	[[ $output == *max-size* ]]
	nothing_left
}

@test "the envelope from a descriptor; without its commit mark nothing is queued" {
	printf 'MAIL FROM:<a@x.test> BODY=8BITMIME\nRCPT TO:<b@x.test> NOTIFY=NEVER\n' >envelope
	run queue-add -e 3 3<envelope <message
	[ "$status" = 75 ]
	[[ $output == *DATA* ]]
	nothing_left
	echo DATA >>envelope
	queue-add -e 3 3<envelope <message
	[ "$(queued_envelope)" = "$(sed '$d' envelope)" ]
	for bad in 'RCPT TO:<b@x.test>' 'MAIL FROM:<a@x.test>' $'MAIL FROM:<a@x.test>\nRCPT TO:<b@x.test>\nNOOP'; do
		printf '%s\nDATA\n' "$bad" >envelope
		run queue-add -e 3 3<envelope <message
		[ "$status" = 75 ]
	done
	run queue-add -e 9 <message
	[ "$status" = 75 ]
	run queue-add -e 3 3< <(cat envelope) <message # a pipe is no complete file
	[ "$status" = 75 ]
	[ "$(find "$Q" -type f | wc -l)" = 1 ]
}

@test "wrong usage and wrong addresses are 75" {
	for args in '' '-x' '-f a@x.test' '-e 3 b@x.test' '-f a@x.test b@@x' '-f b@@x b@x.test' '-e x'; do
		run queue-add $args <message
		[ "$status" = 75 ]
	done
	run queue-add -f '' b@x.test <message
	[ "$status" = 75 ]
	run queue-add -f a@x.test '' <message
	[ "$status" = 75 ]
	run queue-add -f a@x.test '<>' <message
	[ "$status" = 75 ]
	nothing_left
}

@test "an address without a domain gets control/me; without control/me it is 75" {
	queue-add -f root kim <message
	[ "$(queued_envelope)" = $'MAIL FROM:<root@mail.example.test>\nRCPT TO:<kim@mail.example.test>' ]
	rm "$Q"/new/* "$PABAL_ROOT/control/me"
	run queue-add -f a@x.test kim <message
	[ "$status" = 75 ]
	[[ $output == *control/me* ]]
	nothing_left
}

@test "the sender from SENDER, or who calls" {
	SENDER=s@x.test queue-add b@x.test <message
	[ "$(queued_envelope)" = $'MAIL FROM:<s@x.test>\nRCPT TO:<b@x.test>' ]
	rm "$Q"/new/*
	SENDER= queue-add b@x.test <message
	[ "$(queued_envelope)" = $'MAIL FROM:<>\nRCPT TO:<b@x.test>' ]
	rm "$Q"/new/*
	env -u SENDER queue-add b@x.test <message
	[ "$(queued_envelope)" = "MAIL FROM:<$(id -un)@mail.example.test>"$'\nRCPT TO:<b@x.test>' ]
}

@test "QUEUE_ID is used if it is valid and free" {
	id=0123456789ABCDEFGHJKMNPQ
	[ "$(QUEUE_ID=$id queue-add -f a@x.test b@x.test <message)" = "queued $id" ]
	run env QUEUE_ID=$id queue-add -f a@x.test b@x.test <message
	[ "$status" = 0 ]
	[ "$output" != "queued $id" ]
	mv "$Q/new/$id" "$Q/later/00/0000000000.$id"
	run env QUEUE_ID=$id queue-add -f a@x.test b@x.test <message
	[ "$status" = 0 ]
	[ "$output" != "queued $id" ]
	run env QUEUE_ID=../../x queue-add -f a@x.test b@x.test <message
	[[ $output =~ ^queued\ [0-9A-Z]{24}$ ]]
	[ "$(find "$Q" -type f | wc -l)" = 4 ]
}

@test "-t takes To, Cc and Bcc, and Bcc goes" {
	cat >message <<-'END'
		From: kim@example.test
		To: "Lee, A." <lee@x.test>, (a comment) park@x.test
		Cc: friends: choi@x.test,
		 Jung <jung@x.test>;, undisclosed-recipients:;
		Bcc: secret@x.test,
		  hidden@x.test
		bcc:
		Subject: x

		Bcc: stays@x.test
	END
	queue-add -f a@x.test -t extra@x.test lee@x.test <message
	queued_envelope | sort >got
	printf 'RCPT TO:<%s@x.test>\n' lee park choi jung secret hidden extra | sort | cat <(echo 'MAIL FROM:<a@x.test>') - >want
	diff want got
	queued_message | cmp - <(sed '/^Bcc: secret/,/^bcc:/d' message)
}

@test "-t of a resent message takes the Resent- fields alone" {
	printf 'To: old@x.test\nResent-To: new@x.test\nResent-Bcc: blind@x.test\n\nbody\n' >message
	queue-add -f a@x.test -t <message
	[ "$(queued_envelope | tail -n +2 | sort | tr -d '\n')" = 'RCPT TO:<blind@x.test>RCPT TO:<new@x.test>' ]
	! queued_message | grep -q blind
}

@test "-t with what is no address is refused, all of it" {
	printf 'To: lee@x.test, this is no address at all @@\n\nbody\n' >message
	run queue-add -f a@x.test -t <message
	[ "$status" = 65 ]
	nothing_left
	printf 'Subject: nobody\n\nbody\n' >message
	run queue-add -f a@x.test -t <message
	[ "$status" = 75 ]
	nothing_left
}

@test "50 MB, and a line of 10 MB, unchanged" {
	{ cat message; head -c 40000000 /dev/urandom | base64 -w 76; } >large
	[ "$(stat -c %s large)" -gt 50000000 ]
	echo 60000000 >"$PABAL_ROOT/control/max-size"
	queue-add -f a@x.test b@x.test <large
	queued_message | cmp - large
	rm "$Q"/new/*
	{ cat message; head -c 10000000 /dev/zero | tr '\0' x; echo; } >line
	queue-add -f a@x.test b@x.test <line
	queued_message | cmp - line
	[ "$(queue-list -T | cut -f 5)" = "$(stat -c %s line)" ]
}

@test "the order: write, sync of the file, sync of its name, and then the word" {
	need strace
	strace -f -o trace -e trace=openat,flock,write,rename,renameat,renameat2,fsync,fdatasync,close \
		queue-add -f a@x.test b@x.test <message >out || {
		grep -qi ptrace trace out && cannot "no tracing here"
		return 1
	}
	calls=$(sed -n 's/^[0-9 ]*//; /O_CREAT/,$p' trace | sed 's/(.*//' | grep -v -e close -e +++)
	# on these the sync of the file holds its name (tests/crash/journal.py)
	case $(findmnt -no FSTYPE -T "$Q/new") in
	ext4 | xfs) syncs=fsync ;;
	*) syncs='fsync fsync' ;;
	esac
	# the folder is opened before; the last write is the one to standard output
	[ "$(echo $calls)" = "openat flock write $syncs flock write" ] || { cat trace; false; }
}

@test "killed before the end of the input: nothing is queued" {
	mkfifo in
	queue-add -f a@x.test b@x.test <in >out 3>&- &
	pid=$!
	exec 7>in
	{ cat message; head -c 300000 /dev/zero | tr '\0' x; } >&7
	wait_until eval '[ -n "$(find "$Q/new" -type f -size +0)" ]'
	kill -9 $pid
	exec 7>&-
	wait $pid || :
	[ ! -s out ]
	[ "$(queue-list -T)" = '' ]
	queue-run
	[ "$(find "$Q" -type f -name '????????????????????????')" = "$(echo "$Q"/new/*)" ]
	PABAL_NOW=$((EPOCHSECONDS + 37 * 3600)) queue-run
	[ -z "$(find "$Q" -type f -name '????????????????????????')" ]
}

@test "disk full: 75, and nothing is left" {
	unshare -${R}m true 2>/dev/null || cannot "no mount namespace of one's own here"
	{ cat message; head -c 3000000 /dev/zero | tr '\0' x; } >large
	unshare -${R}m bash -euc '
		mount -t tmpfs -o size=2m none "$1/queue"
		cd "$1/queue"
		mkdir new later hold failed log drop
		cd ..
		echo 0 >control/free-space
		echo 0 >control/free-inodes
		rc=0
		queue-add -f a@x.test b@x.test <"$2/large" >"$2/out" 2>"$2/err" || rc=$?
		[ $rc = 75 ]
		[ -z "$(find queue -type f)" ]
		[ ! -s "$2/out" ]
		grep "^4.3.1 " "$2/err"
		queue-add -f a@x.test b@x.test <"$2/message"
		[ "$(find queue -type f | wc -l)" = 1 ]
		# no inode left
		mount -t tmpfs -o size=2m,nr_inodes=3 none queue
		mkdir queue/new
		: >queue/last
		rc=0
		queue-add -f a@x.test b@x.test <"$2/message" || rc=$?
		[ $rc = 75 ]
	' - "$PABAL_ROOT" "$PWD"
}

@test "no queue: 75, with the path" {
	mv "$Q" "$Q.gone"
	run queue-add -f a@x.test b@x.test <message
	[ "$status" = 75 ]
	[[ $output == *"$Q"* ]]
	mv "$Q.gone" "$Q"
	rmdir "$Q/new"
	run queue-add -f a@x.test b@x.test <message
	[ "$status" = 75 ]
	nothing_left
}

@test "root adds for the queue's owner" {
	[ "$(id -u)" = 0 ] || cannot "needs root"
	chown -R nobody "$Q"
	queue-add -f a@x.test b@x.test <message
	[ "$(stat -c %U "$Q"/new/*)" = nobody ]
}
