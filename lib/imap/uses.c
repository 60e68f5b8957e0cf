#include "imap/uses.h"

#include <sys/file.h>

#include "imap/place.h"
#include "imap/tree.h"
#include "io/file.h"
#include "maildir/deliver.h"

static const char file[] = "pabal.folders";
static const span subscribed = {"subscribed", 10};

/* RFC 6154, 2. */
static const char *const uses[] = {"\\Drafts",	"\\Sent", "\\Trash",  "\\Junk",
				   "\\Archive", "\\All",  "\\Flagged"};
/* What a new account has: a name beside each of the first. */
static const char *const usual[] = {"Drafts", "Sent", "Trash", "Junk", "Archive"};

const char *imap_use(span flag)
{
	for (size_t i = 0; i < sizeof uses / sizeof *uses; i++)
		if (span_eqi(flag, span_str(uses[i])))
			return uses[i];
	return NULL;
}

static bool read_at(int top, str *text)
{
	return file_read(top, file, text) || errno == ENOENT;
}

bool imap_uses_read(const char *maildir, str *text)
{
	int top = file_open_dir(AT_FDCWD, maildir);
	bool done = top >= 0 && read_at(top, text);
	int error = errno;
	if (top >= 0)
		(void)close(top);
	errno = error;
	return done;
}

bool imap_uses_next(span *rest, enum imap_folder_line *kind, const char **use, span *name)
{
	while (rest->n) {
		span line = span_cut(rest, '\n'), word = span_cut(&line, ' ');
		*use = imap_use(word);
		*name = line;
		*kind = *use ? IMAP_LINE_USE : IMAP_LINE_SUBSCRIBED;
		if (line.n && (*use || span_eq(word, subscribed)))
			return true;
	}
	return false;
}

/* ---- changing: each line of the old file goes through `edit`, then comes what is new */

typedef struct change {
	span name, to;	 /* UTF-8 */
	const char *use; /* to set */
	bool subscribe, unsubscribe, forget_use, rename;
	bool found;
} change;

static void put(str *to, span word, span front, span name)
{
	(void)str_put(to, word);
	(void)str_putc(to, ' ');
	(void)str_put(to, front);
	(void)str_put(to, name);
	(void)str_putc(to, '\n');
}

static bool below(span name, span parent)
{
	return name.n > parent.n && span_starts(name, parent) && name.p[parent.n] == IMAP_DELIMITER;
}

static void edit(change *c, enum imap_folder_line kind, const char *use, span name, str *to)
{
	bool same = span_eq(name, c->name);
	if (kind == IMAP_LINE_SUBSCRIBED) {
		c->found |= same;
		if (!(c->unsubscribe && same))
			put(to, subscribed, S(""), name);
		return;
	}
	if ((c->forget_use && same) || (c->use && (same || strcmp(c->use, use) == 0)))
		return;
	if (c->rename && (same || below(name, c->name)))
		put(to, span_str(use), c->to, span_sub(name, c->name.n, name.n));
	else
		put(to, span_str(use), S(""), name);
}

static void apply(change *c, span old, str *to)
{
	enum imap_folder_line kind;
	const char *use;
	span name;
	while (imap_uses_next(&old, &kind, &use, &name))
		edit(c, kind, use, name, to);
	if (c->subscribe && !c->found)
		put(to, subscribed, S(""), c->name);
	if (c->use)
		put(to, span_str(c->use), S(""), c->name);
}

/* The lock is the directory's own: the file is replaced. */
static bool under_lock(const char *maildir, bool (*work)(const char *, int, void *), void *arg)
{
	int top = file_open_dir(AT_FDCWD, maildir);
	bool done = top >= 0 && flock(top, LOCK_EX) == 0 && work(maildir, top, arg);
	int error = errno;
	if (top >= 0)
		(void)close(top);
	errno = error;
	return done;
}

static bool change_file(const char *maildir, int top, void *arg)
{
	str old = str_new(IMAP_FOLDERS_MAX), text = str_new(IMAP_FOLDERS_MAX);
	(void)maildir;
	bool done = read_at(top, &old);
	if (done) {
		apply(arg, str_span(&old), &text);
		errno = EFBIG;
		done = !text.over && (span_eq(str_span(&old), str_span(&text)) ||
				      file_replace(top, file, 0600, str_span(&text)));
	}
	int error = errno;
	str_free(&old);
	str_free(&text);
	errno = error;
	return done;
}

bool imap_tree_subscribe(const char *maildir, span name, bool yes)
{
	change c = {.name = name, .subscribe = yes, .unsubscribe = !yes};
	return under_lock(maildir, change_file, &c);
}

bool imap_tree_set_use(const char *maildir, span name, const char *use)
{
	change c = {.name = name, .use = use, .forget_use = !use};
	return under_lock(maildir, change_file, &c);
}

bool imap_tree_rename(const char *maildir, span from, span to)
{
	change c = {.name = from, .to = to, .rename = true};
	return under_lock(maildir, change_file, &c);
}

/* ---- the first time */

static bool make_usual(const char *maildir, int top, void *arg)
{
	str text = str_new(IMAP_FOLDERS_MAX), path = str_new(PATH_MAX);
	(void)arg;
	bool done = true;
	if (faccessat(top, file, F_OK, 0) == 0)
		goto end; /* another session was faster */
	put(&text, subscribed, S(""), S("INBOX"));
	for (size_t i = 0; done && i < sizeof usual / sizeof *usual; i++) {
		span name = span_str(usual[i]);
		str_clear(&path);
		done = imap_place_of(maildir, name, &path) ||
		       (!path.over && maildir_make(str_cstr(&path)));
		put(&text, subscribed, S(""), name);
		put(&text, span_str(uses[i]), S(""), name);
	}
	done = done && file_replace(top, file, 0600, str_span(&text));
end:;
	int error = errno;
	str_free(&text);
	str_free(&path);
	errno = error;
	return done;
}

bool imap_tree_prepare(const char *maildir)
{
	str path = str_new(PATH_MAX);
	(void)str_printf(&path, "%s/%s", maildir, file);
	bool there = !path.over && access(str_cstr(&path), F_OK) == 0;
	str_free(&path);
	return there || under_lock(maildir, make_usual, NULL);
}
