#include "io/frame.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/uio.h>

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

bool frame_send(int fd, char type, const span *parts, size_t count)
{
	unsigned char head[FRAME_HEAD];
	struct iovec v[PARTS_MAX + 1] = {{head, sizeof head}};
	size_t total = 0, at = 0;
	if (count > PARTS_MAX) {
		errno = EMSGSIZE;
		return false;
	}
	for (size_t i = 0; i < count; i++) {
		v[i + 1] = (struct iovec){(void *)(uintptr_t)parts[i].p, parts[i].n};
		if (!size_add(total, parts[i].n, &total) || total > FRAME_MAX) {
			errno = EMSGSIZE;
			return false;
		}
	}
	head[0] = (unsigned char)type;
	for (int i = 0; i < 4; i++)
		head[1 + i] = (unsigned char)(total >> (24 - 8 * i));
	while (at <= count) {
		struct msghdr m = {.msg_iov = v + at, .msg_iovlen = count + 1 - at};
		ssize_t n = sendmsg(fd, &m, MSG_NOSIGNAL);
		if (n < 0 && errno != EINTR)
			return false;
		if (n > 0)
			at += drop_sent(v + at, count + 1 - at, (size_t)n);
		else if (n == 0)
			break;
	}
	return true;
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
