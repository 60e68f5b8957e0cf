/* A program that gets one message: the last mile of deliver-pipe(1). */
#ifndef RUN_PROGRAM_H
#define RUN_PROGRAM_H

#include "queue/job.h"

enum { PROGRAM_WORDS = 64 };

typedef struct program_limits {
	uint64_t seconds;    /* of the clock, and of its processor */
	uint64_t memory_mib; /* 0: none */
	uint64_t file_mib;   /* the largest file that it may write; 0: none */
} program_limits;

/* The limits in control/; false with errno where one is no number. */
bool program_limits_read(program_limits *);

/* Runs the command line, split at blanks, without a shell: fd 0 is a file with the message behind Return-Path and Delivered-To,
 * fd 1 /dev/null; the environment has what pabal-contract(7) says of agents, and no more. What it leaves running is killed with
 * it. By its exit code; the last line that it wrote to fd 2 are the words. */
status program_run(span command, const job *, int message, const program_limits *);

#endif
