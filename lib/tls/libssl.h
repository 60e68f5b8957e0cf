/* libssl behind a few functions: the one source that includes its headers is libssl.c. TLS 1.2 and later; no tickets,
 * no resumption, no renegotiation, no compression. */
#ifndef TLS_LIBSSL_H
#define TLS_LIBSSL_H

#include "net/handover.h"

typedef struct tls_context tls_context; /* a certificate with its key; or the client's side */
typedef struct tls_conn tls_conn;

typedef struct tls_server_options {
	const char
	    *ciphers; /* of TLS 1.2, in OpenSSL's words; NULL: ephemeral keys and AEAD only */
	const char
	    *client_ca; /* file: a client is asked for a certificate, good for these; NULL: none */
} tls_server_options;

/* Certificate first, then its chain. NULL with *why. */
tls_context *tls_server_new(const char *cert, const char *key, const tls_server_options *,
			    char why[static TLS_WHY_MAX]);
/* `ca` is a file, which is read now, or a hashed directory, of which is read what a handshake needs; NULL: nothing can
 * be verified. */
tls_context *tls_client_new(const char *ca, bool is_directory, char why[static TLS_WHY_MAX]);
void tls_context_free(tls_context *);
/* Of the certificate: days until it ends (negative: since); whether it is good for a name; whether its owner signed it. */
int tls_context_days(const tls_context *);
bool tls_context_names(const tls_context *, const char *name);
bool tls_context_self_signed(const tls_context *);

/* The context for a name that a client asks for; NULL: the one that the connection has. */
typedef tls_context *tls_chooser(void *arg, const char *name);

/* On non-blocking descriptors, which stay the caller's. NULL: no memory, or a name that is none. */
tls_conn *tls_accept_on(tls_context *, int in, int out, const char *alpn, tls_chooser *, void *arg);
tls_conn *tls_connect_on(tls_context *, int in, int out, const tls_want *);
void tls_conn_free(tls_conn *);

enum tls_result {
	TLS_OK,
	TLS_WAIT_READ,	/* call again when `in` has octets */
	TLS_WAIT_WRITE, /* … `out` has room */
	TLS_CLOSED,	/* close_notify came: nothing behind it is read */
	TLS_CUT,	/* the octets ended without it */
	TLS_BROKEN,	/* words in tls_error() */
};

enum tls_result tls_handshake(tls_conn *);
void tls_facts_of(const tls_conn *, tls_facts *); /* after a handshake */
enum tls_result tls_read(tls_conn *, char *to, size_t room, size_t *got);
enum tls_result tls_write(tls_conn *, span, size_t *put); /* after a wait: the same octets again */
enum tls_result tls_bye(tls_conn *);			  /* sends close_notify */
const char *tls_error(const tls_conn *);

#endif
