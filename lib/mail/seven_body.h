/* The body of one part in another transfer encoding; for seven.c. */
#ifndef MAIL_SEVEN_BODY_H
#define MAIL_SEVEN_BODY_H

#include "mail/edit.h"
#include "mail/part.h"

/* 7bit, 8bit, binary, and what nobody can read: the octets stand as they are. */
bool seven_identity(const part *);
/* How the body of this part goes, if it has to change. */
enum part_encoding seven_encoding(const part *);

typedef struct seven_style {
	enum part_encoding encoding;
	bool crlf;     /* lines of the message end in CRLF */
	bool line_end; /* one stands behind the body already */
} seven_style;

void seven_body(const part_tree *, uint32_t index, seven_style, edit_put *put, void *arg);

#endif
