#include "run/chain.h"

#include "base/die.h"
#include "io/clock.h"
#include "io/file.h"
#include "io/out.h"
#include "io/proc.h"
#include "run/words.h"

enum { ENVELOPE_MAX = 20 << 20 };

static bool write_envelope(int fd, const envelope *env)
{
	str text = str_new(ENVELOPE_MAX);
	envelope_write(env, &text);
	bool done =
	    fd >= 0 && !text.over && write_all(fd, str_span(&text)) && lseek(fd, 0, SEEK_SET) == 0;
	str_free(&text);
	return done;
}

bool chain_environment(const envelope *env, const char *id)
{
	str sender = str_new(1024), rcpt = str_new(1024);
	addr_write(&env->sender.addr, &sender);
	if (env->rcpt_count)
		addr_write(&env->rcpts[0].addr, &rcpt);
	bool done = setenv("QUEUE_ID", id, 1) == 0 && setenv("SENDER", str_cstr(&sender), 1) == 0 &&
		    setenv("RECIPIENT", str_cstr(&rcpt), 1) == 0;
	str_free(&sender);
	str_free(&rcpt);
	return done;
}

static status judge(int code, int result, int errors)
{
	char room[WORDS_MAX];
	span line;
	if (code == EX_OK) {
		line = words_last_line(result, room);
		if ((span_starts(line, S("queued ")) || span_starts(line, S("dropped "))) &&
		    line.n < 400)
			return status_make(EX_OK, 250, "2.0.0", "%.*s", SPAN_FMT(line));
		return status_doubt("recv-chain: exit 0, but its last line is not `queued ID`");
	}
	line = words_last_line(errors, room);
	line = span_sub(line, 0, 400);
	if (status_from_filter(code) == EX_TEMPFAIL)
		return status_doubt("recv-chain: exit %d: %.*s", code, SPAN_FMT(line));
	return words_refusal(EX_DATAERR, 554, "5.7.1", line);
}

status chain_run(char *const argv[], int message, const envelope *env, const char *id)
{
	int side = file_temp(), result = file_temp(), errors = file_temp();
	status st = status_doubt("recv-chain: temporary files: %s", strerror(errno));
	if (result >= 0 && errors >= 0 && write_envelope(side, env) && chain_environment(env, id)) {
		proc_fds fds = {
		    .in = message, .out = result, .err = errors, .extra = side, .extra_as = 3};
		pid_t pid = proc_spawn(argv, NULL, fds);
		if (pid < 0)
			st = status_doubt("recv-chain: fork: %s", strerror(errno));
		else
			st = judge(proc_wait(pid, clock_ms() + CHAIN_SECONDS * 1000), result,
				   errors);
	}
	const int all[] = {side, result, errors};
	for (size_t i = 0; i < 3; i++)
		if (all[i] >= 0)
			(void)close(all[i]);
	return st;
}
