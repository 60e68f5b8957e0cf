#include "queue/notify.h"

static const span words[] = {[NOTIFY_SUCCESS] = {"SUCCESS", 7},
			     [NOTIFY_FAILURE] = {"FAILURE", 7},
			     [NOTIFY_DELAY] = {"DELAY", 5}};

static const qlog_rcpt *parent_of(const qlog *log, const qlog_rcpt *r)
{
	return r->parent && r->parent <= log->count ? &log->rcpts[r->parent - 1] : NULL;
}

const qlog_rcpt *notify_root(const qlog *log, const qlog_rcpt *r)
{
	const qlog_rcpt *up;
	for (size_t depth = 0; depth < log->count && (up = parent_of(log, r)); depth++)
		r = up;
	return r;
}

static bool in_list(span list, span word)
{
	while (list.n)
		if (span_eqi(span_cut(&list, ','), word))
			return true;
	return false;
}

/* Members have higher numbers than their alias, most of them right behind each other. */
static size_t members(const qlog *log, const qlog_rcpt *r, size_t enough)
{
	size_t n = 0, number = (size_t)(r - log->rcpts) + 1;
	for (size_t i = number; i < log->count && n < enough; i++)
		n += log->rcpts[i].parent == number;
	return n;
}

static bool below_expanded(const qlog *log, const qlog_rcpt *r)
{
	const qlog_rcpt *up;
	for (size_t depth = 0; depth < log->count && (up = parent_of(log, r)); depth++) {
		if (members(log, up, 2) > 1)
			return true;
		r = up;
	}
	return false;
}

bool notify_wants(const qlog *log, const qlog_rcpt *r, enum notify_word word)
{
	span list;
	if (!envelope_param_get(&notify_root(log, r)->path, "NOTIFY", &list))
		return word != NOTIFY_SUCCESS;
	return in_list(list, words[word]) && (word != NOTIFY_SUCCESS || !below_expanded(log, r));
}

bool notify_success_due(const qlog *log, const qlog_rcpt *r)
{
	if (r->reported || !notify_wants(log, r, NOTIFY_SUCCESS))
		return false;
	if (r->event == QLOG_EXPANDED)
		return members(log, r, 2) != 1;
	return r->event == QLOG_DELIVERED || (r->event == QLOG_RELAYED && !r->by.dsn);
}

bool notify_success_asked(const qmsg *m)
{
	span list;
	for (size_t i = 0; i < m->env.rcpt_count && !m->env.sender.addr.null; i++)
		if (envelope_param_get(&m->env.rcpts[i], "NOTIFY", &list) &&
		    in_list(list, words[NOTIFY_SUCCESS]))
			return true;
	return false;
}

/* The list without SUCCESS; NEVER where nothing is left of it. */
static void put_notify(span list, str *to)
{
	bool any = false;
	(void)str_put(to, S("NOTIFY="));
	while (list.n) {
		span word = span_cut(&list, ',');
		if (word.n == 0 || span_eqi(word, words[NOTIFY_SUCCESS]))
			continue;
		if (any)
			(void)str_putc(to, ',');
		(void)str_put(to, word);
		any = true;
	}
	if (!any)
		(void)str_put(to, S("NEVER"));
}

/* RFC 3461, 5.2.1 d: the address that the sender used, where he gave no ORCPT. */
static void put_orcpt(const addr *a, str *to)
{
	str text = str_new(4096);
	addr_write(a, &text);
	bool ascii = true;
	for (size_t i = 0; i < text.n; i++)
		ascii = ascii && (unsigned char)text.p[i] < 0x80;
	if (ascii && !text.over) {
		(void)str_put(to, to->n ? S(" ORCPT=rfc822;") : S("ORCPT=rfc822;"));
		xtext_encode(str_span(&text), to);
	}
	str_free(&text);
}

void notify_params(const qlog *log, const qlog_rcpt *r, str *to)
{
	const qlog_rcpt *root = notify_root(log, r);
	bool strip = r->parent && below_expanded(log, r), orcpt = false;
	for (size_t i = 0; i < root->path.param_count; i++) {
		const envelope_param *p = &root->path.params[i];
		if (to->n)
			(void)str_putc(to, ' ');
		orcpt = orcpt || span_eqi(p->key, S("ORCPT"));
		if (strip && span_eqi(p->key, S("NOTIFY"))) {
			put_notify(p->value, to);
			continue;
		}
		(void)str_put(to, p->key);
		if (p->value.p) {
			(void)str_putc(to, '=');
			(void)str_put(to, p->value);
		}
	}
	if (root != r && !orcpt)
		put_orcpt(&root->path.addr, to);
}
