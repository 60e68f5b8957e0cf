/* links: auth mail io base : z crypto */
#include "auth/sasl_client.h"

#include "auth/answer_serve.h"
#include "tests/unit/unit.h"

static const unsigned char nonce[SASL_CLIENT_NONCE];

static void choosing(void)
{
	const struct {
		span offered;
		bool token, shown;
		enum sasl_client_mechanism m;
	} cases[] = {
	    {S("PLAIN LOGIN SCRAM-SHA-256"), false, true, SASL_CLIENT_SCRAM_SHA_256},
	    {S("LOGIN plain"), false, true, SASL_CLIENT_PLAIN},
	    {S("LOGIN CRAM-MD5"), false, true, SASL_CLIENT_LOGIN},
	    {S("PLAIN LOGIN SCRAM-SHA-256"), false, false, SASL_CLIENT_SCRAM_SHA_256},
	    {S("PLAIN LOGIN"), false, false, SASL_CLIENT_NONE},
	    {S("SCRAM-SHA-256-PLUS"), false, true, SASL_CLIENT_NONE},
	    {S("PLAIN XOAUTH2 OAUTHBEARER"), true, true, SASL_CLIENT_OAUTHBEARER},
	    {S("PLAIN XOAUTH2"), true, true, SASL_CLIENT_XOAUTH2},
	    {S("XOAUTH2"), true, false, SASL_CLIENT_NONE},
	    {S("XOAUTH2"), false, true, SASL_CLIENT_NONE},
	    {S(""), false, true, SASL_CLIENT_NONE},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		CHECK(sasl_client_choose(cases[i].offered, cases[i].token, cases[i].shown) ==
			  cases[i].m,
		      "of \"%.*s\"", SPAN_FMT(cases[i].offered));
}

/* The example of RFC 7677, section 3. */
static void scram_example(void)
{
	sasl_client c;
	str first = str_new(1000), last = str_new(1000), nothing = str_new(1000);
	sasl_client_begin(&c, SASL_CLIENT_SCRAM_SHA_256, S("user"), S("pencil"), S("h"), nonce);
	(void)snprintf(c.nonce, sizeof c.nonce, "rOprNGfwEbeRWgbNEkqO");
	CHECK(sasl_client_first(&c, &first) &&
		  span_eq(str_span(&first), S("n,,n=user,r=rOprNGfwEbeRWgbNEkqO")),
	      "first message");
	span challenge = unit_copy(S("r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
				     "s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"));
	CHECK(!sasl_client_step(&c, challenge, &last) &&
		  span_eq(str_span(&last),
			  S("c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
			    "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=")),
	      "proof");
	CHECK(!sasl_client_believe(&c, S("")), "a success without a signature is not believed");
	CHECK(
	    !sasl_client_step(&c, S("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="), &nothing) &&
		nothing.n == 0 && sasl_client_believe(&c, S("")),
	    "the server's signature");
	free((char *)(uintptr_t)challenge.p);
	sasl_client_end(&c);
	str_free(&first);
	str_free(&last);
	str_free(&nothing);
}

static void scram_refusals(void)
{
	static const char *const challenges[] = {
	    "",
	    "r=AAAA,s=c2FsdA==,i=4096",
	    "r=AAAAAAAAAAAAAAAAAAAAAAAA,s=c2FsdA==,i=4096",
	    "r=AAAAAAAAAAAAAAAAAAAAAAAAx,s=c2FsdA==,i=4095",
	    "r=AAAAAAAAAAAAAAAAAAAAAAAAx,s=c2FsdA==,i=600001",
	    "r=AAAAAAAAAAAAAAAAAAAAAAAAx,s=c2FsdA==,i=-1",
	    "r=AAAAAAAAAAAAAAAAAAAAAAAAx,s=,i=4096",
	    "r=AAAAAAAAAAAAAAAAAAAAAAAAx,s=!,i=4096",
	    "m=x,r=AAAAAAAAAAAAAAAAAAAAAAAAx,s=c2FsdA==,i=4096",
	};
	for (size_t i = 0; i < sizeof challenges / sizeof *challenges; i++) {
		sasl_client c;
		str text = str_new(1000);
		sasl_client_begin(&c, SASL_CLIENT_SCRAM_SHA_256, S("u"), S("p"), S("h"), nonce);
		(void)sasl_client_first(&c, &text);
		str_clear(&text);
		CHECK(sasl_client_step(&c, span_str(challenges[i]), &text) != NULL,
		      "challenge \"%s\"", challenges[i]);
		sasl_client_end(&c);
		str_free(&text);
	}
}

static void names_are_escaped(void)
{
	sasl_client c;
	str text = str_new(1000);
	sasl_client_begin(&c, SASL_CLIENT_SCRAM_SHA_256, S("a,b=c"), S("p"), S("h"), nonce);
	CHECK(sasl_client_first(&c, &text) &&
		  span_eq(str_span(&text), S("n,,n=a=2Cb=3Dc,r=AAAAAAAAAAAAAAAAAAAAAAAA")),
	      "comma and equals sign in a name");
	sasl_client_end(&c);
	str_free(&text);
}

static void entries(void)
{
	const struct {
		const char *value;
		bool good, token, clear;
		const char *user, *secret;
	} cases[] = {
	    {"password u p", true, false, false, "u", "p"},
	    {"password u  p q ", true, false, false, "u", " p q "},
	    {"password-in-clear u p", true, false, true, "u", "p"},
	    {"token u cmd arg", true, true, false, "u", "cmd arg"},
	    {"password u", false, false, false, "", ""},
	    {"password u ", false, false, false, "", ""},
	    {"u p", false, false, false, "", ""},
	    {"Password u p", false, false, false, "", ""},
	    {"", false, false, false, "", ""},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		login l;
		span copy = unit_copy(span_str(cases[i].value));
		bool good = login_parse(copy, &l);
		CHECK(good == cases[i].good, "entry \"%s\"", cases[i].value);
		if (good)
			CHECK(l.token == cases[i].token && l.in_clear == cases[i].clear &&
				  span_eq(l.user, span_str(cases[i].user)) &&
				  span_eq(l.secret, span_str(cases[i].secret)),
			      "what it says");
		free((char *)(uintptr_t)copy.p);
	}
}

int main(void)
{
	choosing();
	scram_example();
	scram_refusals();
	names_are_escaped();
	entries();
	return unit_done();
}
