/* links: base */
#include "base/str.h"

#include "tests/unit/unit.h"

static void growing(void)
{
	str s = str_new(100000);
	CHECK(s.n == 0 && !strcmp(str_cstr(&s), "") && str_span(&s).p, "empty is \"\", never NULL");
	for (int i = 0; i < 10000; i++)
		(void)str_putc(&s, (char)('a' + i % 26));
	CHECK(s.n == 10000 && s.p[9999] == 'a' + 9999 % 26 && s.p[10000] == 0,
	      "one octet at a time");
	str_clear(&s);
	CHECK(s.n == 0 && s.p[0] == 0, "cleared");
	CHECK(str_put(&s, span_of("a\0b", 3)) && s.n == 3 && !memcmp(s.p, "a\0b", 4),
	      "a NUL stays");
	str_cut(&s, 1);
	str_cut(&s, 5);
	CHECK(span_eq(str_span(&s), S("a")), "cut, and no growth by cutting");
	str_free(&s);
	CHECK(!s.p && s.max == 100000, "free keeps the cap");
}

static void capped(void)
{
	str s = str_new(8);
	CHECK(str_put(&s, S("12345678")) && !s.over, "the cap itself fits");
	CHECK(!str_putc(&s, '9') && s.over && s.n == 8, "one more does not");
	CHECK(str_put(&s, S("")) && s.over, "over is sticky");
	str_clear(&s);
	CHECK(!s.over, "until it is cleared");
	CHECK(!str_put(&s, S("123456789")) && s.n == 0, "too long is left out whole");
	str_clear(&s);
	CHECK(str_put(&s, S("abcd")) && !str_printf(&s, "%s", "12345") && s.over &&
		  span_eq(str_span(&s), S("abcd")),
	      "so with printf");
	str_free(&s);
	s = str_new(0);
	CHECK(!str_putc(&s, 'a') && s.over, "a cap of 0");
	str_free(&s);
	s = str_new(SIZE_MAX);
	CHECK(!str_put(&s, span_of("", SIZE_MAX)) && s.over, "a size that would overflow");
	str_free(&s);
}

static void numbers(void)
{
	static const struct {
		uint64_t v;
		const char *text;
	} cases[] = {{0, "0"}, {7, "7"}, {10, "10"}, {UINT64_MAX, "18446744073709551615"}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		str s = str_new(20);
		CHECK(str_putu(&s, cases[i].v) && !strcmp(str_cstr(&s), cases[i].text), "%s",
		      cases[i].text);
		str_free(&s);
	}
	str s = str_new(64);
	CHECK(str_printf(&s, "%d-%s", 42, "x") && span_eq(str_span(&s), S("42-x")), "printf");
	str_free(&s);
}

int main(void)
{
	growing();
	capped();
	numbers();
	return unit_done();
}
