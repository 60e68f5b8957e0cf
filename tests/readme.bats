# What the README shows is true: its shell lines are run, its configuration lines are used.
load lib

setup() {
	make_root example.org alice bob
	export PABAL_LOG=none
	cd "$BATS_TEST_TMPDIR" || return
	printf 'From: alice@example.org\nSubject: plan\n\nAt nine.\n' >message
	printf 'alice@example.org\nbob@example.org\n' >members
}
teardown() { stop_all; }

# blocks KIND: the fenced blocks of that kind, each ended by a line "###".
blocks() { awk -v kind="\`\`\`$1" '$0 == kind { on = 1; next } /^```/ && on { on = 0; print "###"; next } on' "$TOP/README.md"; }

new_of() { find "$PABAL_ROOT/mail/example.org/$1/new" -type f; }
has() { new_of "$1" | xargs -r cat | grep -qxF -e "$2"; }

# smtp PORT: sends one message; the reply is in $output.
smtp() { run smtp-send -c "127.0.0.1:$1" -f bob@example.org alice@example.org <message; }
open_port() { (: <>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

@test "it opens with the two commands" {
	run sed -n '1,/make check/p' "$TOP/README.md"
	[ "$(grep -c '^    make' <<<"$output")" = 2 ]
	((${#lines[@]} <= 8))
	make -C "$TOP" -n run check >/dev/null
}

@test "every file that it names is there" {
	for f in $(grep -oE '\]\([^)]*\)' "$TOP/README.md" | tr -d '])('); do
		[ -e "$TOP/$f" ] || { echo "$f"; false; }
	done
	for c in $(grep -oE '^# [a-z-]+' <(blocks console) | cut -c 3- | sort -u) smtp-recv queue-run thru; do
		[ -e "$BUILD/bin/$c" ] || [[ " make for ln cp systemctl useradd " == *" $c "* ]] || { echo "$c"; false; }
	done
}

@test "the shell lines run, and do what is said" {
	blocks sh >all
	[ "$(grep -c '^###' all)" = 4 ]
	awk 'n < 3; /^###/ { n++ }' all | grep -v '^###' | bash -e >out
	grep -q '^queued ' out
	queue-run
	has alice 'Subject: [team] plan'
	has bob 'Subject: [team] plan'
	has alice 'Subject: disk space'
	# the chain is now in force
	start tcp-serve 127.0.0.1 0 smtp-recv >listening 3>&-
	wait_until grep -q listening listening
	smtp "$(sed 's/.* //' listening)"
	[ "$status" = 0 ]
	queue-run
	has alice 'Subject: [in] plan'
}

@test "a mailbox in the shell" {
	export MAILDIR=$PABAL_ROOT/mail/example.org/alice EMAIL=alice@example.org EDITOR=true
	printf 'From: Kim <kim@example.org>\nTo: alice@example.org\nSubject: plan\n\nAt nine.\n' |
		deliver-maildir "$MAILDIR"
	blocks sh | awk '/^###/ { n++; next } n == 3' >lines
	[ "$(wc -l <lines)" = 4 ]
	setsid -w bash -e lines </dev/null >out
	[ "$(grep -c Kim out)" -ge 2 ]
	grep -qx 'At nine.' out
	grep -qx 'Subject: Re: plan' out
}

@test "cron's way to the mailbox" {
	job=$(blocks crontab | sed -n 's/^0 3 \* \* \*  *//p')
	to=$(blocks crontab | sed -n 's/^MAILTO=//p')
	[ "$job" ] && [ "$to" = alice@example.org ]
	{
		printf 'From: root (Cron Daemon)\nTo: %s\nSubject: Cron <root@host> %s\n\n' "$to" "$job"
		sh -c "$job"
	} | sendmail -FCronDaemon -i -B8BITMIME -oem "$to"
	queue-run
	has alice "Subject: Cron <root@host> $job"
}

@test "the line of inetd.conf, wait and nowait" {
	need inetutils-inetd
	line=$(blocks inetd | grep -v '^###')
	for mode in wait nowait; do
		port=$(free_port)
		sed -e "s|^smtp|127.0.0.1:$port|; s|/usr/local/bin|$BUILD/bin|; s|  mailq  |  $(id -un)  |; s|  wait  |  $mode  |" \
			<<<"$line" >inetd.conf
		grep -q "  $mode  $(id -un)  $BUILD/bin/smtp-recv  smtp-recv$" inetd.conf
		start inetutils-inetd -d -p "$PWD/inetd.pid" inetd.conf >inetd.out 2>&1 3>&-
		wait_until open_port "$port"
		smtp "$port"
		[ "$status" = 0 ]
		[[ $output == *"queued "* ]]
		ours=$(pgrep -P "${STARTED[-1]}" || :)
		stop_all
		[ -z "$ours" ] || kill $ours 2>/dev/null || :
	done
	queue-run
	[ "$(new_of alice | wc -l)" = 2 ]
}

@test "the units are those in scripts/systemd" {
	units=$TOP/scripts/systemd
	blocks ini >shown
	for section in Socket Service; do
		[ "$section" = Socket ] && unit=$units/pabal-smtp.socket || unit=$units/pabal-smtp.service
		awk -v s="[$section]" '$0 == s { on = 1; next } /^(###|\[)/ { on = 0 } on' shown >lines
		[ -s lines ]
		while read -r l; do
			grep -qxF -e "$l" "$unit" || { echo "$unit: $l"; false; }
		done <lines
	done
	grep -qx 'ExecStart=/usr/local/bin/queue-run -w' "$units/pabal-queue.service"
}

@test "the kernel knows what scripts/sysctl sets" {
	settings=0
	while IFS=' =' read -r name value; do
		file=/proc/sys/${name//.//}
		[[ $value =~ ^[0-9]+$ ]] && [ -f "$file" ]
		settings=$((settings + 1))
	done < <(grep -hvE '^(#|$)' "$TOP"/scripts/sysctl/*.conf)
	[ $settings = 1 ]
}

@test "systemd takes the units" {
	need systemd-analyze
	mkdir units
	for u in "$TOP"/scripts/systemd/*; do
		sed "s|/usr/local/bin|$BUILD/bin|" "$u" >"units/$(basename "$u")"
	done
	run systemd-analyze verify --man=no units/*
	[ "$status" = 0 ]
	! grep -E 'pabal-' <<<"$output"
}

@test "started as by the units: the listening socket is fd 0, the log goes to fd 2" {
	command=$(sed -n "s|^ExecStart=/usr/local/bin/|$BUILD/bin/|p" "$TOP/scripts/systemd/pabal-smtp.service")
	unset PABAL_LOG
	JOURNAL_STREAM=1:1 start python3 -c '
import os, socket, sys
s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen(1024)
print(s.getsockname()[1], flush=True)
os.dup2(s.fileno(), 0); os.dup2(2, 1)
os.execv(sys.argv[1], sys.argv[1:])' $command >port 2>journal 3>&-
	wait_until test -s port
	smtp "$(cat port)"
	[ "$status" = 0 ]
	wait_until grep -q '^smtp-recv: event=accepted ' journal
}

@test "started by systemd's own socket activation" {
	need systemd-socket-activate
	port=$(free_port)
	start systemd-socket-activate -l "127.0.0.1:$port" --inetd -E PABAL_ROOT="$PABAL_ROOT" -E PABAL_LOG=none \
		"$BUILD/bin/smtp-recv" >out 2>&1 3>&-
	wait_until open_port "$port"
	smtp "$port"
	[ "$status" = 0 ]
	[[ $output == *"queued "* ]]
}
