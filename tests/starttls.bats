# STARTTLS and STLS: smtp-recv, pop3d and smtp-send with tls-wrap(8).
load lib
load tls

setup() {
	make_root example.org alice
	export PABAL_LOG=fd:2
	make_ca authority
	host_cert mail.example.org
	mail-user passwd alice@example.org <<<'right horse' 2>/dev/null || mail-user add alice@example.org <<<'right horse'
}
teardown() { stop_all; }

serve() { start_wait "$@" 2>>"$LOG"; }

CARE='context = ssl.create_default_context(cafile=tmp + "/authority.pem")'

@test "smtp-recv: Python's smtplib, certificate checked; Received tells ESMTPS and the cipher suite" {
	serve smtp-recv
	tls_client "$PORT" "$CARE"'
import smtplib
raw.close()
class C(smtplib.SMTP):
    def starttls(self, context):
        self._host = "mail.example.org"
        return super().starttls(context=context)
c = C("127.0.0.1", port)
c.ehlo("client.example"); assert c.has_extn("starttls")
c.starttls(context)
c.ehlo("client.example"); assert not c.has_extn("starttls")
for body in ("small\r\n", "line of a large one\r\n" * 60000):
    c.sendmail("a@example.net", ["alice@example.org"], "Subject: x\r\n\r\n" + body)
c.quit()'
	queue-run 2>>"$LOG"
	[ "$(grep -l 'with ESMTPS id' "$PABAL_ROOT"/mail/example.org/alice/new/* | wc -l)" = 2 ]
	for m in "$PABAL_ROOT"/mail/example.org/alice/new/*; do
		grep -qE '^	for <alice@example.org> tls TLS_AES_[0-9A-Z_]+;' "$m"
	done
	! grep -q event=tls-cut "$LOG"
}

@test "smtp-recv: a pair serves TLS and plaintext sessions one after the other" {
	echo 3 >"$PABAL_ROOT/control/recv-connections"
	echo 1 >"$PABAL_ROOT/control/recv-spare"
	serve smtp-recv
	for i in 1 2 3 4 5 6 7; do
		tls_client "$PORT" "
if $i % 2:
    line(); say('EHLO c\r\n'); reply(); say('STARTTLS\r\n'); assert reply().startswith('220'); tls()
else:
    line()
say('EHLO c\r\n'); reply()
say('MAIL FROM:<a@example.net>\r\nRCPT TO:<alice@example.org>\r\nDATA\r\n')
assert [reply()[:3] for _ in range(3)] == ['250', '250', '354']
say('Subject: $i\r\n\r\nx\r\n.\r\nQUIT\r\n')
assert [reply()[:3] for _ in range(2)] == ['250', '221']"
	done
	queue-run 2>>"$LOG"
	[ "$(grep -l 'with ESMTPS id' "$PABAL_ROOT"/mail/example.org/alice/new/* | wc -l)" = 4 ]
	[ "$(grep -l 'with ESMTP id' "$PABAL_ROOT"/mail/example.org/alice/new/* | wc -l)" = 3 ]
}

@test "smtp-recv: under inetd and behind tls-wrap from the first octet" {
	start tcp-serve 127.0.0.1 0 smtp-recv >"$BATS_TEST_TMPDIR/says" 2>>"$LOG"
	wait_until grep -q listening "$BATS_TEST_TMPDIR/says"
	tls_client "$(awk '{print $3}' "$BATS_TEST_TMPDIR/says")" '
line(); say("EHLO c\r\n")
while not line().endswith("STARTTLS"):
    pass
say("STARTTLS\r\n"); assert line().startswith("220"); tls()
say("EHLO c\r\nMAIL FROM:<a@example.net>\r\nRCPT TO:<alice@example.org>\r\nDATA\r\n")
assert [reply()[:3] for _ in range(4)] == ["250", "250", "250", "354"]
say("Subject: inetd\r\n\r\nx\r\n.\r\nQUIT\r\n")
assert [reply()[:3] for _ in range(2)] == ["250", "221"]
assert rest() == b""'
	serve tls-wrap smtp-recv
	tls_client "$PORT" '
tls(); line()
say("EHLO c\r\n")
lines = [line()]
while lines[-1][3] == "-":
    lines.append(line())
assert not any("STARTTLS" in l for l in lines), lines
say("STARTTLS\r\nMAIL FROM:<a@example.net>\r\nRCPT TO:<alice@example.org>\r\nDATA\r\n")
assert [reply()[:3] for _ in range(4)] == ["503", "250", "250", "354"]
say("Subject: wrapped\r\n\r\nx\r\n.\r\nQUIT\r\n")
assert [reply()[:3] for _ in range(2)] == ["250", "221"]'
	queue-run 2>>"$LOG"
	[ "$(grep -l 'with ESMTPS id' "$PABAL_ROOT"/mail/example.org/alice/new/* | wc -l)" = 2 ]
	grep -q 'event=accepted.* ip=127.0.0.1' "$LOG"
}

@test "CVE-2011-0411, CVE-2021-33515: what is pipelined behind STARTTLS in the clear is never taken for protected (SMTP)" {
	serve smtp-recv
	tls_client "$PORT" '
line(); say("EHLO c\r\n"); reply()
say("STARTTLS\r\nMAIL FROM:<evil@example.net>\r\nRCPT TO:<alice@example.org>\r\n")
assert line().startswith("554 5.5.1")
assert rest() == b""'
	# not in one packet: the octets come where the handshake is awaited
	tls_client "$PORT" '
line(); say("EHLO c\r\n"); reply()
say("STARTTLS\r\n"); assert line().startswith("220")
say("MAIL FROM:<evil@example.net>\r\nRCPT TO:<alice@example.org>\r\n")
got = rest()
assert not got.startswith(b"2") and b"250" not in got, got'
	wait_until grep -q event=tls-failed "$LOG"
}

@test "CVE-2011-0411, CVE-2021-33515: the same for POP3" {
	echo loopback >"$PABAL_ROOT/control/login-without-tls"
	serve pop3d
	tls_client "$PORT" '
line(); say("STLS\r\nUSER alice@example.org\r\nPASS right horse\r\n")
assert line() == "-ERR nothing may follow STLS"
assert rest() == b""'
	tls_client "$PORT" '
line(); say("STLS\r\n"); assert line().startswith("+OK")
say("USER alice@example.org\r\nPASS right horse\r\n")
assert b"+OK" not in rest()'
}

@test "STARTTLS forgets the name, the transaction, the chunks and the login" {
	: >"$PABAL_ROOT/control/recv-auth"
	echo loopback >"$PABAL_ROOT/control/login-without-tls"
	serve smtp-recv
	tls_client "$PORT" '
import base64
plain = base64.b64encode(b"\0alice@example.org\0right horse").decode()
line(); say("EHLO before.example\r\n"); reply()
say("AUTH PLAIN " + plain + "\r\n"); assert reply().startswith("235")
say("MAIL FROM:<alice@example.org>\r\nRCPT TO:<alice@example.org>\r\nBDAT 3\r\na\r\n")
assert [reply()[:3] for _ in range(3)] == ["250"] * 3
say("STARTTLS\r\n"); assert reply().startswith("220"); tls()
say("BDAT 3 LAST\r\nb\r\nDATA\r\nRCPT TO:<alice@example.org>\r\nMAIL FROM:<x@example.net>\r\n")
assert [reply()[:3] for _ in range(4)] == ["503"] * 4
say("EHLO after.example\r\nAUTH PLAIN " + plain + "\r\n")
assert [reply()[:3] for _ in range(2)] == ["250", "235"]
say("QUIT\r\n"); assert reply().startswith("221")'
	queue-run 2>>"$LOG"
	[ -z "$(ls "$PABAL_ROOT/mail/example.org/alice/new")" ]
}

@test "CVE-2026-45185: close_notify in the middle of a chunk, then plaintext: nothing is taken" {
	serve smtp-recv
	tls_client "$PORT" '
line(); say("EHLO c\r\n"); reply(); say("STARTTLS\r\n"); reply(); tls()
say("EHLO c\r\nMAIL FROM:<a@example.net>\r\nRCPT TO:<alice@example.org>\r\nBDAT 100 LAST\r\nSubject: x\r\n\r\nhalf")
assert [reply()[:3] for _ in range(3)] == ["250"] * 3
try:
    plain = s.unwrap()
    plain.sendall(b"y" * 100 + b"\r\nMAIL FROM:<evil@example.net>\r\n")
    got = plain.recv(1000)
except (OSError, ssl.SSLError):
    got = b""
assert b"250" not in got'
	wait_until grep -q 'connection\\x20lost\\x20in\\x20BDAT' "$LOG"
	queue-run 2>>"$LOG"
	[ -z "$(ls "$PABAL_ROOT/mail/example.org/alice/new")" ]
}

@test "octets that are cut off: no message; behind QUIT nobody cares" {
	serve smtp-recv
	begin='line(); say("EHLO c\r\n"); reply(); say("STARTTLS\r\n"); reply(); tls()
say("EHLO c\r\nMAIL FROM:<a@example.net>\r\nRCPT TO:<alice@example.org>\r\n")
assert [reply()[:3] for _ in range(3)] == ["250"] * 3'
	tls_client "$PORT" "$begin"'
say("DATA\r\n"); reply(); say("Subject: x\r\n\r\nhalf\r\n"); cut()'
	wait_until grep -q 'connection\\x20lost\\x20in\\x20DATA' "$LOG"
	wait_until grep -q event=tls-cut "$LOG"
	: >"$LOG"
	tls_client "$PORT" "$begin"'
say("DATA\r\n"); reply(); say("Subject: x\r\n\r\nwhole\r\n.\r\nQUIT\r\n"); assert [reply()[:3] for _ in range(2)] == ["250", "221"]; cut()'
	queue-run 2>>"$LOG"
	only_message "$PABAL_ROOT/mail/example.org/alice"
	! grep -q 'event=refused\|event=tls-cut' "$LOG"
}

@test "no key, or one that cannot be read: not offered, and the log says why" {
	echo nonsense >"$PABAL_ROOT/control/tls/mail.example.org/key.pem"
	for server in smtp-recv pop3d; do
		: >"$LOG"
		serve "$server"
		tls_client "$PORT" '
line(); say("EHLO c\r\nCAPA\r\nSTARTTLS\r\nSTLS\r\nQUIT\r\n")
got = rest()
assert b"250 STARTTLS" not in got and b"250-STARTTLS" not in got and b"\nSTLS" not in got, got
assert b"220" not in got and b"begin TLS" not in got, got'
		grep -q 'event=config-error.*mail.example.org/key.pem' "$LOG"
		stop_all
	done
	rm -r "$PABAL_ROOT/control/tls"
	: >"$LOG"
	serve smtp-recv
	tls_client "$PORT" 'line(); say("EHLO c\r\nQUIT\r\n"); assert b"STARTTLS" not in rest()'
	[ ! -s "$LOG" ] # nobody asked for TLS
}

@test "tls-wrap is killed: sessions that it began go on, and later ones have another" {
	echo 2 >"$PABAL_ROOT/control/recv-spare"
	serve smtp-recv
	parent=${STARTED[-1]}
	tls_client "$PORT" "
import subprocess
def starttls():
    global s
    s = socket.create_connection(('127.0.0.1', port)); s.settimeout(20)
    line(); say('EHLO c\r\n'); reply(); say('STARTTLS\r\n'); assert line().startswith('220'); tls()
    say('NOOP\r\n'); assert line().startswith('250')
starttls(); first = s
subprocess.run(['pkill', '-KILL', '-P', '$parent', '-x', 'tls-wrap'], check=True)
for _ in range(4):
    starttls(); say('QUIT\r\n'); assert line().startswith('221')
s = first
say('NOOP\r\n'); assert line().startswith('250')"
}

@test "the journal, a socket on fd 2, hears why there is no TLS" {
	echo nonsense >"$PABAL_ROOT/control/tls/mail.example.org/key.pem"
	for server in smtp-recv pop3d 'tls-wrap cat'; do
		JOURNAL_STREAM=1:1 timeout 60 python3 - $server <<-'END' | grep -q "^${server%% *}: event=config-error file=control/tls text=.*key.pem"
			import os, socket, subprocess, sys
			del os.environ["PABAL_LOG"]
			l = socket.socket(); l.bind(("127.0.0.1", 0)); l.listen(5)
			journal, end = socket.socketpair()
			p = subprocess.Popen(sys.argv[1:], stdin=l, stdout=subprocess.DEVNULL, stderr=end)
			end.close()
			journal.settimeout(20)
			print(journal.recv(1000).decode())
			p.terminate(); p.wait()
		END
	done
}

@test "ALPN behind STARTTLS: another protocol's client is refused" {
	serve smtp-recv
	try='line(); say("EHLO c\r\n"); reply(); say("STARTTLS\r\n"); reply()
context.set_alpn_protocols(["http/1.1"])
try:
    tls(); raise SystemExit("taken")
except ssl.SSLError as e:
    assert "ALPN" in str(e).upper() or "APPLICATION" in str(e).upper(), e'
	tls_client "$PORT" "$try"
	wait_until grep -q 'event=no-tls.*ip=127.0.0.1' "$LOG"
	serve pop3d
	tls_client "$PORT" 'line(); say("STLS\r\n"); line(); context.set_alpn_protocols(["imap"])
try:
    tls(); raise SystemExit("taken")
except ssl.SSLError:
    pass'
	tls_client "$PORT" 'line(); say("STLS\r\n"); line(); context.set_alpn_protocols(["pop3"]); tls(); say("QUIT\r\n"); assert line().startswith("+OK")'
}

@test "pop3d: STLS makes the login possible; Python's poplib, curl" {
	rm -f "$PABAL_ROOT/control/login-without-tls"
	printf 'Subject: one\n\n.dots\n' | deliver-maildir "$PABAL_ROOT/mail/example.org/alice" >/dev/null
	serve pop3d
	tls_client "$PORT" '
import poplib
raw.close()
p = poplib.POP3("127.0.0.1", port)
assert "USER" not in p.capa() and "STLS" in p.capa()
try:
    p.user("alice@example.org"); raise SystemExit("a login in the clear")
except poplib.error_proto:
    pass
p.stls(context)
assert "USER" in p.capa() and "STLS" not in p.capa()
p.user("alice@example.org"); p.pass_("right horse")
assert p.retr(1)[1][-1] == b"..dots"[1:]
p.quit()'
	printf 'alice@example.org:right horse' >"$BATS_TEST_TMPDIR/user"
	curl -s --ssl-reqd --cacert "$CA.pem" --connect-to "mail.example.org:$PORT:127.0.0.1:$PORT" \
		-u "$(<"$BATS_TEST_TMPDIR/user")" "pop3://mail.example.org:$PORT/1" | grep -q '^\.dots'
	serve tls-wrap -a pop3 pop3d
	curl -s --cacert "$CA.pem" --connect-to "mail.example.org:$PORT:127.0.0.1:$PORT" \
		-u "$(<"$BATS_TEST_TMPDIR/user")" "pop3s://mail.example.org:$PORT/1" | grep -q '^\.dots'
	[ "$(grep -c event=login "$LOG")" = 3 ]
}

@test "swaks, curl, openssl s_client and gnutls-cli as SMTP clients" {
	need swaks curl gnutls-cli
	serve smtp-recv
	swaks --server "127.0.0.1:$PORT" --tls --tls-verify --tls-ca-path "$CA.pem" --tls-verify-target mail.example.org \
		--to alice@example.org --from a@example.net --silent 2 >"$BATS_TEST_TMPDIR/swaks" 2>&1 ||
		swaks --server "127.0.0.1:$PORT" --tls --to alice@example.org --from a@example.net --silent 2
	printf 'Subject: curl\r\n\r\nx\r\n' | curl -s --ssl-reqd --cacert "$CA.pem" \
		--connect-to "mail.example.org:$PORT:127.0.0.1:$PORT" --mail-from a@example.net --mail-rcpt alice@example.org \
		-T - "smtp://mail.example.org:$PORT"
	timeout 20 openssl s_client -connect "127.0.0.1:$PORT" -starttls smtp -verify_return_error -CAfile "$CA.pem" \
		-verify_hostname mail.example.org -quiet < <(printf 'QUIT\r\n') 2>/dev/null | grep -q '^221'
	printf 'QUIT\r\n' | timeout 20 gnutls-cli --starttls-proto=smtp --x509cafile "$CA.pem" \
		--verify-hostname mail.example.org -p "$PORT" 127.0.0.1 >"$BATS_TEST_TMPDIR/gnutls"
	grep -q 'The certificate is trusted' "$BATS_TEST_TMPDIR/gnutls"
	queue-run 2>>"$LOG"
	[ "$(grep -l 'with ESMTPS id' "$PABAL_ROOT"/mail/example.org/alice/new/* | wc -l)" = 2 ]
}

# send LEVEL: a message to the server at PORT; its line in $out, its log in $BATS_TEST_TMPDIR/sent.
send() {
	echo "*:$1" >"$PABAL_ROOT/control/smtp-tls"
	rc=0
	out=$(printf 'Subject: x\n\nx\n' | timeout 60 smtp-send -T 20 -c "127.0.0.1:$PORT" -f a@example.net alice@example.org \
		2>"$BATS_TEST_TMPDIR/sent") || rc=$?
}
delivered() { [ $rc = 0 ] && grep -q "	delivered	" <<<"$out" && grep -q "$1" "$BATS_TEST_TMPDIR/sent"; }
deferred() { [ $rc = 75 ] && grep -q "	deferred	4.7.*$1" <<<"$out" || { echo "$out"; cat "$BATS_TEST_TMPDIR/sent"; false; }; }

@test "smtp-send: the levels, of a server with TLS and of one without" {
	serve smtp-recv
	send none
	delivered event=delivered && ! grep -q tls= "$BATS_TEST_TMPDIR/sent"
	send may
	delivered tls=TLSv1.3
	send encrypt
	delivered tls=TLSv1.3
	send verify
	deferred certificate
	echo "$CA.pem" >"$PABAL_ROOT/control/tls-ca"
	send verify
	deferred 'mismatch' # the certificate is a name's, and the host an address
	stop_all
	make_cert "$PABAL_ROOT/control/tls/mail.example.org" /CN=x IP:127.0.0.1
	serve smtp-recv
	send verify
	delivered 'tls=TLSv1.3,verified'
	stop_all
	mv "$PABAL_ROOT/control/tls" "$BATS_TEST_TMPDIR"
	serve smtp-recv
	send may
	delivered event=delivered
	send encrypt
	deferred 'offers no TLS'
	send verify
	deferred 'offers no TLS'
	send sometimes
	[ $rc = 75 ] && [ -z "$out" ]
}

@test "smtp-send: the level that fits best" {
	serve smtp-recv
	printf '%s\n' '*:encrypt' '.example.net:verify' '127.0.0.1:none' >"$PABAL_ROOT/control/smtp-tls"
	printf 'Subject: x\n\nx\n' | smtp-send -c "127.0.0.1:$PORT" -f a@example.net alice@example.org 2>"$BATS_TEST_TMPDIR/sent" | grep -q delivered
	! grep -q tls= "$BATS_TEST_TMPDIR/sent"
}

# fake SCRIPT: an SMTP server that says 220, EHLO's reply with STARTTLS, and then runs SCRIPT with `s` for each connection.
fake() {
	start python3 -c '
import socket, ssl, sys, threading
l = socket.socket(); l.bind(("127.0.0.1", 0)); l.listen(10)
open(sys.argv[1] + "/fake.new", "w").write(str(l.getsockname()[1]))
import os; os.rename(sys.argv[1] + "/fake.new", sys.argv[1] + "/fake")
n = 0
def line(s):
    got = b""
    while not got.endswith(b"\n"):
        c = s.recv(1)
        if not c: raise EOFError
        got += c
    return got
def mail(s):
    try:
        while True:
            verb = line(s)[:4].upper()
            s.sendall(b"354 go\r\n" if verb == b"DATA" else b"250 ok\r\n")
            if verb == b"DATA":
                while line(s) != b".\r\n": pass
                s.sendall(b"250 taken in the clear\r\n")
    except EOFError: pass
while True:
    s, _ = l.accept(); n += 1
    try:
        s.sendall(b"220 fake\r\n"); line(s); s.sendall(b"250-fake\r\n250 STARTTLS\r\n")
        exec(sys.argv[2])
    except (OSError, EOFError): pass
    s.close()' "$BATS_TEST_TMPDIR" "$1"
	wait_until test -s "$BATS_TEST_TMPDIR/fake"
	PORT=$(<"$BATS_TEST_TMPDIR/fake")
}

@test "smtp-send: TLS that fails: may goes on in the clear on another connection, the others defer; nothing bounces" {
	fake '
if line(s).upper().startswith(b"STARTTLS"):
    s.sendall(b"220 begin\r\n"); s.recv(100); s.sendall(b"no handshake, sorry\r\n")
else:
    s.sendall(b"250 ok\r\n"); mail(s)'
	send may
	delivered 'event=plaintext' && grep -q 'taken in the clear' <<<"$out"
	send encrypt
	deferred 'TLS: '
	send verify
	deferred 'TLS: '
}

@test "smtp-send: a refused STARTTLS, a permanent one too, defers or goes on in the clear" {
	fake '
if line(s).upper().startswith(b"STARTTLS"):
    s.sendall(b"554 5.7.0 never\r\n")
else:
    s.sendall(b"250 ok\r\n")
mail(s)'
	send may
	delivered 'event=plaintext'
	send encrypt
	[ $rc = 75 ] && grep -q '	deferred	554' <<<"$out"
}

@test "smtp-send: plaintext behind the 220 ends the connection" {
	fake '
line(s); s.sendall(b"220 begin\r\n250-injected\r\n250 SIZE 1\r\n")
try:
    while s.recv(100): pass
except OSError: pass'
	send encrypt
	deferred 'plaintext behind'
}

@test "smtp-send: what was said before TLS is forgotten" {
	openssl version >/dev/null
	fake '
c = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
c.load_cert_chain(sys.argv[1] + "/root/control/tls/mail.example.org/cert.pem", sys.argv[1] + "/root/control/tls/mail.example.org/key.pem")
line(s); s.sendall(b"220 begin\r\n"); s = c.wrap_socket(s, server_side=True)
assert line(s).startswith(b"EHLO"); s.sendall(b"250 fake\r\n")
got = line(s); open(sys.argv[1] + "/mail", "wb").write(got)
s.sendall(b"250 ok\r\n"); mail(s)'
	send encrypt
	delivered tls=
	[ "$(<"$BATS_TEST_TMPDIR/mail")" = $'MAIL FROM:<a@example.net>\r' ]
}
