/* New parts in a message that is there (RFC 2046, 5.1; RFC 2387): what was there before stays octet for octet, parts
 * that are signed too. */
#ifndef MAIL_GRAFT_H
#define MAIL_GRAFT_H

#include "mail/attachment.h"

enum graft_result {
	GRAFT_OK,
	GRAFT_NO_HEADER, /* this is no message */
	GRAFT_NO_HTML,	 /* nothing that could show what is put beside it */
	GRAFT_SIGNED,	 /* the HTML is signed or encrypted: a part beside it would break that */
};

typedef struct graft {
	const part_tree *tree;
	const attachment *parts;
	size_t count;
	bool beside_html; /* shown by the HTML part: multipart/related */
	span token;	  /* of letters and digits, never used before: makes a boundary */
} graft;

/* Whether the lines end in CRLF; the new parts then get such line ends, so text is to be encoded in base64 if it
 * shall stay what it is. */
bool graft_is_crlf(const part_tree *);
/* The whole message. A multipart/mixed (or multipart/related) that is there gets the parts behind its last one, else a
 * new one is made around what was there. Nothing is put where the result is not GRAFT_OK. */
enum graft_result graft_write(const graft *, attachment_put *put, void *arg);

#endif
