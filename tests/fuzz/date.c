/* links: mail base */
/* A date that is read is written, and read as the same. */
#include <stdlib.h>

#include "mail/date.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[DATE_ROOM];
	int64_t epoch, back;
	if (!date_parse(span_of((const char *)data, size), &epoch))
		return 0;
	date_write(epoch, (int)(size % 1440), text);
	if (!date_parse(span_str(text), &back))
		abort();
	if (epoch > -62000000000 && epoch < 253402000000 && back != epoch)
		abort();
	return 0;
}
