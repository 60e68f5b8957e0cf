/* SEARCH (RFC 3501, 6.4.4; RFC 4731; RFC 7162, 3.1.5): which messages a client looks for. */
#ifndef IMAP_SEARCH_H
#define IMAP_SEARCH_H

#include "base/status.h"
#include "imap/box.h"

typedef struct imap_search imap_search; /* in the arena of the scan */

enum imap_search_result {
	IMAP_SEARCH_OK,
	IMAP_SEARCH_BAD,
	IMAP_SEARCH_CHARSET, /* NO [BADCHARSET (…)] */
};
/* Behind "SEARCH ": [RETURN (…) ] [CHARSET x ] keys. */
enum imap_search_result imap_search_parse(imap_scan *, imap_box *, imap_search **);
bool imap_search_condstore(const imap_search *); /* it asks for MODSEQ */
/* Writes "* SEARCH …" or, with RETURN, "* ESEARCH (TAG …) …". Reads no more of a message than the keys need. False where a message could not be read:
 * then *why says so, and the answer was written without it. */
bool imap_search_run(imap_box *, imap_search *, bool uid, span tag, status *why);

#endif
