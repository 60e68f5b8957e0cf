#include "queue/remote_mta.h"

void remote_mta_write(int reply, const remote_mta *p, str *to)
{
	(void)str_printf(to, "%d", reply);
	if (!p->dsn && p->name.n == 0)
		return;
	(void)str_put(to, p->dsn ? S("/dsn/") : S("//"));
	for (size_t i = 0; i < p->name.n && i < REMOTE_MTA_MAX; i++)
		(void)str_putc(to, p->name.p[i] > 0x20 && p->name.p[i] < 0x7f ? p->name.p[i] : '?');
}

bool remote_mta_parse(span word, int *reply, remote_mta *p)
{
	uint64_t code;
	bool alone = span_find(word, '/') == word.n;
	span name = word, digits = span_cut(&name, '/'), flags = span_cut(&name, '/');
	*p = (remote_mta){.name = name, .dsn = span_eq(flags, S("dsn"))};
	if (!span_u64(digits, 599, &code) || name.n > REMOTE_MTA_MAX)
		return false;
	*reply = (int)code;
	return alone || (flags.p + flags.n < word.p + word.n && (p->dsn || flags.n == 0));
}
