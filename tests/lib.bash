# What the bats files share: `load lib`. Hermetic: a root of its own in $BATS_TEST_TMPDIR, no fixed port,
# no sleep, everything that was started is ended by its process id.

TOP=$(cd "$BATS_TEST_DIRNAME/.." && pwd)
BUILD=${PABAL_BUILD:-$TOP/build/release}
PATH=$BUILD/bin:/usr/sbin:/sbin:$PATH
export LC_ALL=C.UTF-8 TZ=UTC
# For `unshare -${R}m`: root needs no user namespace, and may have none where it is in a chroot.
R=r
[ "$(id -u)" != 0 ] || R=
unset PABAL_ROOT PABAL_RUN PABAL_NOW JOURNAL_STREAM

# make_root DOMAIN USER…: an installation in $PABAL_ROOT with these mailboxes; the log goes to $LOG.
make_root() {
	local domain=$1 user
	shift
	export PABAL_ROOT=$BATS_TEST_TMPDIR/root
	LOG=$BATS_TEST_TMPDIR/log
	mkdir -p "$PABAL_ROOT"/{control,run,queue/{new,later,hold,failed,log},mail/"$domain"}
	mkdir -p "$PABAL_ROOT"/queue/later/{0,1,2,3,4,5,6,7,8,9,A,B,C,D,E,F}{0,1,2,3,4,5,6,7,8,9,A,B,C,D,E,F}
	mkdir -p -m 3733 "$PABAL_ROOT/queue/drop"
	chmod 3733 "$PABAL_ROOT/queue/drop"
	echo "mail.$domain" >"$PABAL_ROOT/control/me"
	echo "$domain" >"$PABAL_ROOT/control/domains"
	for user; do
		mkdir -p "$PABAL_ROOT/mail/$domain/$user"/{cur,new,tmp}
		echo "$user@$domain:mail/$domain/$user"
	done | LC_ALL=C sort >"$PABAL_ROOT/control/users"
	printf '%s\n' "abuse@$domain:postmaster@$domain" "postmaster@$domain:${1:-root}@$domain" \
		>"$PABAL_ROOT/control/aliases"
	: >"$LOG"
}

# The path of the one message in a Maildir's new/; fails where there is not exactly one.
only_message() {
	local files=("$1"/new/*)
	[ ${#files[@]} = 1 ] && [ -f "${files[0]}" ] && echo "${files[0]}"
}

# wait_until COMMAND…: until it succeeds, at most 20 s; polling a condition, never a fixed wait.
wait_until() {
	local end=$((SECONDS + 20))
	until "$@"; do
		((SECONDS < end)) || { echo "never true: $*" >&2; return 1; }
		read -rt 0.02 <> <(:) || :
	done
}

# start COMMAND…: in the background, its pid in $! and ended by stop_all (call it in teardown).
STARTED=()
start() {
	"$@" 3>&- &
	STARTED+=($!)
}
# start_wait COMMAND…: as inetd does it with `wait`: the listening socket is fd 0. Sets PORT, of loopback.
start_wait() {
	local file=$BATS_TEST_TMPDIR/port.$RANDOM$RANDOM
	start python3 -c '
import os, socket, sys
s = socket.socket()
s.bind(("127.0.0.1", 0))
s.listen(1000)
with open(sys.argv[1] + ".new", "w") as f:
    f.write(str(s.getsockname()[1]))
os.rename(sys.argv[1] + ".new", sys.argv[1])
os.dup2(s.fileno(), 0)
os.execvp(sys.argv[2], sys.argv[2:])' "$file" "$@"
	wait_until test -s "$file" || return
	PORT=$(<"$file")
}
stop_all() {
	local pid
	for pid in "${STARTED[@]}"; do
		kill "$pid" 2>/dev/null || :
		wait "$pid" 2>/dev/null || :
	done
	STARTED=()
}

# A port of loopback that was free a moment ago; for peers that cannot bind port 0 themselves.
free_port() {
	python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# need COMMAND…: skips, with a message, where one is missing; under CI a skip is a failure.
need() {
	local c
	for c; do
		command -v "$c" >/dev/null || cannot "$c is not installed"
	done
}
# nothing_new COMMAND…: runs it while nothing can be added to $PABAL_ROOT/queue/new, for it alone.
nothing_new() {
	unshare -${R}m true 2>/dev/null || cannot "no mount namespace of one's own here"
	unshare -${R}m bash -c '
		mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" || exit 99
		exec "$@"' "$PABAL_ROOT/queue/new" "$@"
}
cannot() {
	[ "${CI:-}" = true ] && { echo "under CI nothing is skipped: $*" >&2; return 1; }
	skip "$*"
}

# four_owners: from then on `owned COMMAND…` (or "${OWNED[@]}" COMMAND…) runs it where the users mailnet, mailq, mailauth and mailstore exist
# (60901 to 60904), in a user database that only it sees. Needs root.
four_owners() {
	local i=0 name
	unshare -m true 2>/dev/null || cannot "no mount namespaces here"
	for name in passwd group; do cp "/etc/$name" "$BATS_TEST_TMPDIR/etc-$name"; done
	for name in mailnet mailq mailauth mailstore; do
		sed -i "/^$name:/d" "$BATS_TEST_TMPDIR"/etc-*
		i=$((i + 1))
		echo "$name:x:$((60900 + i)):$((60900 + i))::/nonexistent:/bin/false" >>"$BATS_TEST_TMPDIR/etc-passwd"
		echo "$name:x:$((60900 + i)):" >>"$BATS_TEST_TMPDIR/etc-group"
	done
	# for `start`, which needs the process itself and not a shell around it
	OWNED=(unshare -m sh -ec 'mount --bind "$1" /etc/passwd; mount --bind "$2" /etc/group; shift 2; exec "$@"'
		- "$BATS_TEST_TMPDIR/etc-passwd" "$BATS_TEST_TMPDIR/etc-group")
}
owned() { "${OWNED[@]}" "$@"; }

# corpus: our own messages, those of Python's tests, and the foreign ones that this machine has.
corpus() {
	local dir python
	python=$("$TOP/tests/peers/fetch" libpython3.11-testsuite) || cannot "Python's test messages could not be downloaded"
	ls "$TOP"/tests/mail/*.eml
	for dir in "$python/usr/lib/python3.11/test/test_email/data" "$TOP"/../shared/corpus/{mimekit,mime-tools/testmsgs}; do
		[ ! -d "$dir" ] || find "$dir" -maxdepth 1 -type f \( -name '*.msg' -o -name '*.eml' -o -name '*.txt' \)
	done | sort
}
