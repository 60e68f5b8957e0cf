/* From the monitor to the session. Private to this folder. */
#ifndef RUN_LOGIN_SESSION_H
#define RUN_LOGIN_SESSION_H

#include "run/login.h"
#include "run/login_helper.h"

typedef struct login_end {
	span state, read; /* the talker's record H */
	span me;
	const char *ip;
	bool sandbox_optional;
} login_end;

/* In the monitor, its talker gone, the client on fds 0 and 1: becomes the owner of the mailbox, confines itself, serves.
 * The exit code; the process must then _exit(). */
int login_session_run(const login_protocol *, const login_account *, const login_end *);

#endif
