/* links: io base : z */
#include "io/coproc.h"

#include <sys/stat.h>

#include "io/out.h"
#include "io/proc.h"
#include "tests/unit/unit.h"

static char path[] = "/tmp/pabal-unit-coproc.XXXXXX";

static coproc *program(const char *body)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0700);
	if (fd < 0 || !write_all(fd, S("#!/bin/sh\n")) || !write_all(fd, span_str(body)) ||
	    fchmod(fd, 0700) < 0 || close(fd) < 0)
		abort();
	return coproc_new(path);
}

static void asks(const char *body, int ms, const char *want)
{
	arena a = arena_new(1 << 20);
	coproc *c = program(body);
	span answer = S("");
	const char *error = "";
	coproc_deadline(c, ms);
	bool done = coproc_ask(c, S("key"), &a, &answer, &error);
	span got = done ? answer : span_str(error);
	CHECK(span_eq(got, span_str(want)), "%s: %.*s", body, SPAN_FMT(got));
	coproc_free(c);
	arena_free(&a);
}

/* Two questions to one process: the second answer shows that it is the same one. */
static void stays(void)
{
	arena a = arena_new(1 << 20);
	coproc *c = program("n=0; while read -r k; do n=$((n + 1)); echo $n $k; done");
	span one = S(""), two = S("");
	const char *error;
	CHECK(coproc_ask(c, S("a"), &a, &one, &error) && coproc_ask(c, S("b"), &a, &two, &error) &&
		  span_eq(one, S("1 a")) && span_eq(two, S("2 b")),
	      "it stays alive");
	pid_t pid = fork();
	if (pid == 0) {
		bool own = coproc_ask(c, S("c"), &a, &one, &error) && span_eq(one, S("1 c"));
		_exit(own ? 0 : 1);
	}
	CHECK(proc_wait(pid, 0) == 0, "a forked child starts its own");
	CHECK(coproc_ask(c, S("d"), &a, &two, &error) && span_eq(two, S("3 d")),
	      "and leaves ours alone");
	coproc_free(c);
	arena_free(&a);
}

int main(int argc, char **argv)
{
	(void)argc;
	proc_start(argv[0]);
	int fd = mkstemp(path);
	if (fd < 0)
		return 1;
	(void)close(fd);
	asks("read -r k; echo \"<$k>\"; read -r k", 10000, "<key>");
	asks("read -r k; echo; read -r k", 10000, "");
	asks("read -r k; printf 'a b\\r\\n'; read -r k", 10000, "a b");
	asks("read -r k; read -r k", 50, "the program does not answer in time");
	asks("read -r k; printf partial; read -r k", 50, "the program does not answer in time");
	asks("read -r k; printf partial", 10000, "the program ended inside a line");
	asks("read -r k", 10000, "the program ended without an answer");
	asks("read -r k; head -c 70000 /dev/zero; read -r k", 10000,
	     "the program's answer is too long");
	stays();
	(void)unlink(path);
	return unit_done();
}
