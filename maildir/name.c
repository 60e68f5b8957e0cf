#include "maildir/name.h"

#include <sys/random.h>
#include <time.h>
#include <unistd.h>

enum { HOST_MAX = 100, ID_MAX = 64 };

/* FNV-1a, 64 bits. The queue ID goes in first: it cannot be known when the recipients are chosen, so
 * nobody can choose two that meet. */
static uint64_t mix(uint64_t h, span s)
{
	for (size_t i = 0; i < s.n; i++)
		h = (h ^ (unsigned char)s.p[i]) * 0x100000001b3u;
	return (h ^ 0xff) * 0x100000001b3u; /* the end of the piece */
}

static void put_hash(uint64_t h, str *to)
{
	static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
	for (int shift = 60; shift >= 0; shift -= 5)
		(void)str_putc(to, digits[h >> shift & 31]);
}

/* The description of Maildir writes '/' as \057 and ':' as \072; the same for what parts our fields and
 * for octets that a listing cannot show. */
static void put_safe(span s, size_t max, str *to)
{
	size_t start = to->n;
	for (size_t i = 0; i < s.n && to->n - start + 4 <= max; i++) {
		unsigned char c = (unsigned char)s.p[i];
		if (c <= ' ' || c >= 0x7f || c == '/' || c == ':' || c == ',' || c == '+')
			(void)str_printf(to, "\\%03o", c);
		else
			(void)str_putc(to, (char)c);
	}
}

static void put_unique(str *to)
{
	static unsigned count;
	uint64_t random = 0;
	struct timespec now;
	(void)clock_gettime(CLOCK_REALTIME, &now);
	if (getrandom(&random, sizeof random, 0) < 0)
		random = (uint64_t)now.tv_nsec;
	(void)str_printf(to, "M%09ldP%ldQ%uR%016llX", now.tv_nsec, (long)getpid(), ++count,
			 (unsigned long long)random);
}

size_t name_base(int64_t arrived, span id, span recipient, span folder, span host, str *to)
{
	size_t start = to->n;
	(void)str_printf(to, "%lld.", (long long)arrived);
	if (id.n)
		put_safe(id, ID_MAX, to);
	else
		put_unique(to);
	(void)str_putc(to, '+');
	put_hash(mix(mix(mix(0xcbf29ce484222325u, id), recipient), folder), to);
	size_t front = to->n - start;
	(void)str_putc(to, '.');
	put_safe(host.n ? host : S("localhost"), HOST_MAX, to);
	return front;
}

void name_sizes(uint64_t octets, uint64_t wire, str *to)
{
	(void)str_printf(to, ",S=%llu,W=%llu", (unsigned long long)octets,
			 (unsigned long long)wire);
}

bool name_has_front(span entry, span front)
{
	return entry.n > front.n && span_starts(entry, front) && entry.p[front.n] == '.';
}

span name_unique(span entry)
{
	return span_sub(entry, 0, span_find(entry, ':'));
}
