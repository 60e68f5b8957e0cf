/* A parsed SEARCH. Private to search*.c. */
#ifndef IMAP_SEARCH_TREE_H
#define IMAP_SEARCH_TREE_H

#include "imap/search.h"

enum { SEARCH_KEYS_MAX = 10000, SEARCH_NAME_MAX = 1000 };

enum search_what {
	SEARCH_AND, /* of the children; none: everything */
	SEARCH_OR,
	SEARCH_FLAGS,
	SEARCH_KEYWORD,
	SEARCH_NUMBERS,
	SEARCH_UIDS,
	SEARCH_MODSEQ,
	SEARCH_ARRIVED, /* internal date, seconds */
	SEARCH_SIZE,	/* on the wire */
	SEARCH_SENT,	/* the day of the Date field, days */
	SEARCH_FIELD,
	SEARCH_BODY,
	SEARCH_TEXT,
};

/* What is known of a message; each level includes the ones before. */
enum search_level { LEVEL_INDEX, LEVEL_SIZE, LEVEL_CACHE, LEVEL_HEADER, LEVEL_BODY };

enum search_truth { SEARCH_NO, SEARCH_YES, SEARCH_UNKNOWN };

typedef struct search_key search_key;
struct search_key {
	enum search_what what;
	bool negated;
	search_key *child, *next;
	/* of FLAGS: bits of which all, none, one at least must be set; 0: not asked */
	uint32_t all, none, any;
	imap_set set;	   /* settled */
	int64_t low, high; /* [low, high) */
	int bit;	   /* of a keyword; -1: no message has it */
	span name;	   /* of a field */
	span form;	   /* what fold_text() made of the words; "" is in each */

	search_key *costly;	 /* the next of those that open the message */
	enum search_truth known; /* of the present message; of those alone */
	bool no_field;		 /* of TEXT: it is not in the header */
	bool kept;		 /* of FIELD: pabal.cache tells it */
};

enum { RETURN_MIN = 1, RETURN_MAX = 2, RETURN_ALL = 4, RETURN_COUNT = 8 };

struct imap_search {
	search_key *top;
	search_key *costly;
	size_t keys;
	unsigned returns;      /* RETURN_…; 0: "* SEARCH" */
	bool condstore, sizes; /* some key asks for them */
};

/* One message after another, opened as far as it must be. */
typedef struct search_look search_look;
search_look *search_look_new(imap_box *, imap_search *);
void search_look_free(search_look *);
/* Whether message i is meant. What is gone never is; nor is what cannot be read: then, the first time, *why. */
bool search_matches(search_look *, size_t i, status *why);

#endif
