/* links: mail io base : z */
#include "mail/item.h"

#include "tests/unit/unit.h"

#define MIX(b) "Content-Type: multipart/mixed; boundary=" b "\n\n"
#define UU "begin 644 a b\n#0V%T\n`\nend\n"
#define QP "Content-Type: message/rfc822\nContent-Transfer-Encoding: quoted-printable\n\n"

/* "number[decoded octets]", '+' behind what is opened; names of uuencoded files before their octets. */
static bool tell(void *arg, const item *i)
{
	str *to = arg;
	(void)str_put(to, i->number);
	(void)str_put(to, i->opened ? S("+") : S(""));
	if (i->part->kind == PART_LEAF) {
		(void)str_putc(to, '[');
		(void)str_put(to, i->name);
		(void)str_put(to, i->uu ? S("=") : S(""));
		code_decode(i->encoding, i->octets, to);
		(void)str_putc(to, ']');
	}
	return true;
}

static const struct {
	const char *name, *message, *items;
} cases[] = {
    {"one part", "\nx", "1[x]"},
    {"two parts", MIX("b") "--b\n\nx\n--b\nContent-Transfer-Encoding: base64\n\neQ==\n--b--\n",
     "1[x]2[y]"},
    {"a multipart inside", MIX("b") "--b\n" MIX("c") "--c\n\nx\n--c--\n--b--\n", "11.1[x]"},
    {"a message inside", "Content-Type: message/rfc822\n\n" MIX("c") "--c\n\nx\n--c--\n",
     "11.1[x]"},
    {"an encoded message", QP "S: x\n\ny", "1+[S: x\n\ny]1.1[y]"},
    {"an encoded message with parts", QP MIX("c") "--c\n\nx\n--c--\n",
     "1+[" MIX("c") "--c\n\nx\n--c--\n]1.1[x]"},
    {"not encoded after all", "Content-Type: message/rfc822\nContent-Transfer-Encoding: x-x\n\nx",
     "1[x]"},
    {"a uuencoded file", "\nx\n" UU "y", "1[x\n" UU "y]1.u1[a b=Cat]"},
    {"two of them", "\n" UU UU, "1[" UU UU "]1.u1[a b=Cat]1.u2[a b=Cat]"},
    {"not in HTML", "Content-Type: text/html\n\n" UU, "1[" UU "]"},
    {"not in what is encoded", "Content-Transfer-Encoding: quoted-printable\n\n" UU, "1[" UU "]"},
};

static bool first(void *arg, const item *i)
{
	(void)i;
	return ++*(size_t *)arg < 2;
}

/* Wherever it is: among parts, in an encoded message, between uuencoded files. */
static void stops(void)
{
	static const char *const messages[] = {
	    MIX("b") "--b\n\nx\n--b\n\ny\n--b\n\nz\n--b--\n",
	    QP MIX("b") "--b\n\nx\n--b\n\ny\n--b--\n",
	    "\n" UU UU UU,
	};
	for (size_t i = 0; i < sizeof messages / sizeof *messages; i++) {
		size_t n = 0;
		(void)item_walk(span_str(messages[i]), first, &n);
		CHECK(n == 2, "stops when it is told to: %zu", n);
	}
}

static void table(void)
{
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		span in = unit_copy(span_str(cases[i].message));
		str got = str_new(10000);
		CHECK(item_walk(in, tell, &got) == 0 &&
			  span_eq(str_span(&got), span_str(cases[i].items)),
		      "%s: %s", cases[i].name, str_cstr(&got));
		str_free(&got);
		free((char *)(uintptr_t)in.p);
	}
}

int main(void)
{
	table();
	stops();
	return unit_done();
}
