/* links: queue mail io base : z */
/* Any lines as a log: they are counted, and shown in each form. */
#include <stdint.h>
#include <stdlib.h>

#include "io/log_event.h"
#include "queue/figures.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	figures f = figures_new();
	str to = str_new(1 << 20);
	span rest = span_of((const char *)data, size);
	while (rest.n) {
		span line = span_sub(rest, 0, span_find(rest, '\n') + 1);
		rest = span_sub(rest, line.n, rest.n);
		figures_line(&f, line, S(""));
	}
	if (f.others > f.lines)
		abort();
	figures_table(&f, 10, &to);
	for (size_t i = 0; i < to.n; i++)
		if (((unsigned char)to.p[i] < 0x20 && to.p[i] != '\n') || to.p[i] == 0x7f)
			abort(); /* nothing of a log reaches a terminal as a control octet */
	str_clear(&to);
	figures_json(&f, &to);
	str_clear(&to);
	figures_prometheus(&f, &to);
	for (size_t i = 0; i < to.n; i++)
		if ((unsigned char)to.p[i] > 0x7e)
			abort();
	str_free(&to);
	figures_free(&f);
	return 0;
}
