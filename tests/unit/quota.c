/* links: maildir mail io base : z */
/* maildirsize: read, counted anew before anything is refused. */
#include "maildir/room.h"
#include "tests/unit/folder_box.h"

static void reading(void)
{
	static const struct {
		const char *text;
		int error;
		uint64_t limit, octets, messages;
		bool counted;
	} cases[] = {
	    {"1000S\n900 3\n", 0, 1000, 900, 3, true},
	    {"5C,1000S\n900 3\n-100 -1\n 7   1 \n", 0, 1000, 807, 3, false},
	    {"\n5 1\n", 0, 0, 5, 1, true},
	    {"5C\n5 1", 0, 0, 5, 1, true},
	    {"1000S\n", 0, 1000, 0, 0, true},
	    {"", 0, 0, 0, 0, true},
	    {"1000S\n-5 1\n", 0, 1000, 0, 1, true},
	    {"1000S\n5\n", EINVAL, 1000, 0, 0, false},
	    {"1000S\nx 1\n", EINVAL, 1000, 0, 0, false},
	    {"1000S\n9223372036854775807 1\n1 1\n", EINVAL, 1000, 0, 0, false},
	    {"99999999999999999999S\n5 1\n", 0, 0, 5, 1, true},
	};
	maildir_usage u;
	new_box();
	CHECK(!maildir_usage_read(dir, &u) && errno == ENOENT && !u.limit, "none is there");
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		put("maildirsize", span_str(cases[i].text));
		int error = maildir_usage_read(dir, &u) ? 0 : errno;
		CHECK(error == cases[i].error && u.limit == cases[i].limit, "%s", cases[i].text);
		CHECK(error || (u.octets == cases[i].octets && u.messages == cases[i].messages &&
				u.counted == cases[i].counted),
		      "what it counts: %s", cases[i].text);
	}
	str text = str_new(100000);
	(void)str_put(&text, S("77S\n"));
	while (text.n <= MAILDIRSIZE_MAX)
		(void)str_put(&text, S("1 1\n"));
	put("maildirsize", str_span(&text));
	CHECK(!maildir_usage_read(dir, &u) && errno == EFBIG && u.limit == 77, "too long");
	str_free(&text);
}

static const char *content(void)
{
	static char text[256];
	int fd = open("maildirsize", O_RDONLY);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
	text[n > 0 ? n : 0] = 0;
	if (fd >= 0)
		(void)close(fd);
	return text;
}

static void past(void)
{
	const struct timespec t[2] = {{1000000000, 0}, {1000000000, 0}};
	if (utimensat(AT_FDCWD, "maildirsize", t, 0) < 0)
		abort();
}

/* 28 octets in four messages, of which one says so in its name alone. */
static void fill(void)
{
	new_box();
	if (!maildir_make(".Sub") || mkdir(".none", 0700) < 0)
		abort();
	put(".file", S("x"));
	put("new/1.a", S("A: a\n\n"));
	put("cur/2.b,S=10,W=12:2,S", S("A: a\n\n"));
	put(".Sub/cur/3.c:2,", S("A: a\n\n"));
	put(".Sub/new/4.d", S("A: a\n\n"));
	put("cur/.hidden", S("hidden"));
	put("tmp/5.e", S("not yet"));
}

static void room(void)
{
	static const struct {
		const char *before;
		bool old;
		uint64_t limit, size;
		int reply;
		const char *after;
	} cases[] = {
	    {"100S\n90 9\n", false, 0, 1000, 250, "100S\n90 9\n"},	 /* no limit */
	    {"100S\n90 9\n", false, 100, 101, 552, "100S\n90 9\n"},	 /* can never fit */
	    {"100S\n90 9\n", false, 100, 10, 250, "100S\n90 9\n"},	 /* fits */
	    {"100S\n90 9\n", false, 100, 11, 452, "100S\n90 9\n"},	 /* counted just now */
	    {"100S\n90 9\n", true, 100, 11, 250, "100S\n28 4\n"},		 /* long ago */
	    {"100S\n80 8\n10 1\n", false, 100, 72, 250, "100S\n28 4\n"},	 /* added since */
	    {"100S\n80 8\n10 1\n", false, 100, 73, 452, "100S\n28 4\n"}, /* and it is full */
	    {"100S\n8 1\n", false, 50, 22, 250, "50S\n28 4\n"},		 /* another limit */
	    {"100S\n8 1\n", false, 50, 23, 452, "50S\n28 4\n"},
	    {"100S\nx\n", false, 100, 73, 452, "100S\n28 4\n"}, /* not to be read */
	    {NULL, false, 100, 73, 452, "100S\n28 4\n"},	/* none */
	    {NULL, false, 100, 72, 250, "100S\n28 4\n"},
	    {NULL, false, 0, 72, 250, ""},
	    {"28S\n28 4\n", false, 28, 0, 452, "28S\n28 4\n"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		for (int k = 0; k < 2; k++) {
			char path[4200];
			(void)unlink("maildirsize");
			if (cases[i].before)
				put("maildirsize", span_str(cases[i].before));
			if (cases[i].old)
				past();
			(void)snprintf(path, sizeof path, "%s%s", dir, k ? "/.Sub" : "");
			status st = maildir_room(path, cases[i].limit, cases[i].size);
			CHECK(st.reply == cases[i].reply && is(content(), cases[i].after),
			      "room %zu in %s: %s", i, k ? "a folder" : "the top", st.text);
		}
	}
}

static void own(void)
{
	status st;
	put("maildirsize", S("100S\n90 9\n"));
	past();
	st = maildir_room_own(dir, 72);
	CHECK(status_is_ok(&st) && is(content(), "100S\n28 4\n"), "counted anew");
	st = maildir_room_own(dir, 73);
	CHECK(st.reply == 452, "full");
	st = maildir_room_own(dir, 1000);
	CHECK(st.reply == 452, "too large for it: no bounce");
	put("maildirsize", S("5C\n90 9\n"));
	st = maildir_room_own(dir, 1000);
	CHECK(status_is_ok(&st) && is(content(), "5C\n90 9\n"), "no limit of octets");
	(void)unlink("maildirsize");
	st = maildir_room_own(dir, 1000);
	CHECK(status_is_ok(&st) && is(content(), ""), "no file: none is made");
	CHECK(chmod(".Sub", 0) == 0, "a folder that cannot be read");
	put("maildirsize", S("100S\n80 8\n10 1\n"));
	st = maildir_room(dir, 100, 11);
	CHECK(geteuid() == 0 || st.reply == 452, "what the file says counts");
	CHECK(chmod(".Sub", 0700) == 0, "and it can again");
}

/* What a session adds. */
static void appending(void)
{
	uint32_t uid;
	folder_new n = {.fd = file_temp(), .date = 1};
	if (n.fd < 0 || !write_all(n.fd, S("A: a\n\n0123456789")))
		abort();
	put("maildirsize", S("43S\n0 0\n"));
	folder *f = open_box();
	status st = folder_append(f, &n, &uid);
	CHECK(status_is_ok(&st) && uid && is(content(), "43S\n0 0\n16 1\n"), "appended: %s",
	      st.text);
	put("maildirsize", S("43S\n20 0\n16 1\n"));
	st = folder_append(f, &n, &uid);
	CHECK(st.reply == 452 && !uid && is(content(), "43S\n44 5\n"), "counted, and full");
	st = folder_room(f, 1);
	CHECK(st.reply == 452, "no room for a copy");
	folder_close(f);
	(void)close(n.fd);
}

int main(void)
{
	if (!boxes_start())
		return 1;
	reading();
	fill();
	room();
	own();
	appending();
	boxes_end();
	return unit_done();
}
