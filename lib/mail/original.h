/* What an answer takes from the body of the message that is answered or forwarded. */
#ifndef MAIL_ORIGINAL_H
#define MAIL_ORIGINAL_H

#include "mail/body.h"

/* The text that a person reads of it, without enclosed messages; an empty line between its parts. */
void original_text(const part_tree *, const body_style *, str *to);
/* What else it carries: attachments and enclosed messages, each whole. `each` gets the part's index. */
typedef void original_each(void *arg, uint32_t index);
void original_parts(const part_tree *, original_each *each, void *arg);
/* A part's own fields that say what it is (Content-…), as they stand. */
void original_fields(const part *, str *to);

#endif
