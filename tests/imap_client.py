"""What the tests of imapd-lite need of a client: raw commands with literals, and answers as they come."""
import os
import re
import socket
import sys


class Imap:
    def __init__(self, port, user="alice", password="two  words", login=True):
        self.s = socket.create_connection(("127.0.0.1", int(port)), 30)
        self.f = self.s.makefile("rwb")
        self.n = 0
        self.greeting = self.response()
        assert self.greeting.startswith(b"* OK "), self.greeting
        if login:
            self.ok(f'LOGIN {user} "{password}"')

    def send(self, octets):
        self.f.write(octets if isinstance(octets, bytes) else octets.encode())
        self.f.flush()

    def line(self):
        line = self.f.readline()
        assert line.endswith(b"\r\n"), line
        return line[:-2]

    def response(self):
        """One response, its literals in it as they come."""
        line = self.line()
        while m := re.search(rb"\{(\d+)\}$", line):
            literal = self.f.read(int(m[1]))
            assert len(literal) == int(m[1])
            line += b"\r\n" + literal + self.line()
        return line

    def start(self, text, *literals, sync=True):
        """Sends a command; {} in it stands for each literal. Returns its tag."""
        self.n += 1
        tag = b"t%d" % self.n
        parts = (text if isinstance(text, bytes) else text.encode()).split(b"{}")
        assert len(parts) == len(literals) + 1
        line = tag + b" " + parts[0]
        for literal, rest in zip(literals, parts[1:]):
            self.send(line + b"{%d%s}\r\n" % (len(literal), b"" if sync else b"+"))
            if sync:
                go = self.response()
                if not go.startswith(b"+"):
                    self.early = go
                    return tag
            line = literal + rest
        self.send(line + b"\r\n")
        return tag

    def end(self, tag):
        untagged = []
        while True:
            if self.early:
                r, self.early = self.early, None
            else:
                r = self.response()
            if r.startswith(tag + b" "):
                return untagged, r[len(tag) + 1:]
            untagged.append(r)

    early = None

    def command(self, text, *literals, sync=True):
        return self.end(self.start(text, *literals, sync=sync))

    def ok(self, text, *literals, sync=True, code=None):
        """The untagged responses, without "* "."""
        untagged, r = self.command(text, *literals, sync=sync)
        assert r.startswith(b"OK"), (text, r)
        assert code is None or r.startswith(b"OK [" + code.encode()), (text, r)
        self.last = r
        return [u[2:].decode("utf-8", "surrogateescape") if u.startswith(b"* ") else u for u in untagged]

    def fails(self, text, *literals, kind="NO", code=None, sync=True):
        untagged, r = self.command(text, *literals, sync=sync)
        want = kind + (f" [{code}" if code else "")
        assert r.decode().startswith(want), (text, r)
        return untagged

    def close(self):
        self.f.close()
        self.s.close()


def same(got, want):
    """Compares responses with a text of lines; "…" in it stands for anything."""
    want = [w.strip() for w in want.strip().splitlines()] if isinstance(want, str) else want
    assert len(got) == len(want), f"{len(got)} lines, not {len(want)}:\n" + "\n".join(map(str, got))
    for g, w in zip(got, want):
        pattern = ".*".join(re.escape(p) for p in w.split("…"))
        assert re.fullmatch(pattern, g, re.S), f"{g!r} is not {w!r}"


MESSAGE = b"From: a@example.org\r\nSubject: x\r\n\r\nbody\r\n"


def append(c, mailbox="INBOX", flags="", n=1, text=MESSAGE):
    for i in range(n):
        c.ok(f"APPEND {mailbox} {flags}{{}}", text)


def compress(c):
    """From here on both ways are DEFLATE streams (RFC 4978)."""
    import zlib

    c.ok("COMPRESS DEFLATE")
    packer, unpacker = zlib.compressobj(9, zlib.DEFLATED, -15), zlib.decompressobj(-15)
    plain = b""
    c.raw = 0

    def send(octets):
        octets = octets if isinstance(octets, bytes) else octets.encode()
        c.s.sendall(packer.compress(octets) + packer.flush(zlib.Z_SYNC_FLUSH))

    def more():
        nonlocal plain
        got = c.s.recv(65536)
        assert got, "closed"
        c.raw += len(got)
        plain += unpacker.decompress(got)

    def line():
        nonlocal plain
        while b"\r\n" not in plain:
            more()
        one, _, plain = plain.partition(b"\r\n")
        return one

    def read(n):
        nonlocal plain
        while len(plain) < n:
            more()
        one, plain = plain[:n], plain[n:]
        return one

    class File:
        pass

    c.f = File()
    c.f.read = read
    c.f.close = lambda: None
    c.send, c.line = send, line
