/* POP3 behind the login (RFC 1939, 5 and 6): one mailbox, confined to it. Deletions are marks until QUIT; however else the
 * session ends, nothing is removed. Several sessions on one mailbox are fine: each keeps the view that it began with, and a
 * message that another removed meanwhile is an error of RETR. */
#ifndef POP3_SESSION_H
#define POP3_SESSION_H

#include "auth/login.h"

enum {
	POP3_IDLE_MS = 600000, /* RFC 1939, 3: ten minutes at least */
	POP3_IN = LOGIN_IN,
	POP3_OUT = 8192,
};

/* As login_protocol.session. */
int pop3_session(login_session *);

#endif
