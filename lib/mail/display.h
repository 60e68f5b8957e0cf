/* Text for a person at a terminal: columns, and nothing that the terminal would obey. */
#ifndef MAIL_DISPLAY_H
#define MAIL_DISPLAY_H

#include "base/str.h"

/* Columns of a UTF-8 string: 2 for East Asian wide and fullwidth characters, 0 for combining marks. */
size_t display_width(span utf8);
/* The longest front that fits `columns`, never inside a character. */
span display_fit(span utf8, size_t columns);
/* Appends it harmless: control octets (C0 but LF and HTAB, DEL, C1) become ^X, bidi controls and invisible
 * characters that reorder or hide text and octets that are no UTF-8 become U+FFFD; nothing else changes.
 * `one_line`: LF and HTAB become a blank. */
void display_safe(span utf8, bool one_line, str *to);

#endif
