# tcp-serve(8): the embedded listener.
load lib

setup() {
	OUT=$BATS_TEST_TMPDIR/out
	ERR=$BATS_TEST_TMPDIR/err
	export PABAL_LOG=fd:2
}
teardown() { stop_all; }

# serve ARG…: starts tcp-serve, sets PORT and SERVER.
serve() {
	start tcp-serve "$@" >"$OUT" 2>"$ERR" 3>&-
	SERVER=$!
	wait_until grep -q '^listening ' "$OUT"
	PORT=$(sed -n 's/^listening [^ ]* //p' "$OUT")
}

# talk PORT TEXT [HOST]: sends, ends its side, prints what comes back.
talk() {
	timeout 20 python3 -c '
import socket, sys
s = socket.create_connection((sys.argv[3], int(sys.argv[1])))
try:
    s.sendall(sys.argv[2].encode().decode("unicode_escape").encode("latin-1"))
    s.shutdown(socket.SHUT_WR)
    while b := s.recv(65536): sys.stdout.buffer.write(b)
except OSError: pass' "$1" "$2" "${3:-127.0.0.1}"
}

@test "the command runs on fds 0 and 1 with the UCSPI environment" {
	serve 127.0.0.1 0 sh -c 'echo "$PROTO $TCPREMOTEIP $TCPLOCALIP $TCPLOCALPORT"; cat'
	run talk "$PORT" 'hello\n'
	[ "$status" = 0 ]
	[ "${lines[0]}" = "TCP 127.0.0.1 127.0.0.1 $PORT" ]
	[ "${lines[1]}" = hello ]
}

@test "IPv6" {
	[ -e /proc/net/if_inet6 ] && grep -q ' lo$' /proc/net/if_inet6 || cannot "no IPv6 on loopback"
	serve ::1 0 sh -c 'echo "$TCPREMOTEIP $TCPLOCALIP"'
	run talk "$PORT" '' ::1
	[ "$output" = "::1 ::1" ]
}

@test "fd 2 of the command is the server's, never a socket" {
	serve 127.0.0.1 0 sh -c 'echo trouble >&2; readlink /proc/self/fd/2'
	run talk "$PORT" ''
	[[ $output != socket:* ]]
	wait_until grep -q '^trouble$' "$ERR"
	# started with a socket as fd 2 (as by inetd), too
	start python3 -c '
import socket, subprocess, sys
a, b = socket.socketpair()
sys.exit(subprocess.call(sys.argv[1:], stderr=b.fileno()))' \
		tcp-serve 127.0.0.1 0 sh -c 'readlink /proc/self/fd/2' >"$OUT.2" 3>&-
	wait_until grep -q '^listening ' "$OUT.2"
	run talk "$(sed 's/.* //' "$OUT.2")" ''
	[ "$output" = /dev/null ]
	pkill -TERM -P "${STARTED[-1]}"
}

@test "-w hands over the listening socket as fd 0" {
	serve -w 127.0.0.1 0 python3 -uc '
import socket
s = socket.socket(fileno=0)
while True:
    c, _ = s.accept()
    c.sendall(b"from the command\n"); c.close()'
	run talk "$PORT" ''
	[ "$output" = "from the command" ]
	run talk "$PORT" ''
	[ "$output" = "from the command" ]
	[ "$(cat "/proc/$SERVER/comm")" != tcp-serve ]
}

@test "more than -a connections from one address are refused with -m" {
	serve -a 2 -m '421 too many' 127.0.0.1 0 sh -c 'echo ready; cat >/dev/null'
	exec 5<>"/dev/tcp/127.0.0.1/$PORT" 6<>"/dev/tcp/127.0.0.1/$PORT"
	read -rt 10 line <&5 && [ "$line" = ready ]
	read -rt 10 line <&6 && [ "$line" = ready ]
	run talk "$PORT" ''
	[ "$output" = $'421 too many\r' ]
	grep -q 'event=refused peer=127.0.0.1 why=per-address' "$ERR"
	exec 5>&-
	accepted() { [ "$(talk "$PORT" '')" = ready ]; }
	wait_until accepted
	exec 6>&-
}

@test "over -c connections the next one waits" {
	serve -c 1 127.0.0.1 0 sh -c 'echo ready; cat >/dev/null'
	exec 5<>"/dev/tcp/127.0.0.1/$PORT"
	read -rt 10 line <&5 && [ "$line" = ready ]
	exec 6<>"/dev/tcp/127.0.0.1/$PORT"
	[ "$(pgrep -cP "$SERVER")" = 1 ]
	exec 5>&-
	read -rt 10 line <&6 && [ "$line" = ready ]
	exec 6>&-
}

@test "SIGTERM ends it and its children, exit 0" {
	serve 127.0.0.1 0 sh -c 'echo $$; exec sleep 1000'
	exec 5<>"/dev/tcp/127.0.0.1/$PORT"
	read -rt 10 child <&5
	kill -0 "$child"
	kill "$SERVER"
	wait "$SERVER"
	run kill -0 "$child"
	[ "$status" != 0 ]
	exec 5>&-
}

@test "a program that is not there: the connection is closed, the server lives, fd 2 says why" {
	serve 127.0.0.1 0 /nonexistent/program
	run talk "$PORT" ''
	[ "$status" = 0 ] && [ -z "$output" ]
	grep -q '/nonexistent/program' "$ERR"
	kill -0 "$SERVER"
}

@test "PROXY version 1 and 2, only from named networks" {
	serve -p 127.0.0.0/8 127.0.0.1 0 sh -c 'echo "$TCPREMOTEIP $TCPREMOTEPORT $TCPLOCALIP"; cat'
	run talk "$PORT" 'PROXY TCP4 192.0.2.7 198.51.100.1 4711 25\r\nEHLO x\r\n'
	[ "${lines[0]}" = "192.0.2.7 4711 198.51.100.1" ]
	[ "${lines[1]}" = $'EHLO x\r' ]
	run talk "$PORT" '\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0c\xc0\x00\x02\x08\xc6\x33\x64\x01\x12\x67\x00\x19tail'
	[ "${lines[0]}" = "192.0.2.8 4711 198.51.100.1" ]
	[ "${lines[1]}" = tail ]
	run talk "$PORT" 'EHLO x\r\n'
	[ -z "$output" ]
	grep -q 'no PROXY header' "$ERR"
}

@test "a PROXY header from elsewhere is not believed" {
	serve -p 192.0.2.0/24 127.0.0.1 0 sh -c 'echo "$TCPREMOTEIP"; cat'
	run talk "$PORT" 'PROXY TCP4 192.0.2.7 198.51.100.1 4711 25\r\n'
	[ "${lines[0]}" = 127.0.0.1 ]
	[ "${lines[1]}" = $'PROXY TCP4 192.0.2.7 198.51.100.1 4711 25\r' ]
}

@test "-u drops all ids, groups included" {
	[ "$(id -u)" = 0 ] || cannot "needs root"
	serve -u nobody 127.0.0.1 0 grep -E '^(Uid|Gid|Groups):' /proc/self/status
	run talk "$PORT" ''
	uid=$(id -u nobody) gid=$(id -g nobody)
	[ "${lines[0]}" = "Uid:	$uid	$uid	$uid	$uid" ]
	[ "${lines[1]}" = "Gid:	$gid	$gid	$gid	$gid" ]
	[[ ${lines[2]} =~ ^Groups:[[:space:]]*$gid[[:space:]]*$ ]]
	run tcp-serve -u no-such-user 127.0.0.1 0 true
	[ "$status" = 77 ]
}

@test "a busy port is 69, a bad one 64" {
	serve 127.0.0.1 0 true
	run tcp-serve 127.0.0.1 "$PORT" true
	[ "$status" = 69 ]
	[[ $output == *"port $PORT"*"in use"* ]]
	run tcp-serve 127.0.0.1 65536 true
	[ "$status" = 64 ]
	run tcp-serve 192.0.2.1 0 true
	[ "$status" = 69 ]
	run tcp-serve -p 192.0.2.0/33 127.0.0.1 0 true
	[ "$status" = 64 ]
	run tcp-serve 127.0.0.1 0
	[ "$status" = 64 ]
}
