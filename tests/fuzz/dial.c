/* links: net io base : idn2 */
/* A destination as text: what is understood has a host and a port, and means the same when written out again. */
#include "net/dial.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *copy = malloc(size + 1), again[NET_NAME_ROOM + 32];
	dial_place p, q;
	memcpy(copy, data, size);
	bool ok = dial_parse(span_of(copy, size), 25, &p);
	free(copy);
	if (!ok)
		return 0;
	(void)snprintf(again, sizeof again, "[%s%s]:%u",
		       p.literal && strchr(p.host, ':') ? "IPv6:" : "", p.host, (unsigned)p.port);
	if (!p.host[0] || !p.port || !dial_parse(span_str(again), 1, &q) ||
	    strcmp(p.host, q.host) != 0 || p.port != q.port || p.literal != q.literal ||
	    !q.bracketed)
		__builtin_trap();
	return 0;
}
