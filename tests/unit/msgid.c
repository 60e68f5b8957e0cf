/* links: mail base */
#include "mail/msgid.h"

#include "tests/unit/unit.h"

static void list(const char *in, const char *want)
{
	span s = unit_copy(span_str(in)), rest = s, id;
	str out = str_new(10000);
	while (msgid_next(&rest, &id)) {
		(void)str_put(&out, id);
		(void)str_putc(&out, '|');
	}
	CHECK(span_eq(str_span(&out), span_str(want)), "ids of %s: %s", in, str_cstr(&out));
	free((char *)(uintptr_t)s.p);
	str_free(&out);
}

static void references(const char *header, const char *want)
{
	span s = unit_copy(span_str(header));
	str out = str_new(10000);
	msgid_references(s, &out);
	CHECK(span_eq(str_span(&out), span_str(want)), "references: %s", str_cstr(&out));
	free((char *)(uintptr_t)s.p);
	str_free(&out);
}

static void chain(size_t count, size_t max)
{
	str ids = str_new(1 << 20), out = str_new(1 << 20);
	span rest, id, first = S(""), last = S("");
	size_t n = 0;
	for (size_t i = 0; i < count; i++)
		(void)str_printf(&ids, "%s<%zu@example.org>", i ? " " : "", i);
	msgid_chain(str_span(&ids), max, &out);
	rest = str_span(&out);
	while (msgid_next(&rest, &id)) {
		first = n++ ? first : id;
		last = id;
	}
	str want = str_new(100);
	(void)str_printf(&want, "<%zu@example.org>", count - 1);
	CHECK(out.n <= max && n && span_eq(first, S("<0@example.org>")),
	      "%zu ids in %zu: %zu octets", count, max, out.n);
	CHECK(n == 1 || span_eq(last, str_span(&want)), "%zu ids in %zu: the last one stays", count,
	      max);
	CHECK((n == count) == (ids.n <= max), "%zu ids in %zu: all where they fit", count, max);
	CHECK(ids.n <= max || out.n + 24 > max, "%zu ids in %zu: as many as fit (%zu)", count, max,
	      out.n);
	str_free(&ids);
	str_free(&out);
	str_free(&want);
}

int main(void)
{
	list("<a@b>", "<a@b>|");
	list(" <a@b>\r\n\t<c@d> ", "<a@b>|<c@d>|");
	list("<a@b><c@d>", "<a@b>|<c@d>|");
	list("Your message of Monday <a@b> (was <c@d>) <e@f>", "<a@b>|<e@f>|");
	list("(open <a@b>", "<a@b>|");
	list("(a (b) \\) <x@y>) <z@y>", "<z@y>|");
	list("<a b@c> <<d@e> <f@g", "<d@e>|");
	list("<> < > <\xea\xb0\x80@b> <a@b>", "<a@b>|");
	list("", "");
	list("<", "");
	references("Message-ID: <3@x>\nReferences: <1@x>\n <2@x>\n\n", "<1@x> <2@x> <3@x>");
	references("Message-ID: <2@x>\nIn-Reply-To: <1@x>\n\n", "<1@x> <2@x>");
	references("Message-ID: <2@x>\nIn-Reply-To: <1@x> <0@x>\n\n", "<2@x>");
	references("Message-ID: <2@x>\nReferences: junk\nIn-Reply-To: <1@x>\n\n", "<2@x>");
	references("References: <1@x>\n\n", "");
	references("Message-ID: none\nReferences: <1@x>\n\n", "");
	references("Message-ID: <2@x>\nReferences: <2@x> <1@x>\n\n", "<1@x> <2@x>");
	for (size_t n = 1; n < 200; n += 7)
		chain(n, 986);
	chain(1000, 986);
	chain(10, 20);
	chain(10, 40);
	chain(3, 15);
	return unit_done();
}
