/* TLS by hand-over: a connection goes to tls-wrap(8), which alone knows the key, and the session goes on over its end
 * of a pair of sockets. Whoever serves or dials keeps no octet of TLS. One tls-wrap serves all processes of a server:
 * its first one starts it, the others inherit the socket to it; it ends when the last of them has closed that. */
#ifndef NET_HANDOVER_H
#define NET_HANDOVER_H

#include "base/span.h"

enum {
	TLS_WHY_MAX = 200,
	TLS_SECONDS = 60,      /* the longest that a handshake takes */
	TLS_ANSWER_MAX = 1024, /* octets of the facts */
};

/* What a handshake told. Text that may stand in an environment and in a header field. */
typedef struct tls_facts {
	char version[16], cipher[64]; /* "TLSv1.3", "TLS_AES_256_GCM_SHA384" */
	char sni[256];		      /* the name that the client asked for; "" none */
	char alpn[32];		      /* what was agreed on; "" nothing */
	char exporter[65]; /* tls-exporter of RFC 9266, 32 octets in hex; "" for TLS 1.2 */
	char peer[256];	   /* of a certificate of the client's that was verified; "" none */
	bool verified;	   /* the peer's certificate was */
} tls_facts;

typedef struct tls_service {
	int fd;		       /* -1: there is no TLS */
	bool client;	       /* it does the client's side */
	bool ready;	       /* it said that it is */
	char why[TLS_WHY_MAX]; /* it is not */
} tls_service;

#define TLS_SERVICE_NONE ((tls_service){-1, false, false, ""})

/* Executes the tls-wrap beside this program. */
bool tls_service_start(tls_service *, bool client);
/* Waits until it has loaded its keys. false: it has none, or is none; `why` says it, its log in full. It is then closed. */
bool tls_service_ready(tls_service *);
void tls_service_close(tls_service *);

typedef struct tls_want {
	const char
	    *alpn; /* names by commas; of the server's side: those that are accepted. "" none */
	const char *name; /* client: of the server, in SNI and in its certificate */
	bool verify;	  /* client: the certificate must be good for the name */
} tls_want;

/* Hands a copy of `connection` over and waits for the handshake. The plaintext end, O_CLOEXEC, owned by the caller, who
 * closes `connection`; -1 with *why: nothing of the connection may be used any more. Where the peer's octets end without
 * close_notify the plaintext ends as after it: a protocol must know by itself what is whole. */
int tls_start(tls_service *, int connection, const tls_want *, tls_facts *,
	      char why[static TLS_WHY_MAX]);

/* The environment TLS_VERSION, TLS_CIPHER, TLS_SNI, TLS_ALPN, TLS_EXPORTER, TLS_PEER; NULL: none of them. */
bool tls_facts_to_env(const tls_facts *);
/* The facts as tls-wrap writes them: fields that end in NUL. false: something else. Pure. */
bool tls_facts_read(span payload, tls_facts *);

/* The side of tls-wrap. A request is one datagram with two descriptors, network and plaintext; the answer comes over the
 * plaintext end before all else: 'T' with the facts, or 'F' with words (io/frame.h). */
typedef struct tls_request {
	bool client, verify;
	char alpn[64], name[256];
	int network, plain; /* O_CLOEXEC, owned by the caller */
} tls_request;

enum tls_heard { TLS_REQUEST, TLS_NONSENSE, TLS_END };

enum tls_heard tls_request_read(int service, tls_request *);
bool tls_answer(int plain, const tls_facts *);
bool tls_refuse(int plain, const char *why);
/* Reads it from the plaintext end; as tls_start() does. */
bool tls_hear(int plain, int64_t deadline, tls_facts *, char why[static TLS_WHY_MAX]);

#endif
