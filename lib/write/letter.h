/* A letter: a draft with what goes with it, judged, and written as a message. */
#ifndef WRITE_LETTER_H
#define WRITE_LETTER_H

#include "mail/draft.h"
#include "write/cargo.h"
#include "write/stored.h"

typedef struct letter {
	draft d;
	arena mem; /* of the draft */
	const charset_opener *opener;
	span host; /* of the Message-ID */
	span from; /* where the draft does not say it */
	bool eight_bit;
	cargo goods;
	span input;  /* the message that the path "-" stands for; p NULL: none */
	span html;   /* as it is sent; "" none */
	str problem; /* why it cannot be sent, for a person; "" it can */
	int code;    /* and the exit status that says so */
} letter;

void letter_open(letter *, const charset_opener *, span host, bool eight_bit);
void letter_close(letter *);
/* Another draft in the place of this one. */
void letter_read(letter *, span text);

/* Opens what is attached, and sets `problem`: fields that cannot be written, what is no list of addresses, a text that
 * is no UTF-8, a file that is not there; with `recipients` also that there are none. HTML without a text gets
 * one. */
void letter_check(letter *, bool recipients);
/* Whether the text speaks of an attachment and there is none. */
bool letter_lacks(const letter *);

/* The message, with Date and Message-ID. False with errno; 0: the draft has a problem. */
bool letter_write(const letter *, int fd);
/* The draft as a message that other mail programs can read too; its paths hold in other folders. */
bool letter_write_draft(letter *, int fd);
/* The message again behind a block of Resent- fields (RFC 5322, 3.6.6), which are From, To, Cc and Bcc of the
 * draft; all below it stays as it is. */
bool letter_write_again(letter *, const stored *, int fd);

#endif
