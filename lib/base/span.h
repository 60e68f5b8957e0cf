/* Borrowed octets: a pointer and a count, never NUL-terminated, NULs allowed. A span does not own
 * what it points at; it lives as long as the buffer, arena or file map that it was cut from. */
#ifndef BASE_SPAN_H
#define BASE_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct span {
	const char *p;
	size_t n; /* octets */
} span;

/* A span over a string literal, its NUL left out. */
#define S(literal) ((span){"" literal, sizeof(literal) - 1})
/* For printf's "%.*s"; only for text that is known to hold no NUL and no control octet. */
#define SPAN_FMT(s) (int)((s).n < 4096 ? (s).n : 4096), (s).p

span span_of(const char *p, size_t n);
span span_str(const char *cstr); /* NULL gives the empty span */

bool span_eq(span a, span b);
bool span_eqi(span a, span b); /* ASCII letters without case, other octets exactly */
bool span_starts(span s, span prefix);
bool span_startsi(span s, span prefix);
bool span_ends(span s, span suffix);
int span_cmp(span a, span b); /* octet order, as strcmp with counts */

/* Position of the first (last) octet `c`, or s.n where there is none. */
size_t span_find(span s, char c);
size_t span_rfind(span s, char c);

/* Octets [from, to), both clamped to the span. */
span span_sub(span s, size_t from, size_t to);
/* Cuts the front of *rest up to the first `c` (dropped) and returns it; all of it where there is no
 * `c`. */
span span_cut(span *rest, char c);
/* The next run of octets that are neither SP nor HTAB; empty at the end. */
span span_word(span *rest);
/* Without leading and trailing SP, HTAB, CR and LF. */
span span_trim(span s);
/* Without one line end (LF or CRLF) at the end. */
span span_chomp(span s);

/* Decimal digits only, no sign, no blank: false if empty, other octets, or above max. */
bool span_u64(span s, uint64_t max, uint64_t *value);

/* ASCII classes; locale never matters here. */
bool ascii_alpha(unsigned char c);
bool ascii_digit(unsigned char c);
bool ascii_alnum(unsigned char c);
char ascii_lower(char c);

/* Checked arithmetic for sizes: false on overflow, *sum then untouched. */
bool size_add(size_t a, size_t b, size_t *sum);
bool size_mul(size_t a, size_t b, size_t *product);

#endif
