/* Names of attachments as names of files: from outside, so never trusted. */
#ifndef MAIL_FILENAME_H
#define MAIL_FILENAME_H

#include "base/str.h"

enum { FILENAME_MAX_OCTETS = 200 };

/* The last component of `name` (UTF-8; '/' and '\\' both part), without control, bidi and other deceiving
 * characters, not beginning with '.' or '-', at most FILENAME_MAX_OCTETS with the extension kept; `fallback`
 * where nothing is left. */
void filename_safe(span name, span fallback, str *to);
/* "pic.png", 2 → "pic-2.png" */
void filename_numbered(span name, unsigned number, str *to);
/* The usual extension of a type, with its dot; ".bin" where none is known. */
span filename_extension(span type, span subtype);

#endif
