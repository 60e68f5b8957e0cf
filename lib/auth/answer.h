/* Our logins at other people's servers. Who talks to a server knows no password: a process of auth-answer(8), started before
 * the sandbox closes, has the table control/smtp-logins and the mechanisms, and is asked for each line of the exchange.
 *
 * Questions and answers are packets on a socket. A question is a letter and what belongs to it, an answer a letter too:
 *
 *     B USER NUL HOST NUL PRIVATE NUL MECHANISMS   begin; USER "" where the route names none; PRIVATE "1" where nobody
 *                                                  listens on the way
 *     C TEXT       the server's challenge, in base64
 *     E TEXT       the server says that the login succeeded, in these words
 *
 *     + TEXT       to be sent ("MECHANISM" or "MECHANISM BASE64" for B), or believed (E)
 *     -            there is no login for this host (B)
 *     ! LINE WORDS it cannot go on: the operator's mistake where LINE is one of the table, else the server's */
#ifndef AUTH_ANSWER_H
#define AUTH_ANSWER_H

#include "base/status.h"
#include "base/str.h"

enum { ANSWER_MAX = 16384 }; /* octets of a packet */

typedef struct answerer answerer;

/* NULL with *why EX_OK where there is no such table; NULL with a temporary *why where there is one and no process for it. */
answerer *answer_open(status *why);
void answer_close(answerer *); /* ends the process; NULL is fine */

/* EX_OK with what goes behind AUTH in *line, which is empty where no login is needed; else temporary. */
status answer_begin(answerer *, span user, span host, bool private, span mechanisms, str *line);
/* EX_OK with the response in base64, maybe empty; else the exchange is to be cancelled. */
status answer_challenge(answerer *, span challenge, str *response);
/* EX_OK where the success may be believed. */
status answer_success(answerer *, span text);

#endif
