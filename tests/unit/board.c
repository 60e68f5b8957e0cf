/* links: queue mail io base : z */
#include "queue/board.h"

#include <unistd.h>

#include "tests/unit/queue_dir.h"

static void add_failure(board_entry *e, void *arg)
{
	e->failures++;
	(void)snprintf(e->words, sizeof e->words, "%s", (const char *)arg);
}

static void remembers(void)
{
	char words[] = "no route";
	uint64_t key = board_key(S("hop"), S("MX.test")),
		 other = board_key(S("hop"), S("other.test"));
	CHECK(key && key == board_key(S("hop"), S("mx.test")), "names are without case");
	CHECK(key != board_key(S("rate"), S("mx.test")) && key != other, "kinds and names differ");
	CHECK(board_get(key).key == 0, "nothing is known yet");
	board_set(key, 1000, add_failure, words);
	board_set(key, 1001, add_failure, words);
	board_entry e = board_get(key);
	CHECK(e.key == key && e.failures == 2 && e.seen == 1001 && strcmp(e.words, words) == 0,
	      "what was set");
	CHECK(board_get(other).key == 0, "nothing of the other");
}

static void counts(void)
{
	uint64_t key = board_key(S("rate"), S("mx.test"));
	CHECK(board_count(key, 600, 60, 10, 4) == 4, "some");
	CHECK(board_count(key, 601, 60, 10, 4) == 4, "more");
	CHECK(board_count(key, 659, 60, 10, 4) == 2, "what is left of the minute");
	CHECK(board_count(key, 659, 60, 10, 1) == 0, "nothing is left");
	CHECK(board_count(key, 660, 60, 10, 20) == 10, "the next minute");
	CHECK(board_count(key, 100, 60, 10, 1) == 1, "a clock put back");
}

/* A table that is full forgets the oldest of a bucket, and never grows. */
static void full(void)
{
	char words[] = "x", name[32], path[256];
	struct stat st;
	uint64_t last = 0;
	for (int i = 0; i < 20000; i++) {
		(void)snprintf(name, sizeof name, "host-%d.test", i);
		last = board_key(S("hop"), span_str(name));
		board_set(last, 2000 + i, add_failure, words);
	}
	CHECK(board_get(last).key == last, "the newest is known");
	CHECK(board_get(board_key(S("hop"), S("host-0.test"))).key == 0, "the oldest is not");
	(void)snprintf(path, sizeof path, "%s/run/queue/board", test_root);
	CHECK(stat(path, &st) == 0 && st.st_size <= 2 << 20, "its size: %lld",
	      (long long)st.st_size);
	CHECK(unlink(path) == 0 && board_get(last).key == 0, "deleted: forgotten");
	CHECK(truncate(path, 100) == 0 || errno == ENOENT, "cut");
	board_set(last, 1, add_failure, words);
	CHECK(board_get(last).failures == 1, "and it goes on");
}

static void unusable(void)
{
	CHECK(setenv("PABAL_RUN", "/proc/none", 1) == 0, "no place for it");
	CHECK(board_count(board_key(S("rate"), S("x")), 1, 60, 1, 5) == 5, "all are granted");
	CHECK(board_get(board_key(S("rate"), S("x"))).key == 0, "nothing is known");
	(void)unsetenv("PABAL_RUN");
}

static void clean(void)
{
	static const char *const names[] = {"run/queue/board", "run/queue", "run"};
	char path[256];
	for (size_t i = 0; i < 3; i++) {
		(void)snprintf(path, sizeof path, "%s/%s", test_root, names[i]);
		(void)remove(path);
	}
}

int main(void)
{
	int dir = queue_dir_make();
	remembers();
	counts();
	full();
	unusable();
	clean();
	queue_dir_remove(dir);
	return unit_done();
}
