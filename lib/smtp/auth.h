/* AUTH (RFC 4954) as the talker speaks it: lines of base64 between the client and the keeper, which has auth-check(8)
 * judge. The talker never learns a password's meaning. */
#ifndef SMTP_AUTH_H
#define SMTP_AUTH_H

#include "smtp/session.h"

/* A login is possible on this connection, and nobody has logged in yet. */
bool auth_offered(const smtp_session *);
/* The keyword of EHLO with its mechanisms, behind an LF. */
void auth_keyword(const smtp_session *, str *to);
void auth_command(smtp_session *, span args);

#endif
