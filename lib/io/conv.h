/* Converters of charsets, by iconv(3): the only user of it. */
#ifndef IO_CONV_H
#define IO_CONV_H

#include "base/str.h"

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

/* Opens converters as they are asked for and keeps up to 16. Only names that can be a charset's are
 * asked for: iconv takes "//" for an option and an empty name for the locale's. */
typedef struct conv conv;
conv *conv_new(void);
void conv_free(conv *);
charset_opener conv_opener(conv *);
/* Where iconv's converters lie, which a sandbox must leave readable; NULL where there are none. */
const char *conv_folder(void);

#endif
