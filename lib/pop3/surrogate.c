#include "pop3/surrogate.h"

#include <errno.h>
#include <stdlib.h>

#include "base/die.h"
#include "io/file.h"
#include "mail/header.h"
#include "mail/seven_field.h"

enum { FIRST = 8192 };

static bool is_ascii(span s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] >= 0x80)
			return false;
	return true;
}

/* The header at the front, or as much of it as may be looked at, into *buf, for free(). False with errno. */
static bool read_header(int fd, char **buf, span *header)
{
	size_t room = FIRST;
	for (*buf = NULL;; room *= 2) {
		*buf = xrealloc(*buf, room, 1);
		ssize_t n = file_pread(fd, *buf, room, 0);
		if (n < 0)
			return false;
		span text = span_of(*buf, (size_t)n);
		size_t size = header_size(text);
		*header = span_sub(text, 0, size);
		if (size < text.n || text.n < room || room >= POP3_HEADER_MAX)
			return true;
	}
}

/* An address that ASCII cannot write goes; a group without one stands for it (RFC 6857, 3.1.8). */
static void put_field(const header_field *f, const charset_opener *opener, str *to)
{
	if (is_ascii(f->raw)) {
		(void)str_put(to, f->raw);
	} else if (seven_field_can(f, opener)) {
		seven_field(f, opener, to);
	} else {
		(void)str_put(to, f->name);
		(void)str_put(to, S(": Internationalized address removed:;\n"));
	}
}

/* Octets with CRLF line ends. */
static int64_t wire_size(span s)
{
	int64_t n = (int64_t)s.n;
	for (size_t i = 0; i < s.n; i++)
		n += s.p[i] == '\n' && !(i && s.p[i - 1] == '\r');
	return n;
}

ssize_t pop3_surrogate(int fd, const charset_opener *opener, str *to, int64_t *more)
{
	char *buf;
	span header = S("");
	bool done = read_header(fd, &buf, &header);
	size_t size = header.n;
	*more = -wire_size(header);
	if (done && !is_ascii(header)) {
		header_field f;
		while (header_next(&header, &f) == HEADER_FIELD)
			put_field(&f, opener, to);
		(void)str_putc(to, '\n');
		*more += wire_size(str_span(to));
	} else {
		size = 0;
	}
	int error = errno;
	free(buf);
	errno = to->over ? EFBIG : error;
	return done && !to->over ? (ssize_t)size : -1;
}
