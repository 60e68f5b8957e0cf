#include "write/session.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/die.h"
#include "io/file.h"
#include "io/out.h"
#include "io/terminal.h"
#include "mail/display.h"
#include "write/post.h"

enum { TEXT_MAX = 512 << 20, PATH_ROOM = 4096, HEADER_MAX = 16 << 20 };

status session_open(session *s, const letter *l)
{
	static const char end[] = ".eml"; /* editors know mail by it */
	const char *dir = getenv("TMPDIR");
	str text = str_new(TEXT_MAX);
	s->path = str_new(PATH_ROOM);
	(void)str_printf(&s->path, "%s/draft.XXXXXX%s", dir && *dir ? dir : "/tmp", end);
	draft_write(&l->d, &text);
	int fd = s->path.p ? mkostemps(s->path.p, sizeof end - 1, O_CLOEXEC) : -1;
	bool done = fd >= 0 && write_all(fd, str_span(&text)) && !text.over;
	done = fd >= 0 && close(fd) == 0 && done;
	str_free(&text);
	s->terminal = terminal_open();
	terminal_hold_signals();
	return done ? status_ok()
		    : status_make(EX_CANTCREAT, 0, "", "%s: %s", str_cstr(&s->path),
				  strerror(errno));
}

void session_close(session *s, bool drop)
{
	if (drop)
		(void)unlink(str_cstr(&s->path));
	if (s->terminal >= 0)
		(void)close(s->terminal);
	str_free(&s->path);
}

/* The draft as the file has it now; where that cannot be read it is as it was. */
static bool read_again(const session *s, letter *l)
{
	str text = str_new(TEXT_MAX);
	bool done = file_read(AT_FDCWD, str_cstr(&s->path), &text);
	if (done)
		letter_read(l, str_span(&text));
	str_free(&text);
	return done;
}

static void put_line(const char *name, span value, str *to)
{
	if (!value.n)
		return;
	(void)str_put(to, span_str(name));
	display_safe(value, true, to);
	(void)str_putc(to, '\n');
}

static char ask(const session *s, const letter *l, bool mentions)
{
	str text = str_new(HEADER_MAX);
	bool wrong = l->problem.n > 0;
	put_line("To: ", draft_get(&l->d, "To"), &text);
	put_line("Cc: ", draft_get(&l->d, "Cc"), &text);
	put_line("Bcc: ", draft_get(&l->d, "Bcc"), &text);
	put_line("Subject: ", draft_get(&l->d, "Subject"), &text);
	if (l->goods.count)
		(void)str_printf(&text, "Attachments: %zu\n", l->goods.count);
	put_line("It cannot be sent: ", str_span(&l->problem), &text);
	if (!wrong && mentions && letter_lacks(l))
		(void)str_put(&text, S("The text speaks of an attachment, but there is none.\n"));
	(void)str_put(&text, wrong ? S("edit, keep or drop (e k d)? ")
				   : S("send, edit, keep or drop (s e k d)? "));
	char answer = terminal_ask(s->terminal, str_span(&text), wrong ? "ekd" : "sekd");
	str_free(&text);
	return answer;
}

enum session_answer session_run(session *s, letter *l, bool mentions, status *st)
{
	for (;;) {
		*st = status_ok();
		if (!terminal_edit(s->terminal, str_cstr(&s->path)) || !read_again(s, l)) {
			*st = status_make(EX_TEMPFAIL, 0, "", "the editor failed");
			return SESSION_FAILED;
		}
		letter_check(l, true);
		if (s->terminal < 0 && l->problem.n)
			*st = status_make(l->code, 0, "", "%s", str_cstr(&l->problem));
		if (s->terminal < 0)
			return l->problem.n ? SESSION_FAILED : SESSION_SEND;
		switch (ask(s, l, mentions)) {
		case 's':
			return SESSION_SEND;
		case 'd':
			return SESSION_DROP;
		case 'e':
			break;
		default:
			return SESSION_KEEP;
		}
	}
}

/* What cannot be a message is kept as the text of one. */
static bool put_raw(const session *s, int fd)
{
	str text = str_new(TEXT_MAX);
	bool done = file_read(AT_FDCWD, str_cstr(&s->path), &text) && ftruncate(fd, 0) == 0 &&
		    lseek(fd, 0, SEEK_SET) == 0 &&
		    write_all(fd, S("Subject: unfinished draft\n\n")) &&
		    write_all(fd, str_span(&text));
	str_free(&text);
	return done;
}

status session_keep(session *s, letter *l, str *where)
{
	status st = status_doubt("no temporary file");
	str path = str_new(PATH_ROOM);
	int fd = file_temp();
	if (fd >= 0 && (letter_write_draft(l, fd) || put_raw(s, fd)))
		st = post_file(".Drafts", "D", fd, l->host, &path);
	if (fd >= 0)
		(void)close(fd);
	if (status_is_ok(&st))
		(void)unlink(str_cstr(&s->path));
	(void)str_put(where, str_span(status_is_ok(&st) ? &path : &s->path));
	str_free(&path);
	return st;
}
