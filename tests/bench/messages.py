"""A Maildir of a person who writes and reads in Korean and English: the same one each time it is made."""
import base64
import email.utils
import os
import random

FIRST = 1700000000  # when the oldest message came
NAMES = ["Alice Kim", "Bob Lee", "김철수", "이영희", "박민준", "Charlotte Doe", "최서연", "List Robot"]
WORDS = ("meeting minutes report build release patch review question budget travel photo invoice draft plan test "
         "회의록 보고서 일정 계획 질문 사진 견적서 초안 검토 안내").split()


def word(text):
    if text.isascii():
        return text
    return "=?utf-8?B?%s?=" % base64.b64encode(text.encode()).decode()


def folded(text):
    return "\n\t".join(text[i:i + 72] for i in range(0, len(text), 72))


class Writer:
    def __init__(self):
        self.rng = random.Random(1)
        self.ids = []
        self.signatures = [folded(base64.b64encode(self.rng.randbytes(256)).decode()) for _ in range(50)]
        self.bodies = ["".join(" ".join(self.rng.choice(WORDS) for _ in range(10)) + "\n"
                               for _ in range(self.rng.randrange(3, 60))) for _ in range(500)]

    def answer(self):
        """The fields of a reply to one or more of the last messages."""
        parents = [self.rng.choice(self.ids[-50:]) for _ in range(self.rng.randrange(1, 4))]
        return "In-Reply-To: %s\nReferences: %s\n" % (parents[-1], "\n\t".join(parents))

    def received(self, i, date):
        return "".join("Received: from relay%d.example.net (relay%d.example.net [192.0.2.%d])\n"
                       "\tby mx.example.org (Postfix) with ESMTPS id %08X%d\n"
                       "\tfor <me@example.org>; %s\n" % (k, k, k + 1, i * 2654435761 % 2**32, k, date)
                       for k in range(3))

    def message(self, i):
        rng = self.rng
        who = rng.randrange(len(NAMES))
        ident = "<%d.%016x@host%d.example.org>" % (i, rng.getrandbits(64), who)
        date = email.utils.formatdate(FIRST + i * 600, localtime=False)
        subject = " ".join(word(rng.choice(WORDS)) for _ in range(rng.randrange(2, 7)))
        answer = ""
        if self.ids and rng.random() < 0.5:
            answer, subject = self.answer(), "Re: " + subject
        self.ids.append(ident)
        head = ("Return-Path: <user%d@example.org>\nDelivered-To: me@example.org\n%s"
                "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.org;\n\ts=mail; b=%s\n"
                "X-Spam-Status: No, score=-1.9 required=5.0 tests=BAYES_00,DKIM_SIGNED\n"
                "From: %s <user%d@example.org>\nTo: Me <me@example.org>, team@example.org\n"
                "Subject: %s\nDate: %s\nMessage-ID: %s\n%sMIME-Version: 1.0\n"
                "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n"
                "User-Agent: Mutt/2.2.9\nList-Id: <team.example.org>\n"
                % (who, self.received(i, date), rng.choice(self.signatures), word(NAMES[who]), who, subject, date,
                   ident, answer))
        return (head + "\n" + rng.choice(self.bodies)).encode()


def make(path, count):
    """`count` messages in the Maildir at `path`, most of them seen."""
    writer = Writer()
    for part in ("cur", "new", "tmp"):
        os.makedirs(os.path.join(path, part))
    for i in range(count):
        text = writer.message(i)
        base = "%d.M%06dP%dQ%d.mail.example.org,S=%d" % (FIRST + i * 600 + 5, i, 1000 + i % 97, i, len(text))
        name = "new/" + base if i % 50 == 49 else "cur/%s:2,%s" % (base, writer.rng.choice(["S", "S", "RS", "FS", ""]))
        with open(os.path.join(path, name), "wb") as f:
            f.write(text)
