/* What a user's program may leave to its submission server (RFC 6409, 8): the fields that a message must have, and the
 * domain of addresses. Pure. */
#ifndef MAIL_COMPLETE_H
#define MAIL_COMPLETE_H

#include "mail/addr.h"
#include "mail/header.h"

typedef struct complete {
	span from;	 /* the body of the From field that is added; "": none is */
	span message_id; /* "<…>" */
	span domain;	 /* of addresses without one; "": they stay as they are */
	int64_t epoch;	 /* of the Date field, and minutes east of UTC */
	int zone;
} complete;

/* Appends those of Date, From and Message-ID that `head` does not have. */
void complete_missing(const complete *, span head, str *to);
/* The header at the front of `text` as it should be, with its empty line; returns the octets of `text` that it stands for.
 * Fields that lack nothing stay octet for octet. A text without a header gets one. */
size_t complete_header(const complete *, span text, str *to);

/* The authors: calls `each` for all addresses of From; of Resent-From where that is there, for somebody who sends on what
 * he got (RFC 5322, 3.6.6). Returns false where they cannot be read, or are not there. */
bool complete_authors(span text, arena *, addr_each *each, void *arg);

#endif
