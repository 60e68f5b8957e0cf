#include "maildir/journal.h"

#include "base/die.h"
#include "io/file.h"
#include "io/sumline.h"

enum { CHUNK = 256 * 1024 };

/* ---- writing */

/* Names are any octets; a line is one of blanks and LFs. */
static void put_name(span s, str *to)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		if (c <= ' ' || c == 0x7f || c == '\\')
			(void)str_printf(to, "\\%03o", c);
		else
			(void)str_putc(to, (char)c);
	}
}

static void put_stamp(journal_stamp s, str *to)
{
	(void)str_printf(to, " %" PRIu64 " %" PRIu32, (uint64_t)s.sec, s.nsec);
}

static void put_words(const journal_record *r, str *to)
{
	const roll_entry *e = &r->entry;
	const char place = r->is_new ? 'n' : 'c';
	switch (r->kind) {
	case JOURNAL_START:
		(void)str_printf(to, "p pabal.log 1 %" PRIu32 " %" PRIu64, r->uidvalidity, r->id);
		break;
	case JOURNAL_MESSAGE:
		(void)str_printf(
		    to,
		    "m %" PRIu32 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %c ",
		    e->uid, e->modseq, e->keywords, (uint64_t)e->date, e->octets, e->wire, place);
		put_name(r->name, to);
		break;
	case JOURNAL_FLAGS:
		(void)str_printf(to, "f %" PRIu32 " %" PRIu64 " %" PRIu64 " %c ", e->uid, e->modseq,
				 e->keywords, place);
		put_name(r->name, to);
		break;
	case JOURNAL_SIZES:
		(void)str_printf(to, "s %" PRIu32 " %" PRIu64 " %" PRIu64, e->uid, e->octets,
				 e->wire);
		if (e->flags & ROLL_OPEN)
			(void)str_printf(to, " %u", (e->flags & ROLL_OPEN) >> ROLL_OPEN_SHIFT);
		break;
	case JOURNAL_GONE:
	case JOURNAL_LONG_GONE:
		(void)str_printf(to, "%c %" PRIu64 " %" PRIu32 " %" PRIu32, (char)r->kind,
				 r->gone.modseq, r->gone.first, r->gone.last);
		break;
	case JOURNAL_KEYWORD:
		(void)str_printf(to, "k %u ", r->bit);
		put_name(r->name, to);
		break;
	case JOURNAL_STAMPS:
		(void)str_putc(to, 'd');
		put_stamp(r->stamps[IN_NEW], to);
		put_stamp(r->stamps[IN_CUR], to);
		break;
	case JOURNAL_NEXT:
		(void)str_printf(to, "n %" PRIu32 " %" PRIu64, e->uid, e->modseq);
		break;
	}
}

void journal_put(const journal_record *r, str *to)
{
	str words = str_new(JOURNAL_LINE);
	put_words(r, &words);
	sumline_put(str_span(&words), to);
	str_free(&words);
}

/* ---- reading */

static bool take_name(span s, char *room, span *name)
{
	size_t n = 0;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] != '\\') {
			room[n++] = s.p[i];
			continue;
		}
		unsigned value = 0;
		for (int k = 0; k < 3; k++) {
			if (++i >= s.n || s.p[i] < '0' || s.p[i] > '7')
				return false;
			value = value * 8 + (unsigned)(s.p[i] - '0');
		}
		if (value > 255)
			return false;
		room[n++] = (char)value;
	}
	*name = span_of(room, n);
	return true;
}

static bool number(span *rest, uint64_t max, uint64_t *value)
{
	return span_u64(span_cut(rest, ' '), max, value);
}

static bool small(span *rest, uint32_t *value)
{
	uint64_t v = 0;
	bool done = number(rest, UINT32_MAX, &v);
	*value = (uint32_t)v;
	return done;
}

static bool take_place(span *rest, bool *is_new)
{
	span place = span_cut(rest, ' ');
	*is_new = span_eq(place, S("n"));
	return *is_new || span_eq(place, S("c"));
}

static bool take_stamp(span *rest, journal_stamp *s)
{
	uint64_t sec = 0;
	bool done = number(rest, INT64_MAX, &sec) && small(rest, &s->nsec);
	s->sec = (int64_t)sec;
	return done;
}

static bool take_message(span rest, char *room, journal_record *r)
{
	roll_entry *e = &r->entry;
	uint64_t date = 0;
	bool done = small(&rest, &e->uid) && number(&rest, INT64_MAX, &e->modseq) &&
		    number(&rest, UINT64_MAX, &e->keywords) && number(&rest, UINT64_MAX, &date) &&
		    number(&rest, INT64_MAX, &e->octets) && number(&rest, INT64_MAX, &e->wire) &&
		    take_place(&rest, &r->is_new) && take_name(rest, room, &r->name);
	e->date = (int64_t)date;
	return done && e->uid && roll_is_name(r->name);
}

static bool take_start(span rest, journal_record *r)
{
	return span_eq(span_cut(&rest, ' '), S("pabal.log")) &&
	       span_eq(span_cut(&rest, ' '), S("1")) && small(&rest, &r->uidvalidity) &&
	       number(&rest, UINT64_MAX, &r->id) && r->uidvalidity;
}

static bool take_sizes(span rest, journal_record *r)
{
	roll_entry *e = &r->entry;
	uint64_t open = 0;
	bool done = small(&rest, &e->uid) && number(&rest, INT64_MAX, &e->octets) &&
		    number(&rest, INT64_MAX, &e->wire) && (!rest.n || number(&rest, 2, &open));
	e->flags = (uint32_t)open << ROLL_OPEN_SHIFT;
	return done;
}

static bool take_flags(span rest, char *room, journal_record *r)
{
	roll_entry *e = &r->entry;
	return small(&rest, &e->uid) && number(&rest, INT64_MAX, &e->modseq) &&
	       number(&rest, UINT64_MAX, &e->keywords) && take_place(&rest, &r->is_new) &&
	       take_name(rest, room, &r->name) && (!r->name.n || r->name.p[0] == ':');
}

static bool take_keyword(span rest, char *room, journal_record *r)
{
	uint64_t bit = 0;
	bool done = number(&rest, FOLDER_KEYWORDS - 1, &bit) && take_name(rest, room, &r->name);
	r->bit = (unsigned)bit;
	return done && r->name.n && r->name.n <= KEYWORD_MAX;
}

static bool take_words(span words, char *room, journal_record *r)
{
	roll_entry *e = &r->entry;
	span rest = words, kind = span_cut(&rest, ' ');
	*r = (journal_record){.name = S("")};
	if (kind.n != 1)
		return false;
	r->kind = (enum journal_kind)kind.p[0];
	switch (r->kind) {
	case JOURNAL_START:
		return take_start(rest, r);
	case JOURNAL_MESSAGE:
		return take_message(rest, room, r);
	case JOURNAL_FLAGS:
		return take_flags(rest, room, r);
	case JOURNAL_SIZES:
		return take_sizes(rest, r);
	case JOURNAL_GONE:
	case JOURNAL_LONG_GONE:
		return number(&rest, INT64_MAX, &r->gone.modseq) && small(&rest, &r->gone.first) &&
		       small(&rest, &r->gone.last) && r->gone.first <= r->gone.last;
	case JOURNAL_KEYWORD:
		return take_keyword(rest, room, r);
	case JOURNAL_STAMPS:
		return take_stamp(&rest, &r->stamps[IN_NEW]) &&
		       take_stamp(&rest, &r->stamps[IN_CUR]);
	case JOURNAL_NEXT:
		return small(&rest, &e->uid) && number(&rest, INT64_MAX, &e->modseq);
	}
	return false;
}

bool journal_take(span line, char *room, journal_record *r)
{
	span words;
	return line.n <= JOURNAL_LINE && sumline_take(line, &words) && take_words(words, room, r);
}

bool journal_first(int fd, journal_record *r)
{
	char buf[128], room[JOURNAL_LINE];
	ssize_t n = file_pread(fd, buf, sizeof buf, 0);
	span text = span_of(buf, n > 0 ? (size_t)n : 0);
	size_t lf = span_find(text, '\n');
	return lf < text.n && journal_take(span_sub(text, 0, lf + 1), room, r) &&
	       r->kind == JOURNAL_START;
}

typedef struct reading {
	void (*each)(void *, const journal_record *);
	void *arg;
	journal_reading *result;
	char room[JOURNAL_LINE];
} reading;

/* The whole lines at the front of `text`; octets taken. */
static size_t read_lines(reading *g, span text)
{
	span rest = text;
	journal_record r;
	while (rest.n) {
		size_t lf = span_find(rest, '\n');
		if (lf == rest.n)
			break;
		span line = span_sub(rest, 0, lf + 1);
		rest = span_sub(rest, lf + 1, rest.n);
		bool holds = journal_take(line, g->room, &r);
		if (!holds) {
			g->result->torn = true;
		} else if (g->result->torn) {
			g->result->damaged = true;
		} else {
			g->each(g->arg, &r);
			g->result->good += (off_t)line.n;
		}
	}
	return text.n - rest.n;
}

bool journal_read(int fd, off_t from, void (*each)(void *, const journal_record *), void *arg,
		  journal_reading *result)
{
	reading g = {.each = each, .arg = arg, .result = result};
	char *buf = xmalloc(CHUNK);
	size_t kept = 0;
	off_t at = from;
	ssize_t n;
	*result = (journal_reading){.good = from};
	while ((n = file_pread(fd, buf + kept, CHUNK - kept, at)) > 0) {
		at += n;
		kept += (size_t)n;
		size_t taken = read_lines(&g, span_of(buf, kept));
		if (!taken && kept > JOURNAL_LINE) { /* octets that no line of ours has */
			result->torn = true;
			taken = kept - JOURNAL_LINE;
		}
		kept -= taken;
		memmove(buf, buf + taken, kept);
		if (at - from > JOURNAL_MAX) {
			n = -1;
			errno = EFBIG;
			break;
		}
	}
	result->torn = result->torn || kept;
	int error = errno;
	free(buf);
	errno = error;
	return n == 0;
}
