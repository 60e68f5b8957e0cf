"""usage: shapes.py MEGABYTES SECONDS [NAME…]

Messages of that size, each of one thing over and over, through the commands that read messages: each must end by
itself, with an exit code that its page names, within so many seconds of processor time. What grows with the square
of the size, or loops, would take minutes."""
import resource
import subprocess
import sys

SIZE = int(float(sys.argv[1]) * 1000000)
LIMIT = float(sys.argv[2])


def rep(front, unit, back=b""):
    return front + unit * ((SIZE - len(front)) // len(unit)) + back
M = b"Content-Type: multipart/mixed; boundary=b\n\n"
SHAPES = {
    "one line": rep(b"Subject: x\n\n", b"a"),
    "one header line": rep(b"Subject: ", b"a", b"\n\nx"),
    "header words": rep(b"Subject: ", b"=?utf-8?q?a?= ", b"\n\nx"),
    "header =?": rep(b"Subject: ", b"=?", b"\n\nx"),
    "header =?a?q?": rep(b"Subject: ", b"=?a?q?b", b"\n\nx"),
    "header folds": rep(b"Subject: ", b"a\n b", b"\n\nx"),
    "addresses": rep(b"To: ", b"a@b,", b"\n\nx"),
    "names": rep(b"To: ", b"=?utf-8?q?a?= <a@b>, ", b"\n\nx"),
    "comments": rep(b"To: ", b"(", b"\n\nx"),
    "groups": rep(b"To: ", b"a:b@c;", b"\n\nx"),
    "routes": rep(b"To: <", b"@a,", b":b@c>\n\nx"),
    "params": rep(b"Content-Type: text/plain", b"; a*0*=%41", b"\n\nx"),
    "param quote": rep(b"Content-Type: text/plain; a=\"", b"\\\"", b"\n\nx"),
    "param words": rep(b"Content-Type: text/plain; a=", b"b c ", b"\n\nx"),
    "param comments": rep(b"Content-Type: text/plain; a=b", b" (", b"\n\nx"),
    "fields": rep(b"", b"a:b\n", b"\n\nx"),
    "content types": rep(b"", b"Content-Type: text/plain; a=b\n", b"\n\nx"),
    "delimiters": rep(M, b"--b\n"),
    "almost delimiters": rep(M, b"--bb\n"),
    "closing": rep(M, b"--b--\n"),
    "dashes": rep(M, b"--\n"),
    "nested": b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (i, i) for i in range(SIZE // 50)),
    "nested then lines": b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (i, i) for i in range(100)) +
        b"--c\n" * (SIZE // 4),
    "nested same prefix": b"".join(
        b"Content-Type: multipart/mixed; boundary=%s\n\n--%s\n" % (b"b" * i, b"b" * i) for i in range(1, 100)) +
        (b"--" + b"b" * 98 + b"c\n") * (SIZE // 101),
    "messages": rep(b"", b"Content-Type: message/rfc822\n\n"),
    "base64": rep(b"Content-Transfer-Encoding: base64\n\n", b"QUJD" * 19 + b"\n"),
    "base64 bad": rep(b"Content-Transfer-Encoding: base64\n\n", b"Q=%"),
    "qp": rep(b"Content-Transfer-Encoding: quoted-printable\n\n", b"=41="),
    "qp blanks": rep(b"Content-Transfer-Encoding: quoted-printable\n\n", b" "),
    "uu": rep(b"\n", b"begin 644 a\n#0V%T\n"),
    "uu whole": rep(b"\n", b"begin 644 a\n#0V%T\n`\nend\n"),
    "flowed": rep(b"Content-Type: text/plain; format=flowed\n\n", b"a \n"),
    "flowed quotes": rep(b"Content-Type: text/plain; format=flowed\n\n", b">"),
    "html tags": rep(b"Content-Type: text/html\n\n", b"<a href=x>b"),
    "html open": rep(b"Content-Type: text/html\n\n", b"<a "),
    "html lists": rep(b"Content-Type: text/html\n\n", b"<ul><li>"),
    "html quotes": rep(b"Content-Type: text/html\n\n", b"<a x=\""),
    "html comments": rep(b"Content-Type: text/html\n\n", b"<!--"),
    "html entities": rep(b"Content-Type: text/html\n\n", b"&#"),
    "html tables": rep(b"Content-Type: text/html\n\n", b"<table><tr><td>"),
    "html blockquotes": rep(b"Content-Type: text/html\n\n", b"<blockquote>a"),
    "html scripts": rep(b"Content-Type: text/html\n\n", b"<script>"),
    "euc": rep(b"Content-Type: text/plain; charset=euc-kr\n\n", "한글".encode("euc-kr")),
    "euc bad": rep(b"Content-Type: text/plain; charset=euc-kr\n\n", b"\xff"),
    "2022": rep(b"Content-Type: text/plain; charset=iso-2022-kr\n\n", b"\x1b$)C\x0e!!\x0f"),
    "utf7": rep(b"Content-Type: text/plain; charset=utf-7\n\n", b"+AAA-"),
    "unknown": rep(b"Content-Type: text/plain; charset=x\n\n", b"\xff"),
    "8bit": rep(b"\n", b"\xb0\xa1\xff"),
    "nul": rep(b"\n", b"\0"),
    "cr": rep(b"\n", b"\r"),
    "lf": rep(b"\n", b"\n"),
    "blanks": rep(b"\n", b" "),
    "words": rep(b"\n", b"a "),
    "encoded messages": rep(b"Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n", b"Q29udGVu"),
    "alternatives": rep(b"Content-Type: multipart/alternative; boundary=b\n\n", b"--b\nContent-Type: text/html\n\n<b>\n"),
    "many headers rfc822": rep(M, b"--b\nContent-Type: message/rfc822\n\nTo: a@b\n\n"),
}

COMMANDS = [
    ["mail-parts"], ["mail-parts", "-T"], ["mail-parts", "-p", "1"], ["mail-parts", "-r", "1"], ["mail-show"],
    ["mail-show", "-H", "all", "-w", "70"], ["mail-header", "-j"], ["mail-header", "-x", "to", "-A"],
    ["mail-header", "-s", "Subject: y"], ["mail-header", "-x", "content-type", "-P", "a"],
]


def seconds(command, message):
    def used():
        r = resource.getrusage(resource.RUSAGE_CHILDREN)
        return r.ru_utime + r.ru_stime
    before = used()
    with open(message, "rb") as f:
        code = subprocess.run(command, stdin=f, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode
    return used() - before, code


def main():
    bad = ran = 0
    for name in sys.argv[3:] or SHAPES:
        with open("shape", "wb") as f:
            f.write(SHAPES[name])
        for command in COMMANDS:
            took, code = seconds(command, "shape")
            ran += 1
            if took > LIMIT or code not in (0, 1, 65):
                bad += 1
                print("%s: %s: %.2f s, exit %d" % (name, " ".join(command), took, code))
    print("%d runs" % ran)
    sys.exit(1 if bad or not ran else 0)


main()
