/* mail-compose(1): a message from a body or a draft, alone or as an answer to another one. */
#include <getopt.h>
#include <sysexits.h>

#include "base/die.h"
#include "io/conv.h"
#include "io/file.h"
#include "io/proc.h"
#include "mail/utf8.h"
#include "maildir/store.h"
#include "write/letter.h"
#include "write/post.h"
#include "write/self.h"
#include "write/session.h"

enum {
	TEXT_MAX = 256 << 20,
	PATH_ROOM = 4096,
	SEND_WORDS = 64,
	EX_NOTHING = 1, /* no message came out: kept, or dropped */
};

typedef struct setting {
	int option;
	const char *value;
} setting;

typedef struct composer {
	setting *settings; /* options that fill the header, in their order */
	size_t setting_count;
	const char *answered; /* the message; NULL none */
	int how;	      /* 'r' 'R' 'f' 'n' */
	const char *draft_path, *folder;
	char *send[SEND_WORDS + 1];
	bool enclose, edit, no_quote, eight_bit, mentions, names_header;
	charset_opener opener;
	self who;
	letter l;
	stored original, taken; /* the message answered; the draft taken up */
} composer;

static const char usage_text[] =
    "usage: mail-compose [-8eM] [-F from] [-t to] [-c cc] [-b bcc] [-s subject]\n"
    "                    [-H 'Field: value'] [-a file]... [-A html] [-d draft]\n"
    "                    [-o folder] [-x command] [<body or draft]\n"
    "       mail-compose -r message | -R message [-q] [options] [<body]\n"
    "       mail-compose -f message [-m] [options] [<body]\n"
    "       mail-compose -n message -t to [-c cc] [-b bcc] [-F from] [-o folder]\n";

static _Noreturn void misuse(void)
{
	(void)fputs(usage_text, stderr);
	exit(EX_USAGE);
}

static void must(status st)
{
	if (!status_is_ok(&st))
		die(st.code, "%s", st.text);
}

/* ---- the draft from all that was given */

static void find_self(composer *c)
{
	const char *email = getenv("EMAIL");
	self_open(&c->who);
	for (size_t i = 0; i < c->setting_count; i++)
		if (c->settings[i].option == 'F' &&
		    !self_add(&c->who, span_str(c->settings[i].value), &c->opener))
			die(EX_USAGE, "-F: this is no address");
	if (email && *email && !self_add(&c->who, span_str(email), &c->opener))
		die(EX_USAGE, "EMAIL holds what is no address");
	self_add_login(&c->who, &c->opener);
}

static void apply_settings(composer *c)
{
	static const char *const names[] = {
	    ['F'] = "From",    ['t'] = "To",	 ['c'] = "Cc",	       ['b'] = "Bcc",
	    ['s'] = "Subject", ['a'] = "Attach", ['A'] = "Attach-Html"};
	draft *d = &c->l.d;
	for (size_t i = 0; i < c->setting_count; i++) {
		int option = c->settings[i].option;
		span value = span_str(c->settings[i].value);
		if (option == 'H') {
			span name = span_cut(&value, ':');
			draft_add(d, name, value);
		} else if (strchr("tcb", option)) {
			draft_join(d, names[option], value);
		} else if (option == 'a') {
			draft_add(d, span_str(names[option]), value);
		} else {
			draft_set(d, names[option], value);
		}
	}
	if (!draft_get(d, "From").n)
		draft_set(d, "From", c->who.own[0].text);
	c->l.from = arena_dup(&c->who.mem, draft_get(d, "From"));
}

static bool is_input(const char *path)
{
	return path && strcmp(path, "-") == 0;
}

static void answer(composer *c, span typed)
{
	str body = str_new(TEXT_MAX);
	must(stored_open(&c->original, c->answered));
	if (is_input(c->answered))
		c->l.input = c->original.octets;
	inreply r = {c->original.tree.parts[0].header, &c->opener, c->who.own, c->who.count};
	const inreply_own *own = inreply_self(&r);
	draft *d = &c->l.d;
	draft_set(d, "From", own ? own->text : S(""));
	if (c->how == 'f') {
		inreply_forward(&r, d);
		(void)str_put(&body, typed);
		(void)str_put(&body, c->enclose ? S("") : S("\n"));
		if (c->enclose)
			draft_add(d, S("Attach-Message"), str_span(&c->original.path));
		else
			stored_forward(&c->original, &r, &body);
		if (!c->enclose)
			stored_carry(&c->original, d);
	} else {
		inreply_start(&r, c->how == 'R', d);
		if (!c->no_quote) {
			stored_quote(&c->original, &r, &body);
			(void)str_putc(&body, '\n');
		}
		(void)str_put(&body, typed);
	}
	draft_set_body(d, str_span(&body));
	d->over = d->over || body.over;
	str_free(&body);
}

/* Standard input is the body where the command line says the rest, else a draft. */
static void take_input(composer *c, span text)
{
	draft *d = &c->l.d;
	if (c->names_header) {
		draft_set_body(d, text);
		return;
	}
	if (text.n == 0 && !c->edit)
		die(EX_DATAERR, "standard input is empty, and there is no -t");
	draft_read(d, text, &c->opener);
	if (d->bad_line && !c->edit)
		die(EX_DATAERR,
		    "standard input, line %zu: no field of a header; with -t, -c, -b, -s or -H "
		    "standard input is the body alone",
		    d->bad_line);
}

static void begin(composer *c)
{
	map m = {.octets = S("")};
	bool typed = !c->draft_path && !is_input(c->answered) && !(c->edit && isatty(STDIN_FILENO));
	if (typed || is_input(c->draft_path))
		if (!map_open(&m, STDIN_FILENO, TEXT_MAX))
			die_errno(EX_NOINPUT, "standard input");
	if (c->answered) {
		answer(c, m.octets);
	} else if (c->draft_path && !is_input(c->draft_path)) {
		must(stored_open(&c->taken, c->draft_path));
		stored_draft(&c->taken, &c->opener, &c->l.d);
	} else {
		take_input(c, m.octets);
	}
	map_close(&m);
	apply_settings(c);
}

/* ---- on its way */

static void first_address(void *arg, const addr *a, span name)
{
	str *to = arg;
	(void)name;
	if (to->n == 0)
		addr_write(a, to);
}

static status send_message(composer *c, int fd)
{
	str from = str_new(ADDR_MAX * 3);
	(void)addr_list(draft_get(&c->l.d, "From"), &c->l.mem, 1, first_address, &from);
	status st = post_send(c->send, str_span(&from), fd);
	str_free(&from);
	return st;
}

/* To standard output; where that is a terminal, with -e, to be sent. The copy is filed first: one of a message that
 * was not sent is taken back, but nothing is sent without its copy. */
static int finish(composer *c, int fd)
{
	str filed = str_new(PATH_ROOM);
	status st = status_ok();
	if (c->folder) {
		st = post_file(c->folder, "S", fd, c->who.host, &filed);
		if (!status_is_ok(&st))
			warn("the copy cannot be filed: %s", st.text);
	}
	if (status_is_ok(&st) && c->edit && isatty(STDOUT_FILENO)) {
		st = send_message(c, fd);
		if (!status_is_ok(&st))
			warn("not sent: %s", st.text);
	} else if (status_is_ok(&st) &&
		   (lseek(fd, 0, SEEK_SET) != 0 || file_copy(fd, STDOUT_FILENO) < 0)) {
		warn_errno("standard output");
		st = status_make(EX_IOERR, 0, "", "standard output");
	}
	if (!status_is_ok(&st) && filed.n)
		(void)unlink(str_cstr(&filed));
	str_free(&filed);
	return st.code;
}

static int write_and_finish(composer *c)
{
	int fd = file_temp();
	bool again = c->how == 'n';
	bool done = fd >= 0 &&
		    (again ? letter_write_again(&c->l, &c->original, fd) : letter_write(&c->l, fd));
	if (!done)
		warn_errno("temporary file");
	int code = done ? finish(c, fd) : EX_TEMPFAIL;
	if (fd >= 0)
		(void)close(fd);
	return code;
}

static void drop_taken(const composer *c)
{
	if (c->taken.path.n && store_is_in(str_cstr(&c->taken.path)))
		(void)unlink(str_cstr(&c->taken.path));
}

/* The draft that was taken up goes when there is a new one, unless that holds on to parts of it. */
static int keep(composer *c, session *s, int code)
{
	bool needed = false;
	str where = str_new(PATH_ROOM);
	status st = session_keep(s, &c->l, &where);
	for (size_t i = 0; i < c->l.d.n; i++)
		needed = needed || (draft_is_local(c->l.d.fields[i].name) && c->taken.path.n &&
				    span_ends(c->l.d.fields[i].value, str_span(&c->taken.path)));
	if (!status_is_ok(&st))
		warn("%s", st.text);
	else if (!needed)
		drop_taken(c);
	warn("the draft is kept in %s", str_cstr(&where));
	str_free(&where);
	session_close(s, false);
	return code;
}

static int edit(composer *c)
{
	session s;
	status st;
	int code = EX_NOTHING;
	must(session_open(&s, &c->l));
	switch (session_run(&s, &c->l, c->mentions, &st)) {
	case SESSION_FAILED:
		warn("%s", st.text);
		return keep(c, &s, st.code);
	case SESSION_KEEP:
		return keep(c, &s, EX_NOTHING);
	case SESSION_SEND:
		if (s.terminal < 0 && c->mentions && letter_lacks(&c->l))
			warn("the text speaks of an attachment, but there is none");
		code = write_and_finish(c);
		if (code != EX_OK)
			return keep(c, &s, code);
		break;
	case SESSION_DROP:
		break;
	}
	session_close(&s, true);
	/* what was written to a pipe may not have arrived */
	if (code == EX_NOTHING || isatty(STDOUT_FILENO))
		drop_taken(c);
	return code;
}

static int compose_message(composer *c)
{
	letter_check(&c->l, false);
	if (c->l.problem.n)
		die(c->l.code, "%s", str_cstr(&c->l.problem));
	if (c->mentions && letter_lacks(&c->l))
		warn("the text speaks of an attachment, but there is none");
	return write_and_finish(c);
}

/* ---- the command line */

static void set_sender(composer *c, char *command)
{
	size_t n = 0;
	char *rest = NULL;
	for (char *word = strtok_r(command, " \t", &rest); word;
	     word = strtok_r(NULL, " \t", &rest)) {
		if (n == SEND_WORDS)
			die(EX_USAGE, "-x: too many words");
		c->send[n++] = word;
	}
	if (n == 0)
		misuse();
}

static bool given(const composer *c, int option)
{
	for (size_t i = 0; i < c->setting_count; i++)
		if (c->settings[i].option == option)
			return true;
	return false;
}

static void add_setting(composer *c, int option, const char *value)
{
	span text = span_str(value), name = text;
	if (!utf8_valid(text))
		die(EX_USAGE, "-%c: the value is not UTF-8", option);
	if (option == 'H') {
		span rest = text;
		name = span_cut(&rest, ':');
		if (!field_name_ok(name) || name.n == text.n || draft_is_local(name))
			die(EX_USAGE, "-H takes 'Field: value'");
	}
	c->settings = xrealloc(c->settings, c->setting_count + 1, sizeof *c->settings);
	c->settings[c->setting_count++] = (setting){option, value};
	c->names_header = c->names_header || strchr("tcbsH", option);
}

static void answer_option(composer *c, int option, const char *path)
{
	if (c->answered)
		misuse();
	c->how = option;
	c->answered = path;
}

static void option(composer *c, int option_char)
{
	switch (option_char) {
	case 'h':
		(void)fputs(usage_text, stdout);
		exit(fflush(stdout) == 0 ? EX_OK : EX_IOERR);
	case 'r':
	case 'R':
	case 'f':
	case 'n':
		answer_option(c, option_char, optarg);
		break;
	case 'd':
		c->draft_path = optarg;
		break;
	case 'o':
		c->folder = optarg;
		break;
	case 'x':
		set_sender(c, optarg);
		break;
	case 'm':
		c->enclose = true;
		break;
	case 'e':
		c->edit = true;
		break;
	case 'q':
		c->no_quote = true;
		break;
	case '8':
		c->eight_bit = true;
		break;
	case 'M':
		c->mentions = true;
		break;
	case '?':
		misuse();
	default:
		add_setting(c, option_char, optarg);
	}
}

static void options(composer *c, int argc, char **argv)
{
	static const struct option names[] = {
	    {"from", required_argument, NULL, 'F'},    {"to", required_argument, NULL, 't'},
	    {"cc", required_argument, NULL, 'c'},      {"bcc", required_argument, NULL, 'b'},
	    {"subject", required_argument, NULL, 's'}, {"header", required_argument, NULL, 'H'},
	    {"attach", required_argument, NULL, 'a'},  {"html", required_argument, NULL, 'A'},
	    {"reply", required_argument, NULL, 'r'},   {"reply-all", required_argument, NULL, 'R'},
	    {"forward", required_argument, NULL, 'f'}, {"as-attachment", no_argument, NULL, 'm'},
	    {"resend", required_argument, NULL, 'n'},  {"edit", no_argument, NULL, 'e'},
	    {"draft", required_argument, NULL, 'd'},   {"folder", required_argument, NULL, 'o'},
	    {"send", required_argument, NULL, 'x'},    {"no-quote", no_argument, NULL, 'q'},
	    {"eight-bit", no_argument, NULL, '8'},     {"mentions", no_argument, NULL, 'M'},
	    {"help", no_argument, NULL, 'h'},	       {NULL, 0, NULL, 0}};
	int o;
	while ((o = getopt_long(argc, argv, "F:t:c:b:s:H:a:A:r:R:f:mn:ed:o:x:q8Mh", names, NULL)) !=
	       -1)
		option(c, o);
	bool resent = c->how == 'n';
	if (optind < argc || (c->answered && c->draft_path) || (c->enclose && c->how != 'f') ||
	    (resent &&
	     (c->edit || given(c, 's') || given(c, 'a') || given(c, 'A') || given(c, 'H'))) ||
	    (resent && !given(c, 't') && !given(c, 'c') && !given(c, 'b')) ||
	    (c->how == 'f' && c->edit && is_input(c->answered)))
		misuse();
}

int main(int argc, char **argv)
{
	static composer c;
	int code;
	proc_start(argv[0]);
	options(&c, argc, argv);
	conv *converters = conv_new();
	c.opener = conv_opener(converters);
	stored_init(&c.original);
	stored_init(&c.taken);
	find_self(&c);
	letter_open(&c.l, &c.opener, c.who.host, c.eight_bit);
	if (c.how == 'n') {
		must(stored_open(&c.original, c.answered));
		apply_settings(&c);
	} else {
		begin(&c);
	}
	code = c.edit ? edit(&c) : compose_message(&c);
	letter_close(&c.l);
	stored_close(&c.original);
	stored_close(&c.taken);
	self_close(&c.who);
	free(c.settings);
	conv_free(converters);
	return code;
}
