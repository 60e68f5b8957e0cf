/* A batch of deliveries. Others read new/ at any time, so nothing may show there before it is durable:
 *
 *     write each to tmp/ · sync the files · rename each to new/ · sync the directories · say so
 *
 * A crash before the second sync leaves a file in tmp/ (swept after 36 h) or in new/, not yet confirmed: the
 * next attempt finds it there by its name, and syncs the directory before it confirms. */
#include "maildir/deliver.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/die.h"
#include "io/file.h"
#include "maildir/find.h"
#include "maildir/make.h"
#include "maildir/name.h"
#include "maildir/piece.h"
#include "maildir/quota.h"
#include "maildir/room.h"

enum {
	BATCH = 64,
	FEW = 3, /* up to so many fsync calls; a syncfs(2) costs less than more of them */
	BASE_ROOM = NAME_ROOM - 63, /* the sizes and the flags have room behind the base name */
	PATH_ROOM = NAME_ROOM + 8,
};

typedef struct box { /* a Maildir that the batch delivers into */
	char *path;
	int fd, new_fd;
	dev_t dev;
	bool renamed; /* its directories are to be synced */
	bool cur_too; /* a file was found in it, or goes there: cur/ as well */
	int error;    /* errno of opening or of syncing */
	size_t asked; /* for names of earlier attempts */
	find_fronts fronts;
} box;

typedef struct entry {
	box *box;
	int fd;		/* tmp/NAME, open until it is synced; -1 */
	bool in_tmp;	/* to be unlinked on failure */
	bool found;	/* an earlier attempt did it */
	size_t same_as; /* index of an earlier entry of this batch with the same name; else own */
	char base[BASE_ROOM];
	size_t front;	      /* octets of base that tell it from all others */
	char name[PATH_ROOM]; /* "new/NAME" below the Maildir */
	piece size;
	status st;
} entry;

struct maildir_batch {
	entry entries[BATCH];
	size_t count;
	box boxes[BATCH];
	size_t box_count;
	char *paths[BATCH]; /* of the last commit */
};

maildir_batch *maildir_batch_new(void)
{
	return xcalloc(1, sizeof(maildir_batch));
}

static void drop_tmp(entry *e)
{
	char name[PATH_ROOM];
	if (e->fd >= 0)
		(void)close(e->fd);
	e->fd = -1;
	if (!e->in_tmp)
		return;
	(void)snprintf(name, sizeof name, "tmp/%s", e->base);
	(void)unlinkat(e->box->fd, name, 0);
	e->in_tmp = false;
}

static void empty(maildir_batch *b)
{
	for (size_t i = 0; i < b->count; i++)
		drop_tmp(&b->entries[i]);
	for (size_t i = 0; i < b->box_count; i++) {
		if (b->boxes[i].fd >= 0)
			(void)close(b->boxes[i].fd);
		if (b->boxes[i].new_fd >= 0)
			(void)close(b->boxes[i].new_fd);
		free(b->boxes[i].path);
		find_free(&b->boxes[i].fronts);
	}
	b->count = b->box_count = 0;
}

static void free_paths(maildir_batch *b)
{
	for (size_t i = 0; i < BATCH; i++) {
		free(b->paths[i]);
		b->paths[i] = NULL;
	}
}

void maildir_batch_free(maildir_batch *b)
{
	if (!b)
		return;
	empty(b);
	free_paths(b);
	free(b);
}

static void open_box(box *x)
{
	struct stat st;
	x->fd = file_open_dir(AT_FDCWD, x->path);
	x->new_fd = x->fd < 0 ? -1 : file_open_dir(x->fd, "new");
	if (x->new_fd < 0 || fstat(x->new_fd, &st) < 0)
		x->error = errno;
	else
		x->dev = st.st_dev;
}

static box *box_of(maildir_batch *b, const char *path)
{
	for (size_t i = 0; i < b->box_count; i++)
		if (strcmp(b->boxes[i].path, path) == 0)
			return &b->boxes[i];
	box *x = &b->boxes[b->box_count++];
	*x = (box){.path = xstrdup(path), .fd = -1, .new_fd = -1};
	open_box(x);
	return x;
}

static span folder_of(const char *dir)
{
	span path = span_str(dir);
	while (path.n > 1 && path.p[path.n - 1] == '/')
		path.n--;
	return maildir_is_folder(dir) ? span_sub(path, span_rfind(path, '/'), path.n) : S("");
}

static bool make_name(entry *e, const maildir_job *j)
{
	str base = str_new(BASE_ROOM - 1);
	e->front = name_base(j->arrived, j->id, j->recipient, folder_of(j->dir), j->host, &base);
	bool fits = !base.over;
	(void)snprintf(e->base, sizeof e->base, "%s", str_cstr(&base));
	str_free(&base);
	return fits;
}

/* The claim on the queued message is ours, so a tmp/ file of this name is a dead attempt's. */
static int create(entry *e)
{
	char name[PATH_ROOM];
	const int flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW;
	(void)snprintf(name, sizeof name, "tmp/%s", e->base);
	int fd = openat(e->box->fd, name, flags, 0600);
	if (fd < 0 && errno == EEXIST && unlinkat(e->box->fd, name, 0) == 0)
		fd = openat(e->box->fd, name, flags, 0600);
	e->in_tmp = fd >= 0;
	return fd;
}

/* One question reads the directories until it has its answer; where more are asked, all is read once. */
static enum find_result find_earlier(entry *e, str *path)
{
	box *x = e->box;
	span front = span_of(e->base, e->front);
	if (x->asked++ > 0 && !x->fronts.read && !find_read(x->fd, &x->fronts))
		return FIND_ERROR;
	if (x->fronts.read && !find_maybe(&x->fronts, front))
		return FIND_NO;
	return find_front(x->fd, front, path);
}

static status look_for_earlier(entry *e)
{
	str path = str_new(sizeof e->name - 1);
	status st = status_ok();
	switch (find_earlier(e, &path)) {
	case FIND_ERROR:
		st = piece_error(errno, "search", e->box->path);
		break;
	case FIND_YES:
		e->found = e->box->renamed = e->box->cur_too = true;
		(void)snprintf(e->name, sizeof e->name, "%s", str_cstr(&path));
		break;
	case FIND_NO:
		break;
	}
	str_free(&path);
	return st;
}

static status write_tmp(entry *e, const maildir_job *j)
{
	str sizes = str_new(56);
	e->fd = create(e);
	if (e->fd < 0)
		return piece_error(errno, "create in", e->box->path);
	status st = piece_write(j, e->fd, &e->size);
	name_sizes(e->size.octets, e->size.open_end ? 0 : e->size.wire, &sizes);
	if (j->flags)
		(void)snprintf(e->name, sizeof e->name, "cur/%s%s:2,%.8s", e->base,
			       str_cstr(&sizes), j->flags);
	else
		(void)snprintf(e->name, sizeof e->name, "new/%s%s", e->base, str_cstr(&sizes));
	e->box->cur_too |= j->flags != NULL;
	str_free(&sizes);
	return st;
}

/* A message whose size is not known has room. */
static status room_for(const maildir_job *j)
{
	struct stat st;
	if (fstat(j->fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size <= j->offset)
		return status_ok();
	return maildir_room_own(j->dir, (uint64_t)(st.st_size - j->offset));
}

static status prepare(maildir_batch *b, entry *e, const maildir_job *j)
{
	size_t self = b->count;
	e->box = box_of(b, j->dir);
	if (e->box->error)
		return piece_error(e->box->error, "open the Maildir", j->dir);
	if (!make_name(e, j))
		return status_doubt("the file name would be too long");
	for (size_t i = 0; i < self; i++)
		if (b->entries[i].box == e->box && strcmp(b->entries[i].base, e->base) == 0) {
			e->same_as = i; /* the same recipient twice: one copy */
			return status_ok();
		}
	find_sweep(e->box->fd, span_str(j->dir));
	status st = j->again ? look_for_earlier(e) : status_ok();
	if (status_is_ok(&st) && !e->found)
		st = room_for(j);
	return status_is_ok(&st) && !e->found ? write_tmp(e, j) : st;
}

bool maildir_batch_add(maildir_batch *b, const maildir_job *j)
{
	if (b->count == BATCH)
		return false;
	entry *e = &b->entries[b->count];
	*e = (entry){.fd = -1, .same_as = b->count};
	e->st = prepare(b, e, j);
	if (!status_is_ok(&e->st))
		drop_tmp(e);
	b->count++;
	return true;
}

size_t maildir_batch_count(const maildir_batch *b)
{
	return b->count;
}

static bool waits(const entry *e)
{
	return e->in_tmp && status_is_ok(&e->st);
}

static void sync_file(entry *e)
{
	if (!file_sync(e->fd))
		e->st = piece_error(errno, "sync", e->box->path);
}

/* One syncfs for all files of one file system; its error is that of each of them. */
static void sync_device(maildir_batch *b, dev_t dev)
{
	int error = -1;
	for (size_t i = 0; i < b->count; i++) {
		entry *e = &b->entries[i];
		if (!waits(e) || e->box->dev != dev)
			continue;
		if (error == -1)
			error = syncfs(e->fd) < 0 ? errno : 0;
		if (error)
			e->st = piece_error(error, "sync", e->box->path);
	}
}

static void sync_files(maildir_batch *b)
{
	for (size_t i = 0; i < b->count; i++) {
		size_t same = 0;
		bool done = false;
		for (size_t k = 0; k < b->count; k++) {
			bool here = b->entries[k].in_tmp &&
				    b->entries[k].box->dev == b->entries[i].box->dev;
			same += here;
			done = done || (here && k < i);
		}
		if (waits(&b->entries[i]) && same <= FEW)
			sync_file(&b->entries[i]);
		else if (waits(&b->entries[i]) && !done)
			sync_device(b, b->entries[i].box->dev);
	}
}

static void rename_one(entry *e)
{
	char tmp[PATH_ROOM];
	(void)snprintf(tmp, sizeof tmp, "tmp/%s", e->base);
	if (close(e->fd) < 0) /* a network file system may tell of a lack of space only now */
		e->st = piece_error(errno, "close in", e->box->path);
	e->fd = -1;
	if (!status_is_ok(&e->st))
		return;
	if (renameat(e->box->fd, tmp, e->box->fd, e->name) < 0) {
		e->st = piece_error(errno, "rename in", e->box->path);
		return;
	}
	e->in_tmp = false;
	e->box->renamed = true;
}

static bool sync_cur(box *x)
{
	int fd = file_open_dir(x->fd, "cur");
	bool done = fd >= 0 && file_sync(fd);
	int error = errno;
	if (fd >= 0)
		(void)close(fd);
	errno = error;
	return done;
}

static void sync_boxes(maildir_batch *b)
{
	size_t many = 0;
	for (size_t i = 0; i < b->box_count; i++)
		many += b->boxes[i].renamed;
	for (size_t i = 0; i < b->box_count; i++) {
		box *x = &b->boxes[i];
		if (!x->renamed)
			continue;
		bool synced = many > FEW && i > 0 && b->boxes[i - 1].renamed &&
			      !b->boxes[i - 1].error && b->boxes[i - 1].dev == x->dev;
		/* COMMIT: what was renamed into new/ is there after a crash. */
		if (!synced && (many > FEW ? syncfs(x->new_fd) : fsync(x->new_fd)) < 0)
			x->error = errno;
		else if (x->cur_too && many <= FEW && !sync_cur(x))
			x->error = errno;
	}
}

static char *whole_path(const entry *e)
{
	char *path;
	if (asprintf(&path, "%s/%s", e->box->path, e->name) < 0)
		die(EX_TEMPFAIL, "out of memory");
	return path;
}

static void conclude(maildir_batch *b, size_t i, status *st, const char **path)
{
	entry *e = &b->entries[i];
	const entry *of = &b->entries[e->same_as];
	if (e->same_as != i)
		e->st = of->st;
	else if (status_is_ok(&e->st) && e->box->error)
		e->st = piece_error(e->box->error, "sync the Maildir", e->box->path);
	*path = "";
	if (status_is_ok(&e->st)) {
		*path = b->paths[i] = whole_path(of);
		e->st = status_make(EX_OK, 250, "2.0.0", "%s", *path);
		if (e->same_as == i && !e->found)
			maildir_used_add(e->box->path, e->size.octets);
	}
	*st = e->st;
}

void maildir_batch_commit(maildir_batch *b, status *statuses, const char **paths)
{
	free_paths(b);
	sync_files(b);
	for (size_t i = 0; i < b->count; i++)
		if (waits(&b->entries[i]))
			rename_one(&b->entries[i]);
	sync_boxes(b);
	for (size_t i = 0; i < b->count; i++)
		conclude(b, i, &statuses[i], &paths[i]);
	empty(b);
}
