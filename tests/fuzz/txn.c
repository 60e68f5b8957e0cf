/* links: smtp base */
/* The first two octets choose recipients and extensions; each line is a reply, an empty one a lost
 * connection. Whatever a server says: the transaction ends, everybody has an outcome, and nobody counts as
 * delivered without 2yz to RCPT and to the dot. */
#include "smtp/txn.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool ok)
{
	if (!ok)
		__builtin_trap();
}

/* The next reply; 421 where there is none. */
static bool next_reply(span *rest, reply *r)
{
	enum reply_result got = REPLY_MORE;
	reply_clear(r);
	while (got == REPLY_MORE && rest->n) {
		span line = span_sub(*rest, 0, span_find(*rest, '\n') + 1);
		*rest = span_sub(*rest, line.n, rest->n);
		got = reply_feed(r, line);
	}
	return got == REPLY_DONE;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum { MOST = 64 };
	txn_rcpt rcpts[MOST] = {{.done = false}};
	status lost = status_make(EX_TEMPFAIL, 0, "4.4.2", "lost");
	str written = str_new(1 << 16);
	reply r;
	txn t;
	bool dot = false, taken = false;
	if (size < 2)
		return 0;
	size_t count = data[0] % MOST + 1;
	span rest = {(const char *)data + 2, size - 2};
	reply_init(&r);
	for (size_t i = 0; i < count; i++)
		rcpts[i].address = S("a@b.example");
	txn_begin(&t, S("s@t"), S(""), rcpts, count, data[1] & 1, data[1] & 2);
	while (t.step != TXN_OVER) {
		txn_commands(&t, &written);
		require(t.sent > t.answered || t.step == TXN_DOT);
		require(t.sent - t.answered <= TXN_GROUP);
		bool after_dot = t.step == TXN_DOT;
		if (!next_reply(&rest, &r)) {
			txn_lost(&t, &lost);
			break;
		}
		taken = after_dot && r.code / 100 == 2;
		txn_reply(&t, &r);
		if (t.step == TXN_CONTENT) {
			require(!dot);
			dot = true;
			txn_content_sent(&t);
		}
	}
	for (size_t i = 0; i < count; i++) {
		require(rcpts[i].done);
		require(!status_is_ok(&rcpts[i].st) ||
			(rcpts[i].accepted && dot && taken && !rcpts[i].again));
		require(!rcpts[i].again || !status_is_permanent(&rcpts[i].st));
	}
	reply_free(&r);
	str_free(&written);
	return 0;
}
