/* The worker of smtp-send -b: jobs in, results out (queue/job.h). Jobs of one message for one destination
 * that follow each other are one delivery. */
#ifndef SMTP_RELAY_JOBS_H
#define SMTP_RELAY_JOBS_H

#include "smtp/relay.h"

enum { RELAY_JOBS_MAX = 1000 }; /* recipients of one delivery */

/* Until the end of `jobs`. False with errno where jobs cannot be read or a result cannot be written: what has no
 * result counts as not done. */
bool relay_jobs(relay *, int jobs, int results);

#endif
