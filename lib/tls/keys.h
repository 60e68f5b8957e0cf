/* The certificates of an installation: control/tls/NAME/ holds the one for NAME, as cert.pem (with its chain) and key.pem, or
 * as a folder (or a link to one) of certbot's has it, fullchain.pem and privkey.pem. A client that asks for a NAME gets
 * that one, or the one of `*.` and the rest of the name; others get `default`, else control/me's, else the first. */
#ifndef TLS_KEYS_H
#define TLS_KEYS_H

#include "io/out.h"
#include "tls/libssl.h"

typedef struct tls_keys tls_keys;

/* Reads all of them; what cannot be read is in the log. */
tls_keys *tls_keys_open(void);
void tls_keys_close(tls_keys *);
/* Reads again what has changed since: new files, other files, folders that came or went. A certificate whose new
 * files cannot be used stays as it was, and the log says why. */
void tls_keys_refresh(tls_keys *);
/* NULL: there is none. */
tls_context *tls_keys_default(const tls_keys *);
tls_context *tls_keys_find(void *keys, const char *name); /* a tls_chooser */

/* Why the first of those that cannot be used is one; "" */
const char *tls_keys_why(const tls_keys *);
/* Judges each certificate and its files: a line each, as mail-doctor(8) prints them, "ok", "warn" or "FAIL" first. False
 * where one fails. */
bool tls_keys_report(const tls_keys *, out *);

#endif
