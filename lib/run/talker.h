/* The talker: the process that meets the network. Sandboxed before it reads the first octet; serves one session on
 * fds 0 and 1, or accepts on its listener, one connection after the other. */
#ifndef RUN_TALKER_H
#define RUN_TALKER_H

#include "run/crowd.h"
#include "run/keeper.h"
#include "run/login_try.h"
#include "run/prefork.h"
#include "smtp/server.h"

typedef struct talker_config {
	const smtp_limits *limits;
	int keeper;	      /* the socket to the keeper */
	bool listening;	      /* fd 0 is a listener; else fds 0 and 1 are the client */
	uint64_t connections; /* after which it retires */
	const nets *xclient_nets, *xforward_nets;
	bool xclient, xforward; /* the one client may say it */
	const login_rules *login;
	const crowd *crowd; /* of connections by network */
	bool stranger;	    /* the one client is on another machine */
	bool login_allowed; /* of the one client */
	enum login_tls tls;
	bool sandbox_optional;
	prefork_slot slot; /* where it says whether it is busy */
} talker_config;

/* In a fresh child of the keeper: closes what it does not need, enters the sandbox, serves. The exit code. SIGTERM
 * ends the session at its next command with 421; SIGHUP ends the talker after its session. */
int talker_run(const talker_config *, pid_t keeper);

#endif
