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
	CMD_MAIL,
	CMD_RCPT,
	CMD_DATA,
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
	uint64_t size; /* SIZE=, 0 where not given (RFC 1870) */
	bool eight;    /* BODY=8BITMIME (RFC 6152) */
} cmd_mail;

/* Judges MAIL's (RCPT's) address and parameters; ok, or the status to refuse with: 501, 553, 555,
 * 552. */
status cmd_mail_args(span args, uint64_t max_size, arena *, envelope_path *, cmd_mail *);
status cmd_rcpt_args(span args, arena *, envelope_path *);

#endif
