/* links: imap maildir mail io base : z */
#include "imap/search.h"

#include "base/die.h"
#include "imap/kept.h"
#include "io/conv.h"
#include "maildir/cache.h"
#include "tests/unit/folder_box.h"

/* Names are times of arrival, in the zone of the tests (nine hours east). The dates are days before those. */
static const struct {
	const char *name, *text;
} messages[] = {
    {"cur/1795446000.a:2,S", /* 2026-11-24 00:00 */
     "From: =?utf-8?B?6rmA7LKg7IiY?= <kim@example.org>\n"
     "To: Lee <lee@x.example>, bob@y.example\n"
     "Subject: =?utf-8?Q?=C3=9Cber?=  the\n\tplan\n"
     "Date: Mon, 23 Nov 2026 23:30:00 -0800\n"
     "X-Empty:\n"
     "\n"
     "Hello  there,\nfriend.\n"},
    {"cur/1795445999.b:2,FRS", /* a second earlier: 2026-11-23 */
     "From: bob@y.example\n"
     "Cc: lee@x.example\n"
     "Subject: =?ks_c_5601-1987?B?sKE=?=\n" /* 가 */
     "Date: 24 Nov 2026 00:30:00 +0900\n"
     "Content-Type: text/plain; charset=euc-kr\n"
     "Content-Transfer-Encoding: base64\n"
     "\n"
     "sKGzqrTZCg==\n"}, /* 가나다 */
    {"cur/1600000000.c:2,DT", "From: carol@z.example\n"
			      "Bcc: secret@x.example\n"
			      "Subject: a forward\n"
			      "Content-Type: multipart/mixed; boundary=b\n"
			      "\n"
			      "preamble\n"
			      "--b\n"
			      "Content-Type: text/html\n"
			      "Content-Transfer-Encoding: quoted-printable\n"
			      "\n"
			      "<p>Gr=C3=BC&szlig;e aus <b>K=C3=B6ln</b></p>\n"
			      "--b\n"
			      "Content-Type: application/pdf; name*=utf-8''%EA%B3%84%EC%95%BD.pdf\n"
			      "\n"
			      "binary needle\n"
			      "--b\n"
			      "Content-Type: message/rfc822\n"
			      "\n"
			      "Subject: =?utf-8?Q?inn=C3=A9r?=\n"
			      "\n"
			      "deep text\n"
			      "--b--\n"},
    {"new/1795500000.d", "From: dave@w.example\nSubject: new one\nDate: never\n\nplain body\n"},
    {"cur/1795500001.e:2,P", "From: eve@v.example\nSubject: [a] 100% \"quoted\"\n\ny\n"},
    {"cur/1795500002.gone:2,", "Subject: gone\n\nx\n"},
};
enum { MESSAGES = sizeof messages / sizeof *messages };

static const struct {
	const char *command, *answer;
} cases[] = {
    /* In the order of UIDs: 1 is c, 2 b, 3 a, 4 d, 5 e, 6 is gone from the disk. */
    {"ALL", "* SEARCH 1 2 3 4 5 6"},
    {"all", "* SEARCH 1 2 3 4 5 6"},
    {"SEEN", "* SEARCH 2 3"},
    {"UNSEEN", "* SEARCH 1 4 5 6"},
    {"ANSWERED", "* SEARCH 2"},
    {"UNANSWERED SEEN", "* SEARCH 3"},
    {"FLAGGED", "* SEARCH 2"},
    {"UNFLAGGED NOT UNSEEN", "* SEARCH 3"},
    {"DELETED DRAFT", "* SEARCH 1"},
    {"UNDELETED UNDRAFT", "* SEARCH 2 3 4 5 6"},
    {"RECENT", "* SEARCH 4"},
    {"NEW", "* SEARCH 4"},
    {"OLD", "* SEARCH 1 2 3 5 6"},
    {"KEYWORD $Forwarded", "* SEARCH 5"},
    {"UNKEYWORD $forwarded SEEN", "* SEARCH 2 3"},
    {"KEYWORD $Junk", "* SEARCH 2"},
    {"NOT KEYWORD $junk SEEN", "* SEARCH 3"},
    {"UNKEYWORD $Junk SEEN", "* SEARCH 3"},
    {"NOT UNKEYWORD $Junk", "* SEARCH 2"},
    {"KEYWORD nobody", "* SEARCH"},
    {"UNKEYWORD nobody 1", "* SEARCH 1"},
    {"KEYWORD \\Seen", NULL},
    /* sets */
    {"2:3", "* SEARCH 2 3"},
    {"*", "* SEARCH 6"},
    {"6:*,1", "* SEARCH 1 6"},
    {"7", NULL},
    {"7:*", NULL},
    {"0", NULL},
    {"UID 2,4:*", "* SEARCH 2 4 5 6"},
    {"UID 100:*", "* SEARCH 6"},
    {"UID 7:100", "* SEARCH"},
    {"NOT 1:4", "* SEARCH 5 6"},
    {"UID", NULL},
    {"UID x", NULL},
    /* trees */
    {"OR SEEN 1", "* SEARCH 1 2 3"},
    {"OR OR 1 2 OR 4 5", "* SEARCH 1 2 4 5"},
    {"NOT OR SEEN OR 1 4", "* SEARCH 5 6"},
    {"OR 1 NOT OR SEEN 1:5", "* SEARCH 1 6"},
    {"OR (SEEN FLAGGED) (1)", "* SEARCH 1 2"},
    {"(1:2 (2:3) 2)", "* SEARCH 2"},
    {"NOT NOT NOT 1:5", "* SEARCH 6"},
    {"NOT (1:2 2:3)", "* SEARCH 1 3 4 5 6"},
    {"OR 1", NULL},
    {"OR 1 2 ", NULL},
    {"NOT", NULL},
    {"NOT ", NULL},
    {"()", NULL},
    {"(1", NULL},
    {"1)", NULL},
    {"1  2", NULL},
    {"", NULL},
    {"NOTALL", NULL},
    {"XYZZY", NULL},
    /* dates: of arrival, in the zone here */
    {"ON 24-Nov-2026 SEEN", "* SEARCH 3"},
    {"ON \"23-nov-2026\"", "* SEARCH 2"},
    {"BEFORE 24-Nov-2026", "* SEARCH 1 2"},
    {"SINCE 24-Nov-2026", "* SEARCH 3 4 5 6"},
    {"SINCE 23-Nov-2026 BEFORE 24-Nov-2026", "* SEARCH 2"},
    {"NOT ON 24-Nov-2026", "* SEARCH 1 2"},
    {"BEFORE 1-Jan-1990", "* SEARCH"},
    {"SINCE 1-Jan-9999", "* SEARCH"},
    /* and of sending, in the zone of the sender; without a Date that of arrival */
    {"SENTON 23-Nov-2026", "* SEARCH 3"},
    {"SENTON 24-Nov-2026", "* SEARCH 2 4 5"},
    {"SENTBEFORE 24-Nov-2026", "* SEARCH 1 3"},
    {"SENTSINCE 24-Nov-2026", "* SEARCH 2 4 5"},
    {"SENTBEFORE 1-Jan-2021", "* SEARCH 1"},
    {"ON 24-Nov-26", NULL},
    {"ON 31-Feb-2026", NULL},
    {"ON 1-Foo-2026", NULL},
    {"ON 1-Novem-2026", NULL},
    {"ON 24-Nov-2026x", NULL},
    {"ON Nov-24-2026", NULL},
    {"ON", NULL},
    {"YOUNGER 3600", "* SEARCH 4 5 6"}, /* it is 2026-11-24 15:30 */
    {"OLDER 3600 SEEN", "* SEARCH 2 3"},
    {"OLDER 0", NULL},
    /* sizes: with CRLF */
    {"LARGER 19 SMALLER 21", "* SEARCH 6"},
    {"SMALLER 21", "* SEARCH 6"},
    {"LARGER 20 SMALLER 21", "* SEARCH"},
    {"LARGER 400", "* SEARCH 1"},
    {"LARGER 4294967295", "* SEARCH"},
    {"LARGER 4294967296", NULL},
    {"LARGER x", NULL},
    /* fields */
    {"FROM KIM@", "* SEARCH 3"},
    {"FROM {9}\r\n\xea\xb9\x80\xec\xb2\xa0\xec\x88\x98", "* SEARCH 3"}, /* 김철수 */
    {"CHARSET UTF-8 FROM {6+}\r\n\xea\xb9\x80\xec\xb2\xa0", "* SEARCH 3"},
    {"CHARSET \"euc-kr\" SUBJECT {2}\r\n\xb0\xa1", "* SEARCH 2"},
    {"CHARSET ISO-8859-1 SUBJECT {4}\r\n\xdc"
     "BER",
     "* SEARCH 3"},
    {"CHARSET US-ASCII SUBJECT plan", "* SEARCH 3"},
    {"CHARSET x-nothing SUBJECT plan", "CHARSET"},
    {"CHARSET \"\" SUBJECT plan", "CHARSET"},
    {"CHARSET UTF-8", NULL},
    {"SUBJECT {15}\r\n\xc3\xbc"
     "ber the pLAN",
     NULL},
    {"SUBJECT {14}\r\n\xc3\xbc"
     "ber the pLAN",
     "* SEARCH 3"},
    {"SUBJECT \"[a] 100% \\\"q\"", "* SEARCH 5"},
    {"SUBJECT \"\" 1:3", "* SEARCH 1 2 3"},
    {"TO bob", "* SEARCH 3"},
    {"TO \"\"", "* SEARCH 3"},
    {"CC lee", "* SEARCH 2"},
    {"BCC SECRET", "* SEARCH 1"},
    {"NOT FROM bob 1:5", "* SEARCH 1 3 4 5"},
    {"NOT FROM bob", "* SEARCH 1 3 4 5"}, /* what is gone matches nothing */
    {"HEADER X-Empty \"\"", "* SEARCH 3"},
    {"HEADER X-None \"\"", "* SEARCH"},
    {"HEADER subject plan", "* SEARCH 3"},
    {"HEADER \"Subject\" {4}\r\nPLAN", "* SEARCH 3"},
    {"HEADER Subject", NULL},
    {"FROM", NULL},
    /* texts */
    {"BODY \"hello there, friend\"", "* SEARCH 3"},
    {"BODY {9}\r\n\xea\xb0\x80\xeb\x82\x98\xeb\x8b\xa4", "* SEARCH 2"}, /* 가나다 */
    {"BODY {7}\r\nk\xc3\xb6ln", NULL},
    {"BODY {5}\r\nk\xc3\xb6ln", "* SEARCH 1"},
    {"BODY {7}\r\ngr\xc3\xbc\xc3\x9f"
     "e",
     "* SEARCH 1"},
    {"BODY {6}\r\ninn\xc3\x89r", "* SEARCH 1"},
    {"BODY \"deep text\"", "* SEARCH 1"},
    {"BODY needle", "* SEARCH"},
    {"BODY quoted-printable", "* SEARCH"},
    {"TEXT quoted-printable", "* SEARCH 1"},
    {"TEXT base64", "* SEARCH 2"},
    {"TEXT {10}\r\n\xea\xb3\x84\xec\x95\xbd.pdf", "* SEARCH 1"}, /* 계약 */
    {"TEXT {10}\r\n\xe1\x84\x80\xe1\x85\xa8\xec\x95\xbd.", "* SEARCH 1"},
    {"TEXT {11}\r\n\xe1\x84\x80\xe1\x85\xa8\xec\x95\xbd.p", "* SEARCH 1"}, /* decomposed */
    {"TEXT \"Subject: new\"", "* SEARCH 4"},
    {"TEXT example 1:3", "* SEARCH 1 2 3"},
    {"TEXT \"plain body\"", "* SEARCH 4"},
    {"BODY \"\" 1:6", "* SEARCH 1 2 3 4 5"},
    {"NOT BODY x 4:6", "* SEARCH 4 5"},
    {"BODY y BODY y 3:5", "* SEARCH 4 5"},
    {"NOT TEXT example NOT BODY zzz", "* SEARCH"},
    /* mod-sequences: storing the keyword gave the highest one */
    {"MODSEQ 0 SEEN", "* SEARCH 2 3 (MODSEQ HIGHEST)"},
    {"MODSEQ HIGHEST", "* SEARCH 2 (MODSEQ HIGHEST)"},
    {"MODSEQ \"/flags/\\\\draft\" all HIGHEST", "* SEARCH 2 (MODSEQ HIGHEST)"},
    {"MODSEQ 9223372036854775806", "* SEARCH"},
    {"MODSEQ 9223372036854775808", NULL},
    {"MODSEQ \"/flags/x\" 1", NULL},
    {"MODSEQ \"x\" all 1", NULL},
    {"MODSEQ", NULL},
    /* RETURN */
    {"RETURN () SEEN", "* ESEARCH (TAG \"t1\") ALL 2:3"},
    {"RETURN (ALL) 1:3,5", "* ESEARCH (TAG \"t1\") ALL 1:3,5"},
    {"RETURN (MIN) UNSEEN", "* ESEARCH (TAG \"t1\") MIN 1"},
    {"RETURN (MAX) SEEN", "* ESEARCH (TAG \"t1\") MAX 3"},
    {"RETURN (MAX MIN) SEEN", "* ESEARCH (TAG \"t1\") MIN 2 MAX 3"},
    {"RETURN (MIN MAX) 4", "* ESEARCH (TAG \"t1\") MIN 4 MAX 4"},
    {"RETURN (MIN MAX ALL COUNT) 2:4", "* ESEARCH (TAG \"t1\") MIN 2 MAX 4 COUNT 3 ALL 2:4"},
    {"RETURN (COUNT) KEYWORD none", "* ESEARCH (TAG \"t1\") COUNT 0"},
    {"RETURN (MIN MAX ALL) KEYWORD none", "* ESEARCH (TAG \"t1\")"},
    {"return (count) CHARSET UTF-8 SEEN", "* ESEARCH (TAG \"t1\") COUNT 2"},
    {"RETURN (MIN) MODSEQ 1 2:3", "* ESEARCH (TAG \"t1\") MIN 2 MODSEQ HIGHEST"},
    {"RETURN (MIN MAX) MODSEQ HIGHEST", "* ESEARCH (TAG \"t1\") MIN 2 MAX 2 MODSEQ HIGHEST"},
    {"RETURN (COUNT) MODSEQ HIGHEST", "* ESEARCH (TAG \"t1\") COUNT 1 MODSEQ HIGHEST"},
    {"RETURN (COUNT) MODSEQ 9000000000000000000", "* ESEARCH (TAG \"t1\") COUNT 0"},
    {"RETURN (MIN", NULL},
    {"RETURN (MIN)", NULL},
    {"RETURN (MINMAX) 1", NULL},
    {"RETURN (SAVE) 1", NULL},
    {"RETURN MIN 1", NULL},
    {"RETURN () CHARSET x 1", "CHARSET"},
};

static folder *box;
static conv *converters;
static charset_opener opener;

/* `text` with the highest mod-sequence for HIGHEST. */
static void put_highest(const char *text, str *to)
{
	const char *at;
	while ((at = strstr(text, "HIGHEST"))) {
		(void)str_put(to, span_of(text, (size_t)(at - text)));
		(void)str_putu(to, folder_highest_modseq(box));
		text = at + 7;
	}
	(void)str_put(to, span_str(text));
}

/* The answer without its line end; "BAD", "CHARSET". */
static void ask(span command, bool uid, str *answer)
{
	arena mem = arena_new(1 << 20);
	out o;
	out_open(&o, -1, 1 << 16);
	imap_box b = {.f = box, .dir = dir, .out = &o, .mem = &mem, .opener = &opener};
	span text = unit_copy(command);
	imap_scan s = {.rest = text, .mem = &mem};
	imap_search *search;
	status why;
	enum imap_search_result r = imap_search_parse(&s, &b, &search);
	str_clear(answer);
	if (r != IMAP_SEARCH_OK) {
		(void)str_put(answer, r == IMAP_SEARCH_BAD ? S("BAD") : S("CHARSET"));
	} else {
		bool done = imap_search_run(&b, search, uid, S("t1"), &why);
		(void)str_put(answer, done ? span_chomp(span_of(o.buf, o.n)) : span_str(why.text));
	}
	free((char *)(uintptr_t)text.p);
	cache_close(b.cache);
	out_close(&o);
	arena_free(&mem);
}

static void fill(void)
{
	new_box();
	for (size_t i = 0; i < MESSAGES; i++) {
		struct timespec t = {strtoll(strchr(messages[i].name, '/') + 1, NULL, 10), 0};
		put(messages[i].name, span_str(messages[i].text));
		CHECK(utimensat(AT_FDCWD, messages[i].name, (const struct timespec[]){t, t}, 0) ==
			  0,
		      "%s", messages[i].name);
	}
	age();
	box = open_box();
	int bit = folder_keyword_bit(box, S("$Junk"), true);
	status st = folder_store(box, (const size_t[]){1}, 1, FOLDER_ADD, 0, (uint64_t)1 << bit);
	CHECK(status_is_ok(&st) && bit >= 0, "a keyword is stored");
	st = folder_measure(box, 0, folder_count(box));
	CHECK(status_is_ok(&st), "sizes are known");
	CHECK(unlink(messages[MESSAGES - 1].name) == 0, "a message is removed");
}

/* What is known of headers without opening a file; of the message that is gone nothing is. */
static void keep_headers(void)
{
	str text = str_new(1 << 16), kept = str_new(1 << 16);
	cache *c = cache_open(dir);
	for (size_t i = 0; i + 1 < MESSAGES; i++) {
		cache_record r = {.piece = {{NULL, 0}}};
		str_clear(&kept);
		imap_kept_fields(text_of(box, i, &text), &kept);
		r.piece[CACHE_HEADER] = str_span(&kept);
		(void)cache_add(c, folder_at(box, i).base, &r);
	}
	cache_write(c, NULL);
	cache_close(c);
	str_free(&text);
	str_free(&kept);
}

/* A header that is kept answers though the file says something else by now. */
static void from_cache(void)
{
	str answer = str_new(1 << 16);
	put("cur/1795500001.e:2,P", S("From: another\nSubject: other\n\ny\n"));
	ask(S("FROM eve SUBJECT quoted"), false, &answer);
	CHECK(is(str_cstr(&answer), "* SEARCH 5"), "no file is opened");
	ask(S("FROM another"), false, &answer);
	CHECK(is(str_cstr(&answer), "* SEARCH"), "nor for what is not there");
	ask(S("FROM eve HEADER X-Other \"\""), false, &answer);
	CHECK(is(str_cstr(&answer), "* SEARCH"), "it is for other fields");
	str_free(&answer);
}

static void answers(void)
{
	str command = str_new(1 << 16), expected = str_new(1 << 16), answer = str_new(1 << 16);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		str_clear(&command);
		str_clear(&expected);
		put_highest(cases[i].command, &command);
		put_highest(cases[i].answer ? cases[i].answer : "BAD", &expected);
		ask(str_span(&command), false, &answer);
		CHECK(is(str_cstr(&answer), str_cstr(&expected)), "%s", cases[i].command);
	}
	str_free(&command);
	str_free(&expected);
	str_free(&answer);
}

/* `n` times one text, between two others. */
static void nested(const char *front, const char *back, size_t n, const char *core,
		   const char *wanted)
{
	str command = str_new(1 << 20), answer = str_new(1 << 16);
	for (size_t i = 0; i < n; i++)
		(void)str_put(&command, span_str(front));
	(void)str_put(&command, span_str(core));
	for (size_t i = 0; i < n; i++)
		(void)str_put(&command, span_str(back));
	ask(str_span(&command), false, &answer);
	CHECK(is(str_cstr(&answer), wanted), "%zu times %s", n, front);
	str_free(&command);
	str_free(&answer);
}

static void bounds(void)
{
	nested("(", ")", IMAP_DEPTH_MAX - 1, "2", "* SEARCH 2");
	nested("(", ")", IMAP_DEPTH_MAX, "2", "BAD");
	nested("(", ")", 100000, "2", "BAD");
	nested("NOT ", "", 50000, "2", "* SEARCH 2");
	nested("OR 1 ", "", 4000, "2", "* SEARCH 1 2");
	nested("OR ", " 1", 4000, "2", "* SEARCH 1 2");
	nested("NOT OR 1 ", "", IMAP_DEPTH_MAX, "2", "BAD");
	nested("OR NOT ", " 1", 100000, "2", "BAD");
	nested("1 ", "", 20000, "1", "BAD");
}

/* UIDs in place of numbers, once they are not the same. */
static void by_uid(void)
{
	str answer = str_new(1 << 16);
	const size_t first[] = {0};
	status st = folder_expunge(box, first, 1);
	CHECK(status_is_ok(&st), "the first is expunged");
	ask(S("1:4"), true, &answer);
	CHECK(is(str_cstr(&answer), "* SEARCH 1 2 3 4"), "the view stays");
	age();
	(void)refresh(box);
	ask(S("1:3"), true, &answer);
	CHECK(is(str_cstr(&answer), "* SEARCH 2 3 4"), "UIDs");
	ask(S("RETURN (MIN ALL) 1,3"), true, &answer);
	CHECK(is(str_cstr(&answer), "* ESEARCH (TAG \"t1\") UID MIN 2 ALL 2,4"), "UIDs, RETURN");
	ask(S("5"), true, &answer);
	CHECK(is(str_cstr(&answer), "BAD"), "message numbers stay such");
	ask(S("UID 5:*"), false, &answer);
	CHECK(is(str_cstr(&answer), "* SEARCH 4"), "numbers");
	str_free(&answer);
}

/* A header of any size is read whole, and a message that cannot be read stops nobody. */
static void files(void)
{
	str text = str_new(1 << 20), answer = str_new(1 << 16);
	new_box();
	for (size_t i = 0; i < 3000; i++)
		(void)str_printf(&text, "X-%zu: filler\n", i);
	(void)str_put(&text, S("Subject: at the end\n\nX-Not: field\n"));
	put("cur/1.a:2,", str_span(&text));
	put("cur/2.b:2,", S("From x\nSubject: behind an mbox line\n"));
	put("cur/3.c:2,", S("no header\n\nSubject: end\n"));
	put("cur/4.d:2,", S(""));
	age();
	box = open_box();
	ask(S("SUBJECT end"), false, &answer);
	CHECK(is(str_cstr(&answer), "* SEARCH 1"), "behind 3000 fields");
	ask(S("OR SUBJECT mbox HEADER X-Not \"\""), false, &answer);
	CHECK(is(str_cstr(&answer), "* SEARCH 2"), "behind an mbox line");
	ask(S("NOT SUBJECT end"), false, &answer);
	CHECK(is(str_cstr(&answer), "* SEARCH 2 3 4"), "none there");
	ask(S("TEXT \"no header\""), false, &answer);
	CHECK(is(str_cstr(&answer), "* SEARCH 3"), "a body alone");
	CHECK(unlink("cur/2.b:2,") == 0 && mkdir("cur/2.b:2,", 0700) == 0, "no file any more");
	folder *f = box;
	arena mem = arena_new(1 << 20);
	out o;
	out_open(&o, -1, 1 << 16);
	imap_box b = {.f = f, .dir = dir, .out = &o, .mem = &mem, .opener = &opener};
	imap_scan s = {.rest = S("BODY \"\""), .mem = &mem};
	imap_search *search;
	status why;
	CHECK(imap_search_parse(&s, &b, &search) == IMAP_SEARCH_OK, "parsed");
	CHECK(!imap_search_run(&b, search, false, S("t"), &why) && why.text[0], "%s", why.text);
	CHECK(span_eq(span_of(o.buf, o.n), S("* SEARCH 1 3 4\r\n")), "the others are told");
	cache_close(b.cache);
	out_close(&o);
	arena_free(&mem);
	folder_close(f);
	str_free(&text);
	str_free(&answer);
}

int main(void)
{
	if (!boxes_start() || setenv("TZ", "KST-9", 1) < 0 ||
	    setenv("PABAL_NOW", "1795501800", 1) < 0)
		abort();
	converters = conv_new();
	opener = conv_opener(converters);
	fill();
	answers();
	keep_headers();
	answers();
	from_cache();
	bounds();
	by_uid();
	folder_close(box);
	files();
	conv_free(converters);
	boxes_end();
	return unit_done();
}
