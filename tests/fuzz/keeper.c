/* links: run smtp resolve auth maildir queue mail net io base : z */
/* The keeper's ear: records of a talker that was taken over. There is no installation, so nothing may ever be
 * answered with 250. */
#include "run/keeper.h"

#include <string.h>
#include <sys/socket.h>

#include "run/talk.h"

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t size)
{
	static resolver *r;
	int ends[2];
	if (!r) {
		(void)setenv("PABAL_ROOT", "/nonexistent", 1);
		r = resolver_open();
	}
	if (size > 4096 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return 0;
	if (write(ends[0], octets, size) != (ssize_t)size)
		abort();
	(void)shutdown(ends[0], SHUT_WR);
	tls_service none = TLS_SERVICE_NONE;
	keeper_config config = {.limits = {.me = S("me.example"),
					   .max_size = 1 << 20,
					   .max_rcpts = 3,
					   .max_errors = 50,
					   .idle_ms = 1000,
					   .max_mails = 10},
				.tls = LOGIN_TLS_OFFERED,
				.tls_service = &none};
	peer client = {.loopback = true};
	keeper_run(&config, r, ends[1], size % 2 ? &client : NULL);
	(void)close(ends[1]);
	in from;
	smtp_verdict v;
	in_open(&from, ends[0], 4096);
	while (talk_recv_verdict(&from, &v))
		if (v.st.reply < 400)
			abort();
	in_close(&from);
	(void)close(ends[0]);
	return 0;
}
