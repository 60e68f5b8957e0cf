/* CREATE, DELETE, RENAME, SUBSCRIBE and UNSUBSCRIBE (RFC 3501, 6.3.3 to 6.3.7; RFC 6154). */
#include "base/die.h"
#include "imap/place.h"
#include "imap/remove.h"
#include "imap/state.h"
#include "imap/tree.h"
#include "io/file.h"
#include "maildir/cache.h"
#include "maildir/deliver.h"
#include "maildir/quota.h"

static const span inbox = {"INBOX", 5};

/* A name that is to be made: RFC 3501, 6.3.3 lets a client put a delimiter at its end. */
static bool take_new(imap_state *s, imap_scan *scan, span *name)
{
	span text;
	if (!imap_astring(scan, &text)) {
		imap_bad(s, "a mailbox, please");
		return false;
	}
	while (text.n > 1 && text.p[text.n - 1] == IMAP_DELIMITER)
		text.n--;
	str read = str_new(4 * IMAP_NAME_MAX);
	bool good = imap_name_read(text, s->box.utf8, &read) && !memchr(text.p, '*', text.n) &&
		    !memchr(text.p, '%', text.n);
	*name = arena_dup(&s->mem, str_span(&read));
	str_free(&read);
	if (!good)
		imap_no(s, "[CANNOT] no mailbox can have that name");
	return good && name->p;
}

static bool sync_top(const imap_state *s)
{
	int top = file_open_dir(AT_FDCWD, s->l->maildir);
	bool done = top >= 0 && file_sync(top);
	int error = errno;
	if (top >= 0)
		(void)close(top);
	errno = error;
	return done;
}

/* ---- CREATE */

/* " (USE (\Drafts …))"; the last one counts. False: answered. */
static bool take_use(imap_state *s, imap_scan *scan, const char **use)
{
	span flag;
	*use = NULL;
	if (imap_end(scan))
		return true;
	bool good = imap_sp(scan) && imap_char(scan, '(') && imap_word(scan, "USE") &&
		    imap_sp(scan) && imap_char(scan, '(');
	bool known = true;
	if (good && !imap_char(scan, ')')) {
		do {
			good = imap_flag(scan, &flag);
			*use = good ? imap_use(flag) : NULL;
			known = known && *use;
		} while (good && imap_sp(scan));
		good = good && imap_char(scan, ')');
	}
	if (!good || !imap_char(scan, ')') || !imap_end(scan))
		imap_bad(s, "CREATE mailbox (USE (\\…))");
	else if (!known)
		imap_no(s, "[USEATTR] that use is not known");
	else
		return true;
	return false;
}

static void do_create(imap_state *s, imap_scan *scan)
{
	span name;
	const char *use;
	if (!take_new(s, scan, &name) || !take_use(s, scan, &use))
		return;
	str path = str_new(PATH_MAX);
	if (imap_place_of(s->l->maildir, name, &path))
		imap_no(s, "[ALREADYEXISTS] that mailbox exists");
	else if (!maildir_make(str_cstr(&path)) ||
		 (use && !imap_tree_set_use(s->l->maildir, name, use)))
		imap_failed_errno(s, "making a mailbox");
	else
		imap_ok(s, "made");
	str_free(&path);
}

/* ---- DELETE */

static bool has_children(imap_state *s, span name, bool *yes)
{
	imap_tree t;
	bool done = imap_tree_read(s->l->maildir, &s->mem, &t);
	const imap_node *n = done ? imap_tree_find(&t, name) : NULL;
	*yes = n && n->is & IMAP_CHILDREN;
	imap_tree_free(&t);
	return done;
}

/* How much of the quota comes back. */
static void weigh(const char *path, uint64_t *octets, uint64_t *count)
{
	status why;
	uint64_t used;
	*octets = *count = 0;
	folder *f = maildir_used(path, &used) ? folder_open(path, &why) : NULL;
	for (size_t i = 0; f && i < folder_count(f); i++) {
		*octets += folder_at(f, i).octets;
		*count += 1;
	}
	folder_close(f);
}

static void remove_mailbox(imap_state *s, span name, const char *path)
{
	uint64_t octets, count;
	weigh(path, &octets, &count);
	if (s->box.f && span_eq(str_span(&s->name), name)) {
		imap_unselect(s);
		out_puts(s->out, "* OK [CLOSED] the selected mailbox is removed\r\n");
	}
	if (!imap_remove_folder(s->l->maildir, path) ||
	    !imap_tree_set_use(s->l->maildir, name, NULL)) {
		imap_failed_errno(s, "removing a mailbox");
		return;
	}
	if (count)
		maildir_used_remove_all(s->l->maildir, octets, count);
	imap_ok(s, "removed");
}

/* What is below it stays, and with it the name (RFC 3501, 6.3.4). */
static void do_delete(imap_state *s, imap_scan *scan)
{
	span name;
	bool children;
	if (!imap_take_mailbox(s, scan, &name) || !imap_no_more(s, scan))
		return;
	str path = str_new(PATH_MAX);
	if (span_eq(name, inbox))
		imap_no(s, "[CANNOT] INBOX stays");
	else if (imap_place_of(s->l->maildir, name, &path))
		remove_mailbox(s, name, str_cstr(&path));
	else if (!has_children(s, name, &children))
		imap_failed_errno(s, "listing mailboxes");
	else if (children)
		imap_no(s, "[HASCHILDREN] there are only mailboxes below it");
	else
		imap_no(s, "[NONEXISTENT] no such mailbox");
	str_free(&path);
}

/* ---- RENAME */

static bool is_below(span name, span parent)
{
	return name.n > parent.n && span_starts(name, parent) && name.p[parent.n] == IMAP_DELIMITER;
}

static span renamed(imap_state *s, span name, span from, span to)
{
	str text = str_new(8 * IMAP_NAME_MAX);
	(void)str_put(&text, to);
	(void)str_put(&text, span_sub(name, from.n, name.n));
	span copy = arena_dup(&s->mem, str_span(&text));
	str_free(&text);
	return copy;
}

/* The selected mailbox stays selected, under its new name. */
static void follow(imap_state *s, span old, span name, const char *path)
{
	if (!s->box.f || !span_eq(str_span(&s->name), old))
		return;
	str_clear(&s->name);
	(void)str_put(&s->name, name);
	cache_close(s->box.cache);
	s->box.cache = NULL;
	free(s->dir);
	s->dir = xstrdup(path);
	s->box.dir = s->dir;
}

static bool rename_one(imap_state *s, span old, span name)
{
	str from = str_new(PATH_MAX), to = str_new(PATH_MAX);
	bool there = imap_place_of(s->l->maildir, old, &from);
	bool taken = imap_place_of(s->l->maildir, name, &to);
	errno = !there ? ENOENT : EEXIST;
	/* a directory that is not empty is never replaced */
	bool done = there && !taken && rename(str_cstr(&from), str_cstr(&to)) == 0;
	if (done)
		follow(s, old, name, str_cstr(&to));
	str_free(&from);
	str_free(&to);
	return done;
}

/* Whether all of the new names are free. */
static bool all_free(imap_state *s, const imap_tree *t, span from, span to)
{
	for (size_t i = 0; i < t->n; i++) {
		span name = t->v[i].name;
		if (!span_eq(name, from) && !is_below(name, from))
			continue;
		span wanted = renamed(s, name, from, to);
		const imap_node *there = imap_tree_find(t, wanted);
		if (wanted.n > IMAP_NAME_MAX || !wanted.p ||
		    (there && there->is & IMAP_EXISTS && t->v[i].is & IMAP_EXISTS))
			return false;
	}
	return true;
}

static bool rename_all(imap_state *s, const imap_tree *t, span from, span to)
{
	bool done = true;
	for (size_t i = 0; done && i < t->n; i++) {
		span name = t->v[i].name;
		if ((span_eq(name, from) || is_below(name, from)) && t->v[i].is & IMAP_EXISTS)
			done = rename_one(s, name, renamed(s, name, from, to));
	}
	/* Uses go with what was renamed, even where not all was. */
	bool said = imap_tree_rename(s->l->maildir, from, to);
	return done && said && sync_top(s);
}

static void rename_tree(imap_state *s, span from, span to)
{
	imap_tree t;
	if (!imap_tree_read(s->l->maildir, &s->mem, &t)) {
		imap_failed_errno(s, "listing mailboxes");
		imap_tree_free(&t);
		return;
	}
	const imap_node *n = imap_tree_find(&t, from);
	if (!n || !(n->is & (IMAP_EXISTS | IMAP_CHILDREN)))
		imap_no(s, "[NONEXISTENT] no such mailbox");
	else if (!all_free(s, &t, from, to))
		imap_no(s, "[ALREADYEXISTS] that name is taken");
	else if (!rename_all(s, &t, from, to))
		imap_failed_errno(s, "renaming a mailbox");
	else
		imap_ok(s, "renamed");
	imap_tree_free(&t);
}

/* RFC 3501, 6.3.5: all messages go to a new mailbox, and INBOX stays. */
static status empty_inbox(imap_state *s, const char *to)
{
	status st;
	folder *from = folder_open(s->l->maildir, &st), *into = NULL;
	if (from)
		into = folder_open(to, &st);
	size_t n = from ? folder_count(from) : 0, kept = 0;
	size_t *indexes = xcalloc(n + 1, sizeof *indexes);
	uint32_t *uids = xcalloc(n + 1, sizeof *uids);
	for (size_t i = 0; i < n; i++)
		indexes[i] = i;
	if (into)
		st = folder_copy(from, indexes, n, into, uids);
	if (into && status_is_ok(&st)) {
		for (size_t i = 0; i < n; i++)
			if (uids[i])
				indexes[kept++] = i;
		st = folder_expunge(from, indexes, kept);
	}
	free(indexes);
	free(uids);
	folder_close(into);
	folder_close(from);
	return st;
}

static void rename_inbox(imap_state *s, span to)
{
	str path = str_new(PATH_MAX);
	if (imap_place_of(s->l->maildir, to, &path)) {
		imap_no(s, "[ALREADYEXISTS] that name is taken");
	} else if (!maildir_make(str_cstr(&path))) {
		imap_failed_errno(s, "making a mailbox");
	} else {
		status st = empty_inbox(s, str_cstr(&path));
		if (status_is_ok(&st))
			imap_ok(s, "moved");
		else
			imap_failed(s, "moving messages", &st);
	}
	str_free(&path);
}

static void do_rename(imap_state *s, imap_scan *scan)
{
	span from, to;
	if (!imap_take_mailbox(s, scan, &from))
		return;
	if (!imap_sp(scan)) {
		imap_bad(s, "RENAME mailbox name");
		return;
	}
	if (!take_new(s, scan, &to) || !imap_no_more(s, scan))
		return;
	if (span_eq(to, inbox) || span_eq(from, to))
		imap_no(s, "[ALREADYEXISTS] that name is taken");
	else if (span_eq(from, inbox))
		rename_inbox(s, to);
	else
		rename_tree(s, from, to);
}

/* ---- subscriptions */

static void subscribe(imap_state *s, imap_scan *scan, bool yes)
{
	span name;
	if (!imap_take_mailbox(s, scan, &name) || !imap_no_more(s, scan))
		return;
	str path = str_new(PATH_MAX);
	bool there = !yes || imap_place_of(s->l->maildir, name, &path);
	str_free(&path);
	if (!there)
		imap_no(s, "[NONEXISTENT] no such mailbox");
	else if (!imap_tree_subscribe(s->l->maildir, name, yes))
		imap_failed_errno(s, "subscriptions");
	else
		imap_ok(s, "done");
}

static void do_subscribe(imap_state *s, imap_scan *scan)
{
	subscribe(s, scan, true);
}

static void do_unsubscribe(imap_state *s, imap_scan *scan)
{
	subscribe(s, scan, false);
}

const imap_verb_entry imap_mailbox_verbs[] = {
    {"CREATE", do_create, false, true, IMAP_TELL_ALL},
    {"DELETE", do_delete, false, true, IMAP_TELL_ALL},
    {"RENAME", do_rename, false, true, IMAP_TELL_ALL},
    {"SUBSCRIBE", do_subscribe, false, true, IMAP_TELL_ALL},
    {"UNSUBSCRIBE", do_unsubscribe, false, true, IMAP_TELL_ALL},
    {NULL, NULL, false, false, IMAP_TELL_NOTHING},
};
