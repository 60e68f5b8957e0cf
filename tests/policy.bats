# The operator's policy of smtp-recv(8): programs by stage, the shipped ones, the limits that are built in.
load lib

setup() {
	make_root example.org alice bob
	export PABAL_LOG=fd:9
	exec 9>>"$LOG"
	unset TCPREMOTEIP TLS_VERSION
	OUT=$BATS_TEST_TMPDIR/out
	Q=$PABAL_ROOT/queue
	P=$PABAL_ROOT/control/policy
	RAN=$BATS_TEST_TMPDIR/ran
	export RAN
}
teardown() { stop_all; }

# session LINE…: lines, with CRLF, to a session on a pipe; its replies in $OUT, CR taken off.
session() {
	printf '%s\r\n' "$@" | timeout 60 smtp-recv >"$OUT.raw"
	local rc=$?
	tr -d '\r' <"$OUT.raw" >"$OUT"
	return $rc
}
# from IP LINE…: the same from the network.
from() {
	local ip=$1
	shift
	TCPREMOTEIP=$ip PROTO=TCP session "$@"
}
codes() { sed -n 's/^\(...\) .*/\1/p' "$OUT" | tr '\n' ' ' | sed 's/ $//'; }
codes_are() { [ "$(codes)" = "$1" ] || { echo "got $(codes), not $1"; cat "$OUT"; return 1; }; }
has() { grep -q -- "$1" "$OUT" || { echo "no $1 in:"; cat "$OUT"; return 1; }; }
logged() { grep -q -- "$1" "$LOG" || { echo "no $1 in the log:"; cat "$LOG"; return 1; }; }
queued_are() { [ "$(find "$Q/new" -type f | wc -l)" = "$1" ] || { find "$Q/new"; return 1; }; }
# policy STAGE/NAME LINE…: a script of these lines.
policy() {
	mkdir -p "$P/${1%/*}"
	{ echo '#!/bin/sh'; printf '%s\n' "${@:2}"; } >"$P/$1"
	chmod +x "$P/$1"
}
MAIL=('EHLO client.example' 'MAIL FROM:<a@b.example>' 'RCPT TO:<alice@example.org>' DATA 'Subject: x' '' body . QUIT)

@test "each stage refuses with 65 and 77, defers with 75, and a doubt is 451" {
	for code in 65 77; do
		policy connect/1 "echo '5.7.0 not you' >&2; exit $code"
		session "${MAIL[@]}"
		codes_are 554
		has '^554 5.7.0 not you$'
	done
	policy connect/1 'echo "come again" >&2; exit 75'
	session "${MAIL[@]}"
	codes_are 421
	has '^421 4.7.1 come again$'
	rm "$P/connect/1"
	for stage in helo mail rcpt data; do
		case $stage in
		helo) before='220' after='503 503 503 500 500 500 500 221' ;;
		mail) before='220 250' after='503 503 500 500 500 500 221' ;;
		rcpt) before='220 250 250' after='554 500 500 500 500 221' ;;
		data) before='220 250 250 250 354' after=221 ;;
		esac
		reply=550
		[ $stage != data ] || reply=554
		policy $stage/1 'echo "first line" >&2; echo "5.7.25 no name" >&2; exit 77'
		session "${MAIL[@]}"
		codes_are "$before $reply $after"
		has "^$reply 5.7.25 no name$"
		logged "event=refused .*reply=$reply enhanced=5.7.25 text=no\\\\x20name"
		policy $stage/1 'echo "later" >&2; exit 75'
		session "${MAIL[@]}"
		codes_are "$before 450 $after"
		has '^450 4.7.1 later$'
		for doubt in 'exit 1' 'exit 100' 'kill -9 $$' '/nonexistent' 'exit 75' 'echo "5.7.1 x" >&2; exit 99'; do
			policy $stage/1 "$doubt"
			session "${MAIL[@]}"
			codes_are "$before 451 $after" || { echo "$doubt"; false; }
		done
		policy $stage/1 'exit 0'
		session "${MAIL[@]}"
		codes_are '220 250 250 250 354 250 221'
		queued_are 1
		rm "$P/$stage/1" "$Q"/new/*
	done
}

@test "programs run in the order of their names, until one says no" {
	policy rcpt/20-b 'echo b >>"$RAN"'
	policy rcpt/10-a 'echo a >>"$RAN"'
	policy rcpt/30-c 'echo c >>"$RAN"; exit 77'
	policy rcpt/40-d 'echo d >>"$RAN"'
	policy rcpt/.hidden 'echo hidden >>"$RAN"'
	policy rcpt/50-backup~ 'echo backup >>"$RAN"'
	policy rcpt/05-not 'echo not >>"$RAN"'
	chmod -x "$P/rcpt/05-not"
	session "${MAIL[@]}"
	[ "$(tr '\n' ' ' <"$RAN")" = 'a b c ' ]
	has '^550 5.7.1 not welcome$'
}

@test "the facts are in the environment, and only values" {
	policy data/1 'env >"$RAN.data"; cat >"$RAN.message"'
	for stage in connect helo mail rcpt; do
		policy $stage/1 "env >>\$RAN.$stage; [ ! -t 0 ] && cat >/dev/null"
	done
	evil='x$(touch${IFS}pwned);`touch${IFS}pwned2`'
	from 192.0.2.7 "EHLO $evil" "MAIL FROM:<\"\$(touch pwned3)\"@b.example> SIZE=100" 'RCPT TO:<alice@example.org>' \
		'RCPT TO:<bob@example.org>' DATA 'Subject: x' '' body . QUIT
	codes_are '220 250 250 250 250 354 250 221'
	[ -z "$(find . "$BATS_TEST_TMPDIR" "$PABAL_ROOT" -maxdepth 1 -name 'pwned*')" ]
	grep -qx TCPREMOTEIP=192.0.2.7 "$RAN.connect"
	grep -qx STAGE=connect "$RAN.connect"
	run grep -E '^(HELO|SENDER|RECIPIENT|AUTH_USER|RELAY_CLIENT)=' "$RAN.connect"
	[ "$status" = 1 ]
	grep -qxF "HELO=$evil" "$RAN.helo"
	grep -qxF 'SENDER="$(touch pwned3)"@b.example' "$RAN.mail"
	grep -qx SIZE=100 "$RAN.mail"
	[ "$(grep ^RECIPIENT= "$RAN.rcpt" | tr '\n' ' ')" = 'RECIPIENT=alice@example.org RECIPIENT=bob@example.org ' ]
	[ "$(grep ^RCPT_N= "$RAN.rcpt" | tr '\n' ' ')" = 'RCPT_N=1 RCPT_N=2 ' ]
	grep -qx RCPT_N=2 "$RAN.data"
	grep -qx "QUEUE_ID=$(basename "$Q"/new/*)" "$RAN.data"
	[ "$(tail -1 "$RAN.message")" = body ]
	diff <(sed '1,/^DATA$/d' "$Q"/new/*) "$RAN.message"
}

@test "a program that hangs is ended, and is a doubt" {
	echo 1 >"$PABAL_ROOT/control/policy-timeout"
	policy rcpt/1 'echo $$ >"$RAN"; exec sleep 1000'
	session "${MAIL[@]:0:3}" QUIT
	codes_are '220 250 250 451 221'
	gone() { ! kill -0 "$(cat "$RAN")" 2>/dev/null; }
	wait_until gone
}

@test "who has logged in and who may relay is told" {
	echo loopback >"$PABAL_ROOT/control/login-without-tls"
	echo pencil | mail-user passwd alice@example.org
	echo 127.0.0.1 >"$PABAL_ROOT/control/relay-nets"
	policy rcpt/1 'echo "$AUTH_USER $RELAY_CLIENT" >>"$RAN"'
	session "${MAIL[@]}"
	printf '%s\r\n' 'EHLO x' "AUTH PLAIN $(printf '\0alice\0pencil' | base64)" 'MAIL FROM:<alice@example.org>' \
		'RCPT TO:<x@elsewhere.example>' QUIT | smtp-recv -s >"$OUT"
	[ "$(cat "$RAN")" = $' 1\nalice@example.org 1' ]
}

@test "where there is no policy nothing is executed" {
	need strace
	mkdir -p "$P"/{connect,helo,mail,rcpt,data}
	printf '%s\r\n' "${MAIL[@]}" | strace -f -qq -e trace=execve,fork,vfork,clone,clone3 -o "$RAN" smtp-recv >"$OUT"
	grep -q '^250 2.0.0 queued' "$OUT"
	[ "$(grep -c execve "$RAN")" = 1 ]
	[ "$(grep -cE 'clone|fork' "$RAN")" = 1 ] # the talker
}

@test "more than so many connections of one network are turned away, loopback is not" {
	echo 2 >"$PABAL_ROOT/control/max-per-network"
	start_wait smtp-recv
	python3 - "$PORT" <<-'END'
		import socket, sys
		clients = [socket.create_connection(("127.0.0.1", int(sys.argv[1])), 20) for _ in range(4)]
		assert all(s.recv(3) == b"220" for s in clients)
	END
	ip=$(hostname -I 2>/dev/null | tr ' ' '\n' | grep -m1 '^[0-9.]*$') || cannot "no address but loopback"
	start tcp-serve -w "$ip" 0 smtp-recv >"$BATS_TEST_TMPDIR/listening"
	wait_until test -s "$BATS_TEST_TMPDIR/listening"
	read -r _ _ port <"$BATS_TEST_TMPDIR/listening"
	python3 - "$ip" "$port" <<-'END'
		import socket, sys
		def connect():
		    return socket.create_connection((sys.argv[1], int(sys.argv[2])), 20)
		a, b = connect(), connect()
		assert a.recv(3) == b"220" and b.recv(3) == b"220"
		c = connect()
		assert c.recv(9) == b"421 4.7.0"
		a.close()
		for _ in range(1000):  # until its end was seen
		    if connect().recv(3) == b"220":
		        break
		else:
		    raise SystemExit("a place that is free again is not given")
	END
	logged 'event=refused ip=.*reply=421 enhanced=4.7.0'
}

@test "who talks before the greeting is no mail system" {
	echo 1 >"$PABAL_ROOT/control/greet-delay"
	from 192.0.2.7 "${MAIL[@]}"
	codes_are 554
	has '^554 5.5.1'
	logged 'event=refused ip=192.0.2.7 .*reply=554 enhanced=5.5.1'
	session "${MAIL[@]}" # no stranger
	codes_are '220 250 250 250 354 250 221'
}

@test "errors of a stranger cost time" {
	echo 1 >"$PABAL_ROOT/control/tarpit"
	echo 2 >"$PABAL_ROOT/control/tarpit-after"
	before=$(date +%s%N)
	from 192.0.2.7 X X X X QUIT
	codes_are '220 500 500 500 500 221'
	(($(date +%s%N) - before >= 1900000000))
	before=$(date +%s%N)
	session X X X X QUIT
	(($(date +%s%N) - before < 1900000000))
}

@test "a session ends after its time, whatever the client does" {
	echo 2 >"$PABAL_ROOT/control/session-timeout"
	start_wait smtp-recv
	python3 - "$PORT" <<-'END'
		import socket, sys, time
		s = socket.create_connection(("127.0.0.1", int(sys.argv[1])), 20)
		f = s.makefile("rwb")
		assert f.readline()[:3] == b"220"
		end = time.monotonic() + 20
		while time.monotonic() < end:  # a client that never stops
		    f.write(b"NOOP\r\n")
		    f.flush()
		    if f.readline()[:9] == b"421 4.4.2":
		        break
		else:
		    raise SystemExit("it is served for ever")
	END
}

# dns: a server of the test's own, which dns-ask uses.
dns() {
	need nsd
	mkdir -p "$BATS_TEST_TMPDIR/dns"
	cat >"$BATS_TEST_TMPDIR/dns/bl.test.zone" <<-'END'
		$ORIGIN bl.test.
		$TTL 60
		@ SOA ns hostmaster 1 60 60 60 60
		@ NS ns
		ns A 127.0.0.1
		7.2.0.192 A 127.0.0.2
		7.2.0.192 TXT "spam; $(touch pwned)"
		8.2.0.192 A 127.255.255.254
		9.2.0.192 A 192.0.2.99
		1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2 A 127.0.0.2
		mx MX 10 ns
	END
	cat >"$BATS_TEST_TMPDIR/dns/2.0.192.in-addr.arpa.zone" <<-'END'
		$ORIGIN 2.0.192.in-addr.arpa.
		$TTL 60
		@ SOA ns.bl.test. hostmaster 1 60 60 60 60
		@ NS ns.bl.test.
		7 PTR good.names.test.
		8 PTR liar.names.test.
		9 PTR x.broken.test.
		10 PTR missing.names.test.
	END
	cat >"$BATS_TEST_TMPDIR/dns/names.test.zone" <<-'END'
		$ORIGIN names.test.
		$TTL 60
		@ SOA ns.bl.test. hostmaster 1 60 60 60 60
		@ NS ns.bl.test.
		good A 192.0.2.1
		good A 192.0.2.7
		liar A 192.0.2.1
	END
	echo 'nonsense(' >"$BATS_TEST_TMPDIR/dns/broken.test.zone"
	load peers/peers
	PEER_PIDS=() PEER_DIRS=()
	start_dns "$BATS_TEST_TMPDIR/dns"
	STARTED+=("${PEER_PIDS[@]}")
}
# judged CODE WORDS COMMAND…: its exit code, and what it says.
judged() {
	local code=$1 words=$2 rc=0
	shift 2
	said=$("$@" 2>&1) || rc=$?
	[ "$rc" = "$code" ] && [[ $said == *"$words"* ]] || { echo "exit $rc: $said"; return 1; }
}

@test "policy-dnsbl, policy-rdns and dns-ask" {
	dns
	judged 0 192.0.2.1 dns-ask good.names.test
	judged 0 '10 ns.bl.test' dns-ask mx.bl.test MX
	judged 0 good.names.test dns-ask -r 192.0.2.7
	judged 0 127.0.0.2 dns-ask -r 2001:db8::1 bl.test
	judged 1 '' dns-ask missing.names.test
	judged 75 'DNS gives no answer' dns-ask x.broken.test
	judged 64 'not an address' dns-ask -r 192.0.2
	for ip in 192.0.2.7 2001:db8::1; do
		TCPREMOTEIP=$ip judged 77 "5.7.1 $ip is listed in bl.test" policy-dnsbl none.test bl.test
	done
	TCPREMOTEIP=192.0.2.7 judged 77 'spam; $(touch pwned)' policy-dnsbl bl.test
	# not listed, a list that does not talk to us, an answer that is none, a list that is gone, no network
	for ip in 192.0.2.1 192.0.2.8 192.0.2.9 2001:db8::2 ''; do
		TCPREMOTEIP=$ip judged 0 '' policy-dnsbl bl.test broken.test
	done
	TCPREMOTEIP=192.0.2.7 judged 0 '' policy-rdns
	TCPREMOTEIP=192.0.2.8 judged 77 '5.7.25 the name of 192.0.2.8 does not lead back' policy-rdns
	TCPREMOTEIP=192.0.2.10 judged 77 '5.7.25' policy-rdns
	TCPREMOTEIP=192.0.2.11 judged 77 'has no name' policy-rdns
	TCPREMOTEIP=192.0.2.9 judged 75 4.7.25 policy-rdns
	[ ! -e pwned ]
	# and in the server
	policy rcpt/10-dnsbl 'exec policy-allow policy-dnsbl bl.test'
	from 192.0.2.7 "${MAIL[@]:0:3}" QUIT
	codes_are '220 250 250 550 221'
	has '^550 5.7.1 192.0.2.7 is listed in bl.test'
	echo 192.0.2.7 >"$PABAL_ROOT/control/allow"
	from 192.0.2.7 "${MAIL[@]}"
	codes_are '220 250 250 250 354 250 221'
}

@test "policy-allow: who is welcome" {
	printf '%s\n' '# friends' 192.0.2.7 198.51.100. 2001:db8: a@b.example @corp.example >"$PABAL_ROOT/control/allow"
	export SENDER=x@y.example AUTH_USER= RELAY_CLIENT=
	for ip in 192.0.2.7 198.51.100.200 2001:db8::1 127.0.0.1 ::1 ''; do
		TCPREMOTEIP=$ip judged 0 '' policy-allow false
	done
	for ip in 192.0.2.70 192.0.2.1 198.51.10.1 2001:db9::1; do
		TCPREMOTEIP=$ip judged 1 '' policy-allow false
		TCPREMOTEIP=$ip AUTH_USER=alice judged 0 '' policy-allow false
		TCPREMOTEIP=$ip RELAY_CLIENT=1 judged 0 '' policy-allow false
		TCPREMOTEIP=$ip SENDER=a@b.example judged 0 '' policy-allow false
		TCPREMOTEIP=$ip SENDER=who@corp.example judged 0 '' policy-allow false
		TCPREMOTEIP=$ip SENDER=who@evilcorp.example judged 1 '' policy-allow false
	done
}

@test "policy-greylist: the first time is too early, a while later is not" {
	policy rcpt/1 'exec policy-greylist -w 5'
	early=("${MAIL[@]:0:3}" QUIT)
	from 192.0.2.7 "${early[@]}"
	codes_are '220 250 250 450 221'
	has '^450 4.7.1 not seen before'
	from 192.0.2.7 "${early[@]}"
	codes_are '220 250 250 450 221'
	# the clock of the file goes back instead of ours forward
	touch -d '-10 seconds' "$PABAL_ROOT"/run/greylist/*
	from 192.0.2.8 "${MAIL[@]}" # of the same network
	codes_are '220 250 250 250 354 250 221'
	from 192.0.2.7 "${early[@]}"
	codes_are '220 250 250 250 221'
	from 192.0.3.7 "${early[@]}"
	codes_are '220 250 250 450 221'
	from 192.0.2.7 "${early[0]}" 'MAIL FROM:<other@b.example>' "${early[2]}" QUIT
	codes_are '220 250 250 450 221'
}

@test "policy-rate: by address and by user" {
	policy mail/1 'exec policy-rate connections 2 3600 "$TCPREMOTEIP"'
	one=("${MAIL[@]:0:2}" QUIT)
	for code in 250 250 450; do
		from 192.0.2.7 "${one[@]}"
		codes_are "220 250 $code 221"
	done
	has '^450 4.7.1'
	from 192.0.2.8 "${one[@]}"
	codes_are '220 250 250 221'
	judged 0 '' policy-rate -n 3 users 3 60 alice
	judged 75 4.7.1 policy-rate users 3 60 alice
	judged 0 '' policy-rate users 3 60 ''
	judged 0 '' env PABAL_NOW=$(($(date +%s) + 25)) policy-rate users 3 60 alice
	for bad in 'a/b 1 1 x' '.. 1 1 x' 'a 0 1 x' 'a 1 0 x' 'a 1 1' 'a 1 9999999999 x'; do
		judged 75 '' policy-rate $bad
	done
	# who cannot count stops nobody
	rm -r "$PABAL_ROOT/run"
	: >"$PABAL_ROOT/run"
	judged 0 '' policy-rate users 3 60 alice
}

@test "fail2ban's filter finds who is refused for good and who cannot log in, and nobody else" {
	tree=$("$TOP/tests/peers/fetch" fail2ban) || cannot "fail2ban could not be downloaded"
	echo loopback >"$PABAL_ROOT/control/login-without-tls"
	from 192.0.2.7 "${MAIL[@]:0:2}" 'RCPT TO:<nobody@example.org>' 'RCPT TO:<x@elsewhere.example>' QUIT
	policy rcpt/1 'exit 75'
	from 192.0.2.8 "${MAIL[@]:0:3}" QUIT
	from 2001:db8::9 "${MAIL[@]:0:2}" 'RCPT TO:<ip=192.0.2.99reply=550@elsewhere.example>' QUIT
	from 192.0.2.10 "EHLO x" 'MAIL FROM:<"event=refused ip=192.0.2.98 reply=550"@b.example>' "${MAIL[2]}" QUIT
	echo pencil | mail-user passwd alice@example.org
	echo "PLAIN $(printf '\0nobody@example.org ip=192.0.2.97 \0x' | base64 -w 0)" | TCPREMOTEIP=192.0.2.11 auth-check || :
	sed 's/^/Nov 24 05:00:00 host /' "$LOG" >"$BATS_TEST_TMPDIR/mail.log"
	sed -E 's/^([a-z-]+): /Nov 24 05:00:01 host \1[123]: /' "$LOG" >>"$BATS_TEST_TMPDIR/mail.log"
	python=$(find "$tree" -type d -name fail2ban -path '*-packages*' | head -1)
	cp -r "$tree/etc/fail2ban" "$BATS_TEST_TMPDIR/etc"
	cp "$TOP/scripts/fail2ban/pabal.conf" "$BATS_TEST_TMPDIR/etc/filter.d/"
	PYTHONPATH=${python%/*} python3 "$tree/usr/bin/fail2ban-regex" -c "$BATS_TEST_TMPDIR/etc" -o ip "$BATS_TEST_TMPDIR/mail.log" \
		"$BATS_TEST_TMPDIR/etc/filter.d/pabal.conf" >"$OUT" || { cat "$OUT"; false; }
	diff - <(sort -u "$OUT") <<-'END'
		192.0.2.11
		192.0.2.7
		2001:db8::9
	END
}

@test "XCLIENT and XFORWARD: from named networks only" {
	for verb in XCLIENT XFORWARD; do
		session 'EHLO x' "$verb ADDR=192.0.2.7" QUIT
		codes_are '220 250 550 221'
		run grep "$verb" "$OUT"
		[ "$status" = 1 ]
	done
	echo 192.0.2.1 | tee "$PABAL_ROOT/control/xclient-nets" >"$PABAL_ROOT/control/xforward-nets"
	from 192.0.2.2 'EHLO x' 'XCLIENT ADDR=127.0.0.1' 'XFORWARD ADDR=127.0.0.1' QUIT
	codes_are '220 250 550 550 221'
	from 192.0.2.1 'EHLO x' QUIT
	has '^250.XCLIENT NAME ADDR PORT PROTO HELO$'
	has '^250.XFORWARD NAME ADDR PORT PROTO HELO IDENT SOURCE$'
}

@test "XCLIENT: relaying, policy and Received go by who was named, and nobody is named twice" {
	echo 192.0.2.1 >"$PABAL_ROOT/control/xclient-nets"
	echo 198.51.100.0/24 >"$PABAL_ROOT/control/relay-nets"
	policy rcpt/1 'echo "$TCPREMOTEIP $TCPREMOTEHOST $HELO" >>"$RAN"'
	relay=('EHLO inner.example' 'MAIL FROM:<a@b.example>' 'RCPT TO:<x@elsewhere.example>' DATA 'Subject: x' '' body . QUIT)
	from 192.0.2.1 'EHLO proxy' 'XCLIENT NAME=good.example ADDR=198.51.100.7 PORT=4711' "${relay[@]}"
	codes_are '220 250 220 250 250 250 354 250 221'
	[ "$(cat "$RAN")" = '198.51.100.7 good.example inner.example' ]
	grep -q '^Received: from inner.example (good.example \[198.51.100.7\])' "$Q"/new/*
	logged 'event=accepted .* ip=198.51.100.7 '
	for other in ADDR=203.0.113.1 'ADDR=IPV6:2001:db8::1' 'ADDR=[UNAVAILABLE]'; do
		from 192.0.2.1 'EHLO proxy' "XCLIENT $other" "${relay[@]:0:3}" QUIT
		codes_are '220 250 220 250 250 550 221'
		# who was named is no proxy
		from 192.0.2.1 "XCLIENT $other" 'XCLIENT ADDR=198.51.100.7' QUIT
		codes_are '220 220 550 221'
	done
	for bad in ADDR=999.1.1.1 ADDR=x ADDR=1.2.3.4+0A PORT=99999 'NAME=a(b)' LOGIN=alice 'ADDR=192.0.2.9 ADDR=192.0.2.9' ''; do
		from 192.0.2.1 'EHLO x' "XCLIENT $bad" QUIT
		codes_are '220 250 501 221' || { echo "$bad"; false; }
	done
	# no login without TLS because a proxy is near
	echo 127.0.0.1 >"$PABAL_ROOT/control/xclient-nets"
	echo loopback >"$PABAL_ROOT/control/login-without-tls"
	printf '%s\r\n' 'XCLIENT ADDR=203.0.113.1' 'EHLO x' 'AUTH PLAIN AGEAYg==' QUIT | smtp-recv -s | tr -d '\r' >"$OUT"
	codes_are '220 220 250 538 221'
}

@test "XFORWARD: kept with the next message, and changes nothing else" {
	echo 192.0.2.1 >"$PABAL_ROOT/control/xforward-nets"
	echo 198.51.100.7 >"$PABAL_ROOT/control/relay-nets"
	from 192.0.2.1 'EHLO filter' 'XFORWARD NAME=a.example ADDR=198.51.100.7' 'XFORWARD HELO=a+2Bb IDENT=17' \
		'MAIL FROM:<a@b.example>' 'RCPT TO:<x@elsewhere.example>' 'RCPT TO:<alice@example.org>' DATA 'Subject: x' '' body . \
		'MAIL FROM:<a@b.example>' 'RCPT TO:<bob@example.org>' DATA 'Subject: x' '' body . QUIT
	codes_are '220 250 250 250 250 550 250 354 250 250 250 354 250 221'
	grep -q '^XFORWARD NAME=a.example ADDR=198.51.100.7 HELO=a+2Bb IDENT=17$' "$(grep -l 'TO:<alice' "$Q"/new/*)"
	grep -q '^XFORWARD ADDR=192.0.2.1 ' "$(grep -l 'TO:<bob' "$Q"/new/*)"
	grep -q '\[192.0.2.1\]' "$(grep -l 'TO:<alice' "$Q"/new/*)"
}

@test "PROXY: believed from named networks only" {
	start tcp-serve -p 192.0.2.0/24 127.0.0.1 0 smtp-recv >"$BATS_TEST_TMPDIR/one"
	start tcp-serve -p 127.0.0.1 127.0.0.1 0 smtp-recv >"$BATS_TEST_TMPDIR/two"
	echo 198.51.100.7 >"$PABAL_ROOT/control/relay-nets"
	wait_until test -s "$BATS_TEST_TMPDIR/one"
	wait_until test -s "$BATS_TEST_TMPDIR/two"
	python3 - "$(cut -d ' ' -f 3 "$BATS_TEST_TMPDIR/one")" "$(cut -d ' ' -f 3 "$BATS_TEST_TMPDIR/two")" <<-'END'
		import socket, struct, sys
		one = b"PROXY TCP4 198.51.100.7 192.0.2.1 4711 25\r\n"
		two = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c" + bytes([198, 51, 100, 7, 192, 0, 2, 1]) + struct.pack(">HH", 4711, 25)
		def relays(port, head):
		    s = socket.create_connection(("127.0.0.1", int(port)), 20)
		    s.sendall(head + b"EHLO x\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<x@elsewhere.example>\r\nQUIT\r\n")
		    try:
		        return b"\r\n250 2.1.5" in s.makefile("rb").read()
		    except ConnectionResetError:
		        return False
		for head in one, two:
		    assert not relays(sys.argv[1], head), "a stranger names another address"
		    assert relays(sys.argv[2], head), "a named proxy is not believed"
		assert not relays(sys.argv[2], b""), "a proxy without a header"
	END
}
