/* A message in 7 bits (RFC 2045, 2.7 and 6.4): leaves are encoded, header fields get encoded words and
 * parameters of RFC 2231. Only what has to change does; all else stays octet for octet. Linear in the octets;
 * memory for the tree alone.
 *
 *   leaf of text        quoted-printable, or base64 where more than a sixth would be encoded; then its lines end in
 *                       CRLF, as they do on the wire (RFC 2045, 6.8)
 *   other leaf          base64
 *   multipart, message  never encoded: "8bit" and "binary" become "7bit", what is inside changes
 *   message/global      encoded as a whole (RFC 6532, 3.7)
 *   delivery-status,    their fields, like those of a header
 *   disposition-
 *   notification
 *   signed, encrypted   nothing in it may change
 *   preamble, epilogue  other octets become '?', lines are cut */
#ifndef MAIL_SEVEN_H
#define MAIL_SEVEN_H

#include "base/status.h"
#include "mail/charset.h"
#include "mail/edit.h"
#include "mail/part.h"

enum seven_result {
	SEVEN_SAME,	/* it is 7-bit as it stands */
	SEVEN_OTHER,	/* seven_write() gives another message */
	SEVEN_SIGNED,	/* something signed or encrypted would change */
	SEVEN_BOUNDARY, /* so would a delimiter line */
	SEVEN_ADDRESS,	/* an address that is not ASCII (RFC 6532) */
	SEVEN_DEPTH,	/* parts beyond PART_DEPTH_MAX or PART_COUNT_MAX would change */
};

typedef struct seven {
	span message;
	part_tree tree;
	const charset_opener *opener;
	unsigned char *marks; /* of each part */
	bool crlf;	      /* how the lines of the message end */
	uint32_t at;	      /* the part at fault */
	span field;	      /* the field at fault, "" where it is none */
	/* of the walk: */
	edit_put *put; /* NULL: it is only looked at */
	void *arg;
	size_t frozen;	    /* octets before this one are signed or encrypted */
	uint32_t frozen_by; /* the multipart that says so */
	span good;	    /* was looked at as a whole */
} seven;

/* Looks at all of the message; what it finds lives in the arena and borrows the message. */
enum seven_result seven_open(seven *, span message, const charset_opener *, arena *);
/* After SEVEN_SAME or SEVEN_OTHER. */
void seven_write(seven *, edit_put *put, void *arg);
/* Why not, for a person: EX_DATAERR with 5.6.3, or 5.6.9 for an address (RFC 6531, 4.3). */
status seven_status(const seven *, enum seven_result);

#endif
