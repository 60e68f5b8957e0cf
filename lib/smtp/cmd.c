#include "smtp/cmd.h"

#include "mail/date.h"
#include "mail/utf8.h"

enum { ENVID_MAX = 100, ORCPT_MAX = 500 }; /* octets: RFC 3461, 4.4 and 4.2 */

static const struct {
	char word[12];
	enum cmd_verb verb;
} verbs[] = {
    {"MAIL", CMD_MAIL},		{"RCPT", CMD_RCPT},	  {"DATA", CMD_DATA},
    {"BDAT", CMD_BDAT},		{"LHLO", CMD_LHLO},	  {"EXPN", CMD_VRFY},
    {"RSET", CMD_RSET},		{"EHLO", CMD_EHLO},	  {"HELO", CMD_HELO},
    {"QUIT", CMD_QUIT},		{"NOOP", CMD_NOOP},	  {"VRFY", CMD_VRFY},
    {"AUTH", CMD_AUTH},		{"XCLIENT", CMD_XCLIENT}, {"XFORWARD", CMD_XFORWARD},
    {"STARTTLS", CMD_STARTTLS}, {"HELP", CMD_HELP},	  {"GET", CMD_HTTP},
    {"POST", CMD_HTTP},		{"HEAD", CMD_HTTP},	  {"PUT", CMD_HTTP},
    {"CONNECT", CMD_HTTP},
};

static bool clean(span line)
{
	for (size_t i = 0; i < line.n; i++) {
		unsigned char c = (unsigned char)line.p[i];
		if ((c < 0x20 && c != '\t') || c == 0x7f)
			return false;
	}
	return true;
}

cmd cmd_parse(span line)
{
	cmd c = {.verb = CMD_UNKNOWN};
	span rest = span_chomp(line);
	if (!clean(rest)) {
		c.verb = CMD_OCTETS;
		return c;
	}
	span word = span_word(&rest);
	c.args = span_trim(rest);
	for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
		if (span_eqi(word, span_str(verbs[i].word)))
			c.verb = verbs[i].verb;
	return c;
}

bool cmd_hello_valid(span args)
{
	for (size_t i = 0; i < args.n; i++)
		if (args.p[i] <= 0x20 || args.p[i] == 0x7f)
			return false;
	return args.n > 0 && args.n <= CMD_HELLO_MAX;
}

static status refuse(int reply, const char *enhanced, const char *text)
{
	return status_make(reply >= 500 ? EX_DATAERR : EX_TEMPFAIL, reply, enhanced, "%s", text);
}

static status address_status(enum envelope_error e, const char *bad_address)
{
	switch (e) {
	case ENVELOPE_OK:
		return status_ok();
	case ENVELOPE_ADDRESS:
		return refuse(501, bad_address, "bad address syntax");
	case ENVELOPE_TOO_MANY:
		return refuse(501, "5.5.4", "too many parameters");
	default:
		return refuse(501, "5.5.4", "syntax: an address in <> and its parameters");
	}
}

static bool text_only(span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < 0x20 || s.p[i] == 0x7f)
			return false;
	return s.n > 0;
}

/* RFC 3461, 4.3 and 4.4. */
static bool ret_valid(span value)
{
	return span_eqi(value, S("FULL")) || span_eqi(value, S("HDRS"));
}

static bool envid_valid(span value, arena *mem)
{
	span decoded;
	return value.n <= ENVID_MAX && xtext_decode(value, mem, &decoded) && text_only(decoded);
}

/* RFC 3461, 4.1: NEVER alone, or words of which none comes twice. */
static bool notify_valid(span list)
{
	static const char words[][8] = {"SUCCESS", "FAILURE", "DELAY"};
	unsigned seen = 0;
	if (span_eqi(list, S("NEVER")))
		return true;
	if (list.n == 0 || list.p[list.n - 1] == ',')
		return false;
	while (list.n) {
		span word = span_cut(&list, ',');
		unsigned bit = 0;
		for (unsigned i = 0; i < 3; i++)
			if (span_eqi(word, span_str(words[i])))
				bit = 1u << i;
		if (bit == 0 || (seen & bit))
			return false;
		seen |= bit;
	}
	return true;
}

/* RFC 6533, 3: utf-8-addr-unitext, where the transaction has SMTPUTF8. */
static bool unitext_valid(span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] == '+' || s.p[i] == '=' || (s.p[i] >= 0 && s.p[i] <= ' '))
			return false;
	return s.n > 0;
}

/* RFC 3461, 4.2: addr-type ";" xtext. */
static bool orcpt_valid(span value, bool utf8, arena *mem)
{
	span decoded, rest = value;
	span type = span_cut(&rest, ';');
	if (value.n > ORCPT_MAX || type.n == 0 || type.n == value.n)
		return false;
	for (size_t i = 0; i < type.n; i++)
		if (!ascii_alnum((unsigned char)type.p[i]) && type.p[i] != '-')
			return false;
	if (xtext_decode(rest, mem, &decoded))
		return text_only(decoded);
	return utf8 && span_eqi(type, S("utf-8")) && unitext_valid(rest);
}

/* RFC 4954, 5: a mailbox in xtext, or "<>". */
static bool auth_valid(span value, arena *mem)
{
	span decoded;
	return span_eq(value, S("<>")) ||
	       (xtext_decode(value, mem, &decoded) && text_only(decoded));
}

static status hold_param(const envelope_param *p, cmd_mail *m)
{
	bool is_for = span_eqi(p->key, S("HOLDFOR"));
	bool good = is_for ? p->value.n <= 9 && span_u64(p->value, 999999999, &m->hold_for) &&
				 m->hold_for > 0
			   : date_stamp_parse(p->value, &m->hold_until);
	if (!good || m->hold) /* one of them only */
		return refuse(501, "5.5.4", "HOLDFOR is seconds, HOLDUNTIL a date by RFC 3339");
	m->hold = true;
	return status_ok();
}

static status mail_param(const envelope_param *p, uint64_t max_size, arena *mem, cmd_mail *m)
{
	if (span_eqi(p->key, S("SIZE"))) {
		if (p->value.n == 0 || p->value.n > 20 || !span_u64(p->value, UINT64_MAX, &m->size))
			return refuse(501, "5.5.4", "SIZE is not a number");
		if (m->size > max_size)
			return refuse(552, "5.3.4", "message is larger than this system takes");
		return status_ok();
	}
	if (span_eqi(p->key, S("BODY"))) {
		m->eight = span_eqi(p->value, S("8BITMIME"));
		if (m->eight || span_eqi(p->value, S("7BIT")))
			return status_ok();
		return refuse(501, "5.5.4", "BODY is 7BIT or 8BITMIME");
	}
	if (span_eqi(p->key, S("SMTPUTF8"))) {
		m->utf8 = p->value.n == 0;
		return m->utf8 ? status_ok() : refuse(501, "5.5.4", "SMTPUTF8 has no value");
	}
	if (span_eqi(p->key, S("RET")))
		return ret_valid(p->value) ? status_ok()
					   : refuse(501, "5.5.4", "RET is FULL or HDRS");
	if (span_eqi(p->key, S("ENVID")))
		return envid_valid(p->value, mem)
			   ? status_ok()
			   : refuse(501, "5.5.4", "ENVID is xtext, at most 100 octets");
	if (span_eqi(p->key, S("AUTH"))) {
		m->auth = auth_valid(p->value, mem);
		return m->auth ? status_ok()
			       : refuse(501, "5.5.4", "AUTH is a mailbox in xtext, or <>");
	}
	if (span_eqi(p->key, S("HOLDFOR")) || span_eqi(p->key, S("HOLDUNTIL")))
		return hold_param(p, m);
	return refuse(555, "5.5.4", "parameter not known");
}

static status rcpt_param(const envelope_param *p, bool utf8, arena *mem)
{
	if (span_eqi(p->key, S("NOTIFY")))
		return notify_valid(p->value)
			   ? status_ok()
			   : refuse(501, "5.5.4",
				    "NOTIFY is NEVER, or a list of SUCCESS, FAILURE and DELAY");
	if (span_eqi(p->key, S("ORCPT")))
		return orcpt_valid(p->value, utf8, mem)
			   ? status_ok()
			   : refuse(501, "5.5.4", "ORCPT is a type, a semicolon and xtext");
	return refuse(555, "5.5.4", "parameter not known");
}

/* RFC 6531, 3.5. */
static status judge_utf8(const addr *a, bool utf8)
{
	return a->utf8 && !utf8 ? refuse(553, "5.6.7", "non-ASCII address without SMTPUTF8")
				: status_ok();
}

status cmd_mail_args(span args, uint64_t max_size, arena *a, envelope_path *path, cmd_mail *m)
{
	*m = (cmd_mail){0};
	status st = address_status(envelope_mail_args(args, a, path), "5.1.7");
	for (size_t i = 0; status_is_ok(&st) && i < path->param_count; i++)
		st = mail_param(path->params + i, max_size, a, m);
	return status_is_ok(&st) ? judge_utf8(&path->addr, m->utf8) : st;
}

status cmd_rcpt_args(span args, bool utf8, arena *a, envelope_path *path)
{
	status st = address_status(envelope_rcpt_args(args, a, path), "5.1.3");
	if (status_is_ok(&st))
		st = judge_utf8(&path->addr, utf8);
	for (size_t i = 0; status_is_ok(&st) && i < path->param_count; i++)
		st = rcpt_param(path->params + i, utf8, a);
	return st;
}

status cmd_vrfy_args(span args)
{
	size_t blank = args.n;
	while (blank > 0 && args.p[blank - 1] != ' ' && args.p[blank - 1] != '\t')
		blank--;
	bool utf8 = blank > 0 && span_eqi(span_sub(args, blank, args.n), S("SMTPUTF8"));
	if (args.n == 0)
		return refuse(501, "5.5.4", "whom?");
	if (!utf8_valid(args))
		return refuse(501, "5.5.2", "not UTF-8");
	for (size_t i = 0; i < args.n && !utf8; i++)
		if ((unsigned char)args.p[i] > 0x7f)
			return refuse(553, "5.6.7", "non-ASCII address without SMTPUTF8");
	return status_ok();
}

bool cmd_bdat_args(span args, uint64_t *octets, bool *last)
{
	span size = span_word(&args), word = span_word(&args);
	*last = span_eqi(word, S("LAST"));
	return size.n > 0 && size.n <= 20 && span_u64(size, UINT64_MAX, octets) &&
	       (*last || word.n == 0) && span_trim(args).n == 0;
}
