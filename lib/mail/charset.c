#include "mail/charset.h"

#include <string.h>

#include "mail/hangul.h"
#include "mail/utf8.h"

/* Names that writers use and iconv does not know, or knows as something smaller than what is meant: a
 * superset reads all that the named set writes, and what is outside of it in the wild. */
static const struct {
	const char *name, *iconv;
} aliases[] = {
    {"ks_c_5601-1987", "CP949"},
    {"ks_c_5601-1989", "CP949"},
    {"ks_c_5601", "CP949"},
    {"ksc_5601", "CP949"},
    {"ksc5601", "CP949"},
    {"ks_c-5601-1987", "CP949"},
    {"ks_x_1001", "CP949"},
    {"iso-ir-149", "CP949"},
    {"csksc56011987", "CP949"},
    {"korean", "CP949"},
    {"windows-949", "CP949"},
    {"ms949", "CP949"},
    {"x-windows-949", "CP949"},
    {"uhc", "CP949"},
    {"euc-kr", "CP949"},
    {"euckr", "CP949"},
    {"cseuckr", "CP949"},
    {"johab", "JOHAB"},
    {"x-johab", "JOHAB"},
    {"ms1361", "JOHAB"},
    {"us-ascii", "WINDOWS-1252"},
    {"ascii", "WINDOWS-1252"},
    {"iso-8859-1", "WINDOWS-1252"},
    {"iso8859-1", "WINDOWS-1252"},
    {"latin1", "WINDOWS-1252"},
    {"latin-1", "WINDOWS-1252"},
    {"iso-8859-8-i", "ISO-8859-8"},
    {"iso-8859-9", "WINDOWS-1254"},
    {"iso-8859-11", "WINDOWS-874"},
    {"tis-620", "WINDOWS-874"},
    {"gb2312", "GB18030"},
    {"gb_2312-80", "GB18030"},
    {"gbk", "GB18030"},
    {"x-gbk", "GB18030"},
    {"cp936", "GB18030"},
    {"x-sjis", "CP932"},
    {"shift_jis", "CP932"},
    {"shift-jis", "CP932"},
    {"windows-31j", "CP932"},
    {"iso-2022-jp", "ISO-2022-JP-2"},
    {"x-mac-roman", "MACINTOSH"},
    {"utf8", "UTF-8"},
    {"unicode-1-1-utf-7", "UTF-7"},
    {"unicode-1-1-utf-8", "UTF-8"},
    {"x-unknown", ""},
    {"unknown", ""},
    {"unknown-8bit", ""},
    {"default", ""},
    {"_autodetect", ""},
};

span charset_alias(span name)
{
	for (size_t i = 0; i < sizeof aliases / sizeof *aliases; i++)
		if (span_eqi(name, span_str(aliases[i].name)))
			return span_str(aliases[i].iconv);
	return name;
}

static bool all_ascii(span s)
{
	while (s.n >= 8) {
		uint64_t eight;
		memcpy(&eight, s.p, 8);
		if (eight & 0x8080808080808080u)
			return false;
		s = span_of(s.p + 8, s.n - 8);
	}
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] >= 0x80)
			return false;
	return true;
}

/* Two octets a character, lead and trail in the ranges of CP949, and most of them Hangul of KS X 1001: what a
 * Korean text is and a Latin one is not. */
static bool looks_korean(span s)
{
	size_t hangul = 0, pairs = 0;
	for (size_t i = 0; i < s.n; i++) {
		unsigned char lead = (unsigned char)s.p[i];
		if (lead < 0x80)
			continue;
		unsigned char trail = i + 1 < s.n ? (unsigned char)s.p[i + 1] : 0;
		if (lead < 0x81 || lead > 0xfe ||
		    !(ascii_alpha(trail) || (trail >= 0x81 && trail <= 0xfe)))
			return false;
		pairs++;
		hangul += lead >= 0xb0 && lead <= 0xc8 && trail >= 0xa1;
		i++;
	}
	return pairs && hangul * 2 > pairs;
}

static span guess(span octets)
{
	if (utf8_valid(octets))
		return S("UTF-8");
	return looks_korean(octets) ? S("CP949") : S("WINDOWS-1252");
}

static void put_escaped(span octets, str *to)
{
	static const char hex[] = "0123456789abcdef";
	for (size_t i = 0; i < octets.n && !to->over; i++) {
		unsigned char c = (unsigned char)octets.p[i];
		if (c < 0x80)
			(void)str_putc(to, (char)c);
		else
			(void)str_put(to,
				      span_of((char[]){'\\', 'x', hex[c >> 4], hex[c & 15]}, 4));
	}
}

/* Octets that are no UTF-8 become U+FFFD. */
static void put_utf8(span s, str *to)
{
	size_t from = 0, at = 0;
	while (at < s.n && !to->over) {
		size_t n = utf8_char(span_sub(s, at, s.n));
		if (n == 0) {
			(void)str_put(to, span_sub(s, from, at));
			(void)str_put(to, S("\xef\xbf\xbd"));
			from = at + 1;
		}
		at += n ? n : 1;
	}
	(void)str_put(to, span_sub(s, from, s.n));
}

/* glibc writes characters above U+10FFFF where it reads them (UTF-8 of six octets, UCS-4). */
static void mend_utf8(str *to, size_t from)
{
	span made = span_sub(str_span(to), from, to->n);
	if (utf8_valid(made))
		return;
	str copy = str_new(made.n);
	(void)str_put(&copy, made);
	str_cut(to, from);
	put_utf8(str_span(&copy), to);
	str_free(&copy);
}

bool charset_text(const charset_opener *opener, span charset, span octets, str *to)
{
	if (span_eqi(charset, S("utf-8")) && utf8_valid(octets)) /* most of what is not ASCII */
		return str_put(to, octets);
	span name = charset.n ? charset_alias(span_trim(charset)) : charset;
	bool ascii_name = span_eqi(span_trim(charset), S("us-ascii"));
	/* Most mail. Shift states (ESC, ~{ of HZ, + of UTF-7) are ASCII that means something else. */
	if ((name.n == 0 || ascii_name) && all_ascii(octets))
		return str_put(to, octets);
	if (name.n == 0 || ascii_name)
		name = guess(octets);
	if (span_eqi(name, S("UTF-8"))) {
		put_utf8(octets, to);
		return true;
	}
	charset_conv *from = opener->open(opener->arg, name);
	if (!from) {
		put_escaped(octets, to);
		return false;
	}
	size_t before = to->n;
	from->convert(from, &octets, true, to);
	mend_utf8(to, before);
	if (span_eq(name, S("CP949")))
		hangul_compose(to, before);
	return true;
}

span charset_of_utf8(span utf8)
{
	return all_ascii(utf8) ? S("us-ascii") : S("utf-8");
}
