"""Which processes serve a connection of imapd-lite, how they are confined, and what memory they have to themselves."""
import os
import sys

from imap_client import Imap, MESSAGE


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


def private_kib(pid):
    with open(f"/proc/{pid}/smaps_rollup") as f:
        return sum(int(line.split()[1]) for line in f if line.startswith(("Private_Clean", "Private_Dirty")))


def talker(port, parent):
    c = Imap(port, login=False)
    monitor, pid = sorted(holders(c, parent), key=lambda p: p not in children(parent))
    assert pid in children(monitor)
    show(pid)


def session(port, parent):
    c = Imap(port)
    c.ok("SELECT INBOX")
    (pid,) = holders(c, parent)  # the talker is gone
    assert pid in children(parent) and not children(pid)
    show(pid)


def memory(port, parent):
    """Of an idle session that has read mail, in KiB."""
    clients = [Imap(port) for _ in range(4)]
    clients[0].ok("APPEND INBOX {}", MESSAGE)
    for c in clients:
        c.ok("LIST \"\" *")
        c.ok("SELECT INBOX")
        c.ok("FETCH 1:* (FLAGS ENVELOPE BODYSTRUCTURE BODY[])")
        c.ok("SEARCH BODY body")
        c.send("i IDLE\r\n")
        c.line()
    print(max(sum(map(private_kib, holders(c, parent))) for c in clients))


globals()[sys.argv[1]](sys.argv[2], int(sys.argv[3]))
