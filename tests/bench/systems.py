"""The two systems that are compared. Both keep their files below the same folder of the same file system."""
import os
import shutil
import signal
import socket
import subprocess

from measure import Group, wait_until

TOP = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", ".."))
BIN = os.path.join(os.environ.get("PABAL_BUILD", os.path.join(TOP, "build", "release")), "bin")
WORK = os.path.join(TOP, "build", "bench")
PEER = os.path.join(TOP, "build", "peers", "postfix")
DOMAIN = "bench.test"
RELAY_DOMAIN = "away.test"


def files(path):
    """The regular files below a folder."""
    return [os.path.join(d, f) for d, _, names in os.walk(path) for f in names]


def peer_env():
    machine = os.uname().machine
    lib = ["/usr/lib/postfix", "/usr/lib/%s-linux-gnu" % machine]
    return dict(os.environ, LD_LIBRARY_PATH=":".join(PEER + p for p in lib))


def peer(program):
    return os.path.join(PEER, "usr", "sbin", program)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def accepts(port):
    with socket.socket() as s:
        return s.connect_ex(("127.0.0.1", port)) == 0


class Ours:
    """smtp-recv with the listening socket as its standard input; queue-run -w where mail is delivered."""

    name = "pabal"

    def __init__(self, sink_port, deliver):
        self.root = os.path.join(WORK, "pabal-" + ("deliver" if deliver else "queue"))
        self.deliver = deliver
        self.maildir = os.path.join(self.root, "mail", DOMAIN, "box")
        self.queued = os.path.join(self.root, "queue", "new")
        for folder in ["control", "run", "queue/new", "queue/hold", "queue/failed", "queue/log"]:
            os.makedirs(os.path.join(self.root, folder))
        for i in range(256):
            os.makedirs(os.path.join(self.root, "queue", "later", "%02X" % i))
        os.mkdir(os.path.join(self.root, "queue", "drop"))
        os.chmod(os.path.join(self.root, "queue", "drop"), 0o3733)
        for folder in ["cur", "new", "tmp"]:
            os.makedirs(os.path.join(self.maildir, folder))
        self.control("me", "mail." + DOMAIN)
        self.control("domains", DOMAIN)
        self.control("users", "box@%s:mail/%s/box" % (DOMAIN, DOMAIN))
        self.control("relay-nets", "127.0.0.0/8")
        self.control("routes", "%s:smtp-send [127.0.0.1]:%d" % (RELAY_DOMAIN, sink_port))
        self.group = Group(os.path.basename(self.root))
        self.env = dict(os.environ, PABAL_ROOT=self.root, PABAL_LOG="fd:2", PATH=BIN + ":" + os.environ["PATH"])
        self.log = open(os.path.join(self.root, "log"), "ab")
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", 0))
        listener.listen(1024)
        self.port = listener.getsockname()[1]
        self.processes = [self.start(["smtp-recv"], listener)]
        listener.close()
        if deliver:
            self.processes.append(self.start(["queue-run", "-w"]))

    def control(self, name, line):
        with open(os.path.join(self.root, "control", name), "w") as f:
            f.write(line + "\n")

    def start(self, argv, stdin=subprocess.DEVNULL):
        argv = [os.path.join(BIN, argv[0])] + argv[1:]
        return subprocess.Popen(argv, stdin=stdin, stdout=self.log, stderr=self.log, env=self.env,
                                cwd=self.root, preexec_fn=self.group.enter)

    def waiting(self):
        return len(files(self.queued)) + len(files(os.path.join(self.root, "queue", "later")))

    def send_all(self):
        """One pass over the queue; returns when all has left."""
        run = self.start(["queue-run"])
        if run.wait() != 0:
            raise RuntimeError("queue-run: exit %d" % run.returncode)

    def clean(self):
        for path in [self.queued, os.path.join(self.root, "queue", "later"), os.path.join(self.root, "queue", "log"),
                     os.path.join(self.maildir, "new")]:
            for f in files(path):
                os.unlink(f)

    def close(self):
        for p in self.processes:
            p.send_signal(signal.SIGTERM)
        for p in self.processes:
            try:
                p.wait(20)
            except subprocess.TimeoutExpired:
                p.kill()
                p.wait()
        self.group.close()


class Postfix:
    """As it comes from Debian (tests/peers/postfix), its limits for one client and the delay that it puts in where
    mail comes faster than it leaves switched off. Without delivery, mail is put on hold when it is queued."""

    name = "Postfix"

    def __init__(self, sink_port, deliver):
        self.dir = os.path.join(WORK, "postfix-" + ("deliver" if deliver else "queue"))
        self.maildir = os.path.join(self.dir, "mail", "box")
        self.deliver = deliver
        os.makedirs(self.dir)
        with open(os.path.join(self.dir, "main.extra"), "w") as f:
            f.write("in_flow_delay = 0\nsmtpd_client_message_rate_limit = 0\nrelay_domains = %s\n" % RELAY_DOMAIN)
            if not deliver:
                f.write("smtpd_data_restrictions = check_client_access static:HOLD\n")
        self.port = free_port()
        self.group = Group(os.path.basename(self.dir))
        self.log = open(os.path.join(self.dir, "out"), "ab")
        argv = [os.path.join(TOP, "tests/peers/postfix"), self.dir, str(self.port), DOMAIN, "127.0.0.1", str(sink_port)]
        self.process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log,
                                        preexec_fn=self.group.enter)
        wait_until(lambda: accepts(self.port), "Postfix accepts")

    def waiting(self):
        return sum(len(files(os.path.join(self.dir, "queue", q))) for q in
                   ["maildrop", "incoming", "active", "deferred", "hold"])

    def send_all(self):
        """What is on hold is let go; returns when all has left."""
        for f in files(os.path.join(self.dir, "queue", "hold")):
            os.rename(f, os.path.join(self.dir, "queue", "incoming", os.path.basename(f)))
        with socket.socket(socket.AF_UNIX) as s:
            s.connect(os.path.join(self.dir, "queue", "public", "qmgr"))
            s.sendall(b"I")  # what its own programs say to wake the queue manager: scan incoming
        wait_until(lambda: self.waiting() == 0, "Postfix has sent all", 120)

    def clean(self):
        for path in [os.path.join(self.dir, "queue", q) for q in
                     ["incoming", "active", "deferred", "defer", "hold"]] + [os.path.join(self.maildir, "new")]:
            for f in files(path):
                os.unlink(f)

    def close(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.group.close()


class Sink:
    """Postfix's smtp-sink: accepts all and keeps nothing."""

    def __init__(self):
        self.port = free_port()
        user = ["-u", "root"] if os.getuid() == 0 else []
        self.process = subprocess.Popen([peer("smtp-sink")] + user + ["127.0.0.1:%d" % self.port, "1000"],
                                        env=peer_env(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until(lambda: accepts(self.port), "smtp-sink accepts")

    def close(self):
        self.process.kill()
        self.process.wait()


def fresh_work():
    """Where both keep their files: the empty folder WORK, on a file system with a journal. Where the tree is not on one
    (a container, an ext4 made without: there the kernel's search for an inode grows with what was deleted lately), an
    ext4 in a file below WORK. Gives words for it, and what ends it."""
    if os.path.ismount(WORK):  # a run that was killed
        subprocess.run(["umount", WORK], check=True)
    shutil.rmtree(WORK, ignore_errors=True)
    os.makedirs(WORK)
    if journalled(WORK):
        return filesystem(WORK), lambda: None
    image = WORK + ".img"
    with open(image, "wb") as f:  # written whole, or each block would first have to be found
        for _ in range(1024):
            f.write(bytes(1 << 20))
        os.fsync(f.fileno())
    subprocess.run(["mkfs.ext4", "-q", "-F", "-E", "lazy_itable_init=0,lazy_journal_init=0", image], check=True)
    device = subprocess.run(["losetup", "--direct-io=on", "--show", "-f", image], capture_output=True, text=True,
                            check=True).stdout.strip()
    subprocess.run(["mount", "-o", "noatime", device, WORK], check=True)

    def end():
        subprocess.run(["umount", WORK], check=True)
        subprocess.run(["losetup", "-d", device], check=True)
        os.unlink(image)
    return "ext4 in a file (%s has no journal)" % filesystem(TOP), end


def filesystem(path):
    return subprocess.run(["stat", "-f", "-c", "%T", path], capture_output=True, text=True, check=True).stdout.strip()


def journalled(path):
    kind = filesystem(path)
    if kind == "xfs":
        return True
    device = subprocess.run(["findmnt", "-n", "-o", "SOURCE", "-T", path], capture_output=True, text=True, check=True)
    name = os.path.basename(os.path.realpath(device.stdout.strip()))
    return kind == "ext2/ext3" and any(n.split("-")[0] == name for n in os.listdir("/proc/fs/jbd2"))


def pour(system, connections, messages, kept, rcpt="box@" + DOMAIN, size=4096):
    """smtp-source gives MESSAGES over CONNECTIONS at once; kept: 50 over one, else one a connection."""
    argv = [peer("smtp-source"), "-s", str(connections), "-m", str(messages), "-l", str(size),
            "-f", "sender@" + RELAY_DOMAIN, "-t", rcpt] + (["-d"] if kept else [])
    subprocess.run(argv + ["127.0.0.1:%d" % system.port], env=peer_env(), check=True,
                   stdout=subprocess.DEVNULL)
