/* links: resolve maildir queue net mail io base : z */
/* A local part that claims to be SRS: nothing without the hash is believed; what is wrapped can be read. */
#include "resolve/srs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const siphash_key key = {0x1234, 0x5678};
	arena mem = arena_new(1 << 16);
	str local = str_new(ADDR_LOCAL_MAX);
	span text = span_of((const char *)data, size), rest = text;
	addr to, from = {.domain = span_cut(&rest, '\n')};
	from.local = rest;
	if (srs_unwrap(&key, text, 1, &mem, &to) && !to.local.n)
		__builtin_trap();
	if (from.local.n && srs_wrap(&key, &from, 1, &local)) {
		if (local.n > ADDR_LOCAL_MAX)
			__builtin_trap();
		(void)srs_unwrap(&key, str_span(&local), 1, &mem, &to);
	}
	str_free(&local);
	arena_free(&mem);
	return 0;
}
