#include "mail/subject.h"

static bool blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static span skip_blanks(span s)
{
	size_t n = 0;
	while (n < s.n && blank(s.p[n]))
		n++;
	return span_sub(s, n, s.n);
}

/* (2) *subj-trailer = "(fwd)" / WSP, off the end. */
static span cut_trailers(span s, bool *reply)
{
	for (;;) {
		if (s.n && blank(s.p[s.n - 1])) {
			s.n--;
		} else if (s.n >= 5 && span_eqi(span_sub(s, s.n - 5, s.n), S("(fwd)"))) {
			s.n -= 5;
			*reply = true;
		} else {
			return s;
		}
	}
}

/* subj-blob = "[" *BLOBCHAR "]" *WSP; its octets, 0 where there is none. */
static size_t blob_size(span s)
{
	size_t n = 1;
	if (s.n == 0 || s.p[0] != '[')
		return 0;
	while (n < s.n && s.p[n] != '[' && s.p[n] != ']')
		n++;
	if (n == s.n || s.p[n] != ']')
		return 0;
	for (n++; n < s.n && blank(s.p[n]);)
		n++;
	return n;
}

/* subj-refwd = ("re" / ("fw" ["d"])) *WSP [subj-blob] ":" */
static size_t refwd_size(span s)
{
	size_t n = span_startsi(s, S("re"))    ? 2
		   : span_startsi(s, S("fwd")) ? 3
		   : span_startsi(s, S("fw"))  ? 2
					       : 0;
	if (n == 0)
		return 0;
	while (n < s.n && blank(s.p[n]))
		n++;
	n += blob_size(span_sub(s, n, s.n));
	return n < s.n && s.p[n] == ':' ? n + 1 : 0;
}

/* (3) subj-leader = (*subj-blob subj-refwd) / WSP. Blobs that no subj-refwd follows are looked at once: *blobs is
 * how many octets of them are at the front. */
static size_t leader_size(span s, size_t *blobs)
{
	size_t n = 0, one;
	if (*blobs)
		return 0;
	if (s.n && blank(s.p[0]))
		return s.n - skip_blanks(s).n;
	while ((one = blob_size(span_sub(s, n, s.n))))
		n += one;
	size_t refwd = refwd_size(span_sub(s, n, s.n));
	*blobs = refwd ? 0 : n;
	return refwd ? n + refwd : 0;
}

/* (3) to (5) */
static span cut_leaders(span s, bool *reply)
{
	size_t blobs = 0; /* octets of blobs at the front of s, where that is known */
	for (;;) {
		size_t n = leader_size(s, &blobs);
		if (n) {
			*reply = *reply || !blank(s.p[0]);
		} else {
			n = blob_size(s);
			if (n == 0 || n == s.n)
				return s;
			blobs = blobs > n ? blobs - n : 0;
		}
		s = span_sub(s, n, s.n);
	}
}

span subject_base(span s, bool *reply)
{
	bool ignored, *is = reply ? reply : &ignored;
	*is = false;
	for (;;) {
		s = cut_leaders(cut_trailers(s, is), is);
		/* (6) */
		if (!span_startsi(s, S("[fwd:")) || s.p[s.n - 1] != ']')
			return s;
		s = span_sub(s, 5, s.n - 1);
		*is = true;
	}
}
