/* links: imap auth maildir queue mail io base : z */
/* IMAP before the login. */
#include "imap/greet.h"

#include "tests/fuzz/login_greet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The tag of the command that logged in. */
static bool is_tag(span state)
{
	return state.n && !memchr(state.p, ' ', state.n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return fuzz_greet(data, size, imap_greet, is_tag);
}
