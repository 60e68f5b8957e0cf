#include "run/hop.h"

#include "base/die.h"
#include "io/clock.h"
#include "io/sum.h"
#include "run/pace.h"

enum { FULL_LOCAL = 4 * BATCH_LOCAL, FULL_REMOTE = 2 * BATCH_REMOTE };

static hop **bucket(runner *r, span key)
{
	return &r->hops[sum_crc32(0, key) % HOP_BUCKETS];
}

hop *hop_get(runner *r, span agent, span dest, bool local, const worker_owner *owner)
{
	str key = str_new(8192);
	(void)str_put(&key, agent);
	(void)str_putc(&key, '\n');
	(void)str_put(&key, dest);
	(void)str_printf(&key, "\n%d %lu %lu", owner->set, (unsigned long)owner->uid,
			 (unsigned long)owner->gid);
	span k = str_span(&key);
	hop **at = bucket(r, k), *h;
	for (h = *at; h && !span_eq(span_str(h->key), k); h = h->next)
		;
	if (!h) {
		h = xcalloc(1, sizeof *h);
		h->key = xstrdup(str_cstr(&key));
		h->agent = span_of(h->key, agent.n);
		h->dest = span_of(h->key + agent.n + 1, dest.n);
		h->local = local;
		h->owner = *owner;
		h->next = *at;
		*at = h;
		pace_load(r, h);
	}
	str_free(&key);
	return h;
}

bool hop_full(const hop *h)
{
	return h->count - h->head >= (h->local ? FULL_LOCAL : FULL_REMOTE);
}

void hop_make_ready(runner *r, hop *h)
{
	if (h->ready || h->head == h->count)
		return;
	h->ready = true;
	h->ready_next = NULL;
	*r->ready_end = h;
	r->ready_end = &h->ready_next;
}

hop *hop_next_ready(runner *r)
{
	hop *h = r->ready;
	if (!h)
		return NULL;
	r->ready = h->ready_next;
	if (!r->ready)
		r->ready_end = &r->ready;
	h->ready = false;
	return h;
}

void hop_push(runner *r, hop *h, task *t, size_t n)
{
	if (h->head && h->head == h->count)
		h->head = h->count = 0;
	if (h->count == h->room && h->head > h->room / 2) {
		memmove(h->jobs, h->jobs + h->head, (h->count - h->head) * sizeof *h->jobs);
		h->count -= h->head;
		h->head = 0;
	}
	if (h->count == h->room) {
		h->room = h->room ? h->room * 2 : 16;
		h->jobs = xrealloc(h->jobs, h->room, sizeof *h->jobs);
	}
	h->jobs[h->count++] = (hop_job){t, n};
	hop_make_ready(r, h);
}

void hop_park(hop *h, const queue_name *one)
{
	(void)names_push(&h->parked, one); /* where it does not fit, the next scan has it */
}

/* One worker at once; another only for a full load or where the last has not come back soon: what arrives
 * meanwhile becomes the next batch, with fewer syncs and connections for all. */
bool hop_may_run(const runner *r, const hop *h)
{
	size_t waiting = h->count - h->head, load = h->local ? BATCH_LOCAL : BATCH_REMOTE / 2;
	if (h->local ? h->running >= LOCAL_WORKERS : !pace_may_run(r, h))
		return false;
	return h->running == 0 || waiting >= load || clock_ms() - h->started >= hop_slow_ms(h);
}

int hop_slow_ms(const hop *h)
{
	return h->local ? LOCAL_SLOW_MS : REMOTE_SLOW_MS;
}

static void hop_free(hop *h)
{
	names_free(&h->parked);
	free(h->jobs);
	free(h->key);
	free(h);
}

void hop_settle(runner *r, hop *h)
{
	size_t full = h->local ? FULL_LOCAL : FULL_REMOTE, waiting = h->count - h->head;
	if (waiting < full)
		names_move(&h->parked, &r->todo, full - waiting);
	if (h->ready || h->running || h->head < h->count || !names_empty(&h->parked))
		return;
	for (hop **at = bucket(r, span_str(h->key)); *at; at = &(*at)->next)
		if (*at == h) {
			*at = h->next;
			hop_free(h);
			return;
		}
}

void hop_free_all(runner *r)
{
	for (size_t i = 0; i < HOP_BUCKETS; i++)
		while (r->hops[i]) {
			hop *h = r->hops[i];
			r->hops[i] = h->next;
			hop_free(h);
		}
	r->ready = NULL;
	r->ready_end = &r->ready;
}
