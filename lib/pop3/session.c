#include "pop3/session.h"

#include "base/die.h"
#include "base/status.h"
#include "io/conv.h"
#include "io/file.h"
#include "io/log.h"
#include "maildir/folder.h"
#include "pop3/cmd.h"
#include "pop3/greet.h"
#include "pop3/line.h"
#include "pop3/send.h"
#include "pop3/surrogate.h"

enum { ERRORS_MAX = 100, SURROGATE_MAX = 8 * POP3_HEADER_MAX };

typedef struct pop3 {
	login_session *l;
	folder *f;
	size_t count;	     /* messages of the view */
	unsigned char *gone; /* one octet a message: marked by DELE; NULL until the first */
	size_t marked;
	uint64_t octets; /* wire size of all that are not marked */
	unsigned errors;
	bool over;
	size_t retrieved, removed;
	int code;
	conv *converters; /* made when a header needs them */
} pop3;

static void say(pop3 *p, const char *text)
{
	out_puts(p->l->out, text);
	out_puts(p->l->out, "\r\n");
}

static void error(pop3 *p, const char *text)
{
	if (++p->errors < ERRORS_MAX) {
		say(p, text);
		return;
	}
	say(p, "-ERR too many errors");
	p->over = true;
}

static bool marked(const pop3 *p, size_t i)
{
	return p->gone && p->gone[i];
}

/* The index of a message that is there and not marked; false, and the client told. */
static bool choose(pop3 *p, uint64_t number, size_t *i)
{
	*i = (size_t)number - 1;
	if (number == 0 || number > p->count)
		error(p, "-ERR no such message");
	else if (marked(p, *i))
		error(p, "-ERR that message is deleted");
	else
		return true;
	return false;
}

static bool choose_one(pop3 *p, const pop3_cmd *c, size_t *i)
{
	uint64_t number;
	if (!pop3_number(c, &number)) {
		error(p, "-ERR one message number, please");
		return false;
	}
	return choose(p, number, i);
}

/* What RETR sends, the last line's end included that the file may lack. */
static uint64_t wire_size(const pop3 *p, size_t i)
{
	const folder_msg m = folder_at(p->f, i);
	return m.wire + m.open_end;
}

static void do_stat(pop3 *p, const pop3_cmd *c)
{
	(void)c;
	out_printf(p->l->out, "+OK %zu %" PRIu64 "\r\n", p->count - p->marked, p->octets);
}

/* One line of LIST or UIDL. RFC 1939, 7: a unique-id is 1 to 70 printable octets, and never used again. */
static void put_entry(pop3 *p, enum pop3_verb verb, size_t i)
{
	out_putu(p->l->out, i + 1);
	out_putc(p->l->out, ' ');
	if (verb == POP3_LIST) {
		out_putu(p->l->out, wire_size(p, i));
	} else {
		out_putu(p->l->out, folder_uidvalidity(p->f));
		out_putc(p->l->out, '.');
		out_putu(p->l->out, folder_at(p->f, i).uid);
	}
	out_puts(p->l->out, "\r\n");
}

static void do_list(pop3 *p, const pop3_cmd *c)
{
	size_t i;
	if (!pop3_no_args(c)) {
		if (choose_one(p, c, &i)) {
			out_puts(p->l->out, "+OK ");
			put_entry(p, c->verb, i);
		}
		return;
	}
	out_printf(p->l->out, "+OK %zu messages\r\n", p->count - p->marked);
	for (i = 0; i < p->count; i++)
		if (!marked(p, i))
			put_entry(p, c->verb, i);
	say(p, ".");
}

static void log_trouble(const pop3 *p, const char *what, const char *text)
{
	log_line l;
	log_begin(&l, "trouble");
	log_puts(&l, "user", p->l->address);
	log_puts(&l, "what", what);
	log_puts(&l, "text", text);
	log_end(&l);
}

/* The header in ASCII for who did not say UTF8, where the message's is not; *size: what is then sent. The file goes on behind
 * its own header. */
static bool take_header(pop3 *p, int fd, str *front, uint64_t *size)
{
	if (span_eq(p->l->state, S("8")))
		return true;
	if (!p->converters)
		p->converters = conv_new();
	charset_opener opener = conv_opener(p->converters);
	int64_t more;
	ssize_t n = pop3_surrogate(fd, &opener, front, &more);
	if (n <= 0)
		return n == 0;
	*size = (uint64_t)((int64_t)*size + more);
	return lseek(fd, n, SEEK_SET) >= 0;
}

static int open_message(pop3 *p, size_t i)
{
	int fd = folder_open_msg(p->f, i);
	if (fd >= 0)
		return fd;
	if (errno == ENOENT || errno == EAGAIN) { /* EAGAIN: not found, in a Maildir that changes */
		error(p, errno == ENOENT ? "-ERR that message was removed meanwhile"
					 : "-ERR [SYS/TEMP] that message is not to be found now");
		return -1;
	}
	log_trouble(p, "opening a message", strerror(errno));
	error(p, "-ERR [SYS/TEMP] the message cannot be read now");
	return -1;
}

static void send_message(pop3 *p, size_t i, pop3_top *top)
{
	int fd = open_message(p, i);
	uint64_t size = wire_size(p, i);
	str front = str_new(SURROGATE_MAX);
	if (fd < 0)
		return;
	if (!take_header(p, fd, &front, &size)) {
		log_trouble(p, "reading a message", strerror(errno));
		error(p, "-ERR [SYS/TEMP] the message cannot be read now");
	} else {
		if (top)
			say(p, "+OK");
		else
			out_printf(p->l->out, "+OK %" PRIu64 " octets\r\n", size);
		if (!pop3_send(p->l->out, str_span(&front), fd, top)) {
			log_trouble(p, "reading a message", strerror(errno));
			p->over = true;
			p->code = EX_TEMPFAIL;
		}
		p->retrieved += !top;
	}
	str_free(&front);
	(void)close(fd);
}

static void do_retr(pop3 *p, const pop3_cmd *c)
{
	size_t i;
	if (choose_one(p, c, &i))
		send_message(p, i, NULL);
}

static void do_top(pop3 *p, const pop3_cmd *c)
{
	uint64_t number, lines;
	size_t i;
	if (!pop3_top_args(c, &number, &lines)) {
		error(p, "-ERR TOP message lines");
		return;
	}
	if (choose(p, number, &i)) {
		pop3_top top = {.lines = lines};
		send_message(p, i, &top);
	}
}

static void do_dele(pop3 *p, const pop3_cmd *c)
{
	size_t i;
	if (!choose_one(p, c, &i))
		return;
	if (!p->gone)
		p->gone = xcalloc(p->count, 1);
	p->gone[i] = 1;
	p->marked++;
	p->octets -= wire_size(p, i);
	say(p, "+OK marked");
}

static void do_rset(pop3 *p, const pop3_cmd *c)
{
	(void)c;
	for (size_t i = 0; i < p->count; i++)
		if (marked(p, i))
			p->octets += wire_size(p, i);
	free(p->gone);
	p->gone = NULL;
	p->marked = 0;
	say(p, "+OK");
}

static void do_noop(pop3 *p, const pop3_cmd *c)
{
	(void)c;
	say(p, "+OK");
}

static void do_capa(pop3 *p, const pop3_cmd *c)
{
	(void)c;
	pop3_capabilities(p->l->out, false, false, false);
}

static status expunge(pop3 *p)
{
	size_t *indexes = xcalloc(p->marked, sizeof *indexes), n = 0;
	for (size_t i = 0; i < p->count; i++)
		if (marked(p, i))
			indexes[n++] = i;
	status st = folder_expunge(p->f, indexes, n);
	free(indexes);
	return st;
}

/* RFC 1939, 6: the UPDATE state. */
static void do_quit(pop3 *p, const pop3_cmd *c)
{
	status st = status_ok();
	(void)c;
	p->over = true;
	if (p->marked)
		st = expunge(p); /* durable before +OK, by folder_expunge() */
	if (status_is_ok(&st)) {
		p->removed = p->marked;
		say(p, "+OK bye");
		return;
	}
	log_trouble(p, "removing messages", st.text);
	say(p, "-ERR [SYS/TEMP] some deleted messages are not removed");
	p->code = EX_TEMPFAIL;
}

static void do_login(pop3 *p, const pop3_cmd *c)
{
	(void)c;
	error(p, "-ERR logged in already");
}

static void do_octets(pop3 *p, const pop3_cmd *c)
{
	(void)c;
	error(p, "-ERR control octet in a command");
}

static void do_unknown(pop3 *p, const pop3_cmd *c)
{
	(void)c;
	error(p, "-ERR command not known");
}

static const struct {
	void (*function)(pop3 *, const pop3_cmd *);
	bool takes; /* arguments */
} table[] = {
    [POP3_CAPA] = {do_capa, false},	 [POP3_USER] = {do_login, true},
    [POP3_PASS] = {do_login, true},	 [POP3_AUTH] = {do_login, true},
    [POP3_UTF8] = {do_login, true},	 [POP3_QUIT] = {do_quit, false},
    [POP3_STAT] = {do_stat, false},	 [POP3_LIST] = {do_list, true},
    [POP3_RETR] = {do_retr, true},	 [POP3_DELE] = {do_dele, true},
    [POP3_NOOP] = {do_noop, false},	 [POP3_RSET] = {do_rset, false},
    [POP3_TOP] = {do_top, true},	 [POP3_UIDL] = {do_list, true},
    [POP3_UNKNOWN] = {do_unknown, true}, [POP3_OCTETS] = {do_octets, true},
};

static void dispatch(pop3 *p, const pop3_cmd *c)
{
	if (!table[c->verb].takes && !pop3_no_args(c))
		error(p, "-ERR no argument, please");
	else
		table[c->verb].function(p, c);
}

static void one_command(pop3 *p)
{
	span line;
	switch (pop3_read_line(p->l->in, p->l->stop, p->l->waiting, &line)) {
	case POP3_LINE: {
		pop3_cmd c = pop3_cmd_parse(line);
		dispatch(p, &c);
		break;
	}
	case POP3_LONG:
		error(p, "-ERR line too long");
		break;
	case POP3_STOP:
		say(p, "-ERR [SYS/TEMP] going down");
		p->over = true;
		break;
	default: /* late or lost: without a word, and nothing is removed */
		p->over = true;
		break;
	}
	if (p->l->out->error)
		p->over = true;
}

static void log_end_of(const pop3 *p)
{
	log_line l;
	log_begin(&l, "logout");
	log_puts(&l, "user", p->l->address);
	log_putn(&l, "messages", (int64_t)p->count);
	log_putn(&l, "retrieved", (int64_t)p->retrieved);
	log_putn(&l, "deleted", (int64_t)p->removed);
	log_end(&l);
}

int pop3_session(login_session *l)
{
	status why = status_ok();
	pop3 p = {.l = l, .code = EX_OK};
	l->in->idle_ms = l->out->idle_ms = POP3_IDLE_MS;
	p.f = folder_open(l->maildir, &why);
	if (p.f) { /* sizes that no name tells */
		why = folder_measure(p.f, 0, folder_count(p.f));
		if (!status_is_ok(&why)) {
			folder_close(p.f);
			p.f = NULL;
		}
	}
	if (!p.f) {
		log_trouble(&p, "opening the mailbox", why.text);
		say(&p, "-ERR [SYS/TEMP] the mailbox cannot be opened now");
		return EX_TEMPFAIL;
	}
	p.count = folder_count(p.f);
	for (size_t i = 0; i < p.count; i++)
		p.octets += wire_size(&p, i);
	out_printf(l->out, "+OK %zu messages\r\n", p.count);
	while (!p.over)
		one_command(&p);
	(void)out_flush(l->out);
	log_end_of(&p);
	free(p.gone);
	conv_free(p.converters);
	folder_close(p.f);
	return l->out->error ? EX_TEMPFAIL : p.code;
}
