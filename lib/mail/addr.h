/* Addresses of the envelope (RFC 5321, 4.1.2) and of header fields (RFC 5322, 3.4). */
#ifndef MAIL_ADDR_H
#define MAIL_ADDR_H

#include "base/arena.h"
#include "base/span.h"
#include "base/str.h"

enum {
	ADDR_LOCAL_MAX = 64,   /* RFC 5321, 4.5.3.1.1, octets, quotes left out */
	ADDR_DOMAIN_MAX = 255, /* 4.5.3.1.2 */
	ADDR_MAX = 254,        /* 4.5.3.1.3: path of 256 with its angle brackets */
};

typedef struct addr {
	span local;   /* decoded: without quotes and backslashes; may hold blanks, '@', any printable */
	span domain;  /* as written, "" for <> and <postmaster>; literals with their brackets */
	bool null;    /* <> */
	bool literal; /* domain is an address literal that is well-formed (4.1.3) */
	bool utf8;    /* an octet above 0x7f somewhere: needs SMTPUTF8 (RFC 6531) */
} addr;

enum addr_error {
	ADDR_OK,
	ADDR_SYNTAX,   /* 501 */
	ADDR_TOO_LONG, /* 501 */
	ADDR_CONTROL,  /* a control octet, NUL, CR or LF: 501 */
};

/* A path "<…>" at the front of *rest, source route dropped (RFC 5321, 4.1.1.3), *rest left behind it. With
 * `null_ok` also "<>". "<postmaster>" without a domain is allowed always. The spans of *a point into the
 * arena or the input. */
enum addr_error addr_path(span *rest, bool null_ok, arena *, addr *a);
/* A whole mailbox without brackets: "local@domain", "\"quoted local\"@domain"; nothing may follow. An
 * empty string is ADDR_SYNTAX; "<>" is the null address. A local part alone gets domain "". This is the
 * grammar of argv and control files. */
enum addr_error addr_mailbox(span text, arena *, addr *a);

/* "local@domain" with the local part quoted where it must be; "" for the null address, no brackets. */
void addr_write(const addr *, str *to);
/* Domains without case (ASCII), local parts exactly. */
bool addr_eq(const addr *, const addr *);

/* Header addresses: calls `each` for every mailbox of a From, To, Cc … field body (unfolded or not),
 * groups opened, comments and display names skipped, obsolete routes dropped. `name` is the raw
 * display name (may be empty). Returns false where some part could not be read as an address (the
 * others are still given). At most `max` mailboxes. */
typedef void addr_each(void *arg, const addr *, span name);
bool addr_list(span body, arena *, size_t max, addr_each *each, void *arg);

/* The same with what addr_list() passes over; `group` and `bad` may be NULL. `comment` is the last one of the
 * element, "" for none. `bad` gets an element that is no address, as it stands, and counts for `max`. */
typedef struct addr_walker {
	void (*mailbox)(void *arg, const addr *, span name, span comment);
	void (*group)(void *arg, span name, bool begins); /* the raw name where it begins */
	void (*bad)(void *arg, span text);
	void *arg;
} addr_walker;
bool addr_walk(span body, arena *, size_t max, const addr_walker *);

#endif
