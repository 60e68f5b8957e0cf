"""Reads names of messages on standard input. Each goes through mail-7bit, as it is and with 8-bit octets put in; the
result is 7-bit, and its parts, by mail-parts and by Python's email package, decode to the same octets."""
import email
import json
import re
import subprocess
import sys


def run(command, message):
    return subprocess.run(command, input=message, capture_output=True)


def plain(kind, octets):
    """Text may come back with the line ends that it has on the wire."""
    return octets.replace(b"\r\n", b"\n") if kind.startswith("text/") else octets


def python_leaves(message):
    def walk(part):
        if part.get_content_maintype() == "message" and part.get_content_subtype() != "rfc822":
            return []  # Python reads the fields of a report and some others as a message
        if part.is_multipart():
            return [x for p in part.get_payload() for x in walk(p)]
        if part.get_content_maintype() == "multipart":
            return []  # Python does not undo the fold in a quoted boundary
        encoded = part.get("Content-Transfer-Encoding", "").strip().lower() in ("base64", "quoted-printable")
        return [(encoded, part.get_content_type(), plain(part.get_content_type(), part.get_payload(decode=True)))]

    return walk(email.message_from_bytes(message))


def python_alike(before, after):
    """What was encoded and damaged is left out: that, Python reads in a way of its own."""
    a, b = python_leaves(before), python_leaves(after)
    return len(a) == len(b) and all(x[0] or x[1:] == y[1:] for x, y in zip(a, b))


def our_leaves(message):
    rows = [json.loads(line) for line in run(["mail-parts", "-j"], message).stdout.splitlines()]
    leaves = [r for r in rows if not r["type"].startswith(("multipart/", "message/"))]
    return [(r["part"], r["type"], r["sha256"]) for r in leaves]


def alike(before, after):
    """By digest; by the octets where the line ends may be others."""
    a, b = our_leaves(before), our_leaves(after)
    if [x[:2] for x in a] != [x[:2] for x in b]:
        return False
    return all(x[2] == y[2] or plain(x[1], run(["mail-parts", "-p", x[0]], before).stdout) ==
               plain(x[1], run(["mail-parts", "-p", y[0]], after).stdout) for x, y in zip(a, b))


def noisy(message):
    """8-bit octets wherever they break no header and no delimiter line, and a long line."""
    lines = message.split(b"\n")
    for i, line in enumerate(lines):
        if not re.match(rb"--|[!-9;-~]+\s*:|[ \t]|From |\s*$", line):
            lines[i] = line.replace(b"e", b"\xc3\xa9", 2)
            if i % 50 == 0:
                lines[i] += b" long" * 300
    return b"\n".join(lines)


def is_7bit(message):
    return not re.search(rb"[\0\x80-\xff]|\r(?!\n)|[^\n]{1000}|[^\r\n]{999}", message)


failed, changed, refused = [], 0, 0
for name in sys.stdin.read().splitlines():
    with open(name, "rb") as f:
        original = f.read()
    for what, message in (("", original), (" with noise", noisy(original))):
        done = run(["mail-7bit"], message)
        wrong = None
        if done.returncode == 65:
            refused += 1
            if not re.search(rb"(?i)multipart/(signed|encrypted)", message):
                wrong = done.stderr
        elif done.returncode != 0:
            wrong = "exit %d" % done.returncode
        elif is_7bit(message):
            wrong = done.stdout != message and "it was 7-bit and changed"
        elif not is_7bit(done.stdout):
            wrong = "it is not 7-bit"
        elif not alike(message, done.stdout):
            wrong = "mail-parts sees other octets"
        elif not python_alike(message, done.stdout):
            wrong = "Python sees other octets"
        else:
            changed += 1
        if wrong:
            failed.append("%s%s: %s" % (name, what, wrong))
print("\n".join(failed))
print("%d changed, %d refused" % (changed, refused))
sys.exit(1 if failed or changed == 0 else 0)
