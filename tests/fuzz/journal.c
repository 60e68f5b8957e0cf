/* links: maildir mail io base : z */
/* Any lines as a folder's log, with sums that hold where the line starts with '+'; what it gives is written again. */
#include <stdlib.h>

#include "io/file.h"
#include "io/out.h"
#include "io/sumline.h"
#include "maildir/journal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void each(void *arg, const journal_record *r)
{
	char room[JOURNAL_LINE];
	journal_record again;
	str line = str_new(2 * JOURNAL_LINE), twice = str_new(2 * JOURNAL_LINE);
	(*(size_t *)arg)++;
	journal_put(r, &line);
	if (line.n <= JOURNAL_LINE) {
		if (!journal_take(str_span(&line), room, &again) || again.kind != r->kind)
			abort();
		journal_put(&again, &twice);
		if (!span_eq(str_span(&line), str_span(&twice)))
			abort();
	}
	str_free(&line);
	str_free(&twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
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
	int fd = file_temp();
	if (fd < 0 || !write_all(fd, str_span(&text)))
		abort();
	size_t records = 0;
	journal_reading result;
	if (!journal_read(fd, 0, each, &records, &result))
		abort();
	if (result.good > (off_t)text.n || (result.damaged && !result.torn) ||
	    (!result.torn && result.good != (off_t)text.n) || (records == 0) != (result.good == 0))
		abort();
	close(fd);
	str_free(&text);
	return 0;
}
