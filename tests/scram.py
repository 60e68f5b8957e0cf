# scram.py USER PASSWORD COMMAND…: a SCRAM-SHA-256 client (RFC 7677) at auth-check's lines; prints them, ends with its
# exit code, or 1 where the server does not prove that it knows the password. pop3:PORT instead of COMMAND: at AUTH of
# that server, on loopback; ends with 0 for +OK. smtp:PORT: the same of a submission server; ends with 0 for 235.
import base64, hashlib, hmac, os, socket, subprocess, sys

user, password, command = sys.argv[1], sys.argv[2].encode(), sys.argv[3:]
pop3 = command[0].startswith("pop3:")
smtp = command[0].startswith("smtp:")
if smtp:
    s = socket.create_connection(("127.0.0.1", int(command[0][5:])), 20)
    down = up = s.makefile("rwb")
    assert up.readline().startswith(b"220 ")
    down.write(b"EHLO client.example\r\n")
    down.flush()
    while not up.readline().startswith(b"250 "):
        pass
    begin, end = b"AUTH SCRAM-SHA-256\r\n", b"\r\n"
elif pop3:
    s = socket.create_connection(("127.0.0.1", int(command[0][5:])), 20)
    down = up = s.makefile("rwb")
    assert up.readline().startswith(b"+OK")
    begin, end = b"AUTH SCRAM-SHA-256\r\n", b"\r\n"
else:
    p = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    down, up, begin, end = p.stdin, p.stdout, b"SCRAM-SHA-256\n", b"\n"


def send(line):
    down.write(line)
    down.flush()


def say(text):
    send(base64.b64encode(text.encode()) + end)


def hear():
    line = up.readline().decode().rstrip("\r\n")
    print(line)
    if smtp and line.startswith("334 "):
        return base64.b64decode(line[4:]).decode()
    if smtp:
        sys.exit(not line.startswith("235 "))
    if not line.startswith("+ "):
        sys.exit(not line.startswith("+OK") if pop3 else p.wait())
    return base64.b64decode(line[2:]).decode()


def mac(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


nonce = base64.b64encode(os.urandom(12)).decode()
bare = f"n={user.replace('=', '=3D').replace(',', '=2C')},r={nonce}"
send(begin)
assert hear() == ""
say("n,," + bare)
first = hear()
fields = dict(f.split("=", 1) for f in first.split(","))
assert fields["r"].startswith(nonce) and len(fields["r"]) > len(nonce)
salted = hashlib.pbkdf2_hmac("sha256", password, base64.b64decode(fields["s"]), int(fields["i"]))
key = mac(salted, "Client Key")
without = f"c=biws,r={fields['r']}"
message = f"{bare},{first},{without}"
signature = mac(hashlib.sha256(key).digest(), message)
say(without + ",p=" + base64.b64encode(bytes(a ^ b for a, b in zip(key, signature))).decode())
if hear() != "v=" + base64.b64encode(mac(mac(salted, "Server Key"), message)).decode():
    sys.exit(1)
say("")
hear()
