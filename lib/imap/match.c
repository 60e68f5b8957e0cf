#include "imap/match.h"

#include "imap/place.h"

typedef struct again {
	size_t pattern, name; /* behind the wildcard, and where it would match from next */
	bool set;
} again;

static bool same(char a, char b, bool any_case)
{
	return a == b || (any_case && ascii_lower(a) == ascii_lower(b));
}

/* Each wildcard takes as little as it can; where that leads nowhere the last "%" takes more, and where it may not the last
 * "*": an earlier one of the same kind never has to. */
static bool match(span p, span s, bool any_case)
{
	again star = {0, 0, false}, percent = {0, 0, false};
	size_t i = 0, k = 0;
	for (;;) {
		if (i < p.n && p.p[i] == '*') {
			star = (again){++i, k, true};
			percent.set = false;
		} else if (i < p.n && p.p[i] == '%') {
			percent = (again){++i, k, true};
		} else if (i < p.n && k < s.n && same(p.p[i], s.p[k], any_case)) {
			i++;
			k++;
		} else if (i == p.n && k == s.n) {
			return true;
		} else if (percent.set && percent.name < s.n &&
			   s.p[percent.name] != IMAP_DELIMITER) {
			i = percent.pattern;
			k = ++percent.name;
		} else if (star.set && star.name < s.n) {
			percent.set = false;
			i = star.pattern;
			k = ++star.name;
		} else {
			return false;
		}
	}
}

bool imap_match(span pattern, span name)
{
	return match(pattern, name, span_eq(name, S("INBOX")));
}
