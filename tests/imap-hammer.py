"""usage: imap-hammer.py PORT MAILDIR SECONDS
Four sessions and a foreign program change one mailbox at once. Each session keeps the view that the protocol gives it and
checks it: no number out of range, UIDs ascending and never another message's, each message told as added once, and at the
end all see the same, which is what lies in the Maildir. A message is lost or comes twice only if somebody removed it."""
import os
import random
import re
import sys
import threading
import time

from imap_client import Imap

port, box, seconds = sys.argv[1], sys.argv[2], float(sys.argv[3])
end = time.monotonic() + seconds
lock = threading.Lock()
added, removed, errors = set(), set(), []  # subjects


class View(Imap):
    def __init__(self):
        super().__init__(port)
        self.uids, self.subjects, self.flags = [], {}, {}
        self.selecting = True
        self.feed(self.ok("SELECT INBOX"), exists=True)
        self.look()

    def feed(self, lines, exists=False, expunge=True):
        for line in lines:
            if m := re.fullmatch(r"(\d+) EXISTS", line):
                n = int(m[1])
                assert n >= len(self.uids), f"{line} of {len(self.uids)}"
                self.uids += [None] * (n - len(self.uids))
            elif m := re.fullmatch(r"(\d+) EXPUNGE", line):
                assert expunge, "EXPUNGE where it may not be"
                assert 1 <= int(m[1]) <= len(self.uids), line
                del self.uids[int(m[1]) - 1]
            elif m := re.match(r"(\d+) FETCH \((.*)", line, re.S):
                n = int(m[1])
                assert 1 <= n <= len(self.uids), line
                if u := re.search(r"UID (\d+)", m[2]):
                    uid = int(u[1])
                    assert self.uids[n - 1] in (None, uid), f"{line}: it was {self.uids[n - 1]}"
                    self.uids[n - 1] = uid
                    if s := re.search(r"Subject: (\S+)\r\n", m[2]):
                        assert self.subjects.setdefault(uid, s[1]) == s[1], line
        known = [u for u in self.uids if u]
        assert known == sorted(set(known)), known

    def do(self, text, *literals, expunge=True):
        untagged, r = self.command(text, *literals)
        self.feed([u[2:].decode("latin-1") for u in untagged], expunge=expunge)
        return r

    def look(self):
        if self.uids:
            self.do("FETCH 1:* (UID FLAGS BODY.PEEK[HEADER.FIELDS (SUBJECT)])", expunge=False)


def session(number):
    r = random.Random(number)
    try:
        v, serial = View(), 0
        while time.monotonic() < end:
            what = r.randrange(8)
            n = r.randrange(1, len(v.uids) + 1) if v.uids else 0
            if what < 2 or not n:
                serial += 1
                subject = f"s{number}.{serial}"
                with lock:
                    added.add(subject)
                assert v.do("APPEND INBOX {}", f"Subject: {subject}\r\n\r\nbody\r\n".encode()).startswith(b"OK")
            elif what < 5:
                flags = " ".join(f for f in ("\\Seen", "\\Flagged", "\\Answered", "$a", "$b") if r.random() < .5)
                v.do(f"STORE {n} {r.choice('+- ').strip()}FLAGS{r.choice(['', '.SILENT'])} ({flags})", expunge=False)
            elif what == 5 and v.uids[n - 1] and v.subjects.get(v.uids[n - 1]):
                uid = v.uids[n - 1]
                with lock:
                    removed.add(v.subjects[uid])
                v.do(f"UID STORE {uid} +FLAGS.SILENT (\\Deleted)")
                v.do(f"UID EXPUNGE {uid}")
            elif what == 6:
                v.look()
            v.do("NOOP")
        return v
    except BaseException as e:
        errors.append(f"session {number}: {type(e).__name__} {e}")


def foreign():
    r, serial = random.Random(99), 0
    while time.monotonic() < end:
        for part in "new", "cur":
            for name in os.listdir(f"{box}/{part}"):
                if r.random() < .3:
                    letters = "".join(f for f in "FRS" if r.random() < .5)
                    keep = "".join(f for f in name.partition(":2,")[2] if f not in "FRS")
                    try:
                        os.rename(f"{box}/{part}/{name}", f"{box}/cur/{name.split(':')[0]}:2,{''.join(sorted(letters + keep))}")
                    except FileNotFoundError:
                        pass
        serial += 1
        with lock:
            added.add(f"f.{serial}")
        with open(f"{box}/tmp/{serial}", "w") as f:
            f.write(f"Subject: f.{serial}\n\nforeign\n")
        os.rename(f"{box}/tmp/{serial}", f"{box}/new/{1000000000 + serial}.foreign")
        time.sleep(0.01)


views = [None] * 4


def keep(i):
    views[i] = session(i)


threads = [threading.Thread(target=keep, args=(i,)) for i in range(4)] + [threading.Thread(target=foreign)]
for t in threads:
    t.start()
for t in threads:
    t.join()
assert not errors, errors
fresh = View()
for _ in range(100):  # what is gone is sure only when the directory was quiet for a moment
    for v in views + [fresh]:
        v.do("NOOP")
        v.look()
    if len({tuple(v.uids) for v in views + [fresh]}) == 1:
        break
    time.sleep(0.05)
else:
    raise SystemExit("the views differ: " + repr([len(v.uids) for v in views]))
there = [v for v in (fresh.subjects[u] for u in fresh.uids)]
assert len(there) == len(set(there)), "a message is there twice"
disk = set()
for part in "new", "cur":
    for name in os.listdir(f"{box}/{part}"):
        disk.add(open(f"{box}/{part}/{name}").readline().split()[1])
assert set(there) == disk, (set(there) ^ disk)
assert disk == added - removed, (disk ^ (added - removed))
for v in views:
    for uid, subject in v.subjects.items():
        assert fresh.subjects.get(uid, subject) == subject
print(f"{len(added)} messages, {len(removed)} removed, {sum(v.n for v in views)} commands")
