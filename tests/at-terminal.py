#!/usr/bin/env python3
"""usage: at-terminal.py ANSWERS COMMAND [ARG...]
Runs the command with a terminal of its own as fds 0 to 2. Each time that it asks (a line that ends in "? "), the next
character of ANSWERS is typed, with a line end unless it is a control character. Prints what came; exits as it does."""
import os, pty, select, sys

answers, command = sys.argv[1], sys.argv[2:]
pid, fd = pty.fork()
if pid == 0:
    os.execvp(command[0], command)
seen = b""
asked = 0
while True:
    ready, _, _ = select.select([fd], [], [], 60)
    if not ready:
        os.kill(pid, 9)
        sys.exit("at-terminal: it does nothing")
    try:
        data = os.read(fd, 65536)
    except OSError:
        break
    if not data:
        break
    seen += data
    if seen[asked:].endswith(b"? ") and answers:
        asked = len(seen)
        os.write(fd, answers[0].encode() + (b"\n" if answers[0] >= " " else b""))
        answers = answers[1:]
sys.stdout.buffer.write(seen.replace(b"\r\n", b"\n"))
_, status = os.waitpid(pid, 0)
sys.exit(os.waitstatus_to_exitcode(status) & 255)
