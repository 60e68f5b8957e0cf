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
	(void)str_printf(to, ",S=%llu", (unsigned long long)octets);
	if (wire)
		(void)str_printf(to, ",W=%llu", (unsigned long long)wire);
}

bool name_has_front(span entry, span front)
{
	return entry.n > front.n && span_starts(entry, front) && entry.p[front.n] == '.';
}

void name_fresh(span entry, str *to)
{
	span unique = name_unique(entry);
	size_t comma = span_find(unique, ',');
	span host = span_sub(unique, 0, comma);
	span seconds = span_cut(&host, '.');
	uint64_t n;
	(void)span_cut(&host, '.'); /* what was unique */
	if (span_u64(seconds, INT64_MAX, &n))
		(void)str_put(to, seconds);
	else
		(void)str_printf(to, "%lld", (long long)time(NULL));
	(void)str_putc(to, '.');
	put_unique(to);
	(void)str_putc(to, '.');
	(void)str_put(to, host.n ? host : S("localhost"));
	(void)str_put(to, span_sub(entry, comma, entry.n));
}

span name_unique(span entry)
{
	return span_sub(entry, 0, span_find(entry, ':'));
}

bool name_arrived(span entry, int64_t *epoch)
{
	enum { DIGITS = 18 }; /* of what an int64_t holds for sure */
	int64_t seconds = 0;
	size_t n = 0;
	for (; n < entry.n && n < DIGITS && entry.p[n] >= '0' && entry.p[n] <= '9'; n++)
		seconds = seconds * 10 + (entry.p[n] - '0');
	if (n == 0 || (n < entry.n && entry.p[n] != '.'))
		return false;
	*epoch = seconds;
	return true;
}

static bool size_field(span entry, span key, uint64_t *octets)
{
	span rest = name_unique(entry);
	(void)span_cut(&rest, ',');
	while (rest.n) {
		span field = span_cut(&rest, ',');
		if (span_starts(field, key))
			return span_u64(span_sub(field, key.n, field.n), INT64_MAX, octets);
	}
	return false;
}

bool name_octets(span entry, uint64_t *octets)
{
	return size_field(entry, S("S="), octets);
}

bool name_wire(span entry, uint64_t *octets)
{
	return size_field(entry, S("W="), octets);
}

name_flags name_flag(char letter)
{
	if (letter >= 'A' && letter <= 'Z')
		return (name_flags)1 << (letter - 'A');
	return letter >= 'a' && letter <= 'z' ? (name_flags)1 << (letter - 'a' + 26) : 0;
}

/* What stands behind ":2,"; other versions of that part are nobody's. */
span name_flags_text(span entry)
{
	span info = span_sub(entry, span_find(entry, ':'), entry.n);
	return span_starts(info, S(":2,")) ? span_sub(info, 3, info.n) : S("");
}

name_flags name_flags_of(span entry)
{
	name_flags set = 0;
	span text = name_flags_text(entry);
	for (size_t i = 0; i < text.n; i++)
		set |= name_flag(text.p[i]);
	return set;
}

void name_flags_put(name_flags set, str *to)
{
	for (int i = 0; i < 52 && set >> i; i++)
		if (set >> i & 1)
			(void)str_putc(to, (char)(i < 26 ? 'A' + i : 'a' + i - 26));
}

void name_with_flags(span entry, name_flags set, str *to)
{
	span text = name_flags_text(entry);
	(void)str_put(to, name_unique(entry));
	(void)str_put(to, S(":2,"));
	name_flags_put(set, to);
	for (size_t i = 0; i < text.n; i++)
		if (!name_flag(text.p[i]))
			(void)str_putc(to, text.p[i]);
}
