/* links: imap maildir mail io base : z */
#include "imap/fetch.h"

#include <sys/mman.h>

#include "imap/fetch_item.h"
#include "imap/literal.h"
#include "imap/section.h"
#include "maildir/cache.h"
#include "tests/unit/folder_box.h"

static arena mem;

static imap_fetch *parse(const char *text, bool uid)
{
	imap_scan s = {.rest = span_str(text), .mem = &mem};
	return imap_fetch_parse(&s, uid);
}

static void commands(void)
{
	static const struct {
		const char *text;
		bool uid, good;
		size_t items;
		bool condstore, sees;
	} cases[] = {
	    {"FLAGS", false, true, 1, false, false},
	    {"flags", true, true, 2, false, false},
	    {"(UID FLAGS UID)", true, true, 2, false, false},
	    {"ALL", false, true, 4, false, false},
	    {"Fast", false, true, 3, false, false},
	    {"FULL", true, true, 6, false, false},
	    {"(FLAGS MODSEQ)", false, true, 2, true, false},
	    {"FLAGS (CHANGEDSINCE 12)", false, true, 2, true, false},
	    {"FLAGS (CHANGEDSINCE 12 VANISHED)", true, true, 3, true, false},
	    {"(RFC822.SIZE RFC822.HEADER INTERNALDATE)", false, true, 3, false, false},
	    {"RFC822", false, true, 1, false, true},
	    {"RFC822.TEXT", false, true, 1, false, true},
	    {"BODY", false, true, 1, false, false},
	    {"BODY[]", false, true, 1, false, true},
	    {"(BODY BODY[] BODY.PEEK[1.2.MIME]<0.10> BODYSTRUCTURE)", false, true, 4, false, true},
	    {"body.peek[header.fields (from \"to\" {7}\r\nsubject)]", false, true, 1, false, false},
	    {"BODY.PEEK[1.2.HEADER.FIELDS.NOT (X)]", false, true, 1, false, false},
	    {"", false, false, 0, false, false},
	    {"()", false, false, 0, false, false},
	    {"(ALL)", false, false, 0, false, false},
	    {"(FLAGS  UID)", false, false, 0, false, false},
	    {"(FLAGS UID", false, false, 0, false, false},
	    {"FLAGS UID", false, false, 0, false, false},
	    {"FLAGSX", false, false, 0, false, false},
	    {"RFC822.PEEK", false, false, 0, false, false},
	    {"BODY[", false, false, 0, false, false},
	    {"BODY[0]", false, false, 0, false, false},
	    {"BODY[1.]", false, false, 0, false, false},
	    {"BODY[.1]", false, false, 0, false, false},
	    {"BODY[1HEADER]", false, false, 0, false, false},
	    {"BODY[MIME]", false, false, 0, false, false},
	    {"BODY[HEADER.FIELDS]", false, false, 0, false, false},
	    {"BODY[HEADER.FIELDS ()]", false, false, 0, false, false},
	    {"BODY[HEADERS]", false, false, 0, false, false},
	    {"BODY[4294967296]", false, false, 0, false, false},
	    {"BODY[]<0>", false, false, 0, false, false},
	    {"BODY[]<0.0>", false, false, 0, false, false},
	    {"BODY[]<-1.5>", false, false, 0, false, false},
	    {"BODY[]<0.4294967296>", false, false, 0, false, false},
	    {"BODY[]<4294967295.4294967295>", false, true, 1, false, true},
	    {"FLAGS (CHANGEDSINCE)", false, false, 0, false, false},
	    {"FLAGS (VANISHED)", true, false, 0, false, false},
	    {"FLAGS (CHANGEDSINCE 1 VANISHED)", false, false, 0, false, false},
	    {"FLAGS (CHANGEDSINCE 1 CHANGEDSINCE 2)", true, false, 0, false, false},
	    {"FLAGS (CHANGEDSINCE 9223372036854775808)", true, false, 0, false, false},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		arena_reset(&mem);
		imap_fetch *f = parse(cases[i].text, cases[i].uid);
		CHECK((f != NULL) == cases[i].good &&
			  (!f || (f->n == cases[i].items && f->sees == cases[i].sees &&
				  imap_fetch_condstore(f) == cases[i].condstore)),
		      "%s", cases[i].text);
	}
}

static void too_much(void)
{
	str text = str_new(1 << 20);
	arena_reset(&mem);
	for (int i = 0; i <= IMAP_ITEMS_MAX; i++)
		(void)str_put(&text, i ? S(" BODY[]") : S("(BODY[]"));
	(void)str_putc(&text, ')');
	CHECK(!parse(str_cstr(&text), false), "more items than there may be");
	str_clear(&text);
	(void)str_put(&text, S("BODY[HEADER.FIELDS (X"));
	for (int i = 0; i < IMAP_SECTION_FIELDS_MAX; i++)
		(void)str_put(&text, S(" X"));
	(void)str_put(&text, S(")]"));
	CHECK(!parse(str_cstr(&text), false), "more fields than there may be");
	str_clear(&text);
	(void)str_put(&text, S("BODY[1"));
	for (int i = 0; i < 200; i++)
		(void)str_put(&text, S(".1"));
	(void)str_putc(&text, ']');
	CHECK(!parse(str_cstr(&text), false), "deeper than any message");
	str_free(&text);
}

/* ---- sections */

static const char nested[] = "Subject: top\n"
			     "Content-Type: multipart/mixed; boundary=B\n"
			     "\n"
			     "--B\n"
			     "\n"
			     "one\n"
			     "--B\n"
			     "Content-Type: message/rfc822\n"
			     "\n"
			     "Subject: inner\n"
			     "Content-Type: multipart/mixed; boundary=C\n"
			     "\n"
			     "--C\n"
			     "\n"
			     "deep\n"
			     "--C--\n"
			     "--B\n"
			     "Content-Type: message/rfc822\n"
			     "\n"
			     "Subject: single\n"
			     "\n"
			     "body\n"
			     "--B--\n";

static void sections(void)
{
	static const struct {
		const char *section, *label, *want; /* NULL: there is none */
	} cases[] = {
	    {"1]", "BODY[1]", "one"},
	    {"1.MIME]", "BODY[1.MIME]", "\n"},
	    {"1.1]", "BODY[1.1]", NULL},
	    {"1.TEXT]", "BODY[1.TEXT]", NULL},
	    {"2.mime]", "BODY[2.MIME]", "Content-Type: message/rfc822\n\n"},
	    {"2.header]<5.6>", "BODY[2.HEADER]<5>",
	     "Subject: inner\nContent-Type: multipart/mixed; boundary=C\n\n"},
	    {"2.TEXT]", "BODY[2.TEXT]", "--C\n\ndeep\n--C--"},
	    {"2.1]", "BODY[2.1]", "deep"},
	    {"2.2]", "BODY[2.2]", NULL},
	    {"3.1]", "BODY[3.1]", "body"},
	    {"3]", "BODY[3]", "Subject: single\n\nbody"},
	    {"3.2]", "BODY[3.2]", NULL},
	    {"3.1.1]", "BODY[3.1.1]", NULL},
	    {"4]", "BODY[4]", NULL},
	    {"HEADER]", "BODY[HEADER]",
	     "Subject: top\nContent-Type: multipart/mixed; boundary=B\n\n"},
	    {"3.HEADER.FIELDS (subject \"x y\")]", "BODY[3.HEADER.FIELDS (subject \"x y\")]",
	     "Subject: single\n\n"},
	};
	part_tree t;
	span text = unit_copy(span_str(nested));
	arena_reset(&mem);
	if (!part_parse(text, &mem, &t))
		abort();
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		imap_scan s = {.rest = span_str(cases[i].section), .mem = &mem};
		imap_section section;
		span got = S("");
		bool parsed = imap_section_parse(&s, &section) && imap_end(&s);
		bool found = parsed && imap_section_find(&section, &t, &got);
		CHECK(parsed && span_eq(section.label, span_str(cases[i].label)) &&
			  found == (cases[i].want != NULL) &&
			  (!found || span_eq(got, span_str(cases[i].want))),
		      "section %s", cases[i].section);
	}
	free((char *)(uintptr_t)text.p);
}

/* ---- literals */

static char sent[1 << 20];

/* What went through `o`, which writes to a file in memory. */
static span collect(out *o)
{
	(void)out_flush(o);
	off_t n = lseek(o->fd, 0, SEEK_CUR);
	if (n < 0 || n > (off_t)sizeof sent || pread(o->fd, sent, (size_t)n, 0) != n ||
	    ftruncate(o->fd, 0) < 0 || lseek(o->fd, 0, SEEK_SET) != 0)
		abort();
	return span_of(sent, (size_t)n);
}

static size_t to_wire(span text, char *to)
{
	size_t n = 0;
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '\n' && (i == 0 || text.p[i - 1] != '\r'))
			to[n++] = '\r';
		to[n++] = text.p[i];
	}
	return n;
}

static bool is_literal(span got, span want)
{
	char head[32];
	int n = snprintf(head, sizeof head, "{%zu}\r\n", want.n);
	return span_starts(got, span_of(head, (size_t)n)) &&
	       span_eq(span_sub(got, (size_t)n, got.n), want);
}

/* Every piece of a text with all kinds of line ends, from nowhere and from where the last one ended. */
static void pieces(out *o, char *buf)
{
	static const span texts[] = {
	    S("ab\ncd\r\n\n\n\r\r\nx\n"), S("\n"), S("\r\n"), S("\r"), S(""), S("a\0b\n\n\n")};
	char wire[64];
	size_t bad = 0, tried = 0;
	for (size_t t = 0; t < sizeof texts / sizeof *texts; t++) {
		span text = unit_copy(texts[t]);
		size_t n = to_wire(text, wire);
		imap_mark on = {.at = 0};
		for (size_t from = 0; from <= n + 2; from++)
			for (size_t count = 1; count <= n + 2; count++) {
				imap_mark fresh = {.at = 0};
				span want = span_sub(span_of(wire, n), from, from + count);
				imap_literal_part(o, buf, text, from, count, &fresh);
				bad += !is_literal(collect(o), want);
				imap_literal_part(o, buf, text, from, count, &on);
				bad += !is_literal(collect(o), want);
				if (from + count <= n) { /* the piece behind it */
					imap_literal_part(o, buf, text, from + count, 3, &fresh);
					want = span_sub(span_of(wire, n), from + count,
							from + count + 3);
					bad += !is_literal(collect(o), want);
				}
				tried++;
			}
		free((char *)(uintptr_t)text.p);
	}
	CHECK(tried > 500 && bad == 0, "%zu pieces", tried);
}

static void large(out *o, char *buf)
{
	static char text[300000], wire[600000];
	unsigned random = 1;
	for (size_t i = 0; i < sizeof text; i++) {
		random = random * 1103515245 + 12345;
		text[i] = "\n\r\nabcdefghijklm"[random >> 16 & 15];
	}
	span all = span_of(text, sizeof text);
	size_t n = to_wire(all, wire), bad = 0;
	imap_literal_put(o, buf, all);
	CHECK(is_literal(collect(o), span_of(wire, n)), "a large one");
	imap_mark mark = {.at = 0};
	for (size_t from = 0; from < n; from += 4099) {
		imap_literal_part(o, buf, all, from, 4099, &mark);
		bad += !is_literal(collect(o), span_sub(span_of(wire, n), from, from + 4099));
		bad += mark.wire + 1 < from + 4099 && from + 4099 <= n;
	}
	CHECK(bad == 0, "in pieces, each from where the last one ended");
}

static void literals(void)
{
	out o;
	int fd = memfd_create("wire", 0);
	char *buf = malloc(IMAP_LITERAL_ROOM);
	out_open(&o, fd, 4096);
	pieces(&o, buf);
	large(&o, buf);
	out_close(&o);
	(void)close(fd);
	free(buf);
}

/* ---- answers */

static imap_box box;

static span fetch(const char *items, bool uid, enum imap_done want)
{
	size_t indexes[64];
	status why = status_ok();
	arena_reset(&mem);
	imap_fetch *f = parse(items, uid);
	if (!f || folder_count(box.f) > 64)
		return S("BAD");
	for (size_t i = 0; i < folder_count(box.f); i++)
		indexes[i] = i;
	enum imap_done got = imap_fetch_run(&box, f, indexes, folder_count(box.f), &why);
	span text = collect(box.out);
	return got == want ? text : S("another end");
}

static bool gives(const char *items, bool uid, const char *want)
{
	span got = fetch(items, uid, IMAP_DONE_OK);
	if (span_eq(got, span_str(want)))
		return true;
	printf("# got  %.*s\n# want %s\n", SPAN_FMT(got), want);
	return false;
}

static void put_at(const char *path, time_t when, span text)
{
	const struct timespec t[2] = {{when, 0}, {when, 0}};
	put(path, text);
	if (utimensat(AT_FDCWD, path, t, 0) < 0)
		abort();
}

static void open_mailbox(void)
{
	new_box();
	put_at("cur/1000000000.a,S=28:2,S", 1000000000, S("Subject: a\nFrom: a@x.org\n\n\0\n"));
	put_at("cur/1000000001.b,S=18,W=20:2,", 1000000001, S("Subject: b\n\nline\r\n"));
	put_at("new/1000000002.c", 1000000002, span_str(nested));
	age();
	box.f = open_box();
	box.dir = dir;
}

static void items(void)
{
	const char *flags = "* 1 FETCH (FLAGS (\\Seen))\r\n* 2 FETCH (FLAGS ())\r\n"
			    "* 3 FETCH (FLAGS (\\Recent))\r\n";
	CHECK(gives("FLAGS", false, flags), "flags");
	CHECK(gives("INTERNALDATE", true,
		    "* 1 FETCH (UID 1 INTERNALDATE \" 9-Sep-2001 01:46:40 +0000\")\r\n"
		    "* 2 FETCH (UID 2 INTERNALDATE \" 9-Sep-2001 01:46:41 +0000\")\r\n"
		    "* 3 FETCH (UID 3 INTERNALDATE \" 9-Sep-2001 01:46:42 +0000\")\r\n"),
	      "dates");
	CHECK(gives("RFC822.SIZE", false,
		    "* 1 FETCH (RFC822.SIZE 32)\r\n* 2 FETCH (RFC822.SIZE 20)\r\n"
		    "* 3 FETCH (RFC822.SIZE 258)\r\n"),
	      "sizes, counted where no name tells them");
	CHECK(gives("BODY.PEEK[HEADER.FIELDS (Subject)]", false,
		    "* 1 FETCH (BODY[HEADER.FIELDS (Subject)] {14}\r\nSubject: a\r\n\r\n)\r\n"
		    "* 2 FETCH (BODY[HEADER.FIELDS (Subject)] {14}\r\nSubject: b\r\n\r\n)\r\n"
		    "* 3 FETCH (BODY[HEADER.FIELDS (Subject)] {16}\r\nSubject: top\r\n\r\n)\r\n"),
	      "fields");
	CHECK(gives("BODY.PEEK[1]<1.2>", false,
		    "* 1 FETCH (BODY[1]<1> {2}\r\n\r\n)\r\n* 2 FETCH (BODY[1]<1> {2}\r\nin)\r\n"
		    "* 3 FETCH (BODY[1]<1> {2}\r\nne)\r\n"),
	      "pieces of a part");
	CHECK(gives("BODY.PEEK[7]", false,
		    "* 1 FETCH (BODY[7] NIL)\r\n* 2 FETCH (BODY[7] NIL)\r\n"
		    "* 3 FETCH (BODY[7] NIL)\r\n"),
	      "no such part");
	span got = fetch("BODY.PEEK[]", false, IMAP_DONE_OK);
	CHECK(span_starts(
		  got, S("* 1 FETCH (BODY[] {32}\r\nSubject: a\r\nFrom: a@x.org\r\n\r\n\0\r\n)\r\n"
			 "* 2 FETCH (BODY[] {20}\r\nSubject: b\r\n\r\nline\r\n)\r\n"
			 "* 3 FETCH (BODY[] {258}\r\nSubject: top\r\n")),
	      "bodies: a NUL as it stands, CRLF as it stands");
	CHECK(
	    gives(
		"(ENVELOPE BODY)", false,
		"* 1 FETCH (ENVELOPE (NIL \"a\" ((NIL NIL \"a\" \"x.org\")) ((NIL NIL \"a\" "
		"\"x.org\")) ((NIL NIL \"a\" \"x.org\")) NIL NIL NIL NIL NIL) BODY (\"text\" "
		"\"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" 3 1))\r\n"
		"* 2 FETCH (ENVELOPE (NIL \"b\" NIL NIL NIL NIL NIL NIL NIL NIL) BODY (\"text\" "
		"\"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" 6 1))\r\n"
		"* 3 FETCH (ENVELOPE (NIL \"top\" NIL NIL NIL NIL NIL NIL NIL NIL) BODY ((\"text\" "
		"\"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" 3 0)(\"message\" "
		"\"rfc822\" NIL NIL NIL \"7bit\" 79 (NIL \"inner\" NIL NIL NIL NIL NIL NIL NIL "
		"NIL) ((\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" 4 0) "
		"\"mixed\") 6)(\"message\" \"rfc822\" NIL NIL NIL \"7bit\" 23 (NIL \"single\" NIL "
		"NIL NIL NIL NIL NIL NIL NIL) (\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL "
		"NIL \"7bit\" 4 0) 2) \"mixed\"))\r\n"),
	    "envelope and body");
}

static void seen(void)
{
	box.read_only = true;
	span got = fetch("BODY[TEXT]<0.1>", false, IMAP_DONE_OK);
	CHECK(span_starts(got, S("* 1 FETCH (BODY[TEXT]<0> {1}\r\n\0)\r\n")) &&
		  folder_at(box.f, 1).flags == 0,
	      "nothing is marked in a mailbox that is only looked at");
	box.read_only = false;
	box.condstore = true;
	uint64_t modseq = folder_highest_modseq(box.f) + 1;
	char want[512];
	got = fetch("RFC822.TEXT", false, IMAP_DONE_OK);
	CHECK(span_starts(got, S("* 1 FETCH (RFC822.TEXT {3}\r\n")), "the first was seen before");
	(void)snprintf(want, sizeof want,
		       "* 2 FETCH (RFC822.TEXT {6}\r\nline\r\n FLAGS (\\Seen) MODSEQ (%llu))\r\n",
		       (unsigned long long)modseq);
	CHECK(memmem(got.p, got.n, want, strlen(want)) != NULL,
	      "the second is now, and that is told");
	CHECK(memmem(got.p, got.n, "\r\n)\r\n* 2", 8) != NULL, "the first has no flags to tell");
	box.condstore = false;
	(void)snprintf(want, sizeof want, "UID (CHANGEDSINCE %llu)",
		       (unsigned long long)modseq - 1);
	got = fetch(want, false, IMAP_DONE_OK);
	CHECK(span_starts(got, S("* 2 FETCH (UID 2 MODSEQ (")), "changed since");
	imap_fetch_tell(&box, 0, true);
	got = collect(box.out);
	CHECK(span_eq(got, S("* 1 FETCH (UID 1 FLAGS (\\Seen))\r\n")), "told unasked");
}

static void gone_ones(void)
{
	if (unlink("cur/1000000000.a,S=28:2,S") < 0)
		abort();
	age();
	span got = fetch("BODY.PEEK[HEADER]", false, IMAP_DONE_GONE);
	CHECK(span_starts(got, S("* 2 FETCH (BODY[HEADER] {14}\r\n")),
	      "no answer for what is gone");
	got = fetch("FLAGS", false, IMAP_DONE_OK);
	CHECK(span_starts(got, S("* 1 FETCH (FLAGS ")), "what is known of it is told");
}

static void answers(void)
{
	out o;
	out_open(&o, memfd_create("client", 0), 65536);
	open_mailbox();
	box.out = &o;
	box.mem = &mem;
	items();
	CHECK(access("pabal.cache", F_OK) == 0, "what was made is kept");
	items();
	cache_close(box.cache);
	box.cache = NULL;
	put("pabal.cache", S("pabalch1 is damaged"));
	items();
	seen();
	gone_ones();
	folder_close(box.f);
	cache_close(box.cache);
	(void)close(o.fd);
	out_close(&o);
}

int main(void)
{
	mem = arena_new(1 << 20);
	if (!boxes_start())
		abort();
	commands();
	too_much();
	sections();
	literals();
	answers();
	boxes_end();
	arena_free(&mem);
	return unit_done();
}
