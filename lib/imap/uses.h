/* The lines of pabal.folders (imap/tree.h says what they are). */
#ifndef IMAP_USES_H
#define IMAP_USES_H

#include "base/str.h"

enum { IMAP_FOLDERS_MAX = 4 << 20 };

enum imap_folder_line { IMAP_LINE_SUBSCRIBED, IMAP_LINE_USE };

/* The whole file; an empty text where there is none. False with errno. */
bool imap_uses_read(const char *maildir, str *text);
/* The next line that says something; *use for IMAP_LINE_USE, static. */
bool imap_uses_next(span *rest, enum imap_folder_line *, const char **use, span *name);

#endif
