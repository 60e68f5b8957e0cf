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
#include "io/sniff.h"
#include "mail/code.h"
#include "mail/display.h"
#include "mail/filename.h"
#include "mail/param.h"
#include "mail/part.h"

enum {
	TREE_MAX = 256 << 20,  /* octets of the tree */
	INNER_MAX = 128 << 20, /* octets of an encoded message that is opened */
	INNER_DEPTH = 8,       /* encoded messages in encoded messages */
	PIECE = 65536,
	NUMBER_MAX = 2048,
	SNIFF_OCTETS = 65536,
};

enum format { TABLE, TSV, JSON };

typedef struct lister {
	enum format format;
	out o;
	charset_opener opener;
	sniff *magic;
	bool header; /* of the table was written */
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

/* ---- decoding */

typedef void piece_fn(void *arg, span decoded);

/* The decoded octets of a leaf, or of a container as they stand, in pieces: memory stays flat. */
static void decode(const part *p, piece_fn *each, void *arg)
{
	char *buf = xmalloc(decoder_room(PIECE));
	span rest = p->body;
	decoder d;
	decoder_init(&d, p->kind == PART_LEAF ? p->encoding : PART_BINARY);
	while (rest.n) {
		span piece = span_sub(rest, 0, PIECE);
		rest = span_sub(rest, PIECE, rest.n);
		each(arg, span_of(buf, decoder_put(&d, piece, buf)));
	}
	each(arg, span_of(buf, decoder_end(&d, buf)));
	free(buf);
}

static void write_piece(void *arg, span decoded)
{
	out_put(arg, decoded);
}

static void keep_piece(void *arg, span decoded)
{
	(void)str_put(arg, decoded);
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

/* The name of Content-Disposition before the one of Content-Type (RFC 2183, 2.3). */
static void read_fields(const part *p, const charset_opener *opener, row *r)
{
	arena a = arena_new(1 << 20);
	param_list list;
	span body;
	const param *name = NULL, *charset;
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

static void read_octets(const part *p, sniff *magic, row *r)
{
	static const char hex[] = "0123456789abcdef";
	unsigned char sum[DIGEST_SHA256];
	measure m = {.sum = digest_begin(), .front = str_new(SNIFF_OCTETS)};
	if (!m.sum)
		die(EX_TEMPFAIL, "no SHA-256");
	decode(p, measure_piece, &m);
	if (!digest_end(m.sum, sum))
		die(EX_TEMPFAIL, "no SHA-256");
	for (size_t i = 0; i < sizeof sum; i++) {
		r->sha256[2 * i] = hex[sum[i] >> 4];
		r->sha256[2 * i + 1] = hex[sum[i] & 15];
	}
	r->sha256[2 * sizeof sum] = 0;
	r->octets = m.octets;
	sniff_type(magic, str_span(&m.front), &r->sniffed);
	str_free(&m.front);
}

static void row_init(row *r)
{
	*r = (row){.number = str_new(NUMBER_MAX),
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

static void list_part(lister *l, const part_tree *t, uint32_t index, span prefix)
{
	const part *p = t->parts + index;
	row r;
	row_init(&r);
	(void)str_put(&r.number, prefix);
	size_t before = r.number.n;
	part_number(t, index, &r.number);
	if (r.number.n > before) {
		put_lower(p->type, &r.type);
		(void)str_putc(&r.type, '/');
		put_lower(p->subtype, &r.type);
		r.encoding = code_name(p->encoding);
		read_fields(p, &l->opener, &r);
		read_octets(p, l->magic, &r);
		if (l->format == JSON)
			json_row(&l->o, &r);
		else if (l->format == TSV)
			tsv_row(&l->o, &r);
		else
			table_row(l, &r);
	}
	row_free(&r);
}

static bool parse(span message, arena *a, part_tree *t)
{
	*a = arena_new(TREE_MAX);
	if (part_parse(message, a, t))
		return true;
	warn("too many parts");
	return false;
}

/* A multipart that is a message's body has no number of its own: its number is the message's. */
static bool has_row(const part_tree *t, uint32_t index)
{
	const part *p = t->parts + index;
	return p->kind != PART_MULTIPART ||
	       (p->parent != PART_NONE && t->parts[p->parent].kind == PART_MULTIPART);
}

static void list_message(lister *l, span message, span prefix, unsigned depth)
{
	arena a;
	part_tree t;
	bool done = parse(message, &a, &t);
	for (uint32_t i = 0; done && i < t.count; i++) {
		const part *p = t.parts + i;
		if (has_row(&t, i))
			list_part(l, &t, i, prefix);
		if (p->kind == PART_LEAF && p->encoding != PART_UNKNOWN && depth < INNER_DEPTH &&
		    part_type_is(p, "message", "rfc822")) {
			str inner = str_new(INNER_MAX), number = str_new(NUMBER_MAX);
			(void)str_put(&number, prefix);
			part_number(&t, i, &number);
			(void)str_putc(&number, '.');
			decode(p, keep_piece, &inner);
			list_message(l, str_span(&inner), str_span(&number), depth + 1);
			str_free(&number);
			str_free(&inner);
		}
	}
	arena_free(&a);
}

/* ---- one, or all */

static bool glob_match(const char *pattern, const part *p, const row *r)
{
	str type = str_new(1024);
	put_lower(p->type, &type);
	(void)str_putc(&type, '/');
	put_lower(p->subtype, &type);
	bool match = fnmatch(pattern, str_cstr(&type), 0) == 0 ||
		     (r->name.n && fnmatch(pattern, str_cstr(&r->name), FNM_CASEFOLD) == 0);
	str_free(&type);
	return match;
}

static int write_parts(span message, const char *wanted, const charset_opener *opener, out *o)
{
	arena a;
	part_tree t;
	size_t found = 0;
	if (!parse(message, &a, &t))
		return EX_DATAERR;
	uint32_t one = part_by_number(&t, span_str(wanted));
	if (one != PART_NONE) {
		decode(t.parts + one, write_piece, o);
		found++;
	}
	for (uint32_t i = 0; one == PART_NONE && i < t.count; i++) {
		row r;
		row_init(&r);
		read_fields(t.parts + i, opener, &r);
		if (t.parts[i].kind != PART_MULTIPART && glob_match(wanted, t.parts + i, &r)) {
			decode(t.parts + i, write_piece, o);
			found++;
		}
		row_free(&r);
	}
	arena_free(&a);
	if (!found)
		warn("no part %s", wanted);
	return found ? EX_OK : EX_NOMATCH;
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

static bool save_part(const part_tree *t, uint32_t index, int dir, const char *path,
		      const charset_opener *opener, out *list)
{
	const part *p = t->parts + index;
	str number = str_new(NUMBER_MAX), fallback = str_new(NUMBER_MAX), name = str_new(4096),
	    made = str_new(4096);
	out file;
	row r;
	row_init(&r);
	read_fields(p, opener, &r);
	part_number(t, index, &number);
	(void)str_printf(&fallback, "part-%s", str_cstr(&number));
	(void)str_put(&fallback, filename_extension(p->type, p->subtype));
	filename_safe(str_span(&r.name), str_span(&fallback), &name);
	int fd = create(dir, str_span(&name), &made);
	bool done = fd >= 0;
	if (done) {
		out_open(&file, fd, PIECE);
		decode(p, write_piece, &file);
		done = out_flush(&file);
		done = close(fd) == 0 && done;
		out_close(&file);
	}
	if (done)
		out_printf(list, "%s/%s\n", path, str_cstr(&made));
	else
		warn_errno("%s/%s", path, str_cstr(&name));
	str *all[] = {&number, &fallback, &name, &made};
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		str_free(all[i]);
	row_free(&r);
	return done;
}

static int save_parts(span message, const char *path, const charset_opener *opener, out *o)
{
	arena a;
	part_tree t;
	int dir = file_open_dir(AT_FDCWD, path), code = EX_OK;
	if (dir < 0) {
		warn_errno("%s", path);
		return EX_CANTCREAT;
	}
	if (!parse(message, &a, &t))
		return EX_DATAERR;
	for (uint32_t i = 0; i < t.count && code == EX_OK; i++)
		if (t.parts[i].kind == PART_LEAF && !save_part(&t, i, dir, path, opener, o))
			code = EX_CANTCREAT;
	arena_free(&a);
	(void)close(dir);
	return code;
}

/* ---- removing */

/* From the delimiter line before the part up to the next one. */
static int remove_part(span message, const char *number, out *o)
{
	arena a;
	part_tree t;
	if (!parse(message, &a, &t))
		return EX_DATAERR;
	uint32_t index = part_by_number(&t, span_str(number));
	const part *p = index == PART_NONE ? NULL : t.parts + index;
	const part *parent = p && p->parent != PART_NONE ? t.parts + p->parent : NULL;
	int code = EX_OK;
	if (!p) {
		warn("no part %s", number);
		code = EX_NOMATCH;
	} else if (!parent || parent->kind != PART_MULTIPART ||
		   (p->number == 1 && p->next == PART_NONE)) {
		warn("part %s is all that its container holds: it cannot be removed", number);
		code = EX_DATAERR;
	} else {
		size_t from = (size_t)(p->header.p - message.p);
		size_t to = (size_t)(p->body.p + p->body.n - message.p);
		from = from ? span_rfind(span_sub(message, 0, from - 1), '\n') + 1 : 0;
		to += span_find(span_sub(message, to, message.n), '\n') + 1;
		out_put(o, span_sub(message, 0, from));
		out_put(o, span_sub(message, to, message.n));
	}
	arena_free(&a);
	return code;
}

/* ---- */

static int list(span message, enum format format, const charset_opener *opener, out *o)
{
	lister l = {.format = format, .o = *o, .opener = *opener, .magic = sniff_open()};
	if (!l.magic) {
		warn_errno("libmagic");
		return EX_OSERR;
	}
	list_message(&l, message, S(""), 0);
	*o = l.o;
	sniff_close(l.magic);
	return EX_OK;
}

int main(int argc, char **argv)
{
	static const struct option names[] = {{"tsv", no_argument, NULL, 'T'},
					      {"json", no_argument, NULL, 'j'},
					      {"part", required_argument, NULL, 'p'},
					      {"directory", required_argument, NULL, 'd'},
					      {"remove", required_argument, NULL, 'r'},
					      {"help", no_argument, NULL, 'h'},
					      {NULL, 0, NULL, 0}};
	enum format format = TABLE;
	const char *argument = NULL;
	int c, action = 0, code;
	map m;
	out o;
	proc_start(argv[0]);
	while ((c = getopt_long(argc, argv, "Tjp:d:r:h", names, NULL)) != -1) {
		if (c == 'h') {
			(void)fputs(usage_text, stdout);
			return fflush(stdout) == 0 ? EX_OK : EX_IOERR;
		}
		if (c == 'T' || c == 'j')
			format = c == 'T' ? TSV : JSON;
		else if (c == '?' || action)
			misuse();
		else
			action = c, argument = optarg;
	}
	if (optind < argc)
		misuse();
	if (!map_open(&m, 0, INT64_MAX))
		die_errno(EX_NOINPUT, "message");
	conv *converters = conv_new();
	charset_opener opener = conv_opener(converters);
	out_open(&o, 1, PIECE);
	if (action == 'p')
		code = write_parts(m.octets, argument, &opener, &o);
	else if (action == 'd')
		code = save_parts(m.octets, argument, &opener, &o);
	else if (action == 'r')
		code = remove_part(m.octets, argument, &o);
	else
		code = list(m.octets, format, &opener, &o);
	if (!out_flush(&o)) {
		warn_errno("standard output");
		code = EX_IOERR;
	}
	out_close(&o);
	conv_free(converters);
	map_close(&m);
	return code;
}
