/* A whole message from its header, its text, and what is attached (RFC 2045, 2046): written in pieces, so that
 * its size is no matter. */
#ifndef MAIL_COMPOSE_H
#define MAIL_COMPOSE_H

#include "mail/attachment.h"

typedef struct compose {
	span fields; /* written, each with its line end; without the MIME fields */
	span text;   /* UTF-8, LF */
	span html;   /* the same in HTML (multipart/alternative); "" none */
	const attachment *parts;
	size_t count;
	span token; /* of letters and digits, never used before: makes the boundaries */
	bool eight_bit;
} compose;

void compose_write(const compose *, attachment_put *put, void *arg);

#endif
