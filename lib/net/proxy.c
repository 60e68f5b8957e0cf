#include "net/proxy.h"

#include <arpa/inet.h>
#include <netinet/in.h>

enum {
	V1_MAX = 107, /* section 2.1, CRLF included */
	V2_HEAD = 16, /* section 2.2: signature, version and command, family, length */
	V2_LOCAL = 0x20,
	V2_PROXY = 0x21,
	V2_TCP4 = 0x11,
	V2_TCP6 = 0x21,
};

static const span signature = {"\r\n\r\n\0\r\nQUIT\n", 12};

typedef struct ends {
	struct sockaddr_storage remote, local;
} ends;

static bool v1_address(int family, span ip, span port, struct sockaddr_storage *to)
{
	char text[NET_ADDR_ROOM];
	uint64_t number;
	if (ip.n >= sizeof text || memchr(ip.p, 0, ip.n) || !span_u64(port, 65535, &number))
		return false;
	memcpy(text, ip.p, ip.n);
	text[ip.n] = 0;
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons((uint16_t)number)};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)number)};
	memset(to, 0, sizeof *to);
	if (family == AF_INET) {
		memcpy(to, &in, sizeof in);
		return inet_pton(AF_INET, text, &((struct sockaddr_in *)to)->sin_addr) == 1;
	}
	memcpy(to, &in6, sizeof in6);
	return inet_pton(AF_INET6, text, &((struct sockaddr_in6 *)to)->sin6_addr) == 1;
}

static enum proxy_result take(const ends *e, peer *p)
{
	peer_from_socket(p, (const struct sockaddr *)&e->remote,
			 (const struct sockaddr *)&e->local);
	return PROXY_OK;
}

/* "PROXY TCP4 192.0.2.1 198.51.100.1 56324 25" CRLF; one blank between the words. */
static enum proxy_result parse_v1(span octets, peer *p, size_t *used)
{
	span part[6] = {{NULL, 0}};
	span head = span_sub(octets, 0, V1_MAX);
	size_t end = span_find(head, '\n');
	ends e;
	if (end == head.n)
		return head.n < V1_MAX ? PROXY_MORE : PROXY_BAD;
	if (end < 1 || head.p[end - 1] != '\r')
		return PROXY_BAD;
	span rest = span_sub(head, 0, end - 1);
	*used = end + 1;
	for (size_t i = 0; i < 5; i++)
		part[i] = span_cut(&rest, ' ');
	part[5] = rest;
	if (span_eq(part[1], S("UNKNOWN")))
		return PROXY_OK;
	int family = span_eq(part[1], S("TCP4")) ? AF_INET : AF_INET6;
	if (family == AF_INET6 && !span_eq(part[1], S("TCP6")))
		return PROXY_BAD;
	if (!v1_address(family, part[2], part[4], &e.remote) ||
	    !v1_address(family, part[3], part[5], &e.local))
		return PROXY_BAD;
	return take(&e, p);
}

static void v2_tcp4(const unsigned char *a, ends *e)
{
	struct sockaddr_in r = {.sin_family = AF_INET}, l = {.sin_family = AF_INET};
	memcpy(&r.sin_addr, a, 4);
	memcpy(&l.sin_addr, a + 4, 4);
	memcpy(&r.sin_port, a + 8, 2);
	memcpy(&l.sin_port, a + 10, 2);
	memcpy(&e->remote, &r, sizeof r);
	memcpy(&e->local, &l, sizeof l);
}

static void v2_tcp6(const unsigned char *a, ends *e)
{
	struct sockaddr_in6 r = {.sin6_family = AF_INET6}, l = {.sin6_family = AF_INET6};
	memcpy(&r.sin6_addr, a, 16);
	memcpy(&l.sin6_addr, a + 16, 16);
	memcpy(&r.sin6_port, a + 32, 2);
	memcpy(&l.sin6_port, a + 34, 2);
	memcpy(&e->remote, &r, sizeof r);
	memcpy(&e->local, &l, sizeof l);
}

static enum proxy_result parse_v2(span octets, peer *p, size_t *used)
{
	const unsigned char *o = (const unsigned char *)octets.p;
	ends e = {{0}, {0}};
	if (octets.n < V2_HEAD)
		return PROXY_MORE;
	size_t length = (size_t)o[14] << 8 | o[15];
	if (V2_HEAD + length > PROXY_MAX || (o[12] != V2_LOCAL && o[12] != V2_PROXY))
		return PROXY_BAD;
	if (octets.n < V2_HEAD + length)
		return PROXY_MORE;
	*used = V2_HEAD + length;
	if (o[12] == V2_LOCAL)
		return PROXY_OK;
	if (o[13] == V2_TCP4 && length >= 12)
		v2_tcp4(o + V2_HEAD, &e);
	else if (o[13] == V2_TCP6 && length >= 36)
		v2_tcp6(o + V2_HEAD, &e);
	else
		return PROXY_BAD;
	return take(&e, p);
}

enum proxy_result proxy_parse(span octets, peer *p, size_t *used)
{
	static const span word = {"PROXY ", 6};
	*used = 0;
	if (span_starts(octets, signature))
		return parse_v2(octets, p, used);
	if (span_starts(octets, word))
		return parse_v1(octets, p, used);
	return span_starts(signature, octets) || span_starts(word, octets) ? PROXY_MORE : PROXY_BAD;
}
