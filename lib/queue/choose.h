/* Which messages an operator means: by sender, recipient, next hop. Pure.
 *
 * A pattern is an address ("a@x.test", "<>" for the null sender) or "*@x.test", everybody of that domain.
 * Patterns of one kind are alternatives; kinds add up: -f a -f b -t c is (a or b) and c. */
#ifndef QUEUE_CHOOSE_H
#define QUEUE_CHOOSE_H

#include "queue/qlog.h"

enum { CHOOSE_MAX = 1000 }; /* patterns of one kind */

typedef struct choose_pattern {
	addr addr;
	bool domain_only;
} choose_pattern;

typedef struct choose_list {
	choose_pattern *v; /* owned */
	size_t count, room;
} choose_list;

typedef struct choice {
	choose_list senders, rcpts;
	span *hops; /* owned; the spans are the caller's */
	size_t hop_count;
	arena mem;
} choice;

choice choice_new(void);
void choice_free(choice *);
/* False for what is no pattern, or one too many. */
bool choice_add(choice *, choose_list *, span text);
bool choice_add_hop(choice *, span hop);

bool choose_match(const choose_pattern *, const addr *);
/* A recipient that still waits: nothing final is known of it. */
bool choose_waits(const qlog_rcpt *);
/* Senders and waiting recipients; hops are not looked at (they need the resolver). */
bool choose_message(const choice *, const envelope *, const qlog *);
/* Domains and hosts without case. No hops in the choice: true. */
bool choose_hop(const choice *, span hop);

#endif
