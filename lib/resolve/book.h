/* What the resolver reads: the open tables and the control values, fresh at each question. Private
 * to this folder. */
#ifndef RESOLVE_BOOK_H
#define RESOLVE_BOOK_H

#include "base/str.h"
#include "io/order.h"
#include "io/table.h"
#include "resolve/resolve.h"

struct resolver {
	table *users, *aliases, *routes, *sender_routes;
	const addr *sender; /* resolver_sender() */
	arena mem;	    /* the control values, until one of the files changes */
	str me_path, domains_path;
	order_id me_id, domains_id;
	bool read;     /* the values are those of the two ids */
	span me;       /* "" where it is missing or no name */
	span *domains; /* lower case, in octet order */
	size_t domain_count;
	span home;    /* the first entry of control/domains: completes addresses without a domain */
	bool explain; /* rules name the line of the table */
};

/* The installation as a whole: EX_OK, or a logged doubt (no control/me, no control/domains …). */
status book_refresh(resolver *);

/* Logs the operator's mistake and gives the doubt that says the same. `file` is a whole path; the
 * status shows it below control/ only, since a remote may read it. */
status book_fault(const char *file, size_t line, const char *text);

/* One lookup: TABLE_FOUND, TABLE_ABSENT (a missing file too, where `optional`), or TABLE_ERROR with
 * *fault. On TABLE_FOUND *rule says where it stands. */
enum table_result book_get(resolver *, table *, bool optional, span key, arena *, span *value,
			   span *rule, status *fault);
/* A fault in the line of `key`. */
status book_fault_at(table *, span key, const char *text);

#endif
