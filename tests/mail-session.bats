# A person at a terminal: reads, answers in an editor, and sends, as pabal-mail(7) tells.
load lib

setup() {
	need tmux ed
	make_root example.org alice bob
	cd "$BATS_TEST_TMPDIR" || return
	export PABAL_LOG=none HOME=$BATS_TEST_TMPDIR EMAIL='Alice <alice@example.org>' EDITOR=ed
	export MAILDIR=$PABAL_ROOT/mail/example.org/alice
	unset VISUAL
	TMUX_HERE="tmux -L pabal.$$ -f /dev/null"
	$TMUX_HERE new-session -d -x 100 -y 40 'env -u TMUX LC_ALL=C.UTF-8 PS1="ready> " bash --norc --noprofile' 3>&-
	wait_until shows 'ready>'
}
teardown() { $TMUX_HERE kill-server 2>/dev/null || :; }

shows() { $TMUX_HERE capture-pane -p | grep -qF -- "$1"; }
# types LINE [TEXT]: and waits until TEXT is on the screen.
types() {
	$TMUX_HERE send-keys -l -- "$1"
	$TMUX_HERE send-keys Enter
	[ -z "${2:-}" ] || wait_until shows "$2" || { $TMUX_HERE capture-pane -p; return 1; }
}
arrived() { [ "$(maildir-list "$PABAL_ROOT/mail/example.org/$1" | wc -l)" = "$2" ]; }

@test "read a message, answer it in an editor, send it" {
	printf '점심 어때요?\n' | mail-compose -F 'Bob <bob@example.org>' -t alice@example.org -s 점심 >m
	queue-add -f bob@example.org -t <m && queue-run
	arrived alice 1

	types 'maildir-list -l $MAILDIR' '점심'
	shows 'Bob'
	types 'msg=$(maildir-list $MAILDIR | tail -n 1); mail-show <$msg' '점심 어때요?'
	types 'mail-compose -e -r $msg -o .Sent; echo end$((40 + 2))' '' # the editor says how many octets it has read
	wait_until pgrep -f "^ed " -s "$($TMUX_HERE display -p '#{pane_pid}')"
	types '$a'
	types '좋아요, 열두 시에.'
	types '.'
	types w
	types q 'send'
	types s end42
	types 'queue-run; echo ran$((40 + 2))' ran42
	arrived bob 1
	answer=$(maildir-list "$PABAL_ROOT/mail/example.org/bob")
	mail-show -H subject,to <"$answer" >shown
	grep -qx 'Subject: Re: 점심' shown
	grep -qx 'To: Bob <bob@example.org>' shown
	grep -qx '> 점심 어때요?' shown
	grep -qx '좋아요, 열두 시에.' shown
	[ "$(maildir-list "$MAILDIR/.Sent" | wc -l)" = 1 ]
	[ "$(mail-header -x in-reply-to <"$answer")" = "$(mail-header -x message-id <m)" ]
}

@test "dropped at the question: nothing is sent" {
	types 'mail-compose -e -t bob@example.org -s no; echo end$((40 + 2))' ''
	wait_until pgrep -f "^ed " -s "$($TMUX_HERE display -p '#{pane_pid}')"
	types q 'drop'
	types d end42
	[ -z "$(ls "$PABAL_ROOT/queue/new")" ]
	[ ! -e "$MAILDIR/.Drafts" ] || [ -z "$(maildir-list "$MAILDIR/.Drafts")" ]
}
