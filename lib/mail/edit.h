/* A header that is changed: fields that are not touched stay octet for octet, new ones get the line ends
 * of the message. */
#ifndef MAIL_EDIT_H
#define MAIL_EDIT_H

#include "mail/header.h"

typedef struct edit_field {
	header_field field; /* borrowed, of the message or of *owned */
	char *owned;	    /* NULL: it stands in the message */
} edit_field;

typedef struct edit {
	span front; /* a leading mbox "From " line, or "" */
	span
	    tail; /* from the empty line on; from the first line that is no field where there is none */
	edit_field *fields;
	size_t n, room;
	bool crlf; /* how the first line of the message ends */
	bool bare; /* a body without a header: a new header needs an empty line behind it */
	bool edited;
} edit;

void edit_open(edit *, span message); /* borrows the message */
void edit_free(edit *);

/* `text` is a whole field with LF line ends, as field_write() gives it; it is copied. */
void edit_append(edit *, span text);
void edit_insert(edit *, span text);
/* In the place of the first field of that name, others of the name go; appended where there is none. */
void edit_set(edit *, span name, span text);
/* Returns how many there were. */
size_t edit_delete(edit *, span name);
/* One field anew, in its place. */
void edit_replace(edit *, size_t index, span text);

/* All that stands before `tail`. */
typedef void edit_put(void *arg, span octets);
void edit_write(const edit *, edit_put *put, void *arg);

#endif
