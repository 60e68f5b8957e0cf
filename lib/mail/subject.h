/* What a subject is about: the base subject (RFC 5256, 2.1). */
#ifndef MAIL_SUBJECT_H
#define MAIL_SUBJECT_H

#include "base/str.h"

/* The base subject of a decoded subject: without "Re:", "Fwd:", "[list]" in front and "(fwd)" behind. The span
 * points into `utf8`, where tabs and runs of blanks stay as they are (fold_text() makes them one). *reply,
 * where it is not NULL: whether it says that it is a reply or was forwarded. */
span subject_base(span utf8, bool *reply);

#endif
