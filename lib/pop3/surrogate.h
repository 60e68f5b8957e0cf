/* What a client that did not say UTF8 gets in place of a header that is not ASCII (RFC 6856, 2.1: such octets must not be
 * sent as they are): encoded words, parameters of RFC 2231, and no address that ASCII cannot write. All else of the message
 * stays as it is. */
#ifndef POP3_SURROGATE_H
#define POP3_SURROGATE_H

#include <sys/types.h>

#include "mail/charset.h"

enum { POP3_HEADER_MAX = 1 << 20 }; /* octets of a header that are looked at */

/* The octets at the front of the file that `to`, a header with LF line ends, stands for; 0 where they are ASCII. *more: so many
 * octets are sent then beyond those of the file, with CRLF line ends. -1 with errno. */
ssize_t pop3_surrogate(int fd, const charset_opener *, str *to, int64_t *more);

#endif
