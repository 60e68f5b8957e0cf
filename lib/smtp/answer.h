/* Replies as a server writes them (RFC 5321, 4.2; enhanced codes, RFC 2034). */
#ifndef SMTP_ANSWER_H
#define SMTP_ANSWER_H

#include "base/status.h"
#include "io/out.h"

/* `enhanced` NULL or "": none (greeting, EHLO, 354; RFC 2034, 4). LFs in the text make several
 * lines; octets that are not printable ASCII become '?', so that nothing can end a line early. */
void answer_put(out *, int code, const char *enhanced, span text);
/* A status without a reply code is a doubt: 451 4.3.0. */
void answer_status(out *, const status *);

#endif
