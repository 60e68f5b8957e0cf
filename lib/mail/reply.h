/* What the header and the text of an answer take from the message that is answered (RFC 5322, 3.6.3 to 3.6.6). */
#ifndef MAIL_REPLY_H
#define MAIL_REPLY_H

#include "mail/addr.h"
#include "mail/draft.h"

typedef struct reply_own { /* an address of the one who answers */
	addr a;
	span text; /* as From has it, UTF-8 */
} reply_own;

typedef struct reply {
	span header; /* of the message that is answered */
	const charset_opener *opener;
	const reply_own *own;
	size_t own_count;
} reply;

/* Sets To, Cc (where `all`), Subject, In-Reply-To and References. To is Reply-To, or From; where that is only the
 * one who answers, whom the message was sent to. With `all`, Mail-Followup-To says it all where it
 * is there; else Cc has everybody of To and Cc. Own addresses and repeated ones go. */
void reply_start(const reply *, bool all, draft *);
/* Sets Subject and References, so that the thread stays together. */
void reply_forward(const reply *, draft *);
/* The own address that the message was sent to; NULL where it is none of them. */
const reply_own *reply_self(const reply *);

/* "Re: …" ("Fwd: …") with one prefix, whatever mail programs in whatever language put there. */
void reply_subject(span utf8, bool forward, str *to);
/* "On DATE, NAME wrote:" and a line end. */
void reply_attribution(const reply *, str *to);
/* Each line behind "> ", or ">" where it is quoted already. Without the signature below "-- ". */
void reply_quote(span text, str *to);
/* The lines above and below a message that is forwarded within the text. */
void reply_forward_text(const reply *, span text, str *to);

#endif
