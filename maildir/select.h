/* Choosing messages by what their names tell: nothing is opened. */
#ifndef MAILDIR_SELECT_H
#define MAILDIR_SELECT_H

#include "maildir/scan.h"

typedef struct select_flags {
	name_flags set, unset;
	bool only_new;
} select_flags;

/* "FS-T": F and S set, T not. Adds to *to; false where something else is in it. */
bool select_parse(const char *text, select_flags *to);
bool select_matches(const select_flags *, const maildir_scan *, const scan_message *);
/* Keeps only what matches, in its order. */
void select_keep(const select_flags *, maildir_scan *);

#endif
