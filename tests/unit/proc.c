/* links: io base : z */
#include "io/proc.h"

#include <sys/socket.h>

#include "io/clock.h"
#include "io/file.h"
#include "tests/unit/unit.h"

static int run_sh(const char *script, proc_fds fds, int64_t wait_ms)
{
	char sh[] = "/bin/sh", c[] = "-c", *text = strdup(script);
	char *argv[] = {sh, c, text, NULL};
	pid_t pid = proc_spawn(argv, NULL, fds);
	free(text);
	return pid < 0 ? -1 : proc_wait(pid, wait_ms ? clock_ms() + wait_ms : 0);
}

static void exits(void)
{
	char missing[] = "/nonexistent/program";
	char *argv[] = {missing, NULL};
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	proc_fds quiet = {-1, -1, null, -1, -1};
	CHECK(run_sh("exit 0", PROC_FDS_NONE, 0) == 0, "exit 0");
	CHECK(run_sh("exit 65", PROC_FDS_NONE, 10000) == 65, "exit 65 before the deadline");
	CHECK(run_sh("kill -9 $$", PROC_FDS_NONE, 0) == 75, "a signal is 75");
	CHECK(run_sh("exec sleep 100", PROC_FDS_NONE, 20) == 75, "a time-out is 75");
	CHECK(run_sh("trap 'exit 0' TERM; while :; do sleep 0.01; done", PROC_FDS_NONE, 300) == 75,
	      "an exit after the deadline is 75 whatever its code");
	CHECK(proc_wait(proc_spawn(argv, NULL, quiet), 0) == 75, "a missing program is 75");
	close(null);
}

static void descriptors(void)
{
	char got[16] = "";
	int out = file_temp(), in = file_temp(), extra = file_temp(), pair[2];
	CHECK(write(in, "in", 2) == 2 && write(extra, "ex", 2) == 2, "two files");
	lseek(in, 0, SEEK_SET);
	lseek(extra, 0, SEEK_SET);
	proc_fds fds = {in, out, -1, extra, 3};
	CHECK(run_sh("cat; cat <&3; [ ! -e /proc/self/fd/4 ]", fds, 0) == 0, "0, 1 and 3, no more");
	CHECK(pread(out, got, sizeof got, 0) == 4 && !memcmp(got, "inex", 4), "what went through");
	proc_fds swapped = {out, in, -1, -1, -1};
	CHECK(run_sh("[ -t 2 ] || :", swapped, 0) == 0, "without a fourth");
	CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0, "a socket");
	proc_fds sock = {-1, -1, pair[0], -1, -1};
	CHECK(run_sh("[ \"$(readlink /proc/self/fd/2)\" = /dev/null ]", sock, 0) == 0,
	      "a socket never becomes fd 2");
	close(pair[0]);
	close(pair[1]);
	close(in);
	close(out);
	close(extra);
}

static void signals(void)
{
	signal(SIGPIPE, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	CHECK(run_sh("kill -TERM $$; exit 3", PROC_FDS_NONE, 0) == 75, "dispositions are reset");
	signal(SIGTERM, SIG_DFL);
}

int main(void)
{
	proc_start("/x/proc");
	exits();
	descriptors();
	signals();
	return unit_done();
}
