/* A message's file is opened only where an item needs it and pabal.cache does not know it. */
#include "imap/answer.h"

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/die.h"
#include "imap/envelope.h"
#include "imap/flags.h"
#include "imap/kept.h"
#include "imap/structure.h"
#include "mail/date.h"

enum {
	LINE_MAX_OCTETS = IMAP_STRUCTURE_MAX + IMAP_ENVELOPE_MAX + (1 << 20),
	SCRATCH_MAX = 64 << 20,
	LARGE = 64 * 1024,
	FLAGS_ROOM = 4096 + FOLDER_KEYWORDS * 256,
	OF_HEADER =
	    1 << CACHE_ENVELOPE | 1 << CACHE_HEADER, /* pieces that the header is enough for */
};

/* ---- the small items */

static void put_flags(const folder *f, folder_msg m, imap_flags_text *t, str *to)
{
	if (!t->text.buf)
		out_open(&t->text, -1, FLAGS_ROOM);
	if (!t->made || t->flags != m.flags || t->keywords != m.keywords) {
		out_reset(&t->text, -1);
		out_put(&t->text, S("FLAGS "));
		imap_flags_put(f, m.flags, m.keywords, &t->text);
		t->flags = m.flags;
		t->keywords = m.keywords;
		t->made = true;
	}
	(void)str_put(to, span_of(t->text.buf, t->text.n));
}

static void put_modseq(folder_msg m, str *to)
{
	(void)str_put(to, S("MODSEQ ("));
	(void)str_putu(to, m.modseq);
	(void)str_putc(to, ')');
}

/* RFC 3501, 9: date-time; in UTC, which says the same everywhere. */
static void put_date(int64_t epoch, str *to)
{
	char text[DATE_ROOM];
	date_write(epoch, 0, text);
	span rest = span_str(text);
	(void)span_cut(&rest, ' ');
	span day = span_cut(&rest, ' '), month = span_cut(&rest, ' '), year = span_cut(&rest, ' ');
	(void)str_printf(to, "INTERNALDATE \"%2.*s-%.*s-%.*s %.*s\"", SPAN_FMT(day),
			 SPAN_FMT(month), SPAN_FMT(year), SPAN_FMT(rest));
}

static void put_uid(folder_msg m, str *to)
{
	(void)str_put(to, S("UID "));
	(void)str_putu(to, m.uid);
}

static void put_size(folder_msg m, str *to)
{
	(void)str_put(to, S("RFC822.SIZE "));
	(void)str_putu(to, m.wire);
}

/* ---- what is made of the file */

static void put_known(imap_answer *r, enum cache_piece piece)
{
	static const span names[] = {[CACHE_ENVELOPE] = {"ENVELOPE ", 9},
				     [CACHE_BODY] = {"BODY ", 5},
				     [CACHE_BODYSTRUCTURE] = {"BODYSTRUCTURE ", 14}};
	(void)str_put(&r->line, names[piece]);
	(void)str_put(&r->line, r->known.piece[piece]);
}

static void flush_line(imap_answer *r)
{
	out_put(r->box->out, str_span(&r->line));
	str_clear(&r->line);
}

static uint64_t mix(span s)
{
	uint64_t h = 0xcbf29ce484222325u;
	for (size_t i = 0; i < s.n; i++)
		h = (h ^ (unsigned char)s.p[i]) * 0x100000001b3u;
	return h;
}

/* Whose label differs only in where the piece begins is the same section. */
static bool same_place(const imap_section *s, int fd, imap_left *left)
{
	struct stat st;
	if (fstat(fd, &st) < 0)
		return false;
	imap_left now = {.device = st.st_dev,
			 .inode = st.st_ino,
			 .octets = (uint64_t)st.st_size,
			 .label = mix(span_sub(s->label, 0, span_rfind(s->label, '<')))};
	bool same = now.device == left->device && now.inode == left->inode &&
		    now.octets == left->octets && now.label == left->label;
	if (!same)
		*left = now;
	return same;
}

/* Where the section is; false: nowhere. */
static bool find_section(imap_answer *r, const imap_section *s, span *octets)
{
	imap_reading *g = &r->reading;
	const part_tree *t;
	*octets = S("");
	if (imap_section_in_header(s))
		return imap_reading_header(g, octets);
	if (imap_section_at_top(s))
		return imap_reading_whole(g, octets) && imap_section_top(s, *octets, octets);
	t = imap_reading_tree(g);
	return t && imap_section_find(s, t, octets);
}

static void put_piece(imap_answer *r, const imap_section *s)
{
	imap_left *left = &r->box->left;
	span message, octets;
	bool known = same_place(s, r->reading.fd, left) && left->n;
	if (known && imap_reading_whole(&r->reading, &message)) {
		octets = span_sub(message, left->from, left->from + left->n);
	} else if (find_section(r, s, &octets)) {
		(void)imap_reading_whole(&r->reading, &message); /* may have moved it */
		(void)find_section(r, s, &octets);
		left->from = (uint64_t)(octets.p - message.p);
		left->n = octets.n;
		left->mark = (imap_mark){.at = 0};
	} else {
		(void)str_put(&r->line, S("NIL"));
		return;
	}
	flush_line(r);
	imap_literal_part(r->box->out, r->wire, octets, s->from, s->count, &left->mark);
}

static void put_fields(imap_answer *r, const imap_section *s)
{
	span header;
	imap_mark mark = {.at = 0};
	if (imap_kept_answers(s)) {
		header = r->known.piece[CACHE_HEADER];
	} else if (!find_section(r, s, &header)) {
		(void)str_put(&r->line, S("NIL"));
		return;
	}
	str text = str_new(header.n + 8);
	imap_section_fields(s, header, &text);
	flush_line(r);
	if (s->partial)
		imap_literal_part(r->box->out, r->wire, str_span(&text), s->from, s->count, &mark);
	else
		imap_literal_put(r->box->out, r->wire, str_span(&text));
	str_free(&text);
}

static void put_section(imap_answer *r, const imap_section *s)
{
	span octets;
	(void)str_put(&r->line, s->label);
	(void)str_putc(&r->line, ' ');
	if (s->what == IMAP_FIELDS || s->what == IMAP_FIELDS_NOT) {
		put_fields(r, s);
	} else if (s->partial) {
		put_piece(r, s);
	} else if (find_section(r, s, &octets)) {
		flush_line(r);
		imap_literal_put(r->box->out, r->wire, octets);
	} else {
		(void)str_put(&r->line, S("NIL"));
	}
}

/* ---- one message */

static void put_item(imap_answer *r, const imap_item *item)
{
	switch (item->kind) {
	case IMAP_ITEM_UID:
		put_uid(r->msg, &r->line);
		break;
	case IMAP_ITEM_FLAGS:
		put_flags(r->box->f, r->msg, &r->flags, &r->line);
		break;
	case IMAP_ITEM_MODSEQ:
		put_modseq(r->msg, &r->line);
		break;
	case IMAP_ITEM_INTERNALDATE:
		put_date(r->msg.date, &r->line);
		break;
	case IMAP_ITEM_SIZE:
		put_size(r->msg, &r->line);
		break;
	case IMAP_ITEM_ENVELOPE:
		put_known(r, CACHE_ENVELOPE);
		break;
	case IMAP_ITEM_BODY:
		put_known(r, CACHE_BODY);
		break;
	case IMAP_ITEM_BODYSTRUCTURE:
		put_known(r, CACHE_BODYSTRUCTURE);
		break;
	case IMAP_ITEM_SECTION:
		put_section(r, &item->section);
		break;
	}
}

static bool is_seen_now(imap_answer *r)
{
	while (r->seen_n && *r->seen < r->index) {
		r->seen++;
		r->seen_n--;
	}
	return r->seen_n && *r->seen == r->index;
}

static void begin_line(size_t index, str *to)
{
	(void)str_put(to, S("* "));
	(void)str_putu(to, index + 1);
	(void)str_put(to, S(" FETCH ("));
}

void imap_answer_write(imap_answer *r)
{
	begin_line(r->index, &r->line);
	for (size_t i = 0; i < r->f->n; i++) {
		if (i)
			(void)str_putc(&r->line, ' ');
		put_item(r, &r->f->items[i]);
	}
	if (is_seen_now(r)) {
		if (!(r->f->kinds >> IMAP_ITEM_FLAGS & 1)) {
			(void)str_putc(&r->line, ' ');
			put_flags(r->box->f, r->msg, &r->flags, &r->line);
		}
		if (r->box->condstore && !(r->f->kinds >> IMAP_ITEM_MODSEQ & 1)) {
			(void)str_putc(&r->line, ' ');
			put_modseq(r->msg, &r->line);
		}
	}
	(void)str_put(&r->line, S(")\r\n"));
	flush_line(r);
}

static void make_structure(imap_answer *r, bool extended, str *to)
{
	const part_tree *t = imap_reading_tree(&r->reading);
	if (t)
		imap_structure(t, extended, &r->scratch, to);
	else
		(void)str_put(to, S(IMAP_STRUCTURE_EMPTY));
}

static void make_piece(imap_answer *r, enum cache_piece piece)
{
	str *to = &r->made[piece];
	span header = S("");
	str_clear(to);
	(void)imap_reading_header(&r->reading, &header);
	switch (piece) {
	case CACHE_ENVELOPE:
		imap_envelope(header, &r->scratch, to);
		break;
	case CACHE_HEADER:
		imap_kept_fields(header, to);
		break;
	case CACHE_BODY:
	case CACHE_BODYSTRUCTURE:
		make_structure(r, piece == CACHE_BODYSTRUCTURE, to);
		break;
	case CACHE_PIECES:
		break;
	}
	r->known.piece[piece] = str_span(to);
}

/* What is not known is made, and noted for the next time. */
static void make_pieces(imap_answer *r, unsigned lacking)
{
	cache *c = r->box->cache;
	span base = folder_at(r->box->f, r->index).base;
	if (c && lacking != r->wanted)
		(void)cache_find(c, base, ~0u, &r->known); /* what nobody asks for now stays */
	for (int i = 0; i < CACHE_PIECES; i++)
		if (lacking >> i & 1)
			make_piece(r, i);
	if (c && cache_add(c, base, &r->known))
		r->full = true;
}

static unsigned look_up(imap_answer *r)
{
	unsigned lacking = 0;
	r->known = (cache_record){.piece = {{NULL, 0}}};
	if (!r->wanted)
		return 0;
	if (r->box->cache)
		(void)cache_find(r->box->cache, r->msg.base, r->wanted, &r->known);
	for (int i = 0; i < CACHE_PIECES; i++)
		if (r->wanted >> i & 1 && !r->known.piece[i].p)
			lacking |= 1u << i;
	return lacking;
}

bool imap_answer_prepare(imap_answer *r, size_t index)
{
	span octets;
	r->index = index;
	r->msg = folder_at(r->box->f, index);
	unsigned lacking = look_up(r);
	bool file = r->file || lacking & ~(unsigned)OF_HEADER;
	if (!lacking && !r->header && !file)
		return true;
	if (!imap_reading_open(&r->reading, r->index) ||
	    !(file ? imap_reading_whole(&r->reading, &octets)
		   : imap_reading_header(&r->reading, &octets)))
		return false;
	if (lacking)
		make_pieces(r, lacking);
	return true;
}

/* ---- begin and end */

/* What an item needs. */
static void need(imap_answer *r, const imap_item *item)
{
	const imap_section *s = &item->section;
	if (item->kind == IMAP_ITEM_ENVELOPE)
		r->wanted |= 1 << CACHE_ENVELOPE;
	else if (item->kind == IMAP_ITEM_BODY)
		r->wanted |= 1 << CACHE_BODY;
	else if (item->kind == IMAP_ITEM_BODYSTRUCTURE)
		r->wanted |= 1 << CACHE_BODYSTRUCTURE;
	else if (item->kind != IMAP_ITEM_SECTION)
		return;
	else if (imap_kept_answers(s))
		r->wanted |= 1 << CACHE_HEADER;
	else if (imap_section_in_header(s))
		r->header = true;
	else
		r->file = true;
}

void imap_answer_begin(imap_answer *r)
{
	for (size_t i = 0; i < r->f->n; i++)
		need(r, &r->f->items[i]);
	r->scratch = arena_new(SCRATCH_MAX);
	r->line = str_new(LINE_MAX_OCTETS);
	for (int i = 0; i < CACHE_PIECES; i++)
		r->made[i] = str_new(IMAP_STRUCTURE_MAX);
	r->wire = xmalloc(IMAP_LITERAL_ROOM);
	imap_reading_begin(&r->reading, r->box->f);
	if (!r->wanted)
		return;
	if (!r->box->cache)
		r->box->cache = cache_open(r->box->dir);
	else
		cache_refresh(r->box->cache);
}

void imap_answer_end(imap_answer *r)
{
	bool large = r->reading.buf || r->line.room > LARGE;
	if (r->box->cache) {
		cache_write(r->box->cache, r->box->f);
		cache_rest(r->box->cache);
	}
	imap_reading_end(&r->reading);
	arena_free(&r->scratch);
	str_free(&r->line);
	for (int i = 0; i < CACHE_PIECES; i++)
		str_free(&r->made[i]);
	free(r->wire);
	if (r->flags.text.buf)
		out_close(&r->flags.text);
	if (large) /* sessions are idle for hours */
		(void)malloc_trim(0);
}

void imap_answer_modseq(const imap_box *box, size_t index, bool uid, str *to)
{
	folder_msg m = folder_at(box->f, index);
	begin_line(index, to);
	if (uid || box->qresync) {
		put_uid(m, to);
		(void)str_putc(to, ' ');
	}
	put_modseq(m, to);
	(void)str_put(to, S(")\r\n"));
}

void imap_answer_flags(const imap_box *box, size_t index, bool uid, str *to)
{
	folder_msg m = folder_at(box->f, index);
	imap_flags_text flags = {.made = false};
	begin_line(index, to);
	if (uid || box->qresync) {
		put_uid(m, to);
		(void)str_putc(to, ' ');
	}
	put_flags(box->f, m, &flags, to);
	out_close(&flags.text);
	if (box->condstore) {
		(void)str_putc(to, ' ');
		put_modseq(m, to);
	}
	(void)str_put(to, S(")\r\n"));
}
