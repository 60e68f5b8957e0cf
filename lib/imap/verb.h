/* The front of a command: its tag and its verb; and what this server says of itself. Pure, but for the output. */
#ifndef IMAP_VERB_H
#define IMAP_VERB_H

#include "imap/scan.h"
#include "io/out.h"

enum { IMAP_TAG_MAX = 255 };

/* 1*(ASTRING-CHAR but "+"), then a blank. False: the answer has no tag. */
bool imap_tag(imap_scan *, span *tag);
/* An atom, and a blank behind it if there is one. */
bool imap_verb(imap_scan *, span *verb);

/* Words of CAPABILITY, each with a blank before it. Before the login, how one logs in is among them. */
typedef struct imap_login_ways {
	bool allowed, scram, starttls;
} imap_login_ways;
void imap_capabilities(out *, const imap_login_ways *); /* NULL: behind the login */

/* "* ID (…)" (RFC 2971) for an argument that holds; false where it does not. */
bool imap_id(imap_scan *, out *);

enum { IMAP_APPEND_MAX = 64 << 20 }; /* octets of a message on the wire; APPENDLIMIT (RFC 7889) */

#endif
