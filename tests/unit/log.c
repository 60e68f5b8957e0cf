/* links: io base : z */
#include "io/log.h"

#include <fcntl.h>
#include <unistd.h>

#include "tests/unit/unit.h"

static int fd[2];

static span logged(void)
{
	static char got[4096];
	ssize_t n = read(fd[0], got, sizeof got);
	return span_of(got, n > 0 ? (size_t)n : 0);
}

int main(void)
{
	char name[32], big[5000];
	log_line l;
	(void)alarm(20);
	if (pipe(fd) < 0)
		abort();
	(void)snprintf(name, sizeof name, "fd:%d", fd[1]);
	(void)setenv("PABAL_LOG", name, 1);
	log_open("unit");

	log_begin(&l, "test");
	log_puts(&l, "key", "value");
	log_putn(&l, "n", -5);
	log_end(&l);
	CHECK(span_eq(logged(), S("unit: event=test key=value n=-5\n")), "one line");

	log_begin(&l, "test");
	log_put(&l, "v", span_of("a b\n\"\\\x7f\0\xff", 9));
	log_end(&l);
	CHECK(span_eq(logged(), S("unit: event=test v=a\\x20b\\x0a\\x22\\x5c\\x7f\\x00\\xff\n")),
	      "all that could end the value or the line is escaped");

	memset(big, 'x', sizeof big);
	log_begin(&l, "test");
	log_put(&l, "v", span_of(big, sizeof big));
	log_end(&l);
	span s = logged();
	CHECK(s.n <= sizeof l.text && s.p[s.n - 1] == '\n' && span_find(s, '\n') == s.n - 1,
	      "a long value is cut, the line still ends");
	memset(big, 1, sizeof big);
	log_begin(&l, "test");
	log_put(&l, "v", span_of(big, sizeof big));
	log_puts(&l, "w", "x");
	log_end(&l);
	s = logged();
	CHECK(s.n <= sizeof l.text && s.p[s.n - 1] == '\n', "so is one that grows by escaping");

	status st = status_make(67, 550, "5.1.1", "no such user");
	log_begin(&l, "s");
	log_status(&l, &st);
	log_end(&l);
	CHECK(span_eq(logged(), S("unit: event=s code=67 reply=550 enhanced=5.1.1 "
				  "text=no\\x20such\\x20user\n")),
	      "a status");
	log_config_error("/etc/x", 12, "bad");
	CHECK(span_eq(logged(), S("unit: event=config-error file=/etc/x line=12 text=bad\n")),
	      "file and line");
	log_close();
	log_config_error("/etc/x", 0, "bad");
	(void)fcntl(fd[0], F_SETFL, O_NONBLOCK);
	CHECK(logged().n == 0, "closed: nowhere");
	(void)setenv("PABAL_LOG", "none", 1);
	log_open("unit");
	log_config_error("/etc/x", 0, "bad");
	CHECK(logged().n == 0, "none: nowhere");
	(void)setenv("PABAL_LOG", "fd:999", 1);
	log_open("unit");
	log_config_error("/etc/x", 0, "bad");
	CHECK(logged().n == 0, "a log that cannot be written stops nothing");
	return unit_done();
}
