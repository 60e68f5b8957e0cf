/* The talker of a login. Private to this folder. */
#ifndef RUN_LOGIN_TALKER_H
#define RUN_LOGIN_TALKER_H

#include "run/login.h"
#include "run/prefork.h"

enum { LOGIN_OUT = 4096 };

/* In its process: `fd` is the socket to the monitor. Of *t it completes what is not set. The exit code. */
int login_talker(const login_protocol *, login_talk *t, bool listening, int fd, pid_t monitor,
		 bool sandbox_optional, const prefork_slot *);

#endif
