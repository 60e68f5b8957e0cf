/* An SMTP session as the server sees it (RFC 5321): the talker's half. It knows the protocol and
 * nothing else; what needs a file, a table or the queue it asks its keeper for, by the functions of
 * smtp_keeper. Replies are flushed only when no input waits (RFC 2920). */
#ifndef SMTP_SERVER_H
#define SMTP_SERVER_H

#include <signal.h>

#include "auth/login.h"
#include "base/arena.h"
#include "base/status.h"
#include "io/in.h"
#include "io/out.h"
#include "smtp/data.h"

enum {
	SERVER_IN = 32768,	   /* octets of the client's input buffer, >= CMD_LINE_MAX */
	SERVER_OUT = 4096,	   /* octets of the replies that wait for a flush */
	SERVER_SMALL = 256 << 10,  /* octets of message up to which it goes to the keeper at once */
	SERVER_RECEIVED_MAX = 100, /* Received fields: more is a loop (RFC 5321, 6.3) */
};

/* Where the operator's policy is asked. */
enum smtp_stage { STAGE_CONNECT, STAGE_HELO, STAGE_MAIL, STAGE_RCPT, STAGE_DATA, STAGES };
#define STAGE_BIT(stage) (1u << (stage))

typedef struct smtp_limits {
	span me;	     /* control/me, for greeting and EHLO */
	uint64_t max_size;   /* octets of a message, wire size */
	uint64_t max_rcpts;  /* recipients of a transaction */
	uint64_t max_errors; /* replies above 500 in a session */
	int idle_ms;	     /* the longest a command, or a piece of data, may take */
	uint64_t max_mails;  /* transactions of a session */
	bool lmtp;	     /* RFC 2033 instead of RFC 5321 */
	bool auth, scram;    /* logins are taken; with SCRAM-SHA-256 too */
	unsigned stages;     /* bits: those that have a policy */
	int greet_ms;	     /* a stranger waits so long for the greeting */
	int tarpit_ms;	     /* and for the answer to an error, behind this many of them: */
	uint64_t tarpit_after;
	int64_t session_ms; /* the longest that a session lasts; 0: any time */
	uint64_t min_rate;  /* octets of message a second, at least; 0: any */
	bool submission;    /* RFC 6409: nobody sends without a login */
	span home;	    /* the domain of a user's addresses without one; "": they are refused */
	uint64_t
	    hold_max; /* seconds for which a user's mail can wait here (RFC 4865); 0: not offered */
} smtp_limits;

/* What the keeper says to a recipient or a message. */
typedef struct smtp_verdict {
	status st;
	bool normalize_lf; /* the client is one of ours: a bare LF in its data is a line end */
} smtp_verdict;

/* All functions return false where the keeper is gone: the session ends with 421. */
typedef struct smtp_keeper {
	void *arg;
	/* `mail` is MAIL's argument where this is the first recipient asked for since MAIL, else
	 * "". */
	bool (*rcpt)(void *arg, span mail, span rcpt, smtp_verdict *);
	/* A whole message (LF line ends), to be kept for the recipients that were accepted. */
	bool (*message)(void *arg, span hello, bool esmtp, span message, smtp_verdict *);
	/* The same in pieces: begin, data …, commit or refuse. Errors show at commit. */
	bool (*begin)(void *arg, span hello, bool esmtp);
	bool (*data)(void *arg, span octets);
	bool (*commit)(void *arg, smtp_verdict *);
	/* The talker refuses the message (or the connection was lost): why, for the log. */
	bool (*refuse)(void *arg, const status *why);
	/* What the policy of a stage says of HELO's name or MAIL's argument. With STAGE_MAIL that begins a transaction. */
	bool (*stage)(void *arg, enum smtp_stage, span words, smtp_verdict *);
	/* XCLIENT (`client`), or XFORWARD for the next transaction. */
	bool (*attributes)(void *arg, bool client, span args, smtp_verdict *);
	/* A login: the first line (mechanism, initial response) or the next response, as auth/login.h has them. */
	bool (*auth)(void *arg, bool first, span line, enum login_answer *, str *text);
	/* The client was told to begin TLS: true where smtp_session.in and .out lead through it now. false: close
	 * without a word. */
	bool (*tls)(void *arg);
} smtp_keeper;

/* What has come of a message: of all of it in DATA, of the chunks so far in BDAT. */
typedef struct smtp_receipt {
	data d;
	size_t n;	/* octets in the session's `message` */
	char last;	/* octet of the message so far, 0 before the first */
	bool streaming; /* begin() was called */
	int64_t began;	/* of clock_ms() */
	bool dropping;	/* it will be refused: read on, keep nothing */
	status why;	/* to refuse with */
} smtp_receipt;

typedef struct smtp_session {
	const smtp_limits *limits;
	const smtp_keeper *keeper;
	in *in; /* the client; in->before_wait is set by smtp_serve() */
	out *out;
	/* A signal handler of the caller's sets *stop, and where *waiting is set it makes reads
	 * end: the session then says 421 at the next command and ends. Both may be NULL. */
	volatile sig_atomic_t *stop, *waiting;

	bool stranger;		/* a client on another machine */
	bool xclient, xforward; /* it may say XCLIENT, XFORWARD */
	bool crowded;		/* its network has too many connections */
	bool login_allowed;	/* on this connection: TLS, or loopback where control says so */
	unsigned state;
	bool esmtp, over;
	bool logged_in;
	int64_t end; /* of clock_ms(): of the session, at the latest; 0: none */
	enum login_tls tls;
	bool hung_up; /* ended by the server's 421: the client may be writing still */
	uint64_t errors, rcpts, mails;
	span hello; /* in `hello_text` */
	char hello_text[256];
	arena mem; /* of the transaction */
	span mail; /* MAIL's argument, until the keeper has it; in `mem` */
	bool mail_sent, rcpt_tried, normalize_lf, utf8;
	smtp_receipt *receipt; /* of chunks; NULL before the first */
	char *message;	       /* SERVER_MESSAGE_ROOM octets, or NULL */
} smtp_session;

/* The whole session, greeting to QUIT. What it allocates it frees. */
void smtp_serve(smtp_session *);

#endif
