#include "auth/check.h"

#include <sys/random.h>

#include "auth/checkpassword.h"
#include "auth/remember.h"
#include "io/clock.h"
#include "io/control.h"
#include "io/log.h"
#include "io/table.h"
#include "mail/key.h"

enum { CHECK_MAX = 4 << 20, WORDS_MAX = 64 };

/* What an unknown address is checked against, so that the time tells nothing. No password has this hash. */
static const char nobody[] =
    "{CRYPT}$y$j9T$F5Jx5fExrKuPp53xLKQ..1$X3DX6M94c7o.9agCG9G317fhZg9SqC.5i5rd.RhAtQ7";

static void mistake(check *c, const char *file, const char *text)
{
	log_config_error(file, 0, text);
	c->broken = true;
}

/* A command line without quoting: words parted by blanks. */
static void read_program(check *c)
{
	span line, word;
	size_t n = 0;
	enum control_result r = control_value("checkpassword", &c->mem, &line);
	if (r == CONTROL_ABSENT)
		return;
	if (r == CONTROL_ERROR) {
		mistake(c, "control/checkpassword", strerror(errno));
		return;
	}
	c->program_line = line;
	c->program = arena_alloc(&c->mem, (WORDS_MAX + 1) * sizeof *c->program);
	while (c->program && (word = span_word(&line)).n && n < WORDS_MAX)
		c->program[n++] = arena_cstr(&c->mem, word);
	if (!c->program || word.n)
		mistake(c, "control/checkpassword", "too long");
}

bool check_offers_scram(void)
{
	return !control_exists("checkpassword");
}

/* An address, normal; or one that nobody has. */
static void set_user(check *c, span user)
{
	span *domains;
	size_t count;
	str key = str_new(8 * ADDR_MAX);
	span text = arena_dup(&c->mem, user);
	c->address = S("");
	if (!text.p || addr_mailbox(text, &c->mem, &c->user) != ADDR_OK || c->user.null ||
	    c->user.literal)
		c->user = (addr){.null = true};
	else if (!c->user.domain.n) {
		if (control_list("domains", &c->mem, &domains, &count) != CONTROL_OK || !count)
			mistake(c, "control/domains", "there is no such file, or nothing in it");
		else
			c->user.domain = domains[0];
	}
	if (!c->user.null) {
		key_write(c->user.local, c->user.domain, &key);
		text = arena_dup(&c->mem, str_span(&key));
		if (!key.over && text.p)
			c->address = text;
	}
	str_free(&key);
}

/* The line of the user; "" where there is none. The order of the whole table is looked at (or remembered) before,
 * for a user that is there too: the time must not tell. */
static enum passwd_result find(check *c, span *value)
{
	table *t = table_open("passwd");
	const char *error = "no such file";
	size_t line = 0;
	enum passwd_result r = PASSWD_DOUBT;
	(void)table_get(t, S("\x7f"), &c->mem, value, &error, &line);
	enum table_result found =
	    table_get(t, c->address.n ? c->address : S("\x7f"), &c->mem, value, &error, &line);
	if (found == TABLE_FOUND)
		r = PASSWD_RIGHT;
	else if (found == TABLE_ABSENT)
		r = PASSWD_WRONG;
	else
		log_config_error("passwd", line, error);
	if (r != PASSWD_RIGHT)
		*value = S("");
	table_close(t);
	return r;
}

static enum passwd_result by_table(span password, span value)
{
	enum passwd_result r = passwd_verify(value, password);
	if (r == PASSWD_DOUBT)
		log_config_error("passwd", 0, "malformed entry");
	return r;
}

static enum passwd_result by_program(check *c, span user, span password)
{
	const char *error = "";
	enum passwd_result r = checkpassword_run(c->program, user, password, clock_now(), &error);
	if (r == PASSWD_DOUBT)
		log_config_error("control/checkpassword", 0, error);
	return r;
}

static bool has_turn(const check *c)
{
	return !c->turn || c->turn(c->turn_arg);
}

/* `value` is what the answer depends on besides the two: the line of the table, or the program. */
static enum passwd_result check_known(check *c, span user, span password, span value)
{
	span who = c->program ? user : c->address;
	bool keeps = c->has_secret && c->remember_s;
	if (keeps && remember_has(c->secret, who, password, value, clock_now()))
		return PASSWD_RIGHT;
	if (!has_turn(c))
		return PASSWD_DOUBT;
	enum passwd_result r =
	    c->program ? by_program(c, user, password) : by_table(password, value);
	if (r == PASSWD_RIGHT && keeps)
		remember_put(c->secret, who, password, value, clock_now(), c->remember_s);
	return r;
}

enum passwd_result check_password(check *c, span user, span password)
{
	span value = c->program_line;
	set_user(c, user);
	if (c->broken)
		return PASSWD_DOUBT;
	if (!c->program) {
		enum passwd_result there = find(c, &value);
		if (there == PASSWD_DOUBT)
			return PASSWD_DOUBT;
		if (there == PASSWD_WRONG) {
			/* as much work as for a user who is there */
			(void)remember_has(c->secret, c->address, password, span_str(nobody),
					   clock_now());
			if (!has_turn(c))
				return PASSWD_DOUBT;
			(void)passwd_verify(span_str(nobody), password);
			return PASSWD_WRONG;
		}
	}
	return check_known(c, user, password, value);
}

static enum passwd_result ask_password(void *arg, span user, span password)
{
	return check_password(arg, user, password);
}

/* The same salt for a name each time, and keys that no proof is right for. */
static bool false_verifier(check *c, scram *s)
{
	unsigned char mac[DIGEST_SHA256];
	if (!secret_mac(c->secret, S("salt"), c->address, mac) ||
	    !secret_mac(c->secret, S("stored"), c->address, s->stored))
		return false;
	s->iterations = SCRAM_ITERATIONS;
	s->salt_n = SCRAM_NEW_SALT;
	memcpy(s->salt, mac, s->salt_n);
	memcpy(s->server, s->stored, sizeof s->server);
	return true;
}

static enum passwd_result ask_verifier(void *arg, span user, scram *s)
{
	check *c = arg;
	span value;
	set_user(c, user);
	if (c->broken || c->program || !c->has_secret || !has_turn(c))
		return PASSWD_DOUBT;
	enum passwd_result there = find(c, &value);
	scram made;
	if (there == PASSWD_DOUBT || !false_verifier(c, &made))
		return PASSWD_DOUBT;
	if (there == PASSWD_RIGHT && passwd_scram(value, s))
		return PASSWD_RIGHT;
	*s = made;
	return PASSWD_WRONG;
}

static bool ask_random(void *arg, unsigned char *to)
{
	(void)arg;
	return getrandom(to, SASL_NONCE_OCTETS, 0) == SASL_NONCE_OCTETS;
}

void check_open(check *c)
{
	uint64_t seconds;
	*c = (check){.mem = arena_new(CHECK_MAX), .user.null = true, .address = S("")};
	c->backend = (sasl_backend){c, ask_password, ask_verifier, ask_random};
	c->has_secret = secret_read(c->secret);
	if (!c->has_secret)
		log_config_error("auth.key", 0, strerror(errno));
	if (!control_number("auth-remember", 86400, REMEMBER_S, &seconds))
		mistake(c, "control/auth-remember", "not a number from 0 to 86400");
	c->remember_s = (int64_t)seconds;
	read_program(c);
}

void check_close(check *c)
{
	explicit_bzero(c->secret, sizeof c->secret);
	arena_free(&c->mem);
}
