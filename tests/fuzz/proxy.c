/* links: net io base */
#include "net/proxy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	peer p = {.remote_ip = ""};
	size_t used = 0;
	span in = span_of((const char *)data, size);
	if (proxy_parse(in, &p, &used) == PROXY_OK && (used > size || used > PROXY_MAX))
		__builtin_trap();
	/* What is parsed must be text that other parsers of addresses take. */
	if (p.remote_ip[0] && !net_match(span_str(p.remote_ip), p.remote_ip))
		__builtin_trap();
	(void)net_match(in, "192.0.2.1");
	return 0;
}
