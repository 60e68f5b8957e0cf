#include "smtp/caps.h"

#include <string.h>

/* Servers of old also said "AUTH=PLAIN": that is another word, and means the same. What does not fit is left out. */
static void read_auth(smtp_caps *c, span rest)
{
	size_t n = strlen(c->auth);
	for (span word; (word = span_word(&rest)).n > 0;) {
		if (word.n + 2 > sizeof c->auth - n)
			return;
		memcpy(c->auth + n, word.p, word.n);
		n += word.n;
		c->auth[n++] = ' ';
		c->auth[n] = 0;
	}
}

static void read_line(smtp_caps *c, span line)
{
	span key = span_word(&line), rest = line, value = span_word(&line);
	if (span_eqi(key, S("PIPELINING"))) {
		c->pipelining = true;
	} else if (span_eqi(key, S("8BITMIME"))) {
		c->eight_bit = true;
	} else if (span_eqi(key, S("SMTPUTF8"))) {
		c->utf8 = true;
	} else if (span_eqi(key, S("DSN"))) {
		c->dsn = true;
	} else if (span_eqi(key, S("STARTTLS"))) {
		c->starttls = true;
	} else if (span_eqi(key, S("CHUNKING"))) {
		c->chunking = true;
	} else if (span_eqi(key, S("AUTH"))) {
		read_auth(c, rest);
	} else if (span_startsi(key, S("AUTH="))) {
		read_auth(c, span_sub(key, 5, key.n));
		read_auth(c, rest);
	} else if (span_eqi(key, S("SIZE"))) {
		c->size = true;
		if (!span_u64(value, UINT64_MAX, &c->size_max))
			c->size_max = 0; /* no number: a limit that is not told */
	}
}

void smtp_caps_read(smtp_caps *c, const reply *r)
{
	span rest = str_span(&r->text);
	*c = (smtp_caps){.esmtp = true};
	(void)span_cut(&rest, '\n');
	while (rest.n)
		read_line(c, span_trim(span_cut(&rest, '\n')));
}
