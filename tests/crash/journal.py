#!/usr/bin/env python3
"""usage: journal.py ext4|xfs

Shows on a real file system that one sync holds a file and its name (lib/io/file.h: file_orders_names()): messages are
added, and in the moment of the last "queued" the disk is copied as it is, without an unmount: as if the power had gone. The
copy is mounted, so its journal is replayed, and all of them must be there; a name that nobody synced must not. Then the
proof of queue-add runs there, by the model of that journal. Exit 77: this cannot be done here (it needs root and a
loop device)."""
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.realpath(__file__))
BUILD = os.environ["PABAL_BUILD"]
MESSAGES = 60
MAKE = {"ext4": ["mkfs.ext4", "-q", "-F"], "xfs": ["mkfs.xfs", "-q", "-f"]}
# The journal is written by syncs alone: the first is ext4's interval; XFS has half a minute.
OPTIONS = {"ext4": "loop,commit=1000", "xfs": "loop"}
REPLAY = {"ext4": "loop", "xfs": "loop,nouuid"}


def cannot(why):
    print(why)
    sys.exit(77)


def mount(image, at, options):
    os.mkdir(at)
    return subprocess.run(["mount", "-o", options, image, at], capture_output=True, text=True)


def add(root):
    """A message; its ID, and how often it synced."""
    trace = os.path.join(root, "..", "trace")
    env = dict(os.environ, PABAL_ROOT=root, PABAL_LOG="none")
    done = subprocess.run(["strace", "-f", "-e", "trace=fsync,fdatasync,syncfs,sync", "-o", trace,
                           BUILD + "/bin/queue-add", "-f", "a@x.test", "b@y.test"],
                          input=b"Subject: x\n\nbody\n", env=env, capture_output=True, check=True)
    with open(trace) as f:
        return done.stdout.split()[1].decode(), sum("sync" in line for line in f)


def listed(root):
    env = dict(os.environ, PABAL_ROOT=root, PABAL_LOG="none")
    out = subprocess.run([BUILD + "/bin/queue-list", "-T"], env=env, capture_output=True, text=True, check=True).stdout
    return {line.split("\t")[0].rsplit("/")[-1] for line in out.splitlines()}


def run(kind, work, mounted):
    image, at = work + "/image", work + "/disk"
    with open(image, "wb") as f:
        f.truncate(320 << 20)
    subprocess.run(MAKE[kind] + [image], check=True)
    failed = mount(image, at, OPTIONS[kind])
    if failed.returncode:
        cannot(f"no {kind} can be mounted here: {failed.stderr.strip()}")
    mounted.append(at)
    root = at + "/root"
    os.makedirs(root + "/control")
    for d in ("new", "hold", "failed", "log"):
        os.makedirs(f"{root}/queue/{d}")
    for i in range(256):
        os.makedirs(f"{root}/queue/later/{i:02X}")
    with open(root + "/control/me", "w") as f:
        f.write("mail.x.test\n")
    os.sync()
    added = [add(root) for _ in range(MESSAGES)]
    open(root + "/queue/new/unsynced", "w").close()
    subprocess.run(["cp", "--sparse=always", image, image + "2"], check=True)
    syncs = {n for _, n in added}
    failed = mount(image + "2", at + "2", REPLAY[kind])
    if failed.returncode:
        raise SystemExit(f"the copy cannot be mounted: {failed.stderr}")
    mounted.append(at + "2")
    there = listed(at + "2/root")
    lost = [i for i, _ in added if i not in there]
    print(f"{kind}: {len(added)} messages, {sorted(syncs)} syncs each, {len(lost)} lost")
    if syncs != {1} or lost or os.path.exists(at + "2/root/queue/new/unsynced"):
        raise SystemExit("lost: %s; the name without a sync %s" % (
            lost, "is there: the test shows nothing" if os.path.exists(at + "2/root/queue/new/unsynced") else "is not there"))
    prover = [sys.executable, HERE + "/prove.py", "--dir", at]
    subprocess.run(prover + ["queue-add"], check=True)
    if subprocess.run(prover + ["--without", "1", "queue-add"], stdout=subprocess.DEVNULL).returncode == 0:
        raise SystemExit("the proof holds without the sync: it shows nothing")


def main():
    kind = sys.argv[1]
    if os.geteuid() != 0 or not shutil.which(MAKE[kind][0]):
        cannot("this needs root and " + MAKE[kind][0])
    work, mounted = tempfile.mkdtemp(prefix="pabal-journal-"), []
    try:
        run(kind, work, mounted)
    finally:
        for at in reversed(mounted):
            subprocess.run(["umount", at], check=True)
        shutil.rmtree(work)


if __name__ == "__main__":
    main()
