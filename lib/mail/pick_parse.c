/* Expressions: text to tree, by recursive descent that is as deep as PICK_DEPTH_MAX at most. */
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "mail/field.h"
#include "mail/fold.h"
#include "mail/pick_tree.h"

enum { VALUE_MAX = 4096, EXPRESSION_MAX = 65536 };

typedef struct parser {
	pick *p;
	span text;
	size_t at;   /* behind the token */
	size_t from; /* where the token begins */
	span token;
	bool quoted; /* the token stood in quotes, which are gone */
	size_t depth;
	int64_t now;
	pick_error *error;
} parser;

static bool fail_at(parser *s, size_t at, const char *text)
{
	if (!s->error->text)
		*s->error = (pick_error){at, text};
	return false;
}

static bool fail(parser *s, const char *text)
{
	return fail_at(s, s->from, text);
}

static bool blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool special(char c)
{
	return c == 0 || strchr("()!~=<>&|\"'", c) != NULL;
}

static bool quoted_token(parser *s)
{
	char quote = s->text.p[s->at++];
	char *p = arena_alloc(&s->p->mem, s->text.n - s->at + 1);
	size_t n = 0;
	if (!p)
		return fail(s, "the expression is too long");
	for (; s->at < s->text.n; s->at++) {
		char c = s->text.p[s->at];
		if (c == quote) {
			s->at++;
			s->token = span_of(p, n);
			s->quoted = true;
			return true;
		}
		if (c == '\\' && s->at + 1 < s->text.n && strchr("\"'\\", s->text.p[s->at + 1]))
			c = s->text.p[++s->at];
		p[n++] = c;
	}
	return fail(s, "this quote is not closed");
}

/* Reads the next token; "" and not quoted at the end. */
static bool next(parser *s)
{
	static const char *const operators[] = {
	    "!~~", "~~", "!~", "!=", "<=", ">=", "==", "&&", "||"};
	s->quoted = false;
	while (s->at < s->text.n && blank(s->text.p[s->at]))
		s->at++;
	s->from = s->at;
	span rest = span_sub(s->text, s->at, s->text.n);
	size_t n = 0;
	if (rest.n && (rest.p[0] == '"' || rest.p[0] == '\''))
		return quoted_token(s);
	for (size_t i = 0; n == 0 && i < sizeof operators / sizeof *operators; i++)
		if (span_starts(rest, span_str(operators[i])))
			n = strlen(operators[i]);
	if (n == 0 && rest.n && special(rest.p[0]))
		n = 1;
	while (n == 0 || (n < rest.n && !special(rest.p[0]))) {
		if (n == rest.n || blank(rest.p[n]) || special(rest.p[n]))
			break;
		n++;
	}
	s->token = span_sub(rest, 0, n);
	s->at += n;
	return true;
}

static bool is(const parser *s, const char *word)
{
	return !s->quoted && span_eqi(s->token, span_str(word));
}

static bool at_end(const parser *s)
{
	return !s->quoted && s->token.n == 0;
}

static uint32_t add_node(parser *s, enum pick_kind kind, uint32_t child)
{
	pick *p = s->p;
	if (p->node_count == p->node_room) {
		p->node_room = p->node_room ? p->node_room * 2 : 16;
		p->nodes = xrealloc(p->nodes, p->node_room, sizeof *p->nodes);
	}
	p->nodes[p->node_count] = (pick_node){kind, child, NODE_NONE};
	return (uint32_t)p->node_count++;
}

static bool add_test(parser *s, const pick_test *t, uint32_t *node)
{
	pick *p = s->p;
	if (p->test_count == PICK_TESTS_MAX)
		return fail(s, "there are too many tests");
	if (p->test_count == p->test_room) {
		p->test_room = p->test_room ? p->test_room * 2 : 16;
		p->tests = xrealloc(p->tests, p->test_room, sizeof *p->tests);
	}
	p->tests[p->test_count] = *t;
	*node = add_node(s, NODE_TEST, (uint32_t)p->test_count++);
	return true;
}

/* ---- tests */

static bool read_operator(parser *s, bool numbers, pick_test *t)
{
	static const struct {
		const char *text;
		enum pick_how number, word;
		bool is_number, is_word, negated;
	} operators[] = {
	    {"<", HOW_LESS, 0, true, false, false},
	    {"<=", HOW_LESS_EQUAL, 0, true, false, false},
	    {">", HOW_MORE, 0, true, false, false},
	    {">=", HOW_MORE_EQUAL, 0, true, false, false},
	    {"=", HOW_EQUAL, HOW_IS, true, true, false},
	    {"==", HOW_EQUAL, HOW_IS, true, true, false},
	    {"!=", HOW_EQUAL, HOW_IS, true, true, true},
	    {"~", 0, HOW_HAS, false, true, false},
	    {"!~", 0, HOW_HAS, false, true, true},
	    {"~~", 0, HOW_REGEX, false, true, false},
	    {"!~~", 0, HOW_REGEX, false, true, true},
	};
	for (size_t i = 0; i < sizeof operators / sizeof *operators; i++)
		if (is(s, operators[i].text) &&
		    (numbers ? operators[i].is_number : operators[i].is_word)) {
			t->how = numbers ? operators[i].number : operators[i].word;
			t->negated = operators[i].negated;
			return next(s);
		}
	return fail(s, numbers ? "one of < <= = != > >= must stand here"
			       : "one of ~ !~ = != ~~ !~~ must stand here");
}

static bool is_value(const parser *s)
{
	return s->quoted || (s->token.n && !special(s->token.p[0]));
}

static bool compile(parser *s, pick_test *t)
{
	char *text = arena_cstr(&s->p->mem, s->token);
	if (!text || strlen(text) != s->token.n)
		return fail(s, "this value is too long");
	t->regex = xcalloc(1, sizeof *t->regex);
	if (regcomp(t->regex, text, REG_EXTENDED | REG_ICASE | REG_NOSUB) == 0)
		return true;
	free(t->regex);
	t->regex = NULL;
	return fail(s, "this is no regular expression");
}

static bool read_text(parser *s, pick_test *t)
{
	str form = str_new(VALUE_MAX);
	if (!is_value(s))
		return fail(s, "a value must stand here");
	if (t->how == HOW_REGEX)
		return compile(s, t);
	if (t->how == HOW_HAS)
		fold_text(s->token, &form);
	else
		(void)str_put(&form, s->token);
	t->value = arena_dup(&s->p->mem, str_span(&form));
	bool fits = !form.over && t->value.p;
	str_free(&form);
	return fits || fail(s, "this value is too long");
}

/* A value that begins with '-' and what it is followed by are one token as all others. */
static bool read_number(parser *s, pick_test *t)
{
	if (!is_value(s))
		return fail(s, "a value must stand here");
	if (t->what == TEST_SIZE)
		return pick_size(s->token, &t->low, &t->high) ||
		       fail(s, "this is no size, such as 20k or 1.5M");
	return pick_date(s->token, s->now, &t->low, &t->high) ||
	       fail(s, "this is no date, such as -30d, 2026-11-24 or \"2026-11-24 09:30\"");
}

static bool finish(parser *s, pick_test *t, uint32_t *node)
{
	return (add_test(s, t, node) ||
		(t->regex ? (regfree(t->regex), free(t->regex), false) : false)) &&
	       next(s);
}

static bool field_test(parser *s, pick_test *t, uint32_t *node)
{
	span name = s->token;
	if (!is_value(s))
		return fail(s, "the name of a header field must stand here");
	if (!field_name_ok(name))
		return fail(s, "this is no name of a header field");
	t->what = TEST_FIELD;
	t->name = arena_dup(&s->p->mem, name);
	t->addresses = field_kind_of(name) == FIELD_ADDRESSES;
	return t->name.p && next(s) && read_operator(s, false, t) && read_text(s, t) &&
	       finish(s, t, node);
}

static bool body_test(parser *s, pick_test *t, uint32_t *node)
{
	t->what = TEST_BODY;
	if (!next(s))
		return false;
	size_t at = s->from;
	if (!read_operator(s, false, t))
		return false;
	if (t->how == HOW_IS)
		return fail_at(s, at, "body takes ~ or ~~");
	return read_text(s, t) && finish(s, t, node);
}

static bool number_test(parser *s, pick_test *t, enum pick_what what, uint32_t *node)
{
	t->what = what;
	return next(s) && read_operator(s, true, t) && read_number(s, t) && finish(s, t, node);
}

static bool flag_test(parser *s, pick_test *t, span letters, uint32_t *node)
{
	t->what = TEST_FLAG;
	for (size_t i = 0; i < letters.n; i++)
		if (!ascii_alpha((unsigned char)letters.p[i]))
			return fail(s, "flags are letters");
	if (letters.n == 0)
		return fail(s, "the letters of flags must stand here");
	t->value = arena_dup(&s->p->mem, letters);
	return t->value.p && finish(s, t, node);
}

static bool parse_test(parser *s, uint32_t *node)
{
	static const struct {
		const char *word, *letter;
	} flags[] = {{"seen", "S"},   {"flagged", "F"}, {"replied", "R"},
		     {"passed", "P"}, {"trashed", "T"}, {"draft", "D"}};
	pick_test t = {.value = S("")};
	for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
		if (is(s, flags[i].word))
			return flag_test(s, &t, span_str(flags[i].letter), node);
	if (is(s, "flag"))
		return next(s) && flag_test(s, &t, s->token, node);
	if (is(s, "new")) {
		t.what = TEST_NEW;
		return finish(s, &t, node);
	}
	if (is(s, "date"))
		return number_test(s, &t, TEST_DATE, node);
	if (is(s, "arrived"))
		return number_test(s, &t, TEST_ARRIVED, node);
	if (is(s, "size"))
		return number_test(s, &t, TEST_SIZE, node);
	if (is(s, "body"))
		return body_test(s, &t, node);
	if (is(s, "header") && !next(s))
		return false;
	return field_test(s, &t, node);
}

/* ---- and, or, not */

static bool parse_any(parser *s, uint32_t *node);

static bool parse_group(parser *s, uint32_t *node)
{
	size_t open = s->from;
	if (!next(s) || !parse_any(s, node))
		return false;
	if (!is(s, ")"))
		return at_end(s) ? fail_at(s, open, "this parenthesis is not closed")
				 : fail(s, "and, or or ) must stand here");
	return next(s);
}

static bool parse_one(parser *s, uint32_t *node)
{
	bool done;
	if (at_end(s))
		return fail(s, "a test must stand here");
	if (s->depth == PICK_DEPTH_MAX)
		return fail(s, "this is nested too deep");
	s->depth++;
	if (is(s, "not") || is(s, "!")) {
		done = next(s) && parse_one(s, node);
		if (done)
			*node = add_node(s, NODE_NOT, *node);
	} else if (is(s, "(")) {
		done = parse_group(s, node);
	} else {
		done = is_value(s) ? parse_test(s, node) : fail(s, "a test must stand here");
	}
	s->depth--;
	return done;
}

static bool parse_list(parser *s, enum pick_kind kind, const char *word, const char *sign,
		       bool (*one)(parser *, uint32_t *), uint32_t *node)
{
	uint32_t first, last, more;
	if (!one(s, &first))
		return false;
	*node = last = first;
	while (is(s, word) || is(s, sign)) {
		if (!next(s) || !one(s, &more))
			return false;
		if (last == first)
			*node = add_node(s, kind, first);
		s->p->nodes[last].next = more;
		last = more;
	}
	return true;
}

static bool parse_all(parser *s, uint32_t *node)
{
	return parse_list(s, NODE_AND, "and", "&&", parse_one, node);
}

static bool parse_any(parser *s, uint32_t *node)
{
	return parse_list(s, NODE_OR, "or", "||", parse_all, node);
}

pick *pick_parse(span expression, int64_t now, pick_error *error)
{
	pick *p = xcalloc(1, sizeof *p);
	p->mem = arena_new(64 << 20);
	p->match = match_new(NULL);
	*error = (pick_error){0, NULL};
	parser s = {.p = p, .now = now, .error = error, .text = arena_dup(&p->mem, expression)};
	if (expression.n > EXPRESSION_MAX || !s.text.p)
		error->text = "the expression is too long";
	else if (next(&s) && parse_any(&s, &p->top) && !at_end(&s))
		(void)fail(&s, is(&s, ")") ? "nothing is open here that ) could close"
					   : "and or or must stand here");
	if (!error->text)
		return p;
	pick_free(p);
	return NULL;
}

void pick_free(pick *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->test_count; i++)
		if (p->tests[i].regex) {
			regfree(p->tests[i].regex);
			free(p->tests[i].regex);
		}
	free(p->tests);
	free(p->nodes);
	match_free(&p->match);
	arena_free(&p->mem);
	free(p);
}
