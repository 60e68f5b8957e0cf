/* SEARCH: text to tree. The operands of ORs that stand in each other make one list, and NOT turns a key round, so that the
 * depth is that of parentheses and of NOT before OR; it is bounded by IMAP_DEPTH_MAX. */
#include "imap/kept.h"
#include "imap/search_tree.h"
#include "io/clock.h"
#include "mail/date.h"
#include "mail/fold.h"

enum { OCTETS_PER_OCTET = 8 }; /* of UTF-8, for one of any charset */

typedef struct parser {
	imap_scan *s;
	imap_box *box;
	imap_search *search;
	span charset;
	size_t depth;
} parser;

typedef struct word {
	char name[12];
	enum search_what what;
	bool (*argument)(parser *, const struct word *, search_key *); /* NULL: none */
	uint32_t all, none, any;				       /* of flags */
	bool from, to; /* of dates: the day and all later ones, and all earlier ones */
} word;

static bool add_key(parser *p, enum search_what what, search_key **key)
{
	if (p->search->keys == SEARCH_KEYS_MAX)
		return false;
	*key = arena_alloc(p->s->mem, sizeof **key);
	if (!*key)
		return false;
	p->search->keys++;
	(*key)->what = what;
	if (what >= SEARCH_SENT) {
		(*key)->costly = p->search->costly;
		p->search->costly = *key;
	}
	return true;
}

/* ---- arguments */

/* What is looked for, as fold_text() makes it of the charset's octets. */
static bool words(parser *p, search_key *key)
{
	span octets;
	if (!imap_sp(p->s) || !imap_astring(p->s, &octets))
		return false;
	str utf8 = str_new(octets.n * OCTETS_PER_OCTET), form = str_new(utf8.max);
	(void)charset_text(p->box->opener, p->charset, octets, &utf8);
	fold_text(str_span(&utf8), &form);
	key->form = arena_dup(p->s->mem, str_span(&form));
	bool whole = !utf8.over && !form.over && key->form.p;
	str_free(&utf8);
	str_free(&form);
	return whole;
}

static bool text(parser *p, const word *w, search_key *key)
{
	(void)w;
	return words(p, key);
}

static bool named_field(parser *p, const word *w, search_key *key)
{
	key->name = span_str(w->name);
	key->kept = imap_kept_has(key->name);
	return words(p, key);
}

static bool header(parser *p, const word *w, search_key *key)
{
	(void)w;
	if (!imap_sp(p->s) || !imap_astring(p->s, &key->name) || key->name.n > SEARCH_NAME_MAX)
		return false;
	key->kept = imap_kept_has(key->name);
	return words(p, key);
}

/* $Forwarded is a letter of the file's name. */
static bool keyword(parser *p, const word *w, search_key *key)
{
	span name;
	key->negated = w->none != 0;
	key->none = 0;
	if (!imap_sp(p->s) || !imap_atom(p->s, &name))
		return false;
	if (span_eqi(name, S("$Forwarded"))) {
		key->what = SEARCH_FLAGS;
		key->all = FOLDER_PASSED;
	} else {
		key->bit = folder_keyword_bit(p->box->f, name, false);
	}
	return true;
}

static bool size(parser *p, const word *w, search_key *key)
{
	uint32_t n;
	p->search->sizes = true;
	if (!imap_sp(p->s) || !imap_number(p->s, &n))
		return false;
	key->low = w->from ? (int64_t)n + 1 : 0;
	key->high = w->to ? n : INT64_MAX;
	return true;
}

/* date-text = date-day "-" date-month "-" date-year, in quotes or not (RFC 3501, 9). */
static bool day(parser *p, int64_t *to)
{
	span date;
	str whole = str_new(64);
	if (!imap_sp(p->s) || !imap_astring(p->s, &date))
		return false;
	span rest = date, number = span_cut(&rest, '-'), month = span_cut(&rest, '-');
	(void)str_put(&whole, date);
	(void)str_put(&whole, S(" 00:00 +0000"));
	bool ok = (number.n == 1 || number.n == 2) && month.n == 3 && rest.n == 4 && !whole.over &&
		  date_parse_day(str_span(&whole), to);
	str_free(&whole);
	return ok;
}

static bool sent(parser *p, const word *w, search_key *key)
{
	int64_t at;
	if (!day(p, &at))
		return false;
	key->low = w->from ? at : INT64_MIN;
	key->high = w->to ? at + w->from : INT64_MAX;
	return true;
}

static bool arrived(parser *p, const word *w, search_key *key)
{
	if (!sent(p, w, key))
		return false;
	if (w->from)
		key->low = date_local_midnight(key->low);
	if (w->to)
		key->high = date_local_midnight(key->high);
	return true;
}

/* RFC 5032: nz-number seconds. YOUNGER: not longer ago than that. */
static bool within(parser *p, const word *w, search_key *key)
{
	uint32_t n;
	if (!imap_sp(p->s) || !imap_number(p->s, &n) || n == 0)
		return false;
	int64_t then = clock_now() - n;
	key->low = w->from ? then : INT64_MIN;
	key->high = w->to ? then + 1 : INT64_MAX;
	return true;
}

static bool uids(parser *p, const word *w, search_key *key)
{
	(void)w;
	size_t n = folder_count(p->box->f);
	if (!imap_sp(p->s) || !imap_set_parse(p->s, &key->set))
		return false;
	imap_set_settle(&key->set, n ? folder_at(p->box->f, n - 1).uid : 0);
	return true;
}

/* Names of what has a mod-sequence may stand before the number (RFC 7162, 3.1.5); all that a message has shares one here. */
static bool modseq(parser *p, const word *w, search_key *key)
{
	(void)w;
	span name;
	uint64_t n;
	if (!imap_sp(p->s))
		return false;
	if (imap_string(p->s, &name) &&
	    (!span_startsi(name, S("/flags/")) || !imap_sp(p->s) ||
	     !(imap_word(p->s, "all") || imap_word(p->s, "priv") || imap_word(p->s, "shared")) ||
	     !imap_sp(p->s)))
		return false;
	if (!imap_number64(p->s, &n))
		return false;
	p->search->condstore = true;
	key->low = (int64_t)n;
	key->high = INT64_MAX;
	return true;
}

/* ---- keys */

static const word table[] = {
    {"ALL", SEARCH_AND, .argument = NULL},
    {"ANSWERED", SEARCH_FLAGS, .all = FOLDER_ANSWERED},
    {"BCC", SEARCH_FIELD, .argument = named_field},
    {"BEFORE", SEARCH_ARRIVED, arrived, .to = true},
    {"BODY", SEARCH_BODY, .argument = text},
    {"CC", SEARCH_FIELD, .argument = named_field},
    {"DELETED", SEARCH_FLAGS, .all = FOLDER_DELETED},
    {"DRAFT", SEARCH_FLAGS, .all = FOLDER_DRAFT},
    {"FLAGGED", SEARCH_FLAGS, .all = FOLDER_FLAGGED},
    {"FROM", SEARCH_FIELD, .argument = named_field},
    {"HEADER", SEARCH_FIELD, .argument = header},
    {"KEYWORD", SEARCH_KEYWORD, .argument = keyword},
    {"LARGER", SEARCH_SIZE, size, .from = true},
    {"MODSEQ", SEARCH_MODSEQ, .argument = modseq},
    {"NEW", SEARCH_FLAGS, .none = FOLDER_SEEN, .any = FOLDER_NEW | FOLDER_RECENT},
    {"OLD", SEARCH_FLAGS, .none = FOLDER_NEW | FOLDER_RECENT},
    {"OLDER", SEARCH_ARRIVED, within, .to = true},
    {"ON", SEARCH_ARRIVED, arrived, .from = true, .to = true},
    {"RECENT", SEARCH_FLAGS, .any = FOLDER_NEW | FOLDER_RECENT},
    {"SEEN", SEARCH_FLAGS, .all = FOLDER_SEEN},
    {"SENTBEFORE", SEARCH_SENT, sent, .to = true},
    {"SENTON", SEARCH_SENT, sent, .from = true, .to = true},
    {"SENTSINCE", SEARCH_SENT, sent, .from = true},
    {"SINCE", SEARCH_ARRIVED, arrived, .from = true},
    {"SMALLER", SEARCH_SIZE, size, .to = true},
    {"SUBJECT", SEARCH_FIELD, .argument = named_field},
    {"TEXT", SEARCH_TEXT, .argument = text},
    {"TO", SEARCH_FIELD, .argument = named_field},
    {"UID", SEARCH_UIDS, .argument = uids},
    {"UNANSWERED", SEARCH_FLAGS, .none = FOLDER_ANSWERED},
    {"UNDELETED", SEARCH_FLAGS, .none = FOLDER_DELETED},
    {"UNDRAFT", SEARCH_FLAGS, .none = FOLDER_DRAFT},
    {"UNFLAGGED", SEARCH_FLAGS, .none = FOLDER_FLAGGED},
    {"UNKEYWORD", SEARCH_KEYWORD, keyword, .none = 1},
    {"UNSEEN", SEARCH_FLAGS, .none = FOLDER_SEEN},
    {"YOUNGER", SEARCH_ARRIVED, within, .from = true},
};

static bool one_key(parser *p, search_key **key);
static bool list(parser *p, search_key **key);

/* A message number that is not in use is BAD (RFC 3501, 9: seq-number). */
static bool numbers(parser *p, search_key *key)
{
	size_t n = folder_count(p->box->f);
	if (!imap_set_parse(p->s, &key->set))
		return false;
	imap_set_settle(&key->set, (uint32_t)n);
	return key->set.v[0].first > 0 && key->set.v[key->set.n - 1].last <= n;
}

static bool plain_key(parser *p, search_key **key)
{
	span name;
	if (p->s->rest.n && (ascii_digit((unsigned char)*p->s->rest.p) || *p->s->rest.p == '*'))
		return add_key(p, SEARCH_NUMBERS, key) && numbers(p, *key);
	if (!imap_atom(p->s, &name))
		return false;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		const word *w = table + i;
		if (!span_eqi(name, span_str(w->name)))
			continue;
		if (!add_key(p, w->what, key))
			return false;
		(*key)->all = w->all;
		(*key)->none = w->none;
		(*key)->any = w->any;
		return !w->argument || w->argument(p, w, *key);
	}
	return false;
}

/* Behind "OR": each OR more among the operands is one operand more. */
static bool any_of(parser *p, search_key **key)
{
	size_t left = 2;
	if (!add_key(p, SEARCH_OR, key))
		return false;
	search_key **end = &(*key)->child;
	for (; left; left--) {
		if (!imap_sp(p->s))
			return false;
		while (imap_word(p->s, "OR")) {
			left++;
			if (!imap_sp(p->s))
				return false;
		}
		if (!one_key(p, end))
			return false;
		end = &(*end)->next;
	}
	return true;
}

static bool one_key(parser *p, search_key **key)
{
	bool negated = false, done;
	if (p->depth == IMAP_DEPTH_MAX)
		return false;
	p->depth++;
	for (; imap_word(p->s, "NOT"); negated = !negated)
		if (!imap_sp(p->s))
			return false;
	if (imap_char(p->s, '('))
		done = list(p, key) && imap_char(p->s, ')');
	else
		done = imap_word(p->s, "OR") ? any_of(p, key) : plain_key(p, key);
	p->depth--;
	if (done && negated)
		(*key)->negated = !(*key)->negated;
	return done;
}

static bool list(parser *p, search_key **key)
{
	if (!add_key(p, SEARCH_AND, key))
		return false;
	search_key **end = &(*key)->child;
	do {
		if (!one_key(p, end))
			return false;
		end = &(*end)->next;
	} while (imap_sp(p->s));
	return true;
}

/* ---- what stands before the keys */

/* "RETURN (" [option *(SP option)] ") " (RFC 4731, 4) */
static bool returns(parser *p)
{
	static const char *const options[] = {"MIN", "MAX", "ALL", "COUNT"};
	unsigned *to = &p->search->returns;
	if (!imap_word(p->s, "RETURN"))
		return true;
	if (!imap_sp(p->s) || !imap_char(p->s, '('))
		return false;
	while (!imap_char(p->s, ')')) {
		size_t i = 0;
		if (*to && !imap_sp(p->s))
			return false;
		while (i < 4 && !imap_word(p->s, options[i]))
			i++;
		if (i == 4)
			return false;
		*to |= 1u << i;
	}
	*to = *to ? *to : RETURN_ALL;
	return imap_sp(p->s);
}

static bool is_known(const imap_box *box, span charset)
{
	if (span_eqi(charset, S("US-ASCII")) || span_eqi(charset, S("UTF-8")))
		return true;
	span name = charset_alias(charset);
	return span_eqi(name, S("UTF-8")) || (name.n && box->opener->open(box->opener->arg, name));
}

/* Without one it is US-ASCII; octets above that are then taken for UTF-8, as clients write them. With UTF8=ACCEPT none may
 * be named (RFC 6855, 3). */
static enum imap_search_result charset(parser *p)
{
	p->charset = S("");
	if (!imap_word(p->s, "CHARSET"))
		return IMAP_SEARCH_OK;
	if (p->box->utf8 || !imap_sp(p->s) || !imap_astring(p->s, &p->charset) || !imap_sp(p->s))
		return IMAP_SEARCH_BAD;
	return is_known(p->box, p->charset) ? IMAP_SEARCH_OK : IMAP_SEARCH_CHARSET;
}

enum imap_search_result imap_search_parse(imap_scan *s, imap_box *box, imap_search **to)
{
	parser p = {.s = s, .box = box, .search = arena_alloc(s->mem, sizeof **to)};
	if (!p.search || !returns(&p))
		return IMAP_SEARCH_BAD;
	enum imap_search_result r = charset(&p);
	if (r != IMAP_SEARCH_OK)
		return r;
	if (!list(&p, &p.search->top) || !imap_end(s))
		return IMAP_SEARCH_BAD;
	*to = p.search;
	return IMAP_SEARCH_OK;
}

bool imap_search_condstore(const imap_search *search)
{
	return search->condstore;
}
