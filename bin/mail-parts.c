/* mail-parts(1): the parts of a message: listed, written, saved, removed. */
#include <fnmatch.h>
#include <getopt.h>
#include <sysexits.h>

#include "base/die.h"
#include "base/status.h"
#include "base/text.h"
#include "io/conv.h"
#include "io/digest.h"
#include "io/file.h"
#include "io/map.h"
#include "io/out.h"
#include "io/proc.h"
#include "io/sandbox.h"
#include "io/sniff.h"
#include "mail/display.h"
#include "mail/filename.h"
#include "mail/item.h"
#include "mail/param.h"
#include "mail/part.h"

enum {
	TREE_MAX = 256 << 20, /* octets of the tree */
	PIECE = 65536,
	SNIFF_OCTETS = 65536,
	SNIFF_PARTS = 2000, /* libmagic takes half a millisecond for each */
};

enum format { TABLE, TSV, JSON };

typedef struct lister {
	enum format format;
	out o;
	charset_opener opener;
	sniff *magic;
	bool header; /* of the table was written */
	size_t sniffs;
} lister;

/* What is told of a part; all text is UTF-8. */
typedef struct row {
	str number, type, sniffed, disposition, name, charset;
	span encoding;
	uint64_t octets;
	char sha256[2 * DIGEST_SHA256 + 1];
} row;

static const char usage_text[] =
    "usage: mail-parts [-T | -j | -p N|GLOB | -d DIR | -r N] <message\n";

static _Noreturn void misuse(void)
{
	(void)fputs(usage_text, stderr);
	exit(EX_USAGE);
}

static int walk_all(span message, item_fn *each, void *arg)
{
	unsigned problems = item_walk(message, each, arg);
	if (problems & ITEM_TOO_MANY)
		warn("too many parts");
	if (problems & ITEM_TOO_LARGE)
		warn("an encoded message is too large to be taken apart");
	return problems ? EX_DATAERR : EX_OK;
}

static void write_piece(void *arg, span decoded)
{
	out_put(arg, decoded);
}

typedef struct measure {
	digest *sum;
	str front;
	uint64_t octets;
} measure;

static void measure_piece(void *arg, span decoded)
{
	measure *m = arg;
	digest_put(m->sum, decoded);
	m->octets += decoded.n;
	(void)str_put(&m->front, span_sub(decoded, 0, SNIFF_OCTETS - m->front.n));
}

/* ---- what is told of a part */

static void put_lower(span s, str *to)
{
	for (size_t i = 0; i < s.n; i++)
		(void)str_putc(to, ascii_lower(s.p[i]));
}

static void read_type(const item *i, str *to)
{
	put_lower(i->uu ? S("application") : i->part->type, to);
	(void)str_putc(to, '/');
	put_lower(i->uu ? S("octet-stream") : i->part->subtype, to);
}

/* The name of Content-Disposition before the one of Content-Type (RFC 2183, 2.3). */
static void read_fields(const item *i, const charset_opener *opener, row *r)
{
	arena a = arena_new(1 << 20);
	param_list list;
	span body;
	const part *p = i->part;
	const param *name = NULL, *charset;
	if (i->uu) {
		(void)charset_text(opener, S(""), i->name, &r->name);
		return;
	}
	if (part_field(p, "Content-Disposition", &body) && param_parse(body, &a, &list)) {
		put_lower(list.main, &r->disposition);
		if ((name = param_get(&list, "filename")))
			param_text(name, opener, &r->name);
	}
	arena_reset(&a);
	if (p->content_type.n && param_parse(p->content_type, &a, &list)) {
		const param *other = param_get(&list, "name");
		if (!name && other)
			param_text(other, opener, &r->name);
		if ((charset = param_get(&list, "charset")))
			put_lower(charset->value, &r->charset);
	}
	arena_free(&a);
}

static void read_octets(lister *l, const item *i, row *r)
{
	static const char hex[] = "0123456789abcdef";
	unsigned char sum[DIGEST_SHA256];
	measure m = {.sum = digest_begin(), .front = str_new(SNIFF_OCTETS)};
	if (!m.sum)
		die(EX_TEMPFAIL, "no SHA-256");
	code_pieces(i->encoding, i->octets, measure_piece, &m);
	if (!digest_end(m.sum, sum))
		die(EX_TEMPFAIL, "no SHA-256");
	for (size_t k = 0; k < sizeof sum; k++) {
		r->sha256[2 * k] = hex[sum[k] >> 4];
		r->sha256[2 * k + 1] = hex[sum[k] & 15];
	}
	r->sha256[2 * sizeof sum] = 0;
	r->octets = m.octets;
	if (l->format != TABLE && l->sniffs++ < SNIFF_PARTS)
		sniff_type(l->magic, str_span(&m.front), &r->sniffed);
	str_free(&m.front);
}

static void row_init(row *r)
{
	*r = (row){.number = str_new(ITEM_NUMBER_MAX),
		   .type = str_new(1024),
		   .sniffed = str_new(1024),
		   .disposition = str_new(1024),
		   .name = str_new(PARAM_VALUE_MAX * 4),
		   .charset = str_new(1024)};
}

static void row_free(row *r)
{
	str *all[] = {&r->number, &r->type, &r->sniffed, &r->disposition, &r->name, &r->charset};
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		str_free(all[i]);
}

/* ---- listing */

static void put_json(out *o, const char *key, span value)
{
	str text = str_new(value.n * 6 + 64);
	text_json(value, &text);
	out_printf(o, "\"%s\":", key);
	out_put(o, str_span(&text));
	out_putc(o, ',');
	str_free(&text);
}

static void json_row(out *o, const row *r)
{
	out_putc(o, '{');
	put_json(o, "part", str_span(&r->number));
	put_json(o, "type", str_span(&r->type));
	put_json(o, "sniffed", str_span(&r->sniffed));
	put_json(o, "disposition", str_span(&r->disposition));
	put_json(o, "name", str_span(&r->name));
	put_json(o, "charset", str_span(&r->charset));
	put_json(o, "encoding", r->encoding);
	out_printf(o, "\"octets\":%" PRIu64 ",\"sha256\":\"%s\"}\n", r->octets, r->sha256);
}

static void tsv_row(out *o, const row *r)
{
	const span fields[] = {str_span(&r->number),
			       str_span(&r->type),
			       str_span(&r->sniffed),
			       str_span(&r->disposition),
			       str_span(&r->name),
			       str_span(&r->charset),
			       r->encoding};
	str text = str_new(PARAM_VALUE_MAX * 8);
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
		text_tsv(fields[i], &text);
		(void)str_putc(&text, '\t');
	}
	out_put(o, str_span(&text));
	out_printf(o, "%" PRIu64 "\t%s\n", r->octets, r->sha256);
	str_free(&text);
}

static void put_column(out *o, span text, size_t width)
{
	str safe = str_new(text.n * 3 + 1);
	display_safe(text, true, &safe);
	size_t columns = display_width(str_span(&safe));
	out_put(o, str_span(&safe));
	do
		out_putc(o, ' ');
	while (++columns <= width);
	str_free(&safe);
}

static void table_row(lister *l, const row *r)
{
	str name = str_new(r->name.n * 3 + 1);
	if (!l->header)
		out_puts(&l->o, "PART     TYPE                      DISPOSITION CHARSET      "
				"ENCODING             OCTETS  NAME\n");
	l->header = true;
	put_column(&l->o, str_span(&r->number), 8);
	put_column(&l->o, str_span(&r->type), 25);
	put_column(&l->o, str_span(&r->disposition), 11);
	put_column(&l->o, str_span(&r->charset), 12);
	put_column(&l->o, r->encoding, 16);
	out_printf(&l->o, "%10" PRIu64 "  ", r->octets);
	display_safe(str_span(&r->name), true, &name);
	out_put(&l->o, str_span(&name));
	out_putc(&l->o, '\n');
	str_free(&name);
}

static bool list_item(void *arg, const item *i)
{
	lister *l = arg;
	row r;
	row_init(&r);
	(void)str_put(&r.number, i->number);
	read_type(i, &r.type);
	r.encoding = code_name(i->uu ? PART_UUENCODE : i->part->encoding);
	read_fields(i, &l->opener, &r);
	read_octets(l, i, &r);
	if (l->format == JSON)
		json_row(&l->o, &r);
	else if (l->format == TSV)
		tsv_row(&l->o, &r);
	else
		table_row(l, &r);
	row_free(&r);
	return true;
}

/* ---- one, or all */

typedef struct writer {
	const char *wanted;
	const charset_opener *opener;
	out *o;
	size_t found;
} writer;

static bool write_numbered(void *arg, const item *i)
{
	writer *w = arg;
	if (!span_eq(i->number, span_str(w->wanted)))
		return true;
	code_pieces(i->encoding, i->octets, write_piece, w->o);
	w->found++;
	return false;
}

static bool write_matching(void *arg, const item *i)
{
	writer *w = arg;
	row r;
	row_init(&r);
	read_type(i, &r.type);
	read_fields(i, w->opener, &r);
	if (i->part->kind != PART_MULTIPART &&
	    (fnmatch(w->wanted, str_cstr(&r.type), 0) == 0 ||
	     (r.name.n && fnmatch(w->wanted, str_cstr(&r.name), FNM_CASEFOLD) == 0))) {
		code_pieces(i->encoding, i->octets, write_piece, w->o);
		w->found++;
	}
	row_free(&r);
	return true;
}

static int write_parts(span message, const char *wanted, const charset_opener *opener, out *o)
{
	writer w = {.wanted = wanted, .opener = opener, .o = o};
	bool number = ascii_digit((unsigned char)wanted[0]) &&
		      strspn(wanted, "0123456789.u") == strlen(wanted);
	int code = walk_all(message, number ? write_numbered : write_matching, &w);
	if (!w.found)
		warn("no part %s", wanted);
	return code != EX_OK ? code : w.found ? EX_OK : EX_NOMATCH;
}

/* A new file of that name, or of name-2, name-3 …: nothing is overwritten, no link followed. */
static int create(int dir, span name, str *made)
{
	for (unsigned i = 1; i < 10000; i++) {
		str_clear(made);
		if (i == 1)
			(void)str_put(made, name);
		else
			filename_numbered(name, i, made);
		int fd = openat(dir, str_cstr(made),
				O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);
		if (fd >= 0 || errno != EEXIST)
			return fd;
	}
	return -1;
}

typedef struct saver {
	int dir;
	const char *path;
	const charset_opener *opener;
	out *list;
	bool failed;
} saver;

/* The leaves; of a message that is taken apart its own leaves. */
static bool save_item(void *arg, const item *i)
{
	saver *s = arg;
	str fallback = str_new(ITEM_NUMBER_MAX), name = str_new(4096), made = str_new(4096);
	out file;
	row r;
	if (i->part->kind != PART_LEAF || i->opened)
		return true;
	row_init(&r);
	read_fields(i, s->opener, &r);
	(void)str_put(&fallback, S("part-"));
	(void)str_put(&fallback, i->number);
	(void)str_put(&fallback, filename_extension(i->part->type, i->part->subtype));
	filename_safe(str_span(&r.name), str_span(&fallback), &name);
	int fd = create(s->dir, str_span(&name), &made);
	bool done = fd >= 0;
	if (done) {
		out_open(&file, fd, PIECE);
		code_pieces(i->encoding, i->octets, write_piece, &file);
		done = out_flush(&file);
		done = close(fd) == 0 && done;
		out_close(&file);
	}
	if (done)
		out_printf(s->list, "%s/%s\n", s->path, str_cstr(&made));
	else
		warn_errno("%s/%s", s->path, str_cstr(&name));
	s->failed = !done;
	str *all[] = {&fallback, &name, &made};
	for (size_t k = 0; k < sizeof all / sizeof *all; k++)
		str_free(all[k]);
	row_free(&r);
	return done;
}

static int save_parts(span message, int dir, const char *path, const charset_opener *opener, out *o)
{
	saver s = {.dir = dir, .path = path, .opener = opener, .list = o};
	int code = walk_all(message, save_item, &s);
	return s.failed ? EX_CANTCREAT : code;
}

/* ---- removing */

/* Whether the number leads into what is encoded: taking something out would encode all of it anew. */
static bool is_encoded_away(const part_tree *t, const char *number)
{
	str own = str_new(ITEM_NUMBER_MAX);
	bool inside = false;
	for (uint32_t i = 0; i < t->count && !inside; i++) {
		str_clear(&own);
		part_number(t, i, &own);
		(void)str_putc(&own, '.');
		inside = t->parts[i].kind == PART_LEAF && own.n > 1 &&
			 span_starts(span_str(number), str_span(&own));
	}
	str_free(&own);
	return inside;
}

/* From the delimiter line before the part up to the next one. */
static void write_without(span message, const part *p, out *o)
{
	size_t from = (size_t)(p->header.p - message.p);
	size_t to = (size_t)(p->body.p + p->body.n - message.p);
	from = from ? span_rfind(span_sub(message, 0, from - 1), '\n') + 1 : 0;
	to += span_find(span_sub(message, to, message.n), '\n') + 1;
	out_put(o, span_sub(message, 0, from));
	out_put(o, span_sub(message, to, message.n));
}

static int remove_part(span message, const char *number, out *o)
{
	arena a = arena_new(TREE_MAX);
	part_tree t;
	int code = EX_DATAERR;
	if (!part_parse(message, &a, &t)) {
		warn("too many parts");
		arena_free(&a);
		return code;
	}
	uint32_t index = part_by_number(&t, span_str(number));
	const part *p = index == PART_NONE ? NULL : t.parts + index;
	const part *parent = p && p->parent != PART_NONE ? t.parts + p->parent : NULL;
	if (!p && is_encoded_away(&t, number)) {
		warn("part %s is encoded inside of another one: it cannot be removed", number);
	} else if (!p) {
		warn("no part %s", number);
		code = EX_NOMATCH;
	} else if (!parent || parent->kind != PART_MULTIPART ||
		   (p->number == 1 && p->next == PART_NONE)) {
		warn("part %s is all that its container holds: it cannot be removed", number);
	} else {
		write_without(message, p, o);
		code = EX_OK;
	}
	arena_free(&a);
	return code;
}

/* ---- */

static int list(span message, sniff *magic, enum format format, const charset_opener *opener,
		out *o)
{
	lister l = {.format = format, .o = *o, .opener = *opener, .magic = magic};
	int code = walk_all(message, list_item, &l);
	*o = l.o;
	return code;
}

typedef struct job {
	enum format format;
	int action; /* 0, 'p', 'd', 'r' */
	const char *argument;
	sniff *magic;
	int dir;
} job;

static job options(int argc, char **argv)
{
	static const struct option names[] = {{"tsv", no_argument, NULL, 'T'},
					      {"json", no_argument, NULL, 'j'},
					      {"part", required_argument, NULL, 'p'},
					      {"directory", required_argument, NULL, 'd'},
					      {"remove", required_argument, NULL, 'r'},
					      {"help", no_argument, NULL, 'h'},
					      {NULL, 0, NULL, 0}};
	job j = {.format = TABLE, .dir = -1};
	int c;
	while ((c = getopt_long(argc, argv, "Tjp:d:r:h", names, NULL)) != -1) {
		if (c == 'h') {
			(void)fputs(usage_text, stdout);
			exit(fflush(stdout) == 0 ? EX_OK : EX_IOERR);
		}
		if (c == 'T' || c == 'j')
			j.format = c == 'T' ? TSV : JSON;
		else if (c == '?' || j.action)
			misuse();
		else
			j.action = c, j.argument = optarg;
	}
	if (optind < argc)
		misuse();
	return j;
}

/* All that is opened, before anything of the message is looked at. */
static void prepare(job *j)
{
	sandbox_path paths[2];
	size_t n = 0;
	if (j->action == 0 && j->format != TABLE && !(j->magic = sniff_open()))
		die_errno(EX_OSERR, "libmagic");
	if (j->action == 'd' && (j->dir = file_open_dir(AT_FDCWD, j->argument)) < 0)
		die_errno(EX_CANTCREAT, "%s", j->argument);
	if (j->action == 'd')
		paths[n++] = (sandbox_path){j->argument, true};
	if (conv_folder())
		paths[n++] = (sandbox_path){conv_folder(), false};
	if (!sandbox_reader(paths, n))
		die_errno(EX_OSERR, "sandbox");
}

int main(int argc, char **argv)
{
	int code;
	map m;
	out o;
	proc_start(argv[0]);
	job j = options(argc, argv);
	if (!map_open(&m, 0, INT64_MAX))
		die_errno(EX_NOINPUT, "message");
	conv *converters = conv_new();
	charset_opener opener = conv_opener(converters);
	out_open(&o, 1, PIECE);
	prepare(&j);
	if (j.action == 'p')
		code = write_parts(m.octets, j.argument, &opener, &o);
	else if (j.action == 'd')
		code = save_parts(m.octets, j.dir, j.argument, &opener, &o);
	else if (j.action == 'r')
		code = remove_part(m.octets, j.argument, &o);
	else
		code = list(m.octets, j.magic, j.format, &opener, &o);
	if (!out_flush(&o)) {
		warn_errno("standard output");
		code = EX_IOERR;
	}
	out_close(&o);
	sniff_close(j.magic);
	conv_free(converters);
	map_close(&m);
	return code;
}
