/* links: net base */
#include "net/nexthop.h"

#include "tests/unit/unit.h"

/* Each hop as KIND user|host|port|place, parted by blanks; KIND: m MX, h host, u Unix socket, in upper case for LMTP. */
static const struct {
	const char *list, *hops;
	bool route; /* may stand in control/routes */
} cases[] = {
    {"a.test", "m||a.test||a.test", true},
    {"a.test:2525", "m||a.test|2525|a.test:2525", false},
    {"[a.test]", "h||a.test||[a.test]", true},
    {"[a.test]:25", "h||a.test|25|[a.test]:25", true},
    {"[::1]:25", "h||::1|25|[::1]:25", true},
    {"::1", "m||::1||::1", true},
    {"[me@a.test]:587", "h|me|a.test|587|[me@a.test]:587", true},
    {"[me@b.test@a.test]", "h|me@b.test|a.test||[me@b.test@a.test]", true},
    {"lmtp:[a.test]:24", "H||a.test|24|[a.test]:24", true},
    {"LMTP:/run/l", "U||||/run/l", true},
    {"/run/smtp", "u||||/run/smtp", true},
    {"a.test, [b.test]:25 ,lmtp:/s", "m||a.test||a.test h||b.test|25|[b.test]:25 U||||/s", true},
    {"", "", false},
    {",", "!", false},
    {"a.test,", "m||a.test||a.test", false},
    {"a.test,,b.test", "m||a.test||a.test ! m||b.test||b.test", false},
    {"[a.test", "!", false},
    {"[a.test]x", "!", false},
    {"[a.test]:0", "!", false},
    {"[a.test]:65536", "!", false},
    {"[@a.test]", "!", false},
    {"[me@]", "!", false},
    {"a b", "!", false},
    {"lmtp:", "!", false},
    {"/a b", "!", false},
    {"a,a,a,a,a,a,a,a,a", NULL, false},
};

static void put(const nexthop *h, char *to, size_t room)
{
	size_t n = strlen(to);
	char kind = h->path ? 'u' : h->named ? 'h' : 'm';
	if (h->lmtp)
		kind = (char)(kind - 32);
	if (!h->place.n)
		(void)snprintf(to + n, room - n, "%s!", n ? " " : "");
	else
		(void)snprintf(to + n, room - n, "%s%c|%.*s|%.*s|%.*s|%.*s", n ? " " : "", kind,
			       SPAN_FMT(h->user), SPAN_FMT(h->host), SPAN_FMT(h->port),
			       SPAN_FMT(h->place));
}

int main(void)
{
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char got[1000] = "";
		nexthop h;
		span copy = unit_copy(span_str(cases[i].list)), rest = copy;
		while (nexthop_next(&rest, &h))
			put(&h, got, sizeof got);
		if (cases[i].hops)
			CHECK(strcmp(got, cases[i].hops) == 0, "\"%s\" gives %s", cases[i].list,
			      got);
		CHECK((nexthop_check(copy) == NULL) == cases[i].route, "\"%s\" as a route",
		      cases[i].list);
		free((char *)(uintptr_t)copy.p);
	}
	return unit_done();
}
