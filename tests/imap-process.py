"""Which processes serve a connection of imapd-lite, how they are confined, and what memory they have to themselves."""
import sys

from imap_client import Imap, MESSAGE
from processes import children, holders, private_kib, show


def talker(port, parent):
    c = Imap(port, login=False)
    monitor, pid = sorted(holders(c, parent), key=lambda p: p not in children(parent))
    assert pid in children(monitor)
    show(pid)


def session(port, parent):
    c = Imap(port)
    c.ok("SELECT INBOX")
    (pid,) = holders(c, parent)  # the talker is gone
    assert pid in children(parent) and not children(pid)
    show(pid)


def memory(port, parent):
    """Of an idle session that has read mail, in KiB."""
    clients = [Imap(port) for _ in range(4)]
    clients[0].ok("APPEND INBOX {}", MESSAGE)
    for c in clients:
        c.ok("LIST \"\" *")
        c.ok("SELECT INBOX")
        c.ok("FETCH 1:* (FLAGS ENVELOPE BODYSTRUCTURE BODY[])")
        c.ok("SEARCH BODY body")
        c.send("i IDLE\r\n")
        c.line()
    print(max(sum(map(private_kib, holders(c, parent))) for c in clients))


globals()[sys.argv[1]](sys.argv[2], int(sys.argv[3]))
