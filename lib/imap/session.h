/* IMAP behind the login (RFC 3501, 6.3 and 6.4): one account, confined to it. Several sessions on one mailbox, of POP3 and
 * foreign programs too, are fine: each has its view, which changes only where the protocol lets it be told. */
#ifndef IMAP_SESSION_H
#define IMAP_SESSION_H

#include "auth/login.h"

enum {
	IMAP_IDLE_MS = 30 * 60 * 1000, /* RFC 3501, 5.4: at least 30 minutes */
	IMAP_IN = LOGIN_IN,
	IMAP_OUT = 16384,
};

/* As login_protocol.session; the state is the tag of the command that logged in. */
int imap_session(login_session *);

#endif
