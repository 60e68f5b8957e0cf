/* The talker of a login without its monitor, for the fuzz targets of POP3 and IMAP: the input up to the first NUL is the client's,
 * the octets behind it choose the monitor's answers, one each. What must hold: nobody is logged in without a Y, and the
 * monitor hears bounded lines only. */
#ifndef TESTS_LOGIN_GREET_H
#define TESTS_LOGIN_GREET_H

#include <sys/mman.h>
#include <sys/socket.h>

#include "auth/login.h"
#include "auth/login_record.h"
#include "base/die.h"

enum { ANSWERS = 40 };

/* All answers are there before they are asked for. */
static bool prepare(int fd, span choices)
{
	static const char types[] = "+WTBY";
	bool yes = false;
	for (size_t i = 0; i < ANSWERS; i++) {
		unsigned char c = i < choices.n ? (unsigned char)choices.p[i] : 1;
		char type = types[c % 5];
		span text = S("d29yZHM=");
		yes |= type == 'Y';
		if (!frame_send(fd, type, &text, 1))
			abort();
	}
	(void)shutdown(fd, SHUT_WR);
	return yes;
}

static void check_requests(int fd)
{
	char type, payload[LOGIN_LINE_MAX];
	size_t n;
	in from;
	in_open(&from, fd, 4096);
	while (frame_recv(&from, &type, payload, sizeof payload, &n) == IN_OK)
		if ((type != 'S' && type != 'R') || memchr(payload, '\n', n))
			__builtin_trap();
	in_close(&from);
}

/* `greet` as login_protocol.talk; `state_ok`: what it may tell the session. */
static int fuzz_greet(const uint8_t *data, size_t size, bool (*greet)(login_talk *),
		      bool (*state_ok)(span state))
{
	static int fd = -1, null = -1;
	int ends[2];
	if (fd < 0) {
		fd = memfd_create("client", MFD_CLOEXEC);
		null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	}
	span choices = span_of((const char *)data, size), client = span_cut(&choices, 0);
	if (client.n > 20000 || ftruncate(fd, 0) < 0 ||
	    pwrite(fd, client.p, client.n, 0) != (ssize_t)client.n || lseek(fd, 0, SEEK_SET) ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return 0;
	bool yes = prepare(ends[0], choices);
	in from;
	out to;
	in_open(&from, fd, LOGIN_IN);
	out_open(&to, null, 4096);
	login_talk t = {.in = &from,
			.out = &to,
			.me = S("me.example"),
			.allowed = choices.n % 4 != 3,
			.scram = true,
			.idle_ms = 100000,
			.state = str_new(LOGIN_STATE_MAX),
			.monitor = ends[1]};
	in_open(&t.from, ends[1], LOGIN_LINE_MAX);
	if (greet(&t) && (!yes || !t.allowed || !state_ok(str_span(&t.state))))
		__builtin_trap();
	(void)close(ends[1]);
	check_requests(ends[0]);
	(void)close(ends[0]);
	in_close(&t.from);
	in_close(&from);
	out_close(&to);
	str_free(&t.state);
	return 0;
}

#endif
