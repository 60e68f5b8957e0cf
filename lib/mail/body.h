/* What a person reads of a message: which parts, and each one's text as UTF-8. */
#ifndef MAIL_BODY_H
#define MAIL_BODY_H

#include "base/arena.h"
#include "base/str.h"
#include "mail/charset.h"
#include "mail/part.h"

enum body_role {
	BODY_CONTAINER, /* a multipart: its parts say the rest */
	BODY_MESSAGE,	/* an enclosed message, open or encoded */
	BODY_TEXT,	/* to be shown */
	BODY_ATTACHED,	/* to be named */
	BODY_HIDDEN,	/* an alternative to what is shown */
};

/* The role of each part, `roles` with room for tree->count of them. Of alternatives (RFC 2046, 5.1.4) text/plain
 * is taken unless it is empty, then HTML, then the last one. */
void body_roles(const part_tree *, enum body_role *roles);

/* Another reader of HTML: `utf8` as text, appended to `to`; false where it fails: then the one of
 * html.h is taken. */
typedef bool body_filter(void *arg, span utf8, str *to);

typedef struct body_style {
	const charset_opener *opener;
	size_t columns;	   /* of flowed text and HTML; 0: not wrapped */
	bool wrap_fixed;   /* other text too */
	body_filter *html; /* NULL: html_text() */
	void *html_arg;
} body_style;

/* The text of a leaf, as UTF-8 with LF at the ends of its lines: decoded, flowed or converted. What a terminal
 * would obey is still in it. An unknown charset is told in the first line. */
void body_text(const part *, const body_style *, str *to);
/* Whether it says of itself that it is an attachment (RFC 2183, 2.2). */
bool body_is_attached(const part *);
/* The name that the part gives itself (RFC 2183, 2.3), as UTF-8. */
void body_name(const part *, const charset_opener *, str *to);

#endif
