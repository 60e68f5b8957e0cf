/* A parsed expression. Private to pick*.c. */
#ifndef MAIL_PICK_TREE_H
#define MAIL_PICK_TREE_H

#include <regex.h>

#include "base/arena.h"
#include "mail/match.h"
#include "mail/pick.h"

enum pick_what {
	TEST_FLAG,
	TEST_NEW,
	TEST_ARRIVED,
	TEST_SIZE,
	TEST_DATE,
	TEST_FIELD,
	TEST_BODY,
};

enum pick_how {
	HOW_HAS,   /* ~ */
	HOW_IS,	   /* = */
	HOW_REGEX, /* ~~ */
	HOW_LESS,
	HOW_LESS_EQUAL,
	HOW_MORE,
	HOW_MORE_EQUAL,
	HOW_EQUAL,
};

typedef struct pick_test {
	enum pick_what what;
	enum pick_how how;
	bool negated;	/* !~ != !~~ */
	bool addresses; /* a field of addresses: = means one of them too */
	span name;	/* of a field */
	span value; /* letters of flags; the form of fold_text() for HOW_HAS, the text for HOW_IS */
	regex_t *regex;	       /* owned */
	int64_t low, high;     /* dates and sizes: what counts as equal is [low, high) */
	enum pick_truth known; /* of the present message */
} pick_test;

enum pick_kind { NODE_TEST, NODE_NOT, NODE_AND, NODE_OR };
enum { NODE_NONE = UINT32_MAX };

typedef struct pick_node {
	enum pick_kind kind;
	uint32_t child, next; /* NODE_NONE; of a test its index */
} pick_node;

struct pick {
	arena mem; /* of names and values */
	pick_test *tests;
	pick_node *nodes;
	size_t test_count, test_room, node_count, node_room;
	uint32_t top;
	bool cut; /* a test came to the end of a header that goes on */
	match match;
};

/* "-30d", "2026-11-24", "2026-11-24 09:30", "2026-11", "2026", "today", "yesterday" → [low, high), local time.
 */
bool pick_date(span value, int64_t now, int64_t *low, int64_t *high);
/* "20", "10k", "2.5M", "1G" */
bool pick_size(span value, int64_t *low, int64_t *high);

#endif
