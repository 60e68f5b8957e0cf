/* A message of the queue as queue-list(1) shows it: for people, as a table for programs, as JSON. Pure. */
#ifndef QUEUE_LISTING_H
#define QUEUE_LISTING_H

#include "base/str.h"
#include "queue/qlog.h"
#include "queue/scan.h"

enum listing_form { LISTING_TABLE, LISTING_TSV, LISTING_JSON };

typedef struct listing {
	enum listing_form form;
	int64_t now;
	str scratch; /* reused for each field */
} listing;

listing listing_new(enum listing_form, int64_t now);
void listing_free(listing *);
/* The line above the table; nothing for programs. */
void listing_head(const listing *, str *to);
/* Appends the lines of one message. */
void listing_message(listing *, const scan_entry *, const qmsg *, const qlog *, str *to);

#endif
