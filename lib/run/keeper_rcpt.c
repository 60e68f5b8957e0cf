/* MAIL and RCPT, judged by the keeper. */
#include "io/clock.h"
#include "io/frame.h"
#include "mail/date.h"
#include "run/keeper_state.h"

/* RFC 4865: the time is kept as the day and hour that it means. */
static status judge_hold(keeper *k)
{
	int64_t now = clock_now(), until = k->mail.hold_until;
	uint64_t most = k->config->limits.hold_max;
	if (!k->mail.hold)
		return status_ok();
	if (!k->login.yes || !most)
		return status_make(EX_DATAERR, 555, "5.5.4", "parameter not known");
	if (k->mail.hold_for)
		until = now + (int64_t)k->mail.hold_for;
	if (k->mail.hold_for > most || until > now + (int64_t)most)
		return status_make(EX_DATAERR, 501, "5.5.4",
				   "held for longer than this system does");
	char *stamp = arena_alloc(&k->mem, DATE_ROOM);
	if (!stamp)
		return status_doubt("out of room");
	date_stamp_write(until, stamp);
	for (size_t i = 0; i < k->env.sender.param_count; i++) {
		envelope_param *p = &k->env.sender.params[i];
		if (span_eqi(p->key, S("HOLDFOR")) || span_eqi(p->key, S("HOLDUNTIL")))
			*p = (envelope_param){S("HOLDUNTIL"), span_str(stamp)};
	}
	return status_ok();
}

void keeper_begin_transaction(keeper *k, span mail)
{
	keeper_end_transaction(k);
	k->forward_fresh = false;
	mail = arena_dup(&k->mem, mail); /* the envelope's spans point into it */
	k->unfit = mail.p ? cmd_mail_args(mail, k->config->limits.max_size, &k->mem, &k->env.sender,
					  &k->mail)
			  : status_doubt("MAIL is too long");
	if (status_is_ok(&k->unfit))
		k->unfit = judge_hold(k);
	if (status_is_ok(&k->unfit) && k->login.yes)
		k->unfit = submitter_sender(k->submitter, &k->login.account, &k->env.sender.addr);
	if (status_is_ok(&k->unfit))
		k->unfit = keep_room(&k->keep, k->mail.size);
}

static bool room_for_rcpt(keeper *k)
{
	if (k->env.rcpt_count < k->room)
		return true;
	size_t room = k->room ? 2 * k->room : 8;
	envelope_path *more = arena_alloc(&k->mem, room * sizeof *more);
	if (!more)
		return false;
	if (k->env.rcpt_count)
		memcpy(more, k->env.rcpts, k->env.rcpt_count * sizeof *more);
	k->env.rcpts = more;
	k->room = room;
	return true;
}

/* What the tables say. Answers are made whole: a refusal without a reply code gets one. */
static status resolve_rcpt(keeper *k, const addr *a)
{
	resolve_answer answer;
	resolve(k->resolver, a, k->mail.size, &k->scratch, &answer);
	if (answer.kind != RESOLVE_REFUSED && !answer.ours && !k->relay && !k->login.yes)
		return status_make(EX_NOPERM, 550, "5.7.1", "relaying is not allowed");
	if (answer.kind != RESOLVE_REFUSED)
		return status_make(EX_OK, 250, "2.1.5", "ok");
	if (status_is_ok(&answer.why))
		return status_doubt("the resolver gives no reason");
	if (answer.why.reply == 0)
		answer.why.reply = status_is_permanent(&answer.why) ? 550 : 451;
	return answer.why;
}

static bool known_rcpt(const keeper *k, const addr *a)
{
	for (size_t i = 0; i < k->env.rcpt_count; i++)
		if (addr_eq(&k->env.rcpts[i].addr, a))
			return true;
	return false;
}

static status judge_rcpt(keeper *k, span args, envelope_path *path)
{
	if (k->config->broken)
		return status_doubt("control files cannot be read");
	if (!status_is_ok(&k->unfit))
		return k->unfit;
	if (k->config->limits.submission && !k->login.yes)
		return status_make(EX_NOPERM, 530, "5.7.0", "log in first");
	if (k->env.rcpt_count >= k->config->limits.max_rcpts)
		return status_make(EX_TEMPFAIL, 452, "4.5.3", "too many recipients");
	args = arena_dup(&k->mem, args);
	if (!args.p || !room_for_rcpt(k))
		return status_make(EX_TEMPFAIL, 452, "4.5.3", "too many recipients");
	status st = cmd_rcpt_args(args, k->mail.utf8, &k->mem, path);
	if (status_is_ok(&st))
		st = resolve_rcpt(k, &path->addr);
	if (status_is_ok(&st)) {
		status said = keeper_policy(k, STAGE_RCPT, &path->addr);
		if (!status_is_ok(&said))
			return said;
	}
	/* Named twice is delivered once. */
	if (status_is_ok(&st) && !known_rcpt(k, &path->addr))
		k->env.rcpts[k->env.rcpt_count++] = *path;
	return st;
}

bool keeper_rcpt(keeper *k, span payload)
{
	span mail, rcpt;
	envelope_path path = {.addr.null = true};
	if (!frame_field(&payload, &mail) || !frame_field(&payload, &rcpt))
		return false;
	if (mail.n)
		keeper_begin_transaction(k, mail);
	status st = judge_rcpt(k, rcpt, &path);
	if (!status_is_ok(&st))
		keeper_log(k, "refused", &path.addr, &st);
	return keeper_answer(k, st);
}
