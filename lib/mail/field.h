/* Header fields as they are written: values in UTF-8 become encoded words where the field allows them (RFC
 * 2047, 5), long ones are folded at blanks (RFC 5322, 2.2.3). */
#ifndef MAIL_FIELD_H
#define MAIL_FIELD_H

#include "mail/charset.h"

enum { FIELD_LINE_MAX = 998 }; /* RFC 5322, 2.1.1 */

enum field_kind {
	FIELD_TEXT,	  /* unstructured: encoded words anywhere */
	FIELD_ADDRESSES,  /* encoded words in display names and comments */
	FIELD_PARAMETERS, /* RFC 2231 */
	FIELD_TOKENS,	  /* ASCII alone */
};

/* 1 to 76 printable ASCII octets without a colon (RFC 5322, 3.6.8). */
bool field_name_ok(span name);
enum field_kind field_kind_of(span name);

/* Octets that no 7-bit header may hold: above 0x7e, or NUL. */
bool field_needs_words(span octets);

enum field_result {
	FIELD_OK,
	FIELD_ASCII_ONLY, /* not ASCII, and this field cannot carry it */
	FIELD_TOO_LONG,	  /* more than FIELD_LINE_MAX octets without a place to fold */
};

/* Appends "Name: value" and LF. `utf8` is one line (but parameters may have folds). In addresses an encoded word stays what it means; an
 * address outside ASCII stays UTF-8 (RFC 6532), or with `seven_bit` becomes an empty group of that
 * name (RFC 6857, 3.1.6). On failure *to is as before. */
enum field_result field_write(span name, span utf8, bool seven_bit, const charset_opener *,
			      str *to);

#endif
