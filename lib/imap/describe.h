/* What IMAP clients will ask of a message that has just been delivered, noted in its folder's pabal.cache. */
#ifndef IMAP_DESCRIBE_H
#define IMAP_DESCRIBE_H

typedef struct imap_describer imap_describer;

imap_describer *imap_describer_new(void);
void imap_describer_free(imap_describer *);
/* `path` is the message's file, DIR/new/NAME. Where DIR has no pabal.cache nobody reads there by IMAP, and nothing is done.
 * Best effort; costs some 50 microseconds. */
void imap_describe(imap_describer *, const char *path);

#endif
