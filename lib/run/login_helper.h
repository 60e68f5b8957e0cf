/* One run of auth-check: lines to it, lines from it. Whatever is irregular about it is a doubt. Private to this folder. */
#ifndef RUN_LOGIN_HELPER_H
#define RUN_LOGIN_HELPER_H

#include <sys/types.h>

#include "auth/login.h"
#include "io/in.h"

enum { HELPER_LINE_MAX = 16384, HELPER_MS = 60000 };

typedef struct login_account {
	char *address, *maildir; /* owned */
	bool has_owner;
	uid_t uid;
	gid_t gid;
} login_account;

void login_account_free(login_account *);
/* The fields behind "OK ": false where they are malformed. */
bool login_account_read(span fields, login_account *);

typedef struct login_helper {
	bool running;
	pid_t pid;  /* a child of ours; 0: of the gate's (run/auth_gate.h), which tells */
	int status; /* its exit code, in one octet, here */
	int to;
	in from;
} login_helper;

/* Itself, or where `gate` is not -1 by that, for the client of TCPREMOTEIP. */
bool login_helper_start(login_helper *, int gate);
void login_helper_end(login_helper *); /* at the end of its input it ends, or is killed */
/* A line to it, its answer. *text (LOGIN_LINE_MAX) becomes the challenge, or the words. With LOGIN_YES the account is
 * filled; with all but LOGIN_MORE the helper has ended. */
enum login_answer login_helper_ask(login_helper *, span line, str *text, login_account *);

#endif
