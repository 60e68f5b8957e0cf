/* The header of a message as ranges of the octets it is made of (RFC 5322, 2.2). Line ends may be LF or
 * CRLF. Nothing is copied, nothing is judged: 8-bit octets and NULs are data. */
#ifndef MAIL_HEADER_H
#define MAIL_HEADER_H

#include "base/span.h"
#include "base/str.h"

typedef struct header_field {
	span raw;  /* the whole field, folds and the last line end included */
	span name; /* without the colon and blanks before it */
	span body; /* behind the colon, folds as they stand, without the last line end */
} header_field;

enum header_result {
	HEADER_FIELD,   /* *field is the next one */
	HEADER_END,     /* the empty line (consumed) or the end of the text */
	HEADER_GARBAGE, /* a line that is no field and no continuation: the body starts here (not consumed) */
};

/* Takes the next field off the front of *rest. A leading mbox "From " line counts as HEADER_GARBAGE. */
enum header_result header_next(span *rest, header_field *field);
/* Octets of the "From " or ">From " line of an mbox at the front; 0 where there is none. */
size_t header_mbox_line(span text);
/* The same for the next field of this name (without case): what stands before it is passed over. */
enum header_result header_find(span *rest, span name, header_field *field);
/* Of a text that may go on: whether what header_next() gave last, with `rest` behind it, may be another if it does. */
bool header_is_cut(enum header_result, span rest);
/* The octets of the header with the empty line behind it; text.n where there is no body. */
size_t header_size(span text);
/* The first field of this name (without case); false where there is none. */
bool header_get(span text, const char *name, header_field *field);
size_t header_count(span text, const char *name);
/* The body on one line: each line end with the blanks around it becomes one SP; trimmed. */
void header_unfold(span body, str *to);

#endif
