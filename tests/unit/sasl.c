/* links: auth mail io base : z crypt crypto */
#include "auth/sasl.h"

#include "mail/base64.h"
#include "tests/unit/unit.h"

static scram kept;
static unsigned asked_password, asked_verifier;

static enum passwd_result password(void *arg, span user, span secret)
{
	(void)arg;
	asked_password++;
	if (span_eq(user, S("doubt")))
		return PASSWD_DOUBT;
	return span_eq(user, S("user")) && span_eq(secret, S("pencil")) ? PASSWD_RIGHT
									: PASSWD_WRONG;
}

static enum passwd_result verifier(void *arg, span user, scram *s)
{
	(void)arg;
	asked_verifier++;
	*s = kept;
	if (span_eq(user, S("doubt")))
		return PASSWD_DOUBT;
	return span_eq(user, S("user")) || span_eq(user, S("a,b=c")) ? PASSWD_RIGHT : PASSWD_WRONG;
}

static bool random_octets(void *arg, unsigned char *to)
{
	(void)arg;
	memset(to, 0x5a, SASL_NONCE_OCTETS);
	return true;
}

static const sasl_backend backend = {NULL, password, verifier, random_octets};

static enum sasl_result once(enum sasl_mechanism m, span message)
{
	sasl s;
	str challenge = str_new(SASL_MAX);
	span copy = unit_copy(message);
	sasl_begin(&s, m, &backend);
	enum sasl_result r = sasl_step(&s, copy, &challenge);
	sasl_end(&s);
	str_free(&challenge);
	free((char *)(uintptr_t)copy.p);
	return r;
}

#define L(text) span_of(text, sizeof(text) - 1)

static void names(void)
{
	CHECK(sasl_mechanism(S("plain")) == SASL_PLAIN, "names have no case");
	CHECK(sasl_mechanism(S("SCRAM-SHA-256")) == SASL_SCRAM_SHA_256, "SCRAM-SHA-256");
	CHECK(sasl_mechanism(S("SCRAM-SHA-256-PLUS")) == SASL_UNKNOWN, "no channel binding");
	CHECK(sasl_mechanism(S("")) == SASL_UNKNOWN, "no name");
}

static void plain(void)
{
	static char longer[SASL_MAX + 1];
	const struct {
		span message;
		enum sasl_result result;
	} cases[] = {
	    {L("\0user\0pencil"), SASL_RIGHT},
	    {L("user\0user\0pencil"), SASL_RIGHT},
	    {L("USER\0user\0pencil"), SASL_RIGHT},
	    {L("other\0user\0pencil"), SASL_WRONG},
	    {L("\0user\0pen"), SASL_WRONG},
	    {L("\0nobody\0pencil"), SASL_WRONG},
	    {L("\0doubt\0pencil"), SASL_DOUBT},
	    {L("\0user\0"), SASL_MALFORMED},
	    {L("\0\0pencil"), SASL_MALFORMED},
	    {L("\0user"), SASL_MALFORMED},
	    {L("user"), SASL_MALFORMED},
	    {L(""), SASL_MALFORMED},
	    {L("\0user\0pencil\0"), SASL_MALFORMED},
	    {L("\0user\0pencil\0x"), SASL_MALFORMED},
	    {span_of(longer, sizeof longer), SASL_MALFORMED},
	};
	memset(longer, 'x', sizeof longer);
	longer[0] = longer[400] = 0;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		CHECK(once(SASL_PLAIN, cases[i].message) == cases[i].result, "PLAIN %zu", i);
	str text = str_new(64);
	CHECK(sasl_plain_write(S("user"), S("pencil"), &text) &&
		  once(SASL_PLAIN, str_span(&text)) == SASL_RIGHT,
	      "written and read");
	CHECK(!sasl_plain_write(S("user"), L("a\0b"), &text), "no NUL in a password");
	str_free(&text);
}

static void login(void)
{
	sasl s;
	str challenge = str_new(SASL_MAX);
	sasl_begin(&s, SASL_LOGIN, &backend);
	CHECK(sasl_ask(&s, &challenge) == SASL_CHALLENGE &&
		  span_eq(str_span(&challenge), S("Username:")),
	      "LOGIN asks for the user");
	str_clear(&challenge);
	CHECK(sasl_step(&s, S("user"), &challenge) == SASL_CHALLENGE &&
		  span_eq(str_span(&challenge), S("Password:")),
	      "then for the password");
	CHECK(sasl_step(&s, S("pencil"), &challenge) == SASL_RIGHT, "and is satisfied");
	CHECK(sasl_step(&s, S("pencil"), &challenge) == SASL_MALFORMED, "once");
	sasl_end(&s);
	str_free(&challenge);
}

static bool hmac(span key, span text, unsigned char *to)
{
	return digest_hmac_sha256(key, text, to);
}

/* A client: final message for this server-first; `password` and a bit to turn over in the proof. */
static void client_final(span bare, span server_first, span secret, unsigned char bit, str *to)
{
	unsigned char salted[32], key[32], stored[32], signature[32];
	span rest = server_first, nonce = span_cut(&rest, ','), salt64 = span_cut(&rest, ',');
	str salt = str_new(64), message = str_new(4096);
	uint64_t iterations = 0;
	CHECK(base64_read(span_sub(salt64, 2, SIZE_MAX), &salt), "the salt is base64");
	CHECK(span_u64(span_sub(rest, 2, SIZE_MAX), 1000000, &iterations), "iterations");
	(void)str_printf(to, "c=biws,%.*s", SPAN_FMT(nonce));
	(void)str_printf(&message, "%.*s,%.*s,%.*s", SPAN_FMT(bare), SPAN_FMT(server_first),
			 SPAN_FMT(str_span(to)));
	(void)digest_pbkdf2_sha256(secret, str_span(&salt), (unsigned)iterations, salted);
	(void)hmac(span_of((char *)salted, 32), S("Client Key"), key);
	(void)digest_sha256(span_of((char *)key, 32), stored);
	(void)hmac(span_of((char *)stored, 32), str_span(&message), signature);
	for (size_t i = 0; i < 32; i++)
		signature[i] ^= key[i];
	signature[31] ^= bit;
	(void)str_put(to, S(",p="));
	(void)base64_write(span_of((char *)signature, 32), to);
	str_free(&salt);
	str_free(&message);
}

static enum sasl_result scram_login(const char *user, span secret, unsigned char bit, bool *proves)
{
	sasl s;
	str first = str_new(512), challenge = str_new(SASL_MAX), final = str_new(1024);
	(void)str_printf(&first, "n,,n=%s,r=rOprNGfwEbeRWgbNEkqO", user);
	span bare = span_sub(str_span(&first), 3, SIZE_MAX);
	sasl_begin(&s, SASL_SCRAM_SHA_256, &backend);
	enum sasl_result r = sasl_step(&s, str_span(&first), &challenge);
	if (r == SASL_CHALLENGE) {
		CHECK(span_starts(str_span(&challenge), S("r=rOprNGfwEbeRWgbNEkqO")),
		      "the nonce goes on");
		client_final(bare, str_span(&challenge), secret, bit, &final);
		str_clear(&challenge);
		r = sasl_step(&s, str_span(&final), &challenge);
		*proves = r == SASL_CHALLENGE && span_starts(str_span(&challenge), S("v="));
	}
	if (r == SASL_CHALLENGE)
		r = sasl_step(&s, S(""), &challenge);
	sasl_end(&s);
	str_free(&first);
	str_free(&challenge);
	str_free(&final);
	return r;
}

static void scrams(void)
{
	bool proves = false;
	CHECK(scram_make(S("pencil"), &kept), "a verifier");
	CHECK(scram_login("user", S("pencil"), 0, &proves) == SASL_RIGHT && proves,
	      "SCRAM: right, and the server proves itself");
	CHECK(scram_login("user", S("pencil"), 1, &proves) == SASL_WRONG && !proves, "one bit");
	CHECK(scram_login("user", S("pen"), 0, &proves) == SASL_WRONG, "another password");
	CHECK(scram_login("nobody", S("pencil"), 0, &proves) == SASL_WRONG,
	      "a right proof for the verifier of nobody");
	CHECK(scram_login("doubt", S("pencil"), 0, &proves) == SASL_DOUBT, "doubt");
	CHECK(scram_login("a=2Cb=3Dc", S("pencil"), 0, &proves) == SASL_RIGHT, "escapes in a name");
	static const char *const bad[] = {
	    "",
	    "n",
	    "n,,",
	    "n,,n=user",
	    "n,,n=user,r=",
	    "n,,n=,r=x",
	    "n,,r=x,n=user",
	    "n,,m=x,n=user,r=x",
	    "p=tls-unique,,n=user,r=x",
	    "x,,n=user,r=x",
	    "n,b=x,n=user,r=x",
	    "n,a=,n=user,r=x",
	    "n,,n=us=2Xer,r=x",
	    "n,,n=user=,r=x",
	    "n,,n=user,r=a b",
	};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		CHECK(once(SASL_SCRAM_SHA_256, span_str(bad[i])) == SASL_MALFORMED,
		      "refuses \"%s\"", bad[i]);
	CHECK(once(SASL_SCRAM_SHA_256, S("n,a=other,n=user,r=x")) == SASL_WRONG, "no other's mail");
	CHECK(once(SASL_SCRAM_SHA_256, S("y,a=user,n=user,r=x")) == SASL_CHALLENGE,
	      "y, and oneself");
	CHECK(once(SASL_SCRAM_SHA_256, L("n,,n=us\0er,r=x")) == SASL_MALFORMED, "a NUL");
}

static void finals(void)
{
	static const char *const bad[] = {
	    "",
	    "c=biws",
	    "c=biws,r=rOprNGfwEbeRWgbNEkqO",
	    "c=biws,r=rOprNGfwEbeRWgbNEkqO,p=AAAA", /* the client's half of the nonce only */
	    "c=eSws,r=xWlpaWlpaWlpaWlpaWlpaWlpa,p=AAAA",
	    "r=xWlpaWlpaWlpaWlpaWlpaWlpa,c=biws,p=AAAA",
	    "c=biws,r=xWlpaWlpaWlpaWlpaWlpaWlpa,p=A",
	};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		sasl s;
		str challenge = str_new(SASL_MAX);
		sasl_begin(&s, SASL_SCRAM_SHA_256, &backend);
		CHECK(sasl_step(&s, S("n,,n=user,r=x"), &challenge) == SASL_CHALLENGE, "first");
		CHECK(sasl_step(&s, span_str(bad[i]), &challenge) == SASL_MALFORMED,
		      "refuses \"%s\"", bad[i]);
		CHECK(sasl_step(&s, S(""), &challenge) == SASL_MALFORMED, "and that is the end");
		sasl_end(&s);
		str_free(&challenge);
	}
}

int main(void)
{
	names();
	plain();
	login();
	scrams();
	finals();
	CHECK(asked_password > 0 && asked_verifier > 0, "the tables were asked");
	return unit_done();
}
