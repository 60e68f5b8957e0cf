/* links: queue mail io base : z */
/* Any octets as a queue file: as they are, and with a first line that holds for them. */
#include <stdlib.h>

#include "io/file.h"
#include "io/out.h"
#include "io/sum.h"
#include "queue/qmsg.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ID "0123456789ABCDEFGHJKMNPQ"

static int dir = -1;

static void leave(void)
{
	(void)unlinkat(dir, "new/" ID, 0);
	(void)unlinkat(dir, "new", AT_REMOVEDIR);
	char path[64];
	(void)snprintf(path, sizeof path, "/proc/self/fd/%d", dir);
	char *real = realpath(path, NULL);
	if (real)
		(void)rmdir(real);
	free(real);
}

static void prepare(void)
{
	char name[] = "/tmp/pabal-fuzz.XXXXXX";
	if (dir >= 0)
		return;
	if (!mkdtemp(name) || (dir = file_open_dir(AT_FDCWD, name)) < 0 ||
	    !file_mkdir(dir, "new", 0700))
		abort();
	(void)atexit(leave);
}

static enum qmsg_result claim(span first, span rest)
{
	qmsg m;
	int fd = openat(dir, "new/" ID, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 || !write_all(fd, first) || !write_all(fd, rest))
		abort();
	close(fd);
	enum qmsg_result r = qmsg_claim(dir, "new/" ID, &m);
	if (r == QMSG_OK) {
		if (m.env.rcpt_count == 0 || (uint64_t)m.offset + m.size != first.n + rest.n ||
		    m.offset <= QMSG_LINE)
			abort();
		qmsg_close(&m);
	} else if (r != QMSG_PARTIAL && r != QMSG_DAMAGED) {
		abort();
	}
	return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char line[QMSG_LINE];
	qmsg_head head;
	span all = span_of((const char *)data, size);
	prepare();
	(void)claim(S(""), all);
	qmsg_first_line(line, size, sum_crc32(0, all), ID, 1);
	if (claim(span_of(line, QMSG_LINE), all) == QMSG_PARTIAL)
		abort();
	if (qmsg_head_parse(span_sub(all, 0, QMSG_LINE), &head) && !qid_valid(span_str(head.id)))
		abort();
	return 0;
}
