/* links: smtp auth net queue mail io base : z */
/* A line of control/smtp-tls (smtp/secure.h). */
#include <stdlib.h>

#include "smtp/secure.h"

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t size)
{
	span key;
	enum secure_level level;
	if (!secure_line(span_of((const char *)octets, size), &key, &level))
		return 0;
	if (!key.n || level > SECURE_VERIFY || key.p < (const char *)octets ||
	    key.p + key.n > (const char *)octets + size)
		abort();
	secure_rules one = {.entries = &(span){(const char *)octets, size}, .count = 1};
	if (secure_level_for(&one, key) != level && !span_eq(key, S("*")))
		abort();
	return 0;
}
