"""Which processes serve a connection, how they are confined, and what memory they have to themselves."""
import os


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
