/* A token from a program, for OAUTHBEARER and XOAUTH2. */
#ifndef AUTH_TOKEN_H
#define AUTH_TOKEN_H

#include "base/str.h"

/* Runs the command line, split at blanks, without a shell; the first line of what it prints is the token. NULL, or what went
 * wrong: it does not exit 0, prints nothing or something else than one word, is late. */
const char *token_ask(span command, int ms, str *token);

#endif
