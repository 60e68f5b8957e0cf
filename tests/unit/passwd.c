/* links: auth mail io base : z crypt crypto */
#include "auth/passwd.h"

#include "mail/base64.h"
#include "tests/unit/unit.h"

static void base64(void)
{
	static const struct {
		const char *octets, *text;
	} cases[] = {
	    /* RFC 4648, section 10 */
	    {"", ""},
	    {"f", "Zg=="},
	    {"fo", "Zm8="},
	    {"foo", "Zm9v"},
	    {"foob", "Zm9vYg=="},
	    {"fooba", "Zm9vYmE="},
	    {"foobar", "Zm9vYmFy"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		str to = str_new(64), back = str_new(64);
		span text = unit_copy(span_str(cases[i].text));
		CHECK(base64_write(span_str(cases[i].octets), &to), "room");
		CHECK(span_eq(str_span(&to), text), "base64 of \"%s\"", cases[i].octets);
		CHECK(base64_read(text, &back), "reads %s", cases[i].text);
		CHECK(span_eq(str_span(&back), span_str(cases[i].octets)), "and back");
		free((char *)(uintptr_t)text.p);
		str_free(&to);
		str_free(&back);
	}
	static const char *const bad[] = {"Z",	  "Zg",	  "Zg=",      "Zh==", "Zm9=",	"=Zg=",
					  "Z===", "====", "Zg==Zg==", "Zm 9", "Zm9v\n", "Zm9-"};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		str back = str_new(64);
		CHECK(!base64_read(span_str(bad[i]), &back), "refuses \"%s\"", bad[i]);
		str_free(&back);
	}
}

/* RFC 7677, section 3: user "user", password "pencil". */
static void rfc7677(void)
{
	static const char message[] = "n=user,r=rOprNGfwEbeRWgbNEkqO,"
				      "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s="
				      "W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,"
				      "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
	str salt = str_new(64), proof = str_new(64), v = str_new(64), text = str_new(256);
	unsigned char signature[DIGEST_SHA256];
	scram s, again;
	bool right = false;
	CHECK(base64_read(S("W22ZaJ0SNY7soEsUEjb6gQ=="), &salt), "salt");
	CHECK(base64_read(S("dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="), &proof), "proof");
	CHECK(scram_derive(S("pencil"), str_span(&salt), 4096, &s), "derive");
	CHECK(scram_proof(&s, span_str(message), str_span(&proof), &right) && right,
	      "the client's proof of RFC 7677 holds");
	CHECK(scram_signature(&s, span_str(message), signature), "signature");
	CHECK(base64_write(span_of((char *)signature, sizeof signature), &v), "base64");
	CHECK(span_eq(str_span(&v), S("6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=")),
	      "the server's signature of RFC 7677");
	proof.p[31] ^= 1;
	CHECK(scram_proof(&s, span_str(message), str_span(&proof), &right) && !right,
	      "one bit of the proof");
	CHECK(scram_proof(&s, span_str(message), S("short"), &right) && !right, "a short proof");
	CHECK(scram_write(&s, &text), "as text");
	CHECK(span_starts(str_span(&text), S("4096,W22ZaJ0SNY7soEsUEjb6gQ==,")), "text form");
	CHECK(scram_read(str_span(&text), &again) && memcmp(&s, &again, sizeof s) == 0,
	      "there and back");
	static const char *const bad[] = {"",
					  "0,YWFh,YWFh,YWFh",
					  "4096",
					  "4096,,,",
					  "x,y,z,w",
					  "99999999,YWFh,YWFh,YWFh",
					  "4096,YWFh,YWFh,YWFh"};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		CHECK(!scram_read(span_str(bad[i]), &again), "refuses \"%s\"", bad[i]);
	str_free(&salt);
	str_free(&proof);
	str_free(&v);
	str_free(&text);
}

static void values(void)
{
	str value = str_new(4096), other = str_new(4096), small = str_new(40);
	scram s;
	CHECK(passwd_make(S("pencil"), &value), "make");
	CHECK(span_starts(str_span(&value), S("{CRYPT}$y$")), "yescrypt");
	CHECK(passwd_scram(str_span(&value), &s), "with a SCRAM verifier");
	CHECK(passwd_valid(str_span(&value)), "valid");
	CHECK(passwd_verify(str_span(&value), S("pencil")) == PASSWD_RIGHT, "right");
	CHECK(passwd_verify(str_span(&value), S("pencil ")) == PASSWD_WRONG, "a blank more");
	CHECK(passwd_verify(str_span(&value), S("")) == PASSWD_WRONG, "empty");
	CHECK(passwd_verify(str_span(&value), span_of("pencil\0x", 8)) == PASSWD_WRONG, "a NUL");
	CHECK(passwd_make(S("pencil"), &other) && !span_eq(str_span(&value), str_span(&other)),
	      "a fresh salt each time");
	span scram_only = str_span(&value);
	(void)span_cut(&scram_only, ' ');
	CHECK(passwd_verify(scram_only, S("pencil")) == PASSWD_RIGHT, "the verifier alone: right");
	CHECK(passwd_verify(scram_only, S("pencil2")) == PASSWD_WRONG, "the verifier alone: wrong");
	CHECK(!passwd_make(S("pencil"), &small), "no room");
	static const char *const bad[] = {
	    "",		  "secret",	    "{PLAIN}secret",	     "{CRYPT}", "{CRYPT}ab12",
	    "{CRYPT}$y$", "{CRYPT}$nope$x", "{SCRAM-SHA-256}1,2,3,4"};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		CHECK(passwd_verify(span_str(bad[i]), S("secret")) == PASSWD_DOUBT,
		      "\"%s\" is a doubt", bad[i]);
		CHECK(!passwd_valid(span_str(bad[i])), "\"%s\" is not valid", bad[i]);
	}
	char longest[PASSWD_MAX + 1];
	memset(longest, 'p', sizeof longest);
	CHECK(passwd_usable(span_of(longest, PASSWD_MAX)), "the longest");
	CHECK(!passwd_usable(span_of(longest, PASSWD_MAX + 1)), "one octet more");
	CHECK(!passwd_usable(S("a\nb")) && !passwd_usable(S("")), "no control octets, not empty");
	str_free(&value);
	str_free(&other);
	str_free(&small);
}

int main(void)
{
	base64();
	rfc7677();
	values();
	return unit_done();
}
