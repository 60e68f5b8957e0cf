/* links: mail io base : z */
/* Any message is answered and forwarded: the fields can be written, lists of identifiers hold nothing else. */
#include <stdlib.h>

#include "io/conv.h"
#include "mail/header.h"
#include "mail/inreply.h"
#include "mail/msgid.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_ids(span ids)
{
	span id, rest = ids;
	size_t n = 0;
	while (msgid_next(&rest, &id))
		n += id.n + (n > 0);
	if (n != ids.n || ids.n > MSGID_CHAIN_MAX)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static draft d;
	static conv *c;
	if (!c)
		c = conv_new();
	charset_opener opener = conv_opener(c);
	arena mem = arena_new(64 << 20);
	span text = span_of((const char *)data, size), bad;
	size_t head = header_size(text);
	inreply_own own = {.a = {.local = S("me"), .domain = S("x")}, .text = S("me@x")};
	inreply r = {span_sub(text, 0, head), &opener, &own, 1};
	str out = str_new(64 << 20);
	for (int all = 0; all < 2; all++) {
		draft_init(&d, &mem);
		inreply_start(&r, all, &d);
		check_ids(draft_get(&d, "References"));
		check_ids(draft_get(&d, "In-Reply-To"));
		(void)draft_fields(&d, false, &opener, &out, &bad);
	}
	(void)inreply_self(&r);
	inreply_forward(&r, &d);
	inreply_attribution(&r, &out);
	inreply_quote(span_sub(text, head, size), &out);
	inreply_forward_text(&r, span_sub(text, head, size), &out);
	str_free(&out);
	arena_free(&mem);
	return 0;
}
