/* XCLIENT and XFORWARD: what a proxy or filter of the operator's says of its client. From named networks only, which the
 * keeper checks by the connection itself. */
#ifndef SMTP_XCLIENT_H
#define SMTP_XCLIENT_H

#include "smtp/session.h"

/* The keywords of EHLO, each behind an LF. */
void xclient_keywords(const smtp_session *, str *to);
void xclient_command(smtp_session *, span args);
void xforward_command(smtp_session *, span args);

#endif
