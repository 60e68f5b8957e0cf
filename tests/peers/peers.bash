# Other people's mail servers for tests and measurements, from packages unpacked under build/peers;
# source it after tests/lib.bash, or alone with TOP set. All of them end by process id (stop_peers).

PEERS=$TOP/tests/peers
PEER_PIDS=() PEER_DIRS=()

# Downloads what is missing, once; a test that cannot have it skips.
need_peers() {
	"$PEERS/fetch" postfix >/dev/null || cannot "Postfix could not be downloaded"
}

# peer_port PORT: true as soon as something accepts there.
peer_port() { (: <>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

peer_ready() { # PID PORT: at most 20 s
	local end=$((SECONDS + 20))
	until peer_port "$2"; do
		kill -0 "$1" 2>/dev/null || { echo "peer $1 ended at once" >&2; return 1; }
		((SECONDS < end)) || { echo "nothing accepts at port $2" >&2; return 1; }
		read -rt 0.05 <> <(:) || :
	done
}

# start_postfix PORT DOMAIN [RELAY_HOST RELAY_PORT]: see tests/peers/postfix. Sets POSTFIX, its folder (log in
# $POSTFIX/log, the Maildir of DOMAIN in $POSTFIX/mail/box), and POSTFIX_PID. Lines in POSTFIX_MAIN are
# added to its main.cf. Needs root.
start_postfix() {
	POSTFIX=$(mktemp -d "${TMPDIR:-/tmp}/pabal-postfix.XXXXXX")
	PEER_DIRS+=("$POSTFIX")
	[ -z "${POSTFIX_MAIN:-}" ] || printf '%s\n' "$POSTFIX_MAIN" >"$POSTFIX/main.extra"
	"$PEERS/postfix" "$POSTFIX" "$@" >"$POSTFIX/out" 2>&1 </dev/null 3>&- &
	POSTFIX_PID=$!
	PEER_PIDS+=("$POSTFIX_PID")
	peer_ready "$POSTFIX_PID" "$1" || { cat "$POSTFIX/out" "$POSTFIX/log" >&2; return 1; }
}

# start_smtp_sink PORT [OPTION…]: accepts and counts, or with -d FILE-PATTERN keeps, all mail; SINK_PID.
start_smtp_sink() {
	local port=$1
	shift
	# As root it wants to be told a user; it stays what we are.
	[ "$(id -u)" != 0 ] || set -- -u root "$@"
	"$PEERS/peer" smtp-sink "$@" "127.0.0.1:$port" 1000 >/dev/null 2>&1 </dev/null 3>&- &
	SINK_PID=$!
	PEER_PIDS+=("$SINK_PID")
	peer_ready "$SINK_PID" "$port"
}

# smtp_source OPTION…: as the manual of Postfix says, at the end HOST:PORT.
smtp_source() { "$PEERS/peer" smtp-source "$@"; }

stop_peers() {
	local pid dir
	for pid in "${PEER_PIDS[@]}"; do
		kill "$pid" 2>/dev/null || :
		wait "$pid" 2>/dev/null || :
	done
	for dir in "${PEER_DIRS[@]}"; do
		rm -rf "$dir"
	done
	PEER_PIDS=() PEER_DIRS=()
}

# start_dns DIR: an nsd of the test's own for the zones DIR/*.zone (the file's name is the zone's), asked by what
# reads control/resolver in $PABAL_ROOT. Sets DNS_PORT. A zone that cannot be loaded is SERVFAIL.
start_dns() {
	local zone
	DNS_PORT=$(free_port)
	{
		cat <<-END
			server:
			 ip-address: 127.0.0.1@$DNS_PORT
			 username: ""
			 chroot: ""
			 zonesdir: "$1"
			 pidfile: ""
			 database: ""
			 logfile: "$1/log"
			 xfrdfile: ""
			 xfrdir: "$1"
			 zonelistfile: "$1/list"
			 server-count: 1
			remote-control:
			 control-enable: no
		END
		for zone in "$1"/*.zone; do
			printf 'zone:\n name: "%s"\n zonefile: "%s"\n' "$(basename "$zone" .zone)" "$zone"
		done
	} >"$1/nsd.conf"
	nsd -d -c "$1/nsd.conf" >/dev/null 2>&1 </dev/null 3>&- &
	PEER_PIDS+=($!)
	peer_ready $! "$DNS_PORT" || { cat "$1/log" >&2; return 1; }
	echo "127.0.0.1@$DNS_PORT" >"$PABAL_ROOT/control/resolver"
}

# start_fake NAME [ADDRESS [PORT]] -- STEP=ACTION…: tests/peers/fake-smtp; the log is $BATS_TEST_TMPDIR/NAME and the
# port FAKE_PORT.
start_fake() {
	local name=$1 address=127.0.0.1 port=0
	shift
	[ "${1:---}" = -- ] || { address=$1; shift; }
	[ "${1:---}" = -- ] || { port=$1; shift; }
	[ $# = 0 ] || shift
	: >"$BATS_TEST_TMPDIR/$name"
	"$PEERS/fake-smtp" "$address" "$port" "$BATS_TEST_TMPDIR/$name.port" "$BATS_TEST_TMPDIR/$name" "$@" \
		>"$BATS_TEST_TMPDIR/$name.err" 2>&1 </dev/null 3>&- &
	PEER_PIDS+=($!)
	wait_until test -f "$BATS_TEST_TMPDIR/$name.port" || { cat "$BATS_TEST_TMPDIR/$name.err" >&2; return 1; }
	FAKE_PORT=$(<"$BATS_TEST_TMPDIR/$name.port")
}
