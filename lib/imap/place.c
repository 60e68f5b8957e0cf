#include "imap/place.h"

#include <sys/stat.h>

#include "imap/mutf7.h"
#include "imap/scan.h"
#include "mail/utf8.h"

static const span inbox = {"INBOX", 5};

static bool is_name(span s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		bool level = c == IMAP_DELIMITER;
		if (c < 0x20 || c == 0x7f || c == '/' ||
		    (level && (i == 0 || i + 1 == s.n || s.p[i + 1] == IMAP_DELIMITER)))
			return false;
	}
	return s.n && s.n <= IMAP_NAME_MAX && utf8_valid(s);
}

/* RFC 3501, 5.1: INBOX in any case; what is below it goes with it. */
static void capital_inbox(str *name)
{
	span first = str_span(name);
	first = span_cut(&first, IMAP_DELIMITER);
	if (span_eqi(first, inbox))
		memcpy(name->p, inbox.p, inbox.n);
}

bool imap_name_read(span text, bool utf8, str *name)
{
	str_clear(name);
	if (utf8 && utf8_valid(text))
		(void)str_put(name, text);
	else if (!mutf7_read(text, name))
		return false;
	if (name->over || !is_name(str_span(name)))
		return false;
	capital_inbox(name);
	return true;
}

static void put_quoted(span s, str *to)
{
	(void)str_putc(to, '"');
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '"' || s.p[i] == '\\')
			(void)str_putc(to, '\\');
		(void)str_putc(to, s.p[i]);
	}
	(void)str_putc(to, '"');
}

void imap_name_put(span name, bool utf8, str *to)
{
	str text = str_new(8 * name.n + 8);
	if (utf8)
		(void)str_put(&text, name);
	else
		mutf7_write(name, &text);
	bool atom = text.n > 0 && !span_eqi(str_span(&text), S("NIL"));
	for (size_t i = 0; i < text.n; i++)
		atom = atom && imap_is_atom_char((unsigned char)text.p[i]);
	if (atom)
		(void)str_put(to, str_span(&text));
	else
		put_quoted(str_span(&text), to);
	str_free(&text);
}

bool imap_name_of_dir(span dir, str *name)
{
	span text = span_sub(dir, 1, dir.n);
	str_clear(name);
	if (!span_starts(dir, S(".")) || !text.n)
		return false;
	if (!mutf7_read(text, name)) {
		str_clear(name);
		(void)str_put(name, text);
	}
	/* ".INBOX" is not the INBOX */
	return !name->over && is_name(str_span(name)) && !span_eqi(str_span(name), inbox);
}

static bool is_folder(const str *path)
{
	struct stat st;
	str cur = str_new(path->n + 8);
	(void)str_put(&cur, str_span(path));
	(void)str_put(&cur, S("/cur"));
	bool there = stat(str_cstr(&cur), &st) == 0 && S_ISDIR(st.st_mode);
	str_free(&cur);
	return there;
}

/* Whether this directory's name reads as this name. */
static bool reads_as(span text, span name)
{
	str back = str_new(4 * IMAP_NAME_MAX), dir = str_new(8 * IMAP_NAME_MAX);
	(void)str_putc(&dir, '.');
	(void)str_put(&dir, text);
	bool same = imap_name_of_dir(str_span(&dir), &back) && span_eq(str_span(&back), name);
	str_free(&back);
	str_free(&dir);
	return same;
}

bool imap_place_of(const char *maildir, span name, str *path)
{
	(void)str_put(path, span_str(maildir));
	if (span_eq(name, inbox))
		return is_folder(path);
	(void)str_put(path, S("/."));
	size_t front = path->n;
	str other = str_new(8 * IMAP_NAME_MAX);
	mutf7_write(name, &other);
	bool utf8 = reads_as(name, name);
	(void)str_put(path, utf8 ? name : str_span(&other));
	bool there = is_folder(path);
	if (!there && utf8 && !span_eq(name, str_span(&other)) && path->n) {
		str_cut(path, front);
		(void)str_put(path, str_span(&other));
		there = is_folder(path);
		if (!there) {
			str_cut(path, front);
			(void)str_put(path, name);
		}
	}
	str_free(&other);
	return there;
}
