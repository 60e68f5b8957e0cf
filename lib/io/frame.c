#include "io/frame.h"

#include <errno.h>
#include <string.h>
#include <sys/uio.h>

#include "io/passed.h"

enum { PARTS_MAX = 8 };

static size_t drop_sent(struct iovec *v, size_t count, size_t sent)
{
	size_t i = 0;
	while (i < count && sent >= v[i].iov_len)
		sent -= v[i++].iov_len;
	if (i < count) {
		v[i].iov_base = (char *)v[i].iov_base + sent;
		v[i].iov_len -= sent;
	}
	return i;
}

static void put_head(unsigned char head[static FRAME_HEAD], char type, size_t n)
{
	head[0] = (unsigned char)type;
	for (int i = 0; i < 4; i++)
		head[1 + i] = (unsigned char)(n >> (24 - 8 * i));
}

/* A descriptor goes with the first octet. */
static bool send_all(int fd, struct iovec *v, size_t count, int passed)
{
	size_t at = 0;
	while (at < count) {
		ssize_t n = passed_send(fd, v + at, count - at, &passed, passed >= 0);
		if (n < 0)
			return false;
		if (n == 0)
			break;
		at += drop_sent(v + at, count - at, (size_t)n);
		passed = -1;
	}
	return true;
}

bool frame_send_behind(int fd, char first, int passed, char type, const span *parts, size_t count)
{
	unsigned char heads[2][FRAME_HEAD];
	struct iovec v[PARTS_MAX + 2] = {{heads[0], FRAME_HEAD}, {heads[1], FRAME_HEAD}};
	size_t total = 0, skip = passed < 0;
	if (count > PARTS_MAX) {
		errno = EMSGSIZE;
		return false;
	}
	for (size_t i = 0; i < count; i++) {
		v[i + 2] = (struct iovec){(void *)(uintptr_t)parts[i].p, parts[i].n};
		if (!size_add(total, parts[i].n, &total) || total > FRAME_MAX) {
			errno = EMSGSIZE;
			return false;
		}
	}
	put_head(heads[0], first, 0);
	put_head(heads[1], type, total);
	return send_all(fd, v + skip, count + 2 - skip, passed);
}

bool frame_send(int fd, char type, const span *parts, size_t count)
{
	return frame_send_behind(fd, 0, -1, type, parts, count);
}

enum in_result frame_recv(in *s, char *type, char *payload, size_t max, size_t *n)
{
	unsigned char head[FRAME_HEAD];
	enum in_result r = in_exact(s, head, 1);
	if (r != IN_OK)
		return r;
	r = in_exact(s, head + 1, sizeof head - 1);
	if (r == IN_OK) {
		*type = (char)head[0];
		*n = (size_t)head[1] << 24 | (size_t)head[2] << 16 | (size_t)head[3] << 8 | head[4];
		if (*n > max)
			return IN_LONG;
		r = in_exact(s, payload, *n);
	}
	if (r == IN_EOF) {
		errno = EPROTO;
		r = IN_ERROR;
	}
	return r;
}

bool frame_field(span *payload, span *field)
{
	size_t at = span_find(*payload, 0);
	if (at == payload->n)
		return false;
	*field = span_cut(payload, 0);
	return true;
}
