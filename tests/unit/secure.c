/* links: smtp auth net queue mail io base : z */
#include "smtp/secure.h"
#include "unit.h"

static void lines(void)
{
	static const struct {
		const char *line, *key;
		int level; /* -1: none */
	} cases[] = {
	    {"example.org:may", "example.org", SECURE_MAY},
	    {" .example.org : VERIFY ", ".example.org", SECURE_VERIFY},
	    {"*:none", "*", SECURE_NONE},
	    {"2001:db8::1:encrypt", "2001:db8::1", SECURE_ENCRYPT},
	    {"example.org", "", -1},
	    {":may", "", -1},
	    {"example.org:", "", -1},
	    {"example.org:sometimes", "", -1},
	    {"a b:may", "", -1},
	    {"", "", -1},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		span key;
		enum secure_level level = SECURE_NONE;
		bool is = secure_line(unit_copy(span_str(cases[i].line)), &key, &level);
		CHECK(is == (cases[i].level >= 0), "line %zu", i);
		CHECK(!is || ((int)level == cases[i].level && span_eq(key, span_str(cases[i].key))),
		      "fields of %zu", i);
	}
}

static void levels(void)
{
	span entries[] = {S("*:encrypt"), S(".example.org:none"), S(".b.example.org:verify"),
			  S("a.example.org:may")};
	const secure_rules r = {.entries = entries, .count = 4}, none = {.count = 0};
	static const struct {
		const char *name;
		enum secure_level level;
	} cases[] = {
	    {"example.net", SECURE_ENCRYPT},	{"example.org", SECURE_ENCRYPT},
	    {"x.example.org", SECURE_NONE},	{"A.Example.ORG", SECURE_MAY},
	    {"x.b.example.org", SECURE_VERIFY}, {"b.example.org", SECURE_NONE},
	    {"notexample.org", SECURE_ENCRYPT},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		CHECK(secure_level_for(&r, span_str(cases[i].name)) == cases[i].level, "%s",
		      cases[i].name);
	CHECK(secure_level_for(&none, S("example.org")) == SECURE_MAY, "without a rule");
	span off[] = {S("*:none")}, some[] = {S("*:none"), S("a:may")};
	CHECK(!secure_any(&(secure_rules){.entries = off, .count = 1}), "none for all");
	CHECK(secure_any(&(secure_rules){.entries = some, .count = 2}), "may for one");
	CHECK(secure_any(&none), "by default");
}

int main(void)
{
	lines();
	levels();
	return unit_done();
}
