/* Domain names as DNS wants them: U-labels to A-labels (RFC 5891), lengths and labels checked (RFC
 * 1035, 2.3.4). The one user of libidn2. */
#ifndef NET_IDN_H
#define NET_IDN_H

#include "base/span.h"

enum { NET_NAME_ROOM = 254 + 1 }; /* 253 octets of a name, a dot, and a NUL */

/* `name` lower case, without a dot at its end, with A-labels; false where it is no domain name.
 * ASCII names need no library and may hold underscores. */
bool idn_to_ascii(span name, char to[static NET_NAME_ROOM]);

#endif
