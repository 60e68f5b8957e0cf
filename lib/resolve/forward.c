#include "resolve/forward.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"
#include "io/control.h"
#include "io/file.h"
#include "io/sum.h"

typedef struct reading {
	span user, home, sum;
	bool programs;
	arena *mem;
	forward *out;
} reading;

/* Up to the next comma or line end that is not inside quotes. */
static span cut_item(span *rest)
{
	bool quoted = false;
	size_t i = 0;
	for (; i < rest->n && rest->p[i] != '\n'; i++) {
		char c = rest->p[i];
		if (quoted && c == '\\' && i + 1 < rest->n && rest->p[i + 1] != '\n')
			i++;
		else if (c == '"')
			quoted = !quoted;
		else if (c == ',' && !quoted)
			break;
	}
	span item = span_trim(span_sub(*rest, 0, i));
	*rest = span_sub(*rest, i + 1, rest->n);
	return item;
}

static const char *add(reading *r, span local, span domain)
{
	if (r->out->count == FORWARD_TARGETS)
		return "too many targets";
	r->out->targets[r->out->count++] = (addr){.local = local, .domain = domain};
	return local.p ? NULL : "too many targets";
}

static const char *add_own(reading *r, const char *mark)
{
	str local = str_new(ADDR_LOCAL_MAX);
	(void)str_printf(&local, "%.*s%s", SPAN_FMT(r->user), mark);
	span kept = local.over ? (span){NULL, 0} : arena_dup(r->mem, str_span(&local));
	str_free(&local);
	return add(r, kept, r->home);
}

static const char *add_command(reading *r, span command)
{
	char mark[FORWARD_SUM + 2];
	command = span_trim(command);
	if (!r->programs)
		return "a command, and there is no control/forward-programs";
	if (!command.n || memchr(command.p, 0, command.n))
		return "an empty command";
	(void)snprintf(mark, sizeof mark, "|%08x", sum_crc32(0, command));
	if (span_eqi(r->sum, span_of(mark + 1, FORWARD_SUM)))
		r->out->command = command;
	return add_own(r, mark);
}

static const char *add_address(reading *r, span item)
{
	addr a;
	if (addr_mailbox(item, r->mem, &a) != ADDR_OK || a.null || !a.local.n)
		return "what is no address";
	return add(r, a.local, a.domain.n ? a.domain : r->home);
}

static const char *take(reading *r, span item)
{
	if (item.p[0] == '"' && item.n > 2 && item.p[1] == '|' && item.p[item.n - 1] == '"')
		item = span_sub(item, 1, item.n - 1); /* "|command, with a comma" */
	if (item.p[0] == '|')
		return add_command(r, span_sub(item, 1, item.n));
	if (item.p[0] == '/' || item.p[0] == ':')
		return "a file or an include";
	if (item.p[0] == '\\')
		return span_eqi(span_sub(item, 1, item.n), r->user)
			   ? add_own(r, "+")
			   : "a backslash in front of somebody else";
	return add_address(r, item);
}

const char *forward_parse(span text, span user, span home, bool programs, span sum, arena *mem,
			  forward *out)
{
	reading r = {
	    .user = user, .home = home, .sum = sum, .programs = programs, .mem = mem, .out = out};
	*out = (forward){.targets = arena_alloc(mem, FORWARD_TARGETS * sizeof *out->targets),
			 .command = S("")};
	if (!out->targets)
		return "too many targets";
	bool fresh = true; /* at the start of a line */
	while (text.n) {
		if (fresh && text.p[0] == '#') {
			(void)span_cut(&text, '\n');
			continue;
		}
		const char *start = text.p;
		span item = cut_item(&text);
		fresh = text.p == start || text.p[-1] == '\n';
		const char *wrong = item.n ? take(&r, item) : NULL;
		if (wrong)
			return wrong;
	}
	return NULL;
}

/* Nobody but the user and root decides where his mail goes. */
static bool trusted(int fd, uid_t uid)
{
	struct stat st;
	return fstat(fd, &st) == 0 && (st.st_uid == uid || st.st_uid == 0) &&
	       !(st.st_mode & (S_IWGRP | S_IWOTH)) && st.st_size <= FORWARD_MAX;
}

static status bad(span user, const char *what)
{
	return status_make(EX_TEMPFAIL, 451, "4.3.5", ".forward of %.*s: %s", SPAN_FMT(user), what);
}

static bool read_file(int fd, str *text)
{
	char buf[4096];
	ssize_t n;
	while ((n = file_pread(fd, buf, sizeof buf, (off_t)text->n)) > 0)
		if (!str_put(text, span_of(buf, (size_t)n)))
			return false;
	return n == 0;
}

enum forward_result forward_read(const char *dir, uid_t uid, span user, span home, span sum,
				 arena *mem, forward *out, status *why)
{
	str path = str_new(4096), text = str_new(FORWARD_MAX);
	const char *wrong = NULL;
	(void)str_printf(&path, "%s/.forward", dir);
	int fd = path.over ? -1 : file_open_read(AT_FDCWD, str_cstr(&path));
	int error = errno;
	str_free(&path);
	if (fd < 0 && (error == ENOENT || error == ENOTDIR || error == EACCES))
		return FORWARD_NONE;
	if (fd < 0)
		wrong = strerror(error);
	else if (!trusted(fd, uid))
		wrong = "others may write it, or it is too long";
	else if (!read_file(fd, &text))
		wrong = strerror(errno);
	if (fd >= 0)
		(void)close(fd);
	span kept = wrong ? S("") : arena_dup(mem, str_span(&text));
	str_free(&text);
	if (!wrong && !kept.p)
		wrong = "too long";
	if (!wrong)
		wrong = forward_parse(kept, user, home, control_exists("forward-programs"), sum,
				      mem, out);
	if (!wrong)
		return out->count ? FORWARD_FOUND : FORWARD_NONE;
	*why = bad(user, wrong);
	return FORWARD_ERROR;
}
