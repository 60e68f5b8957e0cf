/* What stands between "BODY[" and "]" (RFC 3501, 6.4.5), and which octets of a message it names. Pure. */
#ifndef IMAP_SECTION_H
#define IMAP_SECTION_H

#include "imap/scan.h"
#include "mail/part.h"

enum { IMAP_SECTION_FIELDS_MAX = 1000 };

enum imap_section_what {
	IMAP_WHOLE,
	IMAP_HEADER,
	IMAP_FIELDS,
	IMAP_FIELDS_NOT,
	IMAP_TEXT,
	IMAP_MIME,
};

typedef struct imap_section {
	uint32_t *path; /* numbers of parts, from the outside in; in the arena */
	size_t depth;
	enum imap_section_what what;
	span *names; /* of HEADER.FIELDS */
	size_t names_n;
	bool partial; /* <from.count> */
	uint32_t from, count;
	span label; /* as the answer names it: "BODY[1.HEADER]<0>"; in the arena */
} imap_section;

/* Behind "BODY[" or "BODY.PEEK[", up to "]" or ">". */
bool imap_section_parse(imap_scan *, imap_section *);

/* Whether the header of the message is enough of it. */
bool imap_section_in_header(const imap_section *);
/* Whether it can be found without the tree. */
bool imap_section_at_top(const imap_section *);
/* Its octets in a message, by the tree unless it is at the top: for HEADER.FIELDS the whole header. False where there is
 * no such part. */
bool imap_section_top(const imap_section *, span message, span *octets);
bool imap_section_find(const imap_section *, const part_tree *, span *octets);
/* The fields of a header that HEADER.FIELDS or HEADER.FIELDS.NOT asks for, and an empty line. */
void imap_section_fields(const imap_section *, span header, str *to);
/* Whether it asks for this field. */
bool imap_section_has(const imap_section *, span name);

#endif
