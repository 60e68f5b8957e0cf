# Certificates and TLS clients for tests: `load tls` behind `load lib`.

# make_ca NAME: a certificate authority in $CA.pem.
make_ca() {
	CA=$BATS_TEST_TMPDIR/$1
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 10 -subj "/CN=$1" \
		-keyout "$CA.key" -out "$CA.pem" 2>/dev/null
}

# make_cert FOLDER SUBJECT ALT: cert.pem and key.pem in it, signed by the last make_ca.
make_cert() {
	mkdir -p "$1"
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "$2" \
		-keyout "$1/key.pem" -out "$1/csr" 2>/dev/null &&
		openssl x509 -req -in "$1/csr" -CA "$CA.pem" -CAkey "$CA.key" -days "${DAYS:-10}" -set_serial "0x$RANDOM$RANDOM" \
			-extfile <(echo "subjectAltName=$3") -out "$1/new.pem" 2>/dev/null &&
		mv "$1/new.pem" "$1/cert.pem" && rm "$1/csr"
}

# host_cert NAME…: control/tls/NAME for each.
host_cert() {
	local name
	for name; do make_cert "$PABAL_ROOT/control/tls/$name" "/CN=$name" "DNS:$name" || return; done
}

# subject PORT [s_client options]: of the certificate that the server shows.
subject() {
	local port=$1
	shift
	timeout 20 openssl s_client -connect "127.0.0.1:$port" "$@" </dev/null 2>/dev/null | sed -n 's/^subject=//p'
}

# tls_client PORT SCRIPT: python with `s`, a connected socket, `tls()` that wraps it, `line()`, `say(text)`, `rest()`.
tls_client() {
	timeout 60 python3 - "$1" "$BATS_TEST_TMPDIR" <<-END
		import os, socket, ssl, struct, sys
		port, tmp = int(sys.argv[1]), sys.argv[2]
		raw = socket.create_connection(("127.0.0.1", port))
		raw.settimeout(20)
		s = raw
		context = ssl._create_unverified_context()
		def tls(name="mail.example.org"):
		    global s
		    s = context.wrap_socket(s, server_hostname=name, suppress_ragged_eofs=False)
		def line():
		    got = b""
		    while not got.endswith(b"\n"):
		        c = s.recv(1)
		        if not c:
		            break
		        got += c
		    return got.decode("latin1").rstrip("\r\n")
		def reply():
		    while True:
		        l = line()
		        if l[3:4] != "-":
		            return l
		def say(text):
		    s.sendall(text if isinstance(text, bytes) else text.encode("latin1"))
		def rest():
		    got = b""
		    try:
		        while True:
		            c = s.recv(4096)
		            if not c:
		                return got
		            got += c
		    except (ConnectionError, ssl.SSLError):
		        return got
		def cut():          # TCP's end without close_notify
		    fd = s.detach()
		    socket.socket(fileno=fd).shutdown(socket.SHUT_WR)
		$2
	END
}
