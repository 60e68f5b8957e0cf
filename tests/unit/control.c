/* links: io base : z */
#include "io/control.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "io/file.h"
#include "tests/unit/unit.h"

static int dir;

static void set(span text)
{
	if (!file_replace(dir, "control/c", 0600, text))
		abort();
}

static void values(void)
{
	static const struct {
		const char *text;
		enum control_result r;
		const char *value;
	} cases[] = {
	    {"v\n", CONTROL_OK, "v"},
	    {"v", CONTROL_OK, "v"},
	    {"# c\n\n  two words\t\nnext\n", CONTROL_OK, "two words"},
	    {"v\r\n", CONTROL_OK, "v"},
	    {"", CONTROL_ERROR, ""},
	    {"# only\n\n", CONTROL_ERROR, ""},
	    {"a\x01z\n", CONTROL_ERROR, ""},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		arena a = arena_new(1000);
		span v = S("");
		set(span_str(cases[i].text));
		enum control_result r = control_value("c", &a, &v);
		CHECK(r == cases[i].r && span_eq(v, span_str(cases[i].value)), "value %zu", i);
		arena_free(&a);
	}
	arena a = arena_new(1000);
	span v;
	set(span_of("a\0b\n", 4));
	CHECK(control_value("c", &a, &v) == CONTROL_ERROR, "a NUL is no value");
	CHECK(control_value("none", &a, &v) == CONTROL_ABSENT, "absent");
	CHECK(control_value("../control", &a, &v) == CONTROL_ERROR,
	      "a folder is an error, not absent");
	char *big = calloc(1, (1 << 20) + 1);
	if (!big)
		abort();
	memset(big, 'x', (1 << 20) + 1);
	set(span_of(big, (1 << 20) + 1));
	CHECK(control_value("c", &a, &v) == CONTROL_ERROR && errno == EFBIG, "over 1 MiB");
	set(span_of(big, 2000));
	CHECK(control_value("c", &a, &v) == CONTROL_ERROR, "over the arena");
	free(big);
	arena_free(&a);
}

static void numbers(void)
{
	uint64_t n = 1;
	set(S("10\n"));
	CHECK(control_number("c", 10, 5, &n) && n == 10, "the maximum");
	CHECK(!control_number("c", 9, 5, &n) && errno == EINVAL, "above it is a mistake");
	set(S("ten\n"));
	CHECK(!control_number("c", 10, 5, &n) && errno == EINVAL, "so is what is no number");
	set(S(""));
	CHECK(!control_number("c", 10, 5, &n), "and an empty file");
	CHECK(control_number("none", 10, 5, &n) && n == 5, "absent: the fallback");
}

static void lists(void)
{
	arena a = arena_new(10000);
	span *list;
	size_t count;
	set(S("# hosts\na\n\n b c \n#x\nd"));
	CHECK(control_list("c", &a, &list, &count) == CONTROL_OK && count == 3 &&
		  span_eq(list[0], S("a")) && span_eq(list[1], S("b c")) &&
		  span_eq(list[2], S("d")),
	      "entries, comments and blanks left out");
	set(S(""));
	CHECK(control_list("c", &a, &list, &count) == CONTROL_OK && count == 0,
	      "an empty list is one");
	set(S("a\nb\x02\n"));
	CHECK(control_list("c", &a, &list, &count) == CONTROL_ERROR && errno == EINVAL,
	      "a control octet");
	CHECK(control_list("none", &a, &list, &count) == CONTROL_ABSENT && count == 0, "absent");
	CHECK(control_exists("c") && !control_exists("none") && errno == 0, "exists");
	arena_free(&a);
}

int main(void)
{
	char name[] = "/tmp/pabal-unit.XXXXXX";
	(void)alarm(20);
	if (!mkdtemp(name) || (dir = file_open_dir(AT_FDCWD, name)) < 0 ||
	    !file_mkdir(dir, "control", 0700))
		abort();
	(void)setenv("PABAL_ROOT", name, 1);
	CHECK(!strcmp(control_root(), name), "root by PABAL_ROOT");
	(void)unsetenv("PABAL_RUN");
	CHECK(span_starts(span_str(control_run()), span_str(name)) &&
		  span_ends(span_str(control_run()), S("/run")),
	      "run below the root");
	(void)setenv("PABAL_RUN", "/run/x", 1);
	CHECK(!strcmp(control_run(), "/run/x"), "run by PABAL_RUN");
	values();
	numbers();
	lists();
	int fd = control_open_dir("control");
	CHECK(fd >= 0 && close(fd) == 0 && control_open_dir("no") < 0, "folders below the root");
	(void)unlinkat(dir, "control/c", 0);
	(void)unlinkat(dir, "control", AT_REMOVEDIR);
	(void)close(dir);
	(void)rmdir(name);
	(void)setenv("PABAL_ROOT", "", 1);
	CHECK(!strcmp(control_root(), "/var/lib/pabal"), "an empty PABAL_ROOT is none");
	return unit_done();
}
