#include "resolve/srs.h"

enum { HASH = 5, DAY = 2, DAYS = 1024 };

/* Crockford's base 32, in capitals; digits are told without case. */
static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

static void put_digits(uint64_t v, size_t n, str *to)
{
	while (n-- > 0)
		(void)str_putc(to, digits[v >> (5 * n) & 31]);
}

static bool read_digits(span s, uint64_t *v)
{
	*v = 0;
	for (size_t i = 0; i < s.n; i++) {
		uint64_t d = 0;
		while (d < 32 && ascii_lower(digits[d]) != ascii_lower(s.p[i]))
			d++;
		if (d == 32)
			return false;
		*v = *v << 5 | d;
	}
	return true;
}

/* Of what stands behind it, without case. */
static uint64_t hash_of(const siphash_key *k, char kind, span text)
{
	str lower = str_new(1024);
	(void)str_putc(&lower, kind);
	for (size_t i = 0; i < text.n; i++)
		(void)str_putc(&lower, ascii_lower(text.p[i]));
	uint64_t h = siphash(k, str_span(&lower));
	str_free(&lower);
	return h & ((UINT64_C(1) << (5 * HASH)) - 1);
}

static bool finish(const siphash_key *k, char kind, const str *text, str *local)
{
	size_t before = local->n;
	(void)str_printf(local, "SRS%c=", kind);
	put_digits(hash_of(k, kind, str_span(text)), HASH, local);
	(void)str_putc(local, '=');
	(void)str_put(local, str_span(text));
	return !local->over && !text->over && local->n - before <= ADDR_LOCAL_MAX;
}

bool srs_wrap(const siphash_key *k, const addr *sender, int64_t day, str *local)
{
	str text = str_new(1024);
	span l = sender->local;
	char kind = '1';
	if (span_startsi(l, S("SRS0")) && l.n > 5) {
		(void)str_put(&text, sender->domain);
		(void)str_putc(&text, '=');
		(void)str_put(&text, span_sub(l, 4, l.n));
	} else if (span_startsi(l, S("SRS1")) && l.n > 5) {
		span rest = span_sub(l, 5, l.n);
		(void)span_cut(&rest, '='); /* their hash; the first host stays */
		(void)str_put(&text, rest);
	} else {
		kind = '0';
		put_digits((uint64_t)day % DAYS, DAY, &text);
		(void)str_putc(&text, '=');
		(void)str_put(&text, sender->domain);
		(void)str_putc(&text, '=');
		(void)str_put(&text, l);
	}
	bool ok = sender->domain.n > 0 && finish(k, kind, &text, local);
	str_free(&text);
	return ok;
}

static bool fresh(span stamp, int64_t day)
{
	uint64_t then;
	return stamp.n == DAY && read_digits(stamp, &then) &&
	       ((uint64_t)day + DAYS - then) % DAYS <= SRS_DAYS;
}

/* "DAY=DOMAIN=LOCAL" */
static bool take_first(span rest, int64_t day, arena *mem, addr *to)
{
	span stamp = span_cut(&rest, '=');
	to->domain = arena_dup(mem, span_cut(&rest, '='));
	to->local = arena_dup(mem, rest);
	return fresh(stamp, day) && to->domain.p && to->local.p;
}

/* "HOST=REST" */
static bool take_second(span rest, arena *mem, addr *to)
{
	str local = str_new(1024);
	to->domain = arena_dup(mem, span_cut(&rest, '='));
	(void)str_put(&local, S("SRS0"));
	(void)str_put(&local, rest);
	to->local = arena_dup(mem, str_span(&local));
	bool ok = !local.over && rest.n && to->domain.p && to->local.p;
	str_free(&local);
	return ok;
}

bool srs_unwrap(const siphash_key *k, span local, int64_t day, arena *mem, addr *to)
{
	uint64_t hash;
	if (local.n < 6 || !span_startsi(local, S("SRS")) || local.p[4] != '=' ||
	    (local.p[3] != '0' && local.p[3] != '1'))
		return false;
	char kind = local.p[3];
	span rest = span_sub(local, 5, local.n), given = span_cut(&rest, '=');
	if (given.n != HASH || !read_digits(given, &hash) || hash != hash_of(k, kind, rest))
		return false;
	*to = (addr){.local = S("")};
	bool ok = kind == '0' ? take_first(rest, day, mem, to) : take_second(rest, mem, to);
	return ok && to->local.n && to->domain.n && to->local.n <= ADDR_LOCAL_MAX;
}
