/* What the files of the server share. */
#ifndef SMTP_SESSION_H
#define SMTP_SESSION_H

#include "smtp/server.h"

/* Where a session is; a command's table line says in which of them it is allowed. */
enum { AT_START = 1, AT_HELLO = 2, AT_MAIL = 4, AT_RCPT = 8, AT_CHUNK = 16, AT_ANY = 31 };

/* The next line of the client, its end included. What is longer is read to its end, and IN_LONG. */
enum in_result session_line(smtp_session *, span *line);
/* 220. */
void session_greet(smtp_session *);
void session_reply(smtp_session *, int code, const char *enhanced, span text);
void session_status(smtp_session *, const status *);
/* 421 and the end. */
void session_hang_up(smtp_session *, const char *enhanced, span text);
void session_keeper_gone(smtp_session *);
/* The client is gone or silent: 421 4.4.2 for the latter, the end. */
void session_lost(smtp_session *, enum in_result);
/* Back to AT_HELLO. */
void session_reset(smtp_session *);

/* DATA, after its 354: reads to the end of data and answers. */
void session_receive(smtp_session *);
/* One chunk of a message (RFC 3030), and its answer. */
void session_chunk(smtp_session *, uint64_t octets, bool last);
/* A chunk that is refused whatever is in it: false where the client is gone. */
bool session_drop_chunk(smtp_session *, uint64_t octets);
/* A message of which chunks have come is not going to be one. */
void session_forget_chunks(smtp_session *);

#endif
