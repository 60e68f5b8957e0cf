#include "resolve/mailbox.h"

#include <errno.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>

#include "io/control.h"
#include "io/log.h"
#include "maildir/deliver.h"
#include "maildir/room.h"
#include "resolve/forward.h"

static bool parse_quota(span s, uint64_t *quota)
{
	unsigned shift = 0;
	if (s.n && (s.p[s.n - 1] == 'K' || s.p[s.n - 1] == 'M' || s.p[s.n - 1] == 'G')) {
		shift = s.p[s.n - 1] == 'K' ? 10 : s.p[s.n - 1] == 'M' ? 20 : 30;
		s.n--;
	}
	if (!span_u64(s, UINT64_MAX >> (shift + 1), quota))
		return false;
	*quota <<= shift;
	return true;
}

static bool parse_owner(span uid, span gid, mailbox_entry *e)
{
	uint64_t u, g;
	if (!uid.n && !gid.n)
		return true;
	if (!span_u64(uid, UINT32_MAX - 1, &u) || !span_u64(gid, UINT32_MAX - 1, &g))
		return false;
	e->has_owner = true;
	e->uid = (uid_t)u;
	e->gid = (gid_t)g;
	return true;
}

/* One, three or four fields. */
bool mailbox_parse(span value, mailbox_entry *e)
{
	span field[4] = {S(""), S(""), S(""), S("")}, rest = value;
	size_t n = 0;
	for (bool more = true; more;) {
		size_t colon = span_find(rest, ':');
		if (n == 4)
			return false;
		field[n++] = span_sub(rest, 0, colon);
		more = colon < rest.n;
		rest = span_sub(rest, colon + 1, SIZE_MAX);
	}
	*e = (mailbox_entry){.maildir = field[0]};
	if (n == 2 || !field[0].n || memchr(field[0].p, 0, field[0].n))
		return false;
	if (!parse_owner(field[1], field[2], e))
		return false;
	return !field[3].n || parse_quota(field[3], &e->quota);
}

/* A mailbox that the asker may not look into is left to the delivery to judge; so are cur/ and tmp/: this
 * is asked for each RCPT, and one look tells a store that is not mounted. */
static bool usable(span dir)
{
	struct stat st;
	str path = str_new(8192);
	(void)str_put(&path, dir);
	(void)str_put(&path, S("/new"));
	errno = ENAMETOOLONG;
	bool there = !path.over && stat(str_cstr(&path), &st) == 0;
	int error = there ? S_ISDIR(st.st_mode) ? 0 : ENOTDIR : errno;
	str_free(&path);
	errno = error;
	return error == 0 || error == EACCES || error == EPERM;
}

static void refuse(resolve_answer *out, status why)
{
	out->kind = RESOLVE_REFUSED;
	out->why = why;
}

/* Letters, digits, '-', '_' and single dots inside: what may become the name of a folder. */
static bool folder_name(span ext)
{
	for (size_t i = 0; i < ext.n; i++) {
		unsigned char c = (unsigned char)ext.p[i];
		bool dot = c == '.' && i > 0 && i + 1 < ext.n && ext.p[i - 1] != '.';
		if (!ascii_alnum(c) && c != '-' && c != '_' && !dot)
			return false;
	}
	return ext.n > 0 && ext.n <= 64;
}

/* user+EXT goes to the folder .EXT where there is one, else to the mailbox itself. */
static span choose_folder(span dir, span ext, arena *a)
{
	str path = str_new(8192);
	span kept = dir;
	if (folder_name(ext)) {
		(void)str_printf(&path, "%.*s/.%.*s", SPAN_FMT(dir), SPAN_FMT(ext));
		if (!path.over && maildir_check(str_cstr(&path)))
			kept = arena_dup(a, str_span(&path));
	}
	str_free(&path);
	return kept.p ? kept : dir;
}

static bool whole_path(span maildir, arena *a, span *path)
{
	str text = str_new(4096);
	if (maildir.p[0] != '/')
		(void)str_printf(&text, "%s/", control_root());
	(void)str_put(&text, maildir);
	while (text.n > 1 && text.p[text.n - 1] == '/')
		str_cut(&text, text.n - 1);
	*path = text.over ? (span){NULL, 0} : arena_dup(a, str_span(&text));
	str_free(&text);
	return path->p != NULL;
}

/* The log has the path; a remote that is told to come back has no use for it. */
static status no_maildir(const resolver *r, const char *file, size_t line, span dir, int error)
{
	str text = str_new(8192);
	(void)str_printf(&text, "Maildir %.*s: %s", SPAN_FMT(dir), strerror(error));
	status st = book_fault(file, line, str_cstr(&text));
	str_free(&text);
	return r->explain ? st : status_doubt("the mailbox cannot be reached");
}

void mailbox_answer(resolver *r, span key, span value, span ext, uint64_t size, arena *a,
		    resolve_answer *out)
{
	mailbox_entry e;
	if (!mailbox_parse(value, &e))
		return refuse(out, book_fault_at(r->users, key, "not maildir[:uid:gid[:quota]]"));
	if (!whole_path(e.maildir, a, &out->maildir))
		return refuse(out, book_fault_at(r->users, key, "path too long"));
	if (!usable(out->maildir)) {
		int error = errno;
		size_t line = table_line(r->users, key);
		return refuse(out, no_maildir(r, table_path(r->users), line, out->maildir, error));
	}
	out->kind = RESOLVE_MAILBOX;
	out->has_owner = e.has_owner;
	out->uid = e.uid;
	out->gid = e.gid;
	out->quota = e.quota;
	out->ext = ext;
	status room = maildir_room(out->maildir.p, e.quota, size);
	if (!status_is_ok(&room))
		refuse(out, room);
	out->maildir = choose_folder(out->maildir, ext, a);
}

static enum table_result lookup_system(const char *name, struct passwd *pw, char *buf, size_t room)
{
	struct passwd *found = NULL;
	int error = getpwnam_r(name, pw, buf, room, &found);
	if (found)
		return TABLE_FOUND;
	/* getpwnam(3) lists what the absence of a user may look like. */
	return error == 0 || error == ENOENT || error == ESRCH || error == EBADF || error == EPERM
		   ? TABLE_ABSENT
		   : TABLE_ERROR;
}

/* *found: his .forward decides, and the answer is given. */
static enum table_result system_forward(const resolver *r, const struct passwd *pw, span sum,
					arena *a, resolve_answer *out, bool *found)
{
	forward f;
	*found = true;
	switch (forward_read(pw->pw_dir, pw->pw_uid, span_str(pw->pw_name), r->home, sum, a, &f,
			     &out->why)) {
	case FORWARD_ERROR:
		log_config_error(".forward", 0, out->why.text);
		return TABLE_ERROR;
	case FORWARD_FOUND:
		break;
	case FORWARD_NONE:
		*found = false;
		return TABLE_FOUND;
	}
	out->rule = S(".forward");
	if (!sum.n) {
		out->kind = RESOLVE_EXPAND;
		out->targets = f.targets;
		out->target_count = f.count;
	} else if (f.command.n) {
		out->kind = RESOLVE_PROGRAM;
		out->agent = S("deliver-pipe");
		out->next_hop = f.command;
		out->has_owner = true;
		out->uid = pw->pw_uid;
		out->gid = pw->pw_gid;
	} else {
		*found = false; /* a command that he took out since: the mailbox has it */
	}
	return TABLE_FOUND;
}

enum table_result mailbox_system(const resolver *r, span user, span ext, span sum, bool direct,
				 arena *a, resolve_answer *out)
{
	struct passwd pw;
	struct stat st;
	char buf[16384];
	const char *name = user.n && !memchr(user.p, 0, user.n) && !memchr(user.p, '/', user.n)
			       ? arena_cstr(a, user)
			       : NULL;
	enum table_result got = name ? lookup_system(name, &pw, buf, sizeof buf) : TABLE_ABSENT;
	if (got == TABLE_ERROR)
		out->why = book_fault("/etc/passwd", 0, "the user database does not answer");
	if (got != TABLE_FOUND)
		return got;
	if (stat(pw.pw_dir, &st) < 0 && (errno == ENOENT || errno == ENOTDIR))
		return TABLE_ABSENT;
	bool forwarded = false;
	if (!direct)
		got = system_forward(r, &pw, sum, a, out, &forwarded);
	if (forwarded)
		return got;
	str path = str_new(4096);
	(void)str_printf(&path, "%s/Maildir", pw.pw_dir);
	out->maildir = arena_dup(a, str_span(&path));
	str_free(&path);
	if (!out->maildir.p || !usable(out->maildir)) {
		out->why = no_maildir(r, "/etc/passwd", 0, out->maildir, errno);
		return TABLE_ERROR;
	}
	out->kind = RESOLVE_MAILBOX;
	out->has_owner = true;
	out->uid = pw.pw_uid;
	out->gid = pw.pw_gid;
	out->ext = ext;
	out->maildir = choose_folder(out->maildir, ext, a);
	return TABLE_FOUND;
}
