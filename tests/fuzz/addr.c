/* links: mail base */
/* What is read as an address is read the same when it is written again, and never breaks a line. */
#include <stdlib.h>

#include "mail/addr.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void again(const addr *a)
{
	arena mem = arena_new(1 << 16);
	str text = str_new(4096);
	addr b;
	addr_write(a, &text);
	span s = a->null ? S("<>") : str_span(&text);
	if (text.over || addr_mailbox(s, &mem, &b) != ADDR_OK || !addr_eq(a, &b))
		abort();
	if (a->utf8 != b.utf8 || a->literal != b.literal || span_find(s, '\n') < s.n)
		abort();
	str_free(&text);
	arena_free(&mem);
}

static void each(void *arg, const addr *a, span name)
{
	span whole = *(span *)arg;
	if (name.n && (name.p < whole.p || name.p + name.n > whole.p + whole.n))
		abort();
	for (size_t i = 0; i < a->local.n; i++)
		if ((unsigned char)a->local.p[i] < ' ')
			abort();
	if (a->domain.n || a->null)
		again(a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	span whole = span_of((const char *)data, size), rest = whole;
	arena mem = arena_new(1 << 20);
	addr a;
	if (addr_path(&rest, true, &mem, &a) == ADDR_OK)
		again(&a);
	if (addr_mailbox(whole, &mem, &a) == ADDR_OK)
		again(&a);
	(void)addr_list(whole, &mem, 1000, each, &whole);
	arena_free(&mem);
	return 0;
}
