#include "net/handover.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "io/clock.h"
#include "io/frame.h"
#include "io/out.h"
#include "io/passed.h"
#include "io/proc.h"

enum { REQUEST_MAX = 512, READY_MS = 15000, GRACE_MS = 5000 };

bool tls_service_start(tls_service *s, bool client)
{
	char path[PATH_MAX], mode[] = "-S", both[] = "-cS";
	char *const argv[] = {path, client ? both : mode, NULL};
	int ends[2];
	*s = TLS_SERVICE_NONE;
	s->client = client;
	(void)snprintf(s->why, sizeof s->why, "tls-wrap does not start");
	if (!proc_beside("tls-wrap", path) || access(path, X_OK) < 0 ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return false;
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	proc_fds fds = {.in = ends[1], .out = null, .err = -1, .extra = -1, .extra_as = -1};
	pid_t pid = null < 0 ? -1 : proc_spawn(argv, NULL, fds);
	(void)close(ends[1]);
	if (null >= 0)
		(void)close(null);
	if (pid > 0) {
		s->fd = ends[0];
		return true;
	}
	(void)close(ends[0]);
	return false;
}

bool tls_service_ready(tls_service *s)
{
	char text[TLS_WHY_MAX];
	struct pollfd p = {.fd = s->fd, .events = POLLIN};
	int64_t deadline = clock_ms() + READY_MS;
	ssize_t n = -1;
	int came;
	if (s->fd < 0 || s->ready)
		return s->ready;
	while ((came = poll(&p, 1, clock_left(deadline))) < 0 && errno == EINTR)
		;
	if (came > 0)
		n = recv(s->fd, text, sizeof text - 1, MSG_DONTWAIT);
	s->ready = n == 1 && text[0] == '+';
	if (s->ready)
		return true;
	if (n > 0)
		(void)snprintf(s->why, sizeof s->why, "%.*s", (int)n, text);
	tls_service_close(s);
	return false;
}

void tls_service_close(tls_service *s)
{
	if (s->fd >= 0)
		(void)close(s->fd);
	s->fd = -1;
	s->ready = false;
}

static bool send_request(int service, int network, int plain, const tls_want *want, bool client)
{
	char text[REQUEST_MAX];
	const int fds[2] = {network, plain};
	int n = snprintf(text, sizeof text, "%s%c%s%c%s%c%s%c", client ? "client" : "server", 0,
			 want->alpn ? want->alpn : "", 0, want->name ? want->name : "", 0,
			 want->verify ? "1" : "0", 0);
	if (n < 0 || (size_t)n >= sizeof text) {
		errno = EMSGSIZE;
		return false;
	}
	struct iovec v = {text, (size_t)n};
	return passed_send(service, &v, 1, fds, 2) == n;
}

/* A tls-wrap that was killed has a successor, which serves this process and its children alone. */
static bool request(tls_service *s, int connection, int plain, const tls_want *want)
{
	if (send_request(s->fd, connection, plain, want, s->client))
		return true;
	if (errno != EPIPE && errno != ECONNRESET)
		return false;
	tls_service_close(s);
	return tls_service_start(s, s->client) && tls_service_ready(s) &&
	       send_request(s->fd, connection, plain, want, s->client);
}

int tls_start(tls_service *s, int connection, const tls_want *want, tls_facts *facts,
	      char why[static TLS_WHY_MAX])
{
	int ends[2];
	if (!tls_service_ready(s)) {
		(void)snprintf(why, TLS_WHY_MAX, "%s", s->why);
		return -1;
	}
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0) {
		(void)snprintf(why, TLS_WHY_MAX, "socketpair: %s", strerror(errno));
		return -1;
	}
	bool sent = request(s, connection, ends[1], want);
	if (!sent)
		(void)snprintf(why, TLS_WHY_MAX, "tls-wrap cannot be asked");
	(void)close(ends[1]);
	if (sent && tls_hear(ends[0], clock_ms() + TLS_SECONDS * 1000 + GRACE_MS, facts, why))
		return ends[0];
	(void)close(ends[0]);
	return -1;
}

/* Exactly n octets: what follows them is the session's. */
static bool read_exactly(int fd, char *to, size_t n, int64_t deadline)
{
	while (n) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		int came = poll(&p, 1, clock_left(deadline));
		if (came < 0 && errno == EINTR)
			continue;
		ssize_t got = came > 0 ? read(fd, to, n) : -1;
		if (got < 0 && came > 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (got <= 0)
			return false;
		to += got;
		n -= (size_t)got;
	}
	return true;
}

/* Words of the process that has met the peer: cleaned. */
static void take_words(span text, char why[static TLS_WHY_MAX])
{
	size_t n = 0;
	for (size_t i = 0; i < text.n && n < TLS_WHY_MAX - 1; i++)
		why[n++] = text.p[i] >= 0x20 && text.p[i] < 0x7f ? text.p[i] : '?';
	why[n] = 0;
}

bool tls_hear(int plain, int64_t deadline, tls_facts *facts, char why[static TLS_WHY_MAX])
{
	unsigned char head[FRAME_HEAD];
	char payload[TLS_ANSWER_MAX];
	if (!read_exactly(plain, (char *)head, sizeof head, deadline)) {
		(void)snprintf(why, TLS_WHY_MAX, "no handshake in time");
		return false;
	}
	size_t n = (size_t)head[1] << 24 | (size_t)head[2] << 16 | (size_t)head[3] << 8 | head[4];
	if (n > sizeof payload || !read_exactly(plain, payload, n, deadline)) {
		(void)snprintf(why, TLS_WHY_MAX, "nonsense from tls-wrap");
		return false;
	}
	if (head[0] == 'T' && tls_facts_read(span_of(payload, n), facts))
		return true;
	take_words(head[0] == 'F' ? span_of(payload, n) : S("nonsense from tls-wrap"), why);
	return false;
}

/* By write(2), the only call that each of its sandboxes lets through. */
static bool put_frame(int plain, char type, span payload)
{
	char octets[FRAME_HEAD + TLS_ANSWER_MAX];
	octets[0] = type;
	octets[1] = octets[2] = 0;
	octets[3] = (char)(payload.n >> 8);
	octets[4] = (char)(payload.n & 0xff);
	memcpy(octets + FRAME_HEAD, payload.p, payload.n);
	return write_all(plain, span_of(octets, FRAME_HEAD + payload.n));
}

bool tls_answer(int plain, const tls_facts *f)
{
	const span fields[] = {
	    span_str(f->version),
	    span_str(f->cipher),
	    span_str(f->sni),
	    span_str(f->alpn),
	    span_str(f->exporter),
	    span_str(f->peer),
	    f->verified ? S("1") : S("0"),
	};
	char payload[TLS_ANSWER_MAX];
	size_t n = 0;
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
		if (fields[i].n + 1 > sizeof payload - n) {
			errno = EMSGSIZE;
			return false;
		}
		memcpy(payload + n, fields[i].p, fields[i].n);
		n += fields[i].n;
		payload[n++] = 0;
	}
	return put_frame(plain, 'T', span_of(payload, n));
}

bool tls_refuse(int plain, const char *why)
{
	return put_frame(plain, 'F', span_sub(span_str(why), 0, TLS_WHY_MAX - 1));
}

/* Graphic ASCII only. */
static bool take(span *payload, char *to, size_t room)
{
	span field;
	if (!frame_field(payload, &field) || field.n >= room)
		return false;
	for (size_t i = 0; i < field.n; i++)
		if (field.p[i] <= 0x20 || field.p[i] >= 0x7f)
			return false;
	if (field.n)
		memcpy(to, field.p, field.n);
	to[field.n] = 0;
	return true;
}

bool tls_facts_read(span payload, tls_facts *f)
{
	char verified[2];
	memset(f, 0, sizeof *f);
	if (!take(&payload, f->version, sizeof f->version) ||
	    !take(&payload, f->cipher, sizeof f->cipher) ||
	    !take(&payload, f->sni, sizeof f->sni) || !take(&payload, f->alpn, sizeof f->alpn) ||
	    !take(&payload, f->exporter, sizeof f->exporter) ||
	    !take(&payload, f->peer, sizeof f->peer) ||
	    !take(&payload, verified, sizeof verified) || payload.n || !f->version[0])
		return false;
	f->verified = verified[0] == '1';
	return true;
}

static bool set(const char *name, const char *value)
{
	return (value && *value ? setenv(name, value, 1) : unsetenv(name)) == 0;
}

bool tls_facts_to_env(const tls_facts *f)
{
	return set("TLS_VERSION", f ? f->version : NULL) &&
	       set("TLS_CIPHER", f ? f->cipher : NULL) && set("TLS_SNI", f ? f->sni : NULL) &&
	       set("TLS_ALPN", f ? f->alpn : NULL) && set("TLS_EXPORTER", f ? f->exporter : NULL) &&
	       set("TLS_PEER", f ? f->peer : NULL);
}

static bool parse_request(span text, tls_request *r)
{
	char mode[8], verify[2];
	if (!take(&text, mode, sizeof mode) || !take(&text, r->alpn, sizeof r->alpn) ||
	    !take(&text, r->name, sizeof r->name) || !take(&text, verify, sizeof verify) || text.n)
		return false;
	r->client = strcmp(mode, "client") == 0;
	r->verify = verify[0] == '1';
	return true;
}

enum tls_heard tls_request_read(int service, tls_request *r)
{
	char text[REQUEST_MAX];
	int fds[2] = {-1, -1};
	size_t count;
	ssize_t n = passed_recv(service, text, sizeof text, fds, 2, &count);
	if (n < 0)
		return errno == EINTR || errno == EAGAIN ? TLS_NONSENSE : TLS_END;
	r->network = fds[0];
	r->plain = fds[1];
	if (n > 0 && count == 2 && parse_request(span_of(text, (size_t)n), r))
		return TLS_REQUEST;
	for (size_t i = 0; i < count; i++)
		(void)close(fds[i]);
	return n == 0 && count == 0 ? TLS_END : TLS_NONSENSE;
}
