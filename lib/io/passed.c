#include "io/passed.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

typedef union rights {
	struct cmsghdr head;
	char room[CMSG_SPACE(PASSED_MAX * sizeof(int))];
} rights;

static void attach(struct msghdr *m, rights *r, const int *fds, size_t count)
{
	m->msg_control = r;
	m->msg_controllen = CMSG_SPACE(count * sizeof *fds);
	struct cmsghdr *c = CMSG_FIRSTHDR(m);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(count * sizeof *fds);
	memcpy(CMSG_DATA(c), fds, count * sizeof *fds);
}

ssize_t passed_send(int socket, struct iovec *v, size_t pieces, const int *fds, size_t count)
{
	rights r = {.room = {0}};
	struct msghdr m = {.msg_iov = v, .msg_iovlen = pieces};
	ssize_t n;
	if (count > PASSED_MAX) {
		errno = EINVAL;
		return -1;
	}
	if (count)
		attach(&m, &r, fds, count);
	while ((n = sendmsg(socket, &m, MSG_NOSIGNAL)) < 0 && errno == EINTR)
		;
	return n;
}

static void take(struct msghdr *m, int *fds, size_t max, size_t *count)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		int fd;
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t at = 0; CMSG_LEN(at + sizeof fd) <= c->cmsg_len; at += sizeof fd) {
			memcpy(&fd, CMSG_DATA(c) + at, sizeof fd);
			if (*count < max)
				fds[(*count)++] = fd;
			else
				(void)close(fd);
		}
	}
}

ssize_t passed_recv(int socket, void *to, size_t room, int *fds, size_t max, size_t *count)
{
	rights r;
	struct iovec v = {to, room};
	struct msghdr m = {
	    .msg_iov = &v, .msg_iovlen = 1, .msg_control = &r, .msg_controllen = sizeof r};
	ssize_t n = recvmsg(socket, &m, MSG_CMSG_CLOEXEC);
	*count = 0;
	if (n >= 0)
		take(&m, fds, max, count);
	return n;
}
