/* links: resolve net maildir mail io base : z */
/* Alias targets, user entries and routes: the three values of the resolver's tables. */
#include "resolve/target.h"
#include "resolve/mailbox.h"
#include "resolve/route.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void must(bool held)
{
	if (!held)
		__builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	char *copy = malloc(n ? n : 1);
	must(copy != NULL);
	if (n)
		memcpy(copy, data, n);
	span value = span_of(copy, n), agent, hop;
	arena a = arena_new(4 << 20);
	addr *targets = NULL;
	size_t count;
	mailbox_entry e;
	if (!target_parse(value, &a, &targets, &count)) {
		must(count > 0 && count <= TARGET_MAX);
		for (size_t i = 0; i < count; i++)
			must((targets[i].local.n > 0 || targets[i].domain.n > 0) && !targets[i].null);
	}
	if (mailbox_parse(value, &e))
		must(e.maildir.n > 0 && e.maildir.n <= n);
	if (!route_parse(value, &agent, &hop))
		must(hop.n > 0 && hop.n + agent.n <= n);
	arena_free(&a);
	free(copy);
	return 0;
}
