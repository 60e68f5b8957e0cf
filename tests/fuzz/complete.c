/* links: mail base */
/* A header is completed: all octets of the message are there behind it, and doing it twice changes nothing more. */
#include "mail/complete.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t size)
{
	const complete c = {
	    .from = S("<a@x>"), .message_id = S("<1@me>"), .domain = S("d.example")};
	span text = span_of((const char *)octets, size);
	str once = str_new(1 << 20), twice = str_new(1 << 20);
	size_t used = complete_header(&c, text, &once);
	if (used > size)
		abort();
	(void)str_put(&once, span_sub(text, used, size));
	used = complete_header(&c, str_span(&once), &twice);
	(void)str_put(&twice, span_sub(str_span(&once), used, once.n));
	if (once.over || twice.over || once.n < size ||
	    (size > 0 && octets[size - 1] == '\n' && !span_eq(str_span(&once), str_span(&twice))))
		abort();
	str_free(&once);
	str_free(&twice);
	return 0;
}
