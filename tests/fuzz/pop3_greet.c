/* links: pop3 auth mail io base : z */
/* POP3 before the login. */
#include "pop3/greet.h"

#include "tests/fuzz/login_greet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool any(span state)
{
	(void)state;
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return fuzz_greet(data, size, pop3_greet, any);
}
