/* A draft: a header and a body in one readable file, as a person edits it.
 *
 *     From: 김철수 <chul@example.org>
 *     To: bob@example.org
 *     Subject: 회의록
 *     Attach: ~/minutes.pdf
 *
 *     the text
 *
 * All UTF-8, nothing encoded. The fields Attach, Attach-Html, Attach-Message and Attach-Part name what goes with it and
 * are never sent. */
#ifndef MAIL_DRAFT_H
#define MAIL_DRAFT_H

#include "base/arena.h"
#include "mail/field.h"

enum { DRAFT_FIELDS_MAX = 1000, DRAFT_HEADER_MAX = 1 << 20 };

typedef struct draft_field {
	span name, value; /* UTF-8, one line */
} draft_field;

typedef struct draft {
	arena *mem; /* of names, values and the body */
	draft_field fields[DRAFT_FIELDS_MAX];
	size_t n;
	span body;	 /* UTF-8, LF at the end of each line */
	bool over;	 /* something did not fit */
	size_t bad_line; /* the first line of the header that is no field, 1 is the first; 0 none */
	bool not_utf8;	 /* the body, or a field */
	bool
	    mime; /* it says itself how it is encoded: the body is of the part tree (draft_body()) */
} draft;

void draft_init(draft *, arena *);
/* A readable draft, or a message: encoded words are decoded, fields that say how it is encoded or how it came are left
 * out. The body is taken as it stands. */
void draft_read(draft *, span text, const charset_opener *);

/* "" where there is none. */
span draft_get(const draft *, const char *name);
/* In the place of the first of that name, others go; an empty value removes. Blanks and line ends become one
 * blank each. */
void draft_set(draft *, const char *name, span value);
void draft_add(draft *, span name, span value);
/* More addresses behind those that are there. */
void draft_join(draft *, const char *name, span value);
void draft_set_body(draft *, span body);

/* Fields that are not sent: Attach… */
bool draft_is_local(span name);

/* The readable file; empty To, Cc and Subject are written to be filled in. */
void draft_write(const draft *, str *to);
/* The fields as a message has them, the local ones only with `local`. On failure *bad is the field's name. */
enum field_result draft_fields(const draft *, bool local, const charset_opener *, str *to,
			       span *bad);

/* Whether the text that is not quoted speaks of an attachment, in English or Korean. */
bool draft_mentions(span body);

#endif
