/* links: mail base */
/* Without an edit it is the identity; what is added and taken away leaves the message as it was. */
#include <stdlib.h>

#include "mail/edit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void put(void *arg, span octets)
{
	(void)str_put(arg, octets);
}

static void same(const edit *e, span message)
{
	str to = str_new(message.n + 4096);
	edit_write(e, put, &to);
	(void)str_put(&to, e->tail);
	if (!span_eq(str_span(&to), message))
		abort();
	str_free(&to);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char name[] = "X-Fuzz-Added-Field";
	span message = span_of((const char *)data, size);
	header_field f;
	edit e;
	edit_open(&e, message);
	same(&e, message);
	bool there = false;
	for (size_t i = 0; i < e.n; i++)
		there |= span_eqi(e.fields[i].field.name, S("X-Fuzz-Added-Field"));
	edit_insert(&e, S("X-Fuzz-Added-Field: 1\n folded\n"));
	str to = str_new(size + 4096);
	edit_write(&e, put, &to);
	(void)str_put(&to, e.tail);
	span rest = str_span(&to);
	if (span_starts(rest, S("From ")) || span_starts(rest, S(">From ")))
		(void)span_cut(&rest, '\n');
	if (!header_get(rest, name, &f) || !span_starts(f.body, S(" 1")))
		abort();
	str_free(&to);
	if (!there) {
		edit_append(&e, S("X-Fuzz-Added-Field: 2\n"));
		if (edit_delete(&e, S("x-fuzz-added-field")) != 2)
			abort();
		same(&e, message);
	}
	edit_free(&e);
	return 0;
}
