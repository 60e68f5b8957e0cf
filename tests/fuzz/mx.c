/* links: net io base : idn2 */
/* Records of a server: a length octet, then the data of one MX record. The list stays bounded, its names
 * host names, its order right; own hosts are gone. */
#include "net/mx.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	span rest = {(const char *)data, size};
	char name[NET_NAME_ROOM];
	mx_list l = {.count = 0};
	for (uint32_t tie = 1; rest.n; tie++) {
		size_t n = (unsigned char)rest.p[0];
		char *copy = malloc(n + 1);
		span record = span_sub(rest, 1, n + 1);
		memcpy(copy, record.p, record.n);
		(void)mx_add(&l, span_of(copy, record.n), tie * 2654435761u);
		free(copy);
		rest = span_sub(rest, n + 1, rest.n);
	}
	mx_sort(&l);
	if (l.count > MX_MAX)
		__builtin_trap();
	for (size_t i = 0; i < l.count; i++)
		if (!idn_to_ascii(span_str(l.hosts[i].name), name) ||
		    strcmp(name, l.hosts[i].name) != 0 ||
		    (i && l.hosts[i].preference < l.hosts[i - 1].preference))
			__builtin_trap();
	if (mx_drop_own(&l, S("a.test")))
		for (size_t i = 0; i < l.count; i++)
			if (strcmp(l.hosts[i].name, "a.test") == 0)
				__builtin_trap();
	return 0;
}
