"""The client's side of IMAP for the tests: a strict reader of what a server says (RFC 3501, 9), a session over pipes or
loopback, and a model of the selected mailbox that a session's answers must fit."""
import os
import re
import select
import socket
import subprocess
import time


class Wrong(Exception):
    """The server said what no server may say."""


class Atom(bytes):
    """An atom, number, flag or section; a plain bytes is a string, None is NIL."""


class Status:
    """OK, NO, BAD, BYE or PREAUTH: its response code as a list (empty: none), and the text."""

    def __init__(self, word, code, text):
        self.word, self.code, self.text = word, code, text


ATOM_END = b'(){ %*"]\\\x7f'
DATE = re.compile(rb"[ 0-3][0-9]-(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)-[0-9]{4} "
                  rb"[0-2][0-9]:[0-5][0-9]:[0-6][0-9] [-+][0-9]{4}$")


class Reader:
    """A cursor over one whole response, literals in place."""

    def __init__(self, raw, utf8=False):
        self.raw, self.at, self.utf8 = raw, 0, utf8

    def wrong(self, why):
        raise Wrong(f"{why} at {self.at} of {self.raw[:2000]!r}")

    def peek(self, n=1):
        return self.raw[self.at:self.at + n]

    def take(self, what):
        if self.peek(len(what)) != what:
            self.wrong(f"no {what!r}")
        self.at += len(what)

    def end(self):
        self.take(b"\r\n")
        if self.at != len(self.raw):
            self.wrong("more behind the line")

    def atom(self, section=False):
        """With section: BODY[HEADER.FIELDS (a "b")]<0> is one."""
        begin = self.at
        if self.peek() == b"\\":
            self.at += 1
            if self.peek() == b"*":
                self.at += 1
                return Atom(self.raw[begin:self.at])
        while self.at < len(self.raw):
            c = self.raw[self.at]
            if section and c == ord("["):
                self.at = self.raw.index(b"]", self.at) + 1
                if self.peek() == b"<":
                    self.at = self.raw.index(b">", self.at) + 1
                break
            if c <= 32 or c >= 127 or c in ATOM_END:
                break
            self.at += 1
        if begin == self.at or self.raw[begin:self.at] == b"\\":
            self.wrong("no atom")
        return Atom(self.raw[begin:self.at])

    def quoted(self):
        self.take(b'"')
        got = bytearray()
        while True:
            c = self.peek()
            if c == b'"':
                self.at += 1
                return bytes(got)
            if c == b"\\":
                self.at += 1
                c = self.peek()
                if c not in (b"\\", b'"'):
                    self.wrong("an escape that is none")
            elif c in (b"", b"\r", b"\n", b"\0") or (c[0] >= 128 and not self.utf8):
                self.wrong("no TEXT-CHAR in a quoted string")
            got += c
            self.at += 1

    def literal(self):
        m = re.compile(rb"\{([0-9]+)\}\r\n").match(self.raw, self.at)
        if not m:
            self.wrong("no literal")
        self.at = m.end() + int(m[1])
        if self.at > len(self.raw):
            self.wrong("a literal is cut")
        return self.raw[m.end():self.at]

    def value(self):
        c = self.peek()
        if c == b"(":
            return self.list()
        if c == b'"':
            return self.quoted()
        if c == b"{":
            return self.literal()
        a = self.atom(section=True)
        return None if a.upper() == b"NIL" else a

    def list(self):
        """Parts of a body stand beside each other without a blank."""
        self.take(b"(")
        got = []
        while self.peek() != b")":
            if got:
                if self.peek() == b" ":
                    self.at += 1
                elif not (self.peek() == b"(" and isinstance(got[-1], list)):
                    self.wrong("no blank in a list")
            got.append(self.value())
        self.at += 1
        return got

    def values(self):
        """Blank-separated up to the end of the line."""
        got = []
        while self.peek() != b"\r":
            if got or self.at:
                self.take(b" ")
            got.append(self.value())
        self.end()
        return got

    def status(self, word):
        code = []
        self.take(b" ")
        if self.peek() == b"[":
            end = self.raw.index(b"]", self.at)
            inner = Reader(self.raw[self.at + 1:end] + b"\r\n")
            code = [inner.atom()]
            if inner.peek() == b" ":
                if code[0].upper() in (b"PERMANENTFLAGS", b"BADCHARSET"):
                    code += inner.values()
                else:
                    code += [Atom(w) for w in inner.raw[inner.at + 1:-2].split(b" ")]
            self.at = end + 1
            if self.peek() == b" ":
                self.at += 1
        text = self.raw[self.at:-2]
        # resp-text without text is not in the grammar, and clients have met it
        if not text or b"\r" in text or b"\n" in text or b"\0" in text:
            self.wrong("no text in a status")
        return Status(word.upper().decode(), code, text)


WORDS = (b"OK", b"NO", b"BAD", b"BYE", b"PREAUTH")


def read(raw, utf8=False):
    """A response: (tag or None, Status or list). "+" is the tag of a continuation."""
    r = Reader(raw, utf8)
    if not raw.endswith(b"\r\n"):
        r.wrong("no CRLF")
    if raw.startswith(b"+"):
        if raw[:2] != b"+ ":
            r.wrong("no blank behind +")
        return b"+", [raw[2:-2]]
    tag, _, _ = raw.partition(b" ")
    r.at = len(tag) + 1
    begin = r.at
    word = r.atom(section=True)
    if word.upper() in WORDS:
        return (None if tag == b"*" else tag), r.status(word)
    if tag != b"*":
        r.wrong("a tagged answer that is no status")
    r.at = begin - 1
    got = r.values()
    check(got, r)
    return None, got


def number(v):
    return isinstance(v, Atom) and v.isdigit()


def string(v):
    return isinstance(v, bytes) and not isinstance(v, Atom)


def nstring(v):
    return v is None or string(v)


def params(v):
    return v is None or (isinstance(v, list) and v and len(v) % 2 == 0 and all(map(string, v)))


def extension_tail(v):
    """md5 aside: disposition, language, location (RFC 3501, body-fld-dsp and on)."""
    if v:
        d = v[0]
        if not (d is None or (isinstance(d, list) and len(d) == 2 and string(d[0]) and params(d[1]))):
            return False
    if len(v) > 1:
        lang = v[1]
        if not (nstring(lang) or (isinstance(lang, list) and lang and all(map(string, lang)))):
            return False
    return len(v) <= 2 or (nstring(v[2]) and len(v) == 3)


def address_list(v):
    return v is None or (isinstance(v, list) and v and
                         all(isinstance(a, list) and len(a) == 4 and all(map(nstring, a)) for a in v))


def envelope(v):
    return isinstance(v, list) and len(v) == 10 and nstring(v[0]) and nstring(v[1]) and \
        all(map(address_list, v[2:8])) and nstring(v[8]) and nstring(v[9])


def body(v, extended):
    """The grammar of body, as a strict client has it."""
    if not isinstance(v, list) or not v:
        return False
    if isinstance(v[0], list):
        n = 0
        while n < len(v) and isinstance(v[n], list) and not (n > 0 and params(v[n])):
            if not body(v[n], extended):
                return False
            n += 1
        if n == len(v) or not string(v[n]):
            return False
        rest = v[n + 1:]
        if not extended:
            return not rest
        return len(rest) >= 1 and params(rest[0]) and extension_tail(rest[1:])
    if len(v) < 7 or not (string(v[0]) and string(v[1]) and params(v[2]) and nstring(v[3]) and nstring(v[4]) and
                          string(v[5]) and number(v[6])):
        return False
    kind, sub, rest = v[0].lower(), v[1].lower(), v[7:]
    if kind == b"text":
        if not rest or not number(rest[0]):
            return False
        rest = rest[1:]
    elif kind == b"message" and sub in (b"rfc822", b"global"):
        if len(rest) < 3 or not (envelope(rest[0]) and body(rest[1], extended) and number(rest[2])):
            return False
        rest = rest[3:]
    if not extended:
        return not rest
    return len(rest) >= 1 and nstring(rest[0]) and extension_tail(rest[1:])


def fetch_item(name, v):
    n = bytes(name).upper()
    if n in (b"UID", b"RFC822.SIZE"):
        return number(v) and (n != b"UID" or int(v) > 0)
    if n == b"FLAGS":
        return isinstance(v, list) and all(isinstance(f, Atom) for f in v)
    if n == b"MODSEQ":
        return isinstance(v, list) and len(v) == 1 and number(v[0])
    if n == b"INTERNALDATE":
        return string(v) and bool(DATE.match(v))
    if n == b"ENVELOPE":
        return envelope(v)
    if n in (b"BODY", b"BODYSTRUCTURE"):
        return body(v, n != b"BODY")
    if n in (b"RFC822", b"RFC822.HEADER", b"RFC822.TEXT") or n.startswith(b"BODY["):
        return nstring(v)
    return False


def check(got, r):
    """The grammar of what is unasked."""
    word = got[0].upper() if isinstance(got[0], Atom) else b""
    if number(got[0]):
        if len(got) < 2 or int(got[0]) > 4294967295:
            r.wrong("a number, and nothing")
        kind = got[1].upper()
        if kind in (b"EXISTS", b"RECENT", b"EXPUNGE"):
            fine = len(got) == 2 and (kind != b"EXPUNGE" or int(got[0]) > 0)
        elif kind == b"FETCH":
            fine = int(got[0]) > 0 and len(got) == 3 and isinstance(got[2], list) and got[2] and len(got[2]) % 2 == 0
            for i in range(0, len(got[2]) if fine else 0, 2):
                if not isinstance(got[2][i], Atom) or not fetch_item(got[2][i], got[2][i + 1]):
                    r.wrong(f"no {got[2][i]!r}: {got[2][i + 1]!r}")
        else:
            fine = False
    elif word in (b"LIST", b"LSUB"):
        fine = len(got) in (4, 5) and isinstance(got[1], list) and all(isinstance(a, Atom) for a in got[1]) and \
            (got[2] is None or (string(got[2]) and len(got[2]) == 1)) and isinstance(got[3], bytes)
    elif word == b"STATUS":
        fine = len(got) == 3 and isinstance(got[1], bytes) and isinstance(got[2], list) and len(got[2]) % 2 == 0 and \
            all(map(number, got[2][1::2]))
    elif word == b"SEARCH":
        fine = all(number(v) or (isinstance(v, list) and i == len(got) - 1 and v[0].upper() == b"MODSEQ")
                   for i, v in enumerate(got) if i)
    elif word == b"VANISHED":
        fine = len(got) in (2, 3) and isinstance(got[-1], Atom) and (len(got) == 2 or got[1] == [b"EARLIER"])
    elif word == b"FLAGS":
        fine = len(got) == 2 and isinstance(got[1], list)
    elif word == b"NAMESPACE":
        fine = len(got) == 4 and all(v is None or isinstance(v, list) for v in got[1:])
    elif word == b"ID":
        fine = len(got) == 2 and params(got[1])
    elif word == b"ESEARCH":
        fine = len(got) >= 2
    else:
        fine = word in (b"CAPABILITY", b"ENABLED", b"QUOTA", b"QUOTAROOT")
    if not fine:
        r.wrong("an answer that the grammar does not know")


def expand(sets):
    """The numbers of "1:3,7"."""
    got = []
    for part in bytes(sets).split(b","):
        a, _, b = part.partition(b":")
        a, b = int(a), int(b or a)
        got += range(min(a, b), max(a, b) + 1)
    return got


class Session:
    """One connection. Every response is read strictly; `log` holds the last ones for who has to tell what went wrong."""

    def __init__(self, argv=None, env=None, port=None, timeout=20, stderr=None):
        self.timeout, self.buffer, self.serial, self.utf8, self.log = timeout, b"", 0, False, []
        self.process = self.socket = None
        if argv:
            self.process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stderr, env=env,
                                            bufsize=0)
            self.fd = self.process.stdout.fileno()
        else:
            self.socket = socket.create_connection(("127.0.0.1", port), timeout)
            self.fd = self.socket.fileno()
        self.greeting = self.response()[1]

    def send(self, data):
        self.log = (self.log + [b"C: " + data])[-12:]
        try:
            if self.process:
                self.process.stdin.write(data)
            else:
                self.socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            pass  # what it said before is still to be read

    def more(self, timeout=None):
        if not select.select([self.fd], [], [], self.timeout if timeout is None else timeout)[0]:
            raise TimeoutError(f"nothing came; last: {self.log[-4:]!r}")
        got = os.read(self.fd, 1 << 16) if self.process else self.socket.recv(1 << 16)
        if not got:
            raise EOFError(f"the connection was closed; last: {self.log[-4:]!r}")
        self.buffer += got

    def raw(self, timeout=None):
        """One response as octets, with its literals."""
        at = 0
        while True:
            end = self.buffer.find(b"\r\n", at)
            if end < 0:
                self.more(timeout)
                continue
            m = re.search(rb"\{([0-9]+)\}$", self.buffer[at:end])
            if not m:
                break
            at = end + 2 + int(m[1])
            while len(self.buffer) < at:
                self.more(timeout)
        got, self.buffer = self.buffer[:end + 2], self.buffer[end + 2:]
        self.log = (self.log + [b"S: " + got[:500]])[-12:]
        return got

    def response(self, timeout=None):
        return read(self.raw(timeout), self.utf8)

    def tag(self):
        self.serial += 1
        return b"t%d" % self.serial

    def until(self, tag, timeout=None):
        """(Status of the tag, what came unasked before it). The tag "+" is a continuation, whose status is None."""
        got = []
        while True:
            t, what = self.response(timeout)
            if t == tag:
                return (None if tag == b"+" else what), got
            if t == b"+":
                raise Wrong(f"a continuation that nobody waits for; last: {self.log[-4:]!r}")
            if t is not None:
                if tag == b"+":
                    return what, got  # refused before the literal
                raise Wrong(f"tag {t!r} in place of {tag!r}; last: {self.log[-4:]!r}")
            got.append(what)

    def command(self, *pieces, timeout=None):
        """Octets, or ("sync", octets) and ("plain", octets) for literals. (Status, unasked)"""
        tag, got, line = self.tag(), [], b""
        line = tag + b" "
        for piece in pieces:
            if isinstance(piece, tuple):
                how, data = piece
                line += b"{%d%s}\r\n" % (len(data), b"+" if how == "plain" else b"")
                if how == "plain":
                    line += data
                    continue
                self.send(line)
                line = data
                status, unasked = self.until(b"+", timeout)
                got += unasked
                if status:
                    return status, got
            else:
                line += piece
        self.send(line + b"\r\n")
        status, unasked = self.until(tag, timeout)
        return status, got + unasked

    def ok(self, *pieces):
        """What came unasked; the command must succeed."""
        status, got = self.command(*pieces)
        if status.word != "OK":
            raise Wrong(f"{pieces!r}: {status.word} {status.text!r}")
        return got

    def close(self):
        if self.socket:
            self.socket.close()
        else:
            self.process.stdin.close()
            try:
                while os.read(self.fd, 1 << 16):
                    pass
            except OSError:
                pass
            self.process.stdout.close()
            self.process.wait(self.timeout)

    def eof(self):
        """Whether the server closes the connection now."""
        end = time.monotonic() + self.timeout
        try:
            while time.monotonic() < end:
                self.more()
        except EOFError:
            return True
        return False
