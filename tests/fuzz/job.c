/* links: queue mail io base : z */
/* A job or a result that is read is the same when it is written and read again. */
#include <stdlib.h>

#include "queue/job.h"
#include "io/sumline.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void jobs(span line)
{
	arena mem = arena_new(1 << 18);
	str text = str_new(1 << 16), again = str_new(1 << 16);
	job a, b;
	if (job_parse(line, &mem, &a)) {
		job_write(&a, &text);
		if (text.over || span_find(str_span(&text), '\n') != text.n - 1)
			abort();
		if (text.n <= JOB_LINE_MAX) {
			if (!job_parse(str_span(&text), &mem, &b))
				abort();
			job_write(&b, &again);
			if (!span_eq(str_span(&text), str_span(&again)))
				abort();
		}
	}
	str_free(&text);
	str_free(&again);
	arena_free(&mem);
}

static void results(span words)
{
	str line = str_new(1 << 16), text = str_new(4096);
	job_result a, b;
	if (job_result_parse(words, &a))
		abort(); /* a sum by chance */
	sumline_put(words, &line);
	if (span_find(words, '\n') == words.n && job_result_parse(str_span(&line), &a)) {
		job_result_write(&a, &text);
		if (!job_result_parse(str_span(&text), &b) || b.n != a.n ||
		    b.st.code != a.st.code || strcmp(b.st.text, a.st.text) != 0)
			abort();
	}
	str_free(&line);
	str_free(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	span all = span_of((const char *)data, size);
	jobs(all);
	if (size < 16384)
		results(all);
	return 0;
}
