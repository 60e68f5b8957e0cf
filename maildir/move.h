/* Renaming and moving messages between names, parts and folders. Nothing is ever overwritten, and a message that
 * somebody renamed meanwhile is found again. */
#ifndef MAILDIR_MOVE_H
#define MAILDIR_MOVE_H

#include "maildir/name.h"

/* Where a message is: "FOLDER/cur/NAME" in three. The spans are those of the path. */
typedef struct move_place {
	span folder; /* "" is the present directory */
	bool is_new;
	span name;
} move_place;

/* False where the path is not of that form. */
bool move_place_of(span path, move_place *);
void move_put_path(const move_place *, str *to);

/* rename(2) below two directories that never replaces what is there: EEXIST. */
bool move_rename(int from, const char *old, int to, const char *name);

enum move_result {
	MOVE_DONE,
	MOVE_GONE,  /* the message is not there any more, under any name */
	MOVE_ERROR, /* errno */
};

/* ---- flags */

typedef struct move_flags {
	bool exact; /* the flags become `set` */
	name_flags set, unset;
} move_flags;

typedef struct flagger flagger;
flagger *flagger_new(void);
void flagger_free(flagger *);
/* Changes the flags of one message; *path becomes where it is. With flags it goes from new/ to cur/. */
enum move_result flagger_change(flagger *, span path, const move_flags *, str *new_path);
/* Makes durable what was changed. False with errno. */
bool flagger_sync(flagger *);

/* ---- folders */

enum { MOVER_BATCH = 64 };

typedef struct mover mover;
/* Moves (`keep`: copies) messages to a folder; new ones stay new, flags stay. NULL with errno. */
mover *mover_new(const char *folder, bool keep);
void mover_free(mover *);
/* Up to MOVER_BATCH messages at once: links or copies, syncs, and only then removes them where they were. Where one
 * with the same name and content is there already, that is the message. results[i] and paths[i] (the
 * new path, owned by the mover until the next call; "" on failure) and errors[i] (errno) belong to from[i]. */
void mover_run(mover *, const span *from, size_t count, enum move_result *results,
	       const char **paths, int *errors);

#endif
