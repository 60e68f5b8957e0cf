#include "maildir/line.h"

#include <string.h>
#include <time.h>

#include "base/text.h"
#include "mail/display.h"
#include "mail/subject.h"

enum { TEXT_MAX = 1 << 20, WIDTH_MAX = 10000, DEFAULT_INDENT = 1, DEPTH_SHOWN = 40 };

static const char letters[] = "MurdDbnfTsSiIRF%";

typedef struct piece {
	char letter; /* 0: octet is text */
	char octet;
	bool other_side;
	size_t width; /* 0: none */
} piece;

/* Takes one piece off the front; false where it is none. */
static bool next_piece(const char **format, piece *p)
{
	const char *at = *format;
	*p = (piece){.octet = *at};
	if (*at == '\\' && at[1]) {
		static const char from[] = "nt\\", to[] = "\n\t\\";
		const char *found = strchr(from, at[1]);
		if (!found)
			return false;
		p->octet = to[found - from];
		*format = at + 2;
		return true;
	}
	*format = at + 1;
	if (*at != '%')
		return true;
	at++;
	p->other_side = *at == '-';
	at += p->other_side;
	for (; ascii_digit((unsigned char)*at); at++) {
		p->width = p->width * 10 + (size_t)(*at - '0');
		if (p->width > WIDTH_MAX)
			return false;
	}
	p->letter = *at;
	*format = at + 1;
	return *at && strchr(letters, *at);
}

bool line_check(const char *format, size_t *column)
{
	const char *at = format;
	piece p;
	while (*at) {
		*column = display_width(span_of(format, (size_t)(at - format))) + 1;
		if (!next_piece(&at, &p))
			return false;
	}
	return true;
}

unsigned line_wants(const char *format)
{
	static const char needs[] = "fTsSdDI";
	static const enum summary_field fields[] = {SUMMARY_FROM,    SUMMARY_TO,   SUMMARY_SUBJECT,
						    SUMMARY_SUBJECT, SUMMARY_DATE, SUMMARY_DATE,
						    SUMMARY_ID};
	unsigned want = 0;
	piece p;
	while (*format && next_piece(&format, &p)) {
		const char *found = p.letter ? strchr(needs, p.letter) : NULL;
		if (found)
			want |= 1u << fields[found - needs];
	}
	return want;
}

/* At least `width` digits. */
static void put_number(uint64_t n, size_t width, str *to)
{
	char digits[20];
	size_t at = sizeof digits;
	while (n || sizeof digits - at < width) {
		digits[--at] = (char)('0' + n % 10);
		n /= 10;
	}
	(void)str_put(to, span_of(digits + at, sizeof digits - at));
}

static char *two_digits(int n, char *to)
{
	*to++ = (char)('0' + n / 10 % 10);
	*to++ = (char)('0' + n % 10);
	return to;
}

/* "2026-11-24 09:00", here. */
static void put_date(int64_t epoch, bool with_time, str *to)
{
	struct tm tm;
	time_t t = (time_t)epoch;
	char text[16], *at = text;
	if (!localtime_r(&t, &tm) || tm.tm_year < -1900 || tm.tm_year > 9999 - 1900)
		return;
	at = two_digits((tm.tm_year + 1900) / 100, at);
	at = two_digits((tm.tm_year + 1900) % 100, at);
	*at++ = '-';
	at = two_digits(tm.tm_mon + 1, at);
	*at++ = '-';
	at = two_digits(tm.tm_mday, at);
	if (with_time) {
		*at++ = ' ';
		at = two_digits(tm.tm_hour, at);
		*at++ = ':';
		at = two_digits(tm.tm_min, at);
	}
	(void)str_put(to, span_of(text, (size_t)(at - text)));
}

/* "312", "4.2k", "15M": at most four columns up to gigabytes. */
static void put_size(uint64_t n, str *to)
{
	static const char units[] = "kMGTPE";
	size_t unit = 0;
	if (n < 1000) {
		put_number(n, 1, to);
		return;
	}
	uint64_t tenths = n < UINT64_MAX / 10 ? n * 10 / 1024 : n / 1024 * 10;
	while (tenths >= 10000 && unit + 2 < sizeof units) {
		tenths /= 1024;
		unit++;
	}
	put_number(tenths / 10, 1, to);
	if (tenths < 100) {
		(void)str_putc(to, '.');
		put_number(tenths % 10, 1, to);
	}
	(void)str_putc(to, units[unit]);
}

static bool has(const summary *s, char letter)
{
	return (s->flags & name_flag(letter)) != 0;
}

static char unread_mark(const summary *s)
{
	if (has(s, 'T'))
		return 'x';
	if (has(s, 'F'))
		return '*';
	return has(s, 'S') ? ' ' : '.';
}

/* "DIR" of "DIR/cur/NAME". */
static span folder_of(span path)
{
	for (int i = 0; i < 2; i++)
		path = span_sub(path, 0, span_find(path, '/') < path.n ? span_rfind(path, '/') : 0);
	return path;
}

static void put_subject(const line_style *l, const summary *s, bool base, str *to)
{
	if (!base) {
		summary_text(s->fields[SUMMARY_SUBJECT], l->opener, to);
		return;
	}
	str text = str_new(TEXT_MAX);
	summary_text(s->fields[SUMMARY_SUBJECT], l->opener, &text);
	(void)str_put(to, subject_base(str_span(&text), NULL));
	str_free(&text);
}

static void put_blanks(size_t n, str *to)
{
	static const char blanks[] = "                                ";
	while (n) {
		size_t some = n < sizeof blanks - 1 ? n : sizeof blanks - 1;
		(void)str_put(to, span_of(blanks, some));
		n -= some;
	}
}

static void put_indent(const summary *s, size_t width, str *to)
{
	put_blanks((s->depth < DEPTH_SHOWN ? s->depth : DEPTH_SHOWN) * width, to);
}

static void put_flags(const summary *s, str *to)
{
	if (s->is_new)
		(void)str_putc(to, 'N');
	name_flags_put(s->flags, to);
}

static void put_value(const line_style *l, char letter, const summary *s, span path, size_t number,
		      str *to)
{
	if (letter == 'M')
		put_flags(s, to);
	else if (letter == 'u')
		(void)str_putc(to, unread_mark(s));
	else if (letter == 'r')
		(void)str_putc(to, has(s, 'R') ? '-' : has(s, 'P') ? ':' : ' ');
	else if (letter == 'd' || letter == 'D')
		put_date(s->date, letter == 'd', to);
	else if (letter == 'b')
		put_size(s->octets, to);
	else if (letter == 'n')
		(void)str_putu(to, number);
	else if (letter == 'f' || letter == 'T')
		summary_person(s->fields[letter == 'f' ? SUMMARY_FROM : SUMMARY_TO], l->opener,
			       l->mem, to);
	else if (letter == 's' || letter == 'S')
		put_subject(l, s, letter == 'S', to);
	else if (letter == 'I')
		summary_text(s->fields[SUMMARY_ID], l->opener, to);
	else if (letter == 'R' || letter == 'F')
		(void)str_put(to, letter == 'R' ? path : folder_of(path));
	else
		(void)str_putc(to, letter);
}

/* Printable ASCII shows itself: its octets are its columns. */
static bool simple(span s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < ' ' || (unsigned char)s.p[i] >= 0x7f)
			return false;
	return true;
}

/* What stands in `to` from `at` on becomes harmless. Most of it is. */
static void make_safe(size_t at, str *to)
{
	span text = span_sub(str_span(to), at, to->n);
	if (simple(text))
		return;
	str safe = str_new(TEXT_MAX);
	display_safe(text, true, &safe);
	str_cut(to, at);
	(void)str_put(to, str_span(&safe));
	str_free(&safe);
}

static void put_piece(const line_style *l, const piece *p, const summary *s, span path,
		      size_t number, str *to)
{
	size_t at = to->n;
	put_value(l, p->letter, s, path, number, to);
	make_safe(at, to);
	if (!p->width)
		return;
	span text = span_sub(str_span(to), at, to->n);
	bool right = (strchr("bn", p->letter) != NULL) != p->other_side;
	bool ascii = simple(text);
	text = ascii ? span_sub(text, 0, p->width) : display_fit(text, p->width);
	str_cut(to, at + text.n);
	size_t width = ascii ? text.n : display_width(text);
	size_t fill = width < p->width ? p->width - width : 0, n = text.n;
	put_blanks(fill, to);
	if (right && to->n == at + n + fill) {
		memmove(to->p + at + fill, to->p + at, n);
		memset(to->p + at, ' ', fill);
	}
}

void line_put(const line_style *l, const summary *s, span path, size_t number, str *to)
{
	const char *at = l->format;
	size_t from = to->n;
	piece p;
	while (*at && next_piece(&at, &p)) {
		if (p.letter == 'i')
			put_indent(s, p.width ? p.width : DEFAULT_INDENT, to);
		else if (p.letter)
			put_piece(l, &p, s, path, number, to);
		else
			(void)str_putc(to, p.octet);
	}
	span line = span_sub(str_span(to), from, to->n);
	if (l->columns && span_find(line, '\n') == line.n)
		str_cut(to, from + display_fit(line, l->columns).n);
}

/* ---- for programs */

static void tsv_text(span s, str *to)
{
	(void)str_putc(to, '\t');
	text_tsv(s, to);
}

void line_tsv(const line_style *l, const summary *s, span path, str *to)
{
	static const enum summary_field shown[] = {SUMMARY_FROM, SUMMARY_TO, SUMMARY_SUBJECT,
						   SUMMARY_ID};
	str text = str_new(TEXT_MAX);
	text_tsv(path, to);
	put_flags(s, &text);
	tsv_text(str_span(&text), to);
	(void)str_printf(to, "\t%lld\t%llu", (long long)s->date, (unsigned long long)s->octets);
	for (size_t i = 0; i < sizeof shown / sizeof *shown; i++) {
		str_clear(&text);
		summary_text(s->fields[shown[i]], l->opener, &text);
		tsv_text(str_span(&text), to);
	}
	(void)str_printf(to, "\t%u\n", s->depth);
	str_free(&text);
}

static void json_member(const char *name, span value, str *to)
{
	(void)str_printf(to, ",\"%s\":", name);
	text_json(value, to);
}

void line_json(const line_style *l, const summary *s, span path, str *to)
{
	static const struct {
		const char *name;
		enum summary_field field;
	} shown[] = {{"from", SUMMARY_FROM},
		     {"to", SUMMARY_TO},
		     {"subject", SUMMARY_SUBJECT},
		     {"id", SUMMARY_ID}};
	str text = str_new(TEXT_MAX);
	(void)str_put(to, S("{\"path\":"));
	text_json(path, to);
	name_flags_put(s->flags, &text);
	json_member("flags", str_span(&text), to);
	(void)str_printf(to, ",\"new\":%s,\"date\":%lld,\"size\":%llu",
			 s->is_new ? "true" : "false", (long long)s->date,
			 (unsigned long long)s->octets);
	for (size_t i = 0; i < sizeof shown / sizeof *shown; i++) {
		str_clear(&text);
		summary_text(s->fields[shown[i].field], l->opener, &text);
		json_member(shown[i].name, str_span(&text), to);
	}
	(void)str_printf(to, ",\"depth\":%u}\n", s->depth);
	str_free(&text);
}
