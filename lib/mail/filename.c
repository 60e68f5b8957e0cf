#include "mail/filename.h"

#include "mail/display.h"
#include "mail/utf8.h"

static const struct {
	const char *type, *subtype, *extension; /* subtype NULL: all others of the type */
} extensions[] = {
    {"text", "html", ".html"},
    {"text", "calendar", ".ics"},
    {"text", "csv", ".csv"},
    {"text", "x-diff", ".diff"},
    {"text", "x-patch", ".patch"},
    {"text", NULL, ".txt"},
    {"image", "jpeg", ".jpg"},
    {"image", "png", ".png"},
    {"image", "gif", ".gif"},
    {"image", "svg+xml", ".svg"},
    {"image", "webp", ".webp"},
    {"audio", "mpeg", ".mp3"},
    {"video", "mp4", ".mp4"},
    {"message", "rfc822", ".eml"},
    {"message", NULL, ".txt"},
    {"application", "pdf", ".pdf"},
    {"application", "zip", ".zip"},
    {"application", "gzip", ".gz"},
    {"application", "json", ".json"},
    {"application", "xml", ".xml"},
    {"application", "x-hwp", ".hwp"},
    {"application", "haansofthwp", ".hwp"},
    {"application", "pgp-signature", ".asc"},
};

span filename_extension(span type, span subtype)
{
	for (size_t i = 0; i < sizeof extensions / sizeof *extensions; i++)
		if (span_eqi(type, span_str(extensions[i].type)) &&
		    (!extensions[i].subtype || span_eqi(subtype, span_str(extensions[i].subtype))))
			return span_str(extensions[i].extension);
	return S(".bin");
}

/* Where the extension starts, its dot included; name.n without one. A name is no extension. */
static size_t extension_at(span name)
{
	size_t dot = span_rfind(name, '.');
	return dot == 0 || name.n - dot > 16 ? name.n : dot;
}

/* The front of at most `octets`, never inside a character. */
static span cut(span s, size_t octets)
{
	size_t at = 0, n;
	while (at < s.n && (n = utf8_char(span_sub(s, at, s.n))) && at + n <= octets)
		at += n;
	return span_sub(s, 0, at);
}

void filename_safe(span name, span fallback, str *to)
{
	str safe = str_new(name.n * 3 + 1);
	size_t slash;
	while ((slash = span_find(name, '/')) < name.n || (slash = span_find(name, '\\')) < name.n)
		name = span_sub(name, slash + 1, name.n);
	display_safe(name, true, &safe);
	for (size_t i = 0; i < safe.n; i++)
		if (safe.p[i] == '\\') /* a control octet that is shown as ^\ */
			safe.p[i] = '_';
	span s = span_trim(str_span(&safe));
	while (s.n && (s.p[0] == '.' || s.p[0] == '-' || s.p[0] == ' '))
		s = span_sub(s, 1, s.n);
	size_t dot = extension_at(s);
	span extension = span_sub(s, dot, s.n);
	span stem = cut(span_sub(s, 0, dot), FILENAME_MAX_OCTETS - extension.n);
	(void)str_put(to, stem.n ? stem : fallback);
	if (stem.n)
		(void)str_put(to, extension);
	str_free(&safe);
}

void filename_numbered(span name, unsigned number, str *to)
{
	size_t dot = extension_at(name);
	(void)str_put(to, span_sub(name, 0, dot));
	(void)str_printf(to, "-%u", number);
	(void)str_put(to, span_sub(name, dot, name.n));
}
