/* A table of fixed size without a lock: an entry is written at once, and one that is torn is none. */
#include "auth/remember.h"

#include "auth/run.h"
#include "io/file.h"

enum { SLOTS = 4096, REMEMBER_MAX_S = 86400 };

typedef struct entry {
	unsigned char mac[DIGEST_SHA256];
	int64_t until; /* seconds of the wall clock; part of what `check` covers */
	unsigned char check[24];
} entry;

static bool add(str *to, span part)
{
	return str_putu(to, part.n) && str_putc(to, ':') && str_put(to, part);
}

static bool make(const unsigned char *key, span user, span password, span value, entry *e)
{
	str all = str_new(1 << 18);
	bool done = add(&all, user) && add(&all, password) && add(&all, value) &&
		    secret_mac(key, S("success"), str_span(&all), e->mac);
	if (all.p)
		explicit_bzero(all.p, all.n);
	str_free(&all);
	return done;
}

/* So that nobody who can write the file makes an old entry last longer. */
static bool seal(const unsigned char *key, const entry *e, unsigned char *check)
{
	unsigned char full[DIGEST_SHA256];
	char text[DIGEST_SHA256 + sizeof e->until];
	memcpy(text, e->mac, DIGEST_SHA256);
	memcpy(text + DIGEST_SHA256, &e->until, sizeof e->until);
	if (!secret_mac(key, S("until"), span_of(text, sizeof text), full))
		return false;
	memcpy(check, full, sizeof e->check);
	return true;
}

static off_t slot_of(const entry *e)
{
	return (off_t)((e->mac[0] | (size_t)e->mac[1] << 8) % SLOTS * sizeof *e);
}

bool remember_has(const unsigned char key[static SECRET_OCTETS], span user, span password,
		  span value, int64_t now)
{
	entry want, found;
	unsigned char check[sizeof want.check];
	if (!make(key, user, password, value, &want))
		return false;
	int fd = auth_run_open("successes");
	if (fd < 0)
		return false;
	bool has = file_pread(fd, &found, sizeof found, slot_of(&want)) == (ssize_t)sizeof found &&
		   digest_equal(found.mac, want.mac, sizeof want.mac) && found.until > now &&
		   found.until <= now + REMEMBER_MAX_S && seal(key, &found, check) &&
		   digest_equal(check, found.check, sizeof check);
	(void)close(fd);
	return has;
}

void remember_put(const unsigned char key[static SECRET_OCTETS], span user, span password,
		  span value, int64_t now, int64_t seconds)
{
	entry e = {.until = now + (seconds < REMEMBER_MAX_S ? seconds : REMEMBER_MAX_S)};
	if (seconds <= 0 || !make(key, user, password, value, &e) || !seal(key, &e, e.check))
		return;
	int fd = auth_run_open("successes");
	if (fd < 0)
		return;
	(void)!pwrite(fd, &e, sizeof e, slot_of(&e));
	(void)close(fd);
}
