/* A login as a protocol (POP3, IMAP) sees it: what its talker may ask, and what its session is given. Behind it stand
 * run/login.h and auth-check(8). */
#ifndef AUTH_LOGIN_H
#define AUTH_LOGIN_H

#include <signal.h>

#include "base/str.h"
#include "io/in.h"
#include "io/out.h"

enum {
	LOGIN_IN =
	    8192, /* octets of the client's input buffer before the login, so of what is handed over */
	LOGIN_STATE_MAX = 1024, /* octets that a talker tells its session */
	LOGIN_LINE_MAX =
	    2100, /* a mechanism and its response in base64, or a challenge (SASL_LINE_MAX) */
	LOGIN_TEXT_MAX = 200,
	LOGIN_TRIES = 8, /* logins that may fail on one connection */
};

enum login_answer {
	LOGIN_MORE,  /* the challenge is for the client */
	LOGIN_YES,   /* return true from talk() now */
	LOGIN_WRONG, /* user and password do not fit */
	LOGIN_TEMP,  /* nobody knows whether they do */
	LOGIN_BAD,   /* no such mechanism, or no message of it, or cancelled */
	LOGIN_GONE,  /* the monitor hangs up: so does the talker */
};

enum login_tls {
	LOGIN_TLS_NONE,	   /* not offered: no key, or no socket */
	LOGIN_TLS_OFFERED, /* the client may ask for it (STARTTLS, STLS) */
	LOGIN_TLS_ACTIVE,
};

/* What the talker's function has. */
typedef struct login_talk {
	in *in; /* the client, LOGIN_IN octets */
	out *out;
	span me;      /* control/me */
	bool allowed; /* a login is: TLS, or loopback where control/login-without-tls says so */
	bool scram;   /* SCRAM-SHA-256 is offered */
	enum login_tls tls;
	int idle_ms; /* the longest for a command, and for all of it together */
	volatile sig_atomic_t *stop, *waiting; /* as in smtp/server.h */
	str state;			       /* for the session: what it must know */
	char text[LOGIN_TEXT_MAX]; /* behind WRONG, TEMP and BAD: words for the client */
	bool hung_up;		   /* set by the function where the client may be writing still */
	int monitor;
	in from;
	int passed;	       /* a descriptor from the monitor, -1: none */
	void (*moved)(int fd); /* the connection is on another descriptor now; NULL: nobody asks */
} login_talk;

/* Begins; `initial` is the initial response in base64, p NULL where there is none. The challenge is in base64. */
enum login_answer login_start(login_talk *, span mechanism, span initial, str *challenge);
/* The client's response in base64; "*" cancels. */
enum login_answer login_respond(login_talk *, span response, str *challenge);
/* User and password at once. */
enum login_answer login_password(login_talk *, span user, span password);

/* The client asked for TLS. In a protocol:
 *
 *     where t->tls is not LOGIN_TLS_OFFERED      no, and go on
 *     where in_buffered(t->in) is not 0          no, hung_up and the end: what was pipelined behind the command came in
 *                                                the clear and must not count later (CVE-2011-0411, CVE-2021-33515)
 *     else                                       put "go ahead" into t->out, and call this
 *
 * It flushes, hands the connection to tls-wrap(8) and waits for the handshake. true: t->in and t->out lead through TLS
 * now, t->tls and t->allowed (LOGINDISABLED) are new; the protocol forgets whatever the client said before (its state,
 * names, errors, capabilities: they are asked for anew; POP3 and IMAP greet no second time). false: close without a word. */
bool login_start_tls(login_talk *);
/* Both lead to another descriptor now; the old ones are closed, nothing stays buffered. */
void login_move(in *, out *, int fd);

/* What the session's function has. */
typedef struct login_session {
	in *in; /* with what was pipelined behind the login */
	out *out;
	const char *address; /* who logged in, as the tables know him */
	const char *maildir; /* absolute */
	span state;	     /* the talker's words: bounded, and otherwise not to be believed */
	span me;
	const char *ip; /* of the client, "" unknown */
	volatile sig_atomic_t *stop, *waiting;
} login_session;

#endif
