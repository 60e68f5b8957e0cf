"""Reads names of messages on standard input; compares the leaves that mail-parts lists with those of Python's email
package: type and SHA-256 of the decoded octets. Where the two differ, DIFFERS says why we think ours is right."""
import email
import hashlib
import json
import os
import subprocess
import sys

FOLD = "Python does not undo the fold in a quoted boundary (RFC 5322, 2.2.3)"
DIFFERS = {
    "multi-clen.msg": FOLD,
    "multi-digest.msg": FOLD,
    "multi-simple.msg": FOLD,
    "empty-multipart.txt": "a multipart without a delimiter has no leaf; Python gives the multipart itself",
}


def leaves(part):
    if part.get_content_maintype() == "multipart" and part.is_multipart():
        return [x for p in part.get_payload() for x in leaves(p)]
    if part.is_multipart() and part.get_content_type() == "message/rfc822":
        return leaves(part.get_payload(0))
    if part.is_multipart() or part.get_content_maintype() == "multipart":
        return [(part.get_content_type(), None)]
    return [(part.get_content_type(), hashlib.sha256(part.get_payload(decode=True)).hexdigest())]


def ours(message):
    out = subprocess.run(["mail-parts", "-j"], input=message, capture_output=True, check=True).stdout
    rows = [json.loads(line) for line in out.splitlines()]
    return [(r["type"], r["sha256"]) for r in rows
            if not r["type"].startswith("multipart/")
            and not any(x["part"].startswith(r["part"] + ".") for x in rows)]


wrong = same = 0
for name in sys.stdin.read().splitlines():
    with open(name, "rb") as f:
        message = f.read()
    want, got = leaves(email.message_from_bytes(message)), ours(message)
    equal = len(want) == len(got) and all(w[0] == g[0] and w[1] in (None, g[1]) for w, g in zip(want, got))
    known = os.path.basename(name) in DIFFERS
    same += equal
    if equal == known:
        wrong += 1
        print("%s: %s\n  Python %s\n  ours   %s" % (name, "differs" if known is False else "no longer differs", want, got))
print("%d alike" % same)
sys.exit(1 if wrong or same == 0 else 0)
