/* links: smtp mail base */
/* XCLIENT's and XFORWARD's arguments, and addresses that get a domain: no value has an octet that could end a line, and an
 * address is completed once. */
#include <stdlib.h>

#include "smtp/qualify.h"
#include "smtp/xattr.h"

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t size)
{
	span text = span_of((const char *)octets, size);
	arena mem = arena_new(1 << 20);
	xattrs x;
	if (size > 4096)
		return 0;
	if (xattrs_parse(text, size % 2, &mem, &x))
		for (size_t i = 0; i < XATTRS; i++)
			for (size_t j = 0; j < x.value[i].n; j++)
				if ((unsigned char)x.value[i].p[j] <= ' ')
					abort();
	span once = qualify(text, S("d.example"), &mem),
	     twice = qualify(once, S("d.example"), &mem);
	if (once.n < text.n || !span_eq(once, twice))
		abort();
	arena_free(&mem);
	return 0;
}
