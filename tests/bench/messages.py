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


def blob(rng, octets):
    return base64.b64encode(rng.randbytes(octets)).decode()


def folded(text):
    return "\n\t".join(text[i:i + 72] for i in range(0, len(text), 72))


def message(rng, i, ids):
    who = rng.randrange(len(NAMES))
    subject = " ".join(rng.choice(WORDS) for _ in range(rng.randrange(2, 7)))
    ident = "<%d.%s@host%d.example.org>" % (i, rng.randbytes(8).hex(), who)
    date = email.utils.formatdate(FIRST + i * 600, localtime=False)
    refs = ""
    if ids and rng.random() < 0.5:
        parents = [rng.choice(ids[-50:]) for _ in range(rng.randrange(1, 4))]
        refs = "In-Reply-To: %s\nReferences: %s\n" % (parents[-1], "\n\t".join(parents))
        subject = "Re: " + subject
    ids.append(ident)
    received = "".join("Received: from relay%d.example.net (relay%d.example.net [192.0.2.%d])\n"
                       "\tby mx.example.org (Postfix) with ESMTPS id %s\n"
                       "\tfor <me@example.org>; %s\n" % (k, k, k + 1, rng.randbytes(5).hex(), date)
                       for k in range(3))
    head = ("Return-Path: <user%d@example.org>\nDelivered-To: me@example.org\n%s"
            "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.org;\n\ts=mail; b=%s\n"
            "X-Spam-Status: No, score=-1.9 required=5.0 tests=BAYES_00,DKIM_SIGNED\n"
            "From: %s <user%d@example.org>\nTo: Me <me@example.org>, team@example.org\n"
            "Subject: %s\nDate: %s\nMessage-ID: %s\n%sMIME-Version: 1.0\n"
            "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n"
            "User-Agent: Mutt/2.2.9\nList-Id: <team.example.org>\n"
            % (who, received, folded(blob(rng, 256)), word(NAMES[who]), who,
               " ".join(word(w) for w in subject.split()), date, ident, refs))
    body = "".join(" ".join(rng.choice(WORDS) for _ in range(10)) + "\n" for _ in range(rng.randrange(3, 60)))
    return (head + "\n" + body).encode()


def make(path, count):
    """`count` messages in the Maildir at `path`, most of them seen."""
    rng, ids = random.Random(1), []
    for part in ("cur", "new", "tmp"):
        os.makedirs(os.path.join(path, part))
    for i in range(count):
        text = message(rng, i, ids)
        base = "%d.M%06dP%dQ%d.mail.example.org,S=%d" % (FIRST + i * 600 + 5, i, 1000 + i % 97, i, len(text))
        name = "new/" + base if i % 50 == 49 else "cur/" + base + ":2," + rng.choice(["S", "S", "RS", "FS", ""])
        with open(os.path.join(path, name), "wb") as f:
            f.write(text)
