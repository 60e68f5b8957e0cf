/* mail-header(1): reads the header of a message, or edits it. */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/die.h"
#include "base/status.h"
#include "base/text.h"
#include "io/conv.h"
#include "io/map.h"
#include "io/out.h"
#include "io/proc.h"
#include "io/sandbox.h"
#include "mail/addr.h"
#include "mail/date.h"
#include "mail/display.h"
#include "mail/edit.h"
#include "mail/field.h"
#include "mail/param.h"
#include "mail/utf8.h"
#include "mail/word.h"

enum {
	ADDRESSES_MAX = 10000000,
	ADDRESSES_ROOM = 1 << 30, /* octets of the addresses of one field */
	PIECE = 65536,
};

static const char usage_text[] =
    "usage: mail-header -x FIELD... [-A | -D | -P NAME] [-j] <message\n"
    "       mail-header -j <message\n"
    "       mail-header [-a 'FIELD: VALUE' | -i 'FIELD: VALUE' | -s 'FIELD: VALUE' | -d FIELD]... "
    "<message\n";

static _Noreturn void misuse(void)
{
	(void)fputs(usage_text, stderr);
	exit(EX_USAGE);
}

typedef struct action {
	int option; /* 'x' 'a' 'i' 's' 'd' */
	span name;
	span value; /* UTF-8 */
} action;

typedef struct job {
	action *actions; /* in the order of the command line */
	size_t n;
	int form; /* 0, 'A', 'D', 'P': what is printed of a field */
	const char *parameter;
	bool json, terminal;
	charset_opener opener;
	out o;
	size_t printed;
	span name; /* of the field that is being printed */
} job;

/* ---- reading */

/* One value, one line. */
static void print(job *j, span value)
{
	str line = str_new(value.n * 6 + 64);
	if (j->json) {
		str name = str_new(j->name.n * 6 + 64);
		text_json(j->name, &name);
		text_json(value, &line);
		out_puts(&j->o, "{\"name\":");
		out_put(&j->o, str_span(&name));
		out_puts(&j->o, ",\"value\":");
		out_put(&j->o, str_span(&line));
		out_puts(&j->o, "}\n");
		str_free(&name);
	} else {
		if (j->terminal)
			display_safe(value, true, &line);
		else
			(void)str_put(&line, value);
		/* an encoded word can hold a line end: it starts no line here */
		for (size_t i = 0; i < line.n; i++)
			if (line.p[i] == '\n' || line.p[i] == '\r')
				line.p[i] = ' ';
		out_put(&j->o, str_span(&line));
		out_putc(&j->o, '\n');
	}
	j->printed++;
	str_free(&line);
}

static void print_decoded(job *j, span body)
{
	str text = str_new(body.n * 4 + 64);
	word_decode(body, &j->opener, &text);
	print(j, str_span(&text));
	str_free(&text);
}

typedef struct addresses {
	job *j;
	str line;
} addresses;

static void print_address(void *arg, const addr *a, span name)
{
	addresses *to = arg;
	(void)name;
	str_clear(&to->line);
	addr_write(a, &to->line);
	if (to->line.n)
		print(to->j, str_span(&to->line));
}

static void print_addresses(job *j, span body)
{
	arena mem = arena_new(ADDRESSES_ROOM);
	addresses to = {j, str_new(ADDR_MAX * 3)};
	(void)addr_list(body, &mem, ADDRESSES_MAX, print_address, &to);
	str_free(&to.line);
	arena_free(&mem);
}

/* A Date field, or the date behind the last semicolon of a Received field. */
static void print_date(job *j, span body)
{
	int64_t epoch;
	str line = str_new(32);
	size_t semicolon = span_rfind(body, ';');
	if (date_parse(body, &epoch) ||
	    (semicolon < body.n && date_parse(span_sub(body, semicolon + 1, body.n), &epoch))) {
		(void)str_printf(&line, "%" PRId64, epoch);
		print(j, str_span(&line));
	}
	str_free(&line);
}

static void print_parameter(job *j, span body)
{
	arena mem = arena_new((size_t)64 << 20);
	param_list list;
	const param *found = NULL;
	if (param_parse(body, &mem, &list))
		found = param_get(&list, j->parameter);
	if (found) {
		str text = str_new(PARAM_VALUE_MAX * 4);
		param_text(found, &j->opener, &text);
		print(j, str_span(&text));
		str_free(&text);
	}
	arena_free(&mem);
}

static void print_field(job *j, const header_field *field)
{
	j->name = field->name;
	if (j->form == 'A')
		print_addresses(j, field->body);
	else if (j->form == 'D')
		print_date(j, field->body);
	else if (j->form == 'P')
		print_parameter(j, field->body);
	else
		print_decoded(j, field->body);
}

static int read_header(job *j, const edit *e)
{
	for (size_t a = 0; a < j->n; a++)
		for (size_t i = 0; i < e->n; i++)
			if (span_eqi(e->fields[i].field.name, j->actions[a].name))
				print_field(j, &e->fields[i].field);
	if (j->n == 0)
		for (size_t i = 0; i < e->n; i++)
			print_field(j, &e->fields[i].field);
	return j->printed || j->n == 0 ? EX_OK : EX_NOMATCH;
}

/* ---- editing */

static int apply(const job *j, const action *a, edit *e)
{
	str text = str_new(a->value.n * 16 + 1024);
	enum field_result result = FIELD_OK;
	if (a->option == 'd')
		(void)edit_delete(e, a->name);
	else
		result = field_write(a->name, a->value, false, &j->opener, &text);
	if (result == FIELD_ASCII_ONLY)
		warn("%.*s can hold ASCII only", SPAN_FMT(a->name));
	else if (result == FIELD_TOO_LONG)
		warn("%.*s: a word is too long for a line", SPAN_FMT(a->name));
	else if (a->option == 'a')
		edit_append(e, str_span(&text));
	else if (a->option == 'i')
		edit_insert(e, str_span(&text));
	else if (a->option == 's')
		edit_set(e, a->name, str_span(&text));
	str_free(&text);
	return result == FIELD_OK ? EX_OK : EX_USAGE;
}

static void put(void *arg, span octets)
{
	out_put(arg, octets);
}

static int edit_header(job *j, edit *e)
{
	for (size_t i = 0; i < j->n; i++)
		if (apply(j, j->actions + i, e) != EX_OK)
			return EX_USAGE;
	edit_write(e, put, &j->o);
	out_put(&j->o, e->tail);
	return EX_OK;
}

/* ---- arguments */

static void add_action(job *j, int option, const char *argument)
{
	action a = {.option = option, .name = span_str(argument), .value = S("")};
	if (option != 'x' && option != 'd') {
		a.value = a.name;
		a.name = span_cut(&a.value, ':');
		if (a.name.p + a.name.n == argument + strlen(argument))
			die(EX_USAGE, "-%c takes 'Field: value'", option);
	}
	if (!field_name_ok(a.name))
		die(EX_USAGE, "-%c: this is no name of a field", option);
	if (span_find(a.value, '\n') < a.value.n || span_find(a.value, '\r') < a.value.n)
		die(EX_USAGE, "-%c: a value is one line", option);
	if (!utf8_valid(a.value))
		die(EX_USAGE, "-%c: the value is not UTF-8", option);
	j->actions = xrealloc(j->actions, j->n + 1, sizeof a);
	j->actions[j->n++] = a;
}

static void options(job *j, int argc, char **argv)
{
	static const struct option names[] = {{"extract", required_argument, NULL, 'x'},
					      {"append", required_argument, NULL, 'a'},
					      {"insert", required_argument, NULL, 'i'},
					      {"set", required_argument, NULL, 's'},
					      {"delete", required_argument, NULL, 'd'},
					      {"addresses", no_argument, NULL, 'A'},
					      {"date", no_argument, NULL, 'D'},
					      {"parameter", required_argument, NULL, 'P'},
					      {"json", no_argument, NULL, 'j'},
					      {"help", no_argument, NULL, 'h'},
					      {NULL, 0, NULL, 0}};
	bool reads = false, edits = false;
	int c;
	while ((c = getopt_long(argc, argv, "x:a:i:s:d:ADP:jh", names, NULL)) != -1) {
		if (c == 'h') {
			(void)fputs(usage_text, stdout);
			exit(fflush(stdout) == 0 ? EX_OK : EX_IOERR);
		}
		if (c == '?' || (strchr("ADP", c) && j->form))
			misuse();
		if (c == 'j') {
			j->json = true;
		} else if (strchr("ADP", c)) {
			j->form = c;
			j->parameter = optarg;
		} else {
			reads = reads || c == 'x';
			edits = edits || c != 'x';
			add_action(j, c, optarg);
		}
	}
	if (optind < argc || (edits && (reads || j->json)) || (j->form && !reads))
		misuse();
}

static void confine(void)
{
	sandbox_path path = {conv_folder(), false};
	if (!sandbox_reader(&path, path.path != NULL))
		die_errno(EX_OSERR, "sandbox");
}

int main(int argc, char **argv)
{
	job j = {0};
	edit e;
	map m;
	proc_start(argv[0]);
	options(&j, argc, argv);
	if (!map_open(&m, 0, INT64_MAX))
		die_errno(EX_NOINPUT, "message");
	conv *converters = conv_new();
	j.opener = conv_opener(converters);
	j.terminal = isatty(1);
	out_open(&j.o, 1, PIECE);
	confine();
	edit_open(&e, m.octets);
	bool reads = j.json || (j.n && j.actions[0].option == 'x');
	int code = reads ? read_header(&j, &e) : edit_header(&j, &e);
	if (!out_flush(&j.o)) {
		warn_errno("standard output");
		code = EX_IOERR;
	}
	out_close(&j.o);
	edit_free(&e);
	free(j.actions);
	conv_free(converters);
	map_close(&m);
	return code;
}
