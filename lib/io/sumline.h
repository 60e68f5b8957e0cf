/* Lines that know whether they are whole: `SUM words LF`, SUM the CRC-32 (8 hex digits) of the rest
 * of the line with its LF. What is appended to a file and may be torn by a crash is made of them:
 * log/ID and the result files of workers. */
#ifndef IO_SUMLINE_H
#define IO_SUMLINE_H

#include "base/str.h"

enum { SUMLINE_HEAD = 9 }; /* octets before the words */

/* Appends the line for `words` (no LF in it). */
void sumline_put(span words, str *to);
/* The words of a line (its LF included in `line`); false where it is torn or damaged. */
bool sumline_take(span line, span *words);

#endif
