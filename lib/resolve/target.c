#include "resolve/target.h"

#include "base/str.h"

/* Up to the next comma that is not inside a quoted local part. */
static span cut_target(span *rest)
{
	bool quoted = false;
	size_t i = 0;
	for (; i < rest->n; i++) {
		char c = rest->p[i];
		if (quoted && c == '\\' && i + 1 < rest->n)
			i++;
		else if (c == '"')
			quoted = !quoted;
		else if (c == ',' && !quoted)
			break;
	}
	span target = span_sub(*rest, 0, i);
	*rest = span_sub(*rest, i + 1, rest->n);
	return span_trim(target);
}

static size_t count_targets(span value)
{
	size_t n = 0;
	do {
		(void)cut_target(&value);
		n++;
	} while (value.n && n <= TARGET_MAX);
	return n;
}

/* Programs, files and includes of other systems' alias files would be taken for strange local
 * parts, and their mail would bounce. */
static bool foreign_form(span t)
{
	return t.p[0] == '|' || t.p[0] == '/' || t.p[0] == ':' || span_starts(t, S("\"|")) ||
	       span_starts(t, S("\"/"));
}

static const char *parse_one(span text, arena *a, addr *target)
{
	if (!text.n)
		return "an empty target";
	if (foreign_form(text))
		return "a target that is a program, a file or an include";
	if (text.p[0] == '@' && text.n > 1) {
		static const span user = S("x");
		str whole = str_new(ADDR_MAX);
		(void)str_put(&whole, user);
		(void)str_put(&whole, text);
		span kept = arena_dup(a, str_span(&whole));
		bool good = !whole.over && kept.p && addr_mailbox(kept, a, target) == ADDR_OK;
		str_free(&whole);
		target->local = S("");
		return good ? NULL : "a target that is not an address";
	}
	/* The parser's spans may point into the text, which is in the same arena. */
	if (addr_mailbox(text, a, target) != ADDR_OK || target->null || !target->local.n)
		return "a target that is not an address";
	return NULL;
}

const char *target_parse(span value, arena *a, addr **targets, size_t *count)
{
	span rest = value;
	size_t n = count_targets(value);
	*count = 0;
	if (n > TARGET_MAX)
		return "too many targets";
	if (value.n && span_trim(value).n && span_trim(value).p[span_trim(value).n - 1] == ',')
		return "an empty target";
	*targets = arena_alloc(a, n * sizeof **targets);
	if (!*targets)
		return "too many targets";
	for (; *count < n; ++*count) {
		const char *wrong = parse_one(cut_target(&rest), a, &(*targets)[*count]);
		if (wrong)
			return wrong;
	}
	return NULL;
}
