/* links: net io base : z */
/* The facts of a handshake, which come from the process that has met the peer (net/handover.h). What is taken can stand
 * in an environment and in a header field, and reads the same when it is written again. */
#include <stdlib.h>
#include <string.h>

#include "net/handover.h"

static bool clean(const char *s)
{
	for (; *s; s++)
		if (*s <= 0x20 || *s >= 0x7f)
			return false;
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t size)
{
	tls_facts f;
	if (!tls_facts_read(span_of((const char *)octets, size), &f))
		return 0;
	if (!f.version[0] || !clean(f.version) || !clean(f.cipher) || !clean(f.sni) ||
	    !clean(f.alpn) || !clean(f.exporter) || !clean(f.peer))
		abort();
	return 0;
}
