/* Queue IDs. Unique without asking anybody: the second of arrival, 20 bits of host and boot, 64
 * random bits. So a rename to new/ID can never meet another message, and IDs of several hosts may
 * be mixed.
 *
 * Crockford's base 32 has no I, L, O and U. IDs that local users choose (queue/drop.h) carry a U
 * where these have the host, so no user can choose the ID of a message that is not his own. */
#include <sys/random.h>

#include "io/clock.h"
#include "io/sum.h"
#include "queue/qmsg.h"

static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

void qid_digits(uint64_t v, size_t n, char *to)
{
	while (n) {
		to[--n] = digits[v & 31];
		v >>= 5;
	}
}

uint64_t qid_random(void)
{
	uint64_t v = 0;
	if (getrandom(&v, sizeof v, 0) == (ssize_t)sizeof v)
		return v;
	/* Cannot happen on the kernels that we run on; O_EXCL catches what is left of the risk. */
	struct timespec t;
	(void)clock_gettime(CLOCK_REALTIME, &t);
	return (uint64_t)t.tv_nsec << 32 ^ (uint64_t)t.tv_sec << 16 ^ (uint64_t)getpid();
}

/* 20 bits that differ between hosts and between two boots of one. */
static uint32_t host_and_boot(void)
{
	char text[256];
	uint32_t sum = 0;
	if (gethostname(text, sizeof text) == 0) {
		text[sizeof text - 1] = 0;
		sum = sum_crc32(sum, span_str(text));
	}
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		ssize_t n = read(fd, text, sizeof text);
		sum = sum_crc32(sum, span_of(text, n > 0 ? (size_t)n : 0));
		close(fd);
	}
	return (sum ^ sum >> 20) & 0xfffff;
}

void qid_make(char id[static QID_LEN + 1])
{
	static bool known;
	static uint32_t host;
	if (!known) {
		host = host_and_boot();
		known = true;
	}
	qid_digits((uint64_t)clock_now(), 7, id);
	qid_digits(host, 4, id + 7);
	qid_digits(qid_random(), 13, id + 11);
	id[QID_LEN] = 0;
}

bool qid_valid(span id)
{
	if (id.n != QID_LEN)
		return false;
	for (size_t i = 0; i < id.n; i++)
		if (!ascii_digit((unsigned char)id.p[i]) && (id.p[i] < 'A' || id.p[i] > 'Z'))
			return false;
	return true;
}

int64_t qid_seconds(span id)
{
	uint64_t v = 0;
	for (size_t i = 0; i < 7 && i < id.n; i++) {
		const char *digit = memchr(digits, id.p[i], 32);
		v = v << 5 | (uint64_t)(digit ? digit - digits : 0);
	}
	return (int64_t)v;
}
