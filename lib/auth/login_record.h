/* The records between the talker and the monitor of a login (io/frame.h). The letters of the answers
 * are those of smtp-recv too (run/talk.h).
 *
 *     talker to monitor
 *     C                      a connection, passed along; the only one
 *     P                      behind it: what is allowed there?
 *     S  LINE                a new exchange: mechanism, blank, initial response in base64, or the mechanism alone
 *     R  LINE                a response in base64, or "*"
 *     T                      TLS, please: nothing more is read from the connection
 *     H  STATE NUL octets    after a Y: what the session must know, and what was read of the client already
 *
 *     monitor to talker
 *     P  FLAGS               to P: '1' or '0', whether a login is allowed, '2': too many connections; then enum login_tls
 *                            as a digit
 *     C                      before the T that tells of success: the connection as it goes on, passed along
 *     T  FLAGS               to T: as to P; empty where there was no handshake
 *     +  BASE64              a challenge
 *     Y                      logged in: send H and end
 *     W, T, B  TEXT          wrong, temporary, bad
 *     G                      enough: hang up
 */
#ifndef AUTH_LOGIN_RECORD_H
#define AUTH_LOGIN_RECORD_H

#include "auth/login.h"
#include "io/frame.h"

enum { LOGIN_RECORD_MAX = LOGIN_STATE_MAX + 1 + LOGIN_IN };

char login_letter(enum login_answer);
enum login_answer login_answer_of(char letter); /* LOGIN_GONE for all others */

#endif
