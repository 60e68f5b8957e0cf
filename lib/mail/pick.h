/* Expressions that choose messages: `from ~ "kim" and date < -30d and not flag S`.
 *
 *     expression  any                          any      all {"or" all}
 *     all         one {"and" one}              one      ("not" | "!") one | "(" any ")" | test
 *     test        "flag" LETTERS | "new" | "seen" | "flagged" | "replied" | "passed" | "trashed" | "draft"
 *               | ("date" | "arrived") (< <= = != > >=) DATE | "size" (the same) SIZE
 *               | ["header"] NAME (~ !~ = != ~~ !~~) VALUE | "body" (~ !~ ~~ !~~) VALUE
 *
 * && || == are taken too. A value is a word, or stands in quotes (' or ", with \ before a quote and
 * itself). */
#ifndef MAIL_PICK_H
#define MAIL_PICK_H

#include "mail/charset.h"

enum {
	PICK_DEPTH_MAX = 100, /* parentheses and "not" inside of each other */
	PICK_TESTS_MAX = 1000,
	PICK_LINE_MAX = 65536, /* octets of a line that a regular expression sees */
};

typedef struct pick pick;

typedef struct pick_error {
	size_t at; /* octets of the expression before it */
	const char *text;
} pick_error;

/* NULL with *error. `now` is what relative dates count from; calendar dates are local. The expression is
 * copied. */
pick *pick_parse(span expression, int64_t now, pick_error *error);
void pick_free(pick *);

/* Whether the expression asks for the size: only then the facts need it. */
bool pick_asks_size(const pick *);

/* What is known of a message; each level includes the ones before. */
enum pick_level {
	PICK_NAME,   /* flags, is_new, arrived; octets where octets_known */
	PICK_HEADER, /* header, octets; where header_cut, as much of it as there is */
	PICK_BODY,   /* message */
};
typedef struct pick_facts {
	span flags; /* letters */
	bool is_new, octets_known;
	bool header_cut; /* what is at the end of `header` may go on */
	int64_t arrived;
	uint64_t octets;
	span header;  /* what is behind the empty line does not count */
	span message; /* the whole of it */
	const charset_opener *opener;
} pick_facts;

enum pick_truth { PICK_NO, PICK_YES, PICK_UNKNOWN };
/* Call it with PICK_NAME first (that forgets the message before), then with higher levels as long as the answer is
 * PICK_UNKNOWN; at PICK_BODY it never is. */
enum pick_truth pick_match(pick *, const pick_facts *, enum pick_level);
/* Whether the last answer is unknown because the header was cut: give more of it, at PICK_HEADER. */
bool pick_was_cut(const pick *);

#endif
