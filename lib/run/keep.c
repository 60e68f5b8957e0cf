#include "run/keep.h"

#include "base/die.h"
#include "io/clock.h"
#include "io/file.h"
#include "io/log.h"
#include "io/out.h"
#include "mail/date.h"
#include "run/chain.h"

void keep_init(keep *k, const keeper_config *config)
{
	*k = (keep){.config = config, .queue_dir = -1, .held_fd = -1, .trace = str_new(TRACE_MAX)};
	k->add.fd = -1;
	if (!config->chain)
		k->queue_dir = qadd_open_queue(); /* said again, and logged, when it is needed */
}

void keep_free(keep *k)
{
	keep_abort(k);
	if (k->queue_dir >= 0)
		(void)close(k->queue_dir);
	str_free(&k->trace);
}

static void new_id(keep *k, trace *t)
{
	qid_make(k->id);
	k->error = 0;
	k->size = 0;
	t->id = span_str(k->id);
	t->epoch = clock_now();
	t->zone = date_local_zone(t->epoch);
	str_clear(&k->trace);
	trace_received(t, &k->trace);
}

/* A store that is not mounted defers: no error of the client's. */
static bool need_queue(keep *k)
{
	if (k->queue_dir < 0)
		k->queue_dir = qadd_open_queue();
	if (k->queue_dir < 0) {
		k->error = errno;
		log_config_error("queue", 0, strerror(k->error));
	}
	return k->queue_dir >= 0;
}

status keep_room(keep *k, uint64_t size)
{
	if (k->config->chain || !need_queue(k))
		return status_ok(); /* what is wrong shows when it is kept */
	return room_check(&k->config->floor, k->queue_dir, size);
}

/* A chain and the policy of the stage `data` see a whole message. */
static bool holds(const keeper_config *c)
{
	return c->chain || c->policy.programs[STAGE_DATA];
}

void keep_begin(keep *k, const envelope *env, trace *t)
{
	keep_abort(k);
	new_id(k, t);
	k->open = true;
	k->env = env;
	if (holds(k->config)) {
		k->held_fd = file_temp();
		if (k->held_fd < 0)
			k->error = errno;
	} else if (need_queue(k) && !qadd_begin(&k->add, k->queue_dir, k->id, env, UINT64_MAX)) {
		k->error = errno;
	}
	keep_put(k, str_span(&k->trace));
	k->size = 0; /* ours does not count */
}

void keep_put(keep *k, span octets)
{
	k->size += octets.n;
	if (k->error || !k->open || k->size > k->config->limits.max_size)
		return;
	if (k->held_fd < 0)
		qadd_put(&k->add, octets);
	else if (!write_all(k->held_fd, octets))
		k->error = errno;
}

static status queue_held(keep *k)
{
	char room[16384];
	ssize_t n;
	off_t at = 0;
	if (!need_queue(k))
		return qadd_status(k->error, false);
	if (!qadd_begin(&k->add, k->queue_dir, k->id, k->env, UINT64_MAX))
		return qadd_status(errno, false);
	while ((n = file_pread(k->held_fd, room, sizeof room, at)) > 0) {
		qadd_put(&k->add, span_of(room, (size_t)n));
		at += n;
	}
	if (n < 0) {
		qadd_abort(&k->add);
		k->add.fd = -1;
		return status_doubt("temporary file: %s", strerror(errno));
	}
	status st = qadd_commit(&k->add);
	k->add.fd = -1;
	return st;
}

static status close_held(keep *k)
{
	(void)chain_environment(k->env, k->id);
	status st = policy_run(&k->config->policy, STAGE_DATA, k->held_fd);
	if (status_is_ok(&st) && k->config->chain)
		st = lseek(k->held_fd, 0, SEEK_SET) < 0
			 ? status_doubt("temporary file: %s", strerror(errno))
			 : chain_run(k->config->chain, k->held_fd, k->env, k->id);
	else if (status_is_ok(&st))
		st = queue_held(k);
	(void)close(k->held_fd);
	k->held_fd = -1;
	return st;
}

status keep_commit(keep *k)
{
	status st;
	if (!k->open)
		return status_doubt("no message is open");
	if (k->error || k->size > k->config->limits.max_size) {
		st = qadd_status(k->error, !k->error);
		keep_abort(k);
		return st;
	}
	k->open = false;
	if (k->held_fd >= 0)
		return close_held(k);
	st = qadd_commit(&k->add);
	k->add.fd = -1;
	return st;
}

void keep_abort(keep *k)
{
	if (k->add.fd >= 0)
		qadd_abort(&k->add);
	if (k->held_fd >= 0)
		(void)close(k->held_fd);
	k->add.fd = k->held_fd = -1;
	k->open = false;
}

status keep_message(keep *k, const envelope *env, trace *t, span message)
{
	char id[QID_LEN + 1];
	if (holds(k->config) || message.n > k->config->limits.max_size) {
		keep_begin(k, env, t);
		keep_put(k, message);
		return keep_commit(k);
	}
	keep_abort(k);
	new_id(k, t);
	k->size = message.n;
	if (!need_queue(k))
		return qadd_status(k->error, false);
	return qadd_message(k->queue_dir, k->id, env, str_span(&k->trace), message, id);
}
