#include "run/starttls.h"

#include <sys/socket.h>
#include <sys/stat.h>

#include "base/die.h"
#include "io/control.h"
#include "io/log.h"

static bool active(bool listening)
{
	const char *version = getenv("TLS_VERSION");
	return !listening && version && *version;
}

static bool is_socket(int fd)
{
	struct stat st;
	return fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode);
}

void starttls_open(tls_service *s, bool listening)
{
	*s = TLS_SERVICE_NONE;
	/* where there are no keys, or it could not be used, an exec is saved */
	if (active(listening) || !is_socket(0) || !control_exists("tls"))
		return;
	if (!tls_service_start(s, false) || !tls_service_ready(s))
		log_config_error("control/tls", 0, s->why);
}

enum login_tls starttls_state(const tls_service *s, bool listening)
{
	if (active(listening))
		return LOGIN_TLS_ACTIVE;
	(void)tls_facts_to_env(NULL);
	return s->ready ? LOGIN_TLS_OFFERED : LOGIN_TLS_NONE;
}

int starttls_begin(tls_service *s, int connection, const char *alpn, int idle_ms, const char *ip,
		   tls_facts *facts)
{
	struct timeval t = {.tv_sec = idle_ms / 1000};
	char why[TLS_WHY_MAX];
	tls_want want = {.alpn = alpn};
	int plain = tls_start(s, connection, &want, facts, why);
	if (plain < 0) {
		log_line l;
		log_begin(&l, "no-tls");
		if (*ip)
			log_puts(&l, "ip", ip);
		log_puts(&l, "text", why);
		log_end(&l);
		return -1;
	}
	(void)setsockopt(plain, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof t);
	(void)tls_facts_to_env(facts);
	return plain;
}
