/* What the two address grammars (addr.c, addr_list.c) share; nobody else includes it. */
#ifndef MAIL_ADDR_TEXT_H
#define MAIL_ADDR_TEXT_H

#include "mail/addr.h"

bool addr_atext(unsigned char c); /* atext, or an octet of UTF-8 */
bool addr_literal(span domain);	  /* "[192.0.2.1]", "[IPv6:2001:db8::1]" */
bool addr_domain_name(span domain);
/* Sets a->utf8 and judges the lengths and the UTF-8 of the local part. */
enum addr_error addr_finish(addr *a);

#endif
