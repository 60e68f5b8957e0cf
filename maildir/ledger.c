/* What the lines of a log say, taken together. */
#include "maildir/ledger.h"

#include <limits.h>
#include <string.h>

static void at_least(uint64_t *value, uint64_t to)
{
	if (*value < to)
		*value = to;
}

void ledger_count(void *arg, const journal_record *r)
{
	ledger *l = arg;
	uint64_t uidnext = l->uidnext;
	switch (r->kind) {
	case JOURNAL_START:
		l->uidvalidity = r->uidvalidity;
		l->id = r->id;
		return;
	case JOURNAL_MESSAGE:
		at_least(&l->modseq, r->entry.modseq);
		at_least(&uidnext, (uint64_t)r->entry.uid + 1);
		break;
	case JOURNAL_NEXT:
		at_least(&l->modseq, r->entry.modseq);
		at_least(&uidnext, r->entry.uid);
		break;
	case JOURNAL_FLAGS:
		at_least(&l->modseq, r->entry.modseq);
		break;
	case JOURNAL_GONE:
	case JOURNAL_LONG_GONE:
		at_least(&l->modseq, r->gone.modseq);
		break;
	case JOURNAL_KEYWORD:
		ledger_keyword(l, r->bit, r->name);
		break;
	case JOURNAL_SIZES:
	case JOURNAL_STAMPS:
		break;
	}
	l->uidnext = uidnext < UINT32_MAX ? (uint32_t)uidnext : UINT32_MAX;
}

static void apply_flags(roll *l, size_t i, const journal_record *r)
{
	char room[NAME_MAX * 2];
	span base = roll_base(l, &l->v[i]);
	l->v[i].modseq = r->entry.modseq;
	l->v[i].keywords = r->entry.keywords;
	if (!base.n || base.n + r->name.n > NAME_MAX)
		return;
	memcpy(room, base.p, base.n);
	memcpy(room + base.n, r->name.p, r->name.n);
	roll_rename(l, i, span_of(room, base.n + r->name.n), r->is_new);
}

static void apply_gone(roll *l, const roll_gone *g)
{
	bool exact;
	for (size_t i = roll_find(l, g->first, &exact); i < l->n && l->v[i].uid <= g->last; i++)
		roll_expunge(l, i, g->modseq);
}

void ledger_apply(void *arg, const journal_record *r)
{
	ledger *l = arg;
	bool exact;
	size_t i = roll_find(&l->roll, r->entry.uid, &exact);
	ledger_count(l, r);
	switch (r->kind) {
	case JOURNAL_MESSAGE:
		(void)roll_add(&l->roll, &r->entry, r->name, r->is_new);
		break;
	case JOURNAL_FLAGS:
		if (exact)
			apply_flags(&l->roll, i, r);
		break;
	case JOURNAL_SIZES:
		if (exact) {
			l->roll.v[i].octets = r->entry.octets;
			l->roll.v[i].wire = r->entry.wire;
			l->roll.v[i].flags =
			    (l->roll.v[i].flags & ~(uint32_t)ROLL_OPEN) | r->entry.flags;
		}
		break;
	case JOURNAL_GONE:
		apply_gone(&l->roll, &r->gone);
		break;
	case JOURNAL_LONG_GONE:
		roll_put_gone(&l->roll, r->gone);
		break;
	case JOURNAL_STAMPS:
		memcpy(l->stamps, r->stamps, sizeof l->stamps);
		break;
	case JOURNAL_START:
	case JOURNAL_KEYWORD:
	case JOURNAL_NEXT:
		break;
	}
}
