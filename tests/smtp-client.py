"""What smtp-recv.bats needs of a client that a pipe cannot give: several connections, signals, waits."""
import os
import signal
import smtplib
import socket
import sys

from processes import children, private_kib

what, args = sys.argv[1], sys.argv[2:]


class Client:
    def __init__(self, port):
        self.s = socket.create_connection(("127.0.0.1", int(port)), 20)
        self.f = self.s.makefile("rwb")

    def reply(self):
        while True:
            line = self.f.readline()
            if line[3:4] != b"-":
                return line.decode()

    def say(self, text):
        try:
            self.f.write(text.encode() + b"\r\n")
            self.f.flush()
        except OSError:
            pass
        return self.reply()

    def code(self, text):
        return self.say(text)[:3]


def ready(port):
    c = Client(port)
    assert c.reply()[:3] == "220"
    assert c.code("EHLO client.example") == "250"
    return c


def deliver(c):
    assert c.code("MAIL FROM:<a@b.example>") == "250"
    assert c.code("RCPT TO:<alice@example.org>") == "250"
    assert c.code("DATA") == "354"
    return c.code("Subject: x\r\n\r\nbody\r\n.")


def connection_inodes(pid):
    found = set()
    try:
        for fd in os.listdir(f"/proc/{pid}/fd"):
            found.add(os.readlink(f"/proc/{pid}/fd/{fd}"))
    except OSError:
        pass
    return found


def server_inode(client):
    local, remote = client.s.getsockname()[1], client.s.getpeername()[1]
    with open("/proc/net/tcp") as f:
        for line in f.readlines()[1:]:
            w = line.split()
            if int(w[1][-4:], 16) == remote and int(w[2][-4:], 16) == local:
                return f"socket:[{w[9]}]"
    raise SystemExit("no such connection")


def pair_of(client, parent):
    """The keeper and the talker that serve this connection."""
    inode = server_inode(client)
    for keeper in children(parent):
        for talker in children(keeper):
            if inode in connection_inodes(talker):
                return keeper, talker
    raise SystemExit("nobody has the connection")


def relay(port):
    c = ready(port)
    c.say("MAIL FROM:<a@b.example>")
    print(c.code("RCPT TO:<x@elsewhere.example>"))


def send(port):
    with smtplib.SMTP("127.0.0.1", int(port), timeout=20) as s:
        s.sendmail("p@b.example", ["alice@example.org"], "Subject: python\n\n.python\n")


def message(size):
    line = "0123456789abcdef" * 4
    out, n, i = sys.stdout, 0, 0
    n += out.write("Subject: big\n\n")
    while n < int(size):
        n += out.write(("." if i % 7 == 0 else "") + f"{i} {line}\n")
        i += 1


def finish(c, code):
    return c.code("Subject: x\r\n\r\nbody\r\n.") if code == "354" else code


def keeper(port, when, parent):
    c = ready(port)
    k, _ = pair_of(c, parent)
    c.say("MAIL FROM:<a@b.example>")
    if when != "before-rcpt":
        assert c.code("RCPT TO:<alice@example.org>") == "250"
    if when == "in-data":
        assert c.code("DATA") == "354"
    # The talker hears of its parent's death by SIGTERM, or finds the keeper gone when it asks it.
    os.kill(k, signal.SIGKILL)
    print({
        "before-rcpt": lambda: c.code("RCPT TO:<alice@example.org>"),
        "before-data": lambda: finish(c, c.code("DATA")),
        "in-data": lambda: finish(c, "354"),
    }[when]())


def many(port, count):
    clients = [ready(port) for _ in range(int(count))]  # all are greeted while all are connected
    for c in clients:
        assert deliver(c) == "250"
    for c in clients:
        assert c.code("QUIT") == "221"


def cap(port, count):
    clients = [ready(port) for _ in range(int(count))]
    late = Client(port)
    late.s.settimeout(0.3)
    try:
        late.s.recv(1, socket.MSG_PEEK)
        raise SystemExit("more than the cap are served")
    except socket.timeout:
        pass
    late.s.settimeout(20)
    assert clients[0].code("QUIT") == "221"
    assert late.reply()[:3] == "220"
    assert late.code("EHLO x") == "250"
    assert deliver(late) == "250"


def term(port, parent):
    c = ready(port)
    os.kill(int(parent), signal.SIGTERM)
    print(c.reply()[:3])
    assert c.f.read() == b""


def silence(port):
    a, b, c = ready(port), ready(port), ready(port)
    b.f.write(b"NOO")
    b.f.flush()
    c.say("MAIL FROM:<a@b.example>")
    c.say("RCPT TO:<alice@example.org>")
    assert c.code("DATA") == "354"
    c.f.write(b"Subject: x\r\n")
    c.f.flush()
    print(*(x.reply()[:9] for x in (a, b, c)))


def size(port):
    with smtplib.SMTP("127.0.0.1", int(port), timeout=20) as s:
        s.ehlo()
        print(s.esmtp_features["size"])


def confined(port, parent):
    c = ready(port)
    _, talker = pair_of(c, parent)
    with open(f"/proc/{talker}/status") as f:
        for line in f:
            if line.startswith(("NoNewPrivs", "Seccomp:")):
                print(line.replace(":", "").replace("\t", " ").strip())
    print("fds", len(os.listdir(f"/proc/{talker}/fd")))
    with open(f"/proc/{talker}/limits") as f:
        for line in f:
            print(*line[:26].split(), line[26:].split()[0])


def memory(port, parent):
    clients = [ready(port) for _ in range(4)]
    print(max(sum(private_kib(p) for p in pair_of(c, parent)) for c in clients))


globals()[what](*args)
