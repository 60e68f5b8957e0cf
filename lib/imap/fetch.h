/* FETCH (RFC 3501, 6.4.5, 7.4.2): what a client asks of messages, and the answers. */
#ifndef IMAP_FETCH_H
#define IMAP_FETCH_H

#include "base/status.h"
#include "imap/box.h"

typedef struct imap_fetch imap_fetch; /* in the arena of the scan */

/* Behind the set and its blank: items or a macro, then " (CHANGEDSINCE n [VANISHED])" (RFC 7162, 3.1.4.1, 3.2.6). `uid` is UID
 * FETCH: UID is among the items. NULL where it cannot be read, or asks for too much. */
imap_fetch *imap_fetch_parse(imap_scan *, bool uid);
/* It asks for mod-sequences: from now on the session is one of CONDSTORE (RFC 7162, 3.1). */
bool imap_fetch_condstore(const imap_fetch *);
/* The argument of CHANGEDSINCE, 0 where there is none; *vanished: with VANISHED. */
uint64_t imap_fetch_since(const imap_fetch *, bool *vanished);

enum imap_done {
	IMAP_DONE_OK,
	IMAP_DONE_GONE, /* OK, but some messages are gone: the client is told NO (RFC 2180, 4.1.2 of it) */
	IMAP_DONE_NO,  /* nothing to be done about: *why has words */
	IMAP_DONE_CUT, /* a literal was begun and cannot be ended: the connection must go */
};
/* The answers for the messages. Where BODY[…] asks for it \Seen is set first, durably, for all of them in one write, unless
 * the box is read only; a message whose flags so changed has FLAGS among its items. */
enum imap_done imap_fetch_run(imap_box *, const imap_fetch *, const size_t *indexes, size_t count,
			      status *why);

/* One message's flags, unasked: "* n FETCH ([UID u] FLAGS (…) [MODSEQ (m)])"; the UID where `uid` or the session knows QRESYNC. */
void imap_fetch_tell(const imap_box *, size_t index, bool uid);
/* Its mod-sequence alone, where the client knows the flags. */
void imap_fetch_tell_modseq(const imap_box *, size_t index, bool uid);

#endif
