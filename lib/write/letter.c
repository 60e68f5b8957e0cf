#include "write/letter.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "io/clock.h"
#include "io/out.h"
#include "mail/compose.h"
#include "mail/date.h"
#include "mail/display.h"
#include "mail/envelope.h"
#include "mail/html.h"
#include "mail/trace.h"
#include "mail/utf8.h"

enum {
	MEM_MAX = 1 << 30,
	TEXT_MAX = 256 << 20,
	HEADER_MAX = 16 << 20,
	PROBLEM_MAX = 8192,
	PATH_ROOM = 4096,
	PIECE = 65536,
};

void letter_open(letter *l, const charset_opener *opener, span host, bool eight_bit)
{
	l->mem = arena_new(MEM_MAX);
	draft_init(&l->d, &l->mem);
	l->opener = opener;
	l->host = host;
	l->eight_bit = eight_bit;
	cargo_init(&l->goods, eight_bit);
	l->input = (span){NULL, 0};
	l->html = l->from = S("");
	l->problem = str_new(PROBLEM_MAX);
	l->code = EX_OK;
}

void letter_close(letter *l)
{
	cargo_free(&l->goods);
	arena_free(&l->mem);
	str_free(&l->problem);
}

void letter_read(letter *l, span text)
{
	l->html = S("");
	arena_reset(&l->mem);
	draft_init(&l->d, &l->mem);
	draft_read(&l->d, text, l->opener);
}

/* ---- judged */

static void wrong(letter *l, int code, const char *text, span detail)
{
	if (l->problem.n)
		return;
	l->code = code;
	display_safe(detail, true, &l->problem);
	(void)str_put(&l->problem, span_str(text));
}

static void ignore(void *arg, const addr *a, span name)
{
	(void)arg, (void)a, (void)name;
}

static void check_fields(letter *l)
{
	static const char *const lists[] = {"From", "Sender", "Reply-To", "To", "Cc", "Bcc"};
	str header = str_new(HEADER_MAX);
	span bad = S("");
	arena mem = arena_new(MEM_MAX);
	enum field_result result = draft_fields(&l->d, true, l->opener, &header, &bad);
	if (result == FIELD_TOO_LONG)
		wrong(l, EX_DATAERR, ": a word is too long for a line", bad);
	else if (result != FIELD_OK)
		wrong(l, EX_DATAERR, ": this field cannot hold that", bad);
	for (size_t i = 0; i < l->d.n; i++)
		for (size_t k = 0; k < sizeof lists / sizeof *lists; k++)
			if (span_eqi(l->d.fields[i].name, span_str(lists[k])) &&
			    !addr_list(l->d.fields[i].value, &mem, ENVELOPE_RCPT_MAX, ignore, NULL))
				wrong(l, EX_DATAERR, ": this is no list of addresses",
				      l->d.fields[i].name);
	arena_free(&mem);
	str_free(&header);
}

/* HTML goes out as UTF-8; the text beside it is made of it where there is no other. */
static void load_html(letter *l, span path)
{
	cargo *g = &l->goods;
	size_t before = g->count;
	if (cargo_file(g, path, S("text/html"), S(""))) {
		span octets = g->parts[before].octets;
		str utf8 = str_new(TEXT_MAX), text = str_new(TEXT_MAX);
		(void)charset_text(l->opener, html_charset(octets), octets, &utf8);
		l->html = arena_dup(&l->mem, str_span(&utf8));
		if (!span_trim(l->d.body).n) {
			html_text(str_span(&utf8), STORED_COLUMNS, &text);
			draft_set_body(&l->d, str_span(&text));
		}
		l->d.over = l->d.over || utf8.over || !l->html.p;
		str_free(&utf8);
		str_free(&text);
	}
	while (g->count > before)
		map_close(&g->maps[--g->count]);
}

static void load(letter *l, const draft_field *f)
{
	cargo *g = &l->goods;
	span path = f->value, number;
	str_clear(&g->problem);
	if (span_eqi(f->name, S("Attach"))) {
		(void)cargo_file(g, path, S(""), S(""));
	} else if (span_eqi(f->name, S("Attach-Html"))) {
		load_html(l, path);
	} else if (span_eqi(f->name, S("Attach-Message"))) {
		(void)cargo_message(g, path);
	} else {
		number = span_cut(&path, ' ');
		(void)cargo_part(g, number, span_trim(path));
	}
	if (g->problem.n)
		wrong(l, EX_NOINPUT, "", str_span(&g->problem));
}

void letter_check(letter *l, bool recipients)
{
	static const char *const to[] = {"To", "Cc", "Bcc"};
	bool any = false;
	str_clear(&l->problem);
	if (!draft_get(&l->d, "From").n)
		draft_set(&l->d, "From", l->from);
	cargo_free(&l->goods);
	cargo_init(&l->goods, l->eight_bit);
	l->goods.input = l->input;
	if (l->d.bad_line)
		wrong(l, EX_DATAERR, "the header has a line that is no field", S(""));
	if (l->d.not_utf8)
		wrong(l, EX_DATAERR, "the text is not UTF-8: iconv(1) converts it", S(""));
	check_fields(l);
	for (size_t i = 0; i < sizeof to / sizeof *to; i++)
		any = any || draft_get(&l->d, to[i]).n;
	if (recipients && !any)
		wrong(l, EX_DATAERR, "it is to nobody", S(""));
	for (size_t i = 0; i < l->d.n; i++)
		if (draft_is_local(l->d.fields[i].name))
			load(l, l->d.fields + i);
	if (l->d.over)
		wrong(l, EX_DATAERR, "it is too long, or has too many fields", S(""));
}

bool letter_lacks(const letter *l)
{
	return l->goods.count == 0 && draft_mentions(l->d.body);
}

/* ---- written */

static bool random_token(str *to)
{
	uint64_t r[2];
	if (getrandom(r, sizeof r, 0) != sizeof r)
		return false;
	return str_printf(to, "%016" PRIx64 "%016" PRIx64, r[0], r[1]);
}

static void set_missing(draft *d, const char *prefix, const char *name, span value)
{
	char whole[32];
	(void)snprintf(whole, sizeof whole, "%s%s", prefix, name);
	if (!draft_get(d, whole).n)
		draft_set(d, whole, value);
}

/* Date and Message-ID (RFC 5322, 3.6.1 and 3.6.4), where the draft does not have them. */
static bool stamp(const letter *l, const char *prefix, draft *d)
{
	char date[DATE_ROOM];
	int64_t now = clock_now();
	str token = str_new(64), unique = str_new(128), id = str_new(512);
	bool done = random_token(&token);
	(void)str_printf(&unique, "%" PRIx64 ".%.16s", (uint64_t)now, str_cstr(&token));
	trace_message_id(str_span(&unique), l->host, &id);
	date_write(now, date_local_zone(now), date);
	set_missing(d, prefix, "Date", span_str(date));
	set_missing(d, prefix, "Message-ID", str_span(&id));
	str_free(&token);
	str_free(&unique);
	str_free(&id);
	return done;
}

static void put(void *arg, span octets)
{
	out_put(arg, octets);
}

static bool write_message(const compose *m, int fd)
{
	out o;
	out_open(&o, fd, PIECE);
	compose_write(m, put, &o);
	bool done = out_flush(&o);
	int error = errno;
	out_close(&o);
	errno = error;
	return done;
}

static bool write_draft(const letter *l, const draft *d, bool kept, int fd)
{
	str header = str_new(HEADER_MAX), token = str_new(64);
	span bad;
	compose m = {.text = d->body, .html = S(""), .eight_bit = kept || l->eight_bit};
	bool done = draft_fields(d, kept, l->opener, &header, &bad) == FIELD_OK && !d->over;
	errno = 0;
	done = done && random_token(&token);
	m.fields = str_span(&header);
	m.token = str_span(&token);
	if (!kept) {
		m.html = l->html;
		m.parts = l->goods.parts;
		m.count = l->goods.count;
	}
	done = done && write_message(&m, fd);
	str_free(&header);
	str_free(&token);
	return done;
}

bool letter_write(const letter *l, int fd)
{
	draft whole = l->d;
	return stamp(l, "", &whole) && write_draft(l, &whole, false, fd);
}

/* The path of a local field as it holds in every folder. */
static void settle_path(draft *d, draft_field *f)
{
	span path = f->value, number = S("");
	if (span_eqi(f->name, S("Attach-Part")))
		number = span_cut(&path, ' ');
	char *file = cargo_path(d->mem, span_trim(path));
	char *real = file ? realpath(file, NULL) : NULL;
	str value = str_new(PATH_ROOM * 2);
	(void)str_put(&value, number);
	(void)str_put(&value, number.n ? S(" ") : S(""));
	(void)str_put(&value, span_str(real));
	span kept = real ? arena_dup(d->mem, str_span(&value)) : (span){NULL, 0};
	if (kept.p)
		f->value = kept;
	str_free(&value);
	free(real);
}

bool letter_write_draft(letter *l, int fd)
{
	if (l->d.bad_line || l->d.not_utf8)
		return false;
	for (size_t i = 0; i < l->d.n; i++)
		if (draft_is_local(l->d.fields[i].name))
			settle_path(&l->d, l->d.fields + i);
	return write_draft(l, &l->d, true, fd);
}

static bool resent_block(letter *l, str *to)
{
	static const char *const names[][2] = {{"Resent-From", "From"},
					       {"Resent-To", "To"},
					       {"Resent-Cc", "Cc"},
					       {"Resent-Bcc", "Bcc"}};
	span bad;
	draft block;
	draft_init(&block, &l->mem);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		draft_set(&block, names[i][0], draft_get(&l->d, names[i][1]));
	return stamp(l, "Resent-", &block) &&
	       draft_fields(&block, false, l->opener, to, &bad) == FIELD_OK;
}

bool letter_write_again(letter *l, const stored *s, int fd)
{
	out o;
	str fields = str_new(HEADER_MAX);
	size_t lf = span_find(s->octets, '\n');
	bool crlf = lf > 0 && lf < s->octets.n && s->octets.p[lf - 1] == '\r';
	errno = 0;
	bool done = resent_block(l, &fields);
	out_open(&o, fd, PIECE);
	for (span rest = str_span(&fields); done && rest.n;) {
		out_put(&o, span_cut(&rest, '\n'));
		out_puts(&o, crlf ? "\r\n" : "\n");
	}
	if (done)
		out_put(&o, s->octets);
	done = out_flush(&o) && done;
	out_close(&o);
	str_free(&fields);
	return done;
}
