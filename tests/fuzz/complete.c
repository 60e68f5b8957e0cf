/* links: mail base */
/* A header is completed: nothing is lost, nothing changes its place, and what is added has no control octet but LF. */
#include "mail/complete.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t size)
{
	const complete c = {
	    .from = S("<a@x>"), .message_id = S("<1@me>"), .domain = S("d.example")};
	span text = span_of((const char *)octets, size);
	str done = str_new(4 << 20);
	size_t used = complete_header(&c, text, &done), at = 0;
	if (used > size)
		abort();
	(void)str_put(&done, span_sub(text, used, size));
	for (size_t i = 0; i < done.n; i++)
		if (at < size && done.p[i] == text.p[at])
			at++;
	if (at != size || done.over)
		abort();
	str_free(&done);
	return 0;
}
