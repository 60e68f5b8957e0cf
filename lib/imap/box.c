#include "imap/box.h"

static size_t room_for(const imap_box *b, const imap_set *set, bool uid)
{
	size_t n = 0, all = folder_count(b->f);
	for (size_t i = 0; i < set->n; i++) {
		const imap_range *r = &set->v[i];
		bool exact;
		size_t from = uid ? folder_find(b->f, r->first, &exact) : r->first - 1;
		size_t to = uid ? folder_find(b->f, r->last, &exact) + exact : r->last;
		n += to > from ? to - from : 0;
	}
	return n < all ? n : all;
}

/* "*" and "1:*" of an empty mailbox mean nothing, and are no mistake: clients ask so before they know. */
static bool only_stars(const imap_set *set)
{
	for (size_t i = 0; i < set->n; i++)
		if (set->v[i].first != IMAP_STAR && set->v[i].last != IMAP_STAR)
			return false;
	return true;
}

bool imap_box_choose(const imap_box *b, imap_set *set, bool uid, size_t **indexes, size_t *count)
{
	size_t all = folder_count(b->f), n = 0;
	if (!uid && !all && only_stars(set))
		set->n = 0;
	imap_set_settle(set, uid ? (all ? folder_at(b->f, all - 1).uid : 0) : (uint32_t)all);
	if (!uid)
		for (size_t i = 0; i < set->n; i++)
			if (set->v[i].first == 0 || set->v[i].last > all)
				return false;
	*count = 0;
	*indexes = arena_alloc(b->mem, (room_for(b, set, uid) + 1) * sizeof **indexes);
	if (!*indexes)
		return false;
	for (size_t i = 0; i < set->n; i++) {
		const imap_range *r = &set->v[i];
		bool exact = false;
		size_t from = uid ? folder_find(b->f, r->first, &exact) : r->first - 1;
		size_t to = uid ? folder_find(b->f, r->last, &exact) + exact : r->last;
		while (from < to)
			(*indexes)[n++] = from++;
	}
	*count = n;
	return true;
}
