/* links: imap auth maildir queue mail io base : z */
/* Commands with literals, in reads of a few octets. What must hold: a command is within its cap, is the same however it comes
 * in pieces, and a NUL in it stands in a literal only. */
#include "imap/read.h"

#include <sys/mman.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MAX = 512, COMMANDS = 200 };

typedef struct heard {
	uint32_t sum;
	size_t count, octets;
	enum imap_read last;
} heard;

static int spool = -1;

static enum imap_literal literal(void *arg, span before, uint64_t octets, int *fd)
{
	(void)arg;
	if (!span_starts(before, S("file")))
		return IMAP_LITERAL_TEXT;
	if (octets > 100)
		return IMAP_LITERAL_REFUSE;
	*fd = spool;
	return IMAP_LITERAL_FILE;
}

static heard run(int fd, int null, size_t room)
{
	heard h = {.sum = 1};
	in from;
	out to;
	span command;
	(void)lseek(fd, 0, SEEK_SET);
	(void)!ftruncate(spool, 0);
	(void)lseek(spool, 0, SEEK_SET);
	in_open(&from, fd, room);
	out_open(&to, null, 512);
	imap_reader r = imap_reader_new(&from, &to, MAX);
	r.words = "refused";
	r.literal = literal;
	do {
		h.last = imap_read_command(&r, &command);
		if (h.last != IMAP_READ)
			command = S("");
		if (command.n > MAX)
			__builtin_trap();
		for (size_t i = 0; i < command.n; i++)
			h.sum = h.sum * 31 + (unsigned char)command.p[i];
		h.sum = h.sum * 31 + (uint32_t)h.last;
		h.octets += command.n;
		h.count++;
	} while ((h.last == IMAP_READ || h.last == IMAP_READ_BAD) && h.count < COMMANDS);
	char text[4096];
	ssize_t n = pread(spool, text, sizeof text, 0);
	for (ssize_t i = 0; i < n; i++)
		h.sum = h.sum * 31 + (unsigned char)text[i];
	imap_reader_free(&r);
	in_close(&from);
	out_close(&to);
	return h;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int fd = -1, null = -1;
	if (fd < 0) {
		fd = memfd_create("client", MFD_CLOEXEC);
		spool = memfd_create("spool", MFD_CLOEXEC);
		null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	}
	if (ftruncate(fd, 0) < 0 || pwrite(fd, data, size, 0) != (ssize_t)size)
		return 0;
	heard a = run(fd, null, 8192), b = run(fd, null, 7);
	if (a.sum != b.sum || a.count != b.count || a.last != b.last ||
	    a.octets > size + 2 * a.count)
		__builtin_trap();
	return 0;
}
