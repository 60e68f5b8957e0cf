/* links: mail base */
#include "mail/html.h"

#include "tests/unit/unit.h"

int main(void)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
	    {"", ""},
	    {"plain", "plain\n"},
	    {"a < b & c", "a < b & c\n"},
	    {"<p>a<p>b", "a\n\nb\n"},
	    {"a<br>b<br><br>c", "a\nb\n\nc\n"},
	    {"wo<b>r</b>d", "word\n"},
	    {"&lt;&#44032;&#xac00;&nbsp;&eacute;&copy &bogus; &#0;",
	     "<가가 é© &bogus; \xef\xbf\xbd\n"},
	    {"<head><title>t</title>x</head>y", "y\n"},
	    {"<script>if (a<b) x</script><style>p</style>z", "z\n"},
	    {"a<!-- no > -->b<!-- open", "ab<!-- open\n"},
	    {"<ul><li>a<li>b<ol><li>c</ol></ul>", "* a\n* b\n  1. c\n"},
	    {"<ul><li></ul>x", "x\n"},
	    {"<blockquote>a<p>b</blockquote>c", "> a\n>\n> b\n\nc\n"},
	    {"<pre>\n a\n  b</pre>", " a\n  b\n"},
	    {"<table><tr><td>a<td>b<tr><th>c</table>", "a | b\nc\n"},
	    {"<a href='u?a&amp;b'>t</a>", "t [1]\n\n[1] u?a&b\n"},
	    {"<a href=http://x.org/>x.org</a>", "x.org\n"},
	    {"<a title=\"a>b\" href=\"#x\">t</a>", "t\n"},
	    {"<a href=\"never closed>x</a>", "x [1]\n\n[1] neverclosed\n"},
	    {"<img alt='a b' src=x>", "[a b]\n"},
	    {"</ul></blockquote></pre>x", "x\n"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		span in = unit_copy(span_str(cases[i].in));
		str out = str_new(10000);
		html_text(in, 78, &out);
		CHECK(span_eq(str_span(&out), span_str(cases[i].out)), "%s → %s", cases[i].in,
		      str_cstr(&out));
		str_free(&out);
		free((char *)(uintptr_t)in.p);
	}
	CHECK(span_eq(html_charset(S("<meta charset='euc-kr'>")), S("euc-kr")), "meta");
	return unit_done();
}
