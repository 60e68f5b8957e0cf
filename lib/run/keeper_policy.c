/* The operator's policy, asked by the keeper. */
#include "mail/envelope.h"
#include "run/keeper_state.h"

static void fact(const char *name, span value)
{
	str text = str_new(4096);
	(void)str_put(&text, value);
	if (value.n && !memchr(value.p, 0, value.n) && !text.over)
		(void)setenv(name, str_cstr(&text), 1);
	else
		(void)unsetenv(name);
	str_free(&text);
}

static void fact_number(const char *name, uint64_t n)
{
	char text[24];
	(void)snprintf(text, sizeof text, "%llu", (unsigned long long)n);
	(void)setenv(name, text, 1);
}

static void fact_address(const char *name, const addr *a)
{
	str text = str_new(2 * ADDR_MAX);
	if (a)
		addr_write(a, &text);
	if (a && !text.over)
		(void)setenv(name, str_cstr(&text), 1); /* empty: <> */
	else
		(void)unsetenv(name);
	str_free(&text);
}

/* TCPREMOTEIP and its relatives are there since the connection began, TLS_VERSION since TLS did. */
static void tell_facts(const keeper *k, enum smtp_stage stage, const addr *rcpt)
{
	bool mail = stage >= STAGE_MAIL;
	(void)setenv("STAGE", policy_name(stage), 1);
	fact("HELO", str_span(&k->helo));
	fact("AUTH_USER", k->login.yes ? span_str(k->login.account.address) : S(""));
	fact("RELAY_CLIENT", k->relay ? S("1") : S(""));
	fact_address("SENDER", mail ? &k->env.sender.addr : NULL);
	fact_address("RECIPIENT", rcpt);
	fact_number("RCPT_N", k->env.rcpt_count + (stage == STAGE_RCPT));
	fact_number("SIZE", stage == STAGE_DATA ? k->keep.size : mail ? k->mail.size : 0);
}

status keeper_policy(keeper *k, enum smtp_stage stage, const addr *rcpt)
{
	if (!k->config->policy.programs[stage])
		return status_ok();
	tell_facts(k, stage, rcpt);
	return policy_run(&k->config->policy, stage, -1);
}

/* Where a message comes before a HELO that was told, there was none. */
bool keeper_stage(keeper *k, span payload)
{
	status st = status_ok();
	span words = span_sub(payload, 1, payload.n);
	if (!payload.n || payload.p[0] < '0' + STAGE_CONNECT || payload.p[0] > '0' + STAGE_MAIL)
		return false;
	enum smtp_stage stage = (enum smtp_stage)(payload.p[0] - '0');
	if (stage == STAGE_HELO) {
		keeper_end_transaction(k);
		str_clear(&k->helo);
		(void)str_put(&k->helo, words);
	} else if (stage == STAGE_MAIL) {
		keeper_begin_transaction(k, words);
		st = k->unfit;
	}
	if (status_is_ok(&st))
		st = keeper_policy(k, stage, NULL);
	if (status_is_ok(&st))
		st = status_make(EX_OK, 250, "", "ok");
	else
		keeper_log(k, "refused", NULL, &st);
	if (stage == STAGE_MAIL && st.code != EX_OK)
		k->unfit = st;
	return keeper_answer(k, st);
}
