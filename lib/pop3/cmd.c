#include "pop3/cmd.h"

#include <stddef.h>

static const struct {
	const char *name;
	enum pop3_verb verb;
} verbs[] = {
    {"RETR", POP3_RETR}, {"LIST", POP3_LIST}, {"UIDL", POP3_UIDL}, {"DELE", POP3_DELE},
    {"STAT", POP3_STAT}, {"TOP", POP3_TOP},   {"NOOP", POP3_NOOP}, {"RSET", POP3_RSET},
    {"QUIT", POP3_QUIT}, {"CAPA", POP3_CAPA}, {"USER", POP3_USER}, {"PASS", POP3_PASS},
    {"AUTH", POP3_AUTH}, {"UTF8", POP3_UTF8}, {"STLS", POP3_STLS},
};

static bool has_control(span s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7f)
			return true;
	return false;
}

pop3_cmd pop3_cmd_parse(span line)
{
	pop3_cmd c = {POP3_UNKNOWN, {NULL, 0}};
	span rest = span_chomp(line);
	if (has_control(rest)) {
		c.verb = POP3_OCTETS;
		return c;
	}
	size_t blank = span_find(rest, ' ');
	span word = span_sub(rest, 0, blank);
	if (blank < rest.n)
		c.args = span_sub(rest, blank + 1, SIZE_MAX);
	for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
		if (span_eqi(word, span_str(verbs[i].name)))
			c.verb = verbs[i].verb;
	return c;
}

bool pop3_no_args(const pop3_cmd *c)
{
	return span_trim(c->args).n == 0;
}

static bool number(span word, uint64_t *to)
{
	return span_u64(word, UINT32_MAX, to);
}

bool pop3_number(const pop3_cmd *c, uint64_t *to)
{
	span rest = c->args;
	return number(span_word(&rest), to) && *to > 0 && span_trim(rest).n == 0;
}

bool pop3_top_args(const pop3_cmd *c, uint64_t *to, uint64_t *lines)
{
	span rest = c->args;
	return number(span_word(&rest), to) && *to > 0 && number(span_word(&rest), lines) &&
	       span_trim(rest).n == 0;
}
