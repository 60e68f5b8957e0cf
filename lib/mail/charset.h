/* Charsets by name. The tables are here, pure; the converters are handed in (io/conv.h),
 * so that lib/mail makes no system call. */
#ifndef MAIL_CHARSET_H
#define MAIL_CHARSET_H

#include "base/str.h"
#include "io/conv.h"

/* The name that iconv knows: ks_c_5601-1987, korean, windows-949, ms949, euc-kr → CP949; iso-8859-1 and
 * us-ascii with 8-bit octets → windows-1252; … The name itself where there is no alias. Lives as long as
 * the program or the argument. */
span charset_alias(span name);

/* The octets as UTF-8. False for an unknown charset: then 8-bit octets are written \xNN, nothing is
 * dropped. `charset` "" is US-ASCII, or UTF-8 where the octets are valid UTF-8, else CP949 where they are
 * valid Korean, else windows-1252. */
bool charset_text(const charset_opener *, span charset, span octets, str *to);

/* The smallest charset label that text needs: "us-ascii" or "utf-8". */
span charset_of_utf8(span utf8);

#endif
