/* Children. argv and environment are data; no shell is ever started here. */
#ifndef IO_PROC_H
#define IO_PROC_H

#include <sys/types.h>

#include "base/span.h"

/* Where the child's descriptors 0 to 2 (and one more) come from; -1: the parent's own for 0 and 1,
 * /dev/null or the parent's for fd 2 (never a socket: a socket on fd 2 becomes /dev/null). */
typedef struct proc_fds {
	int in, out, err;
	int extra;    /* becomes `extra_as` in the child; -1: none */
	int extra_as;
} proc_fds;

#define PROC_FDS_NONE ((proc_fds){-1, -1, -1, -1, -1})

/* fork and execvp. `env` NULL: the parent's. Everything above fd 2 (and extra_as) is O_CLOEXEC by the
 * rule of this code base. Returns the pid or -1; a program that cannot be executed exits 75 with a line
 * on fd 2 (never 127: a missing program defers). Signal mask and dispositions are reset. */
pid_t proc_spawn(char *const argv[], char *const env[], proc_fds fds);

/* Waits until `deadline` of clock_ms() (0: for ever); after it SIGTERM, after 5 s more SIGKILL.
 * Returns the exit code; 75 for a signal, a time-out or any doubt. */
int proc_wait(pid_t, int64_t deadline);

/* The path of another program of ours, in the folder of this one: a build tree and an installation never mix. false
 * with errno. */
bool proc_beside(const char *name, char path[static PATH_MAX]);

/* SIGPIPE ignored, fds 0 to 2 open (missing ones become /dev/null, read-only for 0: a file opened later
 * must never land there), and die_program set from argv0. First call of every main(). */
void proc_start(const char *argv0);

#endif
