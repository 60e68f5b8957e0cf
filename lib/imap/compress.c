/* COMPRESS=DEFLATE (RFC 4978). */
#include "imap/message.h"

void imap_do_compress(imap_state *s, imap_scan *scan)
{
	if (!imap_word(scan, "DEFLATE") || !imap_end(scan)) {
		imap_bad(s, "COMPRESS DEFLATE");
		return;
	}
	if (s->deflate) {
		imap_no(s, "[COMPRESSIONACTIVE] it is compressed already");
		return;
	}
	if (in_buffered(s->l->in)) {
		/* what was pipelined is not compressed, and what comes next is */
		imap_bad(s, "nothing may come behind COMPRESS before its answer");
		return;
	}
	imap_ok(s, "compressed from here on");
	if (!out_flush(s->out) || !(s->deflate = deflate_on(s->l->in, s->out)))
		s->over = true;
}
