"""Messages in every Korean charset and under every name that mail gives it, encoded by Python and by iconv(1): the
subject, the name of the sender, the text and the names of attachments must be shown as they were meant."""
import base64
import json
import quopri
import subprocess
import sys

# All of KS X 1001's kinds; then what only CP949, JOHAB (out of letters) and UTF-8 have; then what only UTF-8 has.
COMMON = "안녕하세요, 擺撥 가각힝 ㄱㅏ ① ㎏ “따옴표” １２３"
SYLLABLES = COMMON + " 똠방각하 펲시콜라 햏 뷁 힣"
ALL = SYLLABLES + " 🇰🇷 한국 ᄒ"
CODECS = [  # (Python's codec, iconv's name, names in mail, the text)
    ("utf-8", "UTF-8", ["utf-8", "UTF8"], ALL),
    ("euc_kr", "EUC-KR", ["euc-kr", "EUC-KR", "euckr", "csEUCKR"], COMMON),
    ("euc_kr", None, ["euc-kr", "ks_c_5601-1987", "korean"], SYLLABLES),  # Python spells what the set does not have
    ("cp949", "CP949", ["cp949", "ks_c_5601-1987", "KS_C_5601-1987", "ks_c_5601-1989", "ks_c_5601", "KSC5601", "KSC_5601",
                        "windows-949", "ms949", "x-windows-949", "uhc", "korean", "euc-kr", "iso-ir-149"], SYLLABLES),
    ("iso2022_kr", "ISO-2022-KR", ["iso-2022-kr", "ISO-2022-KR", "csISO2022KR"], COMMON),
    ("johab", "JOHAB", ["johab", "JOHAB", "x-johab", "cp1361", "ms1361"], SYLLABLES),
]
checked = wrong = 0


def encode(text, python, iconv):
    if python:
        return text.encode(python)
    return subprocess.run(["iconv", "-f", "UTF-8", "-t", iconv], input=text.encode(), capture_output=True, check=True).stdout


def words(name, raw, kind):
    """Encoded words; a stateful or multi-octet charset may be cut anywhere, since neighbours are joined."""
    out = []
    for i in range(0, len(raw), 30):
        piece = raw[i:i + 30]
        text = base64.b64encode(piece).decode() if kind == "B" else "".join("=%02X" % c for c in piece)
        out.append("=?%s?%s?%s?=" % (name, kind, text))
    return "\n ".join(out)


def body(raw, encoding):
    if encoding == "base64":
        return base64.encodebytes(raw)
    if encoding == "quoted-printable":
        return quopri.encodestring(raw)
    return raw


def message(name, raw, file, kind, encoding):
    """Text and attachments whose name is in encoded words, by RFC 2231 in one piece and in sections."""
    head = ("From: %s <kim@example.org>\nSubject: %s\nContent-Type: multipart/mixed; boundary=b\n\n--b\n"
            "Content-Type: text/plain; charset=\"%s\"\nContent-Transfer-Encoding: %s\n\n" %
            (words(name, raw, kind), words(name, raw, kind), name, encoding)).encode()
    percent = "".join("%%%02X" % c for c in file)
    names = ['filename="%s"' % words(name, file, kind).replace("\n ", " "), "filename*=%s''%s" % (name, percent)]
    cut = [percent[i:i + 24] for i in range(0, len(percent), 24)]
    names.append(";\n ".join("filename*%d*=%s%s" % (i, "" if i else name + "''", c) for i, c in enumerate(cut)))
    parts = [b"\n--b\nContent-Type: x/y\nContent-Disposition: attachment;\n %s\n\nx" % n.encode() for n in names]
    return head + body(raw, encoding) + b"".join(parts) + b"\n--b--\n", len(names)


def check(what, message_, text, file, names):
    global checked, wrong
    checked += 1
    shown = json.loads(subprocess.run(["mail-show", "-j", "-H", "From Subject"], input=message_, capture_output=True,
                                      check=True).stdout)
    listed = [json.loads(line)["name"] for line in
              subprocess.run(["mail-parts", "-j"], input=message_, capture_output=True, check=True).stdout.splitlines()]
    got = [shown["header"]["Subject"], shown["header"]["From"], shown["text"].rstrip("\n")]
    want = [text, ('"%s" <kim@example.org>' if "," in text else "%s <kim@example.org>") % text, text]
    got += [a["name"] for a in shown["attachments"]] + listed[1:]
    want += [file] * (2 * names)
    if got != want:
        wrong += 1
        print("%s:" % what)
        for w, g in zip(want, got):
            if w != g:
                print("  want %r\n  got  %r" % (w, g))


for python, iconv, names, text in CODECS:
    for by in [x for x in (python, iconv) if x]:
        raw = encode(text, by if by == python else None, iconv)
        file = "회의록 " + text[-4:] + ".hwp"
        for name in names:
            for kind, encoding in ("B", "base64"), ("Q", "quoted-printable"), ("B", "8bit"):
                m, n = message(name, raw, encode(file, by if by == python else None, iconv), kind, encoding)
                check("%s by %s, %s %s" % (name, by, kind, encoding), m, text, file, n)
# No charset at all: octets that are well-formed UTF-8 or look Korean.
for codec in "utf-8", "cp949":
    raw, text = "안녕하세요 여러분".encode(codec), "안녕하세요 여러분"
    m = b"From: %s <kim@example.org>\nSubject: %s\n\n%s\n" % (raw, raw, raw)
    check("raw " + codec, m, text, "", 0)
print("%d messages, %d wrong" % (checked, wrong))
sys.exit(1 if wrong or checked < 100 else 0)
