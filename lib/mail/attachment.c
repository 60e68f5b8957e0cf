#include "mail/attachment.h"

#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "mail/charset.h"
#include "mail/code.h"
#include "mail/field.h"
#include "mail/param.h"
#include "mail/utf8.h"

enum { PIECE = 49152 };

static const struct {
	const char *extension, *type;
} types[] = {
    {".asc", "text/plain"},
    {".c", "text/x-c"},
    {".css", "text/css"},
    {".csv", "text/csv"},
    {".diff", "text/x-diff"},
    {".doc", "application/msword"},
    {".docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
    {".eml", "message/rfc822"},
    {".epub", "application/epub+zip"},
    {".h", "text/x-c"},
    {".htm", "text/html"},
    {".html", "text/html"},
    {".hwp", "application/x-hwp"},
    {".hwpx", "application/hwp+zip"},
    {".ics", "text/calendar"},
    {".jar", "application/java-archive"},
    {".js", "text/javascript"},
    {".json", "application/json"},
    {".log", "text/plain"},
    {".md", "text/markdown"},
    {".odp", "application/vnd.oasis.opendocument.presentation"},
    {".ods", "application/vnd.oasis.opendocument.spreadsheet"},
    {".odt", "application/vnd.oasis.opendocument.text"},
    {".patch", "text/x-diff"},
    {".ppt", "application/vnd.ms-powerpoint"},
    {".pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation"},
    {".svg", "image/svg+xml"},
    {".tsv", "text/tab-separated-values"},
    {".txt", "text/plain"},
    {".vcf", "text/vcard"},
    {".xls", "application/vnd.ms-excel"},
    {".xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"},
    {".xml", "application/xml"},
    {".yaml", "text/plain"},
};

/* ---- the type */

static bool token(span s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] <= ' ' || (unsigned char)s.p[i] >= 0x7f ||
		    strchr("()<>@,;:\\\"/[]?=", s.p[i]))
			return false;
	return s.n > 0;
}

bool attachment_type_ok(span type)
{
	for (size_t i = 0; i < type.n; i++)
		if ((unsigned char)type.p[i] < ' ' || (unsigned char)type.p[i] >= 0x7f)
			return false;
	span main = span_cut(&type, ';'), top = span_cut(&main, '/');
	return type.n < 500 && top.n + main.n < 200 && token(top) && token(span_trim(main));
}

/* What libmagic says of octets that only their name can tell. */
static bool is_vague(span sniffed)
{
	static const char *const vague[] = {"application/octet-stream",	 "application/zip",
					    "application/x-ole-storage", "application/CDFV2",
					    "application/x-empty",	 "inode/x-empty"};
	for (size_t i = 0; i < sizeof vague / sizeof *vague; i++)
		if (span_eqi(sniffed, span_str(vague[i])))
			return true;
	return span_startsi(sniffed, S("text/"));
}

span attachment_type(span sniffed, span name)
{
	bool vague = is_vague(sniffed);
	span extension = span_sub(name, span_rfind(name, '.'), name.n);
	for (size_t i = 0; vague && i < sizeof types / sizeof *types; i++)
		if (span_eqi(extension, span_str(types[i].extension)))
			return span_str(types[i].type);
	if (!attachment_type_ok(sniffed) || span_startsi(sniffed, S("inode/")) ||
	    span_eqi(sniffed, S("application/x-empty")))
		return S("application/octet-stream");
	return sniffed;
}

static bool is_text(span type)
{
	return span_startsi(type, S("text/"));
}

static bool names_charset(span parameters)
{
	for (size_t i = 0; i < parameters.n; i++)
		if (span_startsi(span_sub(parameters, i, parameters.n), S("charset=")))
			return true;
	return false;
}

void attachment_judge(attachment *a, bool declared, bool eight_bit_ok)
{
	span type = a->type, main = span_trim(span_cut(&type, ';'));
	bool has_charset = declared && names_charset(type);
	a->charset = S("");
	if (is_text(main) && has_charset) {
		a->encoding = code_choose(a->octets, true, eight_bit_ok);
	} else if (is_text(main) && utf8_valid(a->octets) && !memchr(a->octets.p, 0, a->octets.n)) {
		a->charset = charset_of_utf8(a->octets);
		a->encoding = code_choose(a->octets, true, eight_bit_ok);
	} else if (span_eqi(main, S("message/rfc822"))) {
		a->encoding = code_choose(a->octets, true, true);
		if (a->encoding != PART_7BIT && a->encoding != PART_8BIT)
			a->type = S("application/octet-stream");
	} else {
		if (is_text(main) || span_startsi(main, S("multipart/")) ||
		    span_startsi(main, S("message/")))
			a->type = S("application/octet-stream");
		a->encoding = PART_BASE64;
	}
	if (span_eqi(a->type, S("application/octet-stream")))
		a->encoding = PART_BASE64;
}

bool attachment_is_8bit(const attachment *a)
{
	if (a->header.n)
		return field_needs_words(a->header) || field_needs_words(a->octets);
	return a->encoding == PART_8BIT || a->encoding == PART_BINARY;
}

/* ---- writing */

void attachment_copy(span octets, attachment_put *put, void *arg)
{
	while (octets.n) {
		size_t cr = span_find(octets, '\r');
		bool crlf = cr + 1 < octets.n && octets.p[cr + 1] == '\n';
		size_t n = crlf ? cr : cr < octets.n ? cr + 1 : cr;
		put(arg, span_sub(octets, 0, n));
		octets = span_sub(octets, crlf ? n + 1 : n, octets.n);
	}
}

void attachment_encode(span octets, enum part_encoding encoding, bool text, attachment_put *put,
		       void *arg)
{
	encoder e;
	if (encoding != PART_BASE64 && encoding != PART_QP) {
		put(arg, octets);
		return;
	}
	char *buf = xmalloc(encoder_room(PIECE));
	encoder_init(&e, encoding, text);
	while (octets.n) {
		span piece = span_sub(octets, 0, PIECE);
		octets = span_sub(octets, PIECE, octets.n);
		put(arg, span_of(buf, encoder_put(&e, piece, buf)));
	}
	put(arg, span_of(buf, encoder_end(&e, buf)));
	free(buf);
}

static void write_header(const attachment *a, str *to)
{
	size_t column = sizeof "Content-Type:" + a->type.n;
	(void)str_put(to, S("Content-Type: "));
	(void)str_put(to, a->type);
	if (a->charset.n)
		param_write("charset", a->charset, &column, to);
	(void)str_putc(to, '\n');
	if (a->encoding != PART_7BIT) {
		(void)str_put(to, S("Content-Transfer-Encoding: "));
		(void)str_put(to, code_name(a->encoding));
		(void)str_putc(to, '\n');
	}
	(void)str_put(to, S("Content-Disposition: "));
	(void)str_put(to, a->shown ? S("inline") : S("attachment"));
	column = a->shown ? 27 : 31;
	if (a->name.n)
		param_write("filename", a->name, &column, to);
	(void)str_putc(to, '\n');
	if (a->content_id.n) {
		(void)str_put(to, S("Content-ID: <"));
		(void)str_put(to, a->content_id);
		(void)str_put(to, S(">\n"));
	}
}

void attachment_write(const attachment *a, attachment_put *put, void *arg)
{
	if (a->header.n) {
		attachment_copy(a->header, put, arg);
		put(arg, S("\n"));
		attachment_copy(a->octets, put, arg);
		return;
	}
	str header = str_new(a->name.n * 8 + 4096);
	write_header(a, &header);
	put(arg, str_span(&header));
	put(arg, S("\n"));
	if (span_startsi(a->type, S("message/")))
		attachment_copy(a->octets, put, arg);
	else
		attachment_encode(a->octets, a->encoding, is_text(a->type), put, arg);
	str_free(&header);
}
