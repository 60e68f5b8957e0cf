/* links: maildir mail io base : z */
#include "maildir/folder.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/file.h"
#include "io/out.h"
#include "io/proc.h"
#include "maildir/deliver.h"
#include "tests/unit/unit.h"

static char root[] = "/tmp/pabal-unit-folder.XXXXXX";
static char dir[4096];
static int boxes;

/* A new, empty Maildir, which is then the present directory. */
static void new_box(void)
{
	(void)snprintf(dir, sizeof dir, "%s/box%d", root, boxes++);
	if (!maildir_make(dir) || chdir(dir) < 0)
		abort();
}

static void put(const char *path, span text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (fd < 0 || !write_all(fd, text) || close(fd) < 0)
		abort();
}

/* Directory times are so old that a look at them is certain. */
static void age(void)
{
	static int64_t when = 1000000000;
	const struct timespec t[2] = {{++when, 5}, {when, 5}};
	if (utimensat(AT_FDCWD, "new", t, 0) < 0 || utimensat(AT_FDCWD, "cur", t, 0) < 0)
		abort();
}

static folder *open_box(void)
{
	status why;
	folder *f = folder_open(dir, &why);
	if (!f) {
		printf("# %s\n", why.text);
		abort();
	}
	return f;
}

typedef struct told {
	char text[1024];
	size_t n;
} told;

static void tell(told *t, char what, size_t i)
{
	if (t->n + 32 < sizeof t->text)
		t->n += (size_t)snprintf(t->text + t->n, sizeof t->text - t->n, "%c%zu ", what, i);
}

static void gone(void *t, size_t i, uint32_t uid)
{
	(void)uid;
	tell(t, '-', i);
}

static void changed(void *t, size_t i)
{
	tell(t, '*', i);
}

static void added(void *t, size_t i)
{
	tell(t, '+', i);
}

static const char *refresh(folder *f)
{
	static told t;
	t = (told){.n = 0};
	const folder_changes c = {gone, changed, added, &t};
	status st = folder_refresh(f, &c);
	if (!status_is_ok(&st))
		(void)snprintf(t.text, sizeof t.text, "%d %s", st.code, st.text);
	return t.text;
}

/* "UID:BASE:flags ..." */
static const char *shown(const folder *f)
{
	static char text[4096];
	size_t n = 0;
	text[0] = 0;
	for (size_t i = 0; i < folder_count(f) && n < sizeof text; i++) {
		folder_msg m = folder_at(f, i);
		n += (size_t)snprintf(text + n, sizeof text - n, "%s%u:%.*s:%u", i ? " " : "",
				      m.uid, SPAN_FMT(m.base), m.flags);
	}
	return text;
}

static bool is(const char *a, const char *b)
{
	if (strcmp(a, b) == 0)
		return true;
	printf("# '%s'\n# '%s'\n", a, b);
	return false;
}

static span text_of(folder *f, size_t i, str *to)
{
	char buf[4096];
	int fd = folder_open_msg(f, i);
	str_clear(to);
	if (fd < 0)
		return S("");
	ssize_t n = file_pread(fd, buf, sizeof buf, 0);
	(void)close(fd);
	(void)str_put(to, span_of(buf, n > 0 ? (size_t)n : 0));
	return str_span(to);
}

static void numbers(void)
{
	new_box();
	put("new/1700000002.b", S("B: b\n\n"));
	put("new/1700000001.a,S=6,W=8", S("A: a\n\n"));
	put("cur/1700000003.c:2,S", S("C: c\n\nx\r\ny"));
	put("cur/1600000000.d:2,FRx", S("D: d\n\n"));
	put("cur/.hidden", S("x"));
	age();
	folder *f = open_box();
	CHECK(is(shown(f), "1:1600000000.d:10 2:1700000001.a,S=6,W=8:64 3:1700000002.b:64 "
			   "4:1700000003.c:16"),
	      "numbered in the order of arrival");
	uint32_t validity = folder_uidvalidity(f);
	CHECK(folder_uidnext(f) == 5 && validity > 1700000000, "the next UID, the UIDVALIDITY");
	CHECK(folder_at(f, 1).wire == 8 && folder_at(f, 1).octets == 6, "sizes of the name");
	CHECK(folder_at(f, 3).wire == 0 && folder_at(f, 3).octets == 10, "a size is not known yet");
	status st = folder_measure(f, 0, 4);
	CHECK(status_is_ok(&st) && folder_at(f, 3).wire == 12, "and is counted");
	bool exact;
	CHECK(folder_find(f, 3, &exact) == 2 && exact && folder_find(f, 9, &exact) == 4 && !exact,
	      "found by UID");
	CHECK(is(refresh(f), ""), "nothing changed");
	folder_close(f);
	f = open_box();
	CHECK(folder_count(f) == 4 && folder_uidvalidity(f) == validity &&
		  folder_at(f, 3).uid == 4 && folder_at(f, 3).wire == 12,
	      "the same when it is opened again");
	folder_close(f);
}

static void others(void)
{
	str text = str_new(4096);
	new_box();
	put("new/1.a", S("A: a\n\n"));
	put("new/2.b", S("B: b\n\n"));
	put("new/3.c", S("C: c\n\n"));
	age();
	folder *f = open_box(), *g = open_box();
	CHECK(rename("new/1.a", "cur/1.a:2,S") == 0, "a reader takes one");
	CHECK(span_eq(text_of(f, 0, &text), S("A: a\n\n")), "it opens all the same");
	CHECK(unlink("new/2.b") == 0, "and removes one");
	errno = 0;
	CHECK(folder_open_msg(f, 1) < 0 && (errno == ENOENT || errno == EAGAIN), "it is not there");
	age();
	CHECK(folder_open_msg(f, 1) < 0 && errno == ENOENT, "it is gone");
	put("new/4.d", S("D: d\n\n"));
	age();
	CHECK(folder_count(f) == 3, "the view stays until the refresh");
	CHECK(is(refresh(f), "-1 *0 +2 "), "all is told");
	CHECK(is(shown(f), "1:1.a:16 3:3.c:64 4:4.d:64"), "and seen");
	CHECK(is(refresh(g), "-1 *0 +2 "), "in the other session too");
	CHECK(folder_highest_modseq(f) == folder_highest_modseq(g) &&
		  folder_at(g, 0).modseq == folder_at(f, 0).modseq &&
		  folder_at(f, 0).modseq > folder_at(f, 1).modseq,
	      "with the same mod-sequences");
	put("new/2.b", S("B: b\n\n"));
	age();
	CHECK(is(refresh(f), "+3 ") && folder_at(f, 3).uid == 5,
	      "a message that comes back has another UID");
	folder_close(f);
	folder_close(g);
	str_free(&text);
}

static void flags(void)
{
	struct stat st;
	const size_t all[] = {0, 1}, second[] = {1};
	new_box();
	put("new/1.a", S("A: a\n\n"));
	put("cur/2.b:2,RTx", S("B: b\n\n"));
	age();
	folder *f = open_box(), *g = open_box();
	status s = folder_store(f, all, 2, FOLDER_ADD, FOLDER_SEEN | FOLDER_FLAGGED, 0);
	CHECK(status_is_ok(&s) && stat("cur/1.a:2,FS", &st) == 0 &&
		  stat("cur/2.b:2,FRSTx", &st) == 0,
	      "letters in order, others stay: %s", s.text);
	CHECK(folder_at(f, 0).flags == (FOLDER_SEEN | FOLDER_FLAGGED), "at once in the view");
	CHECK(is(refresh(f), ""), "and no news to who did it");
	CHECK(is(refresh(g), "*0 *1 "), "but to others");
	int bit = folder_keyword_bit(f, S("$Junk"), true);
	CHECK(bit == 0 && folder_keyword_bit(f, S("$junk"), false) == 0 &&
		  folder_keyword_bit(f, S("other"), false) == -1,
	      "a keyword");
	uint64_t before = folder_highest_modseq(f);
	s = folder_store(f, second, 1, FOLDER_SET, 0, 1);
	CHECK(status_is_ok(&s) && stat("cur/2.b:2,x", &st) == 0 && folder_at(f, 1).keywords == 1 &&
		  folder_at(f, 1).modseq == before + 1 && folder_highest_modseq(f) == before + 1,
	      "set: %s", s.text);
	CHECK(rename("cur/1.a:2,FS", "cur/1.a:2,D") == 0, "another program changes flags");
	s = folder_store(f, all, 1, FOLDER_ADD, FOLDER_DELETED, 0);
	CHECK(status_is_ok(&s) && stat("cur/1.a:2,DT", &st) == 0, "they stay: %s", s.text);
	age();
	CHECK(is(refresh(g), "*0 *1 ") && folder_at(g, 1).keywords == 1 &&
		  span_eq(folder_keyword(g, 0), S("$Junk")),
	      "others see both");
	folder_close(f);
	folder_close(g);
	f = open_box();
	CHECK(folder_at(f, 1).keywords == 1 && span_eq(folder_keyword(f, 0), S("$Junk")),
	      "keywords are kept");
	for (int i = 0; i < 70; i++) {
		char name[16];
		(void)snprintf(name, sizeof name, "k%d", i);
		bit = folder_keyword_bit(f, span_str(name), true);
		if (bit < 0)
			break;
	}
	CHECK(bit < 0 && span_eq(folder_keyword(f, 63), S("k62")), "at most 64");
	folder_close(f);
}

static void taking(void)
{
	struct stat st;
	new_box();
	put("new/1.a", S("A: a\n\n"));
	put("new/2.b:2,S", S("B: b\n\n"));
	age();
	folder *f = open_box(), *g = open_box();
	uint64_t modseq = folder_highest_modseq(f);
	status s = folder_take_new(f);
	CHECK(status_is_ok(&s) && stat("cur/1.a:2,", &st) == 0 && stat("cur/2.b:2,S", &st) == 0 &&
		  folder_at(f, 0).flags == FOLDER_RECENT,
	      "taken out of new/: %s", s.text);
	CHECK(folder_highest_modseq(f) == modseq, "no flag has changed");
	s = folder_take_new(g);
	CHECK(status_is_ok(&s) && folder_at(g, 0).flags == 0, "recent in one session alone: %s",
	      s.text);
	age();
	CHECK(is(refresh(f), "") && folder_at(f, 0).flags == FOLDER_RECENT,
	      "and it stays so there");
	folder_close(f);
	folder_close(g);
}

static void removing(void)
{
	const size_t two[] = {0, 2};
	new_box();
	put("new/1.a", S("A: a\n\n"));
	put("cur/2.b:2,", S("B: b\n\n"));
	put("cur/3.c:2,", S("C: c\n\n"));
	put("maildirsize", S("0S\n18 3\n"));
	age();
	folder *f = open_box(), *g = open_box();
	CHECK(rename("cur/3.c:2,", "cur/3.c:2,S") == 0, "renamed by others");
	status s = folder_expunge(f, two, 2);
	CHECK(status_is_ok(&s) && access("new/1.a", F_OK) < 0 && access("cur/3.c:2,S", F_OK) < 0,
	      "removed: %s", s.text);
	CHECK(folder_count(f) == 3 && is(refresh(f), "-2 -0 "), "and told, the last one first");
	CHECK(is(refresh(g), "-2 -0 ") && is(shown(g), "2:2.b:0"), "to others too");
	str text = str_new(100);
	(void)file_read(AT_FDCWD, "maildirsize", &text);
	CHECK(span_eq(str_span(&text), S("0S\n18 3\n-6 -1\n-6 -1\n")), "the quota knows");
	str_free(&text);
	folder_close(f);
	put("new/4.d", S("D: d\n\n"));
	age();
	f = open_box();
	CHECK(is(shown(f), "2:2.b:0 4:4.d:64"), "no UID is given twice");
	folder_close(f);
	folder_close(g);
}

static void arriving(void)
{
	uint32_t uid, uids[2];
	const size_t both[] = {0, 1};
	str text = str_new(4096);
	new_box();
	folder *f = open_box();
	int bit = folder_keyword_bit(f, S("Work"), true), fd = file_temp();
	if (fd < 0 || !write_all(fd, S("xxA: a\n\nb\r\nc\n")))
		abort();
	folder_new n = {
	    .fd = fd, .offset = 2, .flags = FOLDER_SEEN, .keywords = 1, .date = 1234567890};
	status s = folder_append(f, &n, &uid);
	CHECK(status_is_ok(&s) && uid == 1 && folder_count(f) == 0, "appended: %s", s.text);
	CHECK(is(refresh(f), "+0 "), "seen at the refresh");
	folder_msg m = folder_at(f, 0);
	CHECK(m.octets == 11 && m.wire == 14 && m.date == 1234567890 && m.flags == FOLDER_SEEN &&
		  m.keywords == 1 && bit == 0,
	      "as it was said");
	CHECK(span_eq(text_of(f, 0, &text), S("A: a\n\nb\r\nc\n")), "octet by octet");
	put("new/2.b", S("B: b\n\n"));
	age();
	(void)refresh(f);
	char other[4200];
	(void)snprintf(other, sizeof other, "%s/.Other", dir);
	status why;
	folder *g = maildir_make(other) ? folder_open(other, &why) : NULL;
	CHECK(g && folder_uidvalidity(g) > folder_uidvalidity(f), "a folder beside it");
	(void)folder_keyword_bit(g, S("First"), true);
	CHECK(rename("new/2.b", "cur/2.b:2,F") == 0, "renamed by others");
	s = folder_copy(f, both, 2, g, uids);
	CHECK(status_is_ok(&s) && uids[0] == 1 && uids[1] == 2, "copied: %s", s.text);
	CHECK(is(refresh(g), "+0 +1 "), "seen there");
	m = folder_at(g, 0);
	CHECK(m.octets == 11 && m.wire == 14 && m.date == 1234567890 && m.flags == FOLDER_SEEN &&
		  m.keywords == 2,
	      "with all that it has");
	CHECK(folder_at(g, 1).flags == FOLDER_FLAGGED, "flags as they are now");
	CHECK(span_eq(text_of(g, 1, &text), S("B: b\n\n")), "and its text");
	s = folder_expunge(f, both, 2);
	age();
	CHECK(status_is_ok(&s) && is(refresh(f), "-1 -0 ") &&
		  span_eq(text_of(g, 0, &text), S("A: a\n\nb\r\nc\n")),
	      "a copy stays when the other is removed");
	s = folder_copy(f, both, 0, g, uids);
	CHECK(status_is_ok(&s), "no message to copy");
	(void)close(fd);
	folder_close(f);
	folder_close(g);
	str_free(&text);
}

/* ---- the files of ours */

static void append(const char *path, span text)
{
	int fd = open(path, O_WRONLY | O_APPEND);
	if (fd < 0 || !write_all(fd, text) || close(fd) < 0)
		abort();
}

static off_t size_of(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 ? st.st_size : -1;
}

static void torn(void)
{
	const size_t first[] = {0};
	new_box();
	put("cur/1.a:2,", S("A: a\n\n"));
	age();
	folder *f = open_box();
	uint32_t validity = folder_uidvalidity(f);
	off_t whole = size_of("pabal.log");
	append("pabal.log", S("12345678 m 2 9 0"));
	CHECK(is(refresh(f), "") && size_of("pabal.log") > whole, "a reader leaves a torn line");
	status s = folder_store(f, first, 1, FOLDER_ADD, FOLDER_SEEN, 0);
	CHECK(status_is_ok(&s), "a writer cuts it: %s", s.text);
	append("pabal.log", S("12345678 m 2 9 0\nmore\n"));
	folder_close(f);
	put("cur/2.b:2,", S("B: b\n\n"));
	age();
	f = open_box();
	CHECK(folder_uidvalidity(f) == validity && is(shown(f), "1:1.a:16 2:2.b:0"),
	      "lines that do not hold at the end are torn");
	folder_close(f);
	f = open_box();
	CHECK(folder_uidvalidity(f) == validity && is(shown(f), "1:1.a:16 2:2.b:0"), "and cut");
	folder_close(f);
}

/* Flips a bit of the octet at `at` (from the end, where negative). */
static void flip(const char *path, off_t at)
{
	char c;
	int fd = open(path, O_RDWR);
	off_t where = at < 0 ? size_of(path) + at : at;
	if (fd < 0 || pread(fd, &c, 1, where) != 1)
		abort();
	c ^= 1;
	if (pwrite(fd, &c, 1, where) != 1 || close(fd) < 0)
		abort();
}

static void damaged(void)
{
	static const char *const whats[] = {"first line", "a line in the middle", "no file",
					    "an empty file", "shorter than its index"};
	for (size_t i = 0; i < sizeof whats / sizeof *whats; i++) {
		new_box();
		put("cur/1.a:2,", S("A: a\n\n"));
		put("new/2.b", S("B: b\n\n"));
		age();
		folder *f = open_box();
		uint32_t validity = folder_uidvalidity(f);
		for (int k = 0; i == 4 && k < 500; k++) { /* so many that there is an index */
			char name[32];
			(void)snprintf(name, sizeof name, "cur/9%d.x", k);
			put(name, S("X: x\n\n"));
		}
		age();
		(void)refresh(f);
		folder_close(f);
		switch (i) {
		case 0:
			flip("pabal.log", 12);
			break;
		case 1:
			flip("pabal.log", 60);
			break;
		case 2:
			CHECK(unlink("pabal.log") == 0, "the log is lost");
			break;
		case 3:
			CHECK(truncate("pabal.log", 0) == 0, "the log is empty");
			break;
		default:
			CHECK(size_of("pabal.index") > 0, "an index is made");
			CHECK(truncate("pabal.log", 400) == 0, "the log is cut");
		}
		f = open_box();
		CHECK(folder_uidvalidity(f) > validity && folder_count(f) == (i == 4 ? 502 : 2) &&
			  folder_at(f, 0).uid == 1 && folder_at(f, 1).uid == 2,
		      "%s: a larger UIDVALIDITY, all messages", whats[i]);
		validity = folder_uidvalidity(f);
		folder_close(f);
		f = open_box();
		CHECK(folder_uidvalidity(f) == validity, "%s: which then stays", whats[i]);
		folder_close(f);
	}
}

static void numbered_anew(void)
{
	const size_t first[] = {0};
	new_box();
	put("cur/1.a:2,", S("A: a\n\n"));
	age();
	folder *f = open_box();
	CHECK(unlink("pabal.log") == 0, "the log is lost in a session");
	folder *g = open_box();
	CHECK(folder_uidvalidity(g) > folder_uidvalidity(f), "another session numbers anew");
	status s = folder_refresh(f, NULL);
	CHECK(s.code == EX_UNAVAILABLE, "the first one must end: %d", s.code);
	s = folder_store(f, first, 1, FOLDER_ADD, FOLDER_SEEN, 0);
	CHECK(s.code == EX_UNAVAILABLE, "and changes nothing: %d", s.code);
	folder_close(f);
	folder_close(g);
	CHECK(unlink("pabal.log") == 0 && unlink("../pabal.uidvalidity") < 0, "lost again");
	put("pabal.uidvalidity", S("4000000000\n"));
	f = open_box();
	CHECK(folder_uidvalidity(f) == 4000000001u, "more than the account's last");
	folder_close(f);
}

/* The same folder with its index, without it, and with any octet of it changed. */
static void indexed(void)
{
	enum { MANY = 500 };
	char path[64], want[4096];
	const size_t some[] = {3, 4, 9};
	new_box();
	for (int i = 0; i < MANY; i++) {
		(void)snprintf(path, sizeof path, "cur/%d.m:2,%s", i, i % 3 ? "S" : "");
		put(path, S("A: a\n\n"));
	}
	age();
	folder *f = open_box();
	int bit = folder_keyword_bit(f, S("Work"), true);
	status s = folder_measure(f, 0, MANY);
	CHECK(status_is_ok(&s) && bit == 0, "prepared");
	s = folder_store(f, some, 3, FOLDER_ADD, FOLDER_FLAGGED, 1);
	CHECK(status_is_ok(&s), "flags: %s", s.text);
	s = folder_expunge(f, some, 2);
	age();
	CHECK(status_is_ok(&s) && is(refresh(f), "-4 -3 "), "expunged: %s", s.text);
	folder_close(f);
	CHECK(size_of("pabal.index") > MANY * 64, "an index is there");
	f = open_box();
	(void)snprintf(want, sizeof want, "%s", shown(f));
	folder_msg m = folder_at(f, 7), with;
	CHECK(folder_count(f) == MANY - 2 && m.keywords == 1 && m.flags == FOLDER_FLAGGED &&
		  m.wire == 8,
	      "opened with the index");
	with = m;
	uint64_t modseq = folder_highest_modseq(f);
	folder_close(f);
	CHECK(rename("pabal.index", "index") == 0, "without");
	f = open_box();
	m = folder_at(f, 7);
	CHECK(is(shown(f), want) && m.modseq == with.modseq && m.date == with.date &&
		  m.octets == with.octets && m.keywords == 1 && folder_highest_modseq(f) == modseq,
	      "opened without");
	folder_close(f);
	put("pabal.index", S("pabalix1"));
	f = open_box();
	CHECK(is(shown(f), want), "opened with a piece of one");
	folder_close(f);
	CHECK(rename("index", "pabal.index") == 0, "back");
	flip("pabal.index", 30);
	f = open_box();
	CHECK(is(shown(f), want), "opened with a damaged head");
	folder_close(f);
}

/* ---- others at work */

static void twins(void)
{
	str text = str_new(4096);
	new_box();
	put("new/1.a", S("A: a\n\n"));
	CHECK(link("new/1.a", "cur/1.a:2,S") == 0, "one file, two names");
	put("new/2.b", S("B: one\n\n"));
	put("cur/2.b:2,", S("B: two\n\n"));
	age();
	folder *f = open_box();
	age();
	(void)refresh(f);
	age();
	(void)refresh(f);
	CHECK(folder_count(f) == 3, "one message, and two: %s", shown(f));
	CHECK(access("new/1.a", F_OK) < 0 && access("cur/1.a:2,S", F_OK) == 0,
	      "one of the names went");
	bool one = false, two = false;
	for (size_t i = 0; i < folder_count(f); i++) {
		span s = text_of(f, i, &text);
		one = one || span_eq(s, S("B: one\n\n"));
		two = two || span_eq(s, S("B: two\n\n"));
	}
	CHECK(one && two, "no file is lost");
	uint64_t modseq = folder_highest_modseq(f);
	age();
	CHECK(is(refresh(f), "") && folder_highest_modseq(f) == modseq, "then there is peace");
	CHECK(link("cur/1.a:2,S", "cur/1.a:2,FS") == 0, "two names with other flags");
	age();
	(void)refresh(f);
	CHECK(folder_count(f) == 3 &&
		  (access("cur/1.a:2,S", F_OK) < 0) != (access("cur/1.a:2,FS", F_OK) < 0),
	      "one of them stays");
	folder_close(f);
	str_free(&text);
}

/* The clock of a directory is coarse: what came in the same tick as the last look is not overlooked. */
static void same_tick(void)
{
	/* A second ahead: that much time passes before a look at this state is certain. */
	const struct timespec t[2] = {{time(NULL) + 1, 5}, {time(NULL) + 1, 5}};
	new_box();
	put("new/1.a", S("A: a\n\n"));
	CHECK(utimensat(AT_FDCWD, "new", t, 0) == 0, "changed just now");
	folder *f = open_box();
	put("new/2.b", S("B: b\n\n"));
	CHECK(utimensat(AT_FDCWD, "new", t, 0) == 0, "and once more, in one tick");
	CHECK(is(refresh(f), "+1 "), "seen all the same");
	folder_close(f);
}

enum { CROWD = 300, ROUNDS = 20000 };

/* Renames one file after another: new/ to cur/, flags on and off. */
static void rename_all(void)
{
	char from[64], to[64];
	static const char *const forms[] = {"new/%d.m", "cur/%d.m:2,", "cur/%d.m:2,S",
					    "cur/%d.m:2,FS"};
	static const int next[] = {1, 2, 3, 1};
	static int form[CROWD];
	for (int k = 0; k < ROUNDS; k++) {
		int i = (k * 7919) % CROWD;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		(void)snprintf(from, sizeof from, forms[form[i]], i);
		(void)snprintf(to, sizeof to, forms[next[form[i]]], i);
#pragma GCC diagnostic pop
		if (rename(from, to) == 0)
			form[i] = next[form[i]];
	}
}

static void count_gone(void *arg, size_t i, uint32_t uid)
{
	(void)i;
	(void)uid;
	(*(size_t *)arg)++;
}

/* No message is said to be gone, or cannot be opened, or gets a second UID, whatever a renamer does meanwhile. */
static void renamer(void)
{
	char path[64];
	new_box();
	for (int i = 0; i < CROWD; i++) {
		(void)snprintf(path, sizeof path, "new/%d.m", i);
		put(path, S("A: a\n\n"));
	}
	folder *f = open_box();
	CHECK(folder_count(f) == CROWD, "all are there before");
	pid_t pid = fork();
	if (pid == 0) {
		rename_all();
		_exit(0);
	}
	size_t lost = 0, unopened = 0, rounds = 0, odd = 0;
	const folder_changes c = {.gone = count_gone, .arg = &lost};
	while (waitpid(pid, NULL, WNOHANG) == 0) {
		status s = folder_refresh(f, &c);
		odd += !status_is_ok(&s) || folder_count(f) != CROWD;
		for (size_t i = rounds % 10; i < CROWD; i += 10) {
			int fd = folder_open_msg(f, i);
			if (fd >= 0)
				(void)close(fd);
			else
				unopened += errno == ENOENT;
		}
		if (rounds % 4 == 0) {
			folder *g = open_box();
			odd += folder_count(g) != CROWD;
			folder_close(g);
		}
		rounds++;
	}
	CHECK(rounds > 3, "%zu rounds", rounds);
	CHECK(lost == 0, "none is gone");
	CHECK(odd == 0, "always all");
	CHECK(unopened == 0, "each can be opened");
	age();
	CHECK(folder_refresh(f, &c).code == EX_OK && lost == 0 && folder_uidnext(f) == CROWD + 1 &&
		  folder_count(f) == CROWD,
	      "each under its one UID");
	folder_close(f);
}

/* The same while we change flags ourselves: what we set stays set or was unset by the other, and nothing is lost. */
static void renamer_and_store(void)
{
	char path[64];
	size_t all[CROWD], failed = 0, rounds = 0;
	new_box();
	for (int i = 0; i < CROWD; i++) {
		(void)snprintf(path, sizeof path, "new/%d.m", i);
		put(path, S("A: a\n\n"));
		all[i] = (size_t)i;
	}
	age();
	folder *f = open_box();
	pid_t pid = fork();
	if (pid == 0) {
		rename_all();
		_exit(0);
	}
	do {
		status s = folder_store(f, all, CROWD / 2, rounds % 2 ? FOLDER_ADD : FOLDER_REMOVE,
					FOLDER_ANSWERED, 0);
		failed += !status_is_ok(&s) && strstr(s.text, "Resource temporarily") == NULL;
		rounds++;
	} while (waitpid(pid, NULL, WNOHANG) == 0);
	CHECK(failed == 0, "%zu rounds", rounds);
	status s = folder_store(f, all, CROWD, FOLDER_ADD, FOLDER_DRAFT, 0);
	CHECK(status_is_ok(&s), "in peace it works: %s", s.text);
	age();
	(void)refresh(f);
	size_t drafts = 0;
	for (size_t i = 0; i < folder_count(f); i++)
		drafts += folder_at(f, i).flags & FOLDER_DRAFT;
	CHECK(drafts == CROWD && folder_count(f) == CROWD && folder_uidnext(f) == CROWD + 1,
	      "all are there, with the flag");
	s = folder_expunge(f, all, CROWD);
	age();
	(void)refresh(f);
	CHECK(status_is_ok(&s) && folder_count(f) == 0, "and can be removed");
	folder_close(f);
}

/* Two sessions and deliveries at once: each message has one UID, the same for both. */
static void deliveries(void)
{
	enum { MANY = 400 };
	char from[64], to[64];
	new_box();
	folder *f = open_box(), *g = open_box();
	pid_t pid = fork();
	if (pid == 0) {
		for (int i = 0; i < MANY; i++) {
			(void)snprintf(from, sizeof from, "tmp/%d.m", i);
			(void)snprintf(to, sizeof to, "new/%d.m", i);
			put(from, S("A: a\n\n"));
			if (rename(from, to) < 0)
				_exit(1);
		}
		_exit(0);
	}
	while (waitpid(pid, NULL, WNOHANG) == 0) {
		(void)folder_refresh(f, NULL);
		(void)folder_refresh(g, NULL);
	}
	age();
	(void)folder_refresh(f, NULL);
	(void)folder_refresh(g, NULL);
	CHECK(folder_count(f) == MANY && folder_count(g) == MANY && folder_uidnext(f) == MANY + 1,
	      "all have come, once");
	bool same = folder_count(f) == folder_count(g);
	for (size_t i = 0; same && i < folder_count(f); i++)
		same = folder_at(f, i).uid == folder_at(g, i).uid &&
		       span_eq(folder_at(f, i).base, folder_at(g, i).base);
	CHECK(same, "under the same UIDs");
	folder_close(f);
	folder_close(g);
}

static bool readable(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	return poll(&p, 1, 0) == 1;
}

static void ranges(void *arg, uint32_t first, uint32_t last)
{
	char *text = arg;
	size_t n = strlen(text);
	(void)snprintf(text + n, 64 - n, "%u:%u ", first, last);
}

static void watching(void)
{
	char text[64] = "";
	const size_t some[] = {0, 1, 3};
	new_box();
	for (int i = 1; i <= 4; i++) {
		(void)snprintf(text, sizeof text, "new/%d.a", i);
		put(text, S("A: a\n\n"));
	}
	age();
	folder *f = open_box(), *g = open_box();
	int fd = folder_watch(f);
	if (fd < 0) {
		CHECK(errno == EMFILE || errno == ENOSPC || errno == ENOSYS, "no watch to be had");
	} else {
		CHECK(folder_watch(f) == fd && !readable(fd), "a watch, and silence");
		CHECK(rename("new/1.a", "cur/1.a:2,S") == 0 && readable(fd), "a change is told");
		age();
		CHECK(is(refresh(f), "*0 ") && is(refresh(f), "") && !readable(fd),
		      "until the refresh");
	}
	uint64_t before = folder_highest_modseq(f);
	status s = folder_expunge(g, some, 3);
	CHECK(status_is_ok(&s) && (fd < 0 || readable(fd)), "another session's too: %s", s.text);
	(void)refresh(f);
	text[0] = 0;
	folder_expunged(f, before, ranges, text);
	CHECK(is(text, "1:2 4:4 "), "what was expunged is known");
	text[0] = 0;
	folder_expunged(f, folder_highest_modseq(f), ranges, text);
	CHECK(is(text, ""), "and since when");
	folder_close(f);
	folder_close(g);
}

/* ---- for the crash prover: folder COMMAND DIR [DIR]; what is said is confirmed */

static int list(folder *f)
{
	printf("validity %u\n", folder_uidvalidity(f));
	for (size_t i = 0; i < folder_count(f); i++) {
		folder_msg m = folder_at(f, i);
		int fd = folder_open_msg(f, i);
		if (fd < 0)
			continue;
		(void)close(fd);
		printf("%u %u %" PRIu64 " %.*s\n", m.uid, m.flags, m.keywords, SPAN_FMT(m.base));
	}
	return 0;
}

static int tool(const char *what, const char *at, const char *other)
{
	const size_t all[] = {0, 1, 2};
	uint32_t uid = 0, uids[3] = {0};
	status st = status_ok();
	folder *f = folder_open(at, &st), *g = other ? folder_open(other, &st) : NULL;
	folder_new n = {.fd = 0, .flags = FOLDER_SEEN};
	if (!f || (other && !g))
		st = status_doubt("%s", st.text);
	else if (strcmp(what, "list") == 0)
		(void)list(f);
	else if (strcmp(what, "append") == 0)
		st = folder_append(f, &n, &uid);
	else if (strcmp(what, "store") == 0)
		st = folder_store(f, all, 1, FOLDER_ADD, FOLDER_FLAGGED,
				  (uint64_t)1 << folder_keyword_bit(f, S("Work"), true));
	else if (strcmp(what, "expunge") == 0)
		st = folder_expunge(f, all, 1);
	else if (strcmp(what, "take") == 0)
		st = folder_take_new(f);
	else if (strcmp(what, "copy") == 0)
		st = folder_copy(f, all, 3, g, uids);
	if (status_is_ok(&st) && strcmp(what, "list") != 0)
		printf("said %u %u %u %u\n", folder_uidvalidity(g ? g : f), g ? uids[0] : uid,
		       uids[1], uids[2]);
	if (!status_is_ok(&st))
		fprintf(stderr, "%s\n", st.text);
	folder_close(f);
	folder_close(g);
	return st.code;
}

int main(int argc, char **argv)
{
	proc_start(argv[0]);
	if (argc > 2)
		return tool(argv[1], argv[2], argv[3]);
	if (!mkdtemp(root))
		return 1;
	numbers();
	others();
	flags();
	taking();
	removing();
	arriving();
	torn();
	damaged();
	numbered_anew();
	indexed();
	twins();
	same_tick();
	watching();
	renamer();
	renamer_and_store();
	deliveries();
	if (chdir("/") < 0)
		return 1;
	char rm_name[] = "rm", rm_how[] = "-rf";
	char *const rm[] = {rm_name, rm_how, root, NULL};
	(void)proc_wait(proc_spawn(rm, NULL, PROC_FDS_NONE), 0);
	return unit_done();
}
