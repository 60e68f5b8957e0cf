/* Owned octets that grow up to a cap chosen at the start: what comes from outside cannot choose the
 * memory. Passing the cap is a sticky state (`over`), asked once at the end, as with `out`. */
#ifndef BASE_STR_H
#define BASE_STR_H

#include "base/span.h"

typedef struct str {
	char *p;      /* always followed by a NUL that does not count; NULL before the first octet */
	size_t n;     /* octets */
	size_t room;  /* octets allocated */
	size_t max;   /* the cap, in octets */
	bool over;    /* something did not fit and was left out whole */
} str;

str str_new(size_t max);
void str_free(str *);
void str_clear(str *); /* n = 0, over = false; memory stays */
void str_cut(str *, size_t n); /* keep the first n octets */

/* Append; false (and `over` set) where it does not fit, nothing is then appended. */
bool str_put(str *, span);
bool str_putc(str *, char);
bool str_putu(str *, uint64_t); /* decimal */
bool str_printf(str *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

span str_span(const str *);
/* The octets with a NUL behind them; "" when empty. Valid until the next append. */
const char *str_cstr(const str *);

#endif
