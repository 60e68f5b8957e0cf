/* Servers with a login: POP3, IMAP. Three processes share the work (design: who parses the network touches no file):
 *
 *     talker     speaks the protocol until a login; sandboxed, owns nothing, and serves one connection
 *     monitor    its parent; knows no protocol, reads bounded records (auth/login_record.h), has auth-check judge
 *     session    what the monitor becomes after a login: the mailbox owner, confined to that mailbox by the kernel,
 *                on the same descriptors, with the octets that the talker had read already
 *
 * A protocol gives two functions: one that runs in the talker, one that is the session. */
#ifndef RUN_LOGIN_H
#define RUN_LOGIN_H

#include "auth/login.h"
#include "io/sandbox.h"

typedef struct login_protocol {
	const char
	    *crowded; /* said to a connection of a network that has too many; then it is closed */
	const char *name; /* of the program, for the log */
	const char *
	    alpn; /* names by commas that a client may offer behind STARTTLS; NULL: none is looked at */
	size_t session_in,
	    session_out;	   /* octets of the session's buffers, session_in >= LOGIN_IN */
	const sandbox_path *paths; /* what else the session reaches, for reading */
	size_t path_count;
	bool converters; /* it loads converters of charsets: executable mappings of these paths */
	/* true: logged in. false: the connection is to be closed. */
	bool (*talk)(login_talk *);
	/* Is called confined; where opening the mailbox fails it says so itself. The exit code. */
	int (*session)(login_session *);
} login_protocol;

/* Serves fds 0 and 1, or where fd 0 is a listening socket all of its connections. Returns the exit code; with *leave
 * set the caller must _exit() with it. */
int login_serve(const login_protocol *, bool *leave);

#endif
