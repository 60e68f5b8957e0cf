/* Descriptors that go along with octets over a Unix socket (unix(7), SCM_RIGHTS). */
#ifndef IO_PASSED_H
#define IO_PASSED_H

#include <stddef.h>
#include <sys/types.h>
#include <sys/uio.h>

enum { PASSED_MAX = 3 };

/* One sendmsg(2), again after EINTR; at most PASSED_MAX descriptors, which stay the caller's. The octets sent, or -1 with
 * errno. */
ssize_t passed_send(int socket, struct iovec *, size_t pieces, const int *fds, size_t count);
/* One recvmsg(2): octets, 0 at the end, or -1 with errno. *count descriptors, at most `max`, are in fds now, O_CLOEXEC and
 * the caller's; what more came is closed. */
ssize_t passed_recv(int socket, void *to, size_t room, int *fds, size_t max, size_t *count);

#endif
