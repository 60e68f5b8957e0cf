/* Maildirs for the tests of folders, and what a folder shows as text. */
#ifndef TESTS_UNIT_FOLDER_BOX_H
#define TESTS_UNIT_FOLDER_BOX_H

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/file.h"
#include "io/out.h"
#include "io/proc.h"
#include "maildir/deliver.h"
#include "maildir/folder.h"
#include "tests/unit/unit.h"

static char root[] = "/tmp/pabal-unit-folder.XXXXXX";
static char dir[4096];
static int boxes;

/* A new, empty Maildir, which is then the present directory. */
__attribute__((unused)) static void new_box(void)
{
	(void)snprintf(dir, sizeof dir, "%s/box%d", root, boxes++);
	if (!maildir_make(dir) || chdir(dir) < 0)
		abort();
}

__attribute__((unused)) static void put(const char *path, span text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (fd < 0 || !write_all(fd, text) || close(fd) < 0)
		abort();
}

/* Directory times are so old that a look at them is certain. */
__attribute__((unused)) static void age(void)
{
	static int64_t when = 1000000000;
	const struct timespec t[2] = {{++when, 5}, {when, 5}};
	if (utimensat(AT_FDCWD, "new", t, 0) < 0 || utimensat(AT_FDCWD, "cur", t, 0) < 0)
		abort();
}

__attribute__((unused)) static folder *open_box(void)
{
	status why;
	folder *f = folder_open(dir, &why);
	if (!f) {
		printf("# %s\n", why.text);
		abort();
	}
	return f;
}

typedef struct told {
	char text[1024];
	size_t n;
} told;

__attribute__((unused)) static void tell(told *t, char what, size_t i)
{
	if (t->n + 32 < sizeof t->text)
		t->n += (size_t)snprintf(t->text + t->n, sizeof t->text - t->n, "%c%zu ", what, i);
}

__attribute__((unused)) static void gone(void *t, size_t i, uint32_t uid)
{
	(void)uid;
	tell(t, '-', i);
}

__attribute__((unused)) static void changed(void *t, size_t i)
{
	tell(t, '*', i);
}

__attribute__((unused)) static void added(void *t, size_t i)
{
	tell(t, '+', i);
}

__attribute__((unused)) static const char *refresh(folder *f)
{
	static told t;
	t = (told){.n = 0};
	const folder_changes c = {gone, changed, added, &t};
	status st = folder_refresh(f, &c);
	if (!status_is_ok(&st))
		(void)snprintf(t.text, sizeof t.text, "%d %s", st.code, st.text);
	return t.text;
}

/* "UID:BASE:flags ..." */
__attribute__((unused)) static const char *shown(const folder *f)
{
	static char text[4096];
	size_t n = 0;
	text[0] = 0;
	for (size_t i = 0; i < folder_count(f) && n < sizeof text; i++) {
		folder_msg m = folder_at(f, i);
		n += (size_t)snprintf(text + n, sizeof text - n, "%s%u:%.*s:%u", i ? " " : "",
				      m.uid, SPAN_FMT(m.base), m.flags);
	}
	return text;
}

__attribute__((unused)) static bool is(const char *a, const char *b)
{
	if (strcmp(a, b) == 0)
		return true;
	printf("# '%s'\n# '%s'\n", a, b);
	return false;
}

__attribute__((unused)) static span text_of(folder *f, size_t i, str *to)
{
	char buf[4096];
	int fd = folder_open_msg(f, i);
	str_clear(to);
	if (fd < 0)
		return S("");
	ssize_t n = file_pread(fd, buf, sizeof buf, 0);
	(void)close(fd);
	(void)str_put(to, span_of(buf, n > 0 ? (size_t)n : 0));
	return str_span(to);
}

static bool boxes_start(void)
{
	return mkdtemp(root) != NULL;
}

static void boxes_end(void)
{
	char rm_name[] = "rm", rm_how[] = "-rf";
	char *const rm[] = {rm_name, rm_how, root, NULL};
	CHECK(chdir("/") == 0 && proc_wait(proc_spawn(rm, NULL, PROC_FDS_NONE), 0) == 0,
	      "cleaned up");
}

#endif
