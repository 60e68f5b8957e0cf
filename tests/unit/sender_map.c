/* links: smtp auth queue net mail io base : z */
#include "smtp/sender_map.h"

#include "tests/unit/unit.h"

/* in@a.test is out@b.test, and who is at c.test is at d.test. */
static enum table_result ask(void *arg, const addr *a, str *to)
{
	(void)arg;
	if (span_eqi(a->local, S("bad")))
		return TABLE_ERROR;
	if (span_eq(a->local, S("in")) && span_eqi(a->domain, S("a.test")))
		return str_put(to, S("out@b.test")) ? TABLE_FOUND : TABLE_ERROR;
	if (!span_eqi(a->domain, S("c.test")))
		return TABLE_ABSENT;
	addr_write(&(const addr){.local = a->local, .domain = S("d.test")}, to);
	return TABLE_FOUND;
}

static const struct {
	const char *header, *want;
	size_t found;
} cases[] = {
    {"From: in@a.test\nTo: in@a.test\n\n", "From: out@b.test\nTo: in@a.test\n\n", 1},
    {"From: In <in@a.test>\r\nSubject: in@a.test\r\n\r\n",
     "From: In <out@b.test>\r\nSubject: in@a.test\r\n\r\n", 1},
    {"From: \"in@a.test\" <in@A.TEST> (in@a.test)\n",
     "From: \"in@a.test\" <out@b.test> (in@a.test)\n", 1},
    {"from : x@c.test,\n\ty@c.test\nReply-To:z@c.test\nResent-Sender: q@c.test\n",
     "from : x@d.test,\n\ty@d.test\nReply-To:z@d.test\nResent-Sender: q@d.test\n", 4},
    {"From: xin@a.test, in@a.test.x, in@a.test\n", "From: xin@a.test, in@a.test.x, out@b.test\n",
     1},
    {"From: g: in@a.test, x@y.test;\n", "From: g: out@b.test, x@y.test;\n", 1},
    {"From: \"a b\"@c.test\n", "From: \"a b\"@d.test\n", 1},
    {"Sender: other@a.test\n\n", "Sender: other@a.test\n\n", 0},
    {"From: bad@a.test\n\n", NULL, SIZE_MAX},
    {"no field\nFrom: in@a.test\n", "no field\nFrom: in@a.test\n", 0},
    {"From: in@a.test", "From: out@b.test", 1},
    {"", "", 0},
};

int main(void)
{
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		str to = str_new(4096);
		span copy = unit_copy(span_str(cases[i].header));
		size_t n = sender_map_header(copy, ask, NULL, &to);
		CHECK(n == cases[i].found &&
			  (!cases[i].want || span_eq(str_span(&to), span_str(cases[i].want))),
		      "header %zu gives %zu: %s", i, n, n == SIZE_MAX ? "" : "names");
		if (cases[i].want && !span_eq(str_span(&to), span_str(cases[i].want)))
			printf("# %s\n", str_cstr(&to));
		str_free(&to);
		free((char *)(uintptr_t)copy.p);
	}
	return unit_done();
}
