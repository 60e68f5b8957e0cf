/* One tag of HTML at a time, as it is found in mail. */
#ifndef MAIL_TAG_H
#define MAIL_TAG_H

#include "base/span.h"

typedef struct tag {
	span name; /* as written, without the slash */
	span attributes;
	bool closes; /* </name> */
} tag;

typedef struct tag_reader {
	span text;
	size_t at;	 /* octets read */
	bool lax;	 /* a quote was never closed: from there on a tag ends at the first '>' */
	bool no_end;	 /* no '>' follows any more */
	bool no_comment; /* nor a "-->" */
} tag_reader;

/* Reads what begins with the '<' at r->at. False where that is only a character (nothing is read).
 * Comments and declarations are read with an empty name. All calls together are linear. */
bool tag_next(tag_reader *r, tag *t);
/* Behind the closing tag of an element whose content is no text, or at the end. */
void tag_skip_element(tag_reader *r, span name);
bool tag_is(const tag *, const char *name);
/* The value as written, entities not read. */
bool tag_attribute(const tag *, const char *name, span *value);

#endif
