"""What the tests of pop3d need of a client that a pipe cannot give: who serves a connection, and how it is confined."""
import os
import signal
import socket
import sys

from processes import children, holders, private_kib, show

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
