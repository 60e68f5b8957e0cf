#include "run/mbox.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "io/clock.h"
#include "io/file.h"
#include "io/in.h"

enum { LINE = 65536, LOCK_MS = 30000, STALE_S = 600, WAIT_MS = 50 };

/* ">>From " counts, at the start of a line only. */
static bool needs_quote(span line)
{
	size_t i = 0;
	while (i < line.n && line.p[i] == '>')
		i++;
	return span_starts(span_sub(line, i, line.n), S("From "));
}

static void put_head(out *to, span sender, span recipient, int64_t now)
{
	char date[64];
	struct tm tm;
	time_t t = (time_t)now;
	(void)gmtime_r(&t, &tm);
	(void)strftime(date, sizeof date, "%a %b %e %H:%M:%S %Y", &tm);
	out_puts(to, "From ");
	if (!sender.n)
		out_puts(to, "MAILER-DAEMON");
	for (size_t i = 0; i < sender.n; i++) /* a quoted local part may have blanks */
		out_putc(to, (unsigned char)sender.p[i] <= ' ' ? '-' : sender.p[i]);
	out_printf(to, " %s\nReturn-Path: <", date);
	out_put(to, sender);
	out_puts(to, ">\nDelivered-To: ");
	out_put(to, recipient);
	out_putc(to, '\n');
}

bool mbox_write(out *to, int fd, off_t offset, span sender, span recipient, int64_t now)
{
	char buf[LINE];
	bool fresh = true;
	ssize_t n;
	put_head(to, sender, recipient, now);
	while ((n = file_pread(fd, buf, sizeof buf, offset)) > 0) {
		span rest = span_of(buf, (size_t)n);
		/* a piece ends with a line, but for one that is longer than the piece */
		size_t end = span_rfind(rest, '\n');
		if (n == LINE && end < rest.n)
			rest.n = end + 1;
		offset += (off_t)rest.n;
		while (rest.n) {
			span line = span_sub(rest, 0, span_find(rest, '\n') + 1);
			if (fresh && needs_quote(line))
				out_putc(to, '>');
			out_put(to, line);
			fresh = line.p[line.n - 1] == '\n';
			rest = span_sub(rest, line.n, rest.n);
		}
	}
	out_puts(to, fresh ? "\n" : "\n\n");
	return n == 0;
}

static void nap(void)
{
	const struct timespec t = {.tv_nsec = WAIT_MS * 1000000L};
	(void)nanosleep(&t, NULL);
}

/* FILE.lock, as other programs make it; one that is old was left behind. Where none can be made for want of rights, the other lock must
 * do. */
static bool lock_dot(const char *path, int64_t deadline, bool *made)
{
	struct stat st;
	for (*made = false;; nap()) {
		int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		*made = fd >= 0;
		if (fd >= 0)
			(void)close(fd);
		if (fd >= 0 || errno == EACCES || errno == EPERM)
			return true;
		if (errno != EEXIST || clock_left(deadline) == 0)
			return false;
		if (stat(path, &st) == 0 && time(NULL) - st.st_mtime > STALE_S)
			(void)unlink(path);
	}
}

static bool lock_file(int fd, int64_t deadline)
{
	struct flock l = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	while (fcntl(fd, F_SETLK, &l) < 0) {
		if ((errno != EACCES && errno != EAGAIN && errno != EINTR) ||
		    clock_left(deadline) == 0)
			return false;
		nap();
	}
	return true;
}

static status append(int box, const job *j, int fd)
{
	struct stat st;
	out to;
	if (fstat(box, &st) < 0 || !S_ISREG(st.st_mode))
		return status_doubt("the mbox is no file");
	off_t end = lseek(box, 0, SEEK_END);
	if (end < 0)
		return status_doubt("the mbox: %s", strerror(errno));
	out_open(&to, box, LINE);
	bool read = mbox_write(&to, fd, (off_t)j->offset, j->sender, j->recipient, clock_now());
	int error = errno;
	bool done = out_flush(&to) && read;
	if (read)
		error = errno;
	out_close(&to);
	/* COMMIT: the message is in the mbox */
	if (done && file_sync(box))
		return status_ok();
	if (done)
		error = errno;
	if (ftruncate(box, end) < 0)
		return status_doubt("the mbox has half a message: %s", strerror(errno));
	return status_doubt("the mbox cannot be written: %s", strerror(error));
}

status mbox_deliver(const char *path, const job *j, int fd)
{
	str dot = str_new(4096);
	bool made;
	int64_t deadline = clock_ms() + LOCK_MS;
	(void)str_printf(&dot, "%s.lock", path);
	if (dot.over || !lock_dot(str_cstr(&dot), deadline, &made)) {
		str_free(&dot);
		return status_doubt("%s.lock: %s", path, strerror(errno));
	}
	int box = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
	status st = status_doubt("%s: %s", path, strerror(errno));
	if (box >= 0 && lock_file(box, deadline))
		st = append(box, j, fd);
	else if (box >= 0)
		st = status_doubt("%s is locked", path);
	if (box >= 0)
		(void)close(box);
	if (made)
		(void)unlink(str_cstr(&dot));
	str_free(&dot);
	return st;
}
