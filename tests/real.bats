# Much mail and large mail: nothing is lost, nothing doubled, nothing changed.
load lib
load peers/peers

setup() {
	make_root example.org alice bob
	export PABAL_LOG=fd:2
	cd "$BATS_TEST_TMPDIR" || return
	NEW=$PABAL_ROOT/mail/example.org/alice/new
}
teardown() {
	stop_all
	stop_peers
}

serve() { start_wait smtp-recv </dev/null >/dev/null 2>>"$LOG"; }

# session FILE…: each FILE (LF line ends) over one connection, dots stuffed; fails where one does not get 250.
session() {
	python3 - "$PORT" "$@" <<'END'
import smtplib, sys
with smtplib.SMTP("127.0.0.1", int(sys.argv[1]), timeout=60) as s:
    s.ehlo("client.test")
    for path in sys.argv[2:]:
        with open(path, "rb") as f:
            data = f.read()
        # smtplib breaks no line and changes no octet but the line ends
        s.mail("sender@example.net", ["size=%d" % (len(data) + data.count(b"\n"))])
        code, text = s.rcpt("alice@example.org")
        if code != 250:
            sys.exit("RCPT: %d %s" % (code, text))
        code, text = s.data(data.replace(b"\n", b"\r\n"))
        if code != 250:
            sys.exit("DATA: %d %s" % (code, text))
END
}

# delivered FILE: the one message in the Maildir is FILE below our trace fields.
delivered() {
	local file
	file=$(only_message "${NEW%/new}") || { ls "$NEW"; cat "$LOG"; return 1; }
	python3 - "$file" "$1" <<'END'
import sys
got, sent = open(sys.argv[1], "rb").read(), open(sys.argv[2], "rb").read()
trace = got[:len(got) - len(sent)]
if not got.endswith(sent) or not trace.startswith(b"Return-Path: <sender@example.net>\n"):
    sys.exit("changed on the way: %r ..." % got[:600])
names = [l.split(b":")[0] for l in trace.split(b"\n") if l and l[:1] not in b" \t"]
if names != [b"Return-Path", b"Delivered-To", b"Received"]:
    sys.exit("trace fields %r" % names)
END
}

@test "smtp-source pours 1000 messages over 10 connections: each is found again, once" {
	need_peers
	serve
	smtp_source -s 10 -m 1000 -d -l 2048 -f sender@example.net -t alice@example.org "127.0.0.1:$PORT"
	[ "$(find "$PABAL_ROOT/queue/new" -type f | wc -l)" = 1000 ]
	queue-run 2>>"$LOG" || { cat "$LOG"; false; }
	[ "$(find "$NEW" -type f | wc -l)" = 1000 ]
	[ "$(cat "$NEW"/* | grep -i '^Message-Id:' | sort -u | wc -l)" = 1000 ]
	[ "$(cat "$NEW"/* | grep -c '^Delivered-To: alice@example.org$')" = 1000 ]
	# and the queue holds nothing any more
	[ -z "$(find "$PABAL_ROOT/queue" -type f ! -name swept ! -name 'run.*')" ]
}

@test "as many with a connection each, delivered while they come in" {
	need_peers
	serve
	start queue-run -w </dev/null >/dev/null 2>>"$LOG"
	smtp_source -s 10 -m 500 -l 2048 -f sender@example.net -t alice@example.org "127.0.0.1:$PORT"
	all_there() { [ "$(find "$NEW" -type f | wc -l)" = 500 ]; }
	wait_until all_there
	[ "$(cat "$NEW"/* | grep -i '^Message-Id:' | sort -u | wc -l)" = 500 ]
	queue_empty() { [ -z "$(find "$PABAL_ROOT/queue" -type f ! -name swept ! -name 'run.*')" ]; }
	wait_until queue_empty || { find "$PABAL_ROOT/queue" -type f; tail -20 "$LOG"; false; }
}

@test "50 MB pass unchanged" {
	python3 - >big <<'END'
import random, sys
r = random.Random(1)
out = sys.stdout.buffer
out.write(b"From: sender@example.net\nSubject: large\n\n")
alphabet = bytes(c for c in range(256) if c not in b"\r\n\0") + b".."
for _ in range(660000):
    out.write(bytes(r.choices(alphabet, k=3)) * 25 + b"\n")
out.write(b".\n..\n.a\n\n")
END
	[ "$(stat -c %s big)" -gt 50000000 ]
	serve
	session big
	queue-run 2>>"$LOG" || { cat "$LOG"; false; }
	delivered big
}

@test "a line of 10 MB passes unchanged, in the header and in the body" {
	python3 - >line <<'END'
import sys
out = sys.stdout.buffer
out.write(b"From: sender@example.net\nSubject: one line\n\n")
out.write(b"." + bytes(range(33, 127)) * 107000 + b"\n.\nend\n")
END
	[ "$(awk '{ if (length > m) m = length } END { print m }' line)" -gt 10000000 ]
	serve
	session line
	queue-run 2>>"$LOG" || { cat "$LOG"; false; }
	delivered line
}

@test "8-bit octets and NULs pass unchanged, and many messages over one connection stay apart" {
	for i in 1 2 3 4 5; do
		{
			printf 'From: sender@example.net\nSubject: m%d\n\n' $i
			printf 'a\0b\351\377 .\n.\n..x\n\n\n'
		} >"m$i"
	done
	serve
	session m1 m2 m3 m4 m5
	queue-run 2>>"$LOG" || { cat "$LOG"; false; }
	[ "$(find "$NEW" -type f | wc -l)" = 5 ]
	for i in 1 2 3 4 5; do
		file=$(grep -l "^Subject: m$i$" "$NEW"/*)
		cmp <(tail -c "$(stat -c %s m$i)" "$file") m$i
	done
}
