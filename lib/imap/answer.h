/* The answer of FETCH for one message after another. Private to this folder. */
#ifndef IMAP_ANSWER_H
#define IMAP_ANSWER_H

#include "imap/fetch_item.h"
#include "imap/reading.h"
#include "maildir/cache.h"

/* Most messages have the flags of the one before. */
typedef struct imap_flags_text {
	out text; /* "FLAGS (…)"; never written anywhere */
	bool made;
	uint32_t flags;
	uint64_t keywords;
} imap_flags_text;

typedef struct imap_answer {
	imap_box *box;
	const imap_fetch *f;
	const size_t *seen; /* indexes that got \Seen by this command, ascending */
	size_t seen_n;
	imap_reading reading;
	bool header, file;	/* what sections need of a file */
	unsigned wanted;	/* pieces, 1 << CACHE_… */
	cache_record known;	/* of this message */
	str made[CACHE_PIECES]; /* what was not known of it */
	arena scratch;
	bool full; /* enough is noted to be written */
	str line;  /* up to the next literal */
	imap_flags_text flags;
	char *wire;
	size_t index;
	folder_msg msg;
} imap_answer;

/* What the items of r->f need, and room for it. */
void imap_answer_begin(imap_answer *r);
void imap_answer_end(imap_answer *);
/* Reads what the items need of a message; false with errno (ENOENT: it is gone), and nothing was written. */
bool imap_answer_prepare(imap_answer *, size_t index);
void imap_answer_write(imap_answer *);
/* The answer that tells of flags alone. */
void imap_answer_flags(const imap_box *, size_t index, bool uid, str *to);
void imap_answer_modseq(const imap_box *, size_t index, bool uid, str *to);

#endif
