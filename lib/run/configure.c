/* The control files of an SMTP server (pabal-control(5)). */
#include "io/control.h"
#include "io/log.h"
#include "run/keeper.h"
#include "run/rate.h"

enum { CONFIG_MAX = 4 << 20, CHAIN_WORDS_MAX = 256, HOLD_MAX = 30 * 86400 };

static void mistake(keeper_config *c, const char *file, const char *text)
{
	log_config_error(file, 0, text);
	c->broken = true;
}

static uint64_t limit(keeper_config *c, const char *name, uint64_t max, uint64_t fallback)
{
	char file[64];
	uint64_t value = fallback;
	(void)snprintf(file, sizeof file, "control/%s", name);
	if (!control_number(name, max, fallback, &value))
		mistake(c, file, strerror(errno));
	return value;
}

static uint64_t number(keeper_config *c, const char *name, uint64_t max, uint64_t fallback)
{
	char file[64];
	uint64_t value = limit(c, name, max, fallback);
	(void)snprintf(file, sizeof file, "control/%s", name);
	if (value == 0)
		mistake(c, file, "0 is no useful value");
	return value ? value : fallback;
}

static void networks(keeper_config *c, const char *name, nets *to)
{
	char file[64];
	(void)snprintf(file, sizeof file, "control/%s", name);
	if (control_list(name, &c->mem, &to->entries, &to->count) == CONTROL_ERROR)
		mistake(c, file, strerror(errno));
	for (size_t i = 0; i < to->count; i++)
		if (!net_valid(to->entries[i]))
			mistake(c, file, "not a network: ADDRESS or ADDRESS/BITS");
}

static void floor_of(keeper_config *c)
{
	const char *name;
	char file[64];
	if (room_read(&c->floor, &name))
		return;
	(void)snprintf(file, sizeof file, "control/%s", name);
	mistake(c, file, strerror(errno));
}

/* A command line without quoting: words parted by blanks. */
static void chain(keeper_config *c, const char *name)
{
	char file[64];
	span line, word;
	size_t n = 0;
	enum control_result r = control_value(name, &c->mem, &line);
	(void)snprintf(file, sizeof file, "control/%s", name);
	if (r == CONTROL_ABSENT)
		return;
	if (r == CONTROL_ERROR) {
		mistake(c, file, strerror(errno));
		return;
	}
	c->chain = arena_alloc(&c->mem, (CHAIN_WORDS_MAX + 1) * sizeof *c->chain);
	while (c->chain && (word = span_word(&line)).n && n < CHAIN_WORDS_MAX)
		c->chain[n++] = arena_cstr(&c->mem, word);
	if (!c->chain || word.n)
		mistake(c, file, "too long");
}

/* Logins, and what who has logged in may do. */
static void of_users(keeper_config *c, bool submission)
{
	smtp_limits *l = &c->limits;
	l->submission = submission;
	l->hold_max = limit(c, "hold-max", 999999999, HOLD_MAX);
	c->user_rate = limit(c, "user-rate", RATE_LIMIT_MAX, 0);
	c->hide_client = control_exists("hide-client");
	if (control_value("domains", &c->mem, &l->home) != CONTROL_OK)
		l->home = S("");
	l->auth = submission || control_exists("recv-auth");
	login_rules_read(&c->login);
	l->scram = c->login.scram;
}

/* What keeps the ones out that do harm, or take too long; 0 is no limit. */
static void of_strangers(keeper_config *c)
{
	smtp_limits *l = &c->limits;
	const char *wrong;
	l->greet_ms = (int)limit(c, "greet-delay", 60, 0) * 1000;
	l->tarpit_ms = (int)limit(c, "tarpit", 60, 1) * 1000;
	l->tarpit_after = limit(c, "tarpit-after", 1000000, 5);
	l->session_ms = (int64_t)limit(c, "session-timeout", 7 * 86400, 3600) * 1000;
	l->min_rate = limit(c, "min-rate", 1000000, 20);
	if (!policy_read(&c->policy, &c->mem, &wrong))
		mistake(c, wrong, strerror(errno));
	l->stages = policy_stages(&c->policy);
}

void keeper_configure(keeper_config *c, bool submission)
{
	*c = (keeper_config){.mem = arena_new(CONFIG_MAX)};
	smtp_limits *l = &c->limits;
	if (control_value("me", &c->mem, &l->me) != CONTROL_OK)
		mistake(c, "control/me", strerror(errno));
	static const char *const needed[] = {"domains", "users"};
	for (size_t i = 0; i < 2; i++) {
		char file[64];
		(void)snprintf(file, sizeof file, "control/%s", needed[i]);
		if (!control_exists(needed[i]))
			mistake(c, file, "there is no such file, and mail needs it");
	}
	l->max_size = number(c, "max-size", UINT64_C(1) << 40, 50 << 20);
	l->max_rcpts = number(c, "max-recipients", ENVELOPE_RCPT_MAX, 1000);
	l->max_errors = number(c, "max-errors", 1000000, 20);
	l->max_mails = number(c, "max-messages", 1000000, 1000);
	l->idle_ms = (int)number(c, "timeout", 86400, 300) * 1000;
	c->connections = number(c, "recv-connections", 1000000, 20);
	floor_of(c);
	networks(c, "relay-nets", &c->relay_nets);
	networks(c, "xclient-nets", &c->xclient_nets);
	networks(c, "xforward-nets", &c->xforward_nets);
	chain(c, submission ? "submit-chain" : "recv-chain");
	of_users(c, submission);
	of_strangers(c);
}

void keeper_forget(keeper_config *c)
{
	arena_free(&c->mem);
}
