/* Confinement in words that a test can check (pabal-contract(7)). Each call is final and cumulative. Where
 * the kernel has no Landlock or no seccomp these return false with errno set (ENOSYS, EOPNOTSUPP), and
 * the caller refuses to start unless control/sandbox-optional exists. Built with -DPABAL_NO_SECCOMP (the
 * sanitizer and coverage variants) the seccomp half is left out. */
#ifndef IO_SANDBOX_H
#define IO_SANDBOX_H

#include "base/span.h"

/* A path that stays within reach, with all below it. */
typedef struct sandbox_path {
	const char *path;
	bool write;
} sandbox_path;

/* A talker: no_new_privs; Landlock with nothing allowed; seccomp that lets through reading and writing
 * open fds, accept4 on `listener` (-1: none), sendmsg and recvmsg on `keeper` for the passing of a connection, poll,
 * time, memory and exit, for this architecture only (others: kill); RLIMIT_NOFILE, RLIMIT_AS,
 * RLIMIT_CORE 0, RLIMIT_NPROC 0 where it applies. Forbidden calls fail with EPERM. */
bool sandbox_talker(int listener, int keeper);

/* A session after a login: of the file system nothing but `paths`; no program, no socket, no signal, no tracing, no other
 * owner or mode or attribute of a file, no truncation by its name. Files there can be made, read, written, locked, renamed,
 * linked, removed and watched. With `converters` code may be mapped from the paths (iconv). RLIMIT_CORE 0, RLIMIT_NPROC 0. */
bool sandbox_session(const sandbox_path *paths, size_t count, bool converters);

/* For filters that read fd 0 and write fd 1 and open nothing any more. */
bool sandbox_filter(void);

/* For a user's commands that take foreign mail apart: of the file system nothing but `paths`, no socket, no
 * program, no signal; opening files there and loading converters of charsets are let through. Where the kernel
 * has no Landlock or no seccomp, the other half alone. */
bool sandbox_reader(const sandbox_path *paths, size_t count);

/* For commands that work below a few directories only: Landlock with each path read-write (with
 * REFER) or read-only; the rest of the file system is out of reach; no seccomp. */
bool sandbox_paths(const sandbox_path *paths, size_t count);

#endif
