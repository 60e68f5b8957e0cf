# tls-wrap(8): certificates, names, protocols, ends.
load lib
load tls

setup() {
	make_root example.org alice
	export PABAL_LOG=fd:2
	make_ca authority
	host_cert mail.example.org
}
teardown() {
	stop_all
	rm -rf "${HASHED:-$BATS_TEST_TMPDIR/none}"
}

# wrap ARGS…: tls-wrap on a listening socket; its log is $LOG.
wrap() { start_wait tls-wrap "$@" 2>>"$LOG"; }

@test "a program gets plaintext, and the facts in its environment" {
	TCPREMOTEIP=192.0.2.1 wrap sh -c 'env; read -r l; echo "$l"'
	out=$(echo hello | timeout 20 openssl s_client -connect 127.0.0.1:"$PORT" -servername Mail.Example.org -quiet 2>/dev/null)
	grep -qx TLS_VERSION=TLSv1.3 <<<"$out"
	grep -qxE 'TLS_CIPHER=TLS_(AES_(128|256)_GCM_SHA(256|384)|CHACHA20_POLY1305_SHA256)' <<<"$out"
	grep -qix TLS_SNI=mail.example.org <<<"$out"
	grep -qxE 'TLS_EXPORTER=[0-9a-f]{64}' <<<"$out"
	grep -qx PROTO=TCP <<<"$out"
	grep -qx TCPREMOTEIP=192.0.2.1 <<<"$out" # who started us knows better than the socket
	grep -qx hello <<<"$out"
	! grep -q '^TLS_PEER=\|^TLS_ALPN=' <<<"$out"
}

@test "over inherited descriptors, as tcp-serve, inetd or ssh leave them" {
	start tcp-serve 127.0.0.1 0 tls-wrap sh -c 'echo "$TLS_VERSION $TCPREMOTEIP"; read -r l; echo "$l"' >"$BATS_TEST_TMPDIR/says" 2>>"$LOG"
	wait_until grep -q listening "$BATS_TEST_TMPDIR/says"
	port=$(awk '{print $3}' "$BATS_TEST_TMPDIR/says")
	out=$(echo hello | timeout 20 openssl s_client -connect 127.0.0.1:"$port" -quiet 2>/dev/null)
	[ "$out" = $'TLSv1.3 127.0.0.1\nhello' ]
}

@test "TLS 1.2 with forward secrecy, nothing older, nothing weaker, no ticket, no resumption" {
	wrap sh -c 'echo "$TLS_VERSION $TLS_CIPHER [$TLS_EXPORTER]"'
	out=$(timeout 20 openssl s_client -connect 127.0.0.1:"$PORT" -tls1_2 -quiet </dev/null 2>/dev/null)
	[[ $out =~ ^TLSv1.2\ TLS_ECDHE_ECDSA_WITH_.*\ \[\]$ ]]
	for old in '-tls1_1 -cipher DEFAULT@SECLEVEL=0' '-tls1 -cipher DEFAULT@SECLEVEL=0' '-tls1_2 -cipher AES128-SHA' \
		'-tls1_2 -cipher ECDHE-ECDSA-AES128-SHA'; do
		run timeout 20 openssl s_client -connect 127.0.0.1:"$PORT" $old </dev/null
		[ "$status" -ne 0 ]
	done
	for v in -tls1_2 -tls1_3; do
		timeout 20 openssl s_client -connect 127.0.0.1:"$PORT" $v -sess_out "$BATS_TEST_TMPDIR/session" </dev/null >"$BATS_TEST_TMPDIR/first" 2>/dev/null
		! grep -qi 'session ticket' "$BATS_TEST_TMPDIR/first"
		[ ! -s "$BATS_TEST_TMPDIR/session" ] || ! timeout 20 openssl s_client -connect 127.0.0.1:"$PORT" $v \
			-sess_in "$BATS_TEST_TMPDIR/session" </dev/null 2>/dev/null | grep -q '^Reused'
	done
}

@test "SNI by folder: exactly, by wildcard, else the host's own" {
	host_cert imap.example.net default
	make_cert "$PABAL_ROOT/control/tls/*.example.com" /CN=star 'DNS:*.example.com'
	wrap cat
	[ "$(subject "$PORT" -servername imap.example.net)" = 'CN = imap.example.net' ]
	[ "$(subject "$PORT" -servername IMAP.Example.NET)" = 'CN = imap.example.net' ]
	[ "$(subject "$PORT" -servername any.example.com)" = 'CN = star' ]
	[ "$(subject "$PORT" -servername a.b.example.com)" = 'CN = default' ]
	[ "$(subject "$PORT" -servername example.com)" = 'CN = default' ]
	[ "$(subject "$PORT" -servername ../mail.example.org)" = 'CN = default' ]
	[ "$(subject "$PORT" -noservername)" = 'CN = default' ]
	rm -r "$PABAL_ROOT/control/tls/default"
	[ "$(subject "$PORT" -noservername)" = 'CN = mail.example.org' ]
}

@test "new certificates, names and links are taken by the next connection; bad ones are not" {
	wrap cat
	[ "$(subject "$PORT" -servername new.example.net)" = 'CN = mail.example.org' ]
	host_cert new.example.net
	[ "$(subject "$PORT" -servername new.example.net)" = 'CN = new.example.net' ]
	make_cert "$PABAL_ROOT/control/tls/new.example.net" /CN=renewed DNS:new.example.net
	[ "$(subject "$PORT" -servername new.example.net)" = 'CN = renewed' ]
	# half of a renewal: the key does not fit
	openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$PABAL_ROOT/control/tls/new.example.net/key.pem" 2>/dev/null
	[ "$(subject "$PORT" -servername new.example.net)" = 'CN = renewed' ]
	grep -q 'event=config-error.*new.example.net/key.pem.*mismatch' "$LOG" || grep 'new.example.net/key.pem' "$LOG"
	# a folder as certbot has it
	live=$BATS_TEST_TMPDIR/live/bot
	make_cert "$live" /CN=bot DNS:bot.example.net
	mv "$live/key.pem" "$live/privkey.pem"
	mv "$live/cert.pem" "$live/fullchain.pem"
	ln -s "$live" "$PABAL_ROOT/control/tls/bot.example.net"
	[ "$(subject "$PORT" -servername bot.example.net)" = 'CN = bot' ]
	# gone
	rm -r "$PABAL_ROOT/control/tls/new.example.net"
	[ "$(subject "$PORT" -servername new.example.net)" = 'CN = mail.example.org' ]
}

@test "ALPN: what is offered must be ours (ALPACA); nothing need be offered" {
	wrap -a imap,other sh -c 'echo "[$TLS_ALPN]"'
	c() { timeout 20 openssl s_client -connect 127.0.0.1:"$PORT" -quiet "$@" </dev/null 2>/dev/null; }
	[ "$(c -alpn imap)" = '[imap]' ]
	[ "$(c -alpn h2,other)" = '[other]' ]
	[ "$(c)" = '[]' ]
	for p in h2 http/1.1 ima imap2; do
		run c -alpn $p
		[ "$status" -ne 0 ] && [ -z "$output" ]
	done
	wait_until grep -q 'event=tls-failed.*no.*application.*protocol' "$LOG"
}

@test "the end that the peer meant, and octets that were cut off" {
	wrap sh -c 'cat >"$1/got"; echo "$?" >"$1/code"' - "$BATS_TEST_TMPDIR"
	ended() { [ -s "$BATS_TEST_TMPDIR/code" ]; }
	tls_client "$PORT" 'tls(); say("all of it"); s.unwrap()'
	wait_until ended
	[ "$(<"$BATS_TEST_TMPDIR/code")" = 0 ] && [ "$(<"$BATS_TEST_TMPDIR/got")" = 'all of it' ]
	rm "$BATS_TEST_TMPDIR/code"
	tls_client "$PORT" 'tls(); say("some of it"); cut()'
	wait_until ended
	[ "$(<"$BATS_TEST_TMPDIR/code")" = 1 ] && [ "$(<"$BATS_TEST_TMPDIR/got")" = 'some of it' ]
	rm "$BATS_TEST_TMPDIR/code"
	# a record that was tampered with
	tls_client "$PORT" 'tls(); say("some of it"); fd = s.detach(); socket.socket(fileno=fd).sendall(b"\x17\x03\x03\x00\x20" + b"x" * 32)'
	wait_until ended
	[ "$(<"$BATS_TEST_TMPDIR/code")" = 1 ] && [ "$(<"$BATS_TEST_TMPDIR/got")" = 'some of it' ]
	[ "$(grep -c event=tls-cut "$LOG")" = 2 ]
}

@test "what comes behind close_notify is not read" {
	wrap sh -c 'cat >"$1/got"; echo "$?" >"$1/code"' - "$BATS_TEST_TMPDIR"
	tls_client "$PORT" '
tls(); say("sealed")
b = s.unwrap()
b.sendall(b"in the clear\r\n")'
	wait_until test -s "$BATS_TEST_TMPDIR/code"
	[ "$(<"$BATS_TEST_TMPDIR/got")" = sealed ]
}

@test "much, both ways, whole" {
	head -c 20000000 /dev/urandom >"$BATS_TEST_TMPDIR/much"
	wrap cat
	tls_client "$PORT" '
import threading
tls()
data = open(tmp + "/much", "rb").read()
def send():
    s.sendall(data)
t = threading.Thread(target=send); t.start()
got = bytearray()
while len(got) < len(data):
    got += s.recv(65536)
t.join()
assert got == data'
}

@test "no key, one that is broken, one with a passphrase, one of another: nothing starts, and the log says why" {
	dir=$PABAL_ROOT/control/tls/mail.example.org
	cp "$dir/key.pem" "$BATS_TEST_TMPDIR/good"
	tries() {
		rc=0
		out=$(timeout 20 tls-wrap cat </dev/null 2>"$LOG") || rc=$?
		[ $rc = 75 ] && [ -z "$out" ] && grep -q "$1" "$LOG" || { cat "$LOG"; return 1; }
	}
	rm "$dir/key.pem"
	tries 'mail.example.org/key.pem.*No.*such'
	echo nonsense >"$dir/key.pem"
	tries 'mail.example.org/key.pem'
	openssl pkey -in "$BATS_TEST_TMPDIR/good" -aes256 -passout pass:x -out "$dir/key.pem"
	tries 'mail.example.org/key.pem'
	openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$dir/key.pem" 2>/dev/null
	tries 'mail.example.org/key.pem.*mismatch'
	rm -r "$PABAL_ROOT/control/tls"
	tries 'control/tls.*No.*such'
}

@test "-t, and mail-doctor, judge the certificates" {
	chmod 600 "$PABAL_ROOT"/control/tls/*/key.pem
	run tls-wrap -t
	[ "$status" = 0 ] && [[ $output =~ ^'warn control/tls/mail.example.org: ends soon, '(9|10)' days left'$ ]]
	DAYS=100 host_cert mail.example.org
	chmod 600 "$PABAL_ROOT"/control/tls/*/key.pem
	run tls-wrap -t
	[ "$status" = 0 ] && [[ $output =~ ^'ok control/tls/mail.example.org: certificate and key, '(99|100)' days left'$ ]]
	host_cert old.example.org open.example.org broken.example.org
	make_cert "$PABAL_ROOT/control/tls/other.example.org" /CN=x DNS:another.example.org
	chmod 600 "$PABAL_ROOT"/control/tls/*/key.pem
	chmod 644 "$PABAL_ROOT/control/tls/open.example.org/key.pem"
	echo >"$PABAL_ROOT/control/tls/broken.example.org/key.pem"
	run tls-wrap -t
	[ "$status" = 78 ]
	grep -q '^FAIL control/tls/open.example.org: everybody can read its key' <<<"$output"
	grep -q '^warn control/tls/other.example.org: ends soon' <<<"$output"
	grep -q '^FAIL control/tls/broken.example.org: .*key.pem' <<<"$output"
	run mail-doctor
	[ "$status" = 1 ] && grep -q '^FAIL control/tls/open.example.org: everybody can read its key' <<<"$output"
	rm -r "$PABAL_ROOT"/control/tls/*
	run tls-wrap -t
	[ "$status" = 78 ] && grep -q '^FAIL control/tls: no key' <<<"$output"
}

@test "a client's certificate: none is needed, a good one is named, a bad one is refused" {
	echo "$CA.pem" >"$PABAL_ROOT/control/tls-client-ca"
	make_cert "$BATS_TEST_TMPDIR/alice" /CN=Alice email:alice@example.org
	make_cert "$BATS_TEST_TMPDIR/bob" /CN=bob DNS:x
	wrap sh -c 'echo "[$TLS_PEER]"'
	c() { timeout 20 openssl s_client -connect 127.0.0.1:"$PORT" -quiet "$@" </dev/null 2>/dev/null; }
	with() { c -cert "$BATS_TEST_TMPDIR/$1/cert.pem" -key "$BATS_TEST_TMPDIR/$1/key.pem"; }
	[ "$(c)" = '[]' ]
	[ "$(with alice)" = '[alice@example.org]' ]
	[ "$(with bob)" = '[bob]' ]
	make_ca stranger
	make_cert "$BATS_TEST_TMPDIR/eve" /CN=eve email:alice@example.org
	run with eve
	[ -z "$output" ]
}

# client ARGS…: tls-wrap -c with the network on 6 and 7.
client() { timeout 30 python3 -c '
import os, socket, sys
s = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
os.dup2(s.fileno(), 6); os.dup2(s.fileno(), 7)
os.execvp(sys.argv[2], sys.argv[2:])' "$PORT" tls-wrap -c "$@"; }

@test "the client's side: who the server is, by file and by hashed directory" {
	wrap sh -c 'read -r l; echo "you said $l"'
	echo "$CA.pem" >"$PABAL_ROOT/control/tls-ca"
	ask='echo hi >&7; cat <&6; echo "$TLS_VERSION"'
	[ "$(client -n mail.example.org sh -c "$ask")" = $'you said hi\nTLSv1.3' ]
	[ "$(TCPREMOTEHOST=mail.example.org client sh -c "$ask")" = $'you said hi\nTLSv1.3' ]
	run client -n other.example.org sh -c "$ask"
	[ "$status" = 75 ] && ! grep -q said <<<"$output" && grep -qi 'event=tls-failed.*mismatch' <<<"$output"
	# who reads it is nobody, who cannot reach the folder of this test
	HASHED=$(mktemp -d)
	chmod 755 "$HASHED"
	echo "$HASHED" >"$PABAL_ROOT/control/tls-ca"
	run client -n mail.example.org sh -c "$ask"
	[ "$status" = 75 ] && ! grep -q said <<<"$output"
	[ "$(client -i -n mail.example.org sh -c "$ask" 2>/dev/null)" = $'you said hi\nTLSv1.3' ]
	cp "$CA.pem" "$HASHED"
	openssl rehash "$HASHED"
	[ "$(client -n mail.example.org sh -c "$ask")" = $'you said hi\nTLSv1.3' ]
	run client sh -c "$ask" # no name: nobody to be sure of
	[ "$status" = 75 ]
}

@test "the process that meets the network owns nothing, reaches nothing, and sees no other descriptor" {
	[ "$BUILD" = "$TOP/build/release" ] || return 0 # the other variants have no seccomp
	wrap sh -c 'echo ready; cat'
	tls_client "$PORT" '
tls(); line()
import subprocess, time
for p in os.listdir("/proc"):
    try:
        if not p.isdigit() or b"tls-wrap\0" not in open("/proc/%s/cmdline" % p, "rb").read():
            continue
        st = dict(l.split(":", 1) for l in open("/proc/%s/status" % p))
        env = open("/proc/%s/environ" % p, "rb").read()
        fds = sorted(int(f) for f in os.listdir("/proc/%s/fd" % p))
    except (OSError, PermissionError):
        continue
    if tmp.encode() not in env or int(st["Seccomp"]) == 0:
        continue
    print("engine", st["Uid"].split()[0], st["NoNewPrivs"].strip(), st["CapEff"].strip(), fds)' >"$BATS_TEST_TMPDIR/seen"
	cat "$BATS_TEST_TMPDIR/seen"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/seen")" = 1 ]
	read -r _ uid nnp caps fds <"$BATS_TEST_TMPDIR/seen"
	[ "$nnp" = 1 ] && [ "$caps" = 0000000000000000 ] && [ "$uid" != 0 ]
	[ "$fds" = '[0, 1, 2, 3, 4, 5, 6, 7]' ]
}

@test "a listener serves no more than -m at once, and ends with its sessions" {
	wrap -m 1 sh -c 'echo "$$"; cat'
	tls_client "$PORT" '
tls(); line()
two = socket.create_connection(("127.0.0.1", port))
two.settimeout(0.5)
try:
    context.wrap_socket(two, server_hostname="x")
    raise SystemExit("served")
except TimeoutError:
    pass
s.unwrap()
three = context.wrap_socket(socket.create_connection(("127.0.0.1", port)), server_hostname="x")
assert three.recv(100)'
	pid=${STARTED[-1]}
	kill "$pid"
	wait_until bash -c "! kill -0 $pid 2>/dev/null"
}

@test "an idle session costs less than 1 MiB of memory of its own, all of its processes counted" {
	serve() { start_wait "$@" 2>>"$LOG"; }
	[ "$BUILD" = "$TOP/build/release" ] || return 0 # the sanitizers need more
	serve tls-wrap smtp-recv
	tls_client "$PORT" '
import time
def start():
    x = context.wrap_socket(socket.create_connection(("127.0.0.1", port)), server_hostname="x")
    assert x.recv(100)
    x.sendall(b"EHLO c\r\n"); assert x.recv(1000)
    return x
def used():
    n = 0
    for p in os.listdir("/proc"):
        try:
            if p.isdigit() and tmp.encode() in open("/proc/%s/environ" % p, "rb").read() and \
                    os.path.basename(os.readlink("/proc/%s/exe" % p)) in ("tls-wrap", "smtp-recv"):
                n += sum(int(l.split()[1]) for l in open("/proc/%s/smaps_rollup" % p) if l.startswith("Private_"))
        except OSError:
            pass
    return n
def settled():
    was, now = -1, used()
    end = time.monotonic() + 15
    while was != now and time.monotonic() < end:
        was = now; time.sleep(0.5); now = used()
    return now
first = [start()]
before = settled()
more = [start() for _ in range(10)]
each = (settled() - before) / 10
print(each, "KiB a session")
assert 100 < each < 1024'
}

@test "gnutls-cli and curl" {
	need gnutls-cli curl
	wrap -a imap sh -c 'printf "* OK hello\r\n"; cat'
	timeout 20 gnutls-cli --x509cafile "$CA.pem" --verify-hostname mail.example.org -p "$PORT" 127.0.0.1 </dev/null >"$BATS_TEST_TMPDIR/out"
	grep -q 'OK hello' "$BATS_TEST_TMPDIR/out" && grep -q 'trusted' "$BATS_TEST_TMPDIR/out"
}
