#include "run/pace.h"

#include "base/die.h"
#include "io/clock.h"
#include "io/control.h"
#include "io/log.h"
#include "run/task.h"

enum {
	WINDOW_START = 2,
	PAUSE = 60,
	PAUSE_LARGEST = 3600,
	PAUSE_MOST = 7 * 86400,
	RATE_MOST = 1000000,
	RATES_MEM = 1 << 20,
};

static void mistake(const char *name, const char *text)
{
	char file[64];
	(void)snprintf(file, sizeof file, "control/%s", name);
	log_config_error(file, 1, text);
}

static int64_t seconds(const char *name, uint64_t fallback)
{
	uint64_t n;
	if (!control_number(name, PAUSE_MOST, fallback, &n)) {
		mistake(name, "not a number in range; the default is used");
		n = fallback;
	}
	return (int64_t)n;
}

/* Lines "NEXT-HOP NUMBER"; "*" for all others. */
static void read_rates(runner *r)
{
	span *lines;
	size_t count;
	enum control_result got = control_list("hop-rate", &r->rate_mem, &lines, &count);
	if (got == CONTROL_ERROR)
		mistake("hop-rate", strerror(errno));
	if (got != CONTROL_OK)
		return;
	r->rates = xcalloc(count ? count : 1, sizeof *r->rates);
	for (size_t i = 0; i < count; i++) {
		span rest = lines[i], name = span_word(&rest), number = span_word(&rest);
		uint64_t n;
		if (!span_u64(number, RATE_MOST, &n) || n == 0 || span_word(&rest).n)
			mistake("hop-rate", "not NEXT-HOP MESSAGES-A-MINUTE");
		else
			r->rates[r->rate_count++] = (hop_rate){name, (uint32_t)n};
	}
}

void pace_open(runner *r)
{
	r->pause = seconds("hop-pause", PAUSE);
	r->pause_largest = seconds("hop-pause-largest", PAUSE_LARGEST);
	r->rate_mem = arena_new(RATES_MEM);
	read_rates(r);
}

void pace_close(runner *r)
{
	free(r->rates);
	arena_free(&r->rate_mem);
}

static uint32_t rate_of(const runner *r, span dest)
{
	uint32_t others = 0;
	for (size_t i = 0; i < r->rate_count; i++)
		if (span_eqi(r->rates[i].hop, dest))
			return r->rates[i].messages;
		else if (span_eq(r->rates[i].hop, S("*")))
			others = r->rates[i].messages;
	return others;
}

void pace_load(const runner *r, hop *h)
{
	if (h->local)
		return;
	h->board = board_key(h->agent, h->dest);
	h->known = board_get(h->board);
	h->rate = rate_of(r, h->dest);
	if (h->known.window == 0)
		h->known.window = WINDOW_START;
	if (h->known.dead_until > clock_now() + r->pause_largest)
		h->known.dead_until = 0; /* a clock was wrong */
}

/* Who has never taken anything may be dead: they do not get the last quarter of the workers. */
bool pace_may_run(const runner *r, const hop *h)
{
	uint64_t share = r->max_workers - (h->known.proven ? 0 : r->max_workers / 4);
	return h->running < h->known.window && h->running < r->max_per_hop &&
	       r->remote_workers < share;
}

void pace_hold_back(runner *r, hop *h)
{
	size_t kept = h->head;
	if (h->local || h->known.dead_until <= clock_now())
		return;
	const status dead = status_make(EX_TEMPFAIL, 0, "4.4.1",
					"does not answer, left alone for now: %s", h->known.words);
	for (size_t i = h->head; i < h->count; i++) {
		hop_job j = h->jobs[i];
		if (j.t->ask)
			h->jobs[kept++] = j;
		else
			task_result(r, j.t, j.n, &dead, NULL);
	}
	h->count = kept;
}

size_t pace_grant(const runner *r, const hop *h, size_t want)
{
	(void)r;
	if (h->local || h->rate == 0 || want == 0)
		return want;
	return board_count(board_key(S("rate"), h->dest), clock_now(), 60, h->rate, (uint32_t)want);
}

/* The minutes after this one fill up in turn. It is no attempt. */
void pace_put_off(runner *r, hop *h, task *t, size_t n)
{
	int64_t next = (clock_now() / 60 + 1) * 60;
	if (h->slot < next) {
		h->slot = next;
		h->slot_used = 0;
	}
	if (t != h->put_off && h->slot_used++ >= h->rate) {
		h->slot += 60;
		h->slot_used = 1;
	}
	h->put_off = t;
	const status st =
	    status_make(EX_TEMPFAIL, 0, "4.4.5", "%.*s gets no more than %u messages a minute",
			SPAN_FMT(h->dest), h->rate);
	t->rcpts[n - 1].put_off = h->slot;
	task_result(r, t, n, &st, NULL);
}

/* A reply, whatever it says, shows that somebody is there. 421 says that we are too many. */
void pace_note(worker *w, const status *st)
{
	if (st->reply == 421)
		w->busy++;
	else if (st->reply || status_is_ok(st) || status_is_permanent(st))
		w->answered++;
	else if (strncmp(st->enhanced, "4.4.", 4) == 0) {
		w->unreachable++;
		(void)snprintf(w->words, sizeof w->words, "%.*s", BOARD_WORDS - 1, st->text);
	}
}

/* What one worker taught, put into what all runs know. */
typedef struct lesson {
	const runner *r;
	const worker *w;
	int64_t now;
	board_entry result;
} lesson;

static void learn(board_entry *e, void *arg)
{
	lesson *l = arg;
	const worker *w = l->w;
	uint32_t most = (uint32_t)l->r->max_per_hop;
	if (e->window == 0)
		e->window = WINDOW_START;
	if (w->answered) {
		e->failures = 0;
		e->dead_until = 0;
		e->proven = 1;
		e->window = e->window < most ? e->window + 1 : most;
	} else {
		e->window = e->window > 1 ? e->window / 2 : 1;
	}
	if (w->unreachable && !w->answered && !w->busy && l->r->pause) {
		unsigned doubled = e->failures < 16 ? e->failures : 16;
		int64_t pause = l->r->pause << doubled;
		e->failures++;
		e->proven = 0;
		e->dead_until =
		    l->now + (pause < l->r->pause_largest ? pause : l->r->pause_largest);
		memcpy(e->words, w->words, sizeof e->words);
	}
	l->result = *e;
}

void pace_learn(const runner *r, hop *h, const worker *w)
{
	const board_entry *k = &h->known;
	lesson l = {.r = r, .w = w, .now = clock_now()};
	if (h->local || (!w->answered && !w->busy && !w->unreachable))
		return;
	if (w->answered && k->proven && k->failures == 0 && k->window >= r->max_per_hop)
		return; /* known as well as can be */
	l.result = h->known;
	board_set(h->board, l.now, learn, &l);
	if (l.result.key == 0)
		learn(&l.result, &l); /* not shared, then */
	h->known = l.result;
	if (k->dead_until > l.now) {
		log_line line;
		log_begin(&line, "hop-paused");
		log_put(&line, "dest", h->dest);
		log_putn(&line, "seconds", k->dead_until - l.now);
		log_puts(&line, "text", k->words);
		log_end(&line);
	}
}
