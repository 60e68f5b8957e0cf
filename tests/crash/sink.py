"""The remote host of a relaying scenario: takes every message and remembers it."""
import re
import socketserver
import threading

TAKEN = b"taken-"  # in the reply that makes a message the sink's own


class Session(socketserver.StreamRequestHandler):
    def say(self, text):
        self.wfile.write(text + b"\r\n")

    def handle(self):
        self.say(b"220 sink.test ESMTP")
        while line := self.rfile.readline():
            verb = line[:4].upper()
            if verb == b"DATA":
                self.say(b"354 go on")
                self.take()
            elif verb == b"QUIT":
                self.say(b"221 bye")
                return
            else:
                self.say(b"250 fine")

    def take(self):
        text = b""
        while (line := self.rfile.readline()) != b".\r\n":
            if not line:
                return
            text += line
        number = re.search(rb"Subject: crash (\d+)\r\n", text)[1]
        if text.endswith(b"last line of " + number + b"\r\n"):
            self.server.seen.append(int(number))
            self.say(b"250 2.0.0 " + TAKEN + number)
        else:
            self.server.seen.append(None)
            self.say(b"554 5.6.0 partial")


class Sink(socketserver.ThreadingTCPServer):
    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Session)
        self.seen = []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def heard_in(self, data):
        return {int(n) for n in re.findall(TAKEN + rb"(\d+)", data)}
