/* links: smtp auth queue net mail io base : z */
/* A header: with no name to change it comes out octet for octet; with one, as many octets more as there were names. */
#include "smtp/sender_map.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum table_result none(void *arg, const addr *a, str *to)
{
	(void)arg;
	(void)a;
	(void)to;
	return TABLE_ABSENT;
}

static enum table_result longer(void *arg, const addr *a, str *to)
{
	(void)arg;
	addr_write(a, to);
	return str_putc(to, 'x') ? TABLE_FOUND : TABLE_ERROR;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	span text = span_of((const char *)data, size);
	str to = str_new(1 << 22);
	if (sender_map_header(text, none, NULL, &to) != 0 || !span_eq(str_span(&to), text))
		__builtin_trap();
	str_clear(&to);
	size_t found = sender_map_header(text, longer, NULL, &to);
	if (found != SIZE_MAX && !to.over && to.n != text.n + found)
		__builtin_trap();
	str_free(&to);
	return 0;
}
