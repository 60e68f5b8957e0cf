/* links: io base : z */
/* A whole table and a key: the first line of the input is the key, the rest is the table. What the order
 * check calls in order must be found line by line, and what is found must be in the text. */
#include "io/table.h"

#include <sys/stat.h>

#include "io/order.h"
#include "io/out.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static char root[] = "/tmp/pabal-fuzz-table.XXXXXX";

static void must(bool held)
{
	if (!held)
		__builtin_trap();
}

static void put_table(span text)
{
	char path[sizeof root + 8];
	(void)snprintf(path, sizeof path, "%s/t", root);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	must(fd >= 0 && write_all(fd, text));
	(void)close(fd);
}

static void clean_up(void)
{
	char path[sizeof root + 8];
	(void)snprintf(path, sizeof path, "%s/t", root);
	(void)unlink(path);
	(void)rmdir(root);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static bool ready;
	span text = span_of((const char *)data, n), key = span_cut(&text, '\n'), value, k;
	const char *error;
	size_t line;
	uint64_t at = 0;
	if (!ready) {
		must(mkdtemp(root) && setenv("PABAL_ROOT", root, 1) == 0);
		(void)atexit(clean_up);
		ready = true;
	}
	put_table(text);
	table *t = table_open("t");
	arena a = arena_new(16 << 20);
	enum table_result got = table_get(t, key, &a, &value, &error, &line);
	must(got != TABLE_NONE);
	bool sorted = table_check(t, &error, &line) == TABLE_FOUND;
	must(sorted || got != TABLE_ABSENT || memchr(key.p, ':', key.n) || !key.n ||
	     memchr(key.p, '\r', key.n) || memchr(key.p, 0, key.n) || key.n > ORDER_KEY_MAX);
	while (sorted && table_next(t, &at, &a, &k, &value) == TABLE_FOUND) {
		span again;
		if (memchr(k.p, 0, k.n) || memchr(k.p, '\r', k.n))
			continue; /* such a key can be written, but never asked for */
		must(table_get(t, k, &a, &again, &error, &line) == TABLE_FOUND &&
		     span_eq(again, value));
		must(!span_eq(k, key) || got == TABLE_FOUND);
	}
	arena_free(&a);
	table_close(t);
	return 0;
}
