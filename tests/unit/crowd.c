/* links: run io base : z */
#include "run/crowd.h"

#include "tests/unit/unit.h"

int main(void)
{
	static volatile unsigned char board[4] = {1, 1, 1, 1};
	const prefork_slot slots[] = {
	    {board, 0, 4, 1, -1}, {board, 1, 4, 1, -1}, {board, 2, 4, 1, -1}, {board, 3, 4, 1, -1}};
	const prefork_slot alone = PREFORK_ALONE;
	crowd c;
	CHECK(crowd_open(&c, 2), "open");
	CHECK(crowd_enter(&c, &slots[0], 7) && crowd_enter(&c, &slots[1], 7), "two of a network");
	CHECK(!crowd_enter(&c, &slots[2], 7), "not a third");
	CHECK(crowd_enter(&c, &slots[2], 8), "of another network");
	CHECK(crowd_enter(&c, &slots[3], 0), "of none");
	board[0] = 0; /* it died */
	CHECK(crowd_enter(&c, &slots[3], 7), "a dead one does not count");
	board[0] = 1;
	crowd_leave(&c, &slots[0]);
	crowd_leave(&c, &slots[1]);
	CHECK(crowd_enter(&c, &slots[1], 7), "nor does one that left");
	CHECK(crowd_enter(&c, &alone, 7), "one alone is no crowd");
	crowd_close(&c);
	CHECK(crowd_enter(&c, &slots[2], 7), "closed: nothing is counted");
	return unit_done();
}
