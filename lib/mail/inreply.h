/* What the header and the text of an answer take from the message that is answered (RFC 5322, 3.6.3 to 3.6.6). */
#ifndef MAIL_INREPLY_H
#define MAIL_INREPLY_H

#include "mail/addr.h"
#include "mail/draft.h"

typedef struct inreply_own { /* an address of the one who answers */
	addr a;
	span text; /* as From has it, UTF-8 */
} inreply_own;

typedef struct inreply {
	span header; /* of the message that is answered */
	const charset_opener *opener;
	const inreply_own *own;
	size_t own_count;
} inreply;

/* Sets To, Cc (where `all`), Subject, In-Reply-To and References. To is Reply-To, or From; where that is only the
 * one who answers, whom the message was sent to. With `all`, Mail-Followup-To says it all where it
 * is there; else Cc has everybody of To and Cc. Own addresses and repeated ones go. */
void inreply_start(const inreply *, bool all, draft *);
/* Sets Subject and References, so that the thread stays together. */
void inreply_forward(const inreply *, draft *);
/* The own address that the message was sent to; NULL where it is none of them. */
const inreply_own *inreply_self(const inreply *);

/* "Re: …" ("Fwd: …") with one prefix, whatever mail programs in whatever language put there. */
void inreply_subject(span utf8, bool forward, str *to);
/* "On DATE, NAME wrote:" and a line end. */
void inreply_attribution(const inreply *, str *to);
/* Each line behind "> ", or ">" where it is quoted already. Without the signature below "-- ". */
void inreply_quote(span text, str *to);
/* The lines above and below a message that is forwarded within the text. */
void inreply_forward_text(const inreply *, span text, str *to);

#endif
