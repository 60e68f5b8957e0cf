/* Message identifiers as they stand in Message-ID, In-Reply-To and References (RFC 5322, 3.6.4). */
#ifndef MAIL_MSGID_H
#define MAIL_MSGID_H

#include "base/str.h"

enum {
	MSGID_MAX = 900, /* octets of one that we write on; a line has to hold it */
	MSGID_CHAIN_MAX =
	    998 - 12, /* of all of References: the field as one line is within RFC 5322, 2.1.1 */
};

/* The next "<left@right>" with its brackets; comments, phrases and what has no brackets are passed over. Only
 * printable ASCII without blanks counts. False at the end. */
bool msgid_next(span *rest, span *id);
/* Identifiers with a blank between them; where they are more than `max` octets, from the first one and
 * as many of the last ones as fit: both ends of a thread stay. */
void msgid_chain(span ids, size_t max, str *to);
/* What a reply to a message has in References: its References, or its In-Reply-To where that is one only, and its
 * Message-ID. Nothing where it has no Message-ID. */
void msgid_references(span header, str *to);
/* The Message-ID of a header; "" where there is none that can be read. */
span msgid_of(span header);

#endif
