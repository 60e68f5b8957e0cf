/* What the files of the keeper share. Only they include this. */
#ifndef RUN_KEEPER_STATE_H
#define RUN_KEEPER_STATE_H

#include "io/log.h"
#include "run/keep.h"
#include "run/submitter.h"
#include "smtp/cmd.h"

typedef struct keeper {
	const keeper_config *config;
	resolver *resolver;
	int fd;
	in from;
	int passed;    /* a connection that came with the last record, or -1 */
	char *payload; /* TALK_MAX octets */
	peer peer;
	bool relay;		   /* the client is in relay-nets */
	bool xclient, xforward_ok; /* it is in those nets: what it says of others is believed */
	str forward;		   /* XFORWARD's words, for the next transaction */
	bool forward_fresh;
	bool tls;
	char cipher[64]; /* of it */
	login_try login;
	keep keep;
	arena mem;     /* of the transaction */
	arena scratch; /* of one record */
	envelope env;
	cmd_mail mail;
	size_t room;  /* recipients that env.rcpts has place for */
	status unfit; /* what MAIL was refused with (the talker refused it too, unless it lies) */
	str xforward;
	str helo;	      /* what the client called itself, for the policy */
	submitter *submitter; /* NULL where nobody logs in */
	bool head_due;	      /* the next octets begin with the header of a submission */
	trace trace;	      /* of that */
	status refusal;	      /* of the open message, said at its end */
} keeper;

void keeper_set_peer(keeper *, const peer *, bool tls);
void keeper_end_transaction(keeper *);
/* Who it is, for a line of the log. */
void keeper_log_client(const keeper *, log_line *);
void keeper_log(const keeper *, const char *event, const addr *rcpt, const status *);
/* The log hears file and line of an operator's mistake, the client does not. */
bool keeper_answer(keeper *, status);

/* The argument of MAIL: what is wrong with it shows as `unfit`. */
void keeper_begin_transaction(keeper *, span mail);
/* The records of a transaction (run/talk.h); false: nonsense, or the talker is gone. */
bool keeper_rcpt(keeper *, span payload);
bool keeper_message(keeper *, span payload);
bool keeper_begin(keeper *, span payload);
void keeper_data(keeper *, span octets);
bool keeper_commit(keeper *);
/* The policy of a stage, with the facts in the environment. A refusal is in the log. */
status keeper_policy(keeper *, enum smtp_stage, const addr *rcpt);
bool keeper_stage(keeper *, span payload);
bool keeper_attributes(keeper *, span payload);
bool keeper_refusal(keeper *, span payload);

#endif
