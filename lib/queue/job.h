/* The worker contract, for all agents, ours and others' (pabal-contract(7)). A worker (deliver-maildir -b,
 * smtp-send -b) reads jobs from fd 0, one a line, fields parted by TAB, with \t \n \\ escaped:
 *
 *     ID N PATH OFFSET SENDER RECIPIENT KEY=VALUE…
 *
 * PATH is the queue file (or "/proc/self/fd/N", a descriptor that the worker inherits, where it runs as a user
 * who may not open that) and OFFSET where the message starts in it; SENDER and RECIPIENT are addresses
 * without brackets (SENDER "" is the null sender); the keys: DEST (Maildir with folder, or the next hop),
 * SIZE (octets of the message on disk), ATTEMPT (1 the first; above 1 the delivery may have been done
 * already), MAILPARAMS and RCPTPARAMS (as in the envelope), ORIG (the address before expansion). Jobs of one
 * message for one next hop follow each other. An empty line says: finish and report what you have;
 * end of file says that too, and to exit.
 *
 * Results are appended to fd 1 (a file, O_APPEND), one line a job in one write(2):
 *
 *     SUM ID N CODE REPLY[/FLAGS/NAME] ENHANCED WORDS LF
 *
 * CODE by status_from_agent(); FLAGS and NAME: the host that replied (queue/remote_mta.h). A job without a line was not done (deferred). */
#ifndef QUEUE_JOB_H
#define QUEUE_JOB_H

#include "base/arena.h"
#include "base/status.h"
#include "base/str.h"
#include "queue/remote_mta.h"

enum { JOB_LINE_MAX = 16384 };

typedef struct job {
	span id;
	size_t n;
	span path;
	uint64_t offset, size;
	span sender, recipient, orig;
	span dest;
	span mail_params, rcpt_params;
	unsigned attempt;
} job;

bool job_parse(span line, arena *,
	       job *); /* false: malformed; the worker skips it and says so on fd 2 */
void job_write(const job *, str *to);

typedef struct job_result {
	span id;
	size_t n;
	status st;
	remote_mta by;
} job_result;

bool job_result_parse(span line, job_result *); /* false: torn or malformed */
void job_result_write(const job_result *, str *to);

#endif
