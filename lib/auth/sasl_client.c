#include "auth/sasl_client.h"

#include <string.h>

#include "mail/base64.h"

enum { FIRST, SECOND, THIRD, ROUNDS_LEAST = 4096 /* RFC 7677, 4 */ };

static const struct {
	span name;
	bool token, shows;
} mechanisms[] = {
    [SASL_CLIENT_SCRAM_SHA_256] = {S("SCRAM-SHA-256"), false, false},
    [SASL_CLIENT_PLAIN] = {S("PLAIN"), false, true},
    [SASL_CLIENT_LOGIN] = {S("LOGIN"), false, true},
    [SASL_CLIENT_OAUTHBEARER] = {S("OAUTHBEARER"), true, true},
    [SASL_CLIENT_XOAUTH2] = {S("XOAUTH2"), true, true},
};

static bool offers(span offered, span name)
{
	for (span word; (word = span_word(&offered)).n > 0;)
		if (span_eqi(word, name))
			return true;
	return false;
}

enum sasl_client_mechanism sasl_client_choose(span offered, bool token, bool secret_shown)
{
	enum sasl_client_mechanism m = SASL_CLIENT_SCRAM_SHA_256;
	for (; m < SASL_CLIENT_NONE; m++)
		if (mechanisms[m].token == token && (secret_shown || !mechanisms[m].shows) &&
		    offers(offered, mechanisms[m].name))
			break;
	return m;
}

span sasl_client_name(enum sasl_client_mechanism m)
{
	return m < SASL_CLIENT_NONE ? mechanisms[m].name : S("");
}

void sasl_client_begin(sasl_client *c, enum sasl_client_mechanism m, span user, span secret,
		       span host, const unsigned char *nonce)
{
	str text = str_new(sizeof c->nonce);
	*c = (sasl_client){.mechanism = m,
			   .user = user,
			   .secret = secret,
			   .host = host,
			   .message = str_new(SASL_CLIENT_MAX)};
	(void)base64_write(span_of((const char *)nonce, SASL_CLIENT_NONCE), &text);
	memcpy(c->nonce, str_cstr(&text), text.n);
	str_free(&text);
}

void sasl_client_end(sasl_client *c)
{
	explicit_bzero(c->server, sizeof c->server);
	str_free(&c->message);
}

/* RFC 5802, 5.1: a comma and an equals sign have escapes. */
static void put_name(span name, str *to)
{
	for (size_t i = 0; i < name.n; i++)
		if (name.p[i] == ',')
			(void)str_put(to, S("=2C"));
		else if (name.p[i] == '=')
			(void)str_put(to, S("=3D"));
		else
			(void)str_putc(to, name.p[i]);
}

static void put_bearer(const sasl_client *c, str *to)
{
	if (c->mechanism == SASL_CLIENT_OAUTHBEARER) {
		(void)str_put(to, S("n,a="));
		put_name(c->user, to);
		(void)str_put(to, S(",\1host="));
		(void)str_put(to, c->host);
	} else {
		(void)str_put(to, S("user="));
		(void)str_put(to, c->user);
	}
	(void)str_put(to, S("\1auth=Bearer "));
	(void)str_put(to, c->secret);
	(void)str_put(to, S("\1\1"));
}

bool sasl_client_first(sasl_client *c, str *to)
{
	switch (c->mechanism) {
	case SASL_CLIENT_SCRAM_SHA_256:
		(void)str_put(&c->message, S("n="));
		put_name(c->user, &c->message);
		(void)str_printf(&c->message, ",r=%s", c->nonce);
		(void)str_put(to, S("n,,"));
		(void)str_put(to, str_span(&c->message));
		to->over = to->over || c->message.over;
		break;
	case SASL_CLIENT_PLAIN:
		(void)str_putc(to, 0);
		(void)str_put(to, c->user);
		(void)str_putc(to, 0);
		(void)str_put(to, c->secret);
		break;
	case SASL_CLIENT_OAUTHBEARER:
	case SASL_CLIENT_XOAUTH2:
		put_bearer(c, to);
		break;
	default:
		return false;
	}
	return !to->over;
}

/* The prompts of LOGIN differ from server to server; their order does not. */
static const char *login(sasl_client *c, str *to)
{
	if (c->state > SECOND)
		return "one question too many";
	return str_put(to, c->state++ == FIRST ? c->user : c->secret) ? NULL : "too long";
}

/* An error of the server's, as JSON, wants an answer before it is said in the protocol (RFC 7628, 3.2.3). */
static const char *bearer(sasl_client *c, str *to)
{
	if (c->state++ > FIRST)
		return "one question too many";
	if (c->mechanism == SASL_CLIENT_OAUTHBEARER)
		(void)str_putc(to, 1);
	return NULL;
}

/* "X=value" up to the next comma. */
static bool attribute(span *rest, char name, span *value)
{
	span one = span_cut(rest, ',');
	*value = span_sub(one, 2, one.n);
	return one.n >= 2 && one.p[0] == name && one.p[1] == '=';
}

static bool parse_first(const sasl_client *c, span challenge, span *nonce, str *salt,
			unsigned *rounds)
{
	uint64_t n;
	span rest = challenge, text, count;
	if (!attribute(&rest, 'r', nonce) || !attribute(&rest, 's', &text) ||
	    !attribute(&rest, 'i', &count) || !base64_read(text, salt) || salt->n == 0 ||
	    !span_u64(count, SASL_ROUNDS_MAX, &n) || n < ROUNDS_LEAST)
		return false;
	*rounds = (unsigned)n;
	/* a new part of the server's must be behind ours, or anybody's old answer would do */
	return span_starts(*nonce, span_str(c->nonce)) && nonce->n > strlen(c->nonce);
}

static const char *client_final(sasl_client *c, span challenge, str *to)
{
	unsigned char proof[DIGEST_SHA256];
	unsigned rounds;
	span nonce;
	const char *wrong = NULL;
	str salt = str_new(SCRAM_SALT_MAX);
	if (!parse_first(c, challenge, &nonce, &salt, &rounds)) {
		wrong = "the server's SCRAM challenge cannot be used";
	} else {
		(void)str_put(to, S("c=biws,r=")); /* "n,," */
		(void)str_put(to, nonce);
		(void)str_putc(&c->message, ',');
		(void)str_put(&c->message, challenge);
		(void)str_putc(&c->message, ',');
		(void)str_put(&c->message, str_span(to));
		if (c->message.over || !scram_prove(c->secret, str_span(&salt), rounds,
						    str_span(&c->message), proof, c->server))
			wrong = "the SCRAM proof cannot be made";
	}
	if (!wrong) {
		(void)str_put(to, S(",p="));
		(void)base64_write(span_of((const char *)proof, sizeof proof), to);
		wrong = to->over ? "too long" : NULL;
	}
	str_free(&salt);
	return wrong;
}

static bool check_signature(sasl_client *c, span message)
{
	span value;
	str signature = str_new(DIGEST_SHA256);
	c->proved = c->state == SECOND && attribute(&message, 'v', &value) &&
		    base64_read(value, &signature) && signature.n == DIGEST_SHA256 &&
		    digest_equal(signature.p, c->server, DIGEST_SHA256);
	str_free(&signature);
	return c->proved;
}

static const char *scram_step(sasl_client *c, span challenge, str *to)
{
	if (c->state == FIRST) {
		c->state = SECOND;
		return client_final(c, challenge, to);
	}
	bool right = check_signature(c, challenge);
	c->state = THIRD;
	return right ? NULL : "the server does not know the password";
}

const char *sasl_client_step(sasl_client *c, span challenge, str *to)
{
	switch (c->mechanism) {
	case SASL_CLIENT_SCRAM_SHA_256:
		return scram_step(c, challenge, to);
	case SASL_CLIENT_LOGIN:
		return login(c, to);
	case SASL_CLIENT_OAUTHBEARER:
	case SASL_CLIENT_XOAUTH2:
		return bearer(c, to);
	case SASL_CLIENT_PLAIN:
		/* a server that does not take the initial response asks for it */
		return c->state++ == FIRST && sasl_client_first(c, to) ? NULL
								       : "one question too many";
	default:
		return "no mechanism";
	}
}

bool sasl_client_believe(sasl_client *c, span data)
{
	if (c->mechanism != SASL_CLIENT_SCRAM_SHA_256)
		return true;
	return c->proved || (data.n && check_signature(c, data));
}
