/* Who had the last word on a job: the host that took or refused it, and whether it makes the reports that
 * the sender asked for (RFC 3461), so that we make none. Stands behind the reply code in the lines of workers
 * and logs: REPLY, or REPLY/FLAGS/NAME, FLAGS "dsn" or "". */
#ifndef QUEUE_REMOTE_MTA_H
#define QUEUE_REMOTE_MTA_H

#include "base/str.h"

enum { REMOTE_MTA_MAX = 320 };

typedef struct remote_mta {
	span name; /* "mx.example[192.0.2.1]", a path; "" unknown */
	bool dsn;  /* it was given NOTIFY, and knows what that is */
} remote_mta;

/* Octets of the name that are no printable ASCII become '?'. */
void remote_mta_write(int reply, const remote_mta *, str *to);
/* False for what remote_mta_write() does not write. The name is in `word`. */
bool remote_mta_parse(span word, int *reply, remote_mta *);

#endif
