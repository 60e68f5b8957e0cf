#include "smtp/secure.h"

#include <errno.h>
#include <string.h>

#include "io/control.h"

enum { RULES_MAX = 4 << 20 };

bool secure_line(span line, span *key, enum secure_level *level)
{
	static const char *const names[] = {"none", "may", "encrypt", "verify"};
	size_t colon = span_rfind(line, ':');
	span word = span_trim(span_sub(line, colon + 1, line.n));
	*key = span_trim(span_sub(line, 0, colon));
	if (colon == line.n || !key->n)
		return false;
	for (size_t i = 0; i < key->n; i++)
		if (key->p[i] <= ' ' || key->p[i] == 0x7f)
			return false;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (span_eqi(word, span_str(names[i]))) {
			*level = (enum secure_level)i;
			return true;
		}
	return false;
}

status secure_rules_read(secure_rules *r)
{
	span key;
	enum secure_level level;
	*r = (secure_rules){.mem = arena_new(RULES_MAX)};
	if (control_list("smtp-tls", &r->mem, &r->entries, &r->count) == CONTROL_ERROR)
		return status_make(EX_TEMPFAIL, 451, "4.3.5", "control/smtp-tls: %s",
				   strerror(errno));
	for (size_t i = 0; i < r->count; i++)
		if (!secure_line(r->entries[i], &key, &level))
			return status_make(EX_TEMPFAIL, 451, "4.3.5",
					   "control/smtp-tls: entry %zu is not DESTINATION:LEVEL "
					   "with none, may, encrypt or verify",
					   i + 1);
	return status_ok();
}

void secure_rules_free(secure_rules *r)
{
	arena_free(&r->mem);
	*r = (secure_rules){.count = 0};
}

bool secure_any(const secure_rules *r)
{
	bool star = false, any = false;
	for (size_t i = 0; i < r->count; i++) {
		span key;
		enum secure_level level;
		if (!secure_line(r->entries[i], &key, &level))
			continue;
		star = star || span_eq(key, S("*"));
		any = any || level != SECURE_NONE;
	}
	return any || !star;
}

/* How well a key fits: 0 not at all; the longer the better, the name itself best. */
static size_t fit(span key, span name)
{
	if (span_eqi(key, name))
		return SIZE_MAX;
	if (span_eq(key, S("*")))
		return 1;
	if (key.p[0] == '.' && name.n > key.n &&
	    span_eqi(span_sub(name, name.n - key.n, name.n), key))
		return key.n;
	return 0;
}

enum secure_level secure_level_for(const secure_rules *r, span name)
{
	enum secure_level best = SECURE_MAY;
	size_t fits = 0;
	for (size_t i = 0; i < r->count; i++) {
		span key;
		enum secure_level level;
		if (!secure_line(r->entries[i], &key, &level))
			continue;
		size_t n = fit(key, name);
		if (n > fits) {
			fits = n;
			best = level;
		}
	}
	return best;
}
