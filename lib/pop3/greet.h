/* POP3 before the login (RFC 1939, 4; RFC 5034): the talker's half. */
#ifndef POP3_GREET_H
#define POP3_GREET_H

#include "auth/login.h"

/* Greeting to login, as login_protocol.talk. The state that it leaves is "8" after UTF8, else "". */
bool pop3_greet(login_talk *);
/* The lines of CAPA (RFC 2449), for both halves; those of a login only with `login`. */
void pop3_capabilities(out *, bool login, bool scram, bool stls);

#endif
