/* links: maildir mail io base : z */
/* Any octets as pabal.cache. What stands in it is read as a session does, and then written to: what is written is
 * found, and nothing else becomes wrong. The first octet says whether the sums of what stands there are made to hold. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/file.h"
#include "io/sum.h"
#include "maildir/cache.h"
#include "maildir/cache_record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MARK = 0x4d434850, MARK_TABLE = 0x54434850, SUM_AT = 8, SUM_FROM = 12, MESSAGE_HEAD = 56 };

static void mend(char *p, size_t n)
{
	uint32_t head[5], sum;
	memcpy(p, CACHE_MAGIC, 8);
	for (size_t at = sizeof(cache_head); at + MESSAGE_HEAD <= n;) {
		memcpy(head, p + at, sizeof head);
		size_t summed = head[0] == MARK ? MESSAGE_HEAD + (size_t)head[4] : CACHE_TABLE_HEAD;
		if ((head[0] != MARK && head[0] != MARK_TABLE) || summed > n - at)
			return;
		sum = sum_crc32(0, span_of(p + at + SUM_FROM, summed - SUM_FROM));
		memcpy(p + at + SUM_AT, &sum, sizeof sum);
		at += head[1] >= CACHE_ALIGN ? head[1] : CACHE_ALIGN;
	}
}

static void use(const char *dir)
{
	static const char *const names[] = {"1.a", "2.b", "", "3.c"};
	cache_record r, mine = {.piece = {[CACHE_BODY] = S("(body)")}};
	cache *c = cache_open(dir);
	size_t octets = 0;
	if (!c)
		abort();
	for (size_t i = 0; i < 4; i++)
		if (cache_find(c, span_str(names[i]), ~0u, &r))
			for (int p = 0; p < CACHE_PIECES; p++)
				for (size_t k = 0; k < r.piece[p].n; k++)
					octets += (unsigned char)r.piece[p].p[k];
	for (int i = 0; i < 300; i++) {
		char name[16];
		(void)cache_add(c, span_of(name, (size_t)snprintf(name, sizeof name, "%d.n", i)),
				&mine);
	}
	cache_write(c, NULL);
	if (!cache_find(c, S("7.n"), ~0u, &r) || !span_eq(r.piece[CACHE_BODY], S("(body)")))
		abort();
	cache_close(c);
	c = cache_open(dir);
	if (!c || !cache_find(c, S("299.n"), ~0u, &r) ||
	    !span_eq(r.piece[CACHE_BODY], S("(body)")) || octets == SIZE_MAX)
		abort();
	cache_close(c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char dir[] = "/tmp/pabal-fuzz-cache.XXXXXX";
	static int at = -1;
	if (at < 0 && (!mkdtemp(dir) || (at = open(dir, O_DIRECTORY | O_CLOEXEC)) < 0 ||
		       mkdirat(at, "tmp", 0700) < 0))
		abort();
	if (size < 9)
		return 0;
	char *copy = malloc(size);
	size_t n = size - 1;
	memcpy(copy, data + 1, n);
	if (data[0] & 1)
		mend(copy, n);
	int fd = openat(at, "pabal.cache", O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (fd < 0 || write(fd, copy, n) != (ssize_t)n || close(fd) < 0)
		abort();
	use(dir);
	if (unlinkat(at, "pabal.cache", 0) < 0)
		abort();
	free(copy);
	return 0;
}
