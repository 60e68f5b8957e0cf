/* Words and addresses in the fields of a report. Private to this folder. */
#ifndef QUEUE_DSN_ADDRESS_H
#define QUEUE_DSN_ADDRESS_H

#include "base/str.h"
#include "mail/addr.h"

bool dsn_ascii(span);
/* One line of a field: control octets out, no longer than a line may be (RFC 5322, 2.1.1). */
void dsn_put_line(span, str *to);
/* "TYPE; TEXT"; `utf8`: the report travels with SMTPUTF8. */
void dsn_put_typed(span type, span text, bool utf8, str *to);
void dsn_put_address(const addr *, bool utf8, str *to);

#endif
