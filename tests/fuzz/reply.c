/* links: smtp base */
/* The first octet chooses the size of the pieces; the rest is what a server sends. */
#include "smtp/caps.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	span rest = {(const char *)data, size};
	size_t most = size ? data[0] % 64u + 4 : 4;
	reply r;
	reply_init(&r);
	rest = span_sub(rest, 1, size);
	while (rest.n) {
		size_t n = span_find(rest, '\n') + 1;
		if (n > most)
			n = most;
		span piece = span_sub(rest, 0, n);
		enum reply_result got = reply_feed(&r, piece);
		status st = reply_status(&r);
		smtp_caps caps;
		smtp_caps_read(&caps, &r);
		if (r.text.n > REPLY_TEXT_MAX ||
		    (got == REPLY_DONE && (r.code < 200 || r.code > 599)) ||
		    (got == REPLY_DONE && st.reply != r.code))
			__builtin_trap();
		if (got != REPLY_MORE)
			reply_clear(&r);
		rest = span_sub(rest, piece.n, rest.n);
	}
	reply_free(&r);
	return 0;
}
