/* sendmail(1): what cron, git, mailx and systemd call. The message goes straight into the queue where the caller may
 * write it, else as a complete file into queue/drop/, from where queue-run(8) takes it. */
#include <sys/stat.h>
#include <sysexits.h>

#include "base/die.h"
#include "io/control.h"
#include "io/proc.h"
#include "mail/envelope.h"
#include "queue/drop.h"
#include "queue/room.h"
#include "queue/submit.h"

enum { MAX_SIZE_DEFAULT = 50 << 20 };

typedef struct options {
	const char *sender, *full_name, *notify, *ret, *envid, *body;
	bool from_header, dot_ends;
	char mode; /* of -b */
	char **rcpts;
} options;

static const char usage_text[] =
    "usage: sendmail [-it] [-f SENDER] [-F NAME] [-B TYPE] [-N WHEN] [-R WHAT] [-V ID]\n"
    "                [-o OPTION] [--] [RECIPIENT...] <message\n"
    "       sendmail -bp | -bs | -bv ADDRESS... | -q\n";

static _Noreturn void misuse(void)
{
	(void)fputs(usage_text, stderr);
	exit(EX_USAGE);
}

/* -oi: a lone dot is no end. The others (-oem, -odb …) choose what we do anyway or never do. */
static void long_option(options *o, const char *arg)
{
	if (strcmp(arg, "i") == 0)
		o->dot_ends = false;
}

static bool one_of(const char *value, const char *const *list)
{
	for (; *list; list++)
		if (span_eqi(span_str(value), span_str(*list)))
			return true;
	return false;
}

/* Values that become parameters of the envelope are judged here: a wrong one is a wrong command line. */
static void judge(const options *o)
{
	static const char *const bodies[] = {"7BIT", "8BITMIME", NULL};
	static const char *const rets[] = {"FULL", "HDRS", NULL};
	static const char *const whens[] = {"NEVER", "SUCCESS", "FAILURE", "DELAY", NULL};
	if ((o->body && !one_of(o->body, bodies)) || (o->ret && !one_of(o->ret, rets)) ||
	    (o->notify && !*o->notify) || (o->envid && (!*o->envid || strlen(o->envid) > 100)))
		misuse();
	span rest = span_str(o->notify ? o->notify : "NEVER");
	while (rest.n) {
		char word[16];
		span when = span_cut(&rest, ',');
		(void)snprintf(word, sizeof word, "%.*s", (int)(when.n < 15 ? when.n : 15), when.p);
		if (!one_of(word, whens) ||
		    (span_eqi(when, S("NEVER")) && o->notify && strchr(o->notify, ',')))
			misuse();
	}
}

static options parse(int argc, char **argv)
{
	options o = {.dot_ends = true, .mode = 'm'};
	int c;
	while ((c = getopt(argc, argv, "A:B:C:F:GL:N:O:R:UV:X:b:cd::e:f:himno:p:q::r:tvx")) != -1) {
		switch (c) {
		case 'B':
			o.body = optarg;
			break;
		case 'F':
			o.full_name = optarg;
			break;
		case 'N':
			o.notify = optarg;
			break;
		case 'R':
			o.ret = optarg;
			break;
		case 'V':
			o.envid = optarg;
			break;
		case 'b':
			o.mode = optarg[0] && !optarg[1] ? optarg[0] : '?';
			break;
		case 'f':
		case 'r':
			o.sender = optarg;
			break;
		case 'h':
			exit(fputs(usage_text, stdout) < 0 || fflush(stdout) ? EX_IOERR : EX_OK);
		case 'i':
			o.dot_ends = false;
			break;
		case 'o':
			long_option(&o, optarg);
			break;
		case 'q':
			o.mode = optarg ? '?' : 'q';
			break;
		case 't':
			o.from_header = true;
			break;
		case '?':
			misuse();
		default:
			break; /* taken for the sake of those who give them */
		}
	}
	o.rcpts = argv + optind;
	judge(&o);
	return o;
}

static _Noreturn void refuse(const status *st)
{
	die(st->code, "%s%s%s", st->enhanced, *st->enhanced ? " " : "", st->text);
}

/* The modes that are other programs. */
static void other_program(const options *o)
{
	char list[] = "queue-list", recv[] = "smtp-recv", where[] = "mail-where",
	     run[] = "queue-run";
	char *one[] = {NULL, NULL};
	switch (o->mode) {
	case 'm':
		return;
	case 'p':
		one[0] = list;
		break;
	case 's':
		one[0] = recv;
		break;
	case 'q':
		one[0] = run;
		break;
	case 'i': /* newaliases: the tables are text, there is nothing to build */
		exit(EX_OK);
	case 'v':
		o->rcpts[-1] = where;
		(void)execvp(where, o->rcpts - 1);
		die_errno(EX_TEMPFAIL, "%s", where);
	default:
		misuse();
	}
	(void)execvp(one[0], one);
	die_errno(EX_TEMPFAIL, "%s", one[0]);
}

static void add_param(submission *s, envelope_path *to, const char *key, const char *value)
{
	span v = arena_dup(&s->mem, span_str(value));
	envelope_param *more = arena_alloc(&s->mem, (to->param_count + 1) * sizeof *more);
	if (!more || !v.p)
		die(EX_DATAERR, "too many parameters");
	if (to->param_count)
		memcpy(more, to->params, to->param_count * sizeof *more);
	more[to->param_count++] = (envelope_param){span_str(key), v};
	to->params = more;
}

/* -B, -R, -V and -N in the envelope's words (RFC 6152, RFC 3461). */
static void take_params(submission *s, const options *o)
{
	str envid = str_new(400);
	if (o->body)
		add_param(s, &s->env.sender, "BODY", o->body);
	if (o->ret)
		add_param(s, &s->env.sender, "RET", o->ret);
	if (o->envid) {
		xtext_encode(span_str(o->envid), &envid);
		add_param(s, &s->env.sender, "ENVID", str_cstr(&envid));
	}
	for (size_t i = 0; o->notify && i < s->env.rcpt_count; i++)
		add_param(s, &s->env.rcpts[i], "NOTIFY", o->notify);
	str_free(&envid);
}

/* Who calls: the sender where none is given, and the From field where it is missing. */
static void take_person(submission *s, const options *o)
{
	span login = S(""), full = S("");
	char number[24];
	str from = str_new(1024);
	if (!submit_person(getuid(), &s->mem, &login, &full)) {
		(void)snprintf(number, sizeof number, "uid-%u", (unsigned)getuid());
		login = span_str(number);
	}
	addr self = {.local = arena_dup(&s->mem, login), .domain = s->me};
	if (o->full_name)
		full = span_str(o->full_name);
	if (o->sender && !submit_sender(s, span_str(o->sender)))
		die(EX_USAGE, "sender \"%s\" is no address", o->sender);
	if (!o->sender)
		s->env.sender.addr = self;
	submit_from(full, s->env.sender.addr.null ? &self : &s->env.sender.addr, &from);
	s->from = arena_dup(&s->mem, str_span(&from));
	str_free(&from);
}

/* The queue itself where it is ours to write, else drop/. */
static bool open_queue(qadd *q, int *queue, const envelope *env, uint64_t max)
{
	*queue = qadd_open_queue();
	if (*queue >= 0 && faccessat(*queue, "new", W_OK | X_OK, AT_EACCESS) == 0)
		return qadd_begin(q, *queue, NULL, env, max);
	if (*queue >= 0)
		(void)close(*queue);
	*queue = -1;
	return drop_begin(q, env, max);
}

/* What is dropped takes its own risk: the runner copies it when there is room. */
static status has_room(int queue)
{
	room_floor floor;
	const char *name;
	if (!room_read(&floor, &name))
		return status_doubt("%s/control/%s: %s", control_root(), name, strerror(errno));
	return room_check(&floor, queue, 0);
}

static status add(submission *s, uint64_t max)
{
	qadd q;
	int queue;
	str trace_field = str_new(4096);
	if (!open_queue(&q, &queue, &s->env, max))
		return qadd_status(errno, false);
	status room = queue >= 0 ? has_room(queue) : status_ok();
	if (!status_is_ok(&room)) {
		qadd_abort(&q);
		return room;
	}
	if (queue >= 0) /* in drop/ the runner adds it */
		submit_trace(s, q.id, &trace_field);
	status st = submit_put(s, &q, str_span(&trace_field));
	if (status_is_ok(&st))
		st = queue >= 0 ? qadd_commit(&q) : drop_commit(&q);
	else
		qadd_abort(&q);
	str_free(&trace_field);
	return st;
}

int main(int argc, char **argv)
{
	submission s;
	uint64_t max;
	proc_start(argv[0]);
	options o = parse(argc, argv);
	if (strcmp(die_program, "mailq") == 0)
		o.mode = 'p';
	if (strcmp(die_program, "newaliases") == 0)
		o.mode = 'i';
	other_program(&o);
	if (!o.from_header && !*o.rcpts)
		misuse();
	if (!control_number("max-size", UINT64_C(1) << 40, MAX_SIZE_DEFAULT, &max))
		die_errno(EX_TEMPFAIL, "%s/control/max-size", control_root());
	submit_open(&s, STDIN_FILENO, o.dot_ends);
	if (control_value("me", &s.mem, &s.me) != CONTROL_OK)
		die(EX_TEMPFAIL, "%s/control/me is missing or unreadable", control_root());
	s.from_header = o.from_header;
	s.complete = true;
	take_person(&s, &o);
	for (char **r = o.rcpts; *r; r++)
		if (!submit_rcpt(&s, span_str(*r)))
			die(EX_USAGE, "recipient \"%s\" is no address", *r);
	status st = submit_head(&s);
	if (!status_is_ok(&st))
		refuse(&st);
	if (s.env.rcpt_count == 0)
		die(EX_USAGE, "no recipient");
	take_params(&s, &o);
	st = add(&s, max);
	if (!status_is_ok(&st))
		refuse(&st);
	submit_close(&s);
	return EX_OK;
}
