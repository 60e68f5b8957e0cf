/* links: mail io base : z */
/* What is written is 7-bit, and 7-bit already when it is read again; it has the same parts, with the same decoded
 * octets; what is signed has the very same ones. What is 7-bit comes out as it was. */
#include <stdlib.h>
#include <string.h>

#include "mail/code.h"
#include "mail/seven.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ROOM = 1 << 24 };

static void keep(void *arg, span octets)
{
	(void)str_put(arg, octets);
}

static bool is(const part *p, const char *type, const char *subtype)
{
	return part_type_is(p, type, subtype);
}

/* Decoded; text without the CRs of its line ends, which base64 adds. */
static str decoded(const part *p, bool text)
{
	str octets = str_new(ROOM), plain = str_new(ROOM);
	code_decode(p->kind == PART_LEAF ? p->encoding : PART_BINARY, p->body, &octets);
	for (size_t i = 0; i < octets.n; i++)
		if (!(text && octets.p[i] == '\r' && i + 1 < octets.n && octets.p[i + 1] == '\n'))
			(void)str_putc(&plain, octets.p[i]);
	str_free(&octets);
	return plain;
}

static void same_octets(const part *a, const part *b)
{
	bool text = is(a, "text", NULL) || is(a, "message", NULL);
	str x = decoded(a, text), y = decoded(b, text);
	bool unread = a->encoding == PART_UUENCODE && x.n == 0; /* encoded as it stands */
	if (!unread && !span_eq(str_span(&x), str_span(&y)))
		abort();
	str_free(&x);
	str_free(&y);
}

static void same_parts(const part_tree *a, const part_tree *b)
{
	uint32_t j = 0;
	for (uint32_t i = 0; i < a->count; i++, j++) {
		const part *p = a->parts + i, *q = b->parts + j;
		if (j >= b->count || !span_eqi(p->type, q->type) ||
		    !span_eqi(p->subtype, q->subtype) || p->depth != q->depth)
			abort();
		if (is(p, "multipart", "signed") && p->kind == PART_MULTIPART &&
		    !span_eq(p->body, q->body))
			abort();
		if (p->kind == PART_LEAF && (is(p, "message", "delivery-status") ||
					     is(p, "message", "disposition-notification")))
			continue;
		if (q->kind == PART_LEAF)
			same_octets(p, q);
		else if (p->kind != q->kind)
			abort();
		/* encoded as a whole */
		if (p->kind == PART_MESSAGE && q->kind == PART_LEAF)
			while (i + 1 < a->count && a->parts[i + 1].depth > p->depth)
				i++;
	}
	if (j != b->count)
		abort();
}

static void other(seven *s, const charset_opener *opener)
{
	seven again;
	part_tree t;
	str wire = str_new(ROOM);
	arena a = arena_new(ROOM);
	seven_write(s, keep, &wire);
	if (!code_is_7bit(str_span(&wire)) ||
	    seven_open(&again, str_span(&wire), opener, &a) != SEVEN_SAME)
		abort();
	if (!part_parse(str_span(&wire), &a, &t))
		abort();
	bool cut = false; /* a type that no line can hold */
	for (uint32_t i = 0; i < s->tree.count; i++)
		cut |= s->tree.parts[i].content_type.n > 900;
	if (!cut)
		same_parts(&s->tree, &t);
	arena_free(&a);
	str_free(&wire);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static conv *converters;
	if (!converters)
		converters = conv_new();
	charset_opener opener = conv_opener(converters);
	span message = span_of((const char *)data, size);
	arena a = arena_new(ROOM);
	seven s;
	enum seven_result result = seven_open(&s, message, &opener, &a);
	status st = seven_status(&s, result);
	if ((result == SEVEN_SAME) != code_is_7bit(message) ||
	    status_is_ok(&st) != (result <= SEVEN_OTHER))
		abort();
	if (result == SEVEN_SAME) {
		str wire = str_new(ROOM);
		seven_write(&s, keep, &wire);
		if (!span_eq(str_span(&wire), message))
			abort();
		str_free(&wire);
	} else if (result == SEVEN_OTHER) {
		other(&s, &opener);
	}
	arena_free(&a);
	return 0;
}
