"""usage: compare-parts.py <NAMES

Reads names of messages on standard input and compares what mail-parts lists with what others say: Python's email
package (number, type, name, decoded octets of each part), and where NAME.ref lies beside NAME.msg, that (as Perl's
MIME-tools has it: types, names, sizes). Each difference stands in PYTHON_DIFFERS or REF_DIFFERS with the reason why
ours is right; one that is not there, or is no more, is an error."""
import email
import email.header
import hashlib
import json
import os
import re
import subprocess
import sys

FOLD = "Python does not undo the fold in a quoted boundary (RFC 5322, 2.2.3)"
NO_DELIMITER = "no delimiter ever comes: Python has an empty multipart with a text, ours is that text"
MESSAGE = "Python takes message/* other than rfc822 for an enclosed message; ours takes it as a leaf"
PYTHON_DIFFERS = {
    "multi-clen.msg": FOLD,
    "multi-digest.msg": FOLD,
    "multi-simple.msg": FOLD,
    "multi-2evil.msg": "Python keeps the backslashes of quoted pairs (RFC 2045, 5.1 with RFC 5322, 3.2.4)",
    "empty-multipart.txt": NO_DELIMITER,
    "msg_17.txt": NO_DELIMITER,
    "msg_25.txt": NO_DELIMITER,
    "msg_41.txt": NO_DELIMITER,
    "msg_31.txt": NO_DELIMITER,
    "disposition-notification.txt": MESSAGE,
    "disposition-notification.anonymized.eml": MESSAGE,
    "msg_36.txt": MESSAGE,
    "msg_15.txt": "inner and outer multipart have one boundary: ours ends the inner one at its closing delimiter, and the "
                  "attachment behind it is found; Python loses it",
    "msg_39.txt": "inner and outer multipart have one boundary, as above: ours finds all six patches, Python two",
    "msg_37.txt": "a delimiter right behind another one: ours gives the empty part between them, Python none",
    "msg_42.txt": "a multipart that closes before it has a part: Python gives the multipart a line, though it is a message's "
                  "body and has no number of its own",
}
LAST_LINE = "MIME-tools counts a line end more or less at the end of the text; Python's octets are ours"
REF_DIFFERS = {
    "multi-nested2.ref": LAST_LINE,
    "multi-weirdspace.ref": LAST_LINE,
    "multi-digest.ref": "a Content-Type of \"text\" is none: text/plain (RFC 2045, 5.2)",
}
# The numbers that we have for uuencoded files; MIME-tools makes a multipart of the text that they stand in.
REF_NUMBERS = {
    "uu-zeegee.ref": {"1": "1", "2": "1.u1", "3": "1.u2"},
    "uu-junk-extracted.ref": {"1": "1", "2.2": "2.u1", "2.3": "2.u2"},
    "uu-junk.ref": {"1": "1", "2": "2"},
}
MORE_REFS = {"uu-junk.msg": "uu-junk-extracted.ref", "ak-0696.msg": "ak-0696-nest.ref"}


def ours(message, *options):
    out = subprocess.run(["mail-parts", "-j", *options], input=message, capture_output=True, check=True).stdout
    return [json.loads(line) for line in out.splitlines()]


def python_name(part):
    name = part.get_filename()
    if name is None:
        return ""
    try:
        name = str(email.header.make_header(email.header.decode_header(name)))
    except Exception:
        pass
    return re.sub(r"\s*[\r\n]+\s*", " ", name)


def python_rows(part, number="", top=True):
    """[number, type, name, SHA-256 or None]: parts have the numbers of IMAP, a multipart that is a message's body none."""
    kind = part.get_content_type()
    if part.get_content_maintype() == "multipart" and part.is_multipart():
        rows = [] if top else [(number, kind, python_name(part), None)]
        for i, p in enumerate(part.get_payload(), 1):
            rows += python_rows(p, (number + "." if number else "") + str(i), False)
        return rows
    if top:
        number = (number + "." if number else "") + "1"
    if kind.startswith("message/") and part.is_multipart():
        if kind == "message/delivery-status":
            return [(number, kind, python_name(part), None)]
        return [(number, kind, python_name(part), None)] + python_rows(part.get_payload(0), number, True)
    octets = part.get_payload(decode=True)
    return [(number, kind, python_name(part), hashlib.sha256(octets).hexdigest() if octets is not None else None)]


def against_python(message, rows):
    want = python_rows(email.message_from_bytes(message))
    got = [(r["part"], r["type"], r["name"], r["sha256"]) for r in rows if ".u" not in r["part"]]
    wrong = ["Python %s\n     ours %s" % (w, g) for w, g in zip(want, got)
             if w[:3] != g[:3] or w[3] not in (None, g[3])]
    if len(want) != len(got):
        wrong.append("Python has %d: %s\n     ours %d: %s" % (len(want), [w[:3] for w in want], len(got), [g[:3] for g in got]))
    return wrong


def read_ref(name):
    """{"1_2": {"Type": …, "Filename": …, "Size": …}}; a file of Perl, of which that much is read."""
    parts, at = {}, None
    with open(name, encoding="latin-1") as f:
        for line in f:
            m = re.match(r'\s*"?(Part_([0-9_]+)|Msg|Parser)"?\s*=>', line)
            if m:
                at = parts.setdefault(m.group(2) or m.group(1), {})
                continue
            m = re.match(r'\s*"?(Type|Filename|Size|Encoding|Disposition|Charset)"?\s*=>\s*(?:"((?:[^"\\]|\\.)*)"|qq\{([^}]*)\}|(\d+))', line)
            if m and at is not None:
                text = re.sub(r"\\x\{([0-9a-f]+)\}", lambda x: chr(int(x.group(1), 16)), m.group(2) or m.group(3) or m.group(4))
                at[m.group(1)] = re.sub(r"\\(.)", r"\1", text)
    return parts


def ref_numbers(name, parts):
    """With the numbers that we have: a message that is no multipart is part 1 of itself."""
    parts.pop("Parser", None)
    fixed = REF_NUMBERS.get(os.path.basename(name))
    top = parts.pop("Msg", {})
    if fixed:
        return {fixed[k]: v for k, v in parts.items() if k in fixed}
    if top.get("Type", "multipart/?" if parts else "text/plain").startswith("multipart/"):
        return parts
    return dict({"1." + k: v for k, v in parts.items()}, **{"1": top})


def against_ref(name, rows):
    want = ref_numbers(name, {k.replace("_", "."): v for k, v in read_ref(name).items()})
    got = {r["part"]: r for r in rows}
    wrong = []
    for number, w in sorted(want.items()):
        g = got.pop(number, None)
        if g is None:
            wrong.append("ref has part %s: %s" % (number, w))
            continue
        kind = g["sniffed"] if ".u" in number else g["type"]
        if w.get("Type", kind).lower() != kind:
            wrong.append("%s: ref %s, ours %s" % (number, w["Type"], kind))
        if "Filename" in w and w["Filename"] != g["name"]:
            wrong.append("%s: ref %r, ours %r" % (number, w["Filename"], g["name"]))
        if "Size" in w and int(w["Size"]) != g["octets"]:
            wrong.append("%s: ref has %s octets, ours %d" % (number, w["Size"], g["octets"]))
        wrong += ["%s: ref %s %s, ours %s" % (number, k, w[k], g[k.lower()]) for k in ("Encoding", "Disposition", "Charset")
                  if ".u" not in number and w.get(k, g[k.lower()]).lower() != g[k.lower()]]
    if os.path.basename(name) not in REF_NUMBERS:
        wrong += ["only ours has part %s: %s" % (n, r["type"]) for n, r in sorted(got.items())]
    return wrong


def judge(name, wrong, known, counts):
    base = os.path.basename(name)
    if bool(wrong) == (base in known):
        counts["alike" if not wrong else "judged"] += 1
        return
    counts["wrong"] += 1
    print("%s: %s\n  %s" % (name, "no longer differs" if base in known else "differs", "\n  ".join(wrong)))


def main():
    python = {"alike": 0, "judged": 0, "wrong": 0}
    refs = dict(python)
    for name in sys.stdin.read().splitlines():
        with open(name, "rb") as f:
            message = f.read()
        rows = ours(message)
        judge(name, against_python(message, rows), PYTHON_DIFFERS, python)
        ref = re.sub(r"\.msg$", ".ref", name)
        more = os.path.join(os.path.dirname(name), MORE_REFS.get(os.path.basename(name), ""))
        for ref in (ref, more):
            if ref.endswith(".ref") and os.path.exists(ref):
                judge(ref, against_ref(ref, rows), REF_DIFFERS, refs)
    print("Python: %(alike)d alike, %(judged)d judged, %(wrong)d wrong" % python)
    print("ref: %(alike)d alike, %(judged)d judged, %(wrong)d wrong" % refs)
    sys.exit(1 if python["wrong"] or refs["wrong"] or python["alike"] == 0 else 0)


main()
