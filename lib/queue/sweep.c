/* What crashes left behind. Nothing here is urgent: a file in tmp/ is never read as a message, and
 * a log without its message is only litter. So the age is generous, and a file that anybody holds
 * locked stays. */
#include <dirent.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/die.h"
#include "io/file.h"
#include "queue/scan.h"

typedef bool may_go(void *arg, int dir, const char *file);

static bool old_enough(int dir, const char *file, int64_t now)
{
	struct stat st;
	return fstatat(dir, file, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode) &&
	       now - (int64_t)st.st_mtime > SCAN_SWEEP_AGE;
}

static size_t sweep_dir(int queue_dir, const char *name, int64_t now, may_go *may, void *arg)
{
	size_t gone = 0;
	const struct dirent *file;
	int fd = file_open_dir(queue_dir, name);
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	while (d && (file = readdir(d)))
		if (qid_valid(span_str(file->d_name)) && old_enough(fd, file->d_name, now) &&
		    may(arg, fd, file->d_name) && unlinkat(fd, file->d_name, 0) == 0)
			gone++;
	if (d)
		(void)closedir(d);
	else if (fd >= 0)
		(void)close(fd);
	return gone;
}

static bool unlocked(void *arg, int dir, const char *file)
{
	(void)arg;
	int fd = file_open_read(dir, file);
	bool free_now = fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0;
	if (fd >= 0)
		(void)close(fd);
	return free_now;
}

/* The IDs of all messages, sorted. */
typedef struct id_list {
	char (*ids)[QID_LEN + 1];
	size_t count, room;
	int queue_dir;
} id_list;

static bool keep_id(void *arg, const scan_entry *e)
{
	id_list *l = arg;
	if (l->count == l->room) {
		l->room = l->room ? l->room * 2 : 64;
		l->ids = xrealloc(l->ids, l->room, sizeof *l->ids);
	}
	memcpy(l->ids[l->count++], e->id, QID_LEN + 1);
	return true;
}

static int by_id(const void *a, const void *b)
{
	return strcmp(a, b);
}

static bool has_no_message(void *arg, int dir, const char *file)
{
	const id_list *l = arg;
	char name[64];
	(void)dir;
	if (l->count && bsearch(file, l->ids, l->count, sizeof *l->ids, by_id))
		return false;
	/* It may have been renamed behind the back of the scan: ask again for this one. */
	return !scan_find(l->queue_dir, file, name) && errno == ENOENT;
}

size_t scan_sweep(int queue_dir, int64_t now)
{
	id_list l = {.queue_dir = queue_dir};
	size_t gone = sweep_dir(queue_dir, "tmp", now, unlocked, NULL);
	if (scan_all(queue_dir, keep_id, &l)) {
		if (l.count)
			qsort(l.ids, l.count, sizeof *l.ids, by_id);
		gone += sweep_dir(queue_dir, "log", now, has_no_message, &l);
	}
	free(l.ids);
	return gone;
}
