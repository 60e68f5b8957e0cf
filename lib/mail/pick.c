/* Expressions: whether a message is meant. Three truths: what a level does not tell is unknown, and
 * `and` and `or` are decided as soon as one side decides them. So a body is read only if nothing else can
 * tell. */
#include "mail/pick.h"

#include <string.h>

#include "mail/addr.h"
#include "mail/date.h"
#include "mail/header.h"
#include "mail/pick_tree.h"
#include "mail/word.h"

enum { ADDRESSES_MAX = 100000, ADDRESSES_ROOM = 64 << 20 };

bool pick_asks_size(const pick *p)
{
	for (size_t i = 0; i < p->test_count; i++)
		if (p->tests[i].what == TEST_SIZE)
			return true;
	return false;
}

static enum pick_truth truth(bool b)
{
	return b ? PICK_YES : PICK_NO;
}

static bool compare(const pick_test *t, int64_t n)
{
	switch (t->how) {
	case HOW_LESS:
		return n < t->low;
	case HOW_LESS_EQUAL:
		return n < t->high;
	case HOW_MORE:
		return n >= t->high;
	case HOW_MORE_EQUAL:
		return n >= t->low;
	default:
		return n >= t->low && n < t->high;
	}
}

static bool has_flags(const pick_test *t, span flags)
{
	for (size_t i = 0; i < t->value.n; i++)
		if (span_find(flags, t->value.p[i]) == flags.n)
			return false;
	return true;
}

/* Line by line, as grep does; a NUL counts as the end of its line. */
static bool regex_finds(const regex_t *regex, span text)
{
	str line = str_new(PICK_LINE_MAX);
	bool found = false;
	do {
		span one = span_cut(&text, '\n');
		str_clear(&line);
		(void)str_put(&line, span_sub(one, 0, PICK_LINE_MAX));
		found = regexec(regex, str_cstr(&line), 0, NULL, 0) == 0;
	} while (!found && text.n);
	str_free(&line);
	return found;
}

static bool has_text(const pick_test *t, match *m, span text)
{
	return t->how == HOW_REGEX ? regex_finds(t->regex, text) : match_has(m, text, t->value);
}

/* ---- fields */

typedef struct wanted {
	span value;
	bool found;
	str *text;
	const charset_opener *opener;
} wanted;

/* `=` on addresses: one of the addresses, or one of the names. */
static void compare_address(void *arg, const addr *a, span name)
{
	wanted *w = arg;
	str_clear(w->text);
	addr_write(a, w->text);
	if (span_eqi(str_span(w->text), w->value))
		w->found = true;
	if (name.n > 1 && name.p[0] == '"')
		name = span_sub(name, 1, name.n - 1);
	str_clear(w->text);
	word_decode(name, w->opener, w->text);
	if (name.n && span_eq(str_span(w->text), w->value))
		w->found = true;
}

static bool is_value(pick *p, const pick_test *t, const pick_facts *f, span body, span text)
{
	if (span_eq(span_trim(text), t->value))
		return true;
	if (!t->addresses)
		return false;
	wanted w = {t->value, false, &p->match.form, f->opener};
	arena mem = arena_new(ADDRESSES_ROOM);
	(void)addr_list(body, &mem, ADDRESSES_MAX, compare_address, &w);
	arena_free(&mem);
	return w.found;
}

static bool matches_body(pick *p, const pick_test *t, const pick_facts *f, span body)
{
	span text = match_field(&p->match, body);
	return t->how == HOW_IS ? is_value(p, t, f, body, text) : has_text(t, &p->match, text);
}

/* PICK_UNKNOWN where the end of what is there is reached before that of the header. */
static enum pick_truth ended(pick *p, const pick_facts *f, enum header_result last, span rest)
{
	bool cut = f->header_cut && header_is_cut(last, rest);
	p->cut = p->cut || cut;
	return cut ? PICK_UNKNOWN : PICK_NO;
}

static span fields_of(const pick_facts *f)
{
	return span_sub(f->header, header_mbox_line(f->header), f->header.n);
}

static enum pick_truth test_field(pick *p, const pick_test *t, const pick_facts *f)
{
	header_field field;
	span rest = fields_of(f);
	enum header_result r;
	while ((r = header_find(&rest, t->name, &field)) == HEADER_FIELD) {
		if (f->header_cut && header_is_cut(r, rest))
			break;
		if (matches_body(p, t, f, field.body))
			return PICK_YES;
	}
	return ended(p, f, r, rest);
}

/* A Date that cannot be read is the time of arrival. */
static enum pick_truth test_date(pick *p, const pick_test *t, const pick_facts *f)
{
	header_field field;
	int64_t date;
	span rest = fields_of(f);
	enum header_result r;
	while ((r = header_find(&rest, S("Date"), &field)) == HEADER_FIELD) {
		if (f->header_cut && header_is_cut(r, rest))
			break;
		return truth(compare(t, date_parse(field.body, &date) ? date : f->arrived));
	}
	return ended(p, f, r, rest) == PICK_UNKNOWN ? PICK_UNKNOWN : truth(compare(t, f->arrived));
}

static bool in_text(void *arg, match *m, span text)
{
	return has_text(arg, m, text);
}

/* ---- */

static enum pick_level level_of(const pick_test *t, const pick_facts *f)
{
	switch (t->what) {
	case TEST_SIZE:
		return f->octets_known ? PICK_NAME : PICK_HEADER;
	case TEST_DATE:
	case TEST_FIELD:
		return PICK_HEADER;
	case TEST_BODY:
		return PICK_BODY;
	default:
		return PICK_NAME;
	}
}

static enum pick_truth run_test(pick *p, pick_test *t, const pick_facts *f)
{
	switch (t->what) {
	case TEST_FLAG:
		return truth(has_flags(t, f->flags));
	case TEST_NEW:
		return truth(f->is_new);
	case TEST_ARRIVED:
		return truth(compare(t, f->arrived));
	case TEST_SIZE:
		return truth(compare(t, f->octets < INT64_MAX ? (int64_t)f->octets : INT64_MAX));
	case TEST_DATE:
		return test_date(p, t, f);
	case TEST_FIELD:
		return test_field(p, t, f);
	default:
		return truth(match_message(&p->match, f->message, MATCH_TEXTS, in_text, t));
	}
}

static enum pick_truth judge_test(pick *p, pick_test *t, const pick_facts *f, enum pick_level level)
{
	if (t->known == PICK_UNKNOWN && level_of(t, f) <= level) {
		t->known = run_test(p, t, f);
		if (t->known != PICK_UNKNOWN && t->negated)
			t->known = truth(t->known == PICK_NO);
	}
	return t->known;
}

/* As deep as the expression is, which is bounded. */
static enum pick_truth judge(pick *p, uint32_t at, const pick_facts *f, enum pick_level level)
{
	const pick_node *n = p->nodes + at;
	if (n->kind == NODE_TEST)
		return judge_test(p, p->tests + n->child, f, level);
	if (n->kind == NODE_NOT) {
		enum pick_truth inner = judge(p, n->child, f, level);
		return inner == PICK_UNKNOWN ? inner : truth(inner == PICK_NO);
	}
	enum pick_truth decides = n->kind == NODE_AND ? PICK_NO : PICK_YES;
	enum pick_truth all = truth(decides == PICK_NO);
	for (uint32_t c = n->child; c != NODE_NONE; c = p->nodes[c].next) {
		enum pick_truth one = judge(p, c, f, level);
		if (one == decides)
			return one;
		if (one == PICK_UNKNOWN)
			all = one;
	}
	return all;
}

enum pick_truth pick_match(pick *p, const pick_facts *f, enum pick_level level)
{
	if (level == PICK_NAME)
		for (size_t i = 0; i < p->test_count; i++)
			p->tests[i].known = PICK_UNKNOWN;
	p->match.opener = f->opener;
	p->cut = false;
	return judge(p, p->top, f, level);
}

bool pick_was_cut(const pick *p)
{
	return p->cut;
}
