/* A message as one line of a list: by a format, as TSV, as JSON. */
#ifndef MAILDIR_LINE_H
#define MAILDIR_LINE_H

#include "maildir/summary.h"

/* %[-][WIDTH]LETTER; a width counts columns, longer text is cut, and '-' changes the side that is
 * filled.
 *
 *     %M flags, N for new    %u %r one character: unread, flagged, trashed; replied, passed
 *     %d date and time       %D date           %b size           %n number in the list
 *     %f from                %T to             %s subject        %S subject without Re: and the like
 *     %i indentation         %I Message-ID     %R path           %F folder         %% a '%'
 *
 * \n and \t and \\ are what they are in C. */
#define LINE_FORMAT_DEFAULT "%4M %d %20f %5b  %i%s"

typedef struct line_style {
	const char *format;
	const charset_opener *opener;
	size_t columns; /* each line is cut there; 0: not */
	arena *mem;	/* for what a line needs */
} line_style;

/* Whether it is a format; else *column (1 the first) is where it is none. */
bool line_check(const char *format, size_t *column);
/* The fields that a format needs; those of line_tsv() and line_json(). */
unsigned line_wants(const char *format);
enum {
	LINE_WANTS = 1 << SUMMARY_FROM | 1 << SUMMARY_TO | 1 << SUMMARY_SUBJECT |
		     1 << SUMMARY_DATE | 1 << SUMMARY_ID,
};

/* What a terminal would obey is made harmless. `number` is the place in the list, 1 the first. No line end. */
void line_put(const line_style *, const summary *, span path, size_t number, str *to);

/* path flags date octets from to subject message-id depth; dates are epoch seconds. With the line end. */
void line_tsv(const line_style *, const summary *, span path, str *to);
/* The same as an object, with `new`: true or false. */
void line_json(const line_style *, const summary *, span path, str *to);

#endif
