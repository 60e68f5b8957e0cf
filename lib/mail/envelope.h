/* The envelope: who a message is from and for, in SMTP's own words. One grammar and one parser for
 * every door: the SMTP commands, the envelope file of `-e FD`, the queue file, and argv.
 *
 *     XFORWARD ADDR=… HELO=… PROTO=… IDENT=…
 *     MAIL FROM:<a> BODY=8BITMIME SIZE=… RET=… ENVID=… AUTH=… SMTPUTF8
 *     RCPT TO:<b> NOTIFY=… ORCPT=…
 *     DATA
 *
 * DATA is the commit mark: an envelope without it is not one. Lines end in LF (CRLF is read too). */
#ifndef MAIL_ENVELOPE_H
#define MAIL_ENVELOPE_H

#include "base/arena.h"
#include "base/str.h"
#include "mail/addr.h"

enum {
	ENVELOPE_LINE_MAX = 2048,   /* octets of one line, LF included */
	ENVELOPE_PARAMS_MAX = 16,   /* parameters of one command */
	ENVELOPE_RCPT_MAX = 10000,  /* recipients of one message in the queue */
};

/* esmtp-param (RFC 5321, 4.1.2): keyword without case, value as on the wire (xtext not decoded). */
typedef struct envelope_param {
	span key, value;
} envelope_param;

typedef struct envelope_path {
	addr addr;
	envelope_param *params; /* in the arena, in the order given */
	size_t param_count;
} envelope_path;

typedef struct envelope {
	span xforward;        /* the words behind XFORWARD, "" if none; see envelope_xforward() */
	envelope_path sender;
	envelope_path *rcpts; /* in the arena */
	size_t rcpt_count;
} envelope;

enum envelope_error {
	ENVELOPE_OK,
	ENVELOPE_SYNTAX,    /* 501 5.5.4 (parameter) or 5.5.2 */
	ENVELOPE_ADDRESS,   /* 501 5.1.7 (sender) or 5.1.3 (recipient) */
	ENVELOPE_TOO_MANY,  /* recipients or parameters: 452 4.5.3 */
	ENVELOPE_NO_COMMIT, /* the end before DATA */
	ENVELOPE_ORDER,     /* RCPT before MAIL, MAIL twice, no recipient … */
};

/* The argument of MAIL ("FROM:<a> BODY=8BITMIME") or RCPT ("TO:<b> NOTIFY=…"), without verb and
 * line end. Blanks after the colon are accepted (seen in the wild). Parameters are split, not judged:
 * which ones are known is the server's business. A keyword twice is ENVELOPE_SYNTAX. */
enum envelope_error envelope_mail_args(span args, arena *, envelope_path *);
enum envelope_error envelope_rcpt_args(span args, arena *, envelope_path *);

/* A whole envelope from the front of `text`; *used is the octets up to and with the DATA line, *line
 * the number of the line at fault (1 the first). */
enum envelope_error envelope_parse(span text, arena *, envelope *, size_t *used, size_t *line);
/* Writes the lines that envelope_parse() reads, DATA included. */
void envelope_write(const envelope *, str *to);
void envelope_write_path(const char *verb_and_colon, const envelope_path *, str *to);

/* A parameter's value; false where it is not there. */
bool envelope_param_get(const envelope_path *, const char *key, span *value);
/* ADDR, HELO, PROTO, IDENT … out of the XFORWARD words, xtext decoded into the arena. */
bool envelope_xforward(const envelope *, const char *key, arena *, span *value);

/* RFC 3461, 4: xtext. Decoding gives false for malformed text and for a decoded CR, LF or NUL. */
bool xtext_decode(span text, arena *, span *decoded);
void xtext_encode(span octets, str *to);

const char *envelope_error_text(enum envelope_error);

#endif
