#!/usr/bin/env python3
r"""usage: compare.py [-v] [-o] [SCRIPT…]

Plays the session scripts beside this file (scripts/NAME.imap) to Debian's Dovecot (its process behind the login,
unpacked below build/peers and seen at its place in a mount namespace; needs root) and to imapd-lite, each over its own
copy of one Maildir (mail.py), and compares what they answer, normalized: order of what is unasked, UIDVALIDITY,
mod-sequences and the words for people do not count, forms of strings neither. Nor does \Recent, which a server knows
only as well as it can (RFC 3501, 2.3.2; it is gone in RFC 9051): here it is what lies in new/, there what no session has
seen. A difference has to be in the table `judged`, with its reason; one that is not fails, and so does an entry that
nothing needs.
-v shows the normalized answers; -o plays to Dovecot only, and looks for errors of the scripts.

A script is a line a command, without its tag:
    # a comment
    b> COMMAND         in session b (any small letters; without it: a)
    <<text>>           in a command: a literal, <<+text>> one that does not wait, with Python's escapes; <<@n>> n octets
    ${v} ${m}          the last UIDVALIDITY; the largest mod-sequence that this session heard
    = NAME             from here on ${NAME} is what ${m} is now
    ~WORD COMMAND      the command again and again until WORD was among the answers
    raw: TEXT          these octets (escapes) and no more; then `get: TAG` reads up to that tag ("+": a continuation)
    wait: WORD         reads until an unasked answer has WORD (as in IDLE)
    $ COMMAND          a shell's, in the Maildir
    reopen             the session ends, and a new one begins
"""
import calendar
import codecs
import fnmatch
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
import mail
import wire

HERE = os.path.dirname(os.path.realpath(__file__))
TOP = mail.TOP
BIN = os.path.join(os.environ.get("PABAL_BUILD", os.path.join(TOP, "build/release")), "bin")
NOBODY = 65534
NEEDED = 200  # commands, at the least

DOVECOT = """protocols = imap
ssl = no
mail_location = maildir:{box}
base_dir = {work}/run
state_dir = {work}/run
mail_uid = {uid}
mail_gid = {uid}
log_path = {work}/dovecot.log
default_internal_user = root
default_login_user = nobody
mail_plugins = quota
protocol imap {{
  mail_plugins = quota imap_quota
}}
plugin {{
  quota = maildir
  quota_rule = *:bytes=1000000
  quota_grace = 0
}}
namespace inbox {{
  inbox = yes
  separator = {sep}
  mailbox Drafts {{
    special_use = \\Drafts
  }}
  mailbox Sent {{
    special_use = \\Sent
  }}
  mailbox Trash {{
    special_use = \\Trash
  }}
  mailbox Junk {{
    special_use = \\Junk
  }}
  mailbox Archive {{
    special_use = \\Archive
  }}
}}
"""
SEPARATOR = "."
# what the first session of imapd-lite subscribes to
SUBSCRIBED = ("INBOX", "Drafts", "Sent", "Trash", "Junk", "Archive")


def put(path, data):
    with open(path, "w", encoding="ascii") as f:
        f.write(data)


class Server:
    """One of the two, over its own copy of the Maildir."""

    def __init__(self, name, work, user="nobody"):
        self.name, self.work, self.box = name, work, f"{work}/box"
        os.makedirs(work, mode=0o755)
        mail.make(self.box)
        if name == "Dovecot":
            os.mkdir(f"{work}/run")
            put(f"{work}/conf", DOVECOT.format(box=self.box, work=work, uid=NOBODY, sep=SEPARATOR))
            put(f"{self.box}/subscriptions", "V\t2\n\n" + "".join(f"{n}\n" for n in SUBSCRIBED))
            subprocess.run(["chown", "-R", f"{NOBODY}:{NOBODY}", self.box], check=True)
            self.argv = ["/usr/lib/dovecot/imap", "-c", f"{work}/conf"]
            self.env = dict(os.environ, USER=user, HOME=work)
        else:
            root = f"{work}/root"
            os.makedirs(f"{root}/control")
            for file, what in (("me", "mail.example.org\n"), ("domains", "example.org\n"), ("login-without-tls", "loopback\n"),
                               ("users", f"kim@example.org:{self.box}:::1000000\n")):
                put(f"{root}/control/{file}", what)
            self.argv = [f"{BIN}/imapd-lite"]
            self.env = dict(os.environ, PABAL_ROOT=root, PABAL_RUN=f"{root}/run", PABAL_LOG="fd:2")
            self.env.pop("TCPREMOTEIP", None)
            shutil.copy(f"{PASSWD}", f"{root}/passwd")
        self.log = open(f"{work}/log", "wb")

    def session(self):
        s = wire.Session(self.argv, self.env, stderr=self.log)
        if s.greeting.word == "OK":
            s.ok(b"LOGIN kim@example.org secret")
        elif s.greeting.word != "PREAUTH":
            raise wire.Wrong(f"{self.name} greets with {s.greeting.word}")
        s.m = 0
        return s


def passwd_file(work):
    """The hash is made once."""
    root = f"{work}/root"
    os.makedirs(f"{root}/control")
    put(f"{root}/control/users", f"kim@example.org:{work}/box\n")
    put(f"{root}/control/domains", "example.org\n")
    put(f"{root}/control/me", "mail.example.org\n")
    subprocess.run([f"{BIN}/mail-user", "passwd", "kim@example.org"], input=b"secret\n", check=True,
                   env=dict(os.environ, PABAL_ROOT=root))
    return f"{root}/passwd"


# What came unasked, normalized: a sorted list of lines. Message numbers become those that the client had before the
# command, so that it does not matter in which order expunges are told.

def show(v):
    if v is None:
        return "NIL"
    if isinstance(v, list):
        return "(" + " ".join(map(show, v)) + ")"
    if isinstance(v, wire.Atom):
        return v.decode("ascii")
    return '"' + "".join(chr(c) if 32 <= c < 127 and c not in b'"\\' else f"\\x{c:02x}" for c in v) + '"'


def name_of(v):
    """A mailbox: INBOX is one whatever its case (RFC 3501, 5.1)."""
    return '"INBOX"' if v.upper() == b"INBOX" else show(bytes(v))


def flags_of(v):
    return "(" + " ".join(sorted((show(f) for f in v if f.lower() != b"\\recent"), key=str.lower)) + ")"


def date_of(v):
    """Now is the same for both."""
    when = calendar.timegm(time.strptime(v.decode(), "%d-%b-%Y %H:%M:%S +0000")) if v.endswith(b"+0000") else 0
    return "NOW" if abs(when - time.time()) < 3600 else show(v).replace('" ', '"0')


def offered(v):
    """What a mailbox knows before any client asks for it: here $Forwarded, the flag P of the Maildir, is among it."""
    return flags_of([f for f in v if f != b"$Forwarded"])


def code_of(code):
    """A response code, what differs by nature left out."""
    if not code:
        return ""
    word, rest = code[0].decode().upper(), [c for c in code[1:]]
    if word in ("COPYUID", "APPENDUID"):
        rest = [wire.Atom(b"V")] + [wire.Atom(",".join(map(str, wire.expand(c))).encode()) for c in rest[1:]]
    elif word == "UIDVALIDITY":
        rest = [wire.Atom(b"V")]
    elif word == "HIGHESTMODSEQ":
        rest = [wire.Atom(b"M")]
    elif word == "MODIFIED":
        rest = [wire.Atom(",".join(map(str, wire.expand(rest[0]))).encode())]
    elif word == "PERMANENTFLAGS":
        return " [PERMANENTFLAGS " + offered(rest[0]) + "]"
    elif word == "CAPABILITY":
        rest = []
    return " [" + " ".join([word] + [show(c) for c in rest]) + "]"


class View:
    """What this client believes of its mailbox."""

    def __init__(self):
        self.messages, self.next = None, 1

    def begin(self):
        if self.messages is not None:
            self.messages = list(range(1, len(self.messages) + 1))
            self.next = len(self.messages) + 1

    def exists(self, n):
        if self.messages is None:
            self.messages = []
        if n < len(self.messages):
            raise wire.Wrong(f"EXISTS {n} where {len(self.messages)} were known")
        while len(self.messages) < n:
            self.messages.append(self.next)
            self.next += 1

    def expunge(self, n):
        if not self.messages or n > len(self.messages):
            raise wire.Wrong(f"EXPUNGE {n} of {len(self.messages or [])}")
        return self.messages.pop(n - 1)

    def at(self, n):
        if not self.messages or n > len(self.messages):
            raise wire.Wrong(f"FETCH {n} of {len(self.messages or [])}")
        return self.messages[n - 1]


def normalize(command, status, unasked, session):
    view, lines, fetched, exists = session.view, [], {}, None
    verb = command.split()[0].upper() if command.split() else ""
    selecting = verb in ("SELECT", "EXAMINE") or \
        any(isinstance(u, wire.Status) and u.code and u.code[0].upper() == b"UIDVALIDITY" for u in unasked)
    if selecting:
        view.messages, view.next = None, 1
    view.begin()
    known = len(view.messages or [])
    for what in unasked:
        if isinstance(what, wire.Status):
            if what.code and what.code[0].upper() == b"HIGHESTMODSEQ":
                session.m = max(session.m, int(what.code[1]))
            if what.code and what.code[0].upper() == b"UIDVALIDITY":
                session.v = int(what.code[1])
            if what.code or what.word == "BYE":  # an OK alone is for people
                lines.append(f"* {what.word}{code_of(what.code)}")
            continue
        word = what[0].upper().decode()
        if word.isdigit():
            n, kind = int(word), what[1].upper()
            if kind == b"EXISTS":
                view.exists(n)
                exists = n
            elif kind == b"RECENT":
                if selecting:
                    lines.append("* RECENT")
            elif kind == b"EXPUNGE":
                lines.append(f"* EXPUNGE of {view.expunge(n)}")
            else:
                items = fetched.setdefault(view.at(n), {})
                for i in range(0, len(what[2]), 2):
                    item, value = what[2][i].decode().upper().replace('"', ""), what[2][i + 1]
                    if item == "FLAGS":
                        value = flags_of(value)
                    elif item == "MODSEQ":
                        session.m, value = max(session.m, int(value[0])), "M"
                    elif item == "INTERNALDATE":
                        value = date_of(value)
                    else:
                        value = show(value)
                    items[item] = value
        elif word in ("LIST", "LSUB"):
            attributes = sorted({show(a) for a in what[1]}, key=str.lower)
            lines.append(f"* {word} ({' '.join(attributes)}) {show(what[2])} {name_of(what[3])}" +
                         "".join(" " + show(x) for x in what[4:]))
        elif word == "STATUS":
            got = []
            for i in range(0, len(what[2]), 2):
                item, value = what[2][i].decode().upper(), show(what[2][i + 1])
                if item == "HIGHESTMODSEQ":
                    session.m = max(session.m, int(value))
                got.append(item + " " + {"UIDVALIDITY": "V", "HIGHESTMODSEQ": "M", "RECENT": "R"}.get(item, value))
            lines.append(f"* STATUS {name_of(what[1])} ({' '.join(sorted(got))})")
        elif word == "SEARCH":
            numbers = sorted(int(v) for v in what[1:] if not isinstance(v, list))
            lines.append("* SEARCH" + "".join(f" {n}" for n in numbers) + (" MODSEQ M" if isinstance(what[-1], list) else ""))
        elif word == "ESEARCH":
            lines.append("* ESEARCH " + esearch(what[1:]))
        elif word == "VANISHED":
            uids = ",".join(map(str, sorted(wire.expand(what[-1]))))
            if len(what) == 2:
                for _ in wire.expand(what[1]):
                    view.messages.pop()  # which ones is not said in message numbers
                exists = None
            lines.append(f"* VANISHED{' (EARLIER)' if len(what) == 3 else ''} {uids}")
        elif word == "FLAGS":
            if selecting:
                lines.append("* FLAGS " + offered(what[1]))
        elif word == "CAPABILITY":
            lines.append("* CAPABILITY")
        elif word == "ID":
            lines.append("* ID")
        elif word == "ENABLED":
            lines.append("* ENABLED" + "".join(sorted(" " + show(v).upper() for v in what[1:])))
        else:
            lines.append("* " + " ".join(map(show, what)))
    for n, items in fetched.items():
        lines += [f"* {n} FETCH {item} {value}" for item, value in items.items()]
    if exists is not None and (selecting or exists != known):
        lines.append(f"* EXISTS {exists}")
    if status:
        if status.code and status.code[0].upper() == b"HIGHESTMODSEQ":
            session.m = max(session.m, int(status.code[1]))
        lines.append(f"{status.word}{code_of(status.code)}")
        if selecting and status.word != "OK":
            view.messages = None
    return sorted(lines)


def esearch(v):
    got, i = [], 0
    if v and isinstance(v[0], list):
        got, i = ["(TAG)"], 1
    while i < len(v):
        word = v[i].decode().upper()
        if word == "UID":
            got.append("UID")
            i += 1
            continue
        value = show(v[i + 1])
        if word == "ALL":
            value = ",".join(map(str, sorted(wire.expand(v[i + 1]))))
        got.append(f"{word} {'M' if word == 'MODSEQ' else value}")
        i += 2
    return " ".join(got[:1] + sorted(got[1:]))


# The scripts.

def unescape(s):
    return codecs.escape_decode(s.encode())[0]


def pieces(line, variables):
    line = re.sub(r"\$\{(\w+)\}", lambda m: str(variables[m[1]]), line)
    got = []
    for part in re.split(r"(<<.*?>>)", line):
        if part.startswith("<<"):
            inner = part[2:-2]
            how = "plain" if inner.startswith("+") else "sync"
            inner = inner.lstrip("+")
            got.append((how, b"x" * int(inner[1:]) if inner.startswith("@") else unescape(inner)))
        elif part:
            got.append(part.encode())
    return got


def play(server, path):
    """[(line number, line, normalized answer)]"""
    sessions, names, answers = {}, {}, []

    def session(name):
        if name not in sessions:
            sessions[name] = server.session()
            sessions[name].view, sessions[name].v = View(), 0
        return sessions[name]

    with open(path, encoding="utf-8") as f:
        script = f.read().splitlines()
    try:
        for at, line in enumerate(script, 1):
            if not line.strip() or line.startswith("#"):
                continue
            m = re.match(r"([a-z]+)> (.*)$", line)
            name, rest = (m[1], m[2]) if m else ("a", line)
            if rest.startswith("$ "):
                subprocess.run(["sh", "-ec", rest[2:]], cwd=server.box, check=True)
                if server.name == "Dovecot":
                    subprocess.run(["chown", "-R", f"{NOBODY}:{NOBODY}", server.box], check=True)
                continue
            if rest == "reopen":
                sessions.pop(name).close()
                session(name)
                continue
            s = session(name)
            if rest.startswith("= "):
                names[rest[2:]] = s.m
                continue
            variables = dict(names, v=s.v, m=s.m)
            try:
                if rest.startswith("raw: "):
                    s.send(unescape(rest[5:]))
                    continue
                if rest.startswith("get: "):
                    status, unasked = s.until(rest[5:].encode())
                elif rest.startswith("wait: "):
                    status, unasked = None, []
                    while not any(rest[6:].encode() in flat(u) for u in unasked):
                        t, what = s.response()
                        if t is not None:
                            raise wire.Wrong(f"{t!r}, and nothing of {rest[6:]}")
                        unasked.append(what)
                elif rest.startswith("~"):
                    word, rest = rest[1:].split(" ", 1)
                    end, unasked = time.monotonic() + 20, []
                    while not any(word.encode() in flat(u) for u in unasked):
                        if time.monotonic() > end:
                            raise wire.Wrong(f"{word} never came")
                        status, more = s.command(*pieces(rest, variables))
                        unasked += more
                else:
                    status, unasked = s.command(*pieces(rest, variables))
                answers.append((at, line, normalize(rest, status, unasked, s)))
            except (wire.Wrong, TimeoutError, EOFError) as e:
                answers.append((at, line, ["! EOF"] if isinstance(e, EOFError) else [f"! {type(e).__name__}: {e}"]))
                if not isinstance(e, wire.Wrong):
                    sessions.pop(name)
    finally:
        for s in sessions.values():
            s.close()
    return answers


def flat(v):
    if isinstance(v, wire.Status):
        return b" ".join([v.word.encode()] + [bytes(c) for c in v.code if isinstance(c, bytes)])
    if isinstance(v, list):
        return b" ".join(flat(x) for x in v)
    return v or b"NIL"


# The table of judged differences.

class Judged:
    """`judged`: blocks of lines: `[SCRIPT: COMMAND]` (shell patterns), then what only Dovecot answers (`- REGEX`), what
    only imapd-lite answers (`+ REGEX`), what does not count in the lines of both (`~ REGEX ~> TEXT`), and the reason with
    the section of the RFC (`= TEXT`)."""

    def __init__(self, path):
        self.rules = []
        with open(path, encoding="utf-8") as f:
            for at, line in enumerate(f, 1):
                line = line.rstrip("\n")
                if not line or line.startswith("#"):
                    continue
                if line.startswith("["):
                    script, _, command = line[1:].rstrip("]").partition(": ") if line.endswith("]") else (0, 0, 0)
                    self.rules.append({"at": at, "script": script, "command": command, "-": [], "+": [], "~": [], "=": ""})
                elif line[:2] == "~ ":
                    regex, _, by = line[2:].partition(" ~> ")
                    self.rules[-1]["~"].append([re.compile(regex), at, 0, by])
                elif line[:2] in ("- ", "+ "):
                    self.rules[-1][line[0]].append([re.compile(line[2:]), at, 0])
                elif line.startswith("= "):
                    self.rules[-1]["="] += line[2:] + " "
                else:
                    sys.exit(f"{path}:{at}: {line}")
        for r in self.rules:
            if not r["="] or not (r["-"] or r["+"] or r["~"]):
                sys.exit(f"{path}:{r['at']}: a judgement without a difference, or without its reason")

    def reduce(self, script, command, lines):
        """The lines without what does not count."""
        for r in self.rules:
            if r["~"] and fnmatch.fnmatchcase(script, r["script"]) and fnmatch.fnmatchcase(command, r["command"]):
                for entry in r["~"]:
                    new = [entry[0].sub(entry[3], x) for x in lines]
                    entry[2] += new != lines
                    lines = new
        return sorted(set(lines))

    def known(self, script, command, sign, line):
        for r in self.rules:
            if fnmatch.fnmatchcase(script, r["script"]) and fnmatch.fnmatchcase(command, r["command"]):
                for entry in r[sign]:
                    if entry[0].fullmatch(line):
                        entry[2] += 1
                        return True
        return False

    def unused(self):
        return [f"judged:{e[1]}: nothing needs this: {e[0].pattern}" for r in self.rules for e in r["-"] + r["+"] + r["~"] if not e[2]]


def show_diff(script, at, line, bad):
    print(f"{script}:{at}: {line[:200]}")
    for sign, what in bad:
        print(f"    {sign} {what[:1500]}")


def compare(script, path, work, judged, verbose):
    """(commands, differences that nobody judged)"""
    both = {}
    for name in ("Dovecot", "imapd-lite"):
        server = Server(name, f"{work}/{script}-{name}")
        both[name] = play(server, path)
        shutil.rmtree(server.box)
    theirs, ours, failed = both["Dovecot"], both["imapd-lite"], 0
    for (at, line, theirs_said), (_, _, ours_said) in zip(theirs, ours):
        bad = []
        if theirs_said != ours_said:
            theirs_said, ours_said = (judged.reduce(script, line, said) for said in (theirs_said, ours_said))
        for sign, only in (("-", [x for x in theirs_said if x not in ours_said]),
                           ("+", [x for x in ours_said if x not in theirs_said])):
            bad += [(sign, x) for x in only if not judged.known(script, line, sign, x)]
        if bad:
            failed += 1
            show_diff(script, at, line, bad)
        elif verbose:
            show_diff(script, at, line, [(" ", x) for x in ours_said])
    return len(theirs), failed


def alone(script, path, work, verbose):
    server = Server("Dovecot", f"{work}/{script}")
    answers = play(server, path)
    bad = 0
    for at, line, said in answers:
        wrong = any(x.startswith("!") for x in said)
        bad += wrong
        if verbose or wrong:
            show_diff(script, at, line, [(" ", x) for x in said])
    return len(answers), bad


def fetch(*packages):
    out = subprocess.run([f"{TOP}/tests/peers/fetch", *packages], check=True, capture_output=True, text=True).stdout
    return [line for line in out.splitlines() if line.startswith("/")]


def main():
    global PASSWD
    args = sys.argv[1:]
    options = {a for a in args if a.startswith("-")}
    names = [a for a in args if not a.startswith("-")]
    if os.geteuid() != 0:
        sys.exit("compare.py: needs root")
    if os.environ.get("PABAL_COMPARE_NS") != "1":
        os.execvpe("unshare", ["unshare", "-m", sys.executable, os.path.realpath(__file__), *args],
                   dict(os.environ, PABAL_COMPARE_NS="1"))
    core, imap = fetch("dovecot-core", "dovecot-imapd")
    subprocess.run(["mount", "-t", "overlay", "overlay", "-o", f"lowerdir={imap}/usr:{core}/usr:/usr", "/usr"], check=True)
    work = tempfile.mkdtemp(prefix="pabal-imap-")
    os.chmod(work, 0o755)
    commands = failed = 0
    try:
        if "-o" not in options:
            PASSWD = passwd_file(f"{work}/hash")
        judged = Judged(f"{HERE}/judged")
        for path in sorted(glob.glob(f"{HERE}/scripts/*.imap")):
            script = os.path.basename(path)[:-5]
            if names and script not in names:
                continue
            if "-o" in options:
                n, bad = alone(script, path, work, "-v" in options)
            else:
                n, bad = compare(script, path, work, judged, "-v" in options)
            commands, failed = commands + n, failed + bad
    finally:
        shutil.rmtree(work)
    if not names and "-o" not in options:
        for line in judged.unused():
            print(line)
            failed += 1
    print(f"{commands} commands, {failed} answered otherwise and not judged")
    sys.exit(1 if failed or commands == 0 or (not names and commands < NEEDED) else 0)


main()
