"""A small writer into a Maildir that is right, or wrong on purpose: the prover must tell which.
Usage: writer.py HOW MAILDIR <message"""
import os
import sys

how, maildir = sys.argv[1:]
data = sys.stdin.buffer.read()
tmp, new = maildir + "/tmp/1.writer.host", maildir + "/new/1.writer.host"
where = new if how == "written-in-new" else tmp
fd = os.open(where, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
os.write(fd, data[:100])
os.write(fd, data[100:])
if how == "said-first":
    print("queued", flush=True)
if how != "file-not-synced":
    os.fsync(fd)
if where != new:
    os.rename(tmp, new)
if how != "directory-not-synced":
    d = os.open(maildir + "/new", os.O_RDONLY | os.O_DIRECTORY)
    os.fsync(d)
if how == "removed-after":
    os.unlink(new)
if how == "two-copies":
    os.link(new, maildir + "/new/2.writer.host")
print("queued", flush=True)
