/* IMAP before the login (RFC 3501, 6.1 and 6.2): the talker's half. */
#ifndef IMAP_GREET_H
#define IMAP_GREET_H

#include "auth/login.h"

/* Greeting to login, as login_protocol.talk. The state that it leaves is the tag of the command that logged in, which
 * the session answers. */
bool imap_greet(login_talk *);

#endif
