/* The client's half of SASL (RFC 4422): SCRAM-SHA-256 (RFC 5802, RFC 7677), PLAIN (RFC 4616), LOGIN, and with a token
 * OAUTHBEARER (RFC 7628) and XOAUTH2. Octets go in and come out; base64 and lines are the caller's. Pure but for the
 * digests. */
#ifndef AUTH_SASL_CLIENT_H
#define AUTH_SASL_CLIENT_H

#include "auth/scram.h"

enum {
	SASL_CLIENT_MAX = 8192,	  /* octets of one answer; tokens are long */
	SASL_CLIENT_NONCE = 18,	  /* random octets */
	SASL_ROUNDS_MAX = 600000, /* iterations that a server may ask of us */
};

enum sasl_client_mechanism {
	SASL_CLIENT_SCRAM_SHA_256,
	SASL_CLIENT_PLAIN,
	SASL_CLIENT_LOGIN,
	SASL_CLIENT_OAUTHBEARER,
	SASL_CLIENT_XOAUTH2,
	SASL_CLIENT_NONE,
};

/* The best of those that a server offers ("PLAIN LOGIN …"): a token needs the last two; in clear text (`secret_shown` false)
 * only SCRAM is left, which shows no password. SASL_CLIENT_NONE where nothing fits. */
enum sasl_client_mechanism sasl_client_choose(span offered, bool token, bool secret_shown);
span sasl_client_name(enum sasl_client_mechanism);

typedef struct sasl_client {
	enum sasl_client_mechanism mechanism;
	unsigned state;
	span user, secret, host;
	char nonce[SASL_CLIENT_NONCE / 3 * 4 + 1];
	str message;			     /* SCRAM: what will be AuthMessage */
	unsigned char server[DIGEST_SHA256]; /* the signature that the server must show */
	bool proved;			     /* it did */
} sasl_client;

/* The spans are borrowed until sasl_client_end(). `nonce`: SASL_CLIENT_NONCE random octets. */
void sasl_client_begin(sasl_client *, enum sasl_client_mechanism, span user, span secret, span host,
		       const unsigned char *nonce);
void sasl_client_end(sasl_client *); /* frees, and wipes what is secret */

/* The initial response; false where there is none (LOGIN): the server asks first. Also false, with to->over, where it does
 * not fit. */
bool sasl_client_first(sasl_client *, str *to);
/* The answer to a challenge, maybe empty. NULL, or why there is none: the exchange is to be cancelled. */
const char *sasl_client_step(sasl_client *, span challenge, str *to);
/* The server says that the login succeeded: whether that may be believed. After SCRAM only where it has proved that it
 * knows the password's keys; `data` is what came with the success, "" where nothing did. */
bool sasl_client_believe(sasl_client *, span data);

#endif
