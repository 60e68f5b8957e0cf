/* The other side of answer.h: what auth-answer(8) does. */
#ifndef AUTH_ANSWER_SERVE_H
#define AUTH_ANSWER_SERVE_H

#include "io/table.h"

enum { ANSWER_TOKEN_MS = 30000 };

typedef struct login {
	bool token, in_clear;
	span user, secret;
} login;

/* The value of an entry: METHOD USER SECRET, with METHOD password, password-in-clear or token. false: malformed. The spans
 * are parts of the value. */
bool login_parse(span value, login *);

/* Answers until the other side is gone. false with errno where packets cannot be read or written. */
bool answer_serve(int socket, table *logins);

#endif
