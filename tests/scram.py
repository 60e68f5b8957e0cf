# scram.py USER PASSWORD COMMAND…: a SCRAM-SHA-256 client (RFC 7677) at auth-check's lines; prints them, ends with its
# exit code, or 1 where the server does not prove that it knows the password.
import base64, hashlib, hmac, os, subprocess, sys

user, password, command = sys.argv[1], sys.argv[2].encode(), sys.argv[3:]
p = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def say(text):
    p.stdin.write(base64.b64encode(text.encode()) + b"\n")
    p.stdin.flush()


def hear():
    line = p.stdout.readline().decode().rstrip("\n")
    print(line)
    if not line.startswith("+ "):
        sys.exit(p.wait())
    return base64.b64decode(line[2:]).decode()


def mac(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


nonce = base64.b64encode(os.urandom(12)).decode()
bare = f"n={user.replace('=', '=3D').replace(',', '=2C')},r={nonce}"
p.stdin.write(b"SCRAM-SHA-256\n")
p.stdin.flush()
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
