#include "smtp/cmd.h"

static const struct {
	const char *word;
	enum cmd_verb verb;
} verbs[] = {
    {"MAIL", CMD_MAIL}, {"RCPT", CMD_RCPT}, {"DATA", CMD_DATA},	   {"RSET", CMD_RSET},
    {"EHLO", CMD_EHLO}, {"HELO", CMD_HELO}, {"QUIT", CMD_QUIT},	   {"NOOP", CMD_NOOP},
    {"VRFY", CMD_VRFY}, {"HELP", CMD_HELP}, {"GET", CMD_HTTP},	   {"POST", CMD_HTTP},
    {"HEAD", CMD_HTTP}, {"PUT", CMD_HTTP},  {"CONNECT", CMD_HTTP},
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

static status mail_param(const envelope_param *p, uint64_t max_size, cmd_mail *m)
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
	return refuse(555, "5.5.4", "parameter not known");
}

/* RFC 6531 is not announced: an address with octets above 0x7f cannot be answered to. */
static status judge_utf8(const addr *a)
{
	return a->utf8 ? refuse(553, "5.6.7", "non-ASCII address without SMTPUTF8") : status_ok();
}

status cmd_mail_args(span args, uint64_t max_size, arena *a, envelope_path *path, cmd_mail *m)
{
	*m = (cmd_mail){0};
	status st = address_status(envelope_mail_args(args, a, path), "5.1.7");
	if (status_is_ok(&st))
		st = judge_utf8(&path->addr);
	for (size_t i = 0; status_is_ok(&st) && i < path->param_count; i++)
		st = mail_param(path->params + i, max_size, m);
	return st;
}

status cmd_rcpt_args(span args, arena *a, envelope_path *path)
{
	status st = address_status(envelope_rcpt_args(args, a, path), "5.1.3");
	if (status_is_ok(&st))
		st = judge_utf8(&path->addr);
	if (status_is_ok(&st) && path->param_count)
		st = refuse(555, "5.5.4", "parameter not known");
	return st;
}
