/* Converters by iconv(3): the only user of it. */
#ifndef IO_CONV_H
#define IO_CONV_H

#include "mail/charset.h"

/* Opens converters as they are asked for and keeps up to 16. */
typedef struct conv conv;
conv *conv_new(void);
void conv_free(conv *);
charset_opener conv_opener(conv *);

#endif
