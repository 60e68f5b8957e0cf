/* Transfer encodings (RFC 2045, 6.7, 6.8) and uuencode, as streams: any cut of the input gives the same
 * output, memory is constant. Decoders never fail: what cannot be read is skipped (base64) or given as it
 * stands (quoted-printable), and counted. */
#ifndef MAIL_CODE_H
#define MAIL_CODE_H

#include "mail/part.h"

typedef struct decoder {
	enum part_encoding encoding;
	uint32_t bits;
	unsigned have, state;
	char held
	    [96]; /* what waits for its rest: blanks before a line end, "=X", a uuencoded line */
	size_t held_n;
	uint64_t damaged; /* octets that were no part of the encoding */
	bool done;	  /* padding or "end" was seen */
} decoder;

void decoder_init(decoder *, enum part_encoding);
/* Octets that `n` octets of input may give, at most. */
size_t decoder_room(size_t n);
/* Appends to dst (room: decoder_room(input.n)), returns the octets written. */
size_t decoder_put(decoder *, span input, char *dst);
size_t decoder_end(decoder *, char *dst); /* room: decoder_room(0) */

/* The decoded octets piece by piece: memory is constant. */
typedef void code_piece(void *arg, span decoded);
void code_pieces(enum part_encoding, span body, code_piece *each, void *arg);
/* Everything at once. */
void code_decode(enum part_encoding, span body, str *to);

typedef struct encoder {
	enum part_encoding encoding; /* PART_BASE64 or PART_QP */
	unsigned char held[3];
	size_t held_n, column;
	bool text; /* quoted-printable: LF is a line end, not an octet */
	/* Set after encoder_init() where they are wanted: */
	bool crlf; /* line ends are CRLF, in text that is read too: an LF alone is an octet there */
	bool open_end; /* nothing is put behind the last octet: a line end stands there already */
	bool dashes;   /* quoted-printable: '-' is encoded where it begins a line */
} encoder;

void encoder_init(encoder *, enum part_encoding, bool text);
size_t encoder_room(size_t n);
size_t encoder_put(encoder *, span octets, char *dst);
size_t encoder_end(encoder *, char *dst);

/* Whether the octets can stand in "7bit" (RFC 2045, 2.7): none above 0x7f, no NUL, no CR but in CRLF, no
 * line over CODE_LINE_MAX octets. */
enum { CODE_LINE_MAX = 998 };
bool code_is_7bit(span octets);

/* The most readable encoding that carries these octets: 7bit, 8bit where allowed, quoted-printable for text
 * (what is ASCII in it stays readable), base64 for all else. Lines over 998 octets, NULs and bare CRs need one. */
enum part_encoding code_choose(span octets, bool text, bool eight_bit_ok);
span code_name(enum part_encoding);
enum part_encoding code_by_name(span name); /* blanks and comments aside; "" is 7bit */

#endif
