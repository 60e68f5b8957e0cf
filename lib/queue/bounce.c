#include "queue/bounce.h"

#include "io/clock.h"
#include "io/control.h"
#include "io/log.h"
#include "queue/board.h"

enum { STORM = 100, STORM_MOST = 1000000, STORM_SECONDS = 3600 };

span bounce_me(arena *a)
{
	span me;
	if (control_value("me", a, &me) != CONTROL_OK)
		return S("localhost");
	return me;
}

static bool goes_out(enum dsn_kind kind)
{
	return kind == DSN_SENDER || kind == DSN_POSTMASTER;
}

/* More reports to one address in an hour than control/bounce-storm says are a storm: mail in his name that he never
 * sent, or a list gone wrong. He has heard of it; the rest waits for the operator. */
static bool is_storm(const addr *to)
{
	uint64_t most;
	str address = str_new(2 * ADDR_MAX);
	if (!control_number("bounce-storm", STORM_MOST, STORM, &most))
		most = STORM;
	addr_write(to, &address);
	bool storm = most && board_count(board_key(S("bounce"), str_span(&address)), clock_now(),
					 STORM_SECONDS, (uint32_t)most, 1) == 0;
	str_free(&address);
	return storm;
}

/* Composes and queues it, or, in a storm, puts it in hold/. */
static status queue_it(int queue_dir, const qmsg *m, const qlog *log, enum dsn_kind kind,
		       int64_t until, char id[static QID_LEN + 1])
{
	arena a = arena_new(65536);
	status st = dsn_send(queue_dir, m, log, kind, bounce_me(&a), until, id);
	arena_free(&a);
	if (!status_is_ok(&st) || kind == DSN_POSTMASTER || !is_storm(&m->env.sender.addr))
		return st;
	char name[QID_LEN + 8];
	log_line l;
	str to = str_new(2 * ADDR_MAX);
	(void)snprintf(name, sizeof name, "new/%s", id);
	bool held = qmsg_hold_name(queue_dir, name, id);
	addr_write(&m->env.sender.addr, &to);
	log_begin(&l, "storm");
	log_puts(&l, "id", id);
	log_put(&l, "to", str_span(&to));
	log_puts(&l, "held", held ? "yes" : "no");
	log_end(&l);
	str_free(&to);
	return st;
}

static void tell(const qmsg *m, enum dsn_kind kind, const char *id)
{
	log_line l;
	log_begin(&l, goes_out(kind) ? "bounced" : kind == DSN_NONE ? "not-bounced" : "dropped");
	log_puts(&l, "id", m->id);
	log_puts(&l, "bounce", id);
	log_puts(&l, "to",
		 kind == DSN_POSTMASTER ? "postmaster"
		 : kind == DSN_SENDER	? "sender"
					: "nobody");
	log_end(&l);
}

bool bounce_failed(int queue_dir, const qmsg *m, qlog *log, enum dsn_kind *kind)
{
	char id[QID_LEN + 1] = "-";
	*kind = dsn_kind(m, log);
	if (goes_out(*kind)) {
		status st = queue_it(queue_dir, m, log, *kind, 0, id);
		if (!status_is_ok(&st)) {
			log_line l;
			log_begin(&l, "error");
			log_puts(&l, "id", m->id);
			log_status(&l, &st);
			log_end(&l);
			return false;
		}
	}
	tell(m, *kind, id);
	qlog_bounced(log, id);
	return qlog_sync(log);
}

/* Queues a notice that is no bounce, and says so. */
static bool send(int queue_dir, const qmsg *m, const qlog *log, enum dsn_kind kind, int64_t until,
		 char id[static QID_LEN + 1])
{
	log_line l;
	status st = queue_it(queue_dir, m, log, kind, until, id);
	log_begin(&l, !status_is_ok(&st) ? "error" : kind == DSN_DELAY ? "warned" : "reported");
	log_puts(&l, "id", m->id);
	if (status_is_ok(&st))
		log_puts(&l, "notice", id);
	else
		log_status(&l, &st);
	log_end(&l);
	return status_is_ok(&st);
}

bool bounce_warn(int queue_dir, const qmsg *m, qlog *log, int64_t until)
{
	char id[QID_LEN + 1] = "-";
	if (log->warned || !dsn_delay_wanted(m, log) ||
	    !send(queue_dir, m, log, DSN_DELAY, until, id))
		return false;
	qlog_warned(log, id);
	return true;
}

bool bounce_success(int queue_dir, const qmsg *m, qlog *log)
{
	char id[QID_LEN + 1] = "-";
	if (!dsn_success_wanted(m, log))
		return true;
	if (!send(queue_dir, m, log, DSN_SUCCESS, 0, id))
		return false;
	qlog_reported(log, id);
	return qlog_sync(log);
}
