/* How a connection to a destination is protected: control/smtp-tls, one `DESTINATION:LEVEL` a line. Whatever else may
 * demand protection (MTA-STS, RFC 8461; DANE, RFC 7672) belongs behind secure_level_for(): it can raise a level, never
 * lower one. */
#ifndef SMTP_SECURE_H
#define SMTP_SECURE_H

#include "base/arena.h"
#include "base/status.h"

enum secure_level {
	SECURE_NONE, /* plaintext */
	SECURE_MAY, /* TLS where the server offers it and it works, else plaintext: no wire-tapping by the way */
	SECURE_ENCRYPT, /* TLS, whoever that is */
	SECURE_VERIFY,	/* TLS, with a certificate that is good for the host's name */
};

typedef struct secure_rules {
	arena mem;
	span *entries;
	size_t count;
} secure_rules;

/* EX_TEMPFAIL for a line that is none: a level that nobody understands must not become a lower one. */
status secure_rules_read(secure_rules *);
void secure_rules_free(secure_rules *);
/* TLS is used for some destination. */
bool secure_any(const secure_rules *);
/* `name` is the domain or the host that was asked for: itself, `.suffix` (the longest), `*`; else SECURE_MAY. */
enum secure_level secure_level_for(const secure_rules *, span name);
/* One line. false: it is none. Pure. */
bool secure_line(span line, span *key, enum secure_level *);

#endif
