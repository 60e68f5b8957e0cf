"""What is measured of a system: processor time, private memory, calls of fsync, all of its process tree."""
import os
import re
import signal
import subprocess
import tempfile
import time


def wait_until(condition, what, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise RuntimeError("never true: " + what)
        time.sleep(0.01)


class Group:
    """A control group for one system, so that processes that ended count too."""

    V1 = "/sys/fs/cgroup/cpuacct"
    V2 = "/sys/fs/cgroup"

    def __init__(self, name):
        v2 = os.path.exists(self.V2 + "/cgroup.controllers")
        self.path = "%s/pabal-bench-%d-%s" % (self.V2 if v2 else self.V1, os.getpid(), name)
        os.mkdir(self.path)
        self.v2 = v2

    def enter(self):
        """In the child, between fork and exec."""
        with open(self.path + "/cgroup.procs", "w") as f:
            f.write("0")

    def pids(self):
        with open(self.path + "/cgroup.procs") as f:
            return sorted({int(line) for line in f})

    def cpu_us(self):
        """Microseconds of user and system time so far."""
        if self.v2:
            with open(self.path + "/cpu.stat") as f:
                return int(re.search(r"usage_usec (\d+)", f.read()).group(1))
        with open(self.path + "/cpuacct.usage") as f:
            return int(f.read()) / 1000

    def private_kib(self):
        total = 0
        for pid in self.pids():
            try:
                with open("/proc/%d/smaps_rollup" % pid) as f:
                    total += sum(int(n) for n in re.findall(r"Private_\w+:\s+(\d+)", f.read()))
            except OSError:  # it ended meanwhile
                pass
        return total

    def close(self):
        for pid in self.pids():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        wait_until(lambda: not self.pids(), "the end of " + self.path)
        os.rmdir(self.path)


SYNCS = "fsync,fdatasync,sync_file_range,syncfs,sync"


class Syncs:
    """Counts the calls that make data durable, of all processes of a group, while it is entered."""

    def __init__(self, group):
        self.group = group
        self.counts = {}

    def __enter__(self):
        self.log = tempfile.NamedTemporaryFile("r")
        argv = ["strace", "-f", "-c", "-e", "trace=" + SYNCS, "-o", self.log.name]
        pids = self.group.pids()
        for pid in pids:
            argv += ["-p", str(pid)]
        self.strace = subprocess.Popen(argv, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL)

        def attached():
            return all(traced(pid) for pid in self.group.pids())

        wait_until(attached, "strace attached")
        return self

    def __exit__(self, *_):
        self.strace.send_signal(signal.SIGINT)
        self.strace.communicate()
        for line in self.log:
            words = line.split()
            if len(words) >= 5 and words[-1] in SYNCS.split(","):
                self.counts[words[-1]] = int(words[3])
        self.log.close()


def traced(pid):
    try:
        with open("/proc/%d/status" % pid) as f:
            return "\nTracerPid:\t0\n" not in f.read()
    except OSError:
        return True
