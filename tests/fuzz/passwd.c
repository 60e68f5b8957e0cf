/* links: auth mail io base : z crypt crypto */
#include "auth/passwd.h"
#include "mail/base64.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is read is written as the same text again. */
static void verifier(span in)
{
	scram s;
	str again = str_new(4096);
	if (scram_read(in, &s)) {
		span head = in, digits = span_cut(&head, ',');
		if (!scram_write(&s, &again) || !span_ends(str_span(&again), head) || !digits.n)
			__builtin_trap();
	}
	str_free(&again);
}

static void base64(span in)
{
	str octets = str_new(4096), again = str_new(8192);
	if (base64_read(in, &octets) &&
	    (!base64_write(str_span(&octets), &again) || !span_eq(str_span(&again), in)))
		__builtin_trap();
	str_free(&octets);
	str_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	span in = span_of((const char *)data, size);
	scram s;
	(void)passwd_valid(in);
	(void)passwd_usable(in);
	if (passwd_scram(in, &s) && (s.iterations == 0 || s.salt_n == 0))
		__builtin_trap();
	verifier(in);
	base64(in);
	return 0;
}
