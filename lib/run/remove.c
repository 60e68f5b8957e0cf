#include "run/remove.h"

#include "base/die.h"
#include "io/clock.h"
#include "io/file.h"
#include "io/log.h"

static bool sync_path(const runner *r, const char *path)
{
	int fd = file_open_dir(r->queue_dir, path);
	bool done = fd >= 0 && file_sync(fd);
	if (fd >= 0)
		(void)close(fd);
	return done;
}

static void mark_dirty(runner *r, const char *name)
{
	unsigned long bucket;
	if (!r->dirty_since)
		r->dirty_since = clock_ms();
	if (strncmp(name, "later/", 6) == 0) {
		bucket = strtoul(name + 6, NULL, 16);
		r->dirty_later[bucket % 256] = 1;
	} else if (strncmp(name, "new/", 4) == 0) {
		r->dirty_new = true;
	} else {
		(void)sync_path(r, "hold"); /* asked for by ID, from there */
	}
}

bool remove_message(runner *r, task *t, bool durable)
{
	if (!qmsg_unlink(r->queue_dir, &t->m))
		return false;
	bool logged = t->log.exists || t->log.fd >= 0;
	if (logged || durable)
		mark_dirty(r, t->m.name);
	if (!logged)
		return true;
	if (r->gone_count == r->gone_room) {
		r->gone_room = r->gone_room ? r->gone_room * 2 : 64;
		r->gone = xrealloc(r->gone, r->gone_room, sizeof *r->gone);
	}
	memcpy(r->gone[r->gone_count++], t->m.id, sizeof *r->gone);
	return true;
}

void remove_flush(runner *r)
{
	if (!r->dirty_since)
		return;
	r->dirty_since = 0;
	bool done = !r->dirty_new || file_sync(r->new_dir);
	r->dirty_new = false;
	for (unsigned i = 0; i < 256; i++) {
		char path[16];
		if (!r->dirty_later[i])
			continue;
		r->dirty_later[i] = 0;
		(void)snprintf(path, sizeof path, "later/%02X", i);
		done = sync_path(r, path) && done;
	}
	if (!done) {
		/* The logs stay; the sweep takes them when their messages are surely gone. */
		log_line l;
		log_begin(&l, "error");
		log_puts(&l, "text", strerror(errno));
		log_end(&l);
		r->gone_count = 0;
	}
	for (size_t i = 0; i < r->gone_count; i++)
		qmsg_forget(r->queue_dir, r->gone[i]);
	r->gone_count = 0;
}
