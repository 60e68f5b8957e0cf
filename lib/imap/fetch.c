/* The answers of FETCH. A message's file is opened only where an item needs it, and before anything of its answer is
 * written: what is gone has none. */
#include "imap/fetch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/die.h"
#include "imap/envelope.h"
#include "imap/fetch_item.h"
#include "imap/flags.h"
#include "imap/reading.h"
#include "imap/structure.h"
#include "mail/date.h"

enum {
	LINE_MAX_OCTETS = IMAP_STRUCTURE_MAX + IMAP_ENVELOPE_MAX + (1 << 20),
	SCRATCH_MAX = 64 << 20,
	FLAGS_ROOM = 4096 + FOLDER_KEYWORDS * 256,
	OF_HEADER = 1 << IMAP_ITEM_ENVELOPE,
	OF_FILE = 1 << IMAP_ITEM_BODY | 1 << IMAP_ITEM_BODYSTRUCTURE,
};

/* ---- the small items */

/* Most messages have the flags of the one before. */
typedef struct flags_text {
	out text; /* "FLAGS (…)"; never written anywhere */
	bool made;
	uint32_t flags;
	uint64_t keywords;
} flags_text;

static void put_flags(const folder *f, folder_msg m, flags_text *t, str *to)
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

typedef struct run {
	imap_box *box;
	const imap_fetch *f;
	const size_t *seen; /* indexes that got \Seen by this command, ascending */
	size_t seen_n;
	imap_reading reading;
	bool header, file; /* what is needed of a file */
	arena scratch;
	str line; /* of the answer, up to the next literal */
	flags_text flags;
	char *wire;
	size_t index;
	folder_msg msg;
} run;

/* ---- what is made of the file */

static void put_envelope(run *r)
{
	span header = S("");
	(void)imap_reading_header(&r->reading, &header);
	(void)str_put(&r->line, S("ENVELOPE "));
	imap_envelope(header, &r->scratch, &r->line);
}

static void put_structure(run *r, bool extended)
{
	const part_tree *t = imap_reading_tree(&r->reading);
	(void)str_put(&r->line, extended ? S("BODYSTRUCTURE ") : S("BODY "));
	if (t)
		imap_structure(t, extended, &r->scratch, &r->line);
	else
		(void)str_put(&r->line, S(IMAP_STRUCTURE_EMPTY));
}

static void flush_line(run *r)
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
static bool find_section(run *r, const imap_section *s, span *octets)
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

static void put_piece(run *r, const imap_section *s)
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

static void put_fields(run *r, const imap_section *s)
{
	span header;
	imap_mark mark = {.at = 0};
	if (!find_section(r, s, &header)) {
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

static void put_section(run *r, const imap_section *s)
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

static void put_item(run *r, const imap_item *item)
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
		put_envelope(r);
		break;
	case IMAP_ITEM_BODY:
	case IMAP_ITEM_BODYSTRUCTURE:
		put_structure(r, item->kind == IMAP_ITEM_BODYSTRUCTURE);
		break;
	case IMAP_ITEM_SECTION:
		put_section(r, &item->section);
		break;
	}
}

static bool is_seen_now(run *r)
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

static void answer(run *r)
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

/* Reads what the items need; false with errno, and nothing was written. */
static bool prepare(run *r)
{
	span octets;
	if (!r->header && !r->file)
		return true;
	if (!imap_reading_open(&r->reading, r->index))
		return false;
	return r->file ? imap_reading_whole(&r->reading, &octets)
		       : imap_reading_header(&r->reading, &octets);
}

static bool wanted(const imap_fetch *f, folder_msg m)
{
	return !f->since_given || m.modseq > f->since;
}

/* ---- all of them */

/* Those that lack \Seen get it, in one write; where that cannot be they are read without it. */
static size_t *see(run *r, const size_t *indexes, size_t count)
{
	size_t n = 0, *seen;
	if (!r->f->sees || r->box->read_only)
		return NULL;
	seen = xmalloc((count + 1) * sizeof *seen);
	for (size_t k = 0; k < count; k++) {
		folder_msg m = folder_at(r->box->f, indexes[k]);
		if (wanted(r->f, m) && !(m.flags & FOLDER_SEEN))
			seen[n++] = indexes[k];
	}
	status st = n ? folder_store(r->box->f, seen, n, FOLDER_ADD, FOLDER_SEEN, 0) : status_ok();
	r->seen = seen;
	r->seen_n = status_is_ok(&st) ? n : 0;
	return seen;
}

/* Sizes that no name tells are counted for stretches of messages, for each costs a sync. */
static status measure(const run *r, const size_t *indexes, size_t count)
{
	status st = status_ok();
	if (!(r->f->kinds >> IMAP_ITEM_SIZE & 1))
		return st;
	for (size_t k = 0; k < count && status_is_ok(&st); k++) {
		size_t from = k;
		if (folder_at(r->box->f, indexes[k]).wire)
			continue;
		while (k + 1 < count && indexes[k + 1] == indexes[k] + 1)
			k++;
		st = folder_measure(r->box->f, indexes[from], indexes[k] + 1);
	}
	return st;
}

static void begin(run *r)
{
	for (size_t i = 0; i < r->f->n; i++) {
		const imap_item *item = &r->f->items[i];
		r->header |= (OF_HEADER >> item->kind & 1) != 0;
		r->file |= (OF_FILE >> item->kind & 1) != 0;
		if (item->kind == IMAP_ITEM_SECTION && imap_section_in_header(&item->section))
			r->header = true;
		else if (item->kind == IMAP_ITEM_SECTION)
			r->file = true;
	}
	r->scratch = arena_new(SCRATCH_MAX);
	r->line = str_new(LINE_MAX_OCTETS);
	r->wire = xmalloc(IMAP_LITERAL_ROOM);
	imap_reading_begin(&r->reading, r->box->f);
}

static void end(run *r)
{
	imap_reading_end(&r->reading);
	arena_free(&r->scratch);
	str_free(&r->line);
	free(r->wire);
	if (r->flags.text.buf)
		out_close(&r->flags.text);
}

enum imap_done imap_fetch_run(imap_box *box, const imap_fetch *f, const size_t *indexes,
			      size_t count, status *why)
{
	run r = {.box = box, .f = f};
	enum imap_done done = IMAP_DONE_OK;
	begin(&r);
	size_t *seen = see(&r, indexes, count);
	*why = measure(&r, indexes, count);
	if (!status_is_ok(why))
		count = 0;
	for (size_t k = 0; k < count && !box->out->error; k++) {
		r.index = indexes[k];
		r.msg = folder_at(box->f, r.index);
		if (!wanted(f, r.msg))
			continue;
		if (prepare(&r)) {
			answer(&r);
		} else if (errno == ENOENT) {
			done = done == IMAP_DONE_OK ? IMAP_DONE_GONE : done;
		} else {
			*why = status_doubt("read a message: %s", strerror(errno));
			done = IMAP_DONE_NO;
		}
	}
	end(&r);
	free(seen);
	return status_is_ok(why) ? done : IMAP_DONE_NO;
}

void imap_fetch_tell(const imap_box *box, size_t index, bool uid)
{
	folder_msg m = folder_at(box->f, index);
	flags_text flags = {.made = false};
	str line = str_new(LINE_MAX_OCTETS);
	begin_line(index, &line);
	if (uid || box->qresync) {
		put_uid(m, &line);
		(void)str_putc(&line, ' ');
	}
	put_flags(box->f, m, &flags, &line);
	out_close(&flags.text);
	if (box->condstore) {
		(void)str_putc(&line, ' ');
		put_modseq(m, &line);
	}
	(void)str_put(&line, S(")\r\n"));
	out_put(box->out, str_span(&line));
	str_free(&line);
}
