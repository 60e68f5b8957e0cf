/* Words that are looked for in what a reader sees of a message: fields with their encoded words read, texts decoded, all
 * without case (fold.h). One place for pick.h's expressions and for IMAP's SEARCH. */
#ifndef MAIL_MATCH_H
#define MAIL_MATCH_H

#include "mail/charset.h"

enum { MATCH_TEXT_MAX = 64 << 20 }; /* octets of a field or a part, decoded, that are looked at */

typedef struct match {
	const charset_opener *opener;
	str text, form; /* of what is looked at */
} match;

match match_new(const charset_opener *); /* which lives as long */
void match_free(match *);

/* The body of a field as UTF-8; lives until the next call with this match. */
span match_field(match *, span body);
/* Whether `form`, which fold_text() gave, is in the text. "" is in each. */
bool match_has(match *, span utf8, span form);

enum match_where {
	MATCH_TEXTS = 1,    /* all text of a message, attached and alternative texts too */
	MATCH_ENCLOSED = 2, /* the fields of enclosed messages, each as "Name: body" */
	MATCH_PARTS = 4,    /* the fields of all parts, and the names that they give themselves */
};
/* Shows the pieces of a message, behind its own header, as UTF-8 until `each` is true for one; whether it was for any. */
typedef bool match_each(void *arg, match *, span utf8);
bool match_message(match *, span message, unsigned where, match_each *, void *arg);
/* The same for the fields of one header, as "Name: body". */
bool match_header(match *, span header, match_each *, void *arg);

#endif
