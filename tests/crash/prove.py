#!/usr/bin/env python3
"""Proves the commits: what was confirmed is there once after a crash at any point, and nothing partial is
ever seen. Usage: prove.py [-f] [-k DIR] [SCENARIO...]    (-f: the full form; -l lists the scenarios)

Each scenario runs a real command under strace (trace.py), builds the states that a crash may leave
(model.py), makes each distinct one on disk, looks at its Maildirs as a stranger would, runs the real
recovery (queue-list, then queue-run until nothing is due) and looks again."""
import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import zlib

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from model import Model, state_key  # noqa: E402
from scenarios import SCENARIOS  # noqa: E402
from sink import Sink  # noqa: E402
from trace import record  # noqa: E402

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BIN = os.path.join(os.environ.get("PABAL_BUILD", os.path.join(TOP, "build/release")), "bin")
DAY = 86400
PASSES = 3  # of queue-run, at most: drop/ to queue, queue to Maildir, bounce to Maildir


def environment(root, **more):
    env = {"PATH": BIN + ":/usr/sbin:/usr/bin:/sbin:/bin", "PABAL_ROOT": root, "LC_ALL": "C.UTF-8", "TZ": "UTC",
           "TMPDIR": os.path.dirname(root), "PABAL_LOG": "none", "ASAN_OPTIONS": "detect_leaks=0:exitcode=125"}
    env.update(more)
    return env


def has_length(content):
    """Whether a queue file has its first line and the length that it tells: pabal-queue(5)."""
    words = content[:72].split()
    return (content[71:72] == b"\n" and len(words) == 5 and words[0] == b"PABAL1"
            and int(words[1]) == len(content) - 72)


def is_whole(content):
    return has_length(content) and int(content.split(None, 3)[2], 16) == zlib.crc32(content[72:])


class Disk:
    """A directory that takes the shape of one state after another."""

    def __init__(self, model_root, path, static):
        self.path, self.static = path, static
        shutil.copytree(model_root, path, symlinks=True)
        for at, _, files in os.walk(path):
            for d in os.listdir(at):
                if os.path.isdir(os.path.join(at, d)):
                    full = os.path.join(at, d)
                    mode = os.stat(os.path.join(model_root, os.path.relpath(full, path))).st_mode
                    os.chmod(full, mode & 0o7777)

    def clear(self):
        for at, _, files in os.walk(self.path):
            top = os.path.relpath(at, self.path).split("/")[0]
            if top in self.static and top != "run":
                continue
            for name in files:
                os.unlink(os.path.join(at, name))

    def show(self, state, modes, owner):
        self.clear()
        done = {}
        for path, (inode, content) in state.items():
            full = os.path.join(self.path, path)
            os.makedirs(os.path.dirname(full), exist_ok=True)
            if inode in done:
                os.link(done[inode], full)
                continue
            with open(full, "wb") as f:
                f.write(content)
            os.chmod(full, modes.get(inode, 0o600))
            if owner(path) != -1:
                os.chown(full, owner(path), 0)
            done[inode] = full

    def files(self, below):
        out = []
        for at, _, files in os.walk(os.path.join(self.path, below)):
            out += [os.path.join(at, f) for f in files]
        return out


class Prover:
    def __init__(self, scenario, work, full, without=None, limit=None):
        self.s, self.work, self.full, self.without = scenario, work, full, without
        self.limit = limit or (4096 if full else scenario.limit)
        self.failures, self.cache, self.states = [], {}, 0
        self.sink = None

    def run(self):
        s = self.s
        root = os.path.join(self.work, "root")
        if s.sink:
            self.sink = Sink()
            s.route = f"[127.0.0.1]:{self.sink.server_address[1]}"
        s.prepare(root, environment(root), BIN)
        self.model = Model(root, both=self.full, limit=self.limit, ordered=orders_names(root))
        self.disk = Disk(root, os.path.join(self.work, "after"), self.model.static)
        if s.repair:
            subprocess.run(["sh", "-ec", s.repair], cwd=self.disk.path, check=True)
        stdin = open(s.stdin_file, "rb") if s.stdin_file else None
        events, said, code, err = record(s.argv, root, self.work, stdin,
                                         environment(root, **s.env), hear=s.sink)
        if code != 0:
            raise SystemExit(f"{s.name}: the command itself failed ({code}): {err.decode('utf-8', 'replace')}")
        self.syncs = sum(e[0] == "sync_begin" for e in events)
        if self.without:
            events = leave_out(events, self.without)
        said_so_far, exited = b"", None
        self.heard = set()
        self.point(0, "start", said_so_far, exited)
        for i, e in enumerate(events, 1):
            if e[0] == "say":
                said_so_far += e[1]
            elif e[0] == "exit":
                exited = e[1]
            elif e[0] == "heard":
                if not self.sink or not self.sink.heard_in(e[1]):
                    continue
                self.heard |= self.sink.heard_in(e[1])
            else:
                self.model.event(e)
            if e[0] != "sync_begin":
                self.point(i, e, said_so_far, exited)
        self.events = events
        self.compare_with_disk(root)

    def compare_with_disk(self, root):
        """The model's end is the disk's end, or the recording missed something."""
        real = {}
        for at, _, files in os.walk(root):
            for name in files:
                path = os.path.relpath(os.path.join(at, name), root)
                if path.split("/")[0] not in self.model.static:
                    with open(os.path.join(at, name), "rb") as f:
                        real[path] = f.read()
        model = self.model.volatile()
        if real != model:
            odd = sorted(p for p in set(real) | set(model) if real.get(p) != model.get(p))
            raise SystemExit(f"{self.s.name}: the recording and the disk disagree about {odd}")

    def point(self, number, event, said, exited):
        confirmed = self.s.confirmed(said, exited)
        modes = {i: f.mode for i, f in self.model.files.items()}
        for state in self.model.states():
            key = state_key(state)
            self.states += 1
            if key not in self.cache:
                # A reader may move what he sees in new/ to cur/ before we recover.
                both = (False, True) if self.full and self.s.recovery else (key[0] % 2 == 1,)
                self.cache[key] = [self.recover(state, modes, read) for read in both]
            for result in self.cache[key]:
                for wrong in self.s.judge(confirmed, result, self.heard, exited == 0):
                    self.fail(number, event, state, wrong)

    def fail(self, number, event, state, wrong):
        what = " ".join(str(x)[:60] for x in event) if isinstance(event, tuple) else event
        names = "\n".join(f"      {p}  {len(c)} octets {c[:24]!r}" for p, (_, c) in sorted(state.items()))
        self.failures.append(f"  crash after event {number} ({what}): {wrong}\n    the state:\n{names}")

    def read_mail(self):
        for full in self.disk.files("mail"):
            maildir, sub = os.path.split(os.path.dirname(full))
            if sub == "new":
                os.rename(full, os.path.join(maildir, "cur", os.path.basename(full) + ":2,S"))

    def recover(self, state, modes, read):
        """What a stranger sees before, and everybody after the recovery."""
        result = {"partial": [], "trouble": []}
        self.disk.show(state, modes, self.s.owner)
        self.look(result)
        if read:
            self.read_mail()
        if self.sink:
            self.sink.seen.clear()
        env = environment(self.disk.path, PABAL_NOW=str(int(time.time()) + 2 * DAY))
        if self.s.recovery:
            self.list(state, env, result)
            if self.s.release:
                ran = subprocess.run([os.path.join(BIN, "queue-edit"), "release", "-a"], env=env, capture_output=True,
                                     timeout=60)
                if ran.returncode not in (0, 1):  # 1: nothing is held
                    result["trouble"].append(f"queue-edit exited {ran.returncode}: {ran.stderr[:200]!r}")
            for _ in range(PASSES):
                ran = subprocess.run([os.path.join(BIN, "queue-run")], env=env, capture_output=True, timeout=60)
                if ran.returncode != 0:
                    result["trouble"].append(f"queue-run exited {ran.returncode}: {ran.stderr[:200]!r}")
                if not any(self.disk.files("queue/" + d) for d in ("new", "later", "drop")):
                    break
        result["found"] = self.look(result)
        if hasattr(self.s, "reopen"):
            self.s.reopen(self.disk.path, env, BIN, result)
        if self.sink:
            result["found"]["sink"] = list(self.sink.seen)
        return result

    def list(self, state, env, result):
        """queue-list shows all whole messages. It does not read them to their end: what has its first line and its
        length may be shown too. (queue-run reads all of it.) Judged by a check that is not pabal's own."""
        done = subprocess.run([os.path.join(BIN, "queue-list"), "-j"], env=env, capture_output=True, timeout=60)
        if done.returncode != 0:
            result["trouble"].append(f"queue-list exited {done.returncode}: {done.stderr[:200]!r}")
            return
        names = {path[len("queue/"):]: content for path, (_, content) in state.items()
                 if path.startswith(("queue/new/", "queue/later/"))}
        whole = {name for name, content in names.items() if is_whole(content)}
        listed = {m["name"] for m in map(json.loads, done.stdout.splitlines()) if m["where"] in ("new", "later")}
        if whole - listed or not all(has_length(names[name]) for name in listed):
            result["trouble"].append(f"queue-list shows {sorted(listed)}, whole are {sorted(whole)}")

    def look(self, result):
        """Maildir -> list of the numbers of the messages in new/ and cur/."""
        found = {}
        for full in self.disk.files("mail"):
            maildir, sub = os.path.split(os.path.dirname(full))
            if sub not in ("new", "cur"):
                continue
            with open(full, "rb") as f:
                content = f.read()
            number = self.s.number(content)
            if number is None:
                result["partial"].append(f"{os.path.relpath(full, self.disk.path)}: {content[:60]!r}…")
            else:
                found.setdefault(os.path.relpath(maildir, self.disk.path), []).append(number)
        return found


def leave_out(events, number):
    """The events without their sync `number`: as if the program had forgotten it."""
    begins = [i for i, e in enumerate(events) if e[0] == "sync_begin"]
    begin = begins[number - 1]
    end = next(i for i in range(begin, len(events)) if events[i] == ("sync_end", events[begin][1]))
    return [e for i, e in enumerate(events) if i not in (begin, end)]


def orders_names(path):
    """Whether the file system is one of those where the sync of a file holds its names, as lib/io/file.h has it."""
    st = os.stat(path)
    device = f"{os.major(st.st_dev)}:{os.minor(st.st_dev)}"
    with open("/proc/self/mountinfo") as f:
        kinds = [line.split(" - ")[1].split()[0] for line in f if line.split()[2] == device]
    return bool(kinds) and kinds[0] in ("ext4", "xfs")


def prove(scenario, full, without=None, limit=None, base=None):
    work = tempfile.mkdtemp(prefix="pabal-crash-", dir=base or ("/dev/shm" if os.access("/dev/shm", os.W_OK) else None))
    prover = Prover(scenario, work, full, without, limit)
    try:
        prover.run()
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return prover


def self_test(chosen):
    """Writers that are wrong on purpose are found, for the right reason; the right one passes."""
    bad = 0
    for s in chosen.values():
        if s.broken:
            prover = prove(s, True)
            found = any(s.broken in f for f in prover.failures) if isinstance(s.broken, str) else False
            fine = found if isinstance(s.broken, str) else not prover.failures
            bad += not fine
            print(f"{s.name}: {'as it should be' if fine else 'NOT as it should be'}, {len(prover.failures)} failures")
            for f in prover.failures[:0 if fine else 3]:
                print(f)
        elif s.syncs_needed:
            count = prove(s, False).syncs
            for number in range(1, count + 1):
                needed = bool(prove(s, False, number).failures)
                bad += not needed
                print(f"{s.name}: sync {number} of {count} {'is needed' if needed else 'seems NOT to be needed'}")
            bad += count == 0
    return 1 if bad else 0


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("-f", "--full", action="store_true", help="more states, and renames that leave both names")
    p.add_argument("-d", "--dir", help="work there (/dev/shm): the file system says which model is taken")
    p.add_argument("-l", "--list", action="store_true")
    p.add_argument("-t", "--self-test", action="store_true", help="find the writers that are wrong on purpose")
    p.add_argument("-w", "--without", type=int, metavar="N", help="as if the N-th sync had been forgotten")
    p.add_argument("-L", "--limit", type=int, metavar="N", help="all combinations up to N at a crash point")
    p.add_argument("scenario", nargs="*")
    args = p.parse_args()
    chosen = {s.name: s for s in SCENARIOS}
    if args.list:
        print("\n".join(chosen))
        return 0
    bad = 0
    if args.self_test:
        return self_test(chosen)
    for name in args.scenario or [s.name for s in SCENARIOS if not s.broken]:
        began = time.monotonic()
        prover = prove(chosen[name], args.full, args.without, args.limit, args.dir)
        print(f"{name}: {len(prover.events)} events, {prover.syncs} syncs, {prover.states} states, {len(prover.cache)} distinct, "
              f"{prover.model.cut} crash points bounded, {len(prover.failures)} failures, "
              f"{time.monotonic() - began:.1f} s", flush=True)
        for f in prover.failures[:5]:
            print(f)
        bad += bool(prover.failures)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
