#include "run/submitter.h"

#include "base/die.h"
#include "io/clock.h"
#include "io/log.h"
#include "io/table.h"
#include "mail/complete.h"
#include "mail/key.h"
#include "run/rate.h"

enum { ALIAS_DEPTH = 10, MEM_MAX = 1 << 20, KEY_MAX = 1024, HOUR = 3600 };

struct submitter {
	resolver *resolver;
	table *senders; /* control/senders: address:what else he may send as */
	arena mem;	/* of one question */
};

submitter *submitter_open(resolver *r)
{
	submitter *s = xcalloc(1, sizeof *s);
	*s = (submitter){
	    .resolver = r, .senders = table_open("control/senders"), .mem = arena_new(MEM_MAX)};
	return s;
}

void submitter_close(submitter *s)
{
	if (!s)
		return;
	table_close(s->senders);
	arena_free(&s->mem);
	free(s);
}

static span key_of(submitter *s, span local, span domain)
{
	str key = str_new(KEY_MAX);
	key_write(local, domain, &key);
	span kept = key.over ? S("") : arena_dup(&s->mem, str_span(&key));
	str_free(&key);
	return kept.p ? kept : S("");
}

/* "a@x, @y, *" */
static bool listed(span list, span key)
{
	span domain = span_sub(key, span_rfind(key, '@'), key.n);
	while (list.n) {
		span entry = span_trim(span_cut(&list, ','));
		if (span_eq(entry, S("*")) || span_eqi(entry, key) ||
		    (domain.n && span_eqi(entry, domain)))
			return true;
	}
	return false;
}

/* Through aliases with one target each, to this mailbox. */
static bool leads_to(submitter *s, const addr *a, const char *maildir, status *doubt)
{
	resolve_answer answer = {.kind = RESOLVE_REFUSED};
	addr at = *a;
	for (int depth = 0; depth < ALIAS_DEPTH; depth++) {
		resolve(s->resolver, &at, 0, &s->mem, &answer);
		if (answer.kind != RESOLVE_EXPAND || answer.target_count != 1)
			break;
		at = answer.targets[0];
	}
	span box = answer.maildir, his = span_str(maildir);
	if (box.n && span_starts(box, his))
		return box.n == his.n || span_starts(span_sub(box, his.n, box.n), S("/."));
	if (answer.kind == RESOLVE_REFUSED && !status_is_permanent(&answer.why))
		*doubt = answer.why;
	return false;
}

static status ask_table(submitter *s, const char *user, span key)
{
	span value;
	const char *error = NULL;
	size_t line = 0;
	switch (table_get(s->senders, span_str(user), &s->mem, &value, &error, &line)) {
	case TABLE_FOUND:
		if (listed(value, key))
			return status_ok();
		break;
	case TABLE_ERROR:
		log_config_error(table_path(s->senders), line, error);
		return status_doubt("control/senders cannot be read");
	default:
		break;
	}
	return status_make(EX_NOPERM, 550, "5.7.1", "that address is not yours");
}

status submitter_sender(submitter *s, const login_account *who, const addr *a)
{
	status doubt = status_ok();
	span user = span_str(who->address);
	if (a->null)
		return doubt;
	arena_reset(&s->mem);
	span key = key_of(s, a->local, a->domain);
	span base = key_of(s, span_sub(a->local, 0, span_find(a->local, '+')), a->domain);
	if (key.n && (span_eq(key, user) || span_eq(base, user)))
		return doubt;
	status st = ask_table(s, who->address, key);
	if (!status_is_permanent(&st))
		return st;
	if (leads_to(s, a, who->maildir, &doubt))
		return status_ok();
	return status_is_ok(&doubt) ? st : doubt;
}

typedef struct authors {
	submitter *s;
	const login_account *who;
	status st;
	size_t count;
} authors;

static void author(void *arg, const addr *a, span name)
{
	authors *all = arg;
	addr full = *a;
	(void)name;
	all->count++;
	if (!a->domain.n) /* it will get ours */
		full.domain = resolver_me(all->s->resolver);
	if (status_is_ok(&all->st))
		all->st = submitter_sender(all->s, all->who, &full);
}

status submitter_authors(submitter *s, const login_account *who, span message)
{
	header_field f;
	span head = span_sub(message, 0, header_size(message));
	authors all = {.s = s, .who = who, .st = status_ok()};
	arena mem = arena_new(MEM_MAX);
	bool good = complete_authors(head, &mem, author, &all);
	arena_free(&mem);
	if (!good && header_get(head, "From", &f) && status_is_ok(&all.st))
		return status_make(EX_DATAERR, 550, "5.6.0",
				   "the From field holds what is no address");
	return all.st;
}

status submitter_rate(const login_account *who, size_t recipients, uint64_t limit)
{
	if (limit == 0)
		return status_ok();
	if (recipients > limit)
		return status_make(EX_NOPERM, 550, "5.7.1",
				   "more recipients than you may have in an hour");
	switch (rate_take("user", span_str(who->address), recipients, limit, HOUR, clock_now())) {
	case RATE_OVER:
		return status_make(EX_TEMPFAIL, 450, "4.7.1",
				   "too many recipients within an hour, try again later");
	case RATE_ERROR:
		log_config_error("run/rate", 0, strerror(errno));
		return status_ok();
	default:
		return status_ok();
	}
}

size_t submitter_header(span message, const addr *from, const trace *t, span home, str *to)
{
	str author = str_new(KEY_MAX), id = str_new(KEY_MAX);
	if (!from->null) {
		(void)str_putc(&author, '<');
		addr_write(from, &author);
		(void)str_putc(&author, '>');
	}
	trace_message_id(t->id, t->me, &id);
	complete c = {.from = str_span(&author),
		      .message_id = str_span(&id),
		      .domain = home,
		      .epoch = t->epoch,
		      .zone = t->zone};
	size_t used = complete_header(&c, message, to);
	str_free(&author);
	str_free(&id);
	return used;
}
