#include "imap/tree.h"

#include <dirent.h>
#include <sys/stat.h>

#include "base/die.h"
#include "imap/place.h"
#include "imap/uses.h"
#include "io/file.h"

enum { NODES_MAX = 1 << 17 };

/* ---- the order: what is below a name comes right behind it */

static int compare_names(span a, span b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	for (size_t i = 0; i < n; i++) {
		int x = a.p[i] == IMAP_DELIMITER ? 0 : (unsigned char)a.p[i];
		int y = b.p[i] == IMAP_DELIMITER ? 0 : (unsigned char)b.p[i];
		if (x != y)
			return x - y;
	}
	return (a.n > b.n) - (a.n < b.n);
}

static int by_name(const void *a, const void *b)
{
	const imap_node *x = a, *y = b;
	return compare_names(x->name, y->name);
}

static imap_node *find(const imap_tree *t, span name)
{
	const imap_node wanted = {.name = name};
	return t->n ? bsearch(&wanted, t->v, t->n, sizeof *t->v, by_name) : NULL;
}

const imap_node *imap_tree_find(const imap_tree *t, span name)
{
	return find(t, name);
}

static bool add(imap_tree *t, arena *mem, span name, unsigned is, const char *use)
{
	span copy = arena_dup(mem, name);
	if (t->n == NODES_MAX || !copy.p) {
		errno = E2BIG;
		return false;
	}
	if (t->n == t->room) {
		t->room = t->room * 2 + 32;
		t->v = xrealloc(t->v, t->room, sizeof *t->v);
	}
	t->v[t->n++] = (imap_node){copy, is, use};
	return true;
}

/* In order, what is there twice joined. */
static void settle(imap_tree *t)
{
	size_t n = 0;
	if (t->n)
		qsort(t->v, t->n, sizeof *t->v, by_name);
	for (size_t i = 0; i < t->n; i++) {
		if (n && span_eq(t->v[n - 1].name, t->v[i].name)) {
			t->v[n - 1].is |= t->v[i].is;
			if (t->v[i].use)
				t->v[n - 1].use = t->v[i].use;
		} else {
			t->v[n++] = t->v[i];
		}
	}
	t->n = n;
}

/* ---- reading */

static bool add_folders(const char *maildir, imap_tree *t, arena *mem)
{
	const struct dirent *e;
	struct stat st;
	str name = str_new(4 * IMAP_NAME_MAX), cur = str_new(NAME_MAX + 8);
	bool done = true;
	DIR *d = opendir(maildir);
	while (d && done && (errno = 0, e = readdir(d))) {
		if (e->d_name[0] != '.' ||
		    (e->d_type != DT_DIR && e->d_type != DT_UNKNOWN && e->d_type != DT_LNK))
			continue;
		str_clear(&cur);
		(void)str_printf(&cur, "%s/cur", e->d_name);
		if (imap_name_of_dir(span_str(e->d_name), &name) &&
		    fstatat(dirfd(d), str_cstr(&cur), &st, 0) == 0 && S_ISDIR(st.st_mode))
			done = add(t, mem, str_span(&name), IMAP_EXISTS, NULL);
	}
	int error = errno;
	done = done && d && error == 0;
	if (d)
		(void)closedir(d);
	str_free(&name);
	str_free(&cur);
	errno = error;
	return done;
}

static bool add_uses(const char *maildir, imap_tree *t, arena *mem)
{
	str text = str_new(IMAP_FOLDERS_MAX);
	bool done = imap_uses_read(maildir, &text);
	span rest = str_span(&text), name;
	enum imap_folder_line kind;
	const char *use;
	while (done && imap_uses_next(&rest, &kind, &use, &name))
		done = add(t, mem, name, kind == IMAP_LINE_SUBSCRIBED ? IMAP_SUBSCRIBED : 0,
			   kind == IMAP_LINE_USE ? use : NULL);
	int error = errno;
	str_free(&text);
	errno = error;
	return done;
}

/* Each name above this one: *level ascending from 0. */
static bool above(span name, size_t *level, span *parent)
{
	size_t dot = *level + span_find(span_sub(name, *level, name.n), IMAP_DELIMITER);
	*parent = span_sub(name, 0, dot);
	*level = dot + 1;
	return dot < name.n;
}

static bool add_levels(imap_tree *t, arena *mem)
{
	size_t n = t->n, level = 0;
	span parent;
	for (size_t i = 0; i < n; i++, level = 0)
		while (above(t->v[i].name, &level, &parent))
			if (!find(&(imap_tree){.v = t->v, .n = n}, parent) &&
			    !add(t, mem, parent, 0, NULL))
				return false;
	settle(t);
	return true;
}

static void tell_parents(imap_tree *t)
{
	size_t level = 0;
	span parent;
	for (size_t i = 0; i < t->n; i++, level = 0) {
		unsigned is = t->v[i].is;
		while ((is & (IMAP_EXISTS | IMAP_SUBSCRIBED)) &&
		       above(t->v[i].name, &level, &parent)) {
			imap_node *p = find(t, parent);
			if (p && is & IMAP_EXISTS)
				p->is |= IMAP_CHILDREN;
			if (p && is & IMAP_SUBSCRIBED)
				p->is |= IMAP_SUBSCRIBED_BELOW;
		}
	}
}

bool imap_tree_read(const char *maildir, arena *mem, imap_tree *t)
{
	*t = (imap_tree){NULL, 0, 0};
	bool done = add(t, mem, S("INBOX"), IMAP_EXISTS, NULL) && add_folders(maildir, t, mem) &&
		    add_uses(maildir, t, mem);
	if (done) {
		settle(t);
		done = add_levels(t, mem);
	}
	if (done)
		tell_parents(t);
	return done;
}

void imap_tree_free(imap_tree *t)
{
	free(t->v);
	*t = (imap_tree){NULL, 0, 0};
}
