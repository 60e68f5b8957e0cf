/* The MIME tree of a message as ranges of its octets (RFC 2045, 2046), never copies. Linear in the
 * octets, bounded in depth and count, no recursion. Damaged messages get a tree too (RFC 7103): what was
 * mended is told in `defects`. */
#ifndef MAIL_PART_H
#define MAIL_PART_H

#include "base/arena.h"
#include "base/str.h"

enum {
	PART_DEPTH_MAX = 100,    /* deeper multiparts and messages are leaves */
	PART_COUNT_MAX = 100000, /* later ones belong to the last one's body */
	PART_NONE = UINT32_MAX,
};

enum part_encoding {
	PART_7BIT,
	PART_8BIT,
	PART_BINARY,
	PART_QP,
	PART_BASE64,
	PART_UUENCODE,
	PART_UNKNOWN, /* shown and stored as it stands, type application/octet-stream (RFC 2045, 6.4) */
};

enum part_defect {
	PART_NO_BOUNDARY = 1,     /* a multipart without the parameter: a text/plain leaf */
	PART_NOT_CLOSED = 2,      /* the closing delimiter is missing */
	PART_NO_DELIMITER = 4,    /* the boundary never appears: a text/plain leaf */
	PART_TOO_DEEP = 8,
	PART_TOO_MANY = 16,
	PART_HEADER_BROKEN = 32,  /* a line in the header that is no field */
	PART_BAD_TYPE = 64,       /* Content-Type that cannot be read: text/plain (RFC 2045, 5.2) */
	PART_ENCODED_COMPOSITE = 128, /* base64 or quoted-printable on a multipart: ignored */
	PART_TWICE = 256,         /* a Content- field more than once: the first counts */
};

enum part_kind { PART_LEAF, PART_MULTIPART, PART_MESSAGE };

typedef struct part {
	uint32_t parent, child, next; /* indexes into the tree; PART_NONE */
	uint32_t number;              /* among its siblings, 1 the first */
	uint16_t depth;
	enum part_kind kind;
	enum part_encoding encoding;
	unsigned defects;
	span header;       /* with the empty line behind it; "" where there is none */
	span body;         /* encoded, without the line end that belongs to the delimiter */
	span type, subtype; /* as written; defaults of RFC 2045, 5.2 and multipart/digest filled in */
	span content_type; /* the field's body with its parameters; "" where there is none */
	span boundary;     /* of a multipart, without the "--"; in the arena */
} part;

typedef struct part_tree {
	span message;
	part *parts; /* parts[0] is the message itself; in reading order; in the arena */
	size_t count;
	unsigned defects; /* of all parts */
} part_tree;

/* message/rfc822 (and message/global) is opened where its encoding is an identity one; an encoded one
 * stays a leaf, to be decoded and parsed by the caller. The tree borrows the message. False where the
 * arena is full. */
bool part_parse(span message, arena *, part_tree *);

enum part_delimiter { PART_PLAIN_LINE, PART_OPENS, PART_CLOSES };
/* What a line (its line end may be there) is to the multipart of that boundary (RFC 2046, 5.1.1). */
enum part_delimiter part_delimiter(span line, span boundary);

/* The number as IMAP has it (RFC 9051, 6.4.5): "1.2"; "" for the message itself where it is a multipart,
 * "1" for the body of a message that is none. */
void part_number(const part_tree *, uint32_t index, str *to);
/* PART_NONE where there is none. */
uint32_t part_by_number(const part_tree *, span number);
bool part_type_is(const part *, const char *type, const char *subtype); /* subtype NULL: any */
/* Line ends in the encoded body. */
size_t part_lines(const part *);
/* A field of the part's own header. */
bool part_field(const part *, const char *name, span *body);

#endif
