/* smtp-send: one message to the mail hosts of a domain, or jobs as the queue's worker. */
#include <errno.h>
#include <stdio.h>

#include "base/die.h"
#include "io/control.h"
#include "io/file.h"
#include "io/log.h"
#include "io/proc.h"
#include "io/sandbox.h"
#include "smtp/relay_jobs.h"

static const char usage[] =
    "usage: smtp-send [-T SECONDS] [-f SENDER] DOMAIN[:PORT] RECIPIENT... <message\n"
    "       smtp-send [-T SECONDS] [-f SENDER] -c HOST[:PORT] RECIPIENT... <message\n"
    "       smtp-send [-T SECONDS] -b <jobs >>results\n";

typedef struct options {
	bool batch;
	const char *sender, *host;
	uint64_t seconds; /* cap of each time-out, 0: none */
} options;

static options read_options(int argc, char **argv)
{
	options o = {.sender = getenv("SENDER")};
	int c;
	if (o.sender && !o.sender[0])
		o.sender = "<>"; /* as chains have it */
	if (!control_number("smtp-timeout", 3600, 0, &o.seconds))
		die_errno(EX_TEMPFAIL, "control/smtp-timeout");
	while ((c = getopt(argc, argv, "bc:f:hT:")) != -1) {
		switch (c) {
		case 'b':
			o.batch = true;
			break;
		case 'c':
			o.host = optarg;
			break;
		case 'f':
			o.sender = optarg;
			break;
		case 'T':
			if (!span_u64(span_str(optarg), 3600, &o.seconds))
				die(EX_TEMPFAIL, "-T: no number of seconds: %s", optarg);
			break;
		case 'h':
			(void)fputs(usage, stdout);
			exit(fflush(stdout) == 0 ? 0 : EX_TEMPFAIL);
		default:
			(void)fputs(usage, stderr);
			exit(EX_TEMPFAIL);
		}
	}
	if (o.batch ? optind != argc || o.host : argc - optind < (o.host ? 1 : 2)) {
		(void)fputs(usage, stderr);
		exit(EX_TEMPFAIL);
	}
	return o;
}

/* Which outcome the exit code tells: one that is worth another try before one that is final. */
static int worse(int a, int b)
{
	return a == EX_TEMPFAIL || (a && b != EX_TEMPFAIL) ? a : b;
}

static int print_outcomes(char **names, const txn_rcpt *rcpts, size_t count)
{
	out to;
	int code = 0;
	out_open(&to, STDOUT_FILENO, 4096);
	for (size_t i = 0; i < count; i++) {
		const status *st = &rcpts[i].st;
		out_printf(&to, "%s\t%s\t", names[i],
			   status_is_ok(st)	     ? "delivered"
			   : status_is_permanent(st) ? "failed"
						     : "deferred");
		if (st->reply)
			out_printf(&to, "%d ", st->reply);
		out_printf(&to, "%s%s%s\n", st->enhanced, st->enhanced[0] ? " " : "", st->text);
		code = worse(code, status_from_agent(st->code));
	}
	if (!out_flush(&to)) {
		warn_errno("standard output");
		code = worse(EX_TEMPFAIL, code);
	}
	out_close(&to);
	return code;
}

/* For callers that read the last line of fd 2, as of any agent. */
static void explain(const txn_rcpt *rcpts, size_t count, int code)
{
	for (size_t i = 0; i < count; i++)
		if (code && status_from_agent(rcpts[i].st.code) == code) {
			(void)fprintf(stderr, "%s %s\n", rcpts[i].st.enhanced, rcpts[i].st.text);
			return;
		}
}

/* By the names that the destination is to know (control/sender-map). */
static void open_message(relay *r, const char *dest, arena *mem, const options *o, int fd, off_t at,
			 relay_mail *mail)
{
	int copy;
	span sender = span_str(o->sender);
	if (at < 0)
		die_errno(EX_TEMPFAIL, "the message on standard input");
	status st = relay_map_sender(r, span_str(dest), mem, &sender, fd, at, &copy);
	if (!status_is_ok(&st))
		die(EX_TEMPFAIL, "%s %s", st.enhanced, st.text);
	if (o->sender && (!o->sender[0] || !relay_address(sender, mem, &mail->sender)))
		die(EX_TEMPFAIL, "no sender's address: \"%s\" (the null sender is <>)", o->sender);
	if (!outgoing_open(mail->message, copy < 0 ? fd : copy, copy < 0 ? at : 0))
		die_errno(EX_TEMPFAIL, "the message on standard input");
}

static int send_one(relay *r, const options *o, int fd, const char *dest, char **names,
		    size_t count)
{
	outgoing message;
	arena mem = arena_new(1 << 24);
	txn_rcpt *rcpts = xcalloc(count, sizeof *rcpts);
	const char *id = getenv("QUEUE_ID");
	relay_mail mail = {.message = &message, .id = span_str(id), .rcpts = rcpts, .count = count};
	for (size_t i = 0; i < count; i++)
		if (!names[i][0] || !relay_address(span_str(names[i]), &mem, &rcpts[i].address))
			die(EX_TEMPFAIL, "no recipient's address: \"%s\"", names[i]);
	off_t at = lseek(fd, 0, SEEK_CUR);
	open_message(r, dest, &mem, o, fd, at, &mail);
	r->host_only = o->host != NULL;
	relay_send(r, span_str(dest), &mail);
	outgoing_close(&message);
	int code = print_outcomes(names, rcpts, count);
	explain(rcpts, count, code);
	free(rcpts);
	arena_free(&mem);
	return code;
}

int main(int argc, char **argv)
{
	static const sandbox_path everything = {"/", false};
	relay r;
	int code;
	proc_start(argv[0]);
	log_open("smtp-send");
	options o = read_options(argc, argv);
	status st = relay_open(&r, (int)o.seconds * 1000);
	if (!status_is_ok(&st))
		die(EX_TEMPFAIL, "%s %s", st.enhanced, st.text);
	int fd = o.batch ? STDIN_FILENO : file_seekable(STDIN_FILENO, INT64_MAX);
	if (fd < 0)
		die_errno(EX_TEMPFAIL, "the message on standard input");
	/* it speaks with strangers and writes what is open already: no file, no program */
	if (!sandbox_paths(&everything, 1) && !control_exists("sandbox-optional"))
		die_errno(EX_TEMPFAIL, "no sandbox");
	if (o.batch) {
		bool ok = relay_jobs(&r, STDIN_FILENO, STDOUT_FILENO);
		code = ok ? 0 : EX_TEMPFAIL;
		if (!ok)
			warn_errno("jobs or results");
	} else {
		const char *dest = o.host ? o.host : argv[optind++];
		code = send_one(&r, &o, fd, dest, argv + optind, (size_t)(argc - optind));
	}
	relay_close(&r);
	return code;
}
