/* links: imap maildir mail io base : z */
/* ENVELOPE, BODY and BODYSTRUCTURE of any message. What must hold: a client can read them. So they are read as one does: parentheses that
 * match, NIL, numbers, strings of the octets that are allowed. */
#include <stdlib.h>
#include <string.h>

#include "imap/envelope.h"
#include "imap/scan.h"
#include "imap/structure.h"
#include "mail/header.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* One value off the front; the depth that is open behind it. */
static void take(imap_scan *s, int *depth)
{
	span text;
	uint64_t number;
	if (imap_char(s, '(')) {
		++*depth;
		if (imap_char(s, ')')) /* an empty list is none */
			abort();
	} else if (imap_char(s, ')')) {
		--*depth;
	} else if (s->rest.n && (*s->rest.p == '"' || *s->rest.p == '{')) {
		if (!imap_string(s, &text) || memchr(text.p, 0, text.n))
			abort();
	} else if (!imap_word(s, "NIL") && !imap_number64(s, &number)) {
		abort();
	}
}

static void check(const str *made, arena *mem)
{
	imap_scan s = {.rest = str_span(made), .mem = mem};
	int depth = 0;
	if (made->over || !made->n || *made->p != '(')
		abort();
	while (!imap_end(&s)) {
		take(&s, &depth);
		if (depth < 0 || (depth == 0 && !imap_end(&s)))
			abort();
		bool blank = imap_sp(&s);
		if (blank && (imap_end(&s) || *s.rest.p == ' ' || *s.rest.p == ')'))
			abort();
	}
	if (depth)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	span text = span_of((const char *)data, size);
	arena mem = arena_new(64 << 20), scratch = arena_new(16 << 20), read = arena_new(64 << 20);
	str made = str_new(IMAP_STRUCTURE_MAX);
	part_tree t;
	imap_envelope(span_sub(text, 0, header_size(text)), &scratch, &made);
	check(&made, &read);
	if (!part_parse(text, &mem, &t))
		abort();
	for (int extended = 0; extended < 2; extended++) {
		str_clear(&made);
		imap_structure(&t, extended, &scratch, &made);
		check(&made, &read);
	}
	str_free(&made);
	arena_free(&mem);
	arena_free(&scratch);
	arena_free(&read);
	return 0;
}
