"""What the tests of pop3d need of a client that a pipe cannot give: who serves a connection, and how it is confined."""
import os
import signal
import socket
import sys

what, args = sys.argv[1], sys.argv[2:]


class Client:
    def __init__(self, port):
        self.s = socket.create_connection(("127.0.0.1", int(port)), 20)
        self.f = self.s.makefile("rwb")
        assert self.f.readline().startswith(b"+OK")

    def ask(self, line):
        self.f.write(line.encode() + b"\r\n")
        self.f.flush()
        return self.f.readline().decode().rstrip("\r\n")

    def login(self, user="alice", password="two  words"):
        assert self.ask("USER " + user) == "+OK"
        assert self.ask("PASS " + password).startswith("+OK")
        return self


def children(pid):
    try:
        with open(f"/proc/{pid}/task/{pid}/children") as f:
            return [int(p) for p in f.read().split()]
    except OSError:
        return []


def descriptors(pid):
    try:
        return {os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")}
    except OSError:
        return set()


def holders(client, parent):
    """The processes below the server that have this connection."""
    local, remote = client.s.getsockname()[1], client.s.getpeername()[1]
    inode = None
    with open("/proc/net/tcp") as f:
        for line in f.readlines()[1:]:
            w = line.split()
            if int(w[1][-4:], 16) == remote and int(w[2][-4:], 16) == local:
                inode = f"socket:[{w[9]}]"
    assert inode, "no such connection"
    below = [p for c in children(parent) for p in [c] + children(c)]
    return [p for p in below if inode in descriptors(p)]


def show(pid):
    with open(f"/proc/{pid}/status") as f:
        for line in f:
            if line.startswith(("NoNewPrivs", "Seccomp:", "CapPrm", "CapEff")):
                print(line.replace(":", "").replace("\t", " ").strip())
    print("fds", len(descriptors(pid)), "of", *sorted(descriptors(pid)))
    with open(f"/proc/{pid}/limits") as f:
        for line in f:
            print(*line[:26].split(), line[26:].split()[0])


def talker(port, parent):
    c = Client(port)
    assert c.ask("NOOP").startswith("-ERR")
    monitor, pid = sorted(holders(c, parent), key=lambda p: p not in children(parent))
    assert pid in children(monitor)
    show(pid)


def session(port, parent):
    c = Client(port).login()
    (pid,) = holders(c, parent)  # the talker is gone
    assert pid in children(parent) and not children(pid)
    show(pid)
    assert c.ask("QUIT").startswith("+OK")


def private_kib(pid):
    with open(f"/proc/{pid}/smaps_rollup") as f:
        return sum(int(line.split()[1]) for line in f if line.startswith(("Private_Clean", "Private_Dirty")))


def memory(port, parent, user="alice", password="two  words"):
    """Of an idle session, in KiB."""
    clients = [Client(port).login(user, password) for _ in range(4)]
    for c in clients:
        c.f.write(b"RETR 1\r\n")
        c.f.flush()
        while c.f.readline() not in (b".\r\n", b""):
            pass
    print(max(private_kib(p) for c in clients for p in holders(c, parent)))


def killed(port, parent, who):
    """The monitor or the talker dies before the login: the connection ends, nobody is logged in."""
    c = Client(port)
    monitor, pid = sorted(holders(c, parent), key=lambda p: p not in children(parent))
    c.ask("USER alice")
    os.kill(monitor if who == "monitor" else pid, signal.SIGKILL)
    try:
        c.f.write(b"PASS two  words\r\n")
        c.f.flush()
        rest = c.f.read()
    except OSError:
        rest = b""
    assert b"+OK" not in rest, rest
    print("ended")


globals()[what](*args)
