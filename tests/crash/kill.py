#!/usr/bin/env python3
"""Pours messages into a running system while its processes are killed with SIGKILL, one after another, and
checks at the end: each message that got its 250 is in its Maildir, once; no other is there twice.

Usage: kill.py [-n MESSAGES] [-c CONNECTIONS] [-s SEED] ROOT    (ROOT: an installation for example.test, users u0 to u3, alias all)

The listening socket is this program's own, so that connections wait while a server is started again.
Which process dies, and after how many confirmations, comes from the seed. Processes that lose their
parent become children of this program (a subreaper), so all of ours are found and none is left."""
import argparse
import collections
import ctypes
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time

PR_SET_CHILD_SUBREAPER = 36
DAY = 86400
SLACK = 5  # confirmations after which a kill is late
DOMAIN = "example.test"
ALIASES = {"all": ["u0", "u1", "u2", "u3"]}
OURS = ("smtp-recv", "queue-run", "deliver-maildir")


def children(pid):
    out = []
    try:
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/children", encoding="ascii") as f:
                out += [int(c) for c in f.read().split()]
    except (FileNotFoundError, ProcessLookupError):
        pass
    return sorted(out)


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as f:
            return f.read().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def descendants():
    out, todo = [], [os.getpid()]
    while todo:
        found = children(todo.pop())
        out += found
        todo += found
    return [pid for pid in out if alive(pid)]


def name_of(pid):
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as f:
            return os.path.basename(f.read().split(b"\0")[0].decode())
    except (FileNotFoundError, ProcessLookupError):
        return "?"


class System:
    """smtp-recv on a listening socket and queue-run -w, started again when they die."""

    def __init__(self, listener):
        self.listener = listener
        self.lock = threading.Lock()
        self.stopping = False
        self.running = {}
        self.starts = collections.Counter()

    def commands(self):
        return {"smtp-recv": dict(stdin=self.listener, stdout=self.listener), "queue-run": dict(stdin=subprocess.DEVNULL)}

    def keep_up(self):
        with self.lock:
            if self.stopping:
                return
            for name, fds in self.commands().items():
                p = self.running.get(name)
                if p is None or p.poll() is not None:
                    argv = [name] + (["-w"] if name == "queue-run" else [])
                    self.running[name] = subprocess.Popen(argv, **fds)
                    self.starts[name] += 1

    def stop(self):
        with self.lock:
            self.stopping = True
        self.listener.close()
        end = time.monotonic() + 20
        how = signal.SIGTERM
        while (left := descendants()) and time.monotonic() < end:
            for pid in left:
                try:
                    os.kill(pid, how)
                except ProcessLookupError:
                    pass
            reap()
            time.sleep(0.02)
            if end - time.monotonic() < 10:
                how = signal.SIGKILL


def reap():
    """Collects orphans that ended. (Popen.poll copes with a child that was collected here.)"""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


class Client(threading.Thread):
    def __init__(self, world, number, count):
        super().__init__(daemon=True)
        self.world, self.number, self.count = world, number, count
        self.sock = self.file = None

    def expect(self, *codes):
        while True:
            line = self.file.readline()
            if not line.endswith(b"\n"):
                raise ConnectionError("closed")
            if line[3:4] != b"-":
                break
        if line[:1].decode() not in codes:
            raise ConnectionError(line.decode("ascii", "replace"))

    def say(self, text, *codes):
        self.sock.sendall(text.encode() + b"\r\n")
        self.expect(*codes)

    def connect(self):
        self.sock = socket.create_connection(("127.0.0.1", self.world.port), timeout=30)
        self.file = self.sock.makefile("rb")
        self.expect("2")
        self.say("EHLO client.test", "2")

    def drop(self):
        for f in (self.file, self.sock):
            if f:
                f.close()
        self.sock = self.file = None

    def send(self, token, user):
        """True where it was confirmed."""
        try:
            if self.sock is None:
                self.connect()
            self.say(f"MAIL FROM:<sender@{DOMAIN}>", "2")
            self.say(f"RCPT TO:<{user}@{DOMAIN}>", "2")
            self.say("DATA", "3")
            self.say(f"From: sender@{DOMAIN}\r\nSubject: {token}\r\n\r\n" + f"{token} text\r\n" * 40 + f"end {token}\r\n.", "2")
            return True
        except (OSError, ConnectionError):
            self.drop()
            return False

    def run(self):
        for i in range(self.count):
            for attempt in range(1000):
                if self.world.over():
                    return
                self.world.gate.wait(5)
                token = f"token-{self.number}-{i}-{attempt}"
                user = "all" if i % 5 == 4 else f"u{(self.number + i) % 4}"
                if self.send(token, user):
                    self.world.confirm(token, user)
                    break
        self.drop()


class World:
    def __init__(self, args, listener):
        self.args, self.port = args, listener.getsockname()[1]
        self.random = random.Random(args.seed)
        self.confirmed = {}
        self.lock = threading.Lock()
        self.deadline = time.monotonic() + args.time
        self.system = System(listener)
        self.kills = collections.Counter()
        self.gate = threading.Event()  # open: send; shut while a kill is late
        self.gate.set()
        self.next_kill = self.random.randrange(1, 6)

    def over(self):
        return time.monotonic() > self.deadline

    def confirm(self, token, user):
        with self.lock:
            self.confirmed[token] = user
            if len(self.confirmed) >= self.next_kill + SLACK:
                self.gate.clear()

    def kill_one(self):
        victims = collections.defaultdict(list)
        for pid in descendants():
            name = name_of(pid)
            if name in OURS:
                victims[name].append(pid)
        if victims:  # each program as often as the others, however many processes it has
            name = self.random.choice(sorted(victims))
            victim = self.random.choice(victims[name])
            self.kills[name] += 1
            try:
                os.kill(victim, signal.SIGKILL)
            except ProcessLookupError:
                pass

    def pour(self):
        per = self.args.messages // self.args.connections
        clients = [Client(self, n, per) for n in range(self.args.connections)]
        self.system.keep_up()
        for c in clients:
            c.start()
        while any(c.is_alive() for c in clients):
            self.system.keep_up()
            reap()
            if len(self.confirmed) >= self.next_kill:
                self.kill_one()
                self.next_kill = len(self.confirmed) + self.random.randrange(1, 6)
                self.gate.set()
            clients[0].join(0.005) if clients[0].is_alive() else time.sleep(0.005)

    def finish(self):
        """What waits is due a day later."""
        queue = os.path.join(os.environ["PABAL_ROOT"], "queue")
        env = dict(os.environ)
        for day in range(1, 4):
            env["PABAL_NOW"] = str(int(time.time()) + day * DAY)
            subprocess.run(["queue-run"], env=env, check=False, timeout=120)
        return [os.path.join(at, f) for d in ("new", "later") for at, _, files in os.walk(os.path.join(queue, d))
                for f in files]

    def judge(self):
        wrong, found = [], collections.Counter()
        mail = os.path.join(os.environ["PABAL_ROOT"], "mail", DOMAIN)
        for user in sorted(os.listdir(mail)):
            for sub in ("new", "cur"):
                for name in os.listdir(os.path.join(mail, user, sub)):
                    with open(os.path.join(mail, user, sub, name), "rb") as f:
                        content = f.read()
                    token = content.rstrip(b"\n").rsplit(b"\n", 1)[-1].removeprefix(b"end ").decode("ascii", "replace")
                    if f"\nSubject: {token}\n" not in content.decode("ascii", "replace"):
                        wrong.append(f"{user}/{sub}/{name} is not whole")
                    found[token, user] += 1
        for token, to in self.confirmed.items():
            for user in ALIASES.get(to, [to]):
                if found[token, user] != 1:
                    wrong.append(f"{token} got its 250 and is {found[token, user]} times in the Maildir of {user}")
        for (token, user), n in found.items():
            if n > 1 and token not in self.confirmed:
                wrong.append(f"{token} is {n} times in the Maildir of {user}")
        return wrong


def main():
    p = argparse.ArgumentParser()
    p.add_argument("-n", "--messages", type=int, default=500)
    p.add_argument("-c", "--connections", type=int, default=10)
    p.add_argument("-s", "--seed", type=int, default=1)
    p.add_argument("-t", "--time", type=int, default=150, help="seconds until it is given up")
    p.add_argument("root")
    args = p.parse_args()
    os.environ["PABAL_ROOT"] = os.path.abspath(args.root)
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    listener = socket.create_server(("127.0.0.1", 0), backlog=128)
    world = World(args, listener)
    try:
        world.pour()
    finally:
        world.system.stop()
    left = world.finish()
    wrong = world.judge() + [f"{f} is left in the queue" for f in left]
    if len(world.confirmed) != args.messages:
        wrong.append(f"only {len(world.confirmed)} of {args.messages} were taken in {args.time} s")
    print(f"seed {args.seed}: {len(world.confirmed)} confirmed, killed {dict(world.kills)}, started {dict(world.system.starts)}, "
          f"{len(wrong)} wrong")
    for line in wrong[:20]:
        print("  " + line)
    return 1 if wrong or not world.kills else 0


if __name__ == "__main__":
    sys.exit(main())
