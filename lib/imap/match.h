/* Patterns of LIST (RFC 3501, 6.3.8): "*" is any octets, "%" any but the delimiter. Pure. */
#ifndef IMAP_MATCH_H
#define IMAP_MATCH_H

#include "base/span.h"

/* INBOX matches without case. Time is at most octets times octets. */
bool imap_match(span pattern, span name);

#endif
