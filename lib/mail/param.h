/* Parameters of Content-Type and Content-Disposition (RFC 2045, 5.1; RFC 2231), in any order and in the
 * wrong forms seen in the wild (pabal-violations(7)). */
#ifndef MAIL_PARAM_H
#define MAIL_PARAM_H

#include "base/arena.h"
#include "base/span.h"
#include "base/str.h"
#include "mail/charset.h"

enum { PARAM_MAX = 1000, PARAM_VALUE_MAX = 65536 };

typedef struct param {
	span name;    /* lower case, without '*' and section numbers */
	span value;   /* octets: quotes, escapes and %XX undone, sections joined */
	span charset; /* of the octets, "" where none was given */
	span language;
	bool words;   /* was written with encoded words (wrong, but common): value is decoded to UTF-8 */
} param;

typedef struct param_list {
	span main; /* "text/plain", "attachment": without blanks and comments */
	param *params;
	size_t count;
	bool damaged;
} param_list;

/* Linear in body.n. The list lives in the arena. False where the arena is full. */
bool param_parse(span body, arena *, param_list *);
/* NULL where it is not there. */
const param *param_get(const param_list *, const char *name);
/* The value as UTF-8. */
void param_text(const param *, const charset_opener *, str *to);

/* `; name=value` as it should be written: token, quoted-string, or RFC 2231 in sections with UTF-8,
 * folded under 78 columns. */
void param_write(const char *name, span utf8, size_t *column, str *to);

#endif
