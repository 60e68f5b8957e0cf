/* Reading and writing envelopes; xtext is in xtext.c. Seen in the wild, and what is done about it:
 * blanks behind "FROM:" and "TO:" are taken; '=' inside a parameter's value is taken (RFC
 * 5321, 4.1.2 wants it encoded; some ORCPT writers do not). */
#include "mail/envelope.h"

#include "mail/utf8.h"

static bool blank(char c)
{
	return c == ' ' || c == '\t';
}

static void skip_blanks(span *s)
{
	while (s->n && blank(s->p[0]))
		*s = span_sub(*s, 1, s->n);
}

/* esmtp-keyword = (ALPHA / DIGIT) *(ALPHA / DIGIT / "-") */
static bool keyword_valid(span key)
{
	for (size_t i = 0; i < key.n; i++)
		if (!ascii_alnum((unsigned char)key.p[i]) && (i == 0 || key.p[i] != '-'))
			return false;
	return key.n > 0;
}

/* Printable ASCII without blanks, or UTF-8 (RFC 6531, 3.3). */
static bool value_valid(span value)
{
	for (size_t i = 0; i < value.n; i++)
		if ((unsigned char)value.p[i] <= ' ' || value.p[i] == 0x7f)
			return false;
	return utf8_valid(value);
}

static bool param_split(span word, envelope_param *p)
{
	size_t eq = span_find(word, '=');
	p->key = span_sub(word, 0, eq);
	p->value = span_sub(word, eq + 1, word.n);
	return keyword_valid(p->key) && value_valid(p->value) && (eq == word.n || p->value.n > 0);
}

/* Words up to the end of the line. */
static enum envelope_error params(span rest, arena *mem, envelope_path *path)
{
	envelope_param found[ENVELOPE_PARAMS_MAX];
	size_t n = 0;
	for (span word; (word = span_word(&rest)).n > 0; n++) {
		if (n == ENVELOPE_PARAMS_MAX)
			return ENVELOPE_TOO_MANY;
		if (!param_split(word, &found[n]))
			return ENVELOPE_SYNTAX;
		for (size_t i = 0; i < n; i++)
			if (span_eqi(found[i].key, found[n].key))
				return ENVELOPE_SYNTAX;
	}
	if (n == 0)
		return ENVELOPE_OK;
	path->params = arena_alloc(mem, n * sizeof *found);
	if (!path->params)
		return ENVELOPE_TOO_MANY;
	memcpy(path->params, found, n * sizeof *found);
	path->param_count = n;
	return ENVELOPE_OK;
}

static enum envelope_error arguments(span args, span word, bool null_ok, arena *mem,
				     envelope_path *path)
{
	*path = (envelope_path){.addr = {.local = S(""), .domain = S("")}};
	skip_blanks(&args);
	if (!span_startsi(args, word))
		return ENVELOPE_SYNTAX;
	args = span_sub(args, word.n, args.n);
	skip_blanks(&args);
	if (addr_path(&args, null_ok, mem, &path->addr) != ADDR_OK)
		return ENVELOPE_ADDRESS;
	if (args.n && !blank(args.p[0]))
		return ENVELOPE_SYNTAX;
	return params(args, mem, path);
}

enum envelope_error envelope_mail_args(span args, arena *mem, envelope_path *path)
{
	return arguments(args, S("FROM:"), true, mem, path);
}

enum envelope_error envelope_rcpt_args(span args, arena *mem, envelope_path *path)
{
	return arguments(args, S("TO:"), false, mem, path);
}

/* The state of one envelope_parse(). */
typedef struct parse {
	envelope *env;
	arena *mem;
	size_t room; /* of env->rcpts */
	bool mail, done;
} parse;

/* Room doubles: what the arena keeps of smaller arrays is less than the last one. */
static bool rcpt_room(parse *p)
{
	envelope *e = p->env;
	size_t room = p->room ? p->room * 2 : 4;
	envelope_path *more;
	if (e->rcpt_count < p->room)
		return true;
	more = arena_alloc(p->mem, room * sizeof *more);
	if (!more)
		return false;
	if (e->rcpt_count)
		memcpy(more, e->rcpts, e->rcpt_count * sizeof *more);
	e->rcpts = more;
	p->room = room;
	return true;
}

static enum envelope_error line_xforward(parse *p, span args)
{
	span rest = args;
	if (p->mail || p->env->xforward.n)
		return ENVELOPE_ORDER;
	for (span word; (word = span_word(&rest)).n > 0;) {
		span key = span_cut(&word, '=');
		if (!keyword_valid(key) || !value_valid(word))
			return ENVELOPE_SYNTAX;
	}
	p->env->xforward = span_trim(args);
	return p->env->xforward.n ? ENVELOPE_OK : ENVELOPE_SYNTAX;
}

static enum envelope_error line_mail(parse *p, span args)
{
	if (p->mail)
		return ENVELOPE_ORDER;
	p->mail = true;
	return envelope_mail_args(args, p->mem, &p->env->sender);
}

static enum envelope_error line_rcpt(parse *p, span args)
{
	envelope *e = p->env;
	enum envelope_error error;
	if (!p->mail)
		return ENVELOPE_ORDER;
	if (e->rcpt_count == ENVELOPE_RCPT_MAX || !rcpt_room(p))
		return ENVELOPE_TOO_MANY;
	error = envelope_rcpt_args(args, p->mem, &e->rcpts[e->rcpt_count]);
	e->rcpt_count += error == ENVELOPE_OK;
	return error;
}

static enum envelope_error line_data(parse *p, span args)
{
	if (args.n)
		return ENVELOPE_SYNTAX;
	p->done = true;
	return p->mail && p->env->rcpt_count ? ENVELOPE_OK : ENVELOPE_ORDER;
}

static const struct verb {
	span name;
	enum envelope_error (*line)(parse *, span args);
} verbs[] = {
    {{"RCPT", 4}, line_rcpt},
    {{"MAIL", 4}, line_mail},
    {{"DATA", 4}, line_data},
    {{"XFORWARD", 8}, line_xforward},
};

/* One line without its end. */
static enum envelope_error dispatch(parse *p, span text)
{
	span args = text;
	span verb = span_word(&args);
	if (text.n == 0 || blank(text.p[0]))
		return ENVELOPE_SYNTAX;
	skip_blanks(&args);
	for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
		if (span_eqi(verb, verbs[i].name))
			return verbs[i].line(p, args);
	return ENVELOPE_SYNTAX;
}

enum envelope_error envelope_parse(span text, arena *mem, envelope *env, size_t *used, size_t *line)
{
	parse p = {.env = env, .mem = mem};
	size_t at = 0;
	*env = (envelope){.xforward = S(""), .sender.addr = {.local = S(""), .domain = S("")}};
	*used = 0;
	for (*line = 1; !p.done; ++*line) {
		span rest = span_sub(text, at, at + ENVELOPE_LINE_MAX);
		size_t n = span_find(rest, '\n');
		enum envelope_error error;
		if (n == rest.n)
			return n == ENVELOPE_LINE_MAX ? ENVELOPE_SYNTAX : ENVELOPE_NO_COMMIT;
		error = dispatch(&p, span_chomp(span_sub(rest, 0, n + 1)));
		if (error != ENVELOPE_OK)
			return error;
		at += n + 1;
	}
	--*line;
	*used = at;
	return ENVELOPE_OK;
}

void envelope_write_path(const char *verb_and_colon, const envelope_path *path, str *to)
{
	str_put(to, span_str(verb_and_colon));
	str_putc(to, '<');
	addr_write(&path->addr, to);
	str_putc(to, '>');
	for (size_t i = 0; i < path->param_count; i++) {
		str_putc(to, ' ');
		str_put(to, path->params[i].key);
		if (path->params[i].value.n) {
			str_putc(to, '=');
			str_put(to, path->params[i].value);
		}
	}
	str_putc(to, '\n');
}

void envelope_write(const envelope *env, str *to)
{
	if (env->xforward.n) {
		str_put(to, S("XFORWARD "));
		str_put(to, env->xforward);
		str_putc(to, '\n');
	}
	envelope_write_path("MAIL FROM:", &env->sender, to);
	for (size_t i = 0; i < env->rcpt_count; i++)
		envelope_write_path("RCPT TO:", &env->rcpts[i], to);
	str_put(to, S("DATA\n"));
}

bool envelope_param_get(const envelope_path *path, const char *key, span *value)
{
	for (size_t i = 0; i < path->param_count; i++) {
		if (span_eqi(path->params[i].key, span_str(key))) {
			*value = path->params[i].value;
			return true;
		}
	}
	return false;
}

bool envelope_xforward(const envelope *env, const char *key, arena *mem, span *value)
{
	span rest = env->xforward;
	for (span word; (word = span_word(&rest)).n > 0;)
		if (span_eqi(span_cut(&word, '='), span_str(key)))
			return xtext_decode(word, mem, value);
	return false;
}

const char *envelope_error_text(enum envelope_error error)
{
	switch (error) {
	case ENVELOPE_OK:
		return "no error";
	case ENVELOPE_SYNTAX:
		return "a line of the envelope cannot be read";
	case ENVELOPE_ADDRESS:
		return "not an address";
	case ENVELOPE_TOO_MANY:
		return "too many recipients or parameters";
	case ENVELOPE_NO_COMMIT:
		return "the envelope ends before DATA";
	case ENVELOPE_ORDER:
		return "envelope lines out of order";
	}
	return "unknown error";
}
