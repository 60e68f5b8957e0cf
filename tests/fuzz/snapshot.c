/* links: maildir mail io base : z */
/* Any octets as pabal.index; the sum of the head is made to hold. All of the roll is then read and changed. */
#include <stdlib.h>

#include "io/sum.h"
#include "maildir/snapshot.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { HEAD_SUM = 16, HEAD_REST = 24, HEAD = 168 };

static void use(roll *r)
{
	bool exact;
	size_t octets = 0;
	for (size_t i = 0; i < r->n; i++) {
		octets += roll_name(r, &r->v[i]).n + roll_base(r, &r->v[i]).n;
		(void)roll_find(r, r->v[i].uid, &exact);
		(void)roll_lookup(r, roll_base(r, &r->v[i]));
	}
	if (octets > r->n * 2 * UINT16_MAX)
		abort();
	roll_forget(r);
	for (size_t i = 0; i < r->n; i += 2)
		roll_expunge(r, i, 7);
	roll_compress(r);
	if (r->n)
		roll_rename(r, 0, S("1.a:2,S"), false);
	roll_entry e = {.uid = UINT32_MAX};
	(void)roll_add(r, &e, S("2.b"), true);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint64_t at, durable;
	unsigned char tail[16];
	ledger l = {.roll.names = S("")};
	char *copy = malloc(size ? size : 1); /* aligned, as a map is, and of exactly this size */
	if (!copy)
		abort();
	memcpy(copy, data, size);
	if (size >= HEAD) {
		uint64_t sum = sum_crc32(0, span_of(copy + HEAD_REST, HEAD - HEAD_REST));
		memcpy(copy + HEAD_SUM, &sum, sizeof sum);
	}
	l.roll.index.base = copy;
	l.roll.index.size = size;
	if (snapshot_take(&l, &at, &durable, tail))
		use(&l.roll);
	l.roll.index.base = NULL; /* no map */
	ledger_free(&l);
	free(copy);
	return 0;
}
