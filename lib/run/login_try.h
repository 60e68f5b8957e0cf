/* The logins that one connection tries, each a run of auth-check: what is allowed, how many, and who it turned out to
 * be. Used by the monitor of POP3 and IMAP (run/login.h) and by the keeper of SMTP. */
#ifndef RUN_LOGIN_TRY_H
#define RUN_LOGIN_TRY_H

#include "net/ucspi.h"
#include "run/login_helper.h"

/* What the control files say of logins. */
typedef struct login_rules {
	bool loopback; /* allowed there without TLS (control/login-without-tls) */
	bool scram;    /* SCRAM-SHA-256 can be offered */
	int gate;      /* who executes auth-check, -1: this process itself */
} login_rules;

void login_rules_read(login_rules *);

typedef struct login_try {
	const login_rules *rules;
	bool allowed; /* on this connection */
	unsigned tries;
	bool yes; /* `account` logged in */
	login_helper helper;
	login_account account;
} login_try;

/* A new connection: nobody has logged in. Sets the client's address in the environment, by which auth-check counts. */
void login_try_begin(login_try *, const login_rules *, const peer *, bool tls);
/* The helper goes, and with it who logged in. */
void login_try_end(login_try *);
/* A new exchange: mechanism, blank, initial response in base64, or the mechanism alone. *text (LOGIN_LINE_MAX) becomes the
 * challenge in base64, or words for the client. LOGIN_GONE: too many tries, or a second login. */
enum login_answer login_try_start(login_try *, span line, str *text);
/* The next response in base64, or "*". */
enum login_answer login_try_respond(login_try *, span line, str *text);

#endif
