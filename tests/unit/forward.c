/* links: resolve maildir queue net mail io base : z */
#include "resolve/forward.h"

#include "tests/unit/unit.h"

/* What becomes of the file of user "ann" at home.test, without and with control/forward-programs; NULL: an error. */
static const struct {
	const char *text, *without, *with;
} cases[] = {
    {"", "", ""},
    {"# nothing but a comment, and more\n\n  \n", "", ""},
    {"bob@x.test\n", "bob@x.test", "bob@x.test"},
    {"bob@x.test, cid@x.test\ndan", "bob@x.test cid@x.test dan@home.test",
     "bob@x.test cid@x.test dan@home.test"},
    {"\\ann, bob@x.test\n", "ann+@home.test bob@x.test", "ann+@home.test bob@x.test"},
    {"\\Ann", "ann+@home.test", "ann+@home.test"},
    {"\\bob\n", NULL, NULL},
    {"\"a, b\"@x.test", "\"a, b\"@x.test", "\"a, b\"@x.test"},
    {"bob@x.test # no comment\n", NULL, NULL},
    {"#one\n#two\nbob@x.test\n#three\n", "bob@x.test", "bob@x.test"},
    {"|/bin/vacation ann\n", NULL, "ann|0209ef4b@home.test"},
    {"\"|/bin/vacation a,b\"\n", NULL, "ann|c9f08ee7@home.test"},
    {"|\n", NULL, NULL},
    {"/var/mail/ann\n", NULL, NULL},
    {":include:/etc/passwd\n", NULL, NULL},
    {"<>\n", NULL, NULL},
    {"bob@\n", NULL, NULL},
    {"\"unclosed\nbob@x.test\n", NULL, NULL},
};

static void one(const char *text, bool programs, const char *want)
{
	arena mem = arena_new(1 << 20);
	str got = str_new(4096);
	forward f;
	span copy = unit_copy(span_str(text));
	const char *wrong =
	    forward_parse(copy, S("ann"), S("home.test"), programs, S(""), &mem, &f);
	for (size_t i = 0; !wrong && i < f.count; i++) {
		if (i)
			(void)str_putc(&got, ' ');
		addr_write(&f.targets[i], &got);
	}
	CHECK(want ? !wrong && strcmp(str_cstr(&got), want) == 0 : wrong != NULL,
	      "\"%s\" %s programs: %s%s", text, programs ? "with" : "without", str_cstr(&got),
	      wrong ? wrong : "");
	free((char *)(uintptr_t)copy.p);
	str_free(&got);
	arena_free(&mem);
}

static void a_command_is_found_by_its_sum(void)
{
	arena mem = arena_new(1 << 20);
	forward f;
	span text = S("|/bin/one\n|/bin/vacation ann\n");
	CHECK(!forward_parse(text, S("ann"), S("home.test"), true, S("0209EF4B"), &mem, &f) &&
		  span_eq(f.command, S("/bin/vacation ann")),
	      "the command with this sum");
	CHECK(!forward_parse(text, S("ann"), S("home.test"), true, S("00000000"), &mem, &f) &&
		  f.command.n == 0,
	      "none with this one");
	arena_free(&mem);
}

static void too_many(void)
{
	arena mem = arena_new(1 << 20);
	str text = str_new(1 << 16);
	forward f;
	for (int i = 0; i <= FORWARD_TARGETS; i++)
		(void)str_printf(&text, "u%d@x.test\n", i);
	CHECK(forward_parse(str_span(&text), S("ann"), S("home.test"), false, S(""), &mem, &f) !=
		  NULL,
	      "too many targets");
	str_free(&text);
	arena_free(&mem);
}

int main(void)
{
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		one(cases[i].text, false, cases[i].without);
		one(cases[i].text, true, cases[i].with);
	}
	a_command_is_found_by_its_sum();
	too_many();
	return unit_done();
}
