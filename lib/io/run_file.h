/* Files in PABAL_RUN, this host's volatile part, which may be deleted at any time: DIR/NAME, both made where they are
 * missing. */
#ifndef IO_RUN_FILE_H
#define IO_RUN_FILE_H

/* Read-write, O_CLOEXEC, for its owner alone: one of somebody else is EPERM. -1 with errno. */
int run_file_open(const char *dir, const char *name);

#endif
