/* The type of octets by libmagic: the only user of it. Its guess of a charset is never used (it calls EUC-KR
 * iso-8859-1). */
#ifndef IO_SNIFF_H
#define IO_SNIFF_H

#include "base/str.h"

typedef struct sniff sniff;
sniff *sniff_open(void); /* NULL with errno where the database cannot be loaded */
void sniff_close(sniff *);
/* "image/png" into `to`; "application/octet-stream" where it cannot tell. Looks at the first 64 KiB. */
void sniff_type(sniff *, span octets, str *to);

#endif
