/* links: auth mail io base : z crypto */
/* The first octet chooses the mechanism, the lines behind it are what a server says. What must hold: answers are bounded, a
 * server without the password is never believed, every exchange ends. */
#include "auth/sasl_client.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const unsigned char nonce[SASL_CLIENT_NONCE];
	span in = span_of((const char *)data, size);
	sasl_client c;
	int rounds = 0;
	if (size < 1)
		return 0;
	sasl_client_begin(&c, (enum sasl_client_mechanism)(data[0] % SASL_CLIENT_NONE), S("user"),
			  S("a secret that no corpus has"), S("host"), nonce);
	str first = str_new(SASL_CLIENT_MAX);
	(void)sasl_client_first(&c, &first);
	str_free(&first);
	in = span_sub(in, 1, SIZE_MAX);
	while (in.n && rounds < 8) {
		str answer = str_new(SASL_CLIENT_MAX);
		span line = span_cut(&in, '\n');
		if (c.mechanism == SASL_CLIENT_SCRAM_SHA_256 && sasl_client_believe(&c, line))
			__builtin_trap();
		if (sasl_client_step(&c, line, &answer))
			in.n = 0;
		str_free(&answer);
		rounds++;
	}
	if (rounds == 8)
		__builtin_trap();
	sasl_client_end(&c);
	return 0;
}
