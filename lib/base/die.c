#include "base/die.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

const char *die_program = "pabal";

static void say(int error, const char *fmt, va_list args)
{
	char line[1024];
	int n = snprintf(line, sizeof line, "%s: ", die_program);
	size_t at = n < 0 ? 0 : (size_t)n < sizeof line ? (size_t)n : sizeof line - 1;
	n = vsnprintf(line + at, sizeof line - at, fmt, args);
	at += n < 0 ? 0 : (size_t)n < sizeof line - at ? (size_t)n : sizeof line - at - 1;
	if (error) {
		n = snprintf(line + at, sizeof line - at, ": %s", strerror(error));
		at += n < 0 ? 0 : (size_t)n < sizeof line - at ? (size_t)n : sizeof line - at - 1;
	}
	if (at > sizeof line - 2)
		at = sizeof line - 2;
	line[at++] = '\n';
	(void)!write(STDERR_FILENO, line, at);
}

void die(int exit_code, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	say(0, fmt, args);
	va_end(args);
	exit(exit_code);
}

void die_errno(int exit_code, const char *fmt, ...)
{
	int error = errno;
	va_list args;
	va_start(args, fmt);
	say(error, fmt, args);
	va_end(args);
	exit(exit_code);
}

void warn(const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	say(0, fmt, args);
	va_end(args);
}

void warn_errno(const char *fmt, ...)
{
	int error = errno;
	va_list args;
	va_start(args, fmt);
	say(error, fmt, args);
	va_end(args);
}

void *xmalloc(size_t n)
{
	void *p = malloc(n ? n : 1);
	if (!p)
		die(EX_TEMPFAIL, "out of memory");
	return p;
}

void *xcalloc(size_t count, size_t size)
{
	void *p = calloc(count ? count : 1, size ? size : 1);
	if (!p)
		die(EX_TEMPFAIL, "out of memory");
	return p;
}

void *xrealloc(void *p, size_t count, size_t size)
{
	size_t n;
	if (__builtin_mul_overflow(count, size, &n) || !(p = realloc(p, n ? n : 1)))
		die(EX_TEMPFAIL, "out of memory");
	return p;
}

char *xstrdup(const char *s)
{
	size_t n = strlen(s) + 1;
	return memcpy(xmalloc(n), s, n);
}
