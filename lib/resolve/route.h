/* control/routes: where mail for a domain goes that is not by MX. Private to this folder. */
#ifndef RESOLVE_ROUTE_H
#define RESOLVE_ROUTE_H

#include "resolve/book.h"

/* `[agent ]next hop`: NULL, or what is wrong with it. */
const char *route_parse(span value, span *agent, span *next_hop);

/* The route of exactly this domain: TABLE_FOUND (the answer is RESOLVE_REMOTE), TABLE_ABSENT,
 * TABLE_ERROR (RESOLVE_REFUSED). */
enum table_result route_exact(resolver *, span domain, arena *, resolve_answer *);
/* The route, or that of the nearest ".suffix", or of the sender, or "*", or none: by MX to the domain itself. */
void route_answer(resolver *, span domain, arena *, resolve_answer *);

#endif
