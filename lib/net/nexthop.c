#include "net/nexthop.h"

enum { HOST_MAX = 255, USER_MAX = 320, PATH_MOST = 107 /* sun_path, unix(7) */ };

static bool host_octets(span s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		if (!ascii_alnum(c) && c != '-' && c != '.' && c != '_' && c != ':' && c < 0x80)
			return false;
	}
	return s.n > 0 && s.n <= HOST_MAX;
}

static bool printable(span s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] <= 0x20 || s.p[i] == 0x7f)
			return false;
	return true;
}

static bool is_port(span s)
{
	uint64_t v;
	return span_u64(s, 65535, &v) && v > 0;
}

/* ":PORT" or nothing. */
static bool take_port(span rest, nexthop *h)
{
	if (!rest.n)
		return true;
	h->port = span_sub(rest, 1, rest.n);
	return rest.p[0] == ':' && is_port(h->port);
}

static bool in_brackets(span s, nexthop *h)
{
	size_t close = span_rfind(s, ']');
	if (close == s.n)
		return false;
	span inside = span_sub(s, 1, close);
	size_t at = span_rfind(inside, '@');
	h->named = true;
	if (at < inside.n) {
		h->user = span_sub(inside, 0, at);
		inside = span_sub(inside, at + 1, inside.n);
		if (!h->user.n || h->user.n > USER_MAX)
			return false;
	}
	h->host = inside;
	return host_octets(h->host) && take_port(span_sub(s, close + 1, s.n), h);
}

static bool bare(span s, nexthop *h)
{
	size_t colon = span_find(s, ':');
	bool one = colon == span_rfind(s, ':'); /* more than one: an IPv6 address */
	h->host = one ? span_sub(s, 0, colon) : s;
	return host_octets(h->host) && (!one || take_port(span_sub(s, colon, s.n), h));
}

static bool parse(span s, nexthop *h)
{
	if (span_startsi(s, S("lmtp:"))) {
		h->lmtp = true;
		s = span_sub(s, 5, s.n);
	}
	if (!s.n || !printable(s))
		return false;
	h->place = s;
	if (s.p[0] != '/')
		return s.p[0] == '[' ? in_brackets(s, h) : bare(s, h);
	h->path = h->named = true;
	return s.n <= PATH_MOST;
}

bool nexthop_next(span *list, nexthop *h)
{
	*h = (nexthop){.user = S(""), .host = S(""), .port = S(""), .place = S("")};
	if (!list->n)
		return false;
	if (!parse(span_trim(span_cut(list, ',')), h))
		h->place = S("");
	return true;
}

const char *nexthop_check(span list)
{
	nexthop h;
	size_t n = 0;
	if (list.n && list.p[list.n - 1] == ',')
		return "a next hop is missing";
	for (; nexthop_next(&list, &h); n++)
		if (!h.place.n || (!h.named && h.port.n))
			return "next hop is no domain, [HOST], [HOST]:PORT or /PATH";
	return n == 0 ? "no next hop" : n > NEXTHOP_MAX ? "too many next hops" : NULL;
}
