/* What every talker does around its protocol: lets go of what is not its own, takes its signals, enters the sandbox,
 * accepts the next connection, and closes so that its last words arrive. */
#ifndef RUN_FRONT_H
#define RUN_FRONT_H

#include "net/ucspi.h"
#include "run/prefork.h"

/* The socket to the keeper and the prefork parent's pipe, once front_enter() has put them in their place. */
enum { FRONT_KEEPER = 3, FRONT_WAKE = 4 };

/* SIGTERM sets front_stop, and while front_waiting is set (by the protocol, around its reads) makes reads end. */
extern volatile sig_atomic_t front_stop, front_waiting;

typedef struct front {
	int keeper;	/* the socket to the keeper */
	bool listening; /* fd 0 is a listener; else fds 0 and 1 are the client */
	int idle_ms;	/* the time-out of reads */
	bool sandbox_optional;
	prefork_slot slot; /* where it says whether it is busy */
	bool timer;	   /* out: the connections have the time-out themselves (in.timer) */
} front;

/* In a fresh child of the keeper. false: it must exit. */
bool front_enter(front *, pid_t keeper);
/* SIGTERM and SIGHUP for a session on `client` (-1: none yet). */
void front_signals(int client, bool listening);
/* The connection that is served now; -1 behind it. */
void front_client(int fd);
/* SIGTERM or SIGHUP came, or the listener is gone: no other connection is to be served. */
bool front_retiring(void);
/* The next connection, and the address at its other end; -1 where there is none: look whether to retire, and call again. */
int front_accept(peer *);
/* A close with input unread would reset the connection, and the last words would be lost with it. */
void front_linger(int fd);

#endif
