/* A letter in an editor, and the question what becomes of it. The file that is edited goes only when the letter is
 * elsewhere, or dropped. */
#ifndef WRITE_SESSION_H
#define WRITE_SESSION_H

#include "base/status.h"
#include "write/letter.h"

typedef struct session {
	str path;     /* the file that is edited */
	int terminal; /* -1: nobody is asked */
} session;

/* Writes the draft into a new file. SIGHUP, SIGINT, SIGQUIT and SIGTERM end the question from then on, not the
 * process. EX_CANTCREAT where there can be no file. */
status session_open(session *, const letter *);
/* With `drop` the file goes. */
void session_close(session *, bool drop);

enum session_answer {
	SESSION_SEND, /* or nobody is there to ask, and it can be sent */
	SESSION_KEEP, /* or no answer came */
	SESSION_DROP,
	SESSION_FAILED, /* the editor failed, or nobody is there to ask and it has a problem: the status says it */
};
/* Edits until there is an answer. `mentions`: the question says where an attachment may be missing. */
enum session_answer session_run(session *, letter *, bool mentions, status *);
/* The draft into the folder Drafts, flag D; text that cannot be a message too. On success the edited file is gone and
 * `where` is the new one; else the file stays and `where` is that. */
status session_keep(session *, letter *, str *where);

#endif
