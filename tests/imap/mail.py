"""The Maildir that the session scripts are played on: mail.make(DIR). INBOX has ordinary messages, Odd the odd ones."""
import os

TOP = os.environ.get("PABAL_TOP") or os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
BEGIN = 1700000000  # 2023-11-14 22:13:20 UTC; each message is a day and some younger than the one before
STEP = 90061


def text(subject, who, body, more=""):
    return (f"From: {who}\nTo: alice@example.org\nSubject: {subject}\nDate: Tue, 14 Nov 2023 10:00:00 +0100\n"
            f"Message-ID: <{subject.split()[0].lower()}@example.com>\n{more}\n{body}").encode()


INBOX = [  # flags (None: it is in new/), message
    ("", text("One small step", "Neil <neil@moon.example>", "for a man\n")),
    ("S", text("Two lines", "Bob Builder <bob@example.com>", "can we fix it\nyes we can\n", "Cc: kim@example.net\n")),
    ("FS", text("Three wishes", "djinn@lamp.example", "granted\n", "X-Mood: Generous, mostly\n")),
    ("RS", text("Four seasons", "Antonio <av@venice.example>", "primavera\nestate\nautunno\ninverno\n", "Bcc: hidden@example.org\n")),
    ("T", text("Five gold rings", "love@true.example", "day " * 300 + "\n")),
    ("D", text("Six geese", "love@true.example", "a-laying\n", "In-Reply-To: <five@example.com>\nReferences: <four@example.com>\n <five@example.com>\n")),
    ("DFRST", text("Seven seas", "captain@nemo.example", "twenty thousand leagues\n", "Reply-To: crew@nemo.example\nSender: first-mate@nemo.example\n")),
    ("P", text("Eight arms", "octo@pus.example", "to hold you\n")),
    (None, text("Nine lives", "cat@home.example", "of the cat\n", "X-Empty:\n")),
    (None, text("Ten green bottles", "wall@home.example", "".join(f"line {i} of the song\n" for i in range(40)))),
]

INNER = (b"From: inner@example.com\nTo: \"In Ner\" <in@example.com>\nSubject: inside\nDate: 1 Jan 2020 00:00:00 +0000\n"
         b"Content-Type: multipart/alternative; boundary=\"in\"\n\npreamble\n--in\n\nplain\n--in\nContent-Type: text/html\n\n<p>html</p>\n"
         b"--in--\nepilogue\n")
ODD = {
    "subject-alone": b"Subject: x\n\nhi\n",
    "no-blank-line": b"Subject: only a header\nFrom: a@b.example\n",
    "no-header": b"\nonly a body\n",
    "no-line-end": b"Subject: cut\n\nthe last line has no end",
    "no-body": b"Subject: no body\n\n",
    "mixed": b"Subject: mixed\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=frontier\n\nThis is a preamble.\n--frontier\n"
             b"Content-Type: text/plain; charset=utf-8\nContent-ID: <part1@example.com>\nContent-Description: the first\n\nfirst part\n--frontier\n"
             b"Content-Type: application/octet-stream; name=\"a b.bin\"\nContent-Transfer-Encoding: base64\n"
             b"Content-Disposition: attachment; filename=\"a b.bin\"; size=4\n\nAAECAw==\n--frontier\nContent-Type: image/png\n"
             b"Content-Transfer-Encoding: BASE64\nContent-MD5: Q2hlY2sgSW50ZWdyaXR5IQ==\nContent-Language: en, de\nContent-Location: img.png\n\niVBORw0KGgo=\n"
             b"--frontier--\nThis is an epilogue.\n",
    "nested": b"Subject: nested\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=\"=_out er\"\n\n--=_out er\nContent-Type: multipart/related;\n"
              b"\tboundary=\"=_out er2\"; type=\"text/html\"\n\n--=_out er2\nContent-Type: text/html; charset=\"us-ascii\"\nContent-Transfer-Encoding: quoted-printable\n\n"
              b"<b>=41</b>\n--=_out er2\nContent-Type: image/gif\nContent-Transfer-Encoding: base64\nContent-Disposition: inline\n\nR0lGODlh\n"
              b"--=_out er2--\n--=_out er\nContent-Type: text/plain\n\nlast\n--=_out er--\n",
    "rfc822": b"Subject: outer\nFrom: out@example.com\nMIME-Version: 1.0\nContent-Type: message/rfc822\n\n" + INNER,
    "forwarded": b"Subject: fwd\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=o\n\n--o\n\nsee below\n--o\nContent-Type: message/rfc822\n"
                 b"Content-Disposition: attachment; filename=inner.eml\n\n" + INNER + b"\n--o\nContent-Type: message/rfc822\n\nSubject: plain inner\n\njust text\n--o--\n",
    "digest": b"Subject: digest\nMIME-Version: 1.0\nContent-Type: multipart/digest; boundary=d\n\n--d\n\nSubject: one\nFrom: 1@example.com\n\nbody one\n--d\n\n"
              b"Subject: two\nFrom: 2@example.com\n\nbody two\n--d\nContent-Type: text/plain\n\nno message\n--d--\n",
    "report": b"Subject: bounced\nMIME-Version: 1.0\nContent-Type: multipart/report; report-type=delivery-status; boundary=r\n\n--r\n\nit failed\n--r\n"
              b"Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\nFinal-Recipient: rfc822; x@example\nAction: failed\n\n--r\n"
              b"Content-Type: text/rfc822-headers\n\nSubject: lost\n\n--r--\n",
    "not-closed": b"Subject: not closed\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=nc\n\n--nc\n\none\n--nc\nContent-Type: text/html\n\ntwo\n",
    "no-parts": b"Subject: no parts\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=np\n\nthere is no delimiter\n",
    "no-boundary": b"Subject: no boundary\nMIME-Version: 1.0\nContent-Type: multipart/mixed\n\n--x\n\nbody\n--x--\n",
    "empty-parts": b"Subject: empty parts\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=ep\n\n--ep\n--ep\n\n--ep\nContent-Type: text/html\n--ep--\n",
    "prefix-boundary": b"Subject: prefix\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: multipart/mixed; boundary=bb\n\n"
                       b"--bb\n\ninner\n--bb--\n--b\n\nouter\n--b--\n",
    "blank-behind-delimiter": b"Subject: blanks\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=\"w\"\n\n--w \t\n\none\n--w\t\n\ntwo\n--w-- \n",
    "bad-types": b"Subject: bad types\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=t\n\n--t\nContent-Type: text\n\n1\n--t\nContent-Type: \n\n2\n--t\n"
                 b"Content-Type: text/\n\n3\n--t\nContent-Type: a/b/c\n\n4\n--t\nContent-Type: text/plain; charset\n\n5\n--t\nContent-Type: text/plain; charset=\n\n6\n"
                 b"--t\nContent-Type: TEXT/HTML; CHARSET=UTF-8\nContent-Transfer-Encoding: x-unknown\n\n7\n--t\nContent-Type: text/plain; a=1; a=2; b=\"q\\\"q\"\n\n8\n--t--\n",
    "rfc2231": b"Subject: params\nMIME-Version: 1.0\nContent-Type: application/x-stuff; title*0*=us-ascii'en'This%20is%20even%20more%20;\n title*1*=%2A%2A%2Afun%2A%2A%2A%20;\n"
               b" title*2=\"isn't it!\"\nContent-Disposition: attachment; filename*=UTF-8''%e2%82%ac%20rates\n\nx\n",
    "comments": b"Subject: comments (not here)\nMIME-Version: 1.0 (really)\nContent-Type: text/plain (the kind); charset (it is) = us-ascii (yes)\n"
                b"Content-Transfer-Encoding: 7bit (of course)\nFrom: (before) pete@silly.test (his account)\nTo: A Group(Some people):Chris Jones <c@(host)public.example>, joe@example.org;\n\nx\n",
    "groups": b"Subject: groups\nFrom: Mary Smith <mary@x.test>\nTo: Friends: ada@x.test, \"Bob, B.\" <bob@y.test>;, solo@z.test\nCc: Undisclosed recipients:;\n"
              b"Bcc: Empty:; , Other: ;\n\nx\n",
    "addresses": b"Subject: addresses\nFrom: \"Joe Q. \\\"P\\\" Public\" <john.q.public@example.com>, <boss@nil.test>\nSender: \"quoted local\"@example.com\n"
                 b"To: <@route.one,@route.two:user@far.test>, local-only, user@[192.0.2.1], \"a\\\\b\" <x@y>\nCc: broken <not closed@example.com\nReply-To: ,,, , a@b ,\n"
                 b"Bcc: Dots. In. Name <d@n.test>, a . b @ c . d\n\nx\n",
    "two-of-each": b"Subject: first\nSubject: second\nFrom: a@x.test\nFrom: b@x.test\nTo: c@x.test\nTo: d@x.test\nDate: 1 Jan 2020 00:00:00 +0000\n"
                   b"Date: 2 Jan 2020 00:00:00 +0000\nMessage-ID: <1@x>\nMessage-ID: <2@x>\n\nx\n",
    "folded": b"Subject: =?utf-8?Q?caf=C3=A9?=\n =?utf-8?Q?_au?=\n\tlait  \nFrom: =?iso-8859-1?Q?Andr=E9?=\n <andre@x.test>\nTo:\n \"Long\n Name\" <l@x.test>,\n m@x.test\n"
              b"X-Folded: a\n  b\n\tc\nMessage-ID:\n <folded@x.test>\n\nx\n",
    "eight-bit": "Subject: räksmörgås\nFrom: Åsa <asa@x.test>\nX-Eight: ü\n\nblåbär\n".encode(),
    "latin1": "Subject: ungültig\nFrom: J\xf6rg <j@x.test>\n\nstra\xdfe\n".encode("latin-1"),
    "utf8-base64": b"Subject: =?UTF-8?B?7JWI64WV7ZWY7IS47JqU?=\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64\n\n"
                   b"7Jik64qY7J2AIOuCoOyUqOqwgCDsoovri6QKU3RyYcOfZSBuYWNoIETDvHNzZWxkb3JmCg==\n",
    "qp": b"Subject: quoted\nMIME-Version: 1.0\nContent-Type: text/plain; charset=iso-8859-1\nContent-Transfer-Encoding: quoted-printable\n\nna=EFve caf=E9, soft=\nbreak\n",
    "koi8": b"Subject: =?koi8-r?B?8NLJ18XU?=\nMIME-Version: 1.0\nContent-Type: text/plain; charset=koi8-r\n\n\xf0\xd2\xc9\xd7\xc5\xd4 \xcd\xc9\xd2\n",
    "html": b"Subject: markup\nMIME-Version: 1.0\nContent-Type: text/html\n\n<html><body><p class=\"hidden\">visible</p></body></html>\n",
    "nul": b"Subject: nul\n\nbefore\0after\n",
    "crlf": b"Subject: crlf file\r\nFrom: dos@x.test\r\n\r\nline one\r\nline two\r\n",
    "dots": b"Subject: dots\n\n.\n..\n.x\n",
    "long-header": b"Subject: " + b"long " * 600 + b"\nTo: " + b", ".join(b"u%d@x.test" % i for i in range(200)) + b"\n\nx\n",
    "long-line": b"Subject: long line\n\n" + b"0123456789" * 2000 + b"\n",
    "no-colon": b"Subject: broken header\nthis line has no colon\nFrom: f@x.test\n\nbody\n",
    "space-colon": b"Subject : blank before the colon\nFrom\t: g@x.test\n\nbody\n",
    "from-line": b"From someone@x.test Tue Nov 14 10:00:00 2023\nSubject: mbox\nFrom: h@x.test\n\nbody\n",
    "empty-fields": b"Subject:\nFrom: \nTo:\nCc: <>\nDate:\nMessage-ID:\nIn-Reply-To:\n\nx\n",
    "no-date": b"Subject: =?utf-8?q??=\nFrom: \"\" <e@x.test>\nTo: \"\"@x.test\nDate: yesterday at noon\n\nx\n",
    "old-date": b"Subject: old\nDate: Fri, 21 Nov 97 09:55:06 EST\nFrom: o@x.test\n\nx\n",
    "deep": b"Subject: deep\nMIME-Version: 1.0\n" + b"".join(
        b"Content-Type: multipart/mixed; boundary=n%d\n\n--n%d\n" % (i, i) for i in range(12)) + b"\nbottom\n" + b"".join(
        b"--n%d--\n" % i for i in reversed(range(12))),
    "encoded-multipart": b"Subject: encoded\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=e\nContent-Transfer-Encoding: base64\n\n--e\n\nx\n--e--\n",
    "languages": b"Subject: languages\nMIME-Version: 1.0\nContent-Type: text/plain\nContent-Language: fr\nContent-Location: http://x.test/\n a/b\nContent-ID: <id@x.test>\n"
                 b"Content-Description: =?utf-8?q?d=C3=A9?=\nContent-MD5: abc\nContent-Disposition: INLINE; filename=\"\"\n\nx\n",
    "no-mime-version": b"Subject: no version\nContent-Type: multipart/mixed; boundary=v\n\n--v\n\nx\n--v--\n",
}
FOLDERS = ("Odd", "Sent", "Drafts", "Trash", "Junk", "Archive", "Work", "Work.2024", "Work.2024.May", "&AMk-t&AOk-", "Empty", "Tmp.Deep.Only")


def put(path, data, when):
    with open(path, "wb") as f:
        f.write(data)
    os.utime(path, (when, when))


def make(box):
    for folder in ("",) + tuple("." + f for f in FOLDERS):
        for d in ("cur", "new", "tmp"):
            os.makedirs(os.path.join(box, folder, d))
        if folder:
            put(os.path.join(box, folder, "maildirfolder"), b"", BEGIN)
    for i, (flags, data) in enumerate(INBOX):
        when = BEGIN + i * STEP
        name = f"{when}.M{i:03}.host"
        put(f"{box}/new/{name}" if flags is None else f"{box}/cur/{name}:2,{flags}", data, when)
    odd = dict(ODD)
    with open(f"{TOP}/tests/mail/first.eml", "rb") as f:
        odd["first"] = f.read()
    for i, data in enumerate(odd.values()):
        when = BEGIN + i * STEP
        put(f"{box}/.Odd/cur/{when}.O{i:03}.host:2,S", data, when)
    for i in range(3):
        put(f"{box}/.Work/cur/{BEGIN + i}.W{i}.host:2,", text(f"Work {i}", "boss@example.com", "do it\n"), BEGIN + i)
