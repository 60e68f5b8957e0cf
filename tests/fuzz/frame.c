/* links: io base : z */
/* Records as a talker that was taken over could send them: the keeper's side of the wall. */
#include "io/frame.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "io/out.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fields(span payload)
{
	span field;
	size_t left = payload.n;
	while (frame_field(&payload, &field)) {
		if (payload.n >= left || field.n >= left)
			abort();
		left = payload.n;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum { MAX = 512 };
	static int fd = -1;
	size_t n = 0, records = 0;
	char type;
	in s;
	if (fd < 0)
		fd = memfd_create("frames", MFD_CLOEXEC);
	if (ftruncate(fd, 0) < 0 || lseek(fd, 0, SEEK_SET) < 0 ||
	    !write_all(fd, span_of((const char *)data, size)) || lseek(fd, 0, SEEK_SET) < 0)
		abort();
	in_open(&s, fd, 64);
	char *payload = malloc(MAX); /* exact, so that an overrun shows */
	while (payload && frame_recv(&s, &type, payload, MAX, &n) == IN_OK) {
		if (n > MAX || ++records > size)
			abort();
		fields(span_of(payload, n));
	}
	free(payload);
	in_close(&s);
	return 0;
}
