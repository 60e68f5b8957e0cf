/* The items of a FETCH. Private to this folder. */
#ifndef IMAP_FETCH_ITEM_H
#define IMAP_FETCH_ITEM_H

#include "imap/fetch.h"
#include "imap/section.h"

enum { IMAP_ITEMS_MAX = 1000 };

enum imap_item_kind {
	IMAP_ITEM_UID,
	IMAP_ITEM_FLAGS,
	IMAP_ITEM_MODSEQ,
	IMAP_ITEM_INTERNALDATE,
	IMAP_ITEM_SIZE,
	IMAP_ITEM_ENVELOPE,
	IMAP_ITEM_BODY, /* without extension data */
	IMAP_ITEM_BODYSTRUCTURE,
	IMAP_ITEM_SECTION, /* label: as the answer names it */
};

typedef struct imap_item {
	enum imap_item_kind kind;
	imap_section section;
} imap_item;

struct imap_fetch {
	imap_item *items;
	size_t n;
	unsigned kinds; /* a bit each: 1 << IMAP_ITEM_… */
	bool sees;	/* sets \Seen */
	bool since_given, vanished;
	uint64_t since;
};

#endif
