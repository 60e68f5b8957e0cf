/* The grammar of POP3 commands (RFC 1939, 3; RFC 2449, 4): one line to one verb and its arguments. Pure. */
#ifndef POP3_CMD_H
#define POP3_CMD_H

#include "base/span.h"

enum {
	POP3_LINE_MAX =
	    2100, /* octets of a command or a SASL response, line end included; RFC 2449 asks for 255 */
};

enum pop3_verb {
	POP3_CAPA,
	POP3_USER,
	POP3_PASS,
	POP3_AUTH,
	POP3_UTF8,
	POP3_STLS,
	POP3_QUIT,
	POP3_STAT,
	POP3_LIST,
	POP3_RETR,
	POP3_DELE,
	POP3_NOOP,
	POP3_RSET,
	POP3_TOP,
	POP3_UIDL,
	POP3_UNKNOWN,
	POP3_OCTETS, /* NUL or another control octet in the line */
};

typedef struct pop3_cmd {
	enum pop3_verb verb;
	span
	    args; /* behind the verb and one blank, as they are; borrowed from the line. p NULL: there was no blank */
} pop3_cmd;

/* `line` with or without its line end. */
pop3_cmd pop3_cmd_parse(span line);
/* No argument at all (blanks at the end are forgiven). */
bool pop3_no_args(const pop3_cmd *);
/* One message number, from 1. */
bool pop3_number(const pop3_cmd *, uint64_t *number);
/* Message number and number of lines, from 0. */
bool pop3_top_args(const pop3_cmd *, uint64_t *number, uint64_t *lines);

#endif
