/* links: maildir mail io base : z */
/* A log that grows is written anew while sessions have the old one open. */
#include "tests/unit/folder_box.h"

enum { CROWD = 200, GROWN = 64 * 1024 };

static off_t log_size(ino_t *inode)
{
	struct stat st;
	*inode = 0;
	if (stat("pabal.log", &st) < 0)
		return -1;
	*inode = st.st_ino;
	return st.st_size;
}

static void fill(size_t n)
{
	char name[32];
	new_box();
	for (size_t i = 0; i < n; i++) {
		(void)snprintf(name, sizeof name, "new/%zu.m", i + 1);
		put(name, i % 2 ? S("A: a\n\n") : S("A: a\n\nno end"));
	}
	age();
}

static status flip(folder *f, bool on)
{
	size_t all[CROWD];
	for (size_t i = 0; i < CROWD; i++)
		all[i] = i;
	return folder_store(f, all, CROWD, on ? FOLDER_ADD : FOLDER_REMOVE, FOLDER_FLAGGED, 0);
}

/* Until another file has the name; how many times it was larger before, at least. */
static bool grow(folder *f)
{
	ino_t before, now;
	(void)log_size(&before);
	for (int i = 0; i < 100; i++) {
		status st = flip(f, i % 2 == 0);
		if (!status_is_ok(&st))
			return false;
		(void)folder_refresh(f, NULL);
		if (log_size(&now) < GROWN && now != before)
			return true;
	}
	return false;
}

/* All that a session can know. */
static void describe(const folder *f, str *to)
{
	str_clear(to);
	(void)str_printf(to, "%u %u %llu;", folder_uidvalidity(f), folder_uidnext(f),
			 (unsigned long long)folder_highest_modseq(f));
	for (size_t i = 0; i < folder_count(f); i++) {
		folder_msg m = folder_at(f, i);
		(void)str_printf(to, " %u %u %llx %llu %llu %u %lld %llu %.*s", m.uid,
				 m.flags & ~(uint32_t)FOLDER_RECENT, (unsigned long long)m.keywords,
				 (unsigned long long)m.octets, (unsigned long long)m.wire,
				 m.open_end, (long long)m.date, (unsigned long long)m.modseq,
				 SPAN_FMT(m.base));
	}
	for (int i = 0; i < FOLDER_KEYWORDS; i++)
		(void)str_printf(to, ";%.*s", SPAN_FMT(folder_keyword(f, i)));
}

static void note_gone(void *arg, uint32_t first, uint32_t last)
{
	(void)str_printf(arg, "%u:%u ", first, last);
}

static void same_content(void)
{
	str was = str_new(1 << 20), is_now = str_new(1 << 20), gone = str_new(4096);
	const size_t some[] = {3, 4, 9};
	fill(CROWD + 3);
	folder *f = open_box();
	status st = folder_measure(f, 0, CROWD);
	int bit = folder_keyword_bit(f, S("Work"), true);
	CHECK(status_is_ok(&st) && bit >= 0, "a keyword");
	st = folder_store(f, some, 1, FOLDER_ADD, FOLDER_SEEN, (uint64_t)1 << bit);
	CHECK(status_is_ok(&st), "is stored");
	uint64_t before = folder_highest_modseq(f);
	st = folder_expunge(f, some, 3);
	age();
	CHECK(status_is_ok(&st) && is(refresh(f), "-9 -4 -3 "), "three are expunged");
	CHECK(grow(f), "the log grows, and is written anew");
	describe(f, &was);
	folder_expunged(f, before, note_gone, &gone);
	CHECK(is(str_cstr(&gone), "4:5 10:10 "), "what was expunged is known");
	for (int k = 0; k < 3; k++) {
		if (k == 2)
			(void)unlink("pabal.index");
		folder *g = open_box();
		describe(g, &is_now);
		CHECK(span_eq(str_span(&was), str_span(&is_now)), "opened anew, all is the same");
		str_clear(&gone);
		folder_expunged(g, before, note_gone, &gone);
		CHECK(is(str_cstr(&gone), "4:5 10:10 "), "and what was expunged");
		folder_close(g);
	}
	folder_close(f);
	str_free(&was);
	str_free(&is_now);
	str_free(&gone);
}

/* Two sessions that have the old log open: one changes something before it looks, one only looks. */
static void sessions(void)
{
	const size_t one[] = {1};
	uint32_t uid;
	fill(CROWD);
	folder *f = open_box(), *g = open_box(), *h = open_box();
	status st = folder_take_new(h);
	CHECK(status_is_ok(&st) && folder_at(h, 0).flags & FOLDER_RECENT, "recent there");
	(void)refresh(f);
	(void)refresh(g);
	int fd = folder_watch(h);
	CHECK(grow(f), "the log is written anew by another");
	struct pollfd p = {.fd = fd, .events = POLLIN};
	CHECK(fd < 0 || poll(&p, 1, 10000) == 1, "a watch tells it");
	uint64_t modseq = folder_highest_modseq(f);
	st = folder_store(g, one, 1, FOLDER_SET, FOLDER_ANSWERED, 0);
	CHECK(status_is_ok(&st) && folder_at(g, 1).flags == FOLDER_ANSWERED &&
		  folder_at(g, 1).modseq > modseq && folder_count(g) == CROWD,
	      "one changes a flag at once");
	folder_new n = {.fd = file_temp(), .flags = FOLDER_SEEN};
	if (n.fd < 0 || !write_all(n.fd, S("A: new\n\n")))
		abort();
	st = folder_append(g, &n, &uid);
	CHECK(status_is_ok(&st) && uid == CROWD + 1 && folder_count(g) == CROWD, "and adds");
	(void)refresh(h);
	CHECK(folder_count(h) == CROWD + 1 && folder_at(h, 0).flags & FOLDER_RECENT &&
		  folder_at(h, 1).flags == (FOLDER_ANSWERED | FOLDER_RECENT) &&
		  folder_at(h, CROWD).uid == CROWD + 1,
	      "the other sees both, and what is recent to it alone");
	CHECK(folder_count_flags(h).recent == CROWD, "%zu are recent",
	      (size_t)folder_count_flags(h).recent);
	CHECK(is(refresh(h), ""), "then there is peace");
	CHECK(poll(&p, 1, 0) == 0, "in the watch too");
	st = folder_store(g, one, 1, FOLDER_ADD, FOLDER_DRAFT, 0);
	CHECK(status_is_ok(&st) && (fd < 0 || poll(&p, 1, 10000) == 1), "which is on the new log");
	CHECK(is(refresh(h), "*1 "), "one message is told");
	(void)refresh(g);
	CHECK(folder_count(g) == CROWD + 1, "the first one too");
	folder_close(f);
	folder_close(g);
	folder_close(h);
	(void)close(n.fd);
}

typedef struct cover {
	size_t ranges, uids;
	unsigned char seen[4096];
} cover;

static void add_cover(void *arg, uint32_t first, uint32_t last)
{
	cover *c = arg;
	c->ranges++;
	for (uint32_t u = first; u <= last && u < sizeof c->seen; u++) {
		c->uids += !c->seen[u];
		c->seen[u] = 1;
	}
}

/* Expunged ranges do not pile up for ever. */
static void bounded(void)
{
	enum { MANY = 2600 };
	static size_t which[MANY];
	static cover c;
	size_t n = 0;
	ino_t before, now;
	fill(MANY);
	folder *f = open_box();
	uint64_t modseq = folder_highest_modseq(f);
	for (int odd = 0; odd < 2; odd++) {
		for (n = 0; n < MANY / 2; n++)
			which[n] = odd ? n : 2 * n;
		status st = folder_expunge(f, which, n);
		CHECK(status_is_ok(&st), "half of them go");
		(void)log_size(&before);
		age();
		(void)refresh(f);
	}
	CHECK(folder_count(f) == 0 && log_size(&now) < GROWN && now != before, "written anew");
	folder_expunged(f, modseq, add_cover, &c);
	CHECK(c.uids == MANY && c.ranges < 1100, "%zu UIDs in %zu ranges", c.uids, c.ranges);
	folder_close(f);
}

enum { WORKERS = 4, ROUNDS = 40 };

/* Sets and takes flags, adds, removes one of its own; sees that no UID changes its message. */
static int work(int self)
{
	int bad = 0;
	folder *f = open_box();
	folder_new n = {.fd = file_temp()};
	if (n.fd < 0 || !write_all(n.fd, S("A: mine\n\n")))
		return 99;
	for (int i = 0; i < ROUNDS && !bad; i++) {
		uint32_t uid;
		bool exact;
		status st = self ? flip(f, (i + self) % 2) : status_ok();
		bad |= !status_is_ok(&st);
		st = folder_append(f, &n, &uid);
		bad |= !status_is_ok(&st) || uid <= CROWD;
		st = folder_refresh(f, NULL);
		size_t at = folder_find(f, uid, &exact);
		bad |= !status_is_ok(&st) || !exact || folder_count(f) < CROWD;
		for (size_t k = 0; k < CROWD; k++)
			bad |= folder_at(f, k).uid != k + 1;
		st = i % 2 && exact ? folder_expunge(f, &at, 1) : status_ok();
		bad |= !status_is_ok(&st);
	}
	folder_close(f);
	return bad;
}

static void race(void)
{
	pid_t pids[WORKERS];
	ino_t inode, last = 0;
	size_t switches = 0, left = WORKERS;
	off_t largest = 0;
	int bad = 0, how;
	fill(CROWD);
	folder_close(open_box());
	for (int i = 0; i < WORKERS; i++) {
		pids[i] = fork();
		if (pids[i] == 0)
			_exit(work(i));
	}
	while (left) {
		off_t size = log_size(&inode);
		largest = size > largest ? size : largest;
		switches += inode != last;
		last = inode;
		for (int i = 0; i < WORKERS; i++)
			if (pids[i] && waitpid(pids[i], &how, WNOHANG) == pids[i]) {
				bad |= !WIFEXITED(how) || WEXITSTATUS(how);
				pids[i] = 0;
				left--;
			}
		(void)poll(NULL, 0, 1);
	}
	CHECK(!bad, "each worker's view was right");
	CHECK(switches > 2, "the log was written anew %zu times, %ld octets at most", switches - 1,
	      (long)largest);
	CHECK(largest < 16 * GROWN, "and did not grow for ever");
	age();
	folder *f = open_box();
	CHECK(folder_count(f) == CROWD + WORKERS * ROUNDS / 2, "all that was added is there: %zu",
	      folder_count(f));
	str one = str_new(1 << 20), two = str_new(1 << 20);
	describe(f, &one);
	(void)unlink("pabal.index");
	folder *g = open_box();
	describe(g, &two);
	CHECK(span_eq(str_span(&one), str_span(&two)), "index and log say the same");
	folder_close(f);
	folder_close(g);
	str_free(&one);
	str_free(&two);
}

int main(void)
{
	if (!boxes_start())
		return 1;
	same_content();
	sessions();
	bounded();
	race();
	boxes_end();
	return unit_done();
}
