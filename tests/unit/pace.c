/* links: run resolve maildir queue mail net io base : z */
#include "run/pace.h"

#include "tests/unit/queue_dir.h"

static runner r;

static hop new_hop(const char *dest)
{
	hop h = {.agent = S("smtp-send"), .dest = span_str(dest)};
	pace_load(&r, &h);
	return h;
}

static void teach(hop *h, unsigned answered, unsigned busy, unsigned unreachable)
{
	worker w = {
	    .answered = answered, .busy = busy, .unreachable = unreachable, .words = "refused"};
	pace_learn(&r, h, &w);
}

/* The window follows what the workers say; a hop that answers nobody is left alone for longer and longer. */
static void windows(void)
{
	int64_t now = 1700000000;
	(void)setenv("PABAL_NOW", "1700000000", 1);
	hop h = new_hop("mx.test");
	CHECK(h.known.window == 2 && !h.known.proven, "it starts with two");
	teach(&h, 3, 0, 0);
	teach(&h, 3, 0, 0);
	CHECK(h.known.window == 4 && h.known.proven, "an answer allows one more");
	for (int i = 0; i < 20; i++)
		teach(&h, 1, 0, 0);
	CHECK(h.known.window == 10, "no more than max-per-hop: %u", h.known.window);
	teach(&h, 0, 2, 0);
	CHECK(h.known.window == 5 && h.known.dead_until == 0, "421 halves them, and is no death");
	teach(&h, 1, 0, 5);
	CHECK(h.known.window == 6 && h.known.failures == 0, "one answer is an answer");
	teach(&h, 0, 0, 0);
	CHECK(h.known.window == 6, "a worker that said nothing teaches nothing");
	static const int64_t pauses[] = {60, 120, 240, 480, 600, 600};
	for (size_t i = 0; i < sizeof pauses / sizeof *pauses; i++) {
		teach(&h, 0, 0, 1);
		CHECK(h.known.dead_until == now + pauses[i], "pause %zu: %lld", i,
		      (long long)(h.known.dead_until - now));
	}
	CHECK(h.known.window == 1 && !h.known.proven, "one worker looks whether it is back");
	hop again = new_hop("MX.test");
	CHECK(again.known.dead_until == now + 600 && again.known.window == 1 &&
		  strcmp(again.known.words, "refused") == 0,
	      "another run knows it too");
	teach(&again, 1, 0, 0);
	CHECK(again.known.dead_until == 0 && again.known.failures == 0 && again.known.window == 2,
	      "it is back");
}

static void shares(void)
{
	hop unknown = new_hop("unknown.test"), proven = new_hop("proven.test");
	proven.known.proven = 1;
	r.remote_workers = 14;
	CHECK(pace_may_run(&r, &unknown) && pace_may_run(&r, &proven), "there is room for both");
	r.remote_workers = 15;
	CHECK(!pace_may_run(&r, &unknown) && pace_may_run(&r, &proven),
	      "the last quarter is for those that are known to live");
	r.remote_workers = 20;
	CHECK(!pace_may_run(&r, &proven), "no more than max-workers");
	r.remote_workers = 0;
	proven.running = 2;
	CHECK(!pace_may_run(&r, &proven), "no more than the window");
}

static void rates(void)
{
	static hop_rate lines[] = {{{"slow.test", 9}, 5}, {{"*", 1}, 100}};
	r.rates = lines;
	r.rate_count = 2;
	hop slow = new_hop("Slow.test"), other = new_hop("fast.test");
	CHECK(slow.rate == 5 && other.rate == 100, "by name, and for all others");
	CHECK(pace_grant(&r, &slow, 3) == 3 && pace_grant(&r, &slow, 3) == 2 &&
		  pace_grant(&r, &slow, 3) == 0,
	      "five in the minute");
	CHECK(pace_grant(&r, &other, 32) == 32, "the others have their own");
	hop local = {.local = true, .rate = 1};
	CHECK(pace_grant(&r, &local, 50) == 50, "mailboxes have none");
	r.rate_count = 0;
}

int main(void)
{
	int dir = queue_dir_make();
	char path[256];
	r = (runner){.max_workers = 20, .max_per_hop = 10, .pause = 60, .pause_largest = 600};
	(void)setenv("PABAL_LOG", "none", 1);
	windows();
	shares();
	rates();
	static const char *const paths[] = {"run/queue/board", "run/queue", "run"};
	for (size_t i = 0; i < 3; i++) {
		(void)snprintf(path, sizeof path, "%s/%s", test_root, paths[i]);
		(void)remove(path);
	}
	queue_dir_remove(dir);
	return unit_done();
}
