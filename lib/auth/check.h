/* Who may log in: by the table PABAL_ROOT/passwd, or by the program in control/checkpassword. A user is an address; a
 * name without a domain is completed with the first entry of control/domains. What is wrong with the installation goes
 * to the log and is PASSWD_DOUBT. */
#ifndef AUTH_CHECK_H
#define AUTH_CHECK_H

#include "auth/sasl.h"
#include "auth/secret.h"
#include "mail/addr.h"

typedef struct check {
	arena mem;
	char **program; /* control/checkpassword, split at blanks; NULL: the table */
	span program_line;
	bool broken;	 /* a control file cannot be read; said in the log */
	bool has_secret; /* else SCRAM-SHA-256 and the memory of successes are off */
	unsigned char secret[SECRET_OCTETS];
	int64_t remember_s; /* control/auth-remember */
	addr user;	    /* of the last question; its spans are in mem */
	span address;	    /* the same as a key of the tables; "" where it is no address */
	/* Asked before a slow or a guessable check, not for a login that is remembered: false, and the answer is
	 * PASSWD_DOUBT. NULL: always. */
	bool (*turn)(void *arg);
	void *turn_arg;
	sasl_backend backend;
} check;

void check_open(check *);
void check_close(check *);
/* Whether SCRAM-SHA-256 can be offered: it needs verifiers, which a program of control/checkpassword has not. */
bool check_offers_scram(void);

/* The question of PLAIN and LOGIN, as in check.backend. */
enum passwd_result check_password(check *, span user, span password);

#endif
