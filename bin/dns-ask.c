/* dns-ask(1): the records of a name, for scripts; by the resolver that mail goes by. */
#include <arpa/inet.h>
#include <sysexits.h>

#include "base/die.h"
#include "io/clock.h"
#include "io/proc.h"
#include "net/dns.h"

enum { ANSWER_MAX = 65536, DOMAIN_MAX = 1000, SECONDS = 20 };

static const char text[] = "usage: dns-ask [-h] NAME [TYPE]\n"
			   "       dns-ask [-h] -r ADDRESS [ZONE [TYPE]]\n";

/* RFC 5782, 2: the octets of IPv4, the 32 digits of IPv6, backwards, in front of a zone. */
static bool reverse(const char *address, const char *zone, str *to)
{
	unsigned char octets[16];
	bool four = inet_pton(AF_INET, address, octets) == 1;
	if (!four && inet_pton(AF_INET6, address, octets) != 1)
		return false;
	for (int i = four ? 3 : 15; i >= 0; i--)
		if (four)
			(void)str_printf(to, "%d.", octets[i]);
		else
			(void)str_printf(to, "%x.%x.", octets[i] & 15, octets[i] >> 4);
	(void)str_put(to, span_str(zone ? zone : four ? "in-addr.arpa" : "ip6.arpa"));
	return !to->over;
}

int main(int argc, char **argv)
{
	str lines = str_new(ANSWER_MAX);
	status st;
	str name = str_new(DOMAIN_MAX);
	bool backwards = false;
	int c;
	proc_start(argv[0]);
	while ((c = getopt(argc, argv, "hr")) != -1) {
		backwards = backwards || c == 'r';
		if (c == 'r')
			continue;
		if (c != 'h')
			die(EX_USAGE, "%s", text + sizeof "usage:");
		if (fputs(text, stdout) < 0 || fflush(stdout) != 0)
			die_errno(EX_IOERR, "standard output");
		return EX_OK;
	}
	char **arg = argv + optind;
	int count = argc - optind;
	if (count < 1 || count > 2 + backwards)
		die(EX_USAGE, "%s", text + sizeof "usage:");
	if (backwards && !reverse(arg[0], arg[1], &name))
		die(EX_USAGE, "%s: not an address", arg[0]);
	if (!backwards)
		(void)str_put(&name, span_str(arg[0]));
	const char *type = count == 2 + backwards    ? arg[count - 1]
			   : backwards && count == 1 ? "PTR"
						     : "A";
	dns *d = dns_open(&st);
	if (d)
		st = dns_lines(d, str_cstr(&name), span_str(type), clock_ms() + SECONDS * 1000,
			       &lines);
	dns_close(d);
	if (!status_is_ok(&st))
		die(st.code, "%s", st.text);
	if (fwrite(str_cstr(&lines), 1, lines.n, stdout) != lines.n || fflush(stdout) != 0)
		die_errno(EX_TEMPFAIL, "standard output");
	return lines.n ? EX_OK : EX_NOMATCH;
}
