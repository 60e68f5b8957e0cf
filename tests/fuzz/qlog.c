/* links: queue mail io base : z */
/* Any lines as the log of a message with two recipients, with sums that hold where the line starts with '+'. */
#include <stdlib.h>

#include "queue/qlog.h"
#include "io/sumline.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void invariants(const qlog *l, size_t good, size_t n)
{
	if (good > n || l->count < 2 || l->count > ENVELOPE_RCPT_MAX)
		abort();
	for (size_t i = 0; i < l->count; i++) {
		const qlog_rcpt *r = &l->rcpts[i];
		if (r->parent > i || (i < 2) != (r->parent == 0))
			abort();
		if (span_find(span_str(r->last.text), '\n') != strlen(r->last.text))
			abort();
	}
	(void)qlog_finished(l);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	arena mem = arena_new(65536);
	envelope env;
	size_t used, line;
	if (envelope_parse(S("MAIL FROM:<a@x>\nRCPT TO:<b@x>\nRCPT TO:<c@x>\nDATA\n"), &mem, &env,
			   &used, &line) != ENVELOPE_OK)
		abort();
	str text = str_new(1 << 20);
	span rest = span_of((const char *)data, size);
	while (rest.n) {
		span raw = span_sub(rest, 0, span_find(rest, '\n') + 1);
		rest = span_sub(rest, raw.n, rest.n);
		if (raw.p[0] == '+')
			sumline_put(span_sub(span_chomp(raw), 1, raw.n), &text);
		else
			str_put(&text, raw);
	}
	qlog l;
	if (!qlog_start(&l, -1, "0123456789ABCDEFGHJKMNPQ", &env))
		abort();
	size_t good = qlog_replay(&l, str_span(&text));
	invariants(&l, good, text.n);
	qlog_close(&l);
	str_free(&text);
	arena_free(&mem);
	return 0;
}
