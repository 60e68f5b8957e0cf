/* HTML as plain text for a reader: paragraphs, lists, quotes, tables and preformatted text by their
 * shape; links as [1] with the list of their targets at the end. No script, style or picture is looked
 * at. Linear in the octets, nesting is bounded, any octets are taken. */
#ifndef MAIL_HTML_H
#define MAIL_HTML_H

#include "base/str.h"

enum {
	HTML_NEST_MAX = 32,    /* quotes and lists that are shown inside of each other */
	HTML_LINKS_MAX = 9999, /* later ones get no number */
};

/* Lines of at most `columns` (0: one line a paragraph). */
void html_text(span utf8, size_t columns, str *to);
/* The charset that a <meta> in the first octets names; "" where there is none. */
span html_charset(span octets);

#endif
