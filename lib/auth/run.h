/* The files of auth-check in PABAL_RUN/auth, which is made where it is missing. Private to this folder. */
#ifndef AUTH_RUN_H
#define AUTH_RUN_H

/* Read-write, made where it is missing, O_CLOEXEC, for its owner alone. -1 with errno. */
int auth_run_open(const char *name);

#endif
