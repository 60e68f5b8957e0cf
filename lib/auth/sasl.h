/* The server's half of SASL (RFC 4422): PLAIN (RFC 4616), LOGIN, SCRAM-SHA-256 (RFC 5802, RFC 7677). Octets go in and
 * come out; base64, lines and tables are the caller's. All of it is bounded and nothing is kept behind sasl_end(). */
#ifndef AUTH_SASL_H
#define AUTH_SASL_H

#include "auth/passwd.h"

enum {
	SASL_MAX = 1536, /* octets of one message, decoded */
	SASL_LINE_MAX =
	    2100, /* octets of the same in base64, with a mechanism's name and a line end */
	SASL_USER_MAX = 320,	/* octets of a user's name */
	SASL_NONCE_MAX = 256,	/* octets of a client's nonce */
	SASL_NONCE_OCTETS = 18, /* random octets of ours, 24 in base64 */
};

enum sasl_mechanism { SASL_PLAIN, SASL_LOGIN, SASL_SCRAM_SHA_256, SASL_UNKNOWN };

enum sasl_mechanism sasl_mechanism(span name); /* without case */

enum sasl_result {
	SASL_CHALLENGE, /* there is something to say, maybe nothing but "go on" */
	SASL_RIGHT,	/* sasl.user logged in */
	SASL_WRONG,	/* credentials that are not right, or not for this user */
	SASL_MALFORMED, /* no message of this mechanism */
	SASL_DOUBT,	/* temporary */
};

/* What needs a table. */
typedef struct sasl_backend {
	void *arg;
	/* Takes as long for a user who is not there. */
	enum passwd_result (*password)(void *arg, span user, span password);
	/* The verifier of a user: PASSWD_RIGHT. For one who has none PASSWD_WRONG, and a false verifier that is the
	 * same each time, so that the exchange tells nothing until its end. */
	enum passwd_result (*verifier)(void *arg, span user, scram *);
	/* SASL_NONCE_OCTETS random octets. */
	bool (*random)(void *arg, unsigned char *to);
} sasl_backend;

typedef struct sasl {
	enum sasl_mechanism mechanism;
	const sasl_backend *backend;
	unsigned state;
	str user;    /* as the client wrote it; decided only with SASL_RIGHT */
	str message; /* SCRAM: what will be AuthMessage */
	str nonce, header;
	scram verifier;
	bool known; /* the verifier is a user's */
} sasl;

void sasl_begin(sasl *, enum sasl_mechanism, const sasl_backend *);
void sasl_end(sasl *); /* frees, and wipes what is secret */

/* Where the client gave no initial response: what it is asked for first. */
enum sasl_result sasl_ask(sasl *, str *challenge);
/* The client's next message, an initial response too. `challenge` is appended to. */
enum sasl_result sasl_step(sasl *, span message, str *challenge);

/* The message of PLAIN for these two, for protocols with commands of their own (POP3's PASS, IMAP's LOGIN). false:
 * a NUL inside, or too long. */
bool sasl_plain_write(span user, span password, str *to);

#endif
