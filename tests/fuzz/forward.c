/* links: resolve maildir queue net mail io base : z */
/* A .forward: every target is an address of bounded size, and no command is given without leave. */
#include "resolve/forward.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1)
		return 0;
	bool programs = data[0] & 1;
	arena mem = arena_new(1 << 20);
	forward f;
	span text = span_of((const char *)data + 1, size - 1);
	if (!forward_parse(text, S("ann"), S("home.test"), programs, S("00000000"), &mem, &f)) {
		if (f.count > FORWARD_TARGETS || (f.command.n && !programs))
			__builtin_trap();
		for (size_t i = 0; i < f.count; i++)
			if (!f.targets[i].local.n || f.targets[i].local.n > ADDR_LOCAL_MAX ||
			    f.targets[i].domain.n > ADDR_DOMAIN_MAX)
				__builtin_trap();
	}
	arena_free(&mem);
	return 0;
}
