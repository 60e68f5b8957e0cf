/* links: mail io base : z */
#include "mail/param.h"

#include "tests/unit/unit.h"

static const struct {
	const char *body, *name, *charset, *value;
} cases[] = {
    {"text/plain; charset=utf-8", "charset", "", "utf-8"},
    {"text/plain; CHARSET = \"utf-8\" ", "charset", "", "utf-8"},
    {"text/plain; charset=us-ascii (Plain text)", "charset", "", "us-ascii"},
    {"text/plain; a=1;; b=2;", "b", "", "2"},
    {"text/plain\n ;\n a=1", "a", "", "1"},
    {"x/y; name=\"a \\\"b\\\" c\"", "name", "", "a \"b\" c"},
    {"x/y; name=\"folded\n name\"", "name", "", "folded name"},
    {"x/y; name=not quoted at all.txt; b=1", "name", "", "not quoted at all.txt"},
    {"x/y; name=\"never closed", "name", "", "never closed"},
    {"x/y; a=1 b=2", "b", "", "2"},
    {"x/y; name*=utf-8''%ED%95%9C", "name", "utf-8", "\xed\x95\x9c"},
    {"x/y; name*=%41", "name", "", "A"},
    {"x/y; name*0=ab; name*1=cd", "name", "", "abcd"},
    {"x/y; name*1=cd; name*0=ab", "name", "", "abcd"},
    {"x/y; name*0*=utf-8''%ED; name*1*=%95%9C; name*2=.txt", "name", "utf-8", "\xed\x95\x9c.txt"},
    {"x/y; name*0=a; name*2=c", "name", "", "a"},
    {"x/y; name=plain; name*=utf-8''rich", "name", "utf-8", "rich"},
    {"x/y; name*=utf-8''a%2", "name", "utf-8", "a%2"},
    {"x/y; name==?utf-8?q?x?=", "name", "", "=?utf-8?q?x?="},
    {"x/y; name=first; name=second", "name", "", "first"},
    {"attachment; filename=a;b", "filename", "", "a"},
    {"x/y; =broken; a=1", "a", "", "1"},
    {"x/y; a", "a", NULL, NULL},
    /* RFC 2231, 3, 4, 4.1 */
    {"message/external-body; access-type=URL;\n URL*0=\"ftp://\";\n "
     "URL*1=\"cs.utk.edu/pub/moore/bulk-mailer/bulk-mailer.tar\"",
     "url", "", "ftp://cs.utk.edu/pub/moore/bulk-mailer/bulk-mailer.tar"},
    {"application/x-stuff;\n title*=us-ascii'en-us'This%20is%20%2A%2A%2Afun%2A%2A%2A", "title",
     "us-ascii", "This is ***fun***"},
    {"application/x-stuff\n title*0*=us-ascii'en'This%20is%20even%20more%20\n "
     "title*1*=%2A%2A%2Afun%2A%2A%2A%20\n title*2=\"isn't it!\"",
     "title", "us-ascii", "This is even more ***fun*** isn't it!"},
    /* wrong ones */
    {"x/y; name*=utf-8'%ED%95%9C", "name", "", "utf-8'\xed\x95\x9c"},
    {"x/y; name*=''%41", "name", "", "A"},
    {"x/y; name*='en'%41", "name", "", "A"},
    {"x/y; name*=\"utf-8''%41 b\"", "name", "utf-8", "A b"},
    {"x/y; name*0*=\"utf-8''%41\"; name*1*=\"%42\"", "name", "utf-8", "AB"},
    {"x/y; name*=utf-8''%4", "name", "utf-8", "%4"},
    {"x/y; name*=utf-8''%zz%", "name", "utf-8", "%zz%"},
    {"x/y; name*1=b; name*2=c", "name", "", "bc"},
    {"x/y; name*1=b", "name", "", "b"},
    {"x/y; name*00=a; name*01=b", "name", "", "ab"},
    {"x/y; name*0=a; name*0=x; name*1=b", "name", "", "ab"},
    {"x/y; name*2=c; name*0=a; name*10=k; name*1=b", "name", "", "abc"},
    {"x/y; name*0*=utf-8''%41; name*1*=utf-8''%42", "name", "utf-8", "Autf-8''B"},
    {"x/y; name*0=a%41; name*1*=%42", "name", "", "a%41B"},
    {"x/y; NAME*0=a; name*1=b", "name", "", "ab"},
    {"x/y; name*x=a; name=b", "name", "", "b"},
    {"x/y; name*9999=a; name=b", "name", "", "b"},
    {"x/y; name**=a", "name", "", "a"},
    {"x/y; name*=", "name", "", ""},
    {"x/y; name=", "name", "", ""},
    {"x/y; name=;a=b", "a", "", "b"},
    {"x/y;name=\"a\"junk; b=c", "b", "", "c"},
    {"x/y; name=\"a\\", "name", "", "a\\"},
    {"x/y; name=\"a\\\"", "name", "", "a\""},
    {"x/y; name=a (comment) ; b=c", "name", "", "a"},
    {"x/y (a; name=no) ; name=yes", "name", "", "yes"},
    {"x/y; name=(c)yes", "name", "", "yes"},
    {"x/y; name =\n \"yes\"", "name", "", "yes"},
    {"; name=yes", "name", "", "yes"},
    {"", "name", NULL, NULL},
    {"x/y; charset=\"\"", "charset", "", ""},
    {"x/y; name=\xea\xb0\x80.txt", "name", "", "\xea\xb0\x80.txt"},
};

static void reading(void)
{
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		span in = unit_copy(span_str(cases[i].body));
		arena a = arena_new(1 << 20);
		param_list list;
		bool done = param_parse(in, &a, &list);
		const param *p = done ? param_get(&list, cases[i].name) : NULL;
		if (!cases[i].value)
			CHECK(done && !p, "%s: no %s", cases[i].body, cases[i].name);
		else
			CHECK(p && span_eq(p->value, span_str(cases[i].value)) &&
				  span_eq(p->charset, span_str(cases[i].charset)),
			      "%s", cases[i].body);
		arena_free(&a);
		free((char *)(uintptr_t)in.p);
	}
}

static void writing(void)
{
	static const char *const values[] = {
	    "a.txt",
	    "with blank.txt",
	    "quote\".txt",
	    "한글 이름.txt",
	    "",
	    "semi;colon",
	    "back\\slash",
	    "아주 긴 한글 파일 이름이라서 여러 줄로 나뉘어야 하는 첨부 파일의 이름입니다.hwp",
	    "a-name-that-is-far-too-long-for-one-line-of-seventy-eight-columns-and-has-to-be-cut."
	    "txt"};
	for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
		arena a = arena_new(1 << 20);
		str out = str_new(10000);
		size_t column = 45, width = 30, most = 0;
		param_list list;
		(void)str_put(&out, S("application/pdf"));
		param_write("name", span_str(values[i]), &column, &out);
		for (size_t j = 0; j < out.n; j++) {
			width = out.p[j] == '\n' ? 0 : width + (out.p[j] == '\t' ? 8 : 1);
			most = width > most ? width : most;
		}
		bool done = param_parse(str_span(&out), &a, &list);
		const param *p = done ? param_get(&list, "name") : NULL;
		CHECK(p && span_eq(p->value, span_str(values[i])), "round trip of %s", values[i]);
		CHECK(most <= 78, "folded: %zu", most);
		arena_free(&a);
		str_free(&out);
	}
}

static void many(void)
{
	arena a = arena_new(64 << 20);
	str m = str_new(32 << 20);
	param_list list;
	(void)str_put(&m, S("x/y"));
	for (int i = 0; i < 100000; i++)
		(void)str_printf(&m, "; name*%d*=%%41", i % 1000);
	CHECK(param_parse(str_span(&m), &a, &list), "100,000 parameters");
	CHECK(list.damaged && list.count == 1, "bounded, joined: %zu", list.count);
	str_free(&m);
	arena_free(&a);
}

int main(void)
{
	reading();
	writing();
	many();
	return unit_done();
}
