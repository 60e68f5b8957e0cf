#include "base/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void make_printable(char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			*s = *s == '\t' || *s == '\n' ? ' ' : '?';
}

static void set_text(status *st, const char *fmt, va_list args)
{
	(void)vsnprintf(st->text, sizeof st->text, fmt, args);
	make_printable(st->text);
}

status status_make(int code, int reply, const char *enhanced, const char *fmt, ...)
{
	status st = {.code = code, .reply = reply};
	va_list args;
	(void)snprintf(st.enhanced, sizeof st.enhanced, "%s", enhanced);
	va_start(args, fmt);
	set_text(&st, fmt, args);
	va_end(args);
	return st;
}

status status_said(int code, int reply, span enhanced, span words)
{
	status st = {.code = code, .reply = reply};
	size_t e = enhanced.n < sizeof st.enhanced ? enhanced.n : sizeof st.enhanced - 1;
	size_t w = words.n < sizeof st.text ? words.n : sizeof st.text - 1;
	if (e)
		memcpy(st.enhanced, enhanced.p, e);
	if (w)
		memcpy(st.text, words.p, w);
	make_printable(st.text);
	return st;
}

status status_ok(void)
{
	return (status){.code = EX_OK, .reply = 250, .enhanced = "2.0.0", .text = "ok"};
}

status status_doubt(const char *fmt, ...)
{
	status st = {.code = EX_TEMPFAIL, .reply = 451, .enhanced = "4.3.0"};
	va_list args;
	va_start(args, fmt);
	set_text(&st, fmt, args);
	va_end(args);
	return st;
}

bool status_is_ok(const status *st)
{
	return st->code == EX_OK;
}

bool status_is_permanent(const status *st)
{
	int code = status_from_agent(st->code);
	return code != EX_OK && code != EX_TEMPFAIL;
}

int status_from_agent(int exit_code)
{
	switch (exit_code) {
	case EX_OK:
	case EX_DATAERR:
	case EX_NOUSER:
	case EX_NOHOST:
	case EX_UNAVAILABLE:
	case EX_PROTOCOL:
	case EX_NOPERM:
	case EX_QPERM:
		return exit_code;
	default:
		return EX_TEMPFAIL;
	}
}

int status_from_filter(int exit_code)
{
	return exit_code == EX_OK || exit_code == EX_DATAERR || exit_code == EX_NOPERM
		   ? exit_code
		   : EX_TEMPFAIL;
}

/* RFC 3463, 2: class "." subject "." detail, class 2, 4 or 5, the others up to three digits. */
bool status_enhanced(span line, span *enhanced, span *words)
{
	span rest = line, code = span_word(&rest), parts = code;
	span class = span_cut(&parts, '.'), subject = span_cut(&parts, '.');
	uint64_t v;
	if (!span_u64(class, 5, &v) || class.n != 1 || (v != 2 && v != 4 && v != 5) ||
	    subject.n > 3 || !span_u64(subject, 999, &v) || parts.n > 3 ||
	    !span_u64(parts, 999, &v) || code.p != line.p)
		return false;
	*enhanced = code;
	*words = span_trim(rest);
	return true;
}

status status_from_reply(int reply, span text)
{
	span enhanced = S(""), words = text;
	status st = {.reply = reply};
	(void)status_enhanced(text, &enhanced, &words);
	if (enhanced.n && enhanced.p[0] != '0' + reply / 100)
		enhanced = S(""); /* RFC 2034, 4: the class must agree with the reply */
	(void)snprintf(st.enhanced, sizeof st.enhanced, "%.*s", SPAN_FMT(enhanced));
	(void)snprintf(st.text, sizeof st.text, "%.*s", SPAN_FMT(words));
	make_printable(st.text);
	if (reply / 100 == 2)
		st.code = EX_OK;
	else if (reply / 100 == 5)
		st.code = span_eq(enhanced, S("5.1.1")) ? EX_NOUSER : EX_UNAVAILABLE;
	else
		st.code = EX_TEMPFAIL;
	return st;
}
