/* Envelope addresses: the grammar of RFC 5321, 4.1.2 and 4.1.3, with UTF-8 where RFC 6531, 3.3 lets
 * it in. Header addresses have a grammar of their own: addr_list.c.
 *
 * Seen in the wild, and what is done about it: an underscore in a domain is taken (host names of
 * Windows machines); two dots in a row or a dot at an end of an unquoted local part are refused,
 * such an address can be written with quotes. */
#include "mail/addr.h"

#include <arpa/inet.h>

#include "mail/addr_text.h"
#include "mail/utf8.h"

enum { LABEL_MAX = 63 };

bool addr_atext(unsigned char c)
{
	return ascii_alnum(c) || (c && strchr("!#$%&'*+-/=?^_`{|}~", c)) || c >= 0x80;
}

static enum addr_error fault(span rest)
{
	unsigned char c = rest.n ? (unsigned char)rest.p[0] : 'x';
	return c < 0x20 || c == 0x7f ? ADDR_CONTROL : ADDR_SYNTAX;
}

static void skip(span *s, size_t n)
{
	*s = span_sub(*s, n, s->n);
}

/* Dot-string = Atom *("." Atom). The result lies in the input. */
static enum addr_error dot_string(span *rest, span *local)
{
	size_t n = 0;
	bool dot = true; /* an atom must follow */
	for (; n < rest->n; n++) {
		unsigned char c = (unsigned char)rest->p[n];
		if (c == '.' ? dot : !addr_atext(c))
			break;
		dot = c == '.';
	}
	*local = span_sub(*rest, 0, n);
	skip(rest, n);
	return dot ? fault(*rest) : ADDR_OK;
}

/* Quoted-string = DQUOTE *QcontentSMTP DQUOTE, decoded. */
static enum addr_error quoted_string(span *rest, arena *mem, span *local)
{
	char text[ADDR_MAX];
	size_t n = 0;
	for (skip(rest, 1); rest->n && rest->p[0] != '"'; skip(rest, 1)) {
		if (rest->p[0] == '\\')
			skip(rest, 1);
		if (rest->n == 0 || fault(*rest) == ADDR_CONTROL)
			return fault(*rest);
		if (n == sizeof text)
			return ADDR_TOO_LONG;
		text[n++] = rest->p[0];
	}
	if (rest->n == 0)
		return ADDR_SYNTAX;
	skip(rest, 1);
	*local = arena_dup(mem, span_of(text, n));
	return local->p ? ADDR_OK : ADDR_TOO_LONG;
}

static bool ip_literal(span inside)
{
	char text[INET6_ADDRSTRLEN];
	unsigned char ip[16];
	int family = AF_INET;
	if (span_startsi(inside, S("IPv6:"))) {
		skip(&inside, 5);
		family = AF_INET6;
	}
	if (inside.n == 0 || inside.n >= sizeof text || memchr(inside.p, 0, inside.n))
		return false;
	memcpy(text, inside.p, inside.n);
	text[inside.n] = 0;
	return inet_pton(family, text, ip) == 1;
}

bool addr_literal(span domain)
{
	return domain.n > 2 && domain.p[0] == '[' && domain.p[domain.n - 1] == ']' &&
	       ip_literal(span_sub(domain, 1, domain.n - 1));
}

static bool label_valid(span label)
{
	bool ascii = true;
	if (label.n == 0 || label.p[0] == '-' || label.p[label.n - 1] == '-')
		return false;
	for (size_t i = 0; i < label.n; i++) {
		unsigned char c = (unsigned char)label.p[i];
		if (c >= 0x80)
			ascii = false;
		else if (!ascii_alnum(c) && c != '-' && c != '_')
			return false;
	}
	return !ascii || label.n <= LABEL_MAX;
}

/* Domain = sub-domain *("." sub-domain), no dot at the end (4.1.2). */
bool addr_domain_name(span domain)
{
	if (domain.n == 0 || domain.n > ADDR_DOMAIN_MAX || !utf8_valid(domain))
		return false;
	for (span rest = domain; rest.n;) {
		size_t dot = span_find(rest, '.');
		if (!label_valid(span_sub(rest, 0, dot)) || dot + 1 == rest.n)
			return false;
		skip(&rest, dot + 1);
	}
	return true;
}

static bool domain_octet(unsigned char c)
{
	return ascii_alnum(c) || c == '-' || c == '_' || c == '.' || c >= 0x80;
}

/* A domain or an address literal at the front of *rest. */
static enum addr_error domain(span *rest, span *out, bool *literal)
{
	size_t n = 0;
	*literal = rest->n && rest->p[0] == '[';
	if (*literal) {
		n = span_find(*rest, ']') + 1;
		if (n > rest->n)
			return ADDR_SYNTAX;
	} else {
		while (n < rest->n && domain_octet((unsigned char)rest->p[n]))
			n++;
	}
	*out = span_sub(*rest, 0, n);
	skip(rest, n);
	if (n == 0)
		return fault(*rest);
	if (n > ADDR_DOMAIN_MAX)
		return ADDR_TOO_LONG;
	return (*literal ? addr_literal(*out) : addr_domain_name(*out)) ? ADDR_OK : ADDR_SYNTAX;
}

enum addr_error addr_finish(addr *a)
{
	a->utf8 = false;
	for (size_t i = 0; i < a->local.n; i++)
		a->utf8 |= (unsigned char)a->local.p[i] >= 0x80;
	for (size_t i = 0; i < a->domain.n; i++)
		a->utf8 |= (unsigned char)a->domain.p[i] >= 0x80;
	if (a->local.n > ADDR_LOCAL_MAX || a->domain.n > ADDR_DOMAIN_MAX)
		return ADDR_TOO_LONG;
	return a->utf8 && !utf8_valid(a->local) ? ADDR_SYNTAX : ADDR_OK;
}

/* Local-part [ "@" ( Domain / address-literal ) ] */
static enum addr_error mailbox(span *rest, arena *mem, addr *a)
{
	size_t before = rest->n;
	enum addr_error e = rest->n && rest->p[0] == '"' ? quoted_string(rest, mem, &a->local)
							 : dot_string(rest, &a->local);
	if (e == ADDR_OK && rest->n && rest->p[0] == '@') {
		skip(rest, 1);
		e = domain(rest, &a->domain, &a->literal);
	}
	if (e != ADDR_OK)
		return e;
	if (before - rest->n > ADDR_MAX)
		return ADDR_TOO_LONG;
	return addr_finish(a);
}

/* A-d-l ":" (4.1.1.3: must be accepted, should be ignored). */
static enum addr_error source_route(span *rest)
{
	span name;
	bool literal;
	for (;;) {
		enum addr_error e;
		skip(rest, 1);
		if ((e = domain(rest, &name, &literal)) != ADDR_OK)
			return e;
		if (rest->n == 0)
			return ADDR_SYNTAX;
		if (rest->p[0] == ':')
			break;
		if (!span_starts(*rest, S(",@")))
			return fault(*rest);
		skip(rest, 1);
	}
	skip(rest, 1);
	return ADDR_OK;
}

enum addr_error addr_path(span *rest, bool null_ok, arena *mem, addr *a)
{
	span in = *rest;
	enum addr_error e = ADDR_OK;
	*a = (addr){.local = S(""), .domain = S("")};
	if (in.n == 0 || in.p[0] != '<')
		return fault(in);
	skip(&in, 1);
	if (span_starts(in, S(">"))) {
		a->null = true;
		*rest = span_sub(in, 1, in.n);
		return null_ok ? ADDR_OK : ADDR_SYNTAX;
	}
	if (span_starts(in, S("@")))
		e = source_route(&in);
	if (e == ADDR_OK)
		e = mailbox(&in, mem, a);
	if (e != ADDR_OK)
		return e;
	if (in.n == 0 || in.p[0] != '>')
		return fault(in);
	if (a->domain.n == 0 && !span_eqi(a->local, S("postmaster")))
		return ADDR_SYNTAX;
	*rest = span_sub(in, 1, in.n);
	return ADDR_OK;
}

enum addr_error addr_mailbox(span text, arena *mem, addr *a)
{
	enum addr_error e;
	*a = (addr){.local = S(""), .domain = S("")};
	if (span_eq(text, S("<>"))) {
		a->null = true;
		return ADDR_OK;
	}
	if ((e = mailbox(&text, mem, a)) != ADDR_OK)
		return e;
	if (text.n)
		return fault(text);
	return a->local.n || a->domain.n ? ADDR_OK : ADDR_SYNTAX;
}

static bool needs_quotes(span local)
{
	span rest = local, whole;
	return dot_string(&rest, &whole) != ADDR_OK || rest.n != 0;
}

void addr_write(const addr *a, str *to)
{
	if (a->null)
		return;
	if (needs_quotes(a->local)) {
		str_putc(to, '"');
		for (size_t i = 0; i < a->local.n; i++) {
			if (a->local.p[i] == '"' || a->local.p[i] == '\\')
				str_putc(to, '\\');
			str_putc(to, a->local.p[i]);
		}
		str_putc(to, '"');
	} else {
		str_put(to, a->local);
	}
	if (a->domain.n) {
		str_putc(to, '@');
		str_put(to, a->domain);
	}
}

bool addr_eq(const addr *a, const addr *b)
{
	return a->null == b->null && span_eq(a->local, b->local) && span_eqi(a->domain, b->domain);
}
