/* links: smtp base */
#include "smtp/caps.h"

#include "tests/unit/unit.h"

static smtp_caps read_caps(const char *const *lines, size_t count)
{
	smtp_caps c;
	reply r;
	reply_init(&r);
	for (size_t i = 0; i < count; i++) {
		span copy = unit_copy(span_str(lines[i]));
		(void)reply_feed(&r, copy);
		free((char *)(uintptr_t)copy.p);
	}
	smtp_caps_read(&c, &r);
	reply_free(&r);
	return c;
}

int main(void)
{
	static const char *const all[] = {"250-mx.test SIZE 5 PIPELINING\r\n",
					  "250-size 1000 x\r\n",
					  "250-PIPELINING\r\n",
					  "250-8BITMIME\r\n",
					  "250-SmtpUtf8\r\n",
					  "250-X-THING\r\n",
					  "250 STARTTLS\r\n"};
	static const char *const odd[] = {"250-mx.test\r\n", "250-SIZE\r\n", "250-PIPELININGX\r\n",
					  "250-\r\n", "250 AUTH=LOGIN\r\n"};
	static const char *const huge[] = {"250-mx.test\r\n",
					   "250 SIZE 99999999999999999999999\r\n"};
	static const char *const none[] = {"250 PIPELINING\r\n"};
	smtp_caps c = read_caps(all, 7);
	CHECK(c.esmtp && c.size && c.size_max == 1000 && c.pipelining && c.eight_bit && c.utf8 &&
		  c.starttls,
	      "all of them, in any case of letters");
	c = read_caps(odd, 5);
	CHECK(c.esmtp && c.size && c.size_max == 0 && !c.pipelining && !c.eight_bit && !c.utf8,
	      "SIZE without a number; keywords that only look like one");
	c = read_caps(huge, 2);
	CHECK(c.size && c.size_max == 0, "a number that is none is a limit that is not told");
	c = read_caps(none, 1);
	CHECK(c.esmtp && !c.pipelining, "the first line is a greeting");
	return unit_done();
}
