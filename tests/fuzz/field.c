/* links: mail io base : z */
/* What is written is one field of lines that fit; in 7 bits it is ASCII. What is edited back is the
 * message as it was. The first octet chooses the field. */
#include <stdlib.h>

#include "mail/edit.h"
#include "mail/field.h"
#include "mail/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const names[] = {"Subject",	  "To",	     "Content-Type",
				    "References", "X-Other", "List-Id"};

static void write_one(span name, span value, bool seven_bit, const charset_opener *opener)
{
	header_field field;
	str text = str_new(1 << 22);
	if (field_write(name, value, seven_bit, opener, &text) != FIELD_OK) {
		if (text.n)
			abort();
		str_free(&text);
		return;
	}
	span rest = str_span(&text);
	if (header_next(&rest, &field) != HEADER_FIELD || rest.n || !span_eq(field.name, name))
		abort();
	for (rest = str_span(&text); rest.n;)
		if (span_cut(&rest, '\n').n > FIELD_LINE_MAX)
			abort();
	if (seven_bit && field_needs_words(str_span(&text)))
		abort();
	str_free(&text);
}

static void keep(void *arg, span octets)
{
	(void)str_put(arg, octets);
}

static void edit_one(span message)
{
	edit e;
	str before = str_new(message.n + 64), after = str_new(message.n + 64);
	edit_open(&e, message);
	edit_write(&e, keep, &before);
	(void)str_put(&before, e.tail);
	if (!e.bare && !span_eq(str_span(&before), message))
		abort();
	size_t there = header_count(span_sub(message, e.front.n, message.n), "X-Fuzz");
	edit_append(&e, S("X-Fuzz: 1\n"));
	edit_insert(&e, S("X-Fuzz: 2\n"));
	edit_set(&e, S("X-Fuzz"), S("X-Fuzz: 3\n"));
	if (edit_delete(&e, S("x-fuzz")) != 1)
		abort();
	edit_write(&e, keep, &after);
	(void)str_put(&after, e.tail);
	if (there == 0 && !e.bare && !span_eq(str_span(&after), message))
		abort();
	edit_free(&e);
	str_free(&before);
	str_free(&after);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static conv *converters;
	if (!converters)
		converters = conv_new();
	charset_opener opener = conv_opener(converters);
	span text = span_of((const char *)data, size);
	edit_one(text);
	if (size == 0)
		return 0;
	span name = span_str(names[data[0] % (sizeof names / sizeof *names)]);
	span value = span_sub(text, 1, size);
	if (utf8_valid(value) && span_find(value, '\n') == value.n &&
	    span_find(value, '\r') == value.n) {
		write_one(name, value, false, &opener);
		write_one(name, value, true, &opener);
	}
	return 0;
}
