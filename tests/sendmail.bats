# sendmail(1): what cron, git and mailx call, with and without the right to write the queue.
load lib

setup() {
	make_root example.test kim
	export PABAL_LOG=none
	Q=$PABAL_ROOT/queue
	cd "$BATS_TEST_TMPDIR" || return
	printf 'From: kim@example.test\nDate: Tue, 24 Nov 2026 09:00:00 +0000\nMessage-ID: <1@x>\nSubject: x\n\nbody\n' >message
	ME=$(id -un)@mail.example.test
}
teardown() {
	stop_all
	[ -z "${PUB:-}" ] || rm -rf "$PUB"
}

queued() { only_message "$Q"; }
queued_message() { sed '1,/^DATA$/d' "$(queued)"; }
queued_envelope() { sed '1d;/^DATA$/,$d' "$(queued)"; }
# Without the trace field that comes first.
below_trace() { queued_message | sed '1,2d'; }

# public: the installation where another user reaches it, with a sendmail that he may execute.
public() {
	[ "$(id -u)" = 0 ] || cannot "needs root"
	PUB=$(mktemp -d "${TMPDIR:-/tmp}/pabal-sendmail.XXXXXX")
	chmod 755 "$PUB"
	mv "$PABAL_ROOT" "$PUB/root"
	export PABAL_ROOT=$PUB/root
	Q=$PABAL_ROOT/queue
	chmod 711 "$Q"
	mkdir "$PUB/bin"
	cp "$BUILD/bin/sendmail" "$PUB/bin"
}
as_nobody() { (cd / && setpriv --reuid nobody --regid nogroup --clear-groups "$PUB/bin/sendmail" "$@"); }

@test "a complete message goes on as it is, below a trace field" {
	sendmail lee@x.test <message
	[ "$(queued_envelope)" = "MAIL FROM:<$ME>"$'\nRCPT TO:<lee@x.test>' ]
	below_trace | cmp - message
	queued_message | head -1 | grep -qx 'Received: by mail.example.test with local id [0-9A-Z]*'
}

@test "From, Date and Message-ID are added where they are missing" {
	printf 'Subject: x\n\nbody\n' >message
	PABAL_NOW=1700000000 sendmail -F 'Kim "K" Lee' lee@x.test <message
	below_trace | grep -qxF 'From: "Kim \"K\" Lee" <'"$ME>"
	below_trace | grep -qxF 'Date: Tue, 14 Nov 2023 22:13:20 +0000'
	below_trace | grep -qxE 'Message-ID: <[0-9A-Z]{24}@mail.example.test>'
	[ "$(below_trace | sed '1,3d')" = "$(<message)" ]
	rm "$Q"/new/*
	sendmail -F 'Kim 김' lee@x.test <message
	below_trace | grep -qxF "From: =?UTF-8?B?$(printf 'Kim 김' | base64)?= <$ME>"
}

@test "input without a header is a body" {
	printf 'hello\n\nworld\n' | sendmail lee@x.test
	[ "$(below_trace | sed '1,/^$/d')" = $'hello\n\nworld' ]
	below_trace | sed '/^$/q' | grep -q '^From: '
	rm "$Q"/new/*
	printf '\nbody after an empty line\n' | sendmail lee@x.test
	[ "$(below_trace | sed '1,/^$/d')" = 'body after an empty line' ]
}

@test "an mbox line in front is dropped" {
	{ echo 'From kim Tue Nov 24 09:00:00 2026'; cat message; } | sendmail lee@x.test
	below_trace | cmp - message
}

@test "a lone dot ends the message, but not with -i or -oi" {
	printf 'Subject: x\n\n.dot\n..\n.\nafter\n' >dots
	sendmail lee@x.test <dots
	[ "$(queued_message | sed '1,/^$/d')" = $'.dot\n..' ]
	for o in -i -oi; do
		rm "$Q"/new/*
		sendmail $o lee@x.test <dots
		[ "$(queued_message | sed '1,/^$/d')" = "$(sed '1,2d' dots)" ]
	done
	rm "$Q"/new/*
	printf 'Subject: x\r\n\r\nline\r\n.\r\nafter\r\n' | sendmail lee@x.test
	[ "$(queued_message | sed '1,/^$/d')" = line ]
}

@test "-t: To, Cc and Bcc, and Bcc goes" {
	{ printf 'To: Lee <lee@x.test>\nCc: park\nBcc: secret@x.test\n'; cat message; } >all
	sendmail -t -i <all
	[ "$(queued_envelope | tail -n +2 | sort | tr '\n' ' ')" = \
		'RCPT TO:<lee@x.test> RCPT TO:<park@mail.example.test> RCPT TO:<secret@x.test> ' ]
	below_trace | cmp - <(grep -v ^Bcc all)
	rm "$Q"/new/*
	# without -t it is a field as any other
	sendmail -i lee@x.test <all
	below_trace | cmp - all
	rm "$Q"/new/*
	run sendmail -t <message
	[ "$status" = 64 ]
	[ -z "$(find "$Q" -type f)" ]
}

@test "options that become parameters of the envelope" {
	sendmail -f boss@x.test -B8BITMIME -R hdrs -V 'a+b=c' -N failure,delay lee@x.test park@x.test <message
	diff <(queued_envelope) - <<-'END'
		MAIL FROM:<boss@x.test> BODY=8BITMIME RET=hdrs ENVID=a+2Bb+3Dc
		RCPT TO:<lee@x.test> NOTIFY=failure,delay
		RCPT TO:<park@x.test> NOTIFY=failure,delay
	END
	for bad in '-B 9BIT' '-R some' '-N never,delay' '-N sometimes' '-V ' '-f b@@x' '-b z' '-q5m' '-%'; do
		run sendmail "${bad%% *}" ${bad#* } lee@x.test <message
		[ "$status" = 64 ]
	done
	[ "$(find "$Q" -type f | wc -l)" = 1 ]
}

@test "options that others give are taken" {
	sendmail -oem -odb -om -bm -G -v -n -U -x -m -e m -O DeliveryMode=b -L tag -A m -C cf -X log -p x:y -d0 \
		-f '<>' -- lee@x.test <message
	[ "$(queued_envelope)" = $'MAIL FROM:<>\nRCPT TO:<lee@x.test>' ]
}

@test "no recipient, none that is an address, empty input, a lone CR, no control/me" {
	run sendmail <message
	[ "$status" = 64 ]
	run sendmail 'lee@@x' <message
	[ "$status" = 64 ]
	run sendmail lee@x.test </dev/null
	[ "$status" = 75 ]
	run sendmail lee@x.test < <(printf 'a\rb\n')
	[ "$status" = 65 ]
	rm "$PABAL_ROOT/control/me"
	run sendmail lee@x.test <message
	[ "$status" = 75 ]
	[[ $output == *control/me* ]]
	[ -z "$(find "$Q" -type f)" ]
}

@test "-bp lists, -bs talks SMTP, -bi does nothing, mailq and newaliases" {
	sendmail lee@x.test <message
	[ "$(sendmail -bp)" = "$(queue-list)" ]
	ln -s "$BUILD/bin/sendmail" mailq
	ln -s "$BUILD/bin/sendmail" newaliases
	[ "$(./mailq)" = "$(queue-list)" ]
	[ "$(./newaliases)" = '' ]
	sendmail -bi
	printf 'QUIT\r\n' | sendmail -bs >out
	[ "$(grep -c '^2[25][01] ' out)" = 2 ]
	sendmail -bv kim@example.test | grep -q "mail/example.test/kim"
}

@test "disk full: 75, and nothing is left" {
	unshare -${R}m true 2>/dev/null || cannot "no mount namespace of one's own here"
	{ cat message; head -c 3000000 /dev/zero | tr '\0' x; } >large
	unshare -${R}m bash -euc '
		mount -t tmpfs -o size=2m none "$1/queue"
		mkdir "$1"/queue/{new,drop}
		echo 0 >"$1/control/free-space"
		rc=0
		sendmail lee@x.test <large || rc=$?
		[ $rc = 75 ] && [ -z "$(find "$1/queue" -type f)" ]
		rmdir "$1/queue/new" # now drop/ is all there is
		rc=0
		sendmail lee@x.test <large || rc=$?
		[ $rc = 75 ] && [ -z "$(find "$1/queue" -type f)" ]
		sendmail lee@x.test <message
		[ "$(find "$1/queue/drop" -type f | wc -l)" = 1 ]
	' - "$PABAL_ROOT"
}

@test "an unprivileged user, nothing of ours running: cron's own call waits in drop/, then arrives" {
	public
	printf 'From: root (Cron Daemon)\nTo: kim\nSubject: Cron <nobody@host> date\n\nTue Nov 24\n' >cron
	as_nobody -FCronDaemon -i -B8BITMIME -oem kim@example.test <cron
	drop=$(only_message "$Q" || ls "$Q"/drop/*)
	[ "$(dirname "$drop")" = "$Q/drop" ]
	[ "$(stat -c '%U %a' "$drop")" = 'nobody 640' ]
	[ -z "$(find "$Q/new" "$Q/tmp" -type f)" ]
	queue-run
	f=$(only_message "$PABAL_ROOT/mail/example.test/kim")
	grep -qx 'Return-Path: <nobody@mail.example.test>' "$f"
	grep -qx 'Subject: Cron <nobody@host> date' "$f"
	grep -q '^Message-ID: ' "$f"
	[ -z "$(find "$Q"/{new,later,hold,failed,drop} -type f)" ]
}

@test "an unprivileged user is himself, whatever -f says; control/trusted may be another" {
	public
	as_nobody -f boss@x.test kim@example.test <message
	queue-run
	grep -qx 'Return-Path: <nobody@mail.example.test>' "$(only_message "$PABAL_ROOT/mail/example.test/kim")"
	rm "$PABAL_ROOT"/mail/example.test/kim/new/*
	as_nobody -f '<>' kim@example.test <message
	queue-run
	grep -qx 'Return-Path: <>' "$(only_message "$PABAL_ROOT/mail/example.test/kim")"
	rm "$PABAL_ROOT"/mail/example.test/kim/new/*
	echo nobody >"$PABAL_ROOT/control/trusted"
	as_nobody -f boss@x.test kim@example.test <message
	queue-run
	grep -qx 'Return-Path: <boss@x.test>' "$(only_message "$PABAL_ROOT/mail/example.test/kim")"
}

@test "an unprivileged user cannot list or take what others dropped" {
	public
	as_nobody kim@example.test <message
	run setpriv --reuid daemon --regid daemon --clear-groups ls "$Q/drop"
	[ "$status" != 0 ]
	drop=$(ls "$Q"/drop/*)
	run setpriv --reuid daemon --regid daemon --clear-groups cat "$drop"
	[ "$status" != 0 ]
	run setpriv --reuid daemon --regid daemon --clear-groups rm -f "$drop"
	[ -f "$drop" ]
}

@test "60 dropped, two runners at once, one of them killed: each arrives once" {
	public
	for i in {1..60}; do printf 'Subject: %s\n\nbody\n' "$i" | as_nobody kim@example.test; done
	box=$PABAL_ROOT/mail/example.test/kim
	start queue-run </dev/null >/dev/null 2>&1 3>&-
	victim=$!
	start queue-run </dev/null >/dev/null 2>&1 3>&-
	other=$!
	some() { [ -n "$(find "$Q/new" -type f)" ] || [ "$(ls "$Q/drop" | wc -l)" -lt 60 ]; }
	wait_until some
	kill -9 "$victim" || : # it may have finished: then this is the easy case
	wait "$other" || :
	empty() { queue-run; [ -z "$(find "$Q"/{drop,new,later} -type f)" ]; }
	wait_until empty
	grep -h '^Subject: ' "$box"/new/* | sort -k2n | diff - <(printf 'Subject: %s\n' {1..60})
}

@test "a real job of Debian's cron" {
	[ "$(id -u)" = 0 ] || cannot "needs root"
	unshare -m true 2>/dev/null || cannot "no mount namespace of one's own here"
	cron=$("$TOP/tests/peers/fetch" cron) || cannot "cron could not be downloaded"
	chmod 711 "$Q"
	mkdir sbin lib
	cp "$BUILD/bin/sendmail" sbin
	mv "$PABAL_ROOT" lib/pabal
	cat >job <<-'END'
		MAILTO=kim@example.test
		@reboot echo the job says; echo it to fd 2 >&2
	END
	# Its folders are bound over the system's, for this process and its children alone.
	cat >inside <<-'END'
		mount -t tmpfs none /run && mount -t tmpfs none /var/spool
		mkdir -p /var/spool/cron/crontabs /run/lock
		cp job /var/spool/cron/crontabs/nobody
		chown nobody /var/spool/cron/crontabs/nobody
		chmod 600 /var/spool/cron/crontabs/nobody
		[ ! -d /etc/cron.d ] || mount -t tmpfs none /etc/cron.d
		[ ! -f /etc/crontab ] || mount --bind /dev/null /etc/crontab
		mount --bind lib /var/lib
		mount --bind sbin /usr/sbin
		exec env -i PATH=/usr/bin:/bin "$1" -f
	END
	start unshare -m sh -e inside "$cron/usr/sbin/cron" </dev/null >cron.out 2>&1 3>&-
	dropped() { [ -n "$(find lib/pabal/queue/drop -type f -size +0)" ]; }
	wait_until dropped || { cat cron.out; false; }
	export PABAL_ROOT=$PWD/lib/pabal
	arrived() { queue-run && only_message "$PABAL_ROOT/mail/example.test/kim" >/dev/null; }
	wait_until arrived
	f=$(only_message "$PABAL_ROOT/mail/example.test/kim")
	grep -qx 'Return-Path: <nobody@mail.example.test>' "$f"
	grep -q '^Subject: Cron ' "$f"
	grep -qx 'the job says' "$f"
	grep -qx 'it to fd 2' "$f"
}

@test "git send-email" {
	git send-email -h 2>&1 | grep -q -- --sendmail-cmd || cannot "git send-email is not installed"
	export HOME=$PWD GIT_CONFIG_NOSYSTEM=1 GIT_AUTHOR_NAME=Kim GIT_AUTHOR_EMAIL=kim@example.test
	export GIT_COMMITTER_NAME=Kim GIT_COMMITTER_EMAIL=kim@example.test
	git init -q repo
	cd repo
	echo 김치 >file
	git add file
	git commit -qm '김치: a subject that is not ASCII'
	git send-email -q --sendmail-cmd="sendmail -i" --confirm=never --to=lee@x.test --cc=kim@example.test \
		--suppress-cc=all --envelope-sender=kim@example.test --8bit-encoding=UTF-8 -1 >../out 2>&1 || { cat ../out; false; }
	[ "$(queued_envelope | grep -c '^RCPT TO:')" -ge 1 ]
	queued_envelope | grep -q '^MAIL FROM:<kim@example.test>'
	queued_envelope | grep -qx 'RCPT TO:<lee@x.test>'
	[ "$(queued_message | grep -c '^Message-ID: \|^Message-Id: ')" = 1 ]
	# what was sent is the patch
	below_trace | git -C . mailinfo msg patch | grep -q '^Subject: 김치'
	grep -q '^+김치' patch
}
