/* What the parts of the SMTP client share: a reply, a piece of commands, the end. Private to this folder. */
#ifndef SMTP_WIRE_H
#define SMTP_WIRE_H

#include "smtp/client.h"

enum { CLIENT_LINE = 4096 };

/* The next reply, whole, into c->reply. False with a temporary *why that names the phase. */
bool client_read(client *, int wait_ms, const char *phase, status *why);
/* All of it, at once. False as above. */
bool client_write(client *, span octets, const char *phase, status *why);
void client_drop(client *); /* closes without QUIT */

/* EHLO, or LHLO, and what the server can. */
status client_hello(client *, span name);
/* Behind EHLO: TLS, as far as the level wants it, and EHLO anew: what was said in the clear is forgotten (client_tls.c). */
status client_secure(client *, span name);
/* Behind EHLO, where there may be a login: EX_OK, or why not: always temporary (client_login.c). */
status client_login(client *);

#endif
