/* The grammar of SMTP commands (RFC 5321, 4.1.1): one line to one verb and its argument. Pure. */
#ifndef SMTP_CMD_H
#define SMTP_CMD_H

#include "base/span.h"
#include "base/status.h"
#include "mail/envelope.h"

enum {
	CMD_LINE_MAX =
	    2048, /* octets, line end included; 4.5.3.1.4 asks for 512 and extensions for more */
	CMD_HELLO_MAX = 255, /* 4.5.3.1.2 */
};

enum cmd_verb {
	CMD_HELO,
	CMD_EHLO,
	CMD_LHLO, /* LMTP (RFC 2033) */
	CMD_AUTH, /* RFC 4954 */
	CMD_XCLIENT,
	CMD_XFORWARD,
	CMD_STARTTLS, /* RFC 3207 */
	CMD_MAIL,
	CMD_RCPT,
	CMD_DATA,
	CMD_BDAT,
	CMD_RSET,
	CMD_NOOP,
	CMD_VRFY,
	CMD_HELP,
	CMD_QUIT,
	CMD_UNKNOWN, /* 500 */
	CMD_HTTP,    /* a web browser talks, maybe in somebody else's name: hang up */
	CMD_OCTETS,  /* NUL, a bare CR or another control octet in the line: 500 */
};

typedef struct cmd {
	enum cmd_verb verb;
	span args; /* behind the verb, without the blanks around it; borrowed from the line */
} cmd;

/* `line` with or without its line end. */
cmd cmd_parse(span line);
/* The argument of HELO or EHLO: one word of printable octets, at most CMD_HELLO_MAX. Whether it is
 * a name of the client is not judged (4.1.4: a server must not refuse mail for that). */
bool cmd_hello_valid(span args);

/* What MAIL asks for. */
typedef struct cmd_mail {
	uint64_t size;	    /* SIZE=, 0 where not given (RFC 1870) */
	bool eight;	    /* BODY=8BITMIME (RFC 6152) */
	bool utf8;	    /* SMTPUTF8 (RFC 6531) */
	bool auth;	    /* AUTH= (RFC 4954, 5) */
	bool hold;	    /* HOLDFOR= or HOLDUNTIL= (RFC 4865): */
	uint64_t hold_for;  /* seconds, 0: until */
	int64_t hold_until; /* the epoch second */
} cmd_mail;

/* Judges MAIL's (RCPT's) address and parameters; ok, or the status to refuse with: 501, 553, 555,
 * 552. AUTH, HOLDFOR and HOLDUNTIL are judged to the letter; whether they are known here is the caller's business. Those of RFC 3461 (RET, ENVID, NOTIFY, ORCPT) are judged to the letter and stay in the path. `utf8`: MAIL
 * had SMTPUTF8. */
status cmd_mail_args(span args, uint64_t max_size, arena *, envelope_path *, cmd_mail *);
status cmd_rcpt_args(span args, bool utf8, arena *, envelope_path *);
/* The argument of VRFY or EXPN (RFC 6531, 3.7.4.2): a string, SMTPUTF8 behind it where that is needed. */
status cmd_vrfy_args(span args);
/* The argument of BDAT (RFC 3030, 2): octets of the chunk, and LAST. */
bool cmd_bdat_args(span args, uint64_t *octets, bool *last);

#endif
