#include "io/clock.h"
#include "queue/drop.h"

enum { MARK = 7, UID_AT = 8, UID_DIGITS = 7, RANDOM_AT = 15 };

void drop_id_make(char id[static QID_LEN + 1], uid_t owner)
{
	qid_digits((uint64_t)clock_now(), MARK, id);
	id[MARK] = 'U';
	qid_digits(owner, UID_DIGITS, id + UID_AT);
	qid_digits(qid_random(), QID_LEN - RANDOM_AT, id + RANDOM_AT);
	id[QID_LEN] = 0;
}

bool drop_id_owner(span id, uid_t *uid)
{
	char digits[UID_DIGITS];
	uint64_t v = 0;
	if (!qid_valid(id) || id.p[MARK] != 'U')
		return false;
	for (size_t i = 0; i < UID_DIGITS; i++)
		for (uint64_t d = 0; d < 32; d++) {
			qid_digits(d, 1, digits);
			if (digits[0] == id.p[UID_AT + i])
				v = v << 5 | d;
		}
	/* Written again it must be the same: digits that are none, and numbers above a uid. */
	qid_digits(v, UID_DIGITS, digits);
	if (v > UINT32_MAX || memcmp(digits, id.p + UID_AT, UID_DIGITS) != 0)
		return false;
	if (uid)
		*uid = (uid_t)v;
	return true;
}
