#include "run/login_session.h"

#include <sys/stat.h>

#include "base/die.h"
#include "base/status.h"
#include "io/log.h"
#include "io/user.h"
#include "run/front.h"

enum { PATHS_MAX = 8 };

static bool failed(const login_account *a, const char *what)
{
	log_line l;
	int error = errno;
	log_begin(&l, "session-refused");
	log_puts(&l, "user", a->address);
	log_puts(&l, "what", what);
	log_puts(&l, "text", strerror(error));
	log_end(&l);
	return false;
}

/* Where the tables name no owner, root becomes the one of the directory. */
static bool become_owner(const login_account *a)
{
	struct stat st;
	uid_t uid = a->uid;
	gid_t gid = a->gid;
	if (!a->has_owner) {
		if (geteuid() != 0)
			return true;
		if (stat(a->maildir, &st) < 0)
			return failed(a, "Maildir");
		uid = st.st_uid;
		gid = st.st_gid;
	}
	if (!user_become_ids(uid, gid))
		return failed(a, "becoming the owner of the mailbox");
	return user_limit_powers(USER_NONE) || failed(a, "letting go of powers");
}

static bool confine(const login_protocol *p, const login_account *a, bool optional)
{
	sandbox_path paths[PATHS_MAX] = {{a->maildir, true}};
	size_t n = 1;
	for (size_t i = 0; i < p->path_count && n < PATHS_MAX; i++)
		if (access(p->paths[i].path, F_OK) == 0)
			paths[n++] = p->paths[i];
	return sandbox_session(paths, n, p->converters) || failed(a, "sandbox") || optional;
}

static void flush(void *arg)
{
	(void)out_flush(arg);
}

int login_session_run(const login_protocol *p, const login_account *a, const login_end *end)
{
	in from;
	out to;
	front_signals(0, false);
	tzset(); /* reads a file, for the stamps of syslog(3) */
	(void)umask(077);
	if (chdir("/") < 0 || !become_owner(a) || !confine(p, a, end->sandbox_optional))
		return EX_TEMPFAIL;
	in_open(&from, 0, p->session_in);
	out_open(&to, 1, p->session_out);
	from.before_wait = flush;
	from.before_wait_arg = &to;
	login_session s = {
	    .in = &from,
	    .out = &to,
	    .address = a->address,
	    .maildir = a->maildir,
	    .state = end->state,
	    .me = end->me,
	    .ip = end->ip,
	    .stop = &front_stop,
	    .waiting = &front_waiting,
	};
	int code = in_give(&from, end->read) ? p->session(&s) : EX_TEMPFAIL;
	(void)out_flush(&to);
	out_close(&to);
	in_close(&from);
	return code;
}
