/* Octets as other programs read them: JSON strings and TSV fields. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include "base/str.h"

/* "…" with quotes; octets that are not UTF-8 become U+FFFD, so that any reader takes the line. */
void text_json(span s, str *to);
/* \t, \n and \\ escaped, all else as it is. */
void text_tsv(span s, str *to);

#endif
