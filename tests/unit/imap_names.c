/* links: imap auth maildir queue mail io base : z */
/* Mailboxes: modified UTF-7, names, patterns, directories. */
#include <sys/stat.h>

#include "imap/match.h"
#include "imap/mutf7.h"
#include "imap/place.h"
#include "tests/unit/unit.h"

/* NULL: it is none. `back`: what it is written as, NULL for the same. */
static void mutf7(const char *text, const char *utf8, const char *back)
{
	str to = str_new(1000), again = str_new(1000);
	span copy = unit_copy(span_str(text));
	bool ok = mutf7_read(copy, &to);
	CHECK(ok == (utf8 != NULL), "%s", text);
	if (ok && utf8) {
		CHECK(span_eq(str_span(&to), span_str(utf8)), "%s is %s", text, utf8);
		mutf7_write(str_span(&to), &again);
		CHECK(span_eq(str_span(&again), span_str(back ? back : text)), "%s again", text);
	}
	free((void *)(uintptr_t)copy.p);
	str_free(&to);
	str_free(&again);
}

static void conversions(void)
{
	mutf7("INBOX", "INBOX", NULL);
	mutf7("", "", NULL);
	mutf7("R&-D", "R&D", NULL);
	mutf7("~peter/mail/&U,BTFw-/&ZeVnLIqe-", "~peter/mail/台北/日本語", NULL); /* RFC 3501 */
	mutf7("&vPStANVo-", "보관함", NULL);
	mutf7("Entw&APw-rfe", "Entwürfe", NULL);
	mutf7("&2D3eAA-", "\xf0\x9f\x98\x80", NULL);
	mutf7("&AOQ-&APY-", NULL, NULL); /* RFC 3501: a superfluous shift */
	mutf7("&AAE-", "\x01", NULL);
	mutf7("&", NULL, NULL);
	mutf7("a&b", NULL, NULL);
	mutf7("&Jjo!-", NULL, NULL); /* RFC 3501: no such letter */
	mutf7("&U,BTFw-&ZeVnLIqe", NULL, NULL);
	mutf7("&AGEA-", NULL, NULL); /* an "a" that needs none */
	mutf7("&AOR-", NULL, NULL);  /* bits are left over */
	mutf7("&AO-", NULL, NULL);   /* half a unit */
	mutf7("&AOQA-", NULL, NULL);
	mutf7("&2D0-", NULL, NULL); /* half a pair */
	mutf7("&3gDYPQ-", NULL, NULL);
	mutf7("&AOQ=-", NULL, NULL);
	mutf7("\xc3\xa4", NULL, NULL);
	mutf7("a\tb", NULL, NULL);
}

static void name(const char *text, bool utf8, const char *want)
{
	str to = str_new(4 * IMAP_NAME_MAX);
	bool ok = imap_name_read(span_str(text), utf8, &to);
	CHECK(ok == (want != NULL) && (!want || span_eq(str_span(&to), span_str(want))), "%s",
	      text);
	str_free(&to);
}

static void names(void)
{
	name("inbox", false, "INBOX");
	name("iNbOx.Sub", false, "INBOX.Sub");
	name("inboxes", false, "inboxes");
	name("a.inbox", false, "a.inbox");
	name("ä", false, NULL);
	name("ä", true, "ä");
	name("&AOQ-", true, "&AOQ-");
	name("", false, NULL);
	name(".a", false, NULL);
	name("a.", false, NULL);
	name("a..b", false, NULL);
	name("a/b", false, NULL);
	name("..", false, NULL);
	name("&AC8-", false, NULL);
	name("&AAo-", false, NULL);
}

static void match(const char *pattern, const char *text, bool want)
{
	CHECK(imap_match(span_str(pattern), span_str(text)) == want, "%s %s", pattern, text);
}

static void patterns(void)
{
	match("*", "a.b.c", true);
	match("%", "a", true);
	match("%", "a.b", false);
	match("%.%", "a.b", true);
	match("a*c", "a.b.c", true);
	match("a%c", "a.c", false);
	match("*b", "a.b.c", false);
	match("*%", "a.b", true);
	match("%*", "a.b", true);
	match("%a%b", "xaayb", true);
	match("%a%b", "xa.ab", false);
	match("*a%b", "xa.ab", true);
	match("*.b%", "a.b.b", true);
	match("inbox", "INBOX", true);
	match("i%", "INBOX", true);
	match("i*", "INBOX.a", false);
	match("a", "A", false);
	match("", "", true);
	match("", "a", false);
	match("a", "", false);
	char many[2000], text[2001];
	memset(text, 'a', sizeof text);
	for (size_t i = 0; i < sizeof many; i++)
		many[i] = i % 2 ? 'a' : '*';
	CHECK(!imap_match(span_of(many, sizeof many - 1), span_of(text, 900)), "many stars");
	CHECK(imap_match(span_of(many, sizeof many - 1), span_of(text, 2000)), "many stars match");
}

static void make(const char *top, const char *dir)
{
	char path[256];
	(void)snprintf(path, sizeof path, "%s/%s", top, dir);
	CHECK(mkdir(path, 0700) == 0, "make %s", dir);
	(void)snprintf(path, sizeof path, "%s/%s/cur", top, dir);
	CHECK(mkdir(path, 0700) == 0, "make %s/cur", dir);
}

static void place(const char *top, const char *mailbox, const char *dir, bool there)
{
	str path = str_new(1000);
	bool found = imap_place_of(top, span_str(mailbox), &path);
	CHECK(found == there &&
		  span_eq(span_sub(str_span(&path), strlen(top), path.n), span_str(dir)),
	      "%s is at %s", mailbox, str_cstr(&path));
	str_free(&path);
}

static void directories(void)
{
	char top[] = "/tmp/pabal-names.XXXXXX", command[64];
	CHECK(mkdtemp(top) != NULL, "a directory");
	make(top, "cur-not-of-a-folder");
	make(top, ".A.B");
	make(top, ".&vPStANVo-");
	make(top, ".한");
	place(top, "A.B", "/.A.B", true);
	place(top, "A", "/.A", false);
	place(top, "보관함", "/.&vPStANVo-", true);
	place(top, "한", "/.한", true);
	place(top, "새", "/.새", false);
	place(top, "R&D", "/.R&D", false);
	place(top, "&AOQ-", "/.&-AOQ-", false); /* its UTF-8 would read as "ä" */
	place(top, "INBOX", "", false);
	(void)snprintf(command, sizeof command, "%s", top);
	for (const char *const *d =
		 (const char *const[]){"cur-not-of-a-folder/cur", ".A.B/cur", ".&vPStANVo-/cur",
				       ".한/cur", "cur-not-of-a-folder", ".A.B", ".&vPStANVo-",
				       ".한", NULL};
	     *d; d++) {
		char path[256];
		(void)snprintf(path, sizeof path, "%s/%s", top, *d);
		(void)rmdir(path);
	}
	CHECK(rmdir(command) == 0, "clean");
}

int main(void)
{
	conversions();
	names();
	patterns();
	directories();
	return unit_done();
}
