/* What a server said to EHLO (RFC 5321, 4.1.1.1). */
#ifndef SMTP_CAPS_H
#define SMTP_CAPS_H

#include "smtp/reply.h"

typedef struct smtp_caps {
	bool esmtp;	   /* EHLO was accepted; false after HELO, and all below then too */
	bool pipelining;   /* RFC 2920 */
	bool size;	   /* RFC 1870 */
	bool eight_bit;	   /* 8BITMIME, RFC 6152 */
	bool utf8;	   /* SMTPUTF8, RFC 6531 */
	bool dsn;	   /* RFC 3461 */
	bool starttls;	   /* RFC 3207 */
	bool chunking;	   /* RFC 3030 */
	char auth[256];	   /* RFC 4954: the mechanisms, parted by blanks */
	uint64_t size_max; /* wire octets; 0: not told */
} smtp_caps;

/* From the reply to EHLO, code 250; its first line is a greeting. Unknown keywords are ignored. */
void smtp_caps_read(smtp_caps *, const reply *);

#endif
