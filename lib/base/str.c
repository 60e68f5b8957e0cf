#include "base/str.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"

str str_new(size_t max)
{
	return (str){.max = max};
}

void str_free(str *s)
{
	free(s->p);
	*s = (str){.max = s->max};
}

void str_clear(str *s)
{
	s->n = 0;
	s->over = false;
	if (s->p)
		s->p[0] = 0;
}

void str_cut(str *s, size_t n)
{
	if (n < s->n) {
		s->n = n;
		s->p[n] = 0;
	}
}

/* Room for n more octets and the NUL. Doubles, so that appending is linear. */
static bool reserve(str *s, size_t n)
{
	size_t need, room;
	if (!size_add(s->n, n, &need) || need > s->max || !size_add(need, 1, &need)) {
		s->over = true;
		return false;
	}
	if (need <= s->room)
		return true;
	room = s->room ? s->room : 64;
	while (room < need)
		room = room > SIZE_MAX / 2 ? need : room * 2;
	s->p = xrealloc(s->p, room, 1);
	s->room = room;
	return true;
}

bool str_put(str *s, span add)
{
	if (!reserve(s, add.n))
		return false;
	if (add.n)
		memcpy(s->p + s->n, add.p, add.n);
	s->n += add.n;
	s->p[s->n] = 0;
	return true;
}

bool str_putc(str *s, char c)
{
	return str_put(s, (span){&c, 1});
}

bool str_putu(str *s, uint64_t v)
{
	char digits[20];
	size_t at = sizeof digits;
	do
		digits[--at] = (char)('0' + v % 10);
	while (v /= 10);
	return str_put(s, (span){digits + at, sizeof digits - at});
}

bool str_printf(str *s, const char *fmt, ...)
{
	va_list args, again;
	bool fits;
	va_start(args, fmt);
	va_copy(again, args);
	int n = vsnprintf(NULL, 0, fmt, args);
	fits = n >= 0 && reserve(s, (size_t)n);
	if (fits) {
		(void)vsnprintf(s->p + s->n, (size_t)n + 1, fmt, again);
		s->n += (size_t)n;
	}
	va_end(again);
	va_end(args);
	return fits;
}

span str_span(const str *s)
{
	return (span){s->p ? s->p : "", s->n};
}

const char *str_cstr(const str *s)
{
	return s->p ? s->p : "";
}
