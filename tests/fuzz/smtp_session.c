/* links: smtp mail io base : z */
/* A whole session against a keeper that says yes and no by the address. What must hold: a message is handed over
 * only after a recipient was accepted, and has no CR that was not in the client's words. */
#include "smtp/server.h"

#include <string.h>
#include <sys/mman.h>

#include "smtp/data.h"

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t size);

typedef struct fake {
	size_t accepted, messages;
	bool has_mail, open;
	const in *in;
} fake;

static smtp_verdict verdict(bool yes)
{
	smtp_verdict v = {.st = yes ? status_ok() : status_doubt("no")};
	return v;
}

static bool fake_rcpt(void *arg, span mail, span rcpt, smtp_verdict *v)
{
	fake *f = arg;
	if (mail.n) {
		f->has_mail = true;
		f->accepted = 0;
	}
	if (!f->has_mail || rcpt.n == 0)
		abort();
	*v = verdict(span_find(rcpt, 'n') == rcpt.n);
	v->normalize_lf = span_find(rcpt, 'l') < rcpt.n;
	f->accepted += status_is_ok(&v->st);
	return span_find(rcpt, 'x') == rcpt.n;
}

static void taken(fake *f)
{
	if (f->accepted == 0)
		abort();
	f->messages++;
	f->accepted = 0;
	f->has_mail = f->open = false;
}

static bool fake_message(void *arg, span hello, bool esmtp, span message, smtp_verdict *v)
{
	(void)esmtp;
	if (hello.n == 0 || (message.n && memchr(message.p, '\r', message.n)))
		abort();
	taken(arg);
	*v = verdict(message.n % 7 != 3);
	return true;
}

static bool fake_begin(void *arg, span hello, bool esmtp)
{
	fake *f = arg;
	(void)esmtp;
	if (hello.n == 0 || f->open || f->accepted == 0)
		abort();
	f->open = true;
	return true;
}

static bool fake_data(void *arg, span octets)
{
	fake *f = arg;
	if (!f->open)
		abort();
	return octets.n != 12345;
}

static bool fake_commit(void *arg, smtp_verdict *v)
{
	fake *f = arg;
	if (!f->open)
		abort();
	taken(f);
	*v = verdict(true);
	return true;
}

static bool fake_refuse(void *arg, const status *why)
{
	fake *f = arg;
	f->open = f->has_mail = false;
	f->accepted = 0;
	return why->reply >= 400;
}

static bool fake_stage(void *arg, enum smtp_stage stage, span words, smtp_verdict *v)
{
	fake *f = arg;
	if (stage == STAGE_MAIL) {
		f->has_mail = true;
		f->accepted = 0;
	}
	v->st = span_find(words, '!') == words.n ? status_ok()
						 : status_make(EX_NOPERM, 550, "5.7.1", "no");
	return true;
}

static bool fake_attributes(void *arg, bool client, span args, smtp_verdict *v)
{
	(void)arg;
	(void)client;
	if (args.n == 0)
		abort();
	v->st = status_ok();
	return true;
}

static bool fake_auth(void *arg, bool first, span line, enum login_answer *a, str *text)
{
	(void)arg;
	if (line.n > LOGIN_LINE_MAX - 2 || (line.n && memchr(line.p, '\n', line.n)))
		abort();
	*a = (enum login_answer)((line.n + first) % 6);
	str_clear(text);
	return str_put(text, span_sub(line, 0, 4)) && line.n != 77;
}

/* The session goes on with what comes, which must be nothing that is buffered already. */
static bool fake_tls(void *arg)
{
	fake *f = arg;
	if (f->in && in_buffered(f->in))
		abort();
	f->open = f->has_mail = false;
	f->accepted = 0;
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t size)
{
	static int fd = -1, null = -1;
	if (fd < 0) {
		fd = memfd_create("client", MFD_CLOEXEC);
		null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	}
	if (ftruncate(fd, 0) < 0 || pwrite(fd, octets, size, 0) != (ssize_t)size ||
	    lseek(fd, 0, SEEK_SET))
		abort();
	fake f = {.accepted = 0};
	const smtp_keeper keeper = {
	    &f,		 fake_rcpt,  fake_message,    fake_begin, fake_data, fake_commit,
	    fake_refuse, fake_stage, fake_attributes, fake_auth,  fake_tls};
	const bool lmtp = size && octets[0] == 'L';
	const smtp_limits limits = {.me = S("me.example"),
				    .max_size = 1 << 20,
				    .max_rcpts = 3,
				    .max_errors = 50,
				    .idle_ms = 1000000,
				    .max_mails = 10,
				    .lmtp = lmtp,
				    .auth = true,
				    .scram = true,
				    .home = S("d.example"),
				    .hold_max = 1000,
				    .stages = (unsigned)(size % 32)};
	in from;
	out to;
	in_open(&from, fd, 4096); /* smaller than the real one: more boundaries */
	out_open(&to, null, 256);
	smtp_session s = {.limits = &limits,
			  .keeper = &keeper,
			  .in = &from,
			  .out = &to,
			  .xclient = size % 5 == 0,
			  .xforward = size % 5 == 0,
			  .login_allowed = size % 3 != 0,
			  .tls = size % 5 ? LOGIN_TLS_OFFERED : LOGIN_TLS_ACTIVE};
	f.in = &from;
	smtp_serve(&s);
	if (!s.over)
		abort();
	in_close(&from);
	out_close(&to);
	return 0;
}
