/* A message from a program or a person: envelope from the command line, a file or the header itself;
 * what is missing is added. The common part of queue-add(1) and sendmail(1). */
#ifndef QUEUE_SUBMIT_H
#define QUEUE_SUBMIT_H

#include "queue/intake.h"
#include "queue/qadd.h"

enum {
	SUBMIT_HEAD_MAX = 1 << 20, /* octets of header that are looked at */
	SUBMIT_RECEIVED_MAX = 100, /* Received fields: more is a loop (RFC 5321, 6.3) */
};

typedef struct submission {
	envelope env;	  /* in `mem`; sender and recipients so far */
	span me;	  /* control/me; "" unknown: a local part alone is then an error */
	bool from_header; /* -t: recipients from To, Cc, Bcc as well */
	bool
	    complete; /* sendmail: add Date, Message-ID, From; a message without a header gets one */
	span from;    /* the body of the From field that is added */
	span hostname; /* for the Message-ID where control/me is unknown */
	intake input;
	str head;	 /* the header as read */
	bool body_begun; /* `head` ends before the empty line: no header end was seen */
	size_t rcpt_room;
	arena mem;
} submission;

void submit_open(submission *, int fd, bool dot_ends);
void submit_close(submission *);

/* One address of the command line; "user" becomes user@me. */
bool submit_sender(submission *, span text);
bool submit_rcpt(submission *, span text);
/* A whole envelope (mail/envelope.h) from a seekable file. */
status submit_envelope(submission *, int fd);

/* Reads up to the end of the header, judges it, and takes the recipients from it where asked. */
status submit_head(submission *);
/* Puts all of the message: what is added, the header without Bcc where the recipients came from it, the
 * rest of the input. `trace` comes first. After a failure the caller aborts the qadd. */
status submit_put(submission *, qadd *, span trace);

/* The passwd entry: login name and full name; false where there is none. */
bool submit_person(uid_t, arena *, span *login, span *full_name);
/* The body of a From field. */
void submit_from(span full_name, const addr *, str *to);
/* The trace field of a local submission (RFC 5321, 4.4). */
void submit_trace(const submission *, const char *id, str *to);

#endif
