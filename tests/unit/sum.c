/* links: io base : z */
#include "io/sum.h"

#include "tests/unit/unit.h"

int main(void)
{
	CHECK(sum_crc32(0, S("123456789")) == 0xcbf43926, "the check value of CRC-32");
	CHECK(sum_crc32(sum_crc32(0, S("1234")), S("56789")) == 0xcbf43926, "in two pieces");
	CHECK(sum_crc32(0, S("")) == 0, "of nothing");
	return unit_done();
}
