/* links: mail io base : z */
#include "mail/attachment.h"

#include "mail/compose.h"
#include "mail/graft.h"
#include "tests/unit/unit.h"

static void put(void *arg, span octets)
{
	(void)str_put(arg, octets);
}

static void types(void)
{
	static const char *const table[][3] = {
	    {"text/plain", "a.csv", "text/csv"},
	    {"text/x-c", "a.html", "text/html"},
	    {"application/zip", "a.DOCX",
	     "application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
	    {"application/octet-stream", "a.hwp", "application/x-hwp"},
	    {"image/png", "a.txt", "image/png"},
	    {"application/pdf", "a.html", "application/pdf"},
	    {"inode/x-empty", "a", "application/octet-stream"},
	    {"text/plain", "", "text/plain"},
	    {"text/plain", "csv", "text/plain"},
	    {"nonsense", "a", "application/octet-stream"},
	};
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		CHECK(span_eq(attachment_type(span_str(table[i][0]), span_str(table[i][1])),
			      span_str(table[i][2])),
		      "%s %s", table[i][0], table[i][1]);
	CHECK(attachment_type_ok(S("text/plain; charset=\"x y\"")), "parameters");
	CHECK(!attachment_type_ok(S("text")) && !attachment_type_ok(S("a/b c")) &&
		  !attachment_type_ok(S("a/b\n")) && !attachment_type_ok(S("/")),
	      "no types");
}

static void judged(void)
{
	static const struct {
		const char *type, *octets;
		bool declared;
		const char *becomes, *charset;
		enum part_encoding encoding;
	} table[] = {
	    {"text/plain", "abc\n", false, "text/plain", "us-ascii", PART_7BIT},
	    {"text/plain", "한글\n", false, "text/plain", "utf-8", PART_QP},
	    {"text/plain", "mostly ASCII, é once in a line\n", false, "text/plain", "utf-8",
	     PART_QP},
	    {"text/plain", "\xb0\xa1\n", false, "application/octet-stream", "", PART_BASE64},
	    {"text/plain; charset=euc-kr", "\xb0\xa1\n", true, "text/plain; charset=euc-kr", "",
	     PART_QP},
	    {"text/plain; format=flowed", "abc\n", true, "text/plain; format=flowed", "us-ascii",
	     PART_7BIT},
	    {"text/plain", "a\r\n", false, "text/plain", "us-ascii", PART_QP},
	    {"image/png", "abc", false, "image/png", "", PART_BASE64},
	    {"message/rfc822", "a: b\n\nc\n", false, "message/rfc822", "", PART_7BIT},
	    {"message/rfc822", "a: b\n\n\xb0\n", false, "message/rfc822", "", PART_8BIT},
	    {"message/rfc822", "a: b\r\n\r\n", false, "application/octet-stream", "", PART_BASE64},
	    {"multipart/mixed", "x", false, "application/octet-stream", "", PART_BASE64},
	};
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		attachment a = {.type = span_str(table[i].type),
				.octets = unit_copy(span_str(table[i].octets))};
		attachment_judge(&a, table[i].declared, false);
		CHECK(span_eq(a.type, span_str(table[i].becomes)) &&
			  span_eq(a.charset, span_str(table[i].charset)) &&
			  a.encoding == table[i].encoding,
		      "%zu: %.*s %.*s %d", i, SPAN_FMT(a.type), SPAN_FMT(a.charset), a.encoding);
		free((char *)(uintptr_t)a.octets.p);
	}
}

static void copies(void)
{
	static const char *const table[][2] = {{"a\r\nb\r\n", "a\nb\n"},
					       {"a\nb", "a\nb"},
					       {"a\r", "a\r"},
					       {"\r\r\n", "\r\n"},
					       {"", ""}};
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		span in = unit_copy(span_str(table[i][0]));
		str out = str_new(100);
		attachment_copy(in, put, &out);
		CHECK(span_eq(str_span(&out), span_str(table[i][1])), "copy %zu", i);
		free((char *)(uintptr_t)in.p);
		str_free(&out);
	}
}

/* All that goes in comes out, through each structure. */
static void whole(void)
{
	attachment parts[] = {{.type = S("text/plain"),
			       .name = S("이름.txt"),
			       .octets = S("no end"),
			       .encoding = PART_7BIT},
			      {.type = S("image/png"),
			       .octets = S("\x89PNG"),
			       .content_id = S("x"),
			       .shown = true,
			       .encoding = PART_BASE64}};
	for (unsigned i = 0; i < 8; i++) {
		compose c = {.fields = S("From: a\n"),
			     .text = i & 1 ? S("text\n") : S(""),
			     .html = i & 2 ? S("<p>\n") : S(""),
			     .parts = parts,
			     .count = i & 4 ? 2 : 0,
			     .token = S("t0ken")};
		str out = str_new(100000);
		arena mem = arena_new(1 << 20);
		part_tree t;
		compose_write(&c, put, &out);
		CHECK(part_parse(str_span(&out), &mem, &t) && t.defects == 0, "%u: no defects", i);
		CHECK(t.count == (i & 4 ? 3u : 0u) + (i & 2 ? 3u : 1u), "%u: %zu parts", i,
		      t.count);
		const part *last = t.parts + t.count - 1;
		CHECK(!(i & 4) || (part_type_is(last, "image", "png") &&
				   span_eq(last[-1].body, S("no end"))),
		      "%u: attachments", i);
		arena_free(&mem);
		str_free(&out);
	}
}

static void grafts(void)
{
	static const struct {
		const char *in;
		bool beside;
		enum graft_result result;
		size_t count; /* of parts */
		const char *holds;
	} table[] = {
	    {"S: x\n\nbody", false, GRAFT_OK, 3, "\n\nbody\n--=_mixed.t0ken\n"},
	    {"S: x\r\n\r\nbody\r\n", false, GRAFT_OK, 3, "\r\n\r\nbody\r\n\r\n--=_mixed.t0ken\r\n"},
	    {"S: x", false, GRAFT_OK, 3, "S: x\nMIME-Version: 1.0\n"},
	    {"", false, GRAFT_NO_HEADER, 0, ""},
	    {"\nbody", false, GRAFT_NO_HEADER, 0, ""},
	    {"Content-Type: multipart/mixed; boundary=b\n\n--b\n\n1\n--b--\nend", false, GRAFT_OK,
	     3, "\n1\n--b\nContent-Type: x/y\n"},
	    {"Content-Type: multipart/mixed; boundary=b\n\n--b\n--b--\n", false, GRAFT_OK, 3,
	     "--b\n\n--b\nContent-Type: x/y\n"},
	    {"Content-Type: multipart/mixed; boundary=b\n\n--b\n\n1", false, GRAFT_OK, 3,
	     "\n--b--\n"},
	    {"Content-Type: text/html\n\n<p>", true, GRAFT_OK, 3,
	     "\n--=_related.t0ken\nContent-Type: text/html\n\n<p>\n--=_related.t0ken\n"},
	    {"Content-Type: text/plain\n\n<p>", true, GRAFT_NO_HTML, 0, ""},
	    {"Content-Type: multipart/alternative; boundary=b\n\n--b\nContent-Type: "
	     "text/html\n\n<p>\n--b--\n",
	     true, GRAFT_OK, 4, "\n<p>\n--=_related.t0ken\n"},
	    {"Content-Type: multipart/signed; boundary=b\n\n--b\nContent-Type: "
	     "text/html\n\n<p>\n--b--\n",
	     true, GRAFT_SIGNED, 0, ""},
	    {"Content-Type: message/rfc822\n\nContent-Type: text/html\n\n<p>\n", true,
	     GRAFT_NO_HTML, 0, ""},
	};
	attachment a = {.type = S("x/y"), .octets = S("o"), .encoding = PART_BASE64};
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		span in = unit_copy(span_str(table[i].in));
		arena mem = arena_new(1 << 20), again = arena_new(1 << 20);
		part_tree t;
		str out = str_new(10000);
		bool done = part_parse(in, &mem, &t);
		graft g = {&t, &a, 1, table[i].beside, S("t0ken")};
		CHECK(done && graft_write(&g, put, &out) == table[i].result, "graft %zu", i);
		CHECK(strstr(str_cstr(&out), table[i].holds) != NULL, "graft %zu: %s", i,
		      str_cstr(&out));
		done = out.n == 0 || part_parse(str_span(&out), &again, &t);
		CHECK(out.n == 0 ? table[i].count == 0 : t.count == table[i].count,
		      "graft %zu: parts", i);
		arena_free(&mem);
		arena_free(&again);
		str_free(&out);
		free((char *)(uintptr_t)in.p);
	}
}

int main(void)
{
	types();
	judged();
	copies();
	whole();
	grafts();
	return unit_done();
}
