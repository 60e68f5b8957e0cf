/* A session and what its families of commands share. Private to this folder. */
#ifndef IMAP_STATE_H
#define IMAP_STATE_H

#include "auth/login.h"
#include "imap/box.h"
#include "imap/read.h"
#include "io/conv.h"
#include "io/deflate.h"

enum imap_update {
	IMAP_TELL_NOTHING, /* before the OK: the view stays */
	IMAP_TELL_ALL,	   /* what changed is told, EXPUNGE too (RFC 3501, 7.4.1) */
};

typedef struct imap_state {
	login_session *l;
	out *out;
	imap_reader reader;
	arena mem;    /* of the current command */
	imap_box box; /* box.f NULL: nothing is selected */
	char *dir;    /* of the selected folder; box.dir */
	conv *converters;
	charset_opener opener;
	str name;		       /* of the selected mailbox */
	size_t recent, keywords, told; /* what the client was last told: RECENT, FLAGS, EXISTS */
	bool condstore, qresync;       /* of the whole session (RFC 7162, 3.1, 3.2.3) */
	span tag;		       /* of the current command */
	enum imap_update update;       /* of it */
	int spool;		       /* the message of an APPEND; -1: none */
	const char *spool_words;
	deflate_pair *deflate; /* NULL: not compressed */
	unsigned errors;
	bool over;
	int code;
	uint64_t commands, appended, expunged; /* for the log */
} imap_state;

/* A command: its arguments are what is left of the scan. */
typedef void imap_function(imap_state *, imap_scan *);
typedef struct imap_verb_entry {
	const char *name;
	imap_function *function;
	bool selected; /* only with a mailbox selected */
	bool takes;    /* arguments */
	enum imap_update update;
} imap_verb_entry;
/* The families, each ended by an entry without a name; `uid` holds what stands behind "UID ". */
extern const imap_verb_entry imap_general_verbs[], imap_mailbox_verbs[], imap_select_verbs[],
    imap_list_verbs[], imap_message_verbs[], imap_uid_verbs[];

/* ---- how a command ends; each says exactly one of these. The text may begin with a code in brackets. */

/* What changed is told before, if the command lets that be. */
void imap_ok(imap_state *, const char *text);
void imap_no(imap_state *, const char *text);
void imap_bad(imap_state *, const char *text);
/* NO for a step that failed; the log has the words. */
void imap_failed(imap_state *, const char *what, const status *why);
void imap_failed_errno(imap_state *, const char *what);
void imap_trouble(const imap_state *, const char *what, const char *text);
/* "* BYE …", and the session ends. */
void imap_bye(imap_state *, const char *text);

/* ---- arguments */

/* A mailbox; the name in UTF-8 in the arena. False, and answered. */
bool imap_take_mailbox(imap_state *, imap_scan *, span *name);
/* The set at the front and the messages that it means. False, and answered. */
bool imap_take_messages(imap_state *, imap_scan *, bool uid, size_t **indexes, size_t *count);
/* Nothing is left; else BAD. */
bool imap_no_more(imap_state *, const imap_scan *);

/* ---- the selected mailbox */

/* Opens the folder of a mailbox; NULL, and answered, with `code` where it does not exist. */
folder *imap_open(imap_state *, span name, const char *code);
void imap_unselect(imap_state *);
/* Refreshes the view and tells what changed. False where the session must end; BYE is said. */
bool imap_tell_changes(imap_state *);
/* "* FLAGS (…)" and PERMANENTFLAGS, where there are keywords that the client was not told of. */
void imap_tell_keywords(imap_state *, bool first);
/* From now on mod-sequences are told (RFC 7162, 3.1). */
void imap_enable_condstore(imap_state *);

/* "* VANISHED (EARLIER) …": UIDs expunged after that mod-sequence, of those that are known (NULL: all). */
void imap_tell_vanished(imap_state *, uint64_t since, imap_set *known);
/* Removes what has \Deleted, of these UIDs (NULL: all); nothing is told. */
status imap_expunge_deleted(imap_state *, imap_set *uids);

/* ---- APPEND's message, as imap_reader.literal */
enum imap_literal imap_append_literal(void *arg, span before, uint64_t octets, int *fd);
void imap_append_forget(imap_state *);

#endif
