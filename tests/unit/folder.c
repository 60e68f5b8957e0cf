/* links: maildir mail io base : z */
#include "tests/unit/folder_box.h"

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

/* What the end of the last line lacks is counted, and stays with the message wherever it goes. */
static const struct {
	const char *text;
	uint64_t wire;
	unsigned open_end;
} last[] = {
    {"A: a\n\nb", 9, 2}, {"A: a\n\nb\r", 10, 1}, {"A: a\n\nb\r\n", 11, 0}, {"A: a\n\n", 8, 0}};
enum { LAST = sizeof last / sizeof *last };

static folder *other_box(int k)
{
	char other[4200];
	status why;
	(void)snprintf(other, sizeof other, "%s/.Other%d", dir, k);
	folder *f = maildir_make(other) ? folder_open(other, &why) : NULL;
	if (!f)
		abort();
	return f;
}

static void append_last(folder *f)
{
	uint32_t uid;
	for (size_t i = 0; i < LAST; i++) {
		folder_new n = {.fd = file_temp()};
		if (n.fd < 0 || !write_all(n.fd, span_str(last[i].text)))
			abort();
		status s = folder_append(f, &n, &uid);
		CHECK(status_is_ok(&s), "appended: %s", s.text);
		(void)close(n.fd);
	}
}

static void last_lines(void)
{
	static const char *const ways[] = {"found", "in the log", "appended", "copied"};
	static const size_t all[LAST] = {0, 1, 2, 3};
	uint32_t uids[LAST];
	new_box();
	for (size_t i = 0; i < LAST; i++) {
		char name[32];
		(void)snprintf(name, sizeof name, "new/%zu.x", i + 1);
		put(name, span_str(last[i].text));
	}
	age();
	folder *f[4] = {open_box()};
	status s = folder_measure(f[0], 0, LAST);
	CHECK(status_is_ok(&s), "measured: %s", s.text);
	f[1] = open_box();
	f[2] = other_box(2);
	f[3] = other_box(3);
	append_last(f[2]);
	s = folder_copy(f[0], all, LAST, f[3], uids);
	CHECK(status_is_ok(&s), "copied: %s", s.text);
	for (size_t k = 0; k < 4; k++) {
		(void)folder_refresh(f[k], NULL);
		for (size_t i = 0; i < LAST; i++) {
			folder_msg m = folder_at(f[k], i);
			CHECK(m.wire == last[i].wire && m.open_end == last[i].open_end,
			      "%s: %zu, %d octets, %u missing", ways[k], i, (int)m.wire,
			      m.open_end);
		}
		folder_close(f[k]);
	}
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
	if (!boxes_start())
		return 1;
	numbers();
	others();
	flags();
	taking();
	removing();
	arriving();
	last_lines();
	watching();
	boxes_end();
	return unit_done();
}
