/* links: maildir mail io base : z */
/* pabal.log and pabal.index: torn, damaged, lost. */
#include "tests/unit/folder_box.h"

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

/* The numbers are lost with a damaged log; what stands before the damage is not. */
static void saved(void)
{
	const size_t second[] = {1};
	new_box();
	put("cur/1.a:2,", S("A: a\n\n"));
	put("cur/2.b:2,", S("B: b\r\n\n"));
	age();
	folder *f = open_box();
	uint32_t validity = folder_uidvalidity(f);
	int bit = folder_keyword_bit(f, S("Work"), true);
	status s = folder_store(f, second, 1, FOLDER_ADD, 0, 1);
	status m = folder_measure(f, 0, 2);
	off_t good = size_of("pabal.log");
	CHECK(status_is_ok(&s) && status_is_ok(&m) && bit == 0, "prepared");
	(void)folder_keyword_bit(f, S("Other"), true);
	(void)folder_keyword_bit(f, S("More"), true);
	folder_close(f);
	flip("pabal.log", good + 4);
	f = open_box();
	CHECK(folder_uidvalidity(f) > validity && folder_count(f) == 2, "numbered anew");
	CHECK(folder_at(f, 1).keywords == 1 && span_eq(folder_keyword(f, 0), S("Work")) &&
		  folder_at(f, 0).keywords == 0 && folder_at(f, 1).wire == 8,
	      "with keywords and sizes");
	CHECK(size_of("pabal.log.damaged") > good, "and the old log is kept");
	folder_close(f);
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
	put("pabal.index", S("pabalix2"));
	f = open_box();
	CHECK(is(shown(f), want), "opened with a piece of one");
	folder_close(f);
	CHECK(rename("index", "pabal.index") == 0, "back");
	flip("pabal.index", 30);
	f = open_box();
	CHECK(is(shown(f), want), "opened with a damaged head");
	folder_close(f);
}

int main(int argc, char **argv)
{
	(void)argc;
	proc_start(argv[0]);
	if (!boxes_start())
		return 1;
	torn();
	damaged();
	saved();
	numbered_anew();
	indexed();
	boxes_end();
	return unit_done();
}
