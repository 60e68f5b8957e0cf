#include "imap/verb.h"

enum { ID_PAIRS_MAX = 30 };

bool imap_tag(imap_scan *s, span *tag)
{
	size_t n = span_find(s->rest, ' ');
	if (!n || n == s->rest.n || n > IMAP_TAG_MAX)
		return false;
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)s->rest.p[i];
		if (c == '+' || (!imap_is_atom_char(c) && c != ']'))
			return false;
	}
	*tag = span_sub(s->rest, 0, n);
	s->rest = span_sub(s->rest, n + 1, s->rest.n);
	return true;
}

bool imap_verb(imap_scan *s, span *verb)
{
	return imap_atom(s, verb) && (imap_end(s) || imap_sp(s));
}

void imap_capabilities(out *to, const imap_login_ways *ways)
{
	out_puts(to, " IMAP4rev1 LITERAL+ ID");
	if (ways) {
		out_puts(to, " SASL-IR");
		if (ways->starttls)
			out_puts(to, " STARTTLS");
		out_puts(to, ways->allowed ? " AUTH=PLAIN" : " LOGINDISABLED");
		if (ways->allowed && ways->scram)
			out_puts(to, " AUTH=SCRAM-SHA-256");
	}
	out_puts(
	    to,
	    " NAMESPACE UIDPLUS MOVE CHILDREN LIST-EXTENDED LIST-STATUS STATUS=SIZE SPECIAL-USE"
	    " CREATE-SPECIAL-USE UNSELECT IDLE ENABLE CONDSTORE QRESYNC ESEARCH WITHIN UTF8=ACCEPT "
	    "QUOTA QUOTA=RES-STORAGE APPENDLIMIT=");
	out_putu(to, IMAP_APPEND_MAX);
	if (!ways)
		out_puts(to, " COMPRESS=DEFLATE");
}

static bool pairs(imap_scan *s)
{
	span key, value;
	if (imap_char(s, ')'))
		return true;
	for (int i = 0; i < ID_PAIRS_MAX; i++) {
		if (!imap_string(s, &key) || !imap_sp(s) || !imap_nstring(s, &value))
			return false;
		if (imap_char(s, ')'))
			return true;
		if (!imap_sp(s))
			return false;
	}
	return false;
}

bool imap_id(imap_scan *s, out *to)
{
	if (!(imap_word(s, "NIL") || (imap_char(s, '(') && pairs(s))) || !imap_end(s))
		return false;
	out_puts(to, "* ID (\"name\" \"pabal\")\r\n");
	return true;
}
