#include "tls/pump.h"

#include <errno.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <malloc.h>

#include "io/clock.h"

enum {
	ROOM = 16384,	  /* a TLS record */
	IDLE_MS = 250,	  /* then the memory of what was is given back */
	FLUSH_MS = 30000, /* a peer that takes nothing gets this long once the program has ended */
	LINGER_MS = 2000,
};

typedef struct flow {
	char *buf;
	size_t at, end;
	bool over; /* nothing more comes in */
} flow;

typedef struct state {
	pump *p;
	flow up, down;	    /* to the program, from the program */
	enum tls_result rx; /* what reading waits for; TLS_OK: try */
	enum tls_result tx;
	bool told;   /* the program has heard of the end */
	bool broken; /* no octet can go out any more */
	bool moved;
} state;

static bool waiting(enum tls_result r)
{
	return r == TLS_WAIT_READ || r == TLS_WAIT_WRITE;
}

static void from_net(state *s)
{
	size_t got;
	if (s->up.over || s->up.at != s->up.end || s->rx != TLS_OK)
		return;
	s->rx = tls_read(s->p->conn, s->up.buf, ROOM, &got);
	if (s->rx == TLS_OK) {
		s->up.at = 0;
		s->up.end = got;
		s->moved = true;
	} else if (!waiting(s->rx)) {
		s->up.over = true;
		s->p->cut = s->rx != TLS_CLOSED;
		s->broken = s->rx == TLS_BROKEN;
		if (s->rx != TLS_CLOSED)
			s->p->why = tls_error(s->p->conn);
	}
}

static void to_program(state *s)
{
	flow *f = &s->up;
	if (f->at == f->end)
		return;
	ssize_t n = write(s->p->to_program, f->buf + f->at, f->end - f->at);
	if (n > 0) {
		f->at += (size_t)n;
		s->moved = true;
	} else if (n < 0 && errno != EAGAIN && errno != EINTR) {
		f->at = f->end; /* it reads no more, and may still write */
		f->over = true;
		s->told = true;
	}
}

static void let_go_of_poison(pump *p)
{
	if (p->poison >= 0)
		(void)close(p->poison);
	p->poison = -1;
}

/* The end of the peer's octets, once all before has been taken; on a socket of its own it says how they ended. */
static void tell_end(state *s)
{
	pump *p = s->p;
	if (!s->up.over || s->up.at != s->up.end || s->told)
		return;
	s->told = true;
	if (p->poison >= 0 && p->cut)
		(void)!send(p->poison, "", 1, MSG_NOSIGNAL | MSG_DONTWAIT);
	bool own = p->poison >= 0;
	let_go_of_poison(p);
	if (own) {
		(void)close(p->to_program);
		p->to_program = -1;
	} else {
		(void)shutdown(p->to_program, SHUT_WR);
	}
}

static void from_program(state *s)
{
	flow *f = &s->down;
	if (f->over || f->at != f->end)
		return;
	ssize_t n = read(s->p->from_program, f->buf, ROOM);
	if (n > 0) {
		f->at = 0;
		f->end = (size_t)n;
		s->moved = true;
	} else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
		f->over = true;
		s->moved = true;
		let_go_of_poison(s->p);
	}
}

static void to_net(state *s)
{
	flow *f = &s->down;
	size_t put;
	if (f->at == f->end || s->tx != TLS_OK)
		return;
	s->tx = tls_write(s->p->conn, span_of(f->buf + f->at, f->end - f->at), &put);
	if (s->tx == TLS_OK) {
		f->at += put;
		s->moved = true;
	} else if (!waiting(s->tx)) {
		s->broken = true;
	}
}

/* An idle session keeps few pages. */
static void give_back(state *s)
{
	(void)madvise(s->up.buf, ROOM, MADV_DONTNEED);
	(void)madvise(s->down.buf, ROOM, MADV_DONTNEED);
	(void)malloc_trim(0);
}

static short wanted(const state *s, short direction)
{
	enum tls_result want = direction == POLLIN ? TLS_WAIT_READ : TLS_WAIT_WRITE;
	bool reads = !s->up.over && s->up.at == s->up.end && s->rx == want;
	bool writes = s->down.at != s->down.end && s->tx == want;
	return reads || writes ? direction : 0;
}

static void wait_for_more(state *s, int64_t deadline, bool *idle)
{
	const pump *p = s->p;
	struct pollfd f[4] = {
	    {.fd = p->net_in, .events = wanted(s, POLLIN)},
	    {.fd = p->net_out, .events = wanted(s, POLLOUT)},
	    {.fd = p->from_program},
	    {.fd = p->to_program, .events = s->up.at != s->up.end ? POLLOUT : 0},
	};
	if (!s->down.over && s->down.at == s->down.end)
		f[2].events = POLLIN;
	for (size_t i = 0; i < 4; i++)
		if (!f[i].events)
			f[i].fd = -1; /* an end that was seen would be told again and again */
	bool empty = s->up.at == s->up.end && s->down.at == s->down.end && !deadline;
	int n = poll(f, 4, empty && !*idle ? IDLE_MS : clock_left(deadline));
	if (n == 0 && empty && !*idle) {
		give_back(s);
		*idle = true;
		return;
	}
	*idle = n <= 0 && *idle;
	s->rx = waiting(s->rx) ? TLS_OK : s->rx;
	s->tx = waiting(s->tx) ? TLS_OK : s->tx;
}

/* A close with input unread would reset the connection, and the last words would be lost with it. */
static void part(const pump *p)
{
	char junk[1024];
	int64_t deadline = clock_ms() + LINGER_MS;
	struct pollfd f = {.fd = p->net_in, .events = POLLIN};
	enum tls_result r = p->cut ? TLS_CUT : tls_bye(p->conn);
	if (waiting(r) && pump_wait(p, r, deadline))
		(void)tls_bye(p->conn);
	(void)shutdown(p->net_out, SHUT_WR);
	while (poll(&f, 1, clock_left(deadline)) > 0 && read(p->net_in, junk, sizeof junk) > 0)
		;
}

bool pump_wait(const pump *p, enum tls_result r, int64_t deadline)
{
	struct pollfd f = {.fd = r == TLS_WAIT_READ ? p->net_in : p->net_out,
			   .events = r == TLS_WAIT_READ ? POLLIN : POLLOUT};
	int n;
	while ((n = poll(&f, 1, clock_left(deadline))) < 0 && errno == EINTR)
		;
	return n > 0;
}

static char *pages(void)
{
	void *p = mmap(NULL, ROOM, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return p == MAP_FAILED ? NULL : p;
}

void pump_run(pump *p)
{
	state s = {.p = p, .up.buf = pages(), .down.buf = pages()};
	int64_t deadline = 0;
	bool idle = false;
	while (s.up.buf && s.down.buf && !s.broken) {
		s.moved = false;
		from_net(&s);
		to_program(&s);
		tell_end(&s);
		from_program(&s);
		to_net(&s);
		if (s.down.over && s.down.at == s.down.end)
			break;
		if (s.down.over && !deadline)
			deadline = clock_ms() + FLUSH_MS;
		if (deadline && clock_left(deadline) == 0)
			break;
		if (!s.moved)
			wait_for_more(&s, deadline, &idle);
	}
	s.up.over = true;
	s.up.at = s.up.end;
	p->cut = p->cut || s.broken;
	tell_end(&s);
	if (!s.broken)
		part(p);
}
