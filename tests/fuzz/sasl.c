/* links: auth mail io base : z crypt crypto */
/* An exchange: the first octet chooses the mechanism, the lines behind it are its messages. What must hold: nothing is
 * right but the one password or a proof; nothing comes after an end; challenges are bounded. */
#include "auth/sasl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool asked;

static enum passwd_result password(void *arg, span user, span secret)
{
	(void)arg;
	if (user.n == 0 || user.n > SASL_USER_MAX || secret.n == 0 || memchr(secret.p, 0, secret.n))
		__builtin_trap();
	asked = true;
	return span_eq(secret, S("pencil")) ? PASSWD_RIGHT : PASSWD_WRONG;
}

static enum passwd_result verifier(void *arg, span user, scram *s)
{
	(void)arg;
	*s = (scram){.iterations = 1, .salt_n = 4};
	return span_starts(user, S("u")) ? PASSWD_RIGHT : PASSWD_WRONG;
}

static bool random_octets(void *arg, unsigned char *to)
{
	(void)arg;
	memset(to, 0, SASL_NONCE_OCTETS);
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const sasl_backend backend = {NULL, password, verifier, random_octets};
	span in = span_of((const char *)data, size);
	sasl s;
	if (size < 1)
		return 0;
	asked = false;
	sasl_begin(&s, (enum sasl_mechanism)(data[0] & 3), &backend);
	in = span_sub(in, 1, SIZE_MAX);
	enum sasl_result r = SASL_CHALLENGE;
	while (in.n) {
		str challenge = str_new(SASL_MAX);
		enum sasl_result next = sasl_step(&s, span_cut(&in, '\n'), &challenge);
		if (r != SASL_CHALLENGE && next == SASL_RIGHT)
			__builtin_trap();
		if (next == SASL_RIGHT && !asked) /* no proof fits a StoredKey of zeros */
			__builtin_trap();
		r = next;
		str_free(&challenge);
	}
	sasl_end(&s);
	return 0;
}
