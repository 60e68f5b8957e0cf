"""What is proven: a command, what was in the installation before, and which messages are confirmed when."""
import os
import shutil
import subprocess
import sys
import zlib

DOMAIN = "example.test"
HEX = "0123456789ABCDEF"
NOBODY = 65534
HERE = os.path.dirname(os.path.abspath(__file__))


def write(path, text):
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)


def make_root(root, users=("kim", "lee")):
    for d in ["control", "run", "mail/" + DOMAIN] + ["queue/" + d for d in
                                                    ("new", "hold", "failed", "log", "drop")]:
        os.makedirs(os.path.join(root, d))
    for a in HEX:
        for b in HEX:
            os.makedirs(os.path.join(root, "queue/later", a + b))
    os.chmod(os.path.join(root, "queue/drop"), 0o3733)
    write(f"{root}/control/me", f"mail.{DOMAIN}\n")
    write(f"{root}/control/domains", DOMAIN + "\n")
    for u in users:
        for d in ("cur", "new", "tmp"):
            os.makedirs(f"{root}/mail/{DOMAIN}/{u}/{d}")
    write(f"{root}/control/users", "".join(f"{u}@{DOMAIN}:mail/{DOMAIN}/{u}\n" for u in sorted(users)))
    write(f"{root}/control/aliases", f"both@{DOMAIN}:kim@{DOMAIN}, lee@{DOMAIN}\n"
                                     f"postmaster@{DOMAIN}:{users[0]}@{DOMAIN}\n")


def message(number, size=0):
    filler = "".join(f"line {i} of {number}\n" for i in range(size // 16))
    return (f"From: kim@{DOMAIN}\nTo: lee@{DOMAIN}\nDate: Tue, 24 Nov 2026 05:00:00 +0000\n"
            f"Message-ID: <crash-{number}@{DOMAIN}>\nSubject: crash {number}\n\n"
            f"first line of {number}\n{filler}last line of {number}\n").encode()


class Scenario:
    """Messages are numbered from 1; to[i] is the list of Maildirs in which number i belongs."""

    broken = False     # a writer that is wrong on purpose: the prover must find it
    syncs_needed = False  # a proof without any one of its syncs must fail
    recovery = True
    limit = 48
    sizes = (0,)
    env = {}
    sink = False       # far.test is routed to a host of the prover's own (sink.py)
    other = False      # sendmail is called by a user who may not write the queue
    release = False    # what is held is let go before the recovery
    shell = repair = None  # before the command; and in the tree that is recovered

    def __init__(self, name, **more):
        self.name = name
        for k, v in more.items():
            setattr(self, k, v)
        self.messages = [message(i + 1, s) for i, s in enumerate(self.sizes)]
        self.stdin_file = None
        self.before = getattr(self, "before", set())

    def boxes(self, number):
        return {u if u == "sink" else f"mail/{DOMAIN}/{u}" for u in self.to[number - 1]}

    def sendmail(self, root, bin_dir):
        """How sendmail is called: by another user where we are root, else where the queue is closed to us."""
        if not self.other:
            return [os.path.join(bin_dir, "sendmail")]
        if os.geteuid() != 0:
            return ["sh", "-c", f"chmod 500 {root}/queue/new; exec {bin_dir}/sendmail \"$@\"", "sh"]
        work = os.path.dirname(root)
        os.chmod(work, 0o755)
        shutil.copy(os.path.join(bin_dir, "sendmail"), work)
        return ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--", f"{work}/sendmail"]

    def owner(self, path):
        """Whose file it is, when a state is made."""
        return NOBODY if self.other and os.geteuid() == 0 and path.startswith("queue/drop/") else -1

    def prepare(self, root, env, bin_dir):
        make_root(root)
        if self.sink:
            write(f"{root}/control/routes", f"far.test:{self.route}\n")
        work = os.path.dirname(root)
        if getattr(self, "stdin", None) is not None:
            self.stdin_file = os.path.join(work, "message")
            with open(self.stdin_file, "wb") as f:
                f.write(getattr(self, "wrap", bytes)(self.messages[self.stdin]))
        for program, args, number in getattr(self, "first", ()):
            argv = self.sendmail(root, bin_dir) if program == "sendmail" else [os.path.join(bin_dir, program)]
            with open(os.path.join(work, "input"), "w+b") as f:
                f.write(self.messages[number])
                f.seek(0)
                subprocess.run(argv + list(args), stdin=f, env=env, check=True, stdout=subprocess.DEVNULL)
            os.chmod(f"{root}/queue/new", 0o700)
        if self.shell:
            subprocess.run(["sh", "-c", self.shell], cwd=root, env=env, check=True)
        program = self.command[0]
        self.argv = self.sendmail(root, bin_dir) if program == "sendmail" else [os.path.join(bin_dir, program)]
        self.argv += [a.replace("ROOT", root).replace("HERE", HERE) for a in self.command[1:]]

    def confirmed(self, said, exited):
        """The numbers that were confirmed so far."""
        new = set()
        if self.by == "said" and b"\n" in said:
            new = {self.stdin + 1}
        if self.by == "250" and b"queued " in said:
            new = {self.stdin + 1}
        if self.by == "exit" and exited == 0:
            new = {self.stdin + 1}
        return set(self.before) | new

    def number(self, content):
        """Which message a delivered file is, None for anything but a whole one."""
        for i, m in enumerate(self.messages, 1):
            if content.endswith(m) and b"\0" not in content:
                return i
        if b"multipart/report" in content and content.endswith(b"--\n") and b"\0" not in content:
            return 0
        return None

    def judge(self, confirmed, result, heard, ended):
        """Yields what is wrong. `heard`: the numbers of which the sink had said that it took them; `ended`: the
        command had ended, so a relayed message is not sent a second time."""
        yield from ("partial: " + p for p in result["partial"])
        yield from result["trouble"]
        for number in range(1, len(self.messages) + 1):
            for box in {b for n in range(1, len(self.messages) + 1) for b in self.boxes(n)}:
                count = result["found"].get(box, []).count(number)
                if box not in self.boxes(number):
                    if count:
                        yield f"message {number} is in {box}, where it does not belong"
                elif box == "sink" and ended and count:
                    yield f"message {number} was relayed, and is sent again"
                elif count > 1:
                    yield f"message {number} is {count} times in {box}"
                elif count == 0 and box == "sink" and number in heard:
                    pass
                elif count == 0 and number in confirmed:
                    yield f"message {number} was confirmed and is not in {box}"
        for box in getattr(self, "bounce_to", ()):
            if 0 not in result["found"].get(f"mail/{DOMAIN}/{box}", []):
                yield f"the bounce to {box} is lost"


class Refile(Scenario):
    """Messages of kim's are moved to lee: at each moment they are with one of them, or with both."""

    recovery = False

    def prepare(self, root, env, bin_dir):
        self.first = [("deliver-maildir", [f"{root}/mail/{DOMAIN}/kim"], i) for i in range(len(self.messages))]
        super().prepare(root, env, bin_dir)
        new = f"{root}/mail/{DOMAIN}/kim/new"
        self.argv += sorted(os.path.join(new, name) for name in os.listdir(new))

    def confirmed(self, said, exited):
        return set(range(1, len(self.messages) + 1)) if exited == 0 else set()

    def judge(self, confirmed, result, heard, ended):
        yield from super().judge(confirmed, result, heard, ended)
        for number in range(1, len(self.messages) + 1):
            here, there = (result["found"].get(f"mail/{DOMAIN}/{u}", []).count(number) for u in ("kim", "lee"))
            if here + there == 0:
                yield f"message {number} is lost"
            elif ended and here:
                yield f"message {number} was moved, and is where it was too"


def allow_login(root, env, bin_dir):
    write(f"{root}/control/login-without-tls", "loopback\n")
    user = [os.path.join(bin_dir, "mail-user"), "passwd", KIM]
    subprocess.run(user, input=b"secret\n", env=env, check=True)


class Quit(Scenario):
    """A session of POP3 or IMAP marks the first of kim's messages and removes it: the others stay whatever happens, and the
    marked one does not come back once OK was said."""

    recovery = False
    mark = b"+OK bye"
    names = 1  # 2: what is taken out of new/ may stand in both, one file, until the folder is opened next

    def prepare(self, root, env, bin_dir):
        self.first = [("deliver-maildir", [f"{root}/mail/{DOMAIN}/kim"], i) for i in range(len(self.messages))]
        super().prepare(root, env, bin_dir)
        allow_login(root, env, bin_dir)

    def confirmed(self, said, exited):
        return {1} if self.mark in said else set()

    def judge(self, confirmed, result, heard, ended):
        yield from ("partial: " + p for p in result["partial"])
        yield from result["trouble"]
        for number in range(1, len(self.messages) + 1):
            count = result["found"].get(f"mail/{DOMAIN}/kim", []).count(number)
            if count > self.names or (number > 1 and count == 0):
                yield f"message {number} is there {count} times, and nobody removed it"
            elif number in confirmed and count:
                yield f"message {number} was removed, and is there again"


class Append(Scenario):
    """A session of IMAP adds a message to kim's: it is there, once and whole, when OK was said."""

    recovery = False

    def prepare(self, root, env, bin_dir):
        self.stdin = len(self.messages) - 1
        self.first = [("deliver-maildir", [f"{root}/mail/{DOMAIN}/kim"], i) for i in range(self.stdin)]
        self.before = set(range(1, self.stdin + 1))
        super().prepare(root, env, bin_dir)
        allow_login(root, env, bin_dir)

    def confirmed(self, said, exited):
        return self.before | ({len(self.messages)} if b"b OK [APPENDUID" in said else set())


class Folder(Scenario):
    """A session changes a folder: numbers that were told stay with their messages, and what was said is so."""

    recovery = False
    tool = "../tests/unit/folder"
    numbered = True  # the folder has been open before
    grown = False  # its log is so long that it is written anew

    def prepare(self, root, env, bin_dir):
        here = len(self.messages) - (self.what == "append")
        self.first = [("deliver-maildir", [f"{root}/mail/{DOMAIN}/kim"], i) for i in range(here)]
        if self.what == "append":
            self.stdin = here
        self.command = [self.tool, self.what, f"ROOT/mail/{DOMAIN}/kim"]
        if self.what == "copy":
            self.command.append(f"ROOT/mail/{DOMAIN}/lee")
        super().prepare(root, env, bin_dir)
        self.was = self.opened(root, env, bin_dir, "kim") if self.numbered else None
        if self.grown:
            words = b"n 1 1\n"
            with open(f"{root}/mail/{DOMAIN}/kim/pabal.log", "ab") as log:
                log.write(b"%08X %s" % (zlib.crc32(words), words) * 5000)

    def opened(self, root, env, bin_dir, user):
        """UIDVALIDITY; and number of the message -> [(UID, flags, keywords)]."""
        box = f"{root}/mail/{DOMAIN}/{user}"
        done = subprocess.run([os.path.join(bin_dir, self.tool), "list", box], env=env, capture_output=True, timeout=60)
        lines = done.stdout.decode().splitlines()
        if done.returncode != 0:
            raise ValueError(done.stderr)
        content = {}
        for sub in ("new", "cur"):
            for name in os.listdir(f"{box}/{sub}"):
                with open(f"{box}/{sub}/{name}", "rb") as f:
                    content[name.split(":")[0]] = self.number(f.read())
        messages = {}
        for line in lines[1:]:
            uid, flags, keywords, base = line.split(" ", 3)
            messages.setdefault(content[base], []).append((int(uid), int(flags), int(keywords)))
        return int(lines[0].split()[1]), messages, len(content)

    def reopen(self, root, env, bin_dir, result):
        """An older message comes before the folder is opened: what had no number on disk gets a later one."""
        for user in ("kim", "lee"):
            write(f"{root}/mail/{DOMAIN}/{user}/new/1.stranger", "Subject: stranger\n\n")
        try:
            result["open"] = {u: self.opened(root, env, bin_dir, u) for u in ("kim", "lee")}
        except ValueError as e:
            result["trouble"].append(f"the folder does not open: {e}")

    def confirmed(self, said, exited):
        return tuple(map(int, said.split()[1:])) if said.startswith(b"said ") and said.endswith(b"\n") else ()

    def judge(self, confirmed, result, heard, ended):
        yield from ("partial: " + p for p in result["partial"])
        yield from result["trouble"]
        if "open" not in result:
            return
        for user, (validity, messages, files) in result["open"].items():
            uids = [m[0] for ms in messages.values() for m in ms]
            if len(set(uids)) != len(uids) or len(uids) != files:
                yield f"{user} has {files} files and the UIDs {sorted(uids)}"
        validity, messages, _ = result["open"]["kim"]
        if self.was and validity != self.was[0]:
            yield f"UIDVALIDITY was {self.was[0]}, and is {validity}"
        for number, old in (self.was[1] if self.was else {}).items():
            now = messages.get(number, [])
            if self.what == "expunge" and old[0][0] == 1:
                if confirmed and now:
                    yield f"message {number} was removed, and is there again"
            elif [m[0] for m in now] != [old[0][0]]:
                yield f"message {number} had the UID {old[0][0]}, and has {[m[0] for m in now]}"
            elif self.what == "store" and old[0][0] == 1 and confirmed and (not now[0][1] & 2 or now[0][2] != 1):
                yield f"message {number} had got a flag and a keyword, and has {now}"
        if self.what == "append":
            now = messages.get(len(self.messages), [])
            if len(now) > 1 or (confirmed and (validity, [m[0] for m in now]) != (confirmed[0], [confirmed[1]])):
                yield f"{confirmed} was said, and the message is {now} of {validity}"
        if self.what == "copy" and confirmed:
            validity, messages, _ = result["open"]["lee"]
            if (validity, *sorted(m[0] for n, ms in messages.items() if n for m in ms)) != tuple(confirmed):
                yield f"{confirmed} was said of the copies, and they are {messages} of {validity}"


class Edit(Scenario):
    """An operator holds, removes or bounces a message; what is held after the crash is released before it is looked
    for. Held: it is not lost. Removed: it does not come back once that was said. Bounced: somebody hears of it."""

    release = True
    to = [["lee"]]
    by = "edit"

    def prepare(self, root, env, bin_dir):
        self.first = [("queue-add", [*SENDER, LEE], 0)]
        super().prepare(root, env, bin_dir)

    def confirmed(self, said, exited):
        return {1} if said.endswith(b"\n") else set()

    def judge(self, confirmed, result, heard, ended):
        yield from ("partial: " + p for p in result["partial"])
        yield from result["trouble"]
        count = result["found"].get(f"mail/{DOMAIN}/lee", []).count(1)
        reports = result["found"].get(f"mail/{DOMAIN}/kim", []).count(0)
        if self.verb == "hold" and count != 1:
            yield f"the message was held, and is {count} times with its recipient"
        if self.verb == "remove" and count > (0 if confirmed else 1):
            yield f"the message was removed, and is {count} times with its recipient"
        if self.verb == "bounce" and confirmed and (count or reports != 1):
            yield f"it was bounced, and there are {reports} reports and {count} messages"
        if self.verb == "bounce" and count + reports == 0:
            yield "nobody hears of the message"


def pop3_session(_):
    return f"USER {KIM}\r\nPASS secret\r\nDELE 1\r\nQUIT\r\n".encode()


def imap_expunge(_):
    return (f"a LOGIN {KIM} secret\r\nb SELECT INBOX\r\nc STORE 1 +FLAGS (\\Deleted)\r\nd EXPUNGE\r\n"
            "e LOGOUT\r\n").encode()


def imap_append(text):
    text = text.replace(b"\n", b"\r\n")
    return f"a LOGIN {KIM} secret\r\nb APPEND INBOX (\\Seen) {{{len(text)}+}}\r\n".encode() + text + b"\r\nc LOGOUT\r\n"


def smtp_session(text):
    """One session that gives a message, as the client writes it."""
    return (f"EHLO client.test\r\nMAIL FROM:<kim@{DOMAIN}>\r\nRCPT TO:<lee@{DOMAIN}>\r\nDATA\r\n".encode()
            + text.replace(b"\n", b"\r\n") + b".\r\nQUIT\r\n")


FAR = "someone@far.test"
KIM, LEE, BOTH = (f"{u}@{DOMAIN}" for u in ("kim", "lee", "both"))
SENDER = ("-f", KIM)

SCENARIOS = [
    Scenario("queue-add", syncs_needed=True, command=["queue-add", *SENDER, LEE], stdin=0, to=[["lee"]], by="said"),
    Scenario("queue-add-large", syncs_needed=True, command=["queue-add", *SENDER, KIM, LEE], stdin=0, sizes=(300000,),
             to=[["kim", "lee"]], by="said"),
    Scenario("smtp-recv", syncs_needed=True, command=["smtp-recv"], stdin=0, wrap=staticmethod(smtp_session), to=[["lee"]], by="250"),
    Scenario("sendmail", syncs_needed=True, command=["sendmail", "-i", *SENDER, LEE], stdin=0, to=[["lee"]], by="exit"),
    # Who may not list drop/ syncs the whole file system, and the file once before: one of the two would do.
    Scenario("sendmail-drop", other=True, command=["sendmail", "-i", LEE], stdin=0, to=[["lee"]],
             by="exit", repair="chmod 700 queue/new"),
    Scenario("deliver-maildir", syncs_needed=True, command=["deliver-maildir", f"ROOT/mail/{DOMAIN}/lee"], stdin=0, to=[["lee"]],
             by="said", recovery=False),
    Quit("pop3-quit", command=["pop3d"], stdin=0, wrap=staticmethod(pop3_session), sizes=(0, 0, 70000),
         to=[["kim"]] * 3, by="said"),
    Quit("imap-expunge", command=["imapd-lite"], stdin=0, wrap=staticmethod(imap_expunge), sizes=(0, 0, 70000),
         to=[["kim"]] * 3, by="said", mark=b"d OK", names=2),
    Append("imap-append", command=["imapd-lite"], wrap=staticmethod(imap_append), sizes=(0, 70000),
           to=[["kim"]] * 2, by="said"),
    Scenario("queue-run", command=["queue-run"], sizes=(0, 0, 70000), to=[["lee"], ["kim", "lee"], ["kim"]],
             by="before", before={1, 2, 3},
             first=[("queue-add", [*SENDER, LEE], 0), ("queue-add", [*SENDER, BOTH], 1),
                    ("queue-add", [*SENDER, KIM], 2)]),
    Scenario("queue-run-defer", command=["queue-run"], sizes=(0, 0), to=[["lee"], ["kim", "lee"]], by="before",
             before={1, 2}, first=[("queue-add", [*SENDER, LEE], 0), ("queue-add", [*SENDER, BOTH], 1)],
             shell=f"mv mail/{DOMAIN}/lee mail/{DOMAIN}/lee.away",
             repair=f"mv mail/{DOMAIN}/lee.away mail/{DOMAIN}/lee"),
    Scenario("queue-run-relay", command=["queue-run"], sink=True, sizes=(0, 0), to=[["sink", "lee"], ["sink"]],
             by="before", before={1, 2}, first=[("queue-add", [*SENDER, FAR, LEE], 0),
                                                ("queue-add", [*SENDER, FAR], 1)]),
    Scenario("queue-run-drop", command=["queue-run"], other=True, sizes=(0, 0),
             to=[["lee"], ["kim"]], by="before", before={1, 2}, repair="chmod 700 queue/new",
             first=[("sendmail", ["-i", LEE], 0), ("sendmail", ["-i", KIM], 1)]),
    Scenario("queue-run-bounce", command=["queue-run"], to=[["lee"]], by="before", before={1}, bounce_to=["kim"],
             first=[("queue-add", [*SENDER, LEE, f"nobody@{DOMAIN}"], 0)]),
    # who is delivered is reported once asked for, and is not delivered again for that
    Scenario("queue-run-report", command=["queue-run"], to=[["lee"]], by="before", before={1}, bounce_to=["kim"],
             first=[("sendmail", ["-i", "-N", "success", "-f", KIM, LEE], 0)]),
    # an alias: its members get it once, whatever of the expansion is on the disk
    Scenario("queue-run-expand", command=["queue-run"], to=[["lee", "kim"]], by="before", before={1},
             shell=f"printf '%s\\n' 'all@{DOMAIN}:{LEE}, {KIM}' 'postmaster@{DOMAIN}:{KIM}' >control/aliases",
             first=[("queue-add", ["-f", "<>", f"all@{DOMAIN}"], 0)]),
]

SCENARIOS += [
    Edit("queue-edit-" + verb, verb=verb, command=["queue-edit", verb, *SENDER], syncs_needed=verb == "remove")
    for verb in ("hold", "remove", "bounce")
]

SCENARIOS += [
    Folder("folder-append", what="append", sizes=(0, 0), to=[["kim"]] * 2),
    Folder("folder-first", what="append", numbered=False, sizes=(0, 0), to=[["kim"]] * 2),
    Folder("folder-store", what="store", sizes=(0, 0), to=[["kim"]] * 2),
    Folder("folder-compact", what="store", grown=True, sizes=(0, 0), to=[["kim"]] * 2),
    Folder("folder-take", what="take", sizes=(0, 0), to=[["kim"]] * 2),
    Folder("folder-expunge", what="expunge", sizes=(0, 0), to=[["kim"]] * 2),
    Folder("folder-copy", what="copy", sizes=(0, 0, 0), to=[["kim", "lee"]] * 3),
    Refile("maildir-refile", command=["maildir-refile", f"ROOT/mail/{DOMAIN}/lee"], sizes=(0, 0, 0),
           to=[["lee"]] * 3),
    Refile("maildir-refile-many", command=["maildir-refile", f"ROOT/mail/{DOMAIN}/lee"], sizes=(0,) * 5,
           to=[["lee"]] * 5),
]

# The prover itself is tested with writers that are wrong on purpose.
WRONG = {
    "file-not-synced": "partial",
    "directory-not-synced": "is not in",
    "written-in-new": "partial",
    "said-first": "is not in",
    "removed-after": "is not in",
    "two-copies": "2 times",
}
SCENARIOS += [
    Scenario("writer-" + how, broken=WRONG.get(how, True), stdin=0, to=[["lee"]], by="said", recovery=False,
             command=[sys.executable, "-I", "-S", "HERE/writer.py", how, f"ROOT/mail/{DOMAIN}/lee"])
    for how in ("right", *WRONG)
]
