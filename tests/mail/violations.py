"""usage: violations.py PAGE

What pabal-violations(7) says about reading mail, one case or more for each of its items: an item without a case is an
error, and a case without an item too. Other sections than SECTIONS have tests of their own."""
import base64
import re
import subprocess
import sys

SECTIONS = ("Lines and fields", "Parts", "Parameters", "Dates", "Addresses", "Charsets", "Encodings", "Text")
HEAD = "Content-Type: multipart/mixed; boundary=b\n\n"
ALT = "Content-Type: multipart/alternative; boundary=b\n\n"


def b64(text):
    return base64.b64encode(text.encode() if isinstance(text, str) else text).decode()


PARTS = ["mail-parts", "-T"]     # numbers and types are compared
SHOW = ["mail-show", "-H", ""]
NAME = ["mail-header", "-x", "content-disposition", "-P", "filename"]
DATE = ["mail-header", "-x", "date", "-D"]
TO = ["mail-header", "-x", "to", "-A"]
SUBJECT = ["mail-header", "-x", "subject"]
PART1 = ["mail-parts", "-p", "1"]


def name(value):
    return "Content-Disposition: attachment; %s\n\n" % value


# (item, message, command, what it says)
CASES = [
    ("CRLF at the ends of lines, or both kinds", HEAD.replace("\n", "\r\n") + "--b\r\n\r\na\r\n--b\n\nb\n--b--\r\n", PARTS,
     "1 text/plain\n2 text/plain\n"),
    ("CRLF at the ends of lines, or both kinds", "Subject: a\r\n b\r\n\r\nx\r\n", ["mail-show", "-H", "subject"],
     "Subject: a b\n\nx\n"),
    ("a CR alone, a NUL", "\na\rb\0c\n", PART1, "a\rb\0c\n"),
    ("a CR alone, a NUL", "\na\rb\0c\n", SHOW, "a^Mb^@c\n"),
    ("lines of any length", "Subject: %s\n\nx\n" % ("a" * 100000), SUBJECT, "a" * 100000 + "\n"),
    ("a line of mbox before the header, of the message or of an enclosed one",
     "From x\nContent-Type: message/rfc822\n\n>From y\nSubject: s\n\nx\n", SHOW, "[part 1: message]\n\nx\n"),
    ("a line of mbox before the header, of the message or of an enclosed one", "From x\nSubject: s\n\n", SUBJECT, "s\n"),
    ("blanks between a name and its colon", "Subject \t: s\n\n", SUBJECT, "s\n"),
    ("a continuation line of blanks alone", "Subject: a\n  \n b\n\n", SUBJECT, "a b\n"),
    ("a field that should be there once more than once", "Subject: a\nSubject: b\n\n", SUBJECT, "a\nb\n"),
    ("characters that a terminal obeys, or that turn or hide text", "\na\x1b[2Jb\u202ec\n", SHOW, "a^[[2Jb\ufffdc\n"),
    ("a file name with folders, dots or hyphens before it, or with control characters",
     name('filename="../..\\\\-.x\x07y"') + "x", ["mail-parts", "-d", "."], "./x^Gy\n"),

    ("a multipart without a boundary, or one whose boundary never comes", "Content-Type: multipart/mixed\n\nx\n", SHOW, "x\n"),
    ("a multipart without a boundary, or one whose boundary never comes", HEAD + "x\n", PARTS, "1 text/plain\n"),
    ("a multipart that is not closed", HEAD + "--b\n\nx\n", PARTS, "1 text/plain\n"),
    ("a delimiter of an outer multipart inside of an inner one",
     HEAD + "--b\n" + HEAD.replace("=b", "=c") + "--c\n\nx\n--b\n\ny\n--b--\n", PARTS,
     "1 multipart/mixed\n1.1 text/plain\n2 text/plain\n"),
    ("a delimiter line that goes on behind its boundary", HEAD + "--b \t\n\nx\n--bc\n--b-- d\ny\n", PART1, "x\n--bc"),
    ("a boundary that an outer and an inner multipart share", HEAD + "--b\n" + HEAD + "--b\n\nx\n--b--\n--b\n\ny\n--b--\n", PARTS,
     "1 multipart/mixed\n1.1 text/plain\n2 text/plain\n"),
    ("a delimiter right behind another one", HEAD + "--b\n--b\n\nx\n--b--\n", PARTS, "1 text/plain\n2 text/plain\n"),
    ("a part whose header is ended by a delimiter, not by an empty line", HEAD + "--b\nContent-Type: text/html\n--b--\n", PARTS,
     "1 text/html\n"),
    ("a line in the header that is no field", "Subject: s\nnothing\nContent-Type: text/html\n\nx\n", PART1,
     "nothing\nContent-Type: text/html\n\nx\n"),
    ("a Content- field more than once", "Content-Type: text/html\nContent-Type: text/plain\n\n", PARTS, "1 text/html\n"),
    ("a Content-Type that is none", "Content-Type: text\n\n", PARTS, "1 text/plain\n"),
    ("an encoded multipart", "Content-Transfer-Encoding: base64\n" + HEAD + "--b\n\nx\n--b--\n", PART1, "x"),
    ("an encoded message", "Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n" + b64(HEAD + "--b\n\nx\n--b--\n"),
     ["mail-parts", "-p", "1.1"], "x"),
    ("over 100 levels, or over 100,000 parts", "".join("Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (i, i)
     for i in range(150)), ["sh", "-c", "mail-parts -T | wc -l"], "100\n"),

    ("a value with blanks or other specials but no quotes", name("filename=a b@c.txt; x=y"), NAME, "a b@c.txt\n"),
    ("a quote that is never closed", name('filename="a b; x=y'), NAME, "a b; x=y\n"),
    ("two semicolons, or none between two parameters", name(";; a=b filename=c"), NAME, "c\n"),
    ("sections of RFC 2231 out of order, or with gaps", name("filename*2=c; filename*1=b; filename*1=x; filename*4=e"), NAME, "bc\n"),
    ("an encoded word as a value, or in the middle of one", name('filename="a =?euc-kr?B?x9Gx2w==?=.txt"'), NAME, "a 한글.txt\n"),
    ("a backslash before another character than a quote or a backslash", name('filename="C:\\dir\\file"'), NAME, "C:dirfile\n"),
    ("both a plain and an RFC 2231 form", name("filename=plain; filename*=utf-8''%ED%95%9C"), NAME, "한\n"),

    ("two or three digits of a year, names of zones, no seconds, comments anywhere",
     "Date: Wed (a), 11 Feb 98 (b) 11:51 CST (c)\n\n", DATE, "887219460\n"),
    ("two or three digits of a year, names of zones, no seconds, comments anywhere", "Date: 11 Feb 098 17:51 GMT\n\n", DATE,
     "887219460\n"),
    ("a zone whose name says nothing, a military letter, no zone", "Date: 11 Feb 98 17:51 XYZ\nDate: 11 Feb 98 17:51 A\n"
     "Date: 11 Feb 98 17:51\nDate: 12 Feb 98 2:51 KST\n\n", DATE, "887219460\n" * 4),
    ("+09:00, +9, GMT+0900", "Date: 12 Feb 1998 02:51:00 +09:00\nDate: 12 Feb 1998 02:51:00 +9\n"
     "Date: 12 Feb 1998 02:51:00 GMT+0900\n\n", DATE, "887219460\n" * 3),
    ("hyphens between day, month and year", "Date: 11-Feb-1998 17:51:00 +0000\n\n", DATE, "887219460\n"),
    ("the month before the day, the year behind the time, as asctime and scripts write it",
     "Date: Wed Feb 11 17:51:00 1998\nDate: Wed Feb 11 1998 17:51:00 GMT+0000 (UTC)\n\n", DATE, "887219460\n" * 2),

    ("empty list elements, semicolons for commas", "To: ,a@b,,c@d;e@f;\n\n", TO, "a@b\nc@d\ne@f\n"),
    ("source routes, blanks and comments inside of addresses", "To: <@x,@y:a@b>, c . d (e) @ f\n\n", TO, "a@b\nc.d@f\n"),
    ("an encoded word with specials that are not encoded", "To: =?utf-8?Q?Lee,_<x@y>?= <a@b>\n\n", TO, "a@b\n"),
    ("a name with a dot, but no quotes", "To: Kim Q. Lee <a@b>\n\n", TO, "a@b\n"),
    ("a display name without an address, an address with 8-bit octets that are no UTF-8", b"To: Kim Lee, \xff@b, c@d\n\n", TO, "c@d\n"),
    ("a quote or comment that is never closed", 'To: a@b, "c@d, e@f\nTo: g@h (i, j@k\n\n', TO, "a@b\ng@h\n"),
    ("a local part alone", "To: root, a@b\n\n", TO, "root\na@b\n"),

    ("EUC-KR and KS C 5601 with characters of CP949",
     b"Content-Type: text/plain; charset=ks_c_5601-1987\n\n" + "똠".encode("cp949"), SHOW, "똠\n"),
    ("syllables that KS X 1001 has no code for, spelled with a filler and three letters",
     b"Content-Type: text/plain; charset=euc-kr\n\n" + "똠".encode("euc-kr"), SHOW, "똠\n"),
    ("ISO-8859-1 with quotes of Windows", b"Content-Type: text/plain; charset=iso-8859-1\n\n\x93a\x94", SHOW, "“a”\n"),
    ("8-bit octets without a charset", "Subject: 한\n\n한\n", ["mail-show", "-H", "subject"], "Subject: 한\n\n한\n"),
    ("8-bit octets without a charset", "\n한글\n".encode("cp949"), SHOW, "한글\n"),
    ("8-bit octets without a charset", b"\ncaf\xe9\n", SHOW, "café\n"),
    ("an unknown charset", b"Content-Type: text/plain; charset=x\nSubject: =?x?Q?=FF?=\n\n\xff\n", ["mail-show", "-H", "subject"],
     "Subject: =?x?Q?=FF?=\n\n[unknown charset x]\n\\xff\n"),

    ("a Content-Transfer-Encoding that nobody knows", "Content-Transfer-Encoding: x-new\n\nx", SHOW, "[part 1: text/plain, 1 octets]\n"),
    ("comments, quotes or a semicolon around the name of an encoding",
     'Content-Transfer-Encoding: "base64" (c)\n\n' + b64("x"), PART1, "x"),
    ("comments, quotes or a semicolon around the name of an encoding", "Content-Transfer-Encoding: base64;\n\n" + b64("x"), PART1, "x"),
    ("octets in base64 that are not in its alphabet", "Content-Transfer-Encoding: base64\n\nQ.U!J\nD*", PART1, "ABC"),
    ("padding in the middle of base64", "Content-Transfer-Encoding: base64\n\nQQ==QkM=RA==", PART1, "ABCD"),
    ("an equals sign in quoted-printable that nothing belongs to", "Content-Transfer-Encoding: quoted-printable\n\na=zb=3D=\nc =", PART1,
     "a=zb=c "),
    ("a uuencoded file in the middle of plain text", "\nx\nbegin 644 a\n#0V%T\n`\nend\ny\n", ["mail-parts", "-p", "1.u1"], "Cat"),
    ("a uuencoded file in the middle of plain text", "\nx\nbegin 644 a\n#0V%T\n", PARTS, "1 text/plain\n"),
    ("an encoded word that splits a character, or with blanks in it",
     "Subject: =?utf-8?B?7ZU=?= =?utf-8?B?nA==?= =?utf-8?Q?a b?=\n\n", SUBJECT, "한a b\n"),

    ("an empty text/plain beside HTML", ALT + "--b\n\n \n--b\nContent-Type: text/html\n\n<b>x</b>\n--b--\n", SHOW, "x\n"),
    ("HTML that shows nothing beside another alternative",
     ALT + "--b\nContent-Type: text/enriched\n\nx\n--b\nContent-Type: text/html\n\n<img src=y>\n--b--\n", SHOW, "x\n"),
    ("HTML that shows nothing beside another alternative", "Content-Type: text/html\n\n<img src=y>", SHOW,
     "[part 1: text/html, 11 octets]\n"),
    ("a flowed line before another depth of quotes", "Content-Type: text/plain; format=flowed\n\na \n> b \nc\n", SHOW, "a\n> b\nc\n"),
    ("HTML without a charset parameter", b"Content-Type: text/html\n\n<meta charset=euc-kr>" + "한".encode("euc-kr"), SHOW, "한\n"),
    ("HTML with a comment or a quote that is not closed", "Content-Type: text/html\n\na<b title=\"x>b</b>", SHOW, "ab\n"),
    ("a script or style that is not closed", "Content-Type: text/html\n\na<script>b<p>c", SHOW, "a\n"),
    ("a head that is not closed", "Content-Type: text/html\n\n<head><style>b</style><p>a", SHOW, "a\n"),
    ("numeric references from 128 to 159", "Content-Type: text/html\n\n&#147;a&#148;", SHOW, "“a”\n"),
]


def items(page):
    """The items of the sections that are tested here."""
    found, section = [], ""
    with open(page) as f:
        for line in f:
            if line.startswith(".Ss "):
                section = line[4:].strip()
            elif line.startswith(".It ") and section in SECTIONS:
                found.append(line[4:].strip().replace("\\&", ""))
    return found


def run(command, message):
    out = subprocess.run(command, input=message if isinstance(message, bytes) else message.encode(), capture_output=True)
    if out.returncode:
        return "exit %d: %s" % (out.returncode, out.stderr.decode())
    text = out.stdout.decode("utf-8", "replace")
    if command == PARTS:
        return "".join("%s %s\n" % tuple(line.split("\t")[:2]) for line in text.splitlines())
    return text


def main():
    wrong = 0
    for item, message, command, want in CASES:
        got = run(command, message)
        if got != want:
            wrong += 1
            print("%s (%s):\n  want %r\n  got  %r" % (item, " ".join(command), want, got))
    said, tested = set(items(sys.argv[1])), {c[0] for c in CASES}
    for what, which in ("no case for", said - tested), ("not on the page", tested - said):
        for item in sorted(which):
            wrong += 1
            print("%s: %s" % (what, item))
    print("%d cases, %d items, %d wrong" % (len(CASES), len(said), wrong))
    sys.exit(1 if wrong or not said else 0)


main()
