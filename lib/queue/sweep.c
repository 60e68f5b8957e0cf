/* What crashes left behind. Nothing here is urgent: a log without its message is only litter. So the age is generous. */
#include <dirent.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/die.h"
#include "io/file.h"
#include "queue/scan.h"

static bool old_enough(int dir, const char *file, int64_t now)
{
	struct stat st;
	return fstatat(dir, file, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode) &&
	       now - (int64_t)st.st_mtime > SCAN_SWEEP_AGE;
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

static bool has_message(const id_list *l, const char *id)
{
	char name[64];
	if (l->count && bsearch(id, l->ids, l->count, sizeof *l->ids, by_id))
		return true;
	/* It may have been renamed behind the back of the scan: ask again for this one. */
	return scan_find(l->queue_dir, id, name) || errno != ENOENT;
}

static size_t sweep_logs(const id_list *l, int64_t now)
{
	size_t gone = 0;
	const struct dirent *file;
	int fd = file_open_dir(l->queue_dir, "log");
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	while (d && (file = readdir(d)))
		if (qid_valid(span_str(file->d_name)) && old_enough(fd, file->d_name, now) &&
		    !has_message(l, file->d_name) && unlinkat(fd, file->d_name, 0) == 0)
			gone++;
	if (d)
		(void)closedir(d);
	else if (fd >= 0)
		(void)close(fd);
	return gone;
}

size_t scan_sweep(int queue_dir, int64_t now)
{
	id_list l = {.queue_dir = queue_dir};
	size_t gone = 0;
	if (scan_all(queue_dir, keep_id, &l)) {
		if (l.count)
			qsort(l.ids, l.count, sizeof *l.ids, by_id);
		gone = sweep_logs(&l, now);
	}
	free(l.ids);
	return gone;
}
