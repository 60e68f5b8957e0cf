/* mail-show(1): a message as text for a person. */
#include <getopt.h>
#include <sys/ioctl.h>
#include <sysexits.h>

#include "base/die.h"
#include "base/status.h"
#include "base/text.h"
#include "io/clock.h"
#include "io/conv.h"
#include "io/file.h"
#include "io/map.h"
#include "io/out.h"
#include "io/proc.h"
#include "io/sandbox.h"
#include "mail/body.h"
#include "mail/code.h"
#include "mail/display.h"
#include "mail/header.h"
#include "mail/shown.h"
#include "mail/uu.h"
#include "mail/wrap.h"

enum {
	TREE_MAX = 256 << 20,
	TEXT_MAX = 1 << 30,
	INNER_MAX = 128 << 20, /* octets of an encoded message that is opened */
	INNER_DEPTH = 8,       /* encoded messages in encoded messages */
	FIELD_MAX = 256 << 20,
	FILTER_WORDS = 64,
	FILTER_MS = 60000,
	COLUMNS = 78, /* RFC 5322, 2.1.1 */
	PIECE = 65536,
};

typedef struct shower {
	const char *fields; /* names, "" none, "all" */
	body_style style;
	char *filter[FILTER_WORDS + 1];
	bool json;
	out o;
	str attachments; /* of JSON */
	bool too_long, unreadable;
} shower;

static const char usage_text[] =
    "usage: mail-show [-j] [-H fields] [-w columns] [-x filter] <message\n";

static _Noreturn void misuse(void)
{
	(void)fputs(usage_text, stderr);
	exit(EX_USAGE);
}

/* ---- header */

static void field_text(const shower *s, const header_field *f, str *to)
{
	str text = str_new(FIELD_MAX);
	shown_field(f, s->style.opener, &text);
	display_safe(span_trim(str_span(&text)), true, to);
	str_free(&text);
}

static void show_field(const shower *s, const header_field *f, str *to)
{
	str text = str_new(FIELD_MAX);
	wrap w = wrap_new(to, s->style.columns);
	field_text(s, f, &text);
	display_safe(f->name, true, to);
	(void)str_putc(to, ':');
	w.begun = true;
	w.column = f->name.n + 1;
	w.prefix = S("    ");
	wrap_gap(&w, S(" "));
	wrap_text(&w, str_span(&text));
	wrap_line(&w);
	wrap_free(&w);
	str_free(&text);
}

/* The next name of the list; "" at its end. */
static span next_name(span *list)
{
	size_t from = 0, to;
	while (from < list->n && strchr(" ,:\t", list->p[from]))
		from++;
	for (to = from; to < list->n && !strchr(" ,:\t", list->p[to]); to++)
		;
	span name = span_sub(*list, from, to);
	*list = span_sub(*list, to, list->n);
	return name;
}

typedef void field_fn(const shower *, const header_field *, str *to);

static void each_field(const shower *s, span header, span name, field_fn *each, str *to)
{
	header_field f;
	if (span_starts(header, S("From ")) || span_starts(header, S(">From ")))
		(void)span_cut(&header, '\n');
	while (header_next(&header, &f) == HEADER_FIELD)
		if (name.n == 0 || span_eqi(f.name, name))
			each(s, &f, to);
}

static void show_header(const shower *s, span header, str *to)
{
	span list = span_str(s->fields), name;
	size_t before = to->n;
	if (span_eqi(list, S("all")))
		each_field(s, header, S(""), show_field, to);
	else
		while ((name = next_name(&list)).n)
			each_field(s, header, name, show_field, to);
	if (to->n > before)
		(void)str_putc(to, '\n');
}

/* ---- the reader's own filter */

static int filter_input(span html)
{
	int fd = file_temp();
	if (fd < 0)
		return -1;
	/* What a <meta> further down says was true before the conversion; the first one counts. */
	if (write_all(fd, S("<meta charset=\"utf-8\">\n")) && write_all(fd, html) &&
	    lseek(fd, 0, SEEK_SET) == 0)
		return fd;
	(void)close(fd);
	return -1;
}

static bool run_filter(char *const *words, int in, str *to)
{
	proc_fds fds = PROC_FDS_NONE;
	struct stat st;
	fds.in = in;
	fds.out = file_temp();
	if (fds.out < 0)
		return false;
	pid_t pid = proc_spawn(words, NULL, fds);
	bool done = pid >= 0 && proc_wait(pid, clock_ms() + FILTER_MS) == EX_OK &&
		    lseek(fds.out, 0, SEEK_SET) == 0 && fstat(fds.out, &st) == 0 && st.st_size > 0;
	map m;
	done = done && map_open(&m, fds.out, TEXT_MAX);
	if (done) {
		(void)str_put(to, m.octets);
		done = span_trim(m.octets).n > 0;
		map_close(&m);
	}
	(void)close(fds.out);
	return done;
}

static bool filter_html(void *arg, span html, str *to)
{
	char *const *words = arg;
	int in = filter_input(html);
	bool done = in >= 0 && run_filter(words, in, to);
	if (!done)
		warn("%s gives nothing: HTML is converted without it", words[0]);
	if (in >= 0)
		(void)close(in);
	return done;
}

static void set_filter(shower *s, char *command)
{
	size_t n = 0;
	for (char *c = command; *c;) {
		while (*c == ' ' || *c == '\t')
			*c++ = 0;
		if (*c && n == FILTER_WORDS)
			die(EX_USAGE, "-x: too many words");
		if (*c)
			s->filter[n++] = c;
		while (*c && *c != ' ' && *c != '\t')
			c++;
	}
	if (n == 0)
		misuse();
	s->style.html = filter_html;
	s->style.html_arg = s->filter;
}

/* ---- parts */

static void separate(str *to)
{
	if (to->n && !span_ends(str_span(to), S("\n\n")))
		(void)str_put(to, span_ends(str_span(to), S("\n")) ? S("\n") : S("\n\n"));
}

static void count_piece(void *arg, span decoded)
{
	*(uint64_t *)arg += decoded.n;
}

static void put_type(const part *p, str *to)
{
	for (size_t i = 0; i < p->type.n; i++)
		(void)str_putc(to, ascii_lower(p->type.p[i]));
	(void)str_putc(to, '/');
	for (size_t i = 0; i < p->subtype.n; i++)
		(void)str_putc(to, ascii_lower(p->subtype.p[i]));
}

static void put_member(const char *name, span value, str *to)
{
	(void)str_printf(to, "\"%s\":", name);
	text_json(value, to);
}

/* What is not shown, but named. All of it but the number is from outside. */
typedef struct thing {
	span number, type, name;
	uint64_t octets;
} thing;

static void json_thing(const thing *t, str *j)
{
	(void)str_put(j, j->n ? S(",{") : S("{"));
	put_member("part", t->number, j);
	(void)str_putc(j, ',');
	put_member("type", t->type, j);
	(void)str_putc(j, ',');
	put_member("name", t->name, j);
	(void)str_printf(j, ",\"octets\":%" PRIu64 "}", t->octets);
}

/* "[part 2: image/png, 69 octets: photo.png]", or the same as JSON. */
static void list_thing(shower *s, const thing *t, str *to)
{
	if (s->json) {
		json_thing(t, &s->attachments);
		return;
	}
	str line = str_new(FIELD_MAX);
	(void)str_put(&line, S("[part "));
	(void)str_put(&line, t->number);
	(void)str_put(&line, S(": "));
	(void)str_put(&line, t->type);
	(void)str_printf(&line, ", %" PRIu64 " octets", t->octets);
	(void)str_put(&line, t->name.n ? S(": ") : S(""));
	(void)str_put(&line, t->name);
	(void)str_put(&line, S("]"));
	if (!span_ends(str_span(to), S("]\n")))
		separate(to);
	display_safe(str_span(&line), true, to);
	(void)str_putc(to, '\n');
	str_free(&line);
}

static void list_part(shower *s, const part *p, span number, str *to)
{
	str name = str_new(FIELD_MAX), type = str_new(FIELD_MAX);
	thing t = {.number = number};
	body_name(p, s->style.opener, &name);
	put_type(p, &type);
	code_pieces(p->kind == PART_LEAF ? p->encoding : PART_BINARY, p->body, count_piece,
		    &t.octets);
	t.name = str_span(&name);
	t.type = str_span(&type);
	list_thing(s, &t, to);
	str_free(&name);
	str_free(&type);
}

/* False where it comes to nothing. */
static bool show_text(shower *s, const part *p, str *to)
{
	str text = str_new(TEXT_MAX);
	body_text(p, &s->style, &text);
	span shown = str_span(&text);
	while (shown.n && strchr(" \t\r\n", shown.p[shown.n - 1]))
		shown.n--;
	s->too_long |= text.over;
	if (shown.n) {
		if (to->n)
			separate(to);
		display_safe(shown, false, to);
		(void)str_putc(to, '\n');
	}
	str_free(&text);
	return shown.n > 0;
}

/* The text around uuencoded files, and a line for each of them. */
static bool show_pieces(shower *s, const part *p, span number, str *to)
{
	part piece = *p;
	uu_file file;
	str own = str_new(FIELD_MAX), name = str_new(FIELD_MAX);
	bool shown = false;
	for (unsigned n = 1; uu_in(p) && uu_next(&piece.body, &file); n++) {
		span rest = piece.body;
		thing t = {.type = S("uuencoded")};
		piece.body = file.before;
		(void)show_text(s, &piece, to);
		str_clear(&own);
		(void)str_put(&own, number);
		(void)str_printf(&own, ".u%u", n);
		str_clear(&name);
		(void)charset_text(s->style.opener, S(""), file.name, &name);
		code_pieces(PART_UUENCODE, file.lines, count_piece, &t.octets);
		t.number = str_span(&own);
		t.name = str_span(&name);
		list_thing(s, &t, to);
		piece.body = rest;
		shown = true;
	}
	shown |= show_text(s, &piece, to);
	str_free(&own);
	str_free(&name);
	return shown;
}

/* HTML that is a picture alone is named, so that nobody thinks there was nothing. */
static void show_leaf(shower *s, const part *p, span number, str *to)
{
	if (!show_pieces(s, p, number, to) && part_type_is(p, "text", "html") && p->body.n)
		list_part(s, p, number, to);
}

static void show_message(shower *s, span message, span prefix, unsigned depth, str *to);

/* What a number stands before: "2", or "2.1" inside of an encoded message that is part 2. */
static void put_number(const part_tree *t, uint32_t index, span prefix, str *to)
{
	(void)str_put(to, prefix);
	size_t before = to->n;
	part_number(t, index, to);
	if (prefix.n && to->n == before)
		str_cut(to, before - 1);
}

static void show_enclosed(shower *s, const part_tree *t, uint32_t index, span number,
			  unsigned depth, str *to)
{
	const part *p = t->parts + index;
	if (p->kind != PART_MESSAGE && depth >= INNER_DEPTH) {
		list_part(s, p, number, to);
		return;
	}
	separate(to);
	(void)str_put(to, S("[part "));
	(void)str_put(to, number);
	(void)str_put(to, S(": message]\n"));
	if (p->kind == PART_MESSAGE) {
		if (p->child != PART_NONE)
			show_header(s, t->parts[p->child].header, to);
		return;
	}
	str inner = str_new(INNER_MAX), inside = str_new(4096);
	code_decode(p->encoding, p->body, &inner);
	(void)str_put(&inside, number);
	(void)str_putc(&inside, '.');
	s->too_long |= inner.over;
	show_message(s, str_span(&inner), str_span(&inside), depth + 1, to);
	str_free(&inner);
	str_free(&inside);
}

static void show_parts(shower *s, const part_tree *t, span prefix, unsigned depth, str *to)
{
	enum body_role *roles = xcalloc(t->count, sizeof *roles);
	body_roles(t, roles);
	for (uint32_t i = 0; i < t->count; i++) {
		str number = str_new(4096);
		put_number(t, i, prefix, &number);
		if (roles[i] == BODY_MESSAGE)
			show_enclosed(s, t, i, str_span(&number), depth, to);
		else if (roles[i] == BODY_TEXT)
			show_leaf(s, t->parts + i, str_span(&number), to);
		else if (roles[i] == BODY_ATTACHED)
			list_part(s, t->parts + i, str_span(&number), to);
		str_free(&number);
	}
	free(roles);
}

/* Enclosed messages in base64 come back here, at most INNER_DEPTH deep. */
static void show_message(shower *s, span message, span prefix, unsigned depth, str *to)
{
	arena a = arena_new(TREE_MAX);
	part_tree t;
	if (part_parse(message, &a, &t)) {
		if (!s->json || depth)
			show_header(s, t.parts[0].header, to);
		show_parts(s, &t, prefix, depth, to);
	} else {
		warn("too many parts");
		s->unreadable = true;
	}
	arena_free(&a);
}

/* ---- JSON */

static void put_value(const shower *s, const header_field *f, str *to)
{
	str text = str_new(FIELD_MAX);
	field_text(s, f, &text);
	if (to->n)
		(void)str_putc(to, '\n');
	(void)str_put(to, str_span(&text));
	str_free(&text);
}

/* A field that is there more than once has its values on lines. */
static void json_field(shower *s, span header, span name, bool first)
{
	str value = str_new(FIELD_MAX), line = str_new(TEXT_MAX);
	each_field(s, header, name, put_value, &value);
	if (!first)
		(void)str_putc(&line, ',');
	text_json(name, &line);
	(void)str_putc(&line, ':');
	text_json(str_span(&value), &line);
	out_put(&s->o, str_span(&line));
	str_free(&value);
	str_free(&line);
}

static void json_header(shower *s, span header)
{
	span list = span_str(s->fields), name;
	bool first = true;
	out_puts(&s->o, "{\"header\":{");
	for (; (name = next_name(&list)).n; first = false)
		json_field(s, header, name, first);
	out_putc(&s->o, '}');
}

static void finish_json(shower *s, span text)
{
	str quoted = str_new(TEXT_MAX);
	text_json(text, &quoted);
	s->too_long |= quoted.over;
	out_puts(&s->o, ",\"text\":");
	out_put(&s->o, quoted.over ? S("\"\"") : str_span(&quoted));
	out_puts(&s->o, ",\"attachments\":[");
	out_put(&s->o, str_span(&s->attachments));
	out_puts(&s->o, "]}\n");
	str_free(&quoted);
}

/* ---- */

static size_t terminal_columns(void)
{
	struct winsize size;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col >= WRAP_LEAST)
		return size.ws_col;
	return COLUMNS;
}

static void read_columns(shower *s, const char *argument)
{
	uint64_t n;
	if (!span_u64(span_str(argument), 100000, &n))
		die(EX_USAGE, "-w %s: no number of columns", argument);
	s->style.columns = n;
	s->style.wrap_fixed = n > 0;
}

static void read_options(shower *s, int argc, char **argv)
{
	static const struct option names[] = {
	    {"fields", required_argument, NULL, 'H'}, {"width", required_argument, NULL, 'w'},
	    {"filter", required_argument, NULL, 'x'}, {"json", no_argument, NULL, 'j'},
	    {"help", no_argument, NULL, 'h'},	      {NULL, 0, NULL, 0}};
	int c;
	while ((c = getopt_long(argc, argv, "H:w:x:jh", names, NULL)) != -1) {
		if (c == 'h')
			exit(fputs(usage_text, stdout) < 0 || fflush(stdout) ? EX_IOERR : EX_OK);
		else if (c == 'H')
			s->fields = optarg;
		else if (c == 'w')
			read_columns(s, optarg);
		else if (c == 'x')
			set_filter(s, optarg);
		else if (c == 'j')
			s->json = true;
		else
			misuse();
	}
	if (optind < argc || (s->json && strcasecmp(s->fields, "all") == 0))
		misuse();
}

/* A reader's own filter is started while the message is read, so it can do what its user can: then there is
 * no sandbox. */
static void confine(const shower *s)
{
	sandbox_path path = {conv_folder(), false};
	if (!s->style.html && !sandbox_reader(&path, path.path != NULL))
		die_errno(EX_OSERR, "sandbox");
}

int main(int argc, char **argv)
{
	shower s = {.fields = "From To Cc Date Subject", .attachments = str_new(TEXT_MAX)};
	map m;
	str text = str_new(TEXT_MAX);
	proc_start(argv[0]);
	s.style.columns = terminal_columns();
	s.style.wrap_fixed = isatty(STDOUT_FILENO);
	read_options(&s, argc, argv);
	if (!map_open(&m, 0, INT64_MAX))
		die_errno(EX_NOINPUT, "message");
	conv *converters = conv_new();
	charset_opener opener = conv_opener(converters);
	s.style.opener = &opener;
	out_open(&s.o, 1, PIECE);
	confine(&s);
	if (s.json)
		json_header(&s, span_sub(m.octets, 0, header_size(m.octets)));
	show_message(&s, m.octets, S(""), 0, &text);
	if (s.json)
		finish_json(&s, str_span(&text));
	else
		out_put(&s.o, str_span(&text));
	bool written = out_flush(&s.o);
	if (!written)
		warn_errno("standard output");
	if (text.over || s.too_long)
		warn("the text is too long: a part of it is missing");
	out_close(&s.o);
	conv_free(converters);
	map_close(&m);
	str_free(&text);
	str_free(&s.attachments);
	return !written ? EX_IOERR : text.over || s.too_long || s.unreadable ? EX_DATAERR : EX_OK;
}
