# What every program of ours keeps, whatever it is for. A program is found by being in build/release/bin.
load lib

setup() {
	make_root example.org alice bob
	export PABAL_LOG=none HOME=$BATS_TEST_TMPDIR
	WORK=$BATS_TEST_TMPDIR/work
	mkdir -p "$WORK/tmp"
	export TMPDIR=$WORK/tmp
	printf 'From: a@example.org\nSubject: x\n\nbody\n' >"$WORK/message"
	cd "$WORK" || return
}

programs() { (cd "$BUILD/bin" && ls); }

# args PROGRAM: sets ARGS to arguments with which it does its work and ends by itself.
args() {
	case $1 in
	deliver-maildir) ARGS=(mail/example.org/alice) ;;
	mail-attach) ARGS=(message) ;;
	mail-header) ARGS=(-x subject) ;;
	mail-parts) ARGS=(-T) ;;
	mail-show) ARGS=(-w 40) ;;
	mail-init) ARGS=(example.org) ;;
	maildir-flag) ARGS=(+S "$WORK/box/cur/1.a.h:2,") ;;
	maildir-pick) ARGS=('body ~ body' "$WORK/message") ;;
	maildir-refile) ARGS=("$WORK/box" "$WORK/box/cur/1.a.h:2,") ;;
	maildir-list) ARGS=(-l "$PABAL_ROOT/mail/example.org/alice" "$WORK/message") ;;
	mail-up) ARGS=(-x) ;;              # serves until it is ended: only its usage is tried
	mail-user) ARGS=(list) ;;
	mail-where) ARGS=(alice@example.org) ;;
	queue-edit) ARGS=(hold -a) ;;
	queue-add) ARGS=(-f a@example.org bob@example.org) ;;
	sendmail) ARGS=(-f a@example.org bob@example.org) ;;
	smtp-send) ARGS=(-c 127.0.0.1:1 -f a@example.org bob@example.net) ;; # nothing accepts at port 1
	tcp-serve) ARGS=(127.0.0.1) ;;     # serves until it is ended: only its usage is tried
	tls-wrap) ARGS=(-i) ;;             # talks to a network: only its usage is tried
	thru) ARGS=(cat -- queue-add -f a@example.org bob@example.org) ;;
	*) ARGS=() ;;
	esac
}

# ends_well WHAT RC: no signal death, no time-out, no sanitizer report.
ends_well() {
	(($2 < 124)) || { echo "$1: exit $2"; return 1; }
}

# state: what a program may not change by accident.
state() { (cd "$PABAL_ROOT" && find control passwd -type f 2>/dev/null | sort | xargs sha256sum; sha256sum "$WORK/message"); }

@test "there are programs to try" {
	[ "$(programs | wc -l)" -ge 1 ]
}

@test "-h prints the usage on standard output and exits 0" {
	bad=
	for p in $(programs); do
		rc=0
		timeout 20 "$p" -h >out 2>err </dev/null || rc=$?
		grep -qi "usage: *$p" out && [ ! -s err ] && [ $rc = 0 ] || bad+="$p: exit $rc, $(head -1 out err)"$'\n'
	done
	[ -z "$bad" ] || { echo "$bad"; false; }
}

@test "an unknown option exits 64, or 75 in the mail path, with a word on fd 2" {
	bad=
	for p in $(programs); do
		rc=0
		timeout 20 "$p" -$'\x01' </dev/null >out 2>err || rc=$?
		[[ $rc =~ ^(64|75)$ ]] && [ -s err ] && [ ! -s out ] || bad+="$p: exit $rc"$'\n'
		rc=0
		timeout 20 "$p" --no-such-option </dev/null >out 2>err || rc=$?
		[[ $rc =~ ^(64|75)$ ]] || bad+="$p --no-such-option: exit $rc"$'\n'
	done
	[ -z "$bad" ] || { echo "$bad"; false; }
}

@test "closed descriptors crash nothing, hang nothing, and nothing is written where it does not belong" {
	before=$(state)
	for p in $(programs); do
		args "$p"
		for closed in '<&-' '>&-' '2>&-' '<&- >&-' '<&- 2>&-' '>&- 2>&-' '<&- >&- 2>&-'; do
			for option in '' -h; do
				rc=0
				timeout -k 5 20 sh -c "exec <message >out 2>err; exec $closed; exec \"\$@\"" - \
					"$p" $option "${ARGS[@]}" || rc=$?
				ends_well "$p $option $closed" $rc
			done
		done
		[ "$p" = mail-init ] && before=$(state) # to write there is its work
		[ "$(state)" = "$before" ] || { echo "$p changed:"; diff <(echo "$before") <(state); false; }
		# its own words must not be in a file that it opened
		! grep -rlE "^$p: |^usage: |^queued " "$PABAL_ROOT"
	done
}

@test "where a program prints, a full standard output is an error" {
	tried=0
	for p in $(programs); do
		args "$p"
		for option in '' -h; do
			timeout 20 "$p" $option "${ARGS[@]}" <message >out 2>err || :
			[ -s out ] || continue
			rc=0
			timeout -k 5 20 "$p" $option "${ARGS[@]}" <message >/dev/full 2>err || rc=$?
			ends_well "$p $option >/dev/full" $rc
			[ $rc != 0 ] || { echo "$p $option: exit 0 with a full standard output"; false; }
			((tried += 1))
		done
	done
	((tried > 0))
}

@test "a full standard error ends nothing by a signal" {
	for p in $(programs); do
		args "$p"
		for a in "${ARGS[*]}" -$'\x01'; do
			rc=0
			timeout -k 5 20 "$p" $a <message >out 2>/dev/full || rc=$?
			ends_well "$p $a 2>/dev/full" $rc
		done
	done
}

@test "a megabyte without a line end, NULs, and noise on standard input" {
	head -c 1000000 /dev/zero | tr '\0' x >line
	head -c 1000000 /dev/zero >nuls
	# the same noise each time
	awk 'BEGIN { srand(1); for (i = 0; i < 100000; i++) printf "%c", int(rand() * 256) }' >noise
	printf 'Subject: x' >short
	for p in $(programs); do
		args "$p"
		for input in line nuls noise short /dev/null; do
			rc=0
			timeout -k 5 20 "$p" "${ARGS[@]}" <$input >out 2>err || rc=$?
			ends_well "$p <$input" $rc
			rc=0
			cat $input | timeout -k 5 20 "$p" "${ARGS[@]}" >out 2>err || rc=$?
			ends_well "$p <$input, a pipe" $rc
		done
	done
}

@test "an empty environment" {
	[ ! -e /var/lib/pabal ] || cannot "there is a real installation here"
	for p in $(programs); do
		args "$p"
		rc=0
		env -i "$(command -v "$p")" -h >out 2>err </dev/null || rc=$?
		[ $rc = 0 ] && grep -qi "usage: *$p" out || { echo "$p -h: exit $rc"; false; }
		[ "$p" = mail-init ] && continue # it would make the installation
		rc=0
		timeout -k 5 20 env -i "$(command -v "$p")" "${ARGS[@]}" <message >out 2>err || rc=$?
		ends_well "$p, no environment" $rc
	done
	[ ! -e /var/lib/pabal ]
}

@test "no installation at all: nothing is lost, nothing crashes" {
	export PABAL_ROOT=$WORK/none
	for p in $(programs); do
		[ "$p" = mail-init ] && continue
		args "$p"
		rc=0
		timeout -k 5 20 "$p" "${ARGS[@]}" <message >out 2>err || rc=$?
		ends_well "$p without a root" $rc
		case $p in
		queue-add | sendmail) [ $rc = 75 ] || { echo "$p: exit $rc"; false; } ;;
		esac
	done
}

@test "a reader that goes away early ends nothing by a signal" {
	for p in $(programs); do
		args "$p"
		rc=$(set +o pipefail; { timeout -k 5 20 "$p" "${ARGS[@]}" <message 2>err; echo $? >rc; } | :; cat rc)
		[ -f "$TOP/scripts/$p" ] && [ "$rc" = 141 ] && rc=0 # a shell's own end
		ends_well "$p | true" "$rc"
		rc=$({ timeout -k 5 20 "$p" -h <message 2>err; echo $? >rc; } | :; cat rc)
		[ -f "$TOP/scripts/$p" ] && [ "$rc" = 141 ] && rc=0
		ends_well "$p -h | true" "$rc"
	done
}
