/* The gates of a session: what the operator's policy says (its programs are run by the keeper), who talks before he is
 * greeted, who makes errors, who takes too long. */
#ifndef SMTP_GATE_H
#define SMTP_GATE_H

#include "smtp/session.h"

/* Before the greeting; false: the client was told to go. */
bool gate_connect(smtp_session *);
/* What the policy of a stage says of `words` (the name of HELO, the argument of MAIL); false: it was answered. */
bool gate_stage(smtp_session *, enum smtp_stage, span words);
/* Before an error is told. */
void gate_error(smtp_session *);
/* The deadline of what is read next: of the piece, and of the session as a whole. */
int64_t gate_deadline(const smtp_session *);
/* Whether a message of which `octets` have come since `began` comes too slowly. */
bool gate_too_slow(const smtp_session *, int64_t began, uint64_t octets);

#endif
