/* Text for a person at a terminal. */
#ifndef MAIL_TEXT_H
#define MAIL_TEXT_H

#include "base/str.h"

/* Columns of a UTF-8 string: 2 for East Asian wide and fullwidth, 0 for combining marks. */
size_t text_width(span utf8);
/* The longest front that fits `columns`, never inside a character. */
span text_fit(span utf8, size_t columns);
/* Harmless: control octets (C0 without LF and HTAB, DEL, C1), escape sequences, bidi controls and
 * invalid UTF-8 become visible (^X, U+FFFD); nothing else changes. `one_line`: LF and HTAB become SP. */
void text_safe(span utf8, bool one_line, str *to);

/* format=flowed (RFC 3676): quote depth, space stuffing, DelSp; wraps at `width` columns (0: one line a
 * paragraph). "-- " is never joined. */
void text_unflow(span utf8, bool delsp, size_t width, str *to);
/* HTML to text: links as [n] with a list behind, lists, tables, quotes, entities; scripts and styles
 * dropped; linear, bounded nesting. Output is not yet safe: text_safe() it. */
void text_from_html(span utf8, size_t width, str *to);

#endif
