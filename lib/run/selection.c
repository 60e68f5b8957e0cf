#include "run/selection.h"

#include "base/die.h"

enum { SCRATCH_MAX = 1 << 20 };

void selection_open(selection *s, int queue_dir, const choice *c, char *const *ids)
{
	*s = (selection){.queue_dir = queue_dir, .choice = c, .ids = ids};
}

void selection_close(selection *s)
{
	free(s->v);
	free(s->seen);
	if (s->resolver)
		resolver_close(s->resolver);
	*s = (selection){.queue_dir = -1};
}

static bool keep(void *arg, const scan_entry *e)
{
	selection *s = arg;
	if (!*s->ids && !s->where[e->where])
		return true;
	if (s->count == s->room) {
		s->room = s->room ? s->room * 2 : 64;
		s->v = xrealloc(s->v, s->room, sizeof *s->v);
	}
	s->v[s->count++] = *e;
	return true;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const scan_entry *)a)->name, ((const scan_entry *)b)->name);
}

static int by_id(const void *a, const void *b)
{
	int order = strcmp(((const scan_entry *)a)->id, ((const scan_entry *)b)->id);
	return order ? order : by_name(a, b);
}

/* A domain by MX, or the host of a route. Aliases are not followed: their members are recipients as soon as
 * the message was tried. */
static bool goes_there(selection *s, const qmsg *m, const qlog *log)
{
	bool found = false;
	if (s->choice->hop_count == 0)
		return true;
	if (!s->resolver)
		s->resolver = resolver_open();
	arena scratch = arena_new(SCRATCH_MAX);
	for (size_t i = 0; i < log->count && !found; i++) {
		resolve_answer to;
		if (!choose_waits(&log->rcpts[i]))
			continue;
		resolve(s->resolver, &log->rcpts[i].path.addr, m->size, &scratch, &to);
		found = to.kind == RESOLVE_REMOTE && choose_hop(s->choice, to.next_hop);
		arena_reset(&scratch);
	}
	arena_free(&scratch);
	return found;
}

static bool needs_look(const selection *s)
{
	return s->choice->senders.count || s->choice->rcpts.count || s->choice->hop_count;
}

static bool matches(selection *s, scan_entry *e)
{
	qmsg m;
	qlog log;
	if (!needs_look(s))
		return true;
	enum qmsg_result r = qmsg_peek(s->queue_dir, e->name, &m);
	/* Renamed since the names were read. */
	if (r == QMSG_BUSY && scan_find(s->queue_dir, e->id, e->name))
		r = qmsg_peek(s->queue_dir, e->name, &m);
	if (r != QMSG_OK) {
		if (r == QMSG_ERROR || r == QMSG_DAMAGED) {
			warn("%s: %s", e->name, r == QMSG_ERROR ? strerror(errno) : "damaged");
			s->damaged++;
		}
		return false;
	}
	bool is = false;
	if (qlog_open(&log, s->queue_dir, &m)) {
		is = choose_message(s->choice, &m.env, &log) && goes_there(s, &m, &log);
		qlog_close(&log);
	} else {
		warn_errno("log/%s", m.id);
		s->damaged++;
	}
	qmsg_close(&m);
	return is;
}

static bool read_ids(selection *s)
{
	s->missing = 0;
	for (char *const *id = s->ids; *id; id++) {
		scan_entry e = {.due = 0};
		if (!qid_valid(span_str(*id)) || !scan_find(s->queue_dir, *id, e.name)) {
			if (qid_valid(span_str(*id)) && errno != ENOENT)
				return false;
			warn("%s: not in the queue", *id);
			s->missing++;
			continue;
		}
		memcpy(e.id, *id, sizeof e.id);
		e.where = scan_where_of(e.name);
		(void)keep(s, &e);
	}
	return true;
}

/* All that was read now is known to the next pass. */
static void forget_seen(selection *s)
{
	size_t kept = 0, all = s->count;
	scan_entry *names = xcalloc(all ? all : 1, sizeof *names);
	if (all)
		memcpy(names, s->v, all * sizeof *names);
	for (size_t i = 0; i < all; i++)
		if (!s->seen_count ||
		    !bsearch(&s->v[i], s->seen, s->seen_count, sizeof *s->seen, by_name))
			s->v[kept++] = s->v[i];
	s->count = kept;
	free(s->seen);
	qsort(names, all, sizeof *names, by_name);
	s->seen = names;
	s->seen_count = all;
}

bool selection_read(selection *s)
{
	size_t kept = 0;
	s->count = 0;
	if (!(*s->ids ? read_ids(s) : scan_all(s->queue_dir, keep, s)))
		return false;
	forget_seen(s);
	for (size_t i = 0; i < s->count; i++)
		if (matches(s, &s->v[i]))
			s->v[kept++] = s->v[i];
	if (kept)
		qsort(s->v, kept, sizeof *s->v, by_id);
	s->count = 0; /* what was renamed while the names were read may be there twice */
	for (size_t i = 0; i < kept; i++)
		if (i + 1 == kept || strcmp(s->v[i].id, s->v[i + 1].id) != 0)
			s->v[s->count++] = s->v[i];
	return true;
}
