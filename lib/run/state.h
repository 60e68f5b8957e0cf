/* What the parts of the runner share: the run, its messages in work (tasks), its next hops, its
 * workers. Only files of lib/run include this. */
#ifndef RUN_STATE_H
#define RUN_STATE_H

#include "queue/board.h"
#include "queue/drop.h"
#include "queue/qlog.h"
#include "queue/qmsg.h"
#include "queue/retry.h"
#include "resolve/resolve.h"
#include "run/mark.h"
#include "run/names.h"
#include "run/results.h"
#include "run/runner.h"
#include "run/worker.h"

enum {
	TASK_BUCKETS = 1024,
	HOP_BUCKETS = 256,
	TASKS_MAX = 1024,  /* messages claimed at a time: two descriptors each */
	BATCH_LOCAL = 64,  /* jobs of one deliver-maildir */
	BATCH_REMOTE = 32, /* messages of one connection to a next hop */
	BATCH_JOBS = 512,  /* jobs of one worker */
	LOCAL_WORKERS = 4, /* more than one only for full batches, or where one is slow */
	LOCAL_SLOW_MS = 250,
	REMOTE_SLOW_MS = 50, /* the same for a next hop */
	FLUSH_MS = 50,	     /* removals share a sync */
	ALIAS_DEPTH = 20,
};

typedef struct hop hop;
typedef struct worker worker;

enum rcpt_state {
	RCPT_SETTLED, /* final in the log, or not ours to try: nothing to do in this attempt */
	RCPT_WAITS,   /* a job waits in its hop */
	RCPT_GIVEN,   /* a worker has the job */
	RCPT_DONE,    /* `st` is what came of it, not yet recorded */
	RCPT_SAVED,   /* `st` is recorded */
};

typedef struct task_rcpt {
	enum rcpt_state state;
	hop *hop;    /* WAITS, GIVEN */
	span agent;  /* "" where no worker was asked; in task.mem */
	worker *by;  /* GIVEN */
	bool remote; /* what OK means: relayed, not delivered */
	span dest;   /* Maildir or next hop, in task.mem */
	status st;
	remote_mta who;	 /* said it; in task.mem */
	int64_t put_off; /* DONE, but not tried: when it may be; 0: tried */
} task_rcpt;

/* A claimed message. */
typedef struct task {
	struct task *next; /* in its bucket */
	struct task *touched_next;
	bool touched;
	bool again;	/* an earlier attempt may have happened: look before delivering */
	bool attempted; /* this attempt is in the log */
	bool expanded;	/* expansions are in the log, not yet surely durable */
	bool ask;	/* its outcome is printed and counted */
	qmsg m;
	int64_t since; /* it can be delivered: it arrived, or its time has come (RFC 4865) */
	qlog log;
	task_rcpt *rcpts; /* rcpts[i] is log.rcpts[i] */
	size_t room;
	size_t open; /* jobs that wait or are given */
	span message_id; /* for the log, in mem; p NULL: not looked for yet */
	arena mem;
} task;

typedef struct hop_job {
	task *t;
	size_t n;
} hop_job;

/* An agent with a destination; all Maildirs (of one owner) are one. */
struct hop {
	hop *next; /* in its bucket */
	hop *ready_next;
	bool ready;
	bool local;
	worker_owner owner;
	char *key;	  /* AGENT LF DEST LF UID, owned */
	span agent, dest; /* in key */
	hop_job *jobs;	  /* jobs[head, count) wait; all of one message follow each other */
	size_t head, count, room;
	unsigned running; /* workers */
	int64_t started;  /* clock_ms() of the last worker */
	names parked;	  /* messages that wait unclaimed: this hop has enough */

	/* pace.c */
	uint64_t board;
	board_entry known;
	uint32_t rate;	    /* messages a minute; 0: any */
	int64_t slot;	    /* the minute that is filled with what is put off */
	uint32_t slot_used; /* messages in it */
	const task *put_off;
};

typedef struct given {
	char id[QID_LEN + 1];
	size_t n;
} given;

struct worker {
	worker *next;
	pid_t pid;
	hop *hop;
	result_file *file;
	given *jobs;
	size_t count;
	int exit_code;			      /* once it has ended */
	unsigned answered, busy, unreachable; /* results of each kind (pace.c) */
	char words[BOARD_WORDS];
};

/* A line of control/hop-rate. */
typedef struct hop_rate {
	span hop;
	uint32_t messages; /* a minute */
} hop_rate;

typedef struct runner {
	const runner_options *opt;
	int queue_dir, new_dir;
	int64_t holder_since; /* 0: another runner may try messages unseen, nothing is fresh */
	resolver *resolver;
	retry_clock clock;
	uint64_t max_workers, max_per_hop;
	int64_t pause, pause_largest; /* seconds */
	hop_rate *rates;
	size_t rate_count;
	arena rate_mem;
	results results;

	task *tasks[TASK_BUCKETS];
	size_t task_count;
	task *touched;
	hop *hops[HOP_BUCKETS];
	hop *ready, **ready_end;
	worker *workers;
	unsigned remote_workers;

	names todo;		  /* to be claimed */
	names soon;		  /* were busy a moment ago */
	int64_t soon_at, scan_at; /* clock_ms(); 0: never */
	int64_t due_at;		  /* epoch seconds of the next deferred message, 0: none known */
	int64_t scanned;	  /* clock_now() of the last scan */
	scan_mark mark;		  /* where the next scan may start */
	bool behind;		  /* something due was left: the next scan reads all */
	bool stopping;
	bool children; /* some may have ended (SIGCHLD) */

	int watch_fd, wd_new, wd_drop; /* inotify; -1 */
	bool drop_due;

	/* Removed messages whose log goes after the directory is synced (remove.c). */
	char (*gone)[QID_LEN + 1];
	size_t gone_count, gone_room;
	bool dirty_new;
	int64_t dirty_since; /* clock_ms(); 0: nothing to sync */
	uint8_t dirty_later[256];

	size_t asked, asked_good;
} runner;

#endif
