/* Whether a message is meant. Three truths: what a level does not tell is unknown, and AND and OR are decided as soon as one
 * of theirs decides them. So a file is opened only where the index cannot tell, no more than its header is read where that
 * decides, and its texts are decoded last. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/die.h"
#include "imap/search_tree.h"
#include "io/file.h"
#include "io/map.h"
#include "mail/date.h"
#include "mail/header.h"
#include "mail/match.h"
#include "maildir/cache.h"

enum {
	HEADER_FIRST = 4096,
	HEADER_MAX = 16 << 20, /* octets of a header that are read; more is taken for the body */
	MEASURE = 64,	       /* messages that are measured at once */
};
static const uint64_t MESSAGE_MAX = (uint64_t)1 << 40;

struct search_look {
	imap_box *box;
	imap_search *search;
	size_t i;
	folder_msg msg;
	match match;
	int fd;
	char *buf;
	size_t room;
	bool cached;
	span header; /* in buf, or in the cache; p NULL: not known */
	map whole;   /* the message */
	status *why;
};

static void open_cache(search_look *l)
{
	bool asked = false;
	for (const search_key *k = l->search->costly; k; k = k->costly)
		asked = asked || k->what == SEARCH_SENT || k->what == SEARCH_TEXT || k->kept;
	if (!asked)
		return;
	if (l->box->cache)
		cache_refresh(l->box->cache);
	else
		l->box->cache = cache_open(l->box->dir);
	l->cached = l->box->cache != NULL;
}

search_look *search_look_new(imap_box *box, imap_search *search)
{
	search_look *l = xcalloc(1, sizeof *l);
	l->box = box;
	l->search = search;
	l->match = match_new(box->opener);
	l->fd = -1;
	open_cache(l);
	return l;
}

void search_look_free(search_look *l)
{
	match_free(&l->match);
	free(l->buf);
	free(l);
}

static enum search_truth truth(bool b)
{
	return b ? SEARCH_YES : SEARCH_NO;
}

static bool between(const search_key *k, int64_t n)
{
	return n >= k->low && n < k->high;
}

/* ---- what the index tells */

static bool has_flags(const search_key *k, uint32_t flags)
{
	return (flags & k->all) == k->all && !(flags & k->none) && (!k->any || (flags & k->any));
}

static int64_t clamped(uint64_t n)
{
	return n < INT64_MAX ? (int64_t)n : INT64_MAX - 1;
}

static enum search_truth by_index(const search_look *l, const search_key *k,
				  enum search_level level)
{
	switch (k->what) {
	case SEARCH_FLAGS:
		return truth(has_flags(k, l->msg.flags));
	case SEARCH_KEYWORD:
		return truth(k->bit >= 0 && (l->msg.keywords >> k->bit & 1));
	case SEARCH_NUMBERS:
		return truth(imap_set_has(&k->set, (uint32_t)l->i + 1));
	case SEARCH_UIDS:
		return truth(imap_set_has(&k->set, l->msg.uid));
	case SEARCH_MODSEQ:
		return truth(between(k, clamped(l->msg.modseq)));
	case SEARCH_ARRIVED:
		return truth(between(k, l->msg.date));
	default: /* SEARCH_SIZE */
		if (level < LEVEL_SIZE && !l->msg.wire)
			return SEARCH_UNKNOWN;
		return truth(between(k, clamped(l->msg.wire)));
	}
}

/* ---- what the message tells */

static bool has_words(void *key, match *m, span utf8)
{
	return match_has(m, utf8, ((const search_key *)key)->form);
}

/* Without a Date that can be read it is the day of arrival (as RFC 5256, 2.2 has it). */
static bool sent(const search_look *l, const search_key *k)
{
	header_field field;
	int64_t day;
	if (!header_get(l->header, "Date", &field) || !date_parse_day(field.body, &day))
		day = date_local_day(l->msg.date);
	return between(k, day);
}

static bool has_field(search_look *l, const search_key *k)
{
	header_field field;
	span rest = l->header;
	while (header_find(&rest, k->name, &field) == HEADER_FIELD)
		if (!k->form.n || match_has(&l->match, match_field(&l->match, field.body), k->form))
			return true;
	return false;
}

/* By the fields that pabal.cache has of it: those that are not there the message has not. */
static enum search_truth by_cache(search_look *l, search_key *k)
{
	if (!l->header.p)
		return SEARCH_UNKNOWN;
	if (k->what == SEARCH_SENT)
		return truth(sent(l, k));
	if (k->what == SEARCH_FIELD && k->kept)
		return truth(has_field(l, k));
	bool found =
	    k->what == SEARCH_TEXT && k->form.n && match_header(&l->match, l->header, has_words, k);
	return found ? SEARCH_YES : SEARCH_UNKNOWN;
}

static enum search_truth by_message(search_look *l, search_key *k, enum search_level level)
{
	if (level < LEVEL_HEADER)
		return level == LEVEL_CACHE ? by_cache(l, k) : SEARCH_UNKNOWN;
	if (k->what == SEARCH_SENT)
		return truth(sent(l, k));
	if (k->what == SEARCH_FIELD)
		return truth(has_field(l, k));
	if (!k->form.n)
		return SEARCH_YES;
	if (k->what == SEARCH_TEXT && !k->no_field) {
		if (match_header(&l->match, l->header, has_words, k))
			return SEARCH_YES;
		k->no_field = true;
	}
	if (level < LEVEL_BODY)
		return SEARCH_UNKNOWN;
	unsigned where = MATCH_TEXTS | MATCH_ENCLOSED | (k->what == SEARCH_TEXT ? MATCH_PARTS : 0);
	return truth(match_message(&l->match, l->whole.octets, where, has_words, k));
}

/* ---- the tree */

static enum search_truth judge(search_look *, search_key *, enum search_level);

static enum search_truth judge_list(search_look *l, const search_key *k, enum search_level level)
{
	enum search_truth decides = truth(k->what == SEARCH_OR), all = truth(k->what == SEARCH_AND);
	for (search_key *c = k->child; c; c = c->next) {
		enum search_truth one = judge(l, c, level);
		if (one == decides)
			return one;
		if (one == SEARCH_UNKNOWN)
			all = one;
	}
	return all;
}

/* As deep as the tree is, which is bounded. */
static enum search_truth judge(search_look *l, search_key *k, enum search_level level)
{
	enum search_truth t;
	if (k->what == SEARCH_AND || k->what == SEARCH_OR) {
		t = judge_list(l, k, level);
	} else if (k->what < SEARCH_SENT) {
		t = by_index(l, k, level);
	} else {
		if (k->known == SEARCH_UNKNOWN)
			k->known = by_message(l, k, level);
		t = k->known;
	}
	return t == SEARCH_UNKNOWN || !k->negated ? t : truth(t == SEARCH_NO);
}

/* ---- levels */

/* EAGAIN: it is not to be found, in a directory that changes all the time. */
static bool fail(search_look *l, const char *doing)
{
	if (errno != ENOENT && errno != EAGAIN && status_is_ok(l->why))
		*l->why = status_doubt("%s message %u of %s: %s", doing, (unsigned)l->msg.uid,
				       l->box->dir, strerror(errno));
	return false;
}

/* The sizes that the names do not tell, of this one and some behind it; what is gone has none. */
static bool measure(search_look *l)
{
	size_t n = folder_count(l->box->f), to = l->i + MEASURE < n ? l->i + MEASURE : n;
	if (l->msg.wire || !l->search->sizes)
		return true;
	status st = folder_measure(l->box->f, l->i, to);
	if (!status_is_ok(&st) && status_is_ok(l->why))
		*l->why = st;
	l->msg = folder_at(l->box->f, l->i);
	return l->msg.wire > 0;
}

static bool read_cache(search_look *l)
{
	cache_record r;
	if (l->cached && cache_find(l->box->cache, l->msg.base, 1u << CACHE_HEADER, &r))
		l->header = r.piece[CACHE_HEADER];
	return true;
}

/* Whether the header ends before the end of what was read. */
static bool ends(span text)
{
	header_field field;
	enum header_result r;
	while ((r = header_next(&text, &field)) == HEADER_FIELD)
		;
	return !header_is_cut(r, text);
}

static bool read_header(search_look *l)
{
	size_t n = 0, want = HEADER_FIRST;
	ssize_t got;
	span text;
	l->fd = folder_open_msg(l->box->f, l->i);
	if (l->fd < 0)
		return fail(l, "cannot open");
	do {
		if (l->room < want) {
			l->buf = xrealloc(l->buf, want, 1);
			l->room = want;
		}
		got = file_pread(l->fd, l->buf + n, want - n, (off_t)n);
		if (got < 0)
			return fail(l, "cannot read");
		n += (size_t)got;
		text = span_of(l->buf, n);
		text = span_sub(text, header_mbox_line(text), n);
		want *= 2;
	} while (n == want / 2 && n < HEADER_MAX && !ends(text));
	l->header = text;
	return true;
}

static bool read_body(search_look *l)
{
	return map_open(&l->whole, l->fd, MESSAGE_MAX) || fail(l, "cannot read");
}

static enum search_truth climb(search_look *l)
{
	static bool (*const steps[])(search_look *) = {
	    [LEVEL_SIZE] = measure,
	    [LEVEL_CACHE] = read_cache,
	    [LEVEL_HEADER] = read_header,
	    [LEVEL_BODY] = read_body,
	};
	enum search_truth t = judge(l, l->search->top, LEVEL_INDEX);
	for (enum search_level level = LEVEL_SIZE; t == SEARCH_UNKNOWN && level <= LEVEL_BODY;
	     level++)
		t = steps[level](l) ? judge(l, l->search->top, level) : SEARCH_NO;
	return t;
}

bool search_matches(search_look *l, size_t i, status *why)
{
	l->i = i;
	l->msg = folder_at(l->box->f, i);
	l->why = why;
	l->whole = (map){.base = NULL};
	l->header = (span){NULL, 0};
	for (search_key *k = l->search->costly; k; k = k->costly) {
		k->known = SEARCH_UNKNOWN;
		k->no_field = false;
	}
	enum search_truth t = climb(l);
	if (l->whole.base)
		map_close(&l->whole);
	if (l->fd >= 0)
		(void)close(l->fd);
	l->fd = -1;
	return t == SEARCH_YES;
}
