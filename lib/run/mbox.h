/* Appending to an mbox file, in the form that is called mboxrd: a "From " line in front, lines of the message that begin with
 * any number of '>' and "From " get one '>' more, an empty line behind. */
#ifndef RUN_MBOX_H
#define RUN_MBOX_H

#include "io/out.h"
#include "queue/job.h"

/* The message from `offset` of `fd` in that form, with Return-Path and Delivered-To. False with errno where it cannot be read; what
 * cannot be written shows in `to`. */
bool mbox_write(out *to, int fd, off_t offset, span sender, span recipient, int64_t now);

/* Appends durably under a lock (fcntl and FILE.lock), or leaves the file as it was. */
status mbox_deliver(const char *path, const job *, int fd);

#endif
