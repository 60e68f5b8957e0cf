/* Commands on messages, for the tables in message.c. Private to this folder. */
#ifndef IMAP_MESSAGE_H
#define IMAP_MESSAGE_H

#include "imap/state.h"

imap_function imap_do_store, imap_do_uid_store, imap_do_copy, imap_do_uid_copy, imap_do_move,
    imap_do_uid_move, imap_do_append, imap_do_idle, imap_do_fetch, imap_do_uid_fetch,
    imap_do_search, imap_do_uid_search, imap_do_compress, imap_do_getquota, imap_do_getquotaroot,
    imap_do_setquota;

#endif
