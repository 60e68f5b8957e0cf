#include "smtp/caps.h"

static void read_line(smtp_caps *c, span line)
{
	span key = span_word(&line), value = span_word(&line);
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
