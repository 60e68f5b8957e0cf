/* queue-add(1): a message on fd 0 becomes durable in the queue. */
#include <sysexits.h>

#include "base/die.h"
#include "io/control.h"
#include "io/log.h"
#include "io/out.h"
#include "io/proc.h"
#include "queue/room.h"
#include "queue/scan.h"
#include "queue/submit.h"

enum { MAX_SIZE_DEFAULT = 50 << 20 };

typedef struct options {
	const char *sender;
	bool from_header;
	int envelope_fd;
	char **rcpts;
} options;

static const char usage_text[] =
    "usage: queue-add [-t] [-f SENDER] [-e FD] [--] [RECIPIENT...] <message\n";

static _Noreturn void misuse(void)
{
	(void)fputs(usage_text, stderr);
	exit(EX_TEMPFAIL);
}

static options parse(int argc, char **argv)
{
	options o = {.envelope_fd = -1};
	uint64_t fd;
	int c;
	while ((c = getopt(argc, argv, "+e:f:ht")) != -1) {
		switch (c) {
		case 'e':
			if (!span_u64(span_str(optarg), 1023, &fd))
				misuse();
			o.envelope_fd = (int)fd;
			break;
		case 'f':
			o.sender = optarg;
			break;
		case 'h':
			exit(fputs(usage_text, stdout) < 0 || fflush(stdout) ? EX_IOERR : EX_OK);
		case 't':
			o.from_header = true;
			break;
		default:
			misuse();
		}
	}
	o.rcpts = argv + optind;
	if (o.envelope_fd >= 0 ? o.sender || o.from_header || *o.rcpts
			       : !o.from_header && !*o.rcpts)
		misuse();
	return o;
}

/* The words start with the enhanced status code, for whoever reads the last line of fd 2. */
static _Noreturn void refuse(const status *st)
{
	(void)fprintf(stderr, "%s %s\n", st->enhanced, st->text);
	exit(st->code);
}

static void require(status st)
{
	if (!status_is_ok(&st))
		refuse(&st);
}

/* Without -f: SENDER, as a chain or an agent finds it; else who calls. */
static void take_sender(submission *s, const char *given)
{
	const char *env = getenv("SENDER");
	span login, full;
	char text[64];
	if (!given && env)
		given = *env ? env : "<>";
	if (!given) {
		if (!submit_person(getuid(), &s->mem, &login, &full))
			die(EX_TEMPFAIL, "no -f, no SENDER, and uid %u has no name",
			    (unsigned)getuid());
		(void)snprintf(text, sizeof text, "%.*s", SPAN_FMT(login));
		given = text;
	}
	if (!submit_sender(s, span_str(given)))
		die(EX_TEMPFAIL, "sender \"%s\" is no address%s", given,
		    s->me.n ? "" : ", or needs control/me");
}

static void take_envelope(submission *s, const options *o)
{
	if (control_value("me", &s->mem, &s->me) == CONTROL_ERROR)
		die_errno(EX_TEMPFAIL, "%s/control/me", control_root());
	if (o->envelope_fd >= 0) {
		require(submit_envelope(s, o->envelope_fd));
		return;
	}
	take_sender(s, o->sender);
	for (char **r = o->rcpts; *r; r++)
		if (!submit_rcpt(s, span_str(*r)))
			die(EX_TEMPFAIL, "recipient \"%s\" is no address%s", *r,
			    s->me.n ? "" : ", or needs control/me");
}

/* The ID that the caller chose before the chain started, if it is free; a new one else. new/ID is ours before
 * the rest of the queue is searched, so two callers with one ID cannot both find it free. */
static bool begin(qadd *q, int queue, const envelope *env, uint64_t max)
{
	const char *id = getenv("QUEUE_ID");
	if (id && qid_valid(span_str(id)) && qadd_begin(q, queue, id, env, max)) {
		if (scan_is_alone(queue, id))
			return true;
		qadd_abort(q);
	}
	return qadd_begin(q, queue, NULL, env, max);
}

static int open_queue(void)
{
	room_floor floor;
	const char *name;
	if (!room_read(&floor, &name))
		die_errno(EX_TEMPFAIL, "%s/control/%s", control_root(), name);
	int queue = qadd_open_queue();
	if (queue < 0)
		die_errno(EX_TEMPFAIL, "%s/queue", control_root());
	require(room_check(&floor, queue, 0));
	return queue;
}

static void log_queued(const qadd *q, const submission *s)
{
	str sender = str_new(1024);
	log_line l;
	addr_write(&s->env.sender.addr, &sender);
	log_begin(&l, "queued");
	log_puts(&l, "id", q->id);
	log_put(&l, "from", str_span(&sender));
	log_putn(&l, "rcpts", (int64_t)s->env.rcpt_count);
	log_putn(&l, "size", (int64_t)q->size);
	log_putn(&l, "uid", getuid());
	log_end(&l);
	str_free(&sender);
}

int main(int argc, char **argv)
{
	submission s;
	qadd q;
	uint64_t max;
	proc_start(argv[0]);
	options o = parse(argc, argv);
	log_open("queue-add");
	if (!control_number("max-size", UINT64_C(1) << 40, MAX_SIZE_DEFAULT, &max))
		die_errno(EX_TEMPFAIL, "%s/control/max-size", control_root());
	submit_open(&s, STDIN_FILENO, false);
	s.from_header = o.from_header;
	take_envelope(&s, &o);
	require(submit_head(&s));
	if (s.env.rcpt_count == 0)
		die(EX_TEMPFAIL, "no recipient, neither in the header nor as an argument");
	int queue = open_queue();
	if (!begin(&q, queue, &s.env, max))
		die_errno(EX_TEMPFAIL, "%s/queue", control_root());
	status st = submit_put(&s, &q, S(""));
	if (!status_is_ok(&st)) {
		qadd_abort(&q);
		refuse(&st);
	}
	require(qadd_commit(&q));
	log_queued(&q, &s);
	submit_close(&s);
	if (printf("queued %s\n", q.id) < 0 || fflush(stdout) != 0)
		die_errno(EX_TEMPFAIL, "standard output");
	return EX_OK;
}
