/* A part that goes into a message: its header (RFC 2045, 2183, 2231, 2392) and its octets, in the transfer encoding
 * that suits them. The octets are borrowed, for a file a map of it: nothing is held in memory. */
#ifndef MAIL_ATTACHMENT_H
#define MAIL_ATTACHMENT_H

#include "mail/part.h"

typedef struct attachment {
	span type;	 /* "image/png", perhaps with parameters where somebody declared it */
	span charset;	 /* "" none is told */
	span name;	 /* UTF-8; "" none */
	span content_id; /* without the brackets; "" none */
	bool shown;	 /* disposition inline */
	span octets;
	enum part_encoding encoding;
	span
	    header; /* where not "": the part's fields as they stood, `octets` is encoded as they say */
} attachment;

/* token "/" token, perhaps with parameters, on one line. */
bool attachment_type_ok(span type);
/* The type that the name tells where the octets look like `sniffed`: text, archives and octets without
 * form are known by their names; the rest by what it is. */
span attachment_type(span sniffed, span name);
/* Sets charset and encoding by the octets; a type that they contradict becomes application/octet-stream: text
 * that is no UTF-8 (nobody knows its charset), a message that would need an encoding (RFC 2046, 5.2.1). With
 * `declared` a type with a charset of its own stays. */
void attachment_judge(attachment *, bool declared, bool eight_bit_ok);

/* Whether it is not 7-bit as it is written: then what holds it is 8bit too (RFC 2045, 6.4). */
bool attachment_is_8bit(const attachment *);

typedef void attachment_put(void *arg, span octets);

/* The header, the empty line, the encoded octets; line ends are LF, also of what stood with CRLF. */
void attachment_write(const attachment *, attachment_put *put, void *arg);
/* Octets in an encoding, in pieces. Text: LF is a line end. */
void attachment_encode(span octets, enum part_encoding, bool text, attachment_put *put, void *arg);
/* Octets as they are, CRLF as LF. */
void attachment_copy(span octets, attachment_put *put, void *arg);

#endif
