/* One IMAP command as text, and a cursor over it (RFC 3501, 9; RFC 9051, 9). The reader (imap/read.h) puts literals into the
 * text as they came: "{5}" or "{5+}", CRLF, five octets. Pure.
 *
 * Each function takes what it names off the front and is true, or leaves the cursor where it is and is false. What they
 * give is borrowed from the text, or lies in the arena where it had to be unescaped; a full arena is false too. */
#ifndef IMAP_SCAN_H
#define IMAP_SCAN_H

#include "base/arena.h"

enum {
	IMAP_LINE_BEFORE = 8192,   /* octets of a command before the login, literals included */
	IMAP_COMMAND_MAX = 262144, /* after it; the message of APPEND does not count */
	IMAP_DEPTH_MAX = 32,	   /* parentheses and NOTs in each other */
};

typedef struct imap_scan {
	span rest;
	arena *mem;
	bool utf8; /* 8-bit octets may stand in quoted strings (RFC 6855, 3) */
} imap_scan;

bool imap_end(const imap_scan *); /* nothing is left */
bool imap_char(imap_scan *, char c);
#define imap_sp(s) imap_char((s), ' ')
/* The keyword (ASCII without case), followed by no other atom octet. */
bool imap_word(imap_scan *, const char *keyword);
bool imap_atom(imap_scan *, span *);	/* 1*ATOM-CHAR */
bool imap_string(imap_scan *, span *);	/* quoted or literal */
bool imap_astring(imap_scan *, span *); /* atom with "]" too, or string; what is "" was quoted */
bool imap_nstring(imap_scan *, span *); /* p NULL for NIL */
/* A pattern of LIST: an atom that may hold "%" and "*", or a string. */
bool imap_list_mailbox(imap_scan *, span *);
/* A flag: an atom, or "\" and an atom. */
bool imap_flag(imap_scan *, span *);
bool imap_number(imap_scan *, uint32_t *);   /* up to 2^32-1 */
bool imap_number64(imap_scan *, uint64_t *); /* up to 2^63-1 (RFC 7162, 7) */

bool imap_is_atom_char(unsigned char c);

#endif
