/* Charsets by name. The tables are here, pure; the converters are handed in (lib/io/conv.c opens them
 * with iconv), so that lib/mail makes no system call. */
#ifndef MAIL_CHARSET_H
#define MAIL_CHARSET_H

#include "base/span.h"
#include "base/str.h"

/* The name that iconv knows: ks_c_5601-1987, korean, windows-949, ms949, euc-kr → CP949; iso-8859-1 and
 * us-ascii with 8-bit octets → windows-1252; … The name itself where there is no alias. Lives as long as
 * the program or the argument. */
span charset_alias(span name);

typedef struct charset_conv charset_conv;
struct charset_conv {
	/* Converts *from (advanced) into `to` (UTF-8). Octets that mean nothing become U+FFFD; an incomplete
	 * character at the end stays in *from unless `last`. */
	void (*convert)(charset_conv *, span *from, bool last, str *to);
	void (*reset)(charset_conv *);
	void *handle;
};

/* How a converter is found: NULL for an unknown charset. Owned by the opener, which caches them. */
typedef struct charset_opener {
	charset_conv *(*open)(void *arg, span charset);
	void *arg;
} charset_opener;

/* The octets as UTF-8. False for an unknown charset: then 8-bit octets are written \xNN, nothing is
 * dropped. `charset` "" is US-ASCII, or UTF-8 where the octets are valid UTF-8, else CP949 where they are
 * valid Korean, else windows-1252. */
bool charset_text(const charset_opener *, span charset, span octets, str *to);

/* The smallest charset label that text needs: "us-ascii" or "utf-8". */
span charset_of_utf8(span utf8);

#endif
