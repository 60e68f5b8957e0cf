/* links: mail base */
#include "mail/key.h"

#include "tests/unit/unit.h"

static void keys(void)
{
	static const struct {
		const char *local, *domain, *key;
	} cases[] = {
	    {"Alice", "Example.Test", "alice@example.test"},
	    {"alice", "", "alice"},
	    {"", "x.test", "@x.test"},
	    {"a:b%c", "x", "a%3Ab%25c@x"},
	    {"#a#", "x", "%23a#@x"},
	    {"two words", "x", "two words@x"},
	    {"a\tb\x7f", "x", "a%09b%7F@x"},
	    {"a", "[IPv6:::1]", "a@[ipv6%3A%3A%3A1]"},
	    {"\xc3\x84", "x", "\xc3\x84@x"},
	    /* U+1112 U+1161 U+11AB is U+D55C; U+1100 U+1173 U+11AF is U+AE00 */
	    {"\xe1\x84\x92\xe1\x85\xa1\xe1\x86\xab", "x", "\xed\x95\x9c@x"},
	    {"\xed\x95\x98\xe1\x86\xab", "x", "\xed\x95\x9c@x"},
	    {"\xe1\x84\x80\xe1\x85\xb3\xe1\x86\xaf\xe1\x84\x92\xe1\x85\xa1", "x",
	     "\xea\xb8\x80\xed\x95\x98@x"},
	    {"\xed\x95\x9c\xe1\x86\xab", "x",
	     "\xed\x95\x9c\xe1\x86\xab@x"}, /* has a final already */
	    {"\xe1\x84\x92", "x", "\xe1\x84\x92@x"},
	    {"\xe1\x84", "x", "\xe1\x84@x"},
	    {"\xed\x95\x98\xe1", "x", "\xed\x95\x98\xe1@x"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		str got = str_new(4096);
		span local = unit_copy(span_str(cases[i].local));
		key_write(local, span_str(cases[i].domain), &got);
		CHECK(strcmp(str_cstr(&got), cases[i].key) == 0, "key %zu: %s", i, str_cstr(&got));
		free((char *)(uintptr_t)local.p);
		str_free(&got);
	}
}

static void paths(void)
{
	static const struct {
		const char *name, *path;
	} cases[] = {
	    {"Alice", "alice"},
	    {"a.b", "a.b"},
	    {".", "%2E"},
	    {"..", "%2E."},
	    {"../etc", "%2E.%2Fetc"},
	    {"a/b", "a%2Fb"},
	    {"a b", "a%20b"},
	    {"a%b", "a%25b"},
	    {"a+b=c", "a+b=c"},
	    {"a\x01", "a%01"},
	    {"\xc3\x84", "\xc3\x84"},
	    {"a:b", "a%3Ab"},
	    {"\xe1\x84\x92\xe1\x85\xa1\xe1\x86\xab", "\xed\x95\x9c"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		str got = str_new(4096);
		span name = unit_copy(span_str(cases[i].name));
		key_path(name, &got);
		CHECK(strcmp(str_cstr(&got), cases[i].path) == 0, "path %zu: %s", i,
		      str_cstr(&got));
		free((char *)(uintptr_t)name.p);
		str_free(&got);
	}
}

int main(void)
{
	keys();
	paths();
	return unit_done();
}
