/* A table of fixed size, its buckets under one short lock of the file. A full bucket forgets the network that was
 * quiet for the longest time. */
#include "auth/throttle.h"

#include <arpa/inet.h>
#include <sys/file.h>

#include "auth/run.h"
#include "io/file.h"

enum { BUCKETS = 1024, WAYS = 8 };

typedef struct entry {
	uint64_t network; /* 0: free */
	int64_t next_ms;  /* the next free turn */
	int64_t seen_s;	  /* when `failures` was counted */
	uint64_t failures;
} entry;

/* IPv4 below a multicast prefix of IPv6, which is no client's. */
uint64_t throttle_network(const char *ip)
{
	unsigned char six[16];
	struct in_addr four;
	uint64_t n = 0;
	if (inet_pton(AF_INET, ip, &four) == 1)
		return UINT64_C(0xff00000000000000) | ntohl(four.s_addr);
	if (inet_pton(AF_INET6, ip, six) != 1)
		return 0;
	for (size_t i = 0; i < 8; i++)
		n = n << 8 | six[i];
	return n ? n : 1;
}

static off_t bucket_of(uint64_t network)
{
	uint64_t h = network * UINT64_C(0x9e3779b97f4a7c15);
	return (off_t)((h >> 40) % BUCKETS * WAYS * sizeof(entry));
}

static void forget(entry *e, int64_t now_s)
{
	int64_t halves = (now_s - e->seen_s) / THROTTLE_HALF_S;
	if (halves <= 0 && e->seen_s <= now_s)
		return;
	if (halves < 0) /* the clock was put back */
		halves = 0;
	e->failures = halves > 63 ? 0 : e->failures >> halves;
	e->seen_s = now_s;
}

/* The network's entry, or the one that it may take. */
static entry *choose(entry *e, uint64_t network)
{
	entry *best = e;
	for (size_t i = 0; i < WAYS; i++)
		if (e[i].network == network)
			return e + i;
	for (size_t i = 0; i < WAYS; i++) {
		if (e[i].network == 0)
			return e + i;
		if (e[i].seen_s < best->seen_s)
			best = e + i;
	}
	return best;
}

static int64_t delay(uint64_t failures)
{
	if (failures < THROTTLE_FREE)
		return 0;
	uint64_t doubled = failures - THROTTLE_FREE;
	int64_t ms = doubled > 8 ? THROTTLE_DELAY_MAX_MS : (int64_t)THROTTLE_STEP_MS << doubled;
	return ms < THROTTLE_DELAY_MAX_MS ? ms : THROTTLE_DELAY_MAX_MS;
}

static int take_turn(entry *e, int64_t now_ms)
{
	int64_t step = delay(e->failures);
	if (step == 0)
		return 0;
	int64_t turn = e->next_ms > now_ms ? e->next_ms : now_ms;
	if (turn - now_ms > THROTTLE_WAIT_MAX_MS + THROTTLE_DELAY_MAX_MS)
		turn = now_ms; /* no turn is that far away: the clock was put back */
	if (turn - now_ms > THROTTLE_WAIT_MAX_MS)
		return -1;
	e->next_ms = turn + step;
	return (int)(turn - now_ms);
}

static void fail_once(entry *e, uint64_t network, int64_t now_ms)
{
	if (e->network != network)
		*e = (entry){.network = network, .seen_s = now_ms / 1000};
	e->failures++;
	if (e->next_ms < now_ms + delay(e->failures))
		e->next_ms = now_ms + delay(e->failures);
}

static int with_bucket(int fd, uint64_t network, int64_t now_ms, bool failed)
{
	entry bucket[WAYS];
	off_t at = bucket_of(network);
	int wait = 0;
	memset(bucket, 0, sizeof bucket);
	if (flock(fd, LOCK_EX) < 0 || file_pread(fd, bucket, sizeof bucket, at) < 0)
		return 0;
	entry *e = choose(bucket, network);
	if (e->network == network)
		forget(e, now_ms / 1000);
	if (failed)
		fail_once(e, network, now_ms);
	else if (e->network == network)
		wait = take_turn(e, now_ms);
	else
		return 0;
	(void)!pwrite(fd, e, sizeof *e, at + (e - bucket) * (off_t)sizeof *e);
	return wait;
}

static int use(uint64_t network, int64_t now_ms, bool failed)
{
	if (network == 0)
		return 0;
	int fd = auth_run_open("failures");
	if (fd < 0)
		return 0;
	int wait = with_bucket(fd, network, now_ms, failed);
	(void)close(fd);
	return wait;
}

int throttle_turn(uint64_t network, int64_t now_ms)
{
	return use(network, now_ms, false);
}

void throttle_failed(uint64_t network, int64_t now_ms)
{
	(void)use(network, now_ms, true);
}
