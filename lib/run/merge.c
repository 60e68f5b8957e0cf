#include "run/merge.h"

#include "base/die.h"
#include "io/log.h"
#include "queue/scan.h"

typedef struct line {
	char id[QID_LEN + 1];
	size_t n;
	status st;
	bool dsn;
	char *host; /* owned */
} line;

typedef struct merge {
	runner *r;
	line *v;
	size_t count, room;
	bool whole; /* every message of them is written down, or gone */
} merge;

static void collect(void *arg, const job_result *one)
{
	merge *m = arg;
	if (one->id.n != QID_LEN)
		return;
	if (m->count == m->room) {
		m->room = m->room ? m->room * 2 : 64;
		m->v = xrealloc(m->v, m->room, sizeof *m->v);
	}
	line *l = &m->v[m->count++];
	memcpy(l->id, one->id.p, QID_LEN);
	l->id[QID_LEN] = 0;
	l->n = one->n;
	l->st = one->st;
	l->dsn = one->by.dsn;
	l->host = xmalloc(one->by.name.n + 1);
	memcpy(l->host, one->by.name.p, one->by.name.n);
	l->host[one->by.name.n] = 0;
}

static int compare(const void *a, const void *b)
{
	return strcmp(((const line *)a)->id, ((const line *)b)->id);
}

static void write_down(const merge *m, const line *first, qlog *log)
{
	for (const line *l = first; l < m->v + m->count && strcmp(l->id, first->id) == 0; l++) {
		if (l->n == 0 || l->n > log->count)
			continue;
		enum qlog_event was = log->rcpts[l->n - 1].event;
		if (was != QLOG_NONE && was != QLOG_DEFERRED)
			continue;
		log_line event;
		const remote_mta by = {.name = span_str(l->host), .dsn = l->dsn};
		qlog_record(log, l->n,
			    !status_is_ok(&l->st) ? QLOG_FAILED
			    : l->st.reply	  ? QLOG_RELAYED
						  : QLOG_DELIVERED,
			    &l->st, &by);
		log_begin(&event, "merged");
		log_puts(&event, "id", l->id);
		log_putn(&event, "n", (int64_t)l->n);
		log_status(&event, &l->st);
		log_end(&event);
	}
}

static bool merge_message(void *arg, const scan_entry *e)
{
	merge *m = arg;
	line key;
	qmsg msg;
	qlog log;
	memcpy(key.id, e->id, sizeof key.id);
	line *l = m->count ? bsearch(&key, m->v, m->count, sizeof key, compare) : NULL;
	if (!l || e->where == SCAN_FAILED)
		return true;
	while (l > m->v && strcmp(l[-1].id, e->id) == 0)
		l--;
	switch (qmsg_claim(m->r->queue_dir, e->name, &msg)) {
	case QMSG_OK:
		break;
	case QMSG_PARTIAL:
	case QMSG_DAMAGED:
		return true;
	default:
		m->whole = false; /* in another runner's hands: it reads the file itself */
		return true;
	}
	if (qlog_open(&log, m->r->queue_dir, &msg)) {
		write_down(m, l, &log);
		m->whole = qlog_sync(&log) && m->whole;
		qlog_close(&log);
	} else {
		m->whole = false;
	}
	qmsg_close(&msg);
	return true;
}

static bool merge_file(void *arg)
{
	merge *m = arg;
	m->whole = true;
	if (m->count) {
		qsort(m->v, m->count, sizeof *m->v, compare);
		m->whole = scan_all(m->r->queue_dir, merge_message, m) && m->whole;
	}
	for (size_t i = 0; i < m->count; i++)
		free(m->v[i].host);
	m->count = 0;
	return m->whole;
}

void merge_dead(runner *r)
{
	merge m = {.r = r};
	results_bury(&r->results, collect, merge_file, &m);
	free(m.v);
}
