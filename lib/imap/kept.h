/* The header fields that clients ask for in their lists of messages: what pabal.cache keeps of a header. */
#ifndef IMAP_KEPT_H
#define IMAP_KEPT_H

#include "imap/section.h"

bool imap_kept_has(span name);
/* Whether these fields are enough to answer it. */
bool imap_kept_answers(const imap_section *);
/* Appends them as they stand in the header, in its order. */
void imap_kept_fields(span header, str *to);

#endif
