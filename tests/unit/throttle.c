/* links: auth mail io base : z crypt crypto */
#include "auth/throttle.h"

#include <sys/stat.h>

#include "auth/remember.h"
#include "tests/unit/unit.h"

static char root[] = "/tmp/pabal-throttle.XXXXXX";

static const int64_t now = INT64_C(1800000000000);

static void networks(void)
{
	CHECK(throttle_network("") == 0 && throttle_network("x") == 0, "no address, no network");
	CHECK(throttle_network("192.0.2.1") != throttle_network("192.0.2.2"), "IPv4: each its own");
	CHECK(throttle_network("2001:db8::1") == throttle_network("2001:db8::ffff:1"), "IPv6: /64");
	CHECK(throttle_network("2001:db8::1") != throttle_network("2001:db8:0:1::1"),
	      "another /64");
	CHECK(throttle_network("::1") != 0, "never 0");
}

static void turns(void)
{
	uint64_t bad = throttle_network("192.0.2.1"), good = throttle_network("192.0.2.2");
	for (int i = 0; i < THROTTLE_FREE; i++) {
		CHECK(throttle_turn(bad, now) == 0, "failure %d costs nothing", i);
		throttle_failed(bad, now);
	}
	CHECK(throttle_turn(bad, now) == THROTTLE_STEP_MS, "then the next waits");
	CHECK(throttle_turn(bad, now) == 2 * THROTTLE_STEP_MS, "one at a time");
	CHECK(throttle_turn(good, now) == 0, "others do not");
	CHECK(throttle_turn(0, now) == 0, "no network, no wait");
	CHECK(throttle_turn(bad, now + 60000) == 0, "later there is a turn at once");
	for (int i = 0; i < 20; i++)
		throttle_failed(bad, now);
	int most = 0, wait;
	for (int i = 0; i < 20 && (wait = throttle_turn(bad, now)) >= 0; i++)
		most = wait;
	CHECK(most > 0 && most <= THROTTLE_WAIT_MAX_MS, "nobody waits for longer than the most");
	CHECK(throttle_turn(bad, now) == -1, "what would is turned away");
	CHECK(throttle_turn(bad, now - 86400000) <= THROTTLE_WAIT_MAX_MS, "a clock put back");
	CHECK(throttle_turn(bad, now + 10 * THROTTLE_HALF_S * 1000) == 0, "it is forgotten");
	for (uint32_t i = 0; i < 20000; i++)
		throttle_failed(UINT64_C(0xff00000000000000) | i, now);
	char path[128];
	struct stat st;
	(void)snprintf(path, sizeof path, "%s/run/auth/failures", root);
	CHECK(stat(path, &st) == 0 && st.st_size <= 1 << 20, "the file does not grow");
	CHECK((st.st_mode & 0777) == 0600, "it is its owner's");
}

static void successes(void)
{
	static const unsigned char key[SECRET_OCTETS] = {1}, other[SECRET_OCTETS] = {2};
	const span user = S("a@b"), right = S("secret"), value = S("{CRYPT}x");
	int64_t s = now / 1000;
	CHECK(!remember_has(key, user, right, value, s), "nothing yet");
	remember_put(key, user, right, value, s, 300);
	CHECK(remember_has(key, user, right, value, s + 299), "remembered");
	CHECK(!remember_has(key, user, right, value, s + 300), "for its time");
	CHECK(!remember_has(key, user, S("secre"), value, s), "another password");
	CHECK(!remember_has(key, S("a@"), S("bsecret"), value, s), "other borders");
	CHECK(!remember_has(key, user, right, S("{CRYPT}y"), s), "another line of the table");
	CHECK(!remember_has(other, user, right, value, s), "another key");
	CHECK(!remember_has(key, user, right, value, s - 1000000), "a clock put back");
	remember_put(key, user, right, S("none"), s, 0);
	CHECK(!remember_has(key, user, right, S("none"), s), "switched off");
}

int main(void)
{
	char command[160];
	if (!mkdtemp(root) || setenv("PABAL_ROOT", root, 1) != 0)
		return 1;
	(void)unsetenv("PABAL_RUN");
	networks();
	turns();
	successes();
	(void)snprintf(command, sizeof command, "%s/run/auth/failures", root);
	(void)unlink(command);
	(void)snprintf(command, sizeof command, "%s/run/auth/successes", root);
	(void)unlink(command);
	(void)snprintf(command, sizeof command, "%s/run/auth", root);
	(void)rmdir(command);
	(void)snprintf(command, sizeof command, "%s/run", root);
	(void)rmdir(command);
	(void)rmdir(root);
	return unit_done();
}
