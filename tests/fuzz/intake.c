/* links: queue mail io base : z */
/* What the intake gives has LF ends alone, and is the input without the CRs before LF. The first octet
 * chooses whether a dot ends. */
#include <stdlib.h>
#include <sys/mman.h>

#include "base/str.h"
#include "io/out.h"
#include "queue/intake.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The slow and plain way. */
static bool expected(span in, bool dot, str *to)
{
	while (in.n) {
		span line = span_sub(in, 0, span_find(in, '\n') + 1);
		in = span_sub(in, line.n, in.n);
		line = span_chomp(line);
		if (dot && span_eq(line, S(".")))
			return true;
		if (span_find(line, '\r') != line.n)
			return false;
		str_put(to, line);
		str_putc(to, '\n');
	}
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	bool dot = data[0] & 1;
	span in = span_of((const char *)data + 1, size - 1), piece;
	int fd = memfd_create("intake", MFD_CLOEXEC);
	if (fd < 0 || !write_all(fd, in) || lseek(fd, 0, SEEK_SET) != 0)
		abort();
	str want = str_new(1 << 22), got = str_new(1 << 22);
	intake t;
	enum intake_result r;
	intake_open(&t, fd, dot);
	while ((r = intake_next(&t, &piece)) == INTAKE_OK)
		str_put(&got, piece);
	if (expected(in, dot, &want) != (r == INTAKE_END))
		abort();
	if (r == INTAKE_END && !span_eq(str_span(&want), str_span(&got)))
		abort();
	intake_close(&t);
	close(fd);
	str_free(&want);
	str_free(&got);
	return 0;
}
