#include "run/mark.h"

#include <sys/stat.h>
#include <sys/utsname.h>

#include "io/file.h"
#include "io/run_file.h"
#include "io/sumline.h"

enum { LINE_ROOM = 256 };

/* What the mark is good for: this boot, this directory, this step. */
static void put_scope(int queue_dir, int64_t largest, str *to)
{
	struct stat st;
	str boot = str_new(64);
	if (fstat(queue_dir, &st) < 0 ||
	    !file_read(AT_FDCWD, "/proc/sys/kernel/random/boot_id", &boot))
		st.st_ino = 0;
	(void)str_printf(to, "%.*s %lu:%lu %" PRId64, SPAN_FMT(span_chomp(str_span(&boot))),
			 (unsigned long)st.st_dev, (unsigned long)st.st_ino, largest);
	str_free(&boot);
}

static bool take(span line, span scope, int64_t now, scan_mark *m)
{
	span words, rest;
	uint64_t scanned, whole;
	if (!sumline_take(line, &words) || !span_starts(words, scope))
		return false;
	rest = span_sub(words, scope.n, words.n);
	span first = span_word(&rest), second = span_word(&rest);
	if (!span_u64(first, INT64_MAX, &scanned) || !span_u64(second, INT64_MAX, &whole))
		return false;
	*m = (scan_mark){(int64_t)scanned, (int64_t)whole};
	return m->whole <= m->scanned && m->scanned <= now && now - m->whole < MARK_SECONDS;
}

scan_mark mark_read(int queue_dir, int64_t now, int64_t largest)
{
	scan_mark m = {0, 0};
	char text[LINE_ROOM];
	str scope = str_new(LINE_ROOM);
	int fd = run_file_open("queue", "scanned");
	ssize_t n = fd >= 0 ? file_pread(fd, text, sizeof text, 0) : -1;
	put_scope(queue_dir, largest, &scope);
	(void)str_putc(&scope, ' ');
	if (n <= 0 || scope.over || !take(span_of(text, (size_t)n), str_span(&scope), now, &m))
		m = (scan_mark){0, 0};
	if (fd >= 0)
		(void)close(fd);
	str_free(&scope);
	return m;
}

void mark_write(int queue_dir, const scan_mark *m, int64_t largest)
{
	str words = str_new(LINE_ROOM - SUMLINE_HEAD - 1), line = str_new(LINE_ROOM);
	int fd = run_file_open("queue", "scanned");
	put_scope(queue_dir, largest, &words);
	(void)str_printf(&words, " %" PRId64 " %" PRId64, m->scanned, m->whole);
	sumline_put(str_span(&words), &line);
	if (fd >= 0 && !words.over && !line.over) {
		(void)!ftruncate(fd, 0);
		(void)!pwrite(fd, line.p, line.n, 0);
	}
	if (fd >= 0)
		(void)close(fd);
	str_free(&words);
	str_free(&line);
}
