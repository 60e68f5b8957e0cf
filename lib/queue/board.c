#include "queue/board.h"

#include <sys/file.h>

#include "io/file.h"
#include "io/run_file.h"
#include "io/sum.h"

enum { BUCKETS = 512, WAYS = 8 };

/* Two sums of different text: 64 bits, for names that nobody chooses in order to meet another. */
uint64_t board_key(span what, span name)
{
	uint32_t high = sum_crc32(sum_crc32(0, what), S("\n")), low = sum_crc32(~high, what);
	for (size_t i = 0; i < name.n; i++) {
		char c = ascii_lower(name.p[i]);
		high = sum_crc32(high, span_of(&c, 1));
		low = low * 16777619u ^ (unsigned char)c;
	}
	uint64_t key = (uint64_t)high << 32 | low;
	return key ? key : 1;
}

static off_t bucket_of(uint64_t key)
{
	return (off_t)((key >> 32 ^ key) % BUCKETS * WAYS * sizeof(board_entry));
}

static board_entry *choose(board_entry *e, uint64_t key)
{
	board_entry *best = e;
	for (size_t i = 0; i < WAYS; i++)
		if (e[i].key == key)
			return e + i;
	for (size_t i = 0; i < WAYS; i++) {
		if (e[i].key == 0)
			return e + i;
		if (e[i].seen < best->seen)
			best = e + i;
	}
	return best;
}

/* A bucket; what is behind the end of the file is free. */
static bool read_bucket(int fd, uint64_t key, board_entry to[static WAYS])
{
	memset(to, 0, WAYS * sizeof *to);
	if (file_pread(fd, to, WAYS * sizeof *to, bucket_of(key)) < 0)
		return false;
	for (size_t i = 0; i < WAYS; i++)
		to[i].words[BOARD_WORDS - 1] = 0;
	return true;
}

board_entry board_get(uint64_t key)
{
	board_entry bucket[WAYS], none = {.key = 0};
	int fd = run_file_open("queue", "board");
	if (fd < 0)
		return none;
	bool read = flock(fd, LOCK_SH) == 0 && read_bucket(fd, key, bucket);
	(void)close(fd);
	const board_entry *e = read ? choose(bucket, key) : &none;
	return e->key == key ? *e : none;
}

static bool change_entry(uint64_t key, int64_t now, board_change *change, void *arg)
{
	board_entry bucket[WAYS];
	int fd = run_file_open("queue", "board");
	bool good = fd >= 0 && flock(fd, LOCK_EX) == 0 && read_bucket(fd, key, bucket);
	if (good) {
		board_entry *e = choose(bucket, key);
		if (e->key != key)
			*e = (board_entry){.key = key};
		change(e, arg);
		e->seen = now;
		good = pwrite(fd, e, sizeof *e, bucket_of(key) + (e - bucket) * (off_t)sizeof *e) ==
		       sizeof *e;
	}
	if (fd >= 0)
		(void)close(fd);
	return good;
}

void board_set(uint64_t key, int64_t now, board_change *change, void *arg)
{
	(void)change_entry(key, now, change, arg);
}

typedef struct counting {
	int64_t period;
	uint32_t most, want, granted;
} counting;

static void count(board_entry *e, void *arg)
{
	counting *c = arg;
	if (e->period != c->period)
		e->count = 0;
	e->period = c->period;
	uint32_t left = e->count < c->most ? c->most - e->count : 0;
	c->granted = c->want < left ? c->want : left;
	e->count += c->granted;
}

uint32_t board_count(uint64_t key, int64_t now, int64_t seconds, uint32_t most, uint32_t want)
{
	counting c = {.period = now / seconds, .most = most, .want = want, .granted = want};
	if (!change_entry(key, now, count, &c))
		return want;
	return c.granted;
}
