/* What a list shows of a message. */
#ifndef MAILDIR_SUMMARY_H
#define MAILDIR_SUMMARY_H

#include "mail/charset.h"
#include "maildir/peek.h"

enum summary_field {
	SUMMARY_FROM,
	SUMMARY_TO,
	SUMMARY_SUBJECT,
	SUMMARY_DATE,
	SUMMARY_ID,
	SUMMARY_REFERENCES,
	SUMMARY_IN_REPLY_TO,
	SUMMARY_FIELDS,
};

typedef struct summary {
	span fields
	    [SUMMARY_FIELDS]; /* bodies as they stand; the first of each name, "" where there is none */
	int64_t date;	      /* epoch seconds of Date; of the arrival where it cannot be read */
	uint64_t octets;
	name_flags flags;
	bool is_new;
	unsigned depth; /* in its thread */
} summary;

/* Of the message that `p` has read; more of it is read where that is needed. The spans live as long as those of p. Only the
 * fields in `want` are looked for, a bit each: 1 << SUMMARY_FROM … */
void summary_read(peek *p, const scan_message *, unsigned want, summary *);
/* The same without the header: flags, arrival as the date, size 0. */
void summary_of_name(const maildir_scan *, const scan_message *, summary *);

/* A field's body as UTF-8 on one line. */
void summary_text(span body, const charset_opener *, str *to);
/* Who a From or To field names first: the display name, else the address; what cannot be read as an
 * address as it stands. `mem` is reset. */
void summary_person(span body, const charset_opener *, arena *mem, str *to);

#endif
