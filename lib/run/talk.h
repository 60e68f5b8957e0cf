/* The records between the talker and the keeper of smtp-recv (io/frame.h). Text fields end in a NUL octet.
 *
 *     talker to keeper
 *     C                              a connection, passed along; ends the one before. In one write
 *                                    with the first of these:
 *     R  MAIL-ARGS RCPT-ARGS         a recipient; MAIL-ARGS is "" within the same transaction
 *     M  HELLO PROTO message         the whole message: keep it
 *     B  HELLO PROTO                 a message follows in pieces
 *     D  octets
 *     F                              its end: keep it
 *     X  REPLY ENHANCED TEXT         the talker refused the message, for the log
 *     O                              nothing, but a connection may come with it
 *     N                              the connection, passed along, for
 *     T                              TLS, please: nothing more is read from the connection
 *     G  digit words                 a stage of the policy (enum smtp_stage), with HELO's name or MAIL's argument
 *     U  letter args                 'C' and the argument of XCLIENT, 'F' and that of XFORWARD
 *     A  line                        'S' and the first line of a login, or 'R' and a response
 *
 *     keeper to talker, to R, M, F, G and U
 *     V  CODE REPLY ENHANCED TEXT LF     LF is "1" where a bare LF is a line end, else "0"
 *                                    and to A
 *     +  Y  W  T  B  G  text         as in auth/login_record.h; G: too many logins
 *                                    and to T
 *     C                              the connection as it goes on, passed along, and behind it
 *     T  "1"                         or, alone and empty: there was no handshake
 */
#ifndef RUN_TALK_H
#define RUN_TALK_H

#include "io/frame.h"
#include "smtp/server.h"

enum { TALK_MAX = SERVER_SMALL + SERVER_IN + 4096, VERDICT_MAX = 1024 };

bool talk_send_verdict(int fd, const smtp_verdict *);
/* The answer to A. */
bool talk_send_login(int fd, enum login_answer, span text);
/* Reads one; false where the keeper is gone or talks nonsense. */
bool talk_recv_verdict(in *, smtp_verdict *);
/* The fields of X. */
bool talk_status(span payload, status *);

/* The talker's end: what an smtp_keeper's `arg` points at. */
typedef struct talk {
	int fd;
	int connection; /* not passed along yet, or -1 */
	in from;	/* the keeper's verdicts */
	int passed;	/* a descriptor from it */
	in *client_in;	/* the client, for who starts TLS; borrowed */
	out *client_out;
} talk;

void talk_open(talk *, int fd);
void talk_close(talk *);
smtp_keeper talk_keeper(talk *);
/* The buffers of the client. */
void talk_client(talk *, in *, out *);
/* Another client: its connection goes to the keeper with the first record, and must be open until then. */
void talk_connection(talk *, int connection);

#endif
