/* links: io base : z */
#include "io/table.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/file.h"
#include "io/out.h"
#include "io/proc.h"
#include "tests/unit/unit.h"

static char root[] = "/tmp/pabal-unit-table.XXXXXX";

static void write_table(const char *name, span text, mode_t mode)
{
	str path = str_new(4096);
	(void)str_printf(&path, "%s/%s", root, name);
	(void)unlink(str_cstr(&path));
	int fd = open(str_cstr(&path), O_WRONLY | O_CREAT | O_TRUNC, mode);
	if (fd < 0 || !write_all(fd, text) || close(fd) < 0)
		abort();
	str_free(&path);
}

/* The result of one lookup as text: "=value", "-" absent, "0" no file, "!line". */
static void look(table *t, const char *key, char *to, size_t room)
{
	arena a = arena_new(1 << 20);
	span value, k = unit_copy(span_str(key));
	const char *error = NULL;
	size_t line = 0;
	switch (table_get(t, k, &a, &value, &error, &line)) {
	case TABLE_FOUND:
		(void)snprintf(to, room, "=%.*s", SPAN_FMT(value));
		break;
	case TABLE_ABSENT:
		(void)snprintf(to, room, "-");
		break;
	case TABLE_NONE:
		(void)snprintf(to, room, "0");
		break;
	case TABLE_ERROR:
		(void)snprintf(to, room, "!%zu", line);
		break;
	}
	free((char *)(uintptr_t)k.p);
	arena_free(&a);
}

static void lookups(void)
{
	static const struct {
		const char *text, *key, *want;
	} cases[] = {
	    {"", "a", "-"},
	    {"a:1\n", "a", "=1"},
	    {"a:1\n", "b", "-"},
	    {"a:1\n", "A", "-"},
	    {"a:\n", "a", "="},
	    {"# top\n\n# more\na:1\nb:2\n", "b", "=2"},
	    {"# top\n\n# more\na:1\nb:2\n", "c", "-"},
	    {"# only this\n", "a", "-"},
	    {"a:1\nb:2\nc:3\n", "a", "=1"},
	    {"a:1\nb:2\nc:3\n", "b", "=2"},
	    {"a:1\nb:2\nc:3\n", "c", "=3"},
	    {"a:1\nb:2\nc:3\n", "bb", "-"},
	    {"a-b:1\na:2\n", "a", "=2"}, /* '-' is below ':' */
	    {"a-b:1\na:2\n", "a-b", "=1"},
	    {"a:2\na@b:1\n", "a", "=2"},
	    {"a:2\na@b:1\n", "a@b", "=1"},
	    {"a:2\na@b:1\n", "a@", "-"},
	    {"a:x:y:z\n", "a", "=x:y:z"},
	    {"b:1\na:2\n", "c", "!2"},
	    {"a:2\na-b:1\n", "c", "!2"},
	    {"c:1\nb:2\na:3\n", "c", "!2"},
	    {"a:1\nb:2", "a", "!2"},
	    {"a:1\nb:2", "b", "!2"},
	    {"a:1\nb:2", "c", "!2"},
	    {"a:1\r\nb:2\r\n", "a", "!1"},
	    {"a:1\r\nb:2\r\n", "c", "!1"},
	    {"a:1\na:2\nb:3\n", "a", "!2"},
	    {"a:1\na:2\nb:3\n", "c", "!2"},
	    {"a:1\nnothing\nz:3\n", "q", "!2"},
	    {"a:1\n\nz:3\n", "q", "!2"},
	    {"a:1\n# later\nz:3\n", "q", "!2"},
	    {":1\n", "q", "!1"},
	    {"a:1\n", "a:1", "-"},
	    {"a:1\n", "", "-"},
	    {"\xed\x95\x9c:1\n", "\xed\x95\x9c", "=1"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char got[64];
		write_table("t", span_str(cases[i].text), 0644);
		table *t = table_open("t");
		look(t, cases[i].key, got, sizeof got);
		CHECK(strcmp(got, cases[i].want) == 0, "case %zu: key \"%s\" gives %s", i,
		      cases[i].key, got);
		table_close(t);
	}
}

/* Every key of a table of many lines of very different length is found, every gap is not. */
static void many(void)
{
	str text = str_new(1 << 22), value = str_new(1 << 20);
	size_t wrong = 0, count = 400;
	for (size_t i = 0; i < count; i++) {
		(void)str_printf(&text, "k%05zu:", i * 2);
		for (size_t n = i % 37 == 0 ? 9000 : i % 11; n; n--)
			(void)str_putc(&text, 'v');
		(void)str_putc(&text, '\n');
	}
	write_table("t", str_span(&text), 0644);
	table *t = table_open("t");
	for (size_t i = 0; i < count * 2; i++) {
		char key[16], got[9999];
		(void)snprintf(key, sizeof key, "k%05zu", i);
		look(t, key, got, sizeof got);
		size_t want = i % 2 ? 0 : i / 2 % 37 == 0 ? 4096 : i / 2 % 11; /* SPAN_FMT cuts */
		if (i % 2 ? strcmp(got, "-") != 0 : got[0] != '=' || strlen(got) - 1 < want)
			wrong++;
	}
	CHECK(wrong == 0, "%zu wrong of %zu", wrong, count * 2);
	CHECK(table_line(t, S("k00000")) == 1 && table_line(t, S("k00100")) == 51 &&
		  table_line(t, S("k00101")) == 0,
	      "line numbers");
	uint64_t at = 0;
	arena a = arena_new(1 << 22);
	span key, v;
	size_t seen = 0;
	while (table_next(t, &at, &a, &key, &v) == TABLE_FOUND)
		seen++;
	CHECK(seen == count, "listing gives %zu", seen);
	arena_free(&a);
	table_close(t);
	str_free(&text);
	str_free(&value);
}

static void long_lines(void)
{
	str text = str_new(1 << 20);
	char got[128];
	(void)str_put(&text, S("a:1\nb:"));
	for (size_t i = 0; i < 65536; i++)
		(void)str_putc(&text, 'x');
	(void)str_put(&text, S("\nc:1\n"));
	write_table("t", str_span(&text), 0644);
	table *t = table_open("t");
	look(t, "bb", got, sizeof got);
	CHECK(strcmp(got, "-") == 0, "a value of 64 KiB is in order: %s", got);
	look(t, "c", got, sizeof got);
	CHECK(strcmp(got, "=1") == 0, "behind it: %s", got);
	str_cut(&text, text.n - 5);
	for (size_t i = 0; i < 600; i++)
		(void)str_putc(&text, 'x');
	(void)str_put(&text, S("\nc:1\n"));
	write_table("t", str_span(&text), 0644);
	look(t, "bb", got, sizeof got);
	CHECK(got[0] == '!', "a longer one is not: %s", got);
	table_close(t);
	str_free(&text);
}

static void changes(void)
{
	char got[64];
	table *t = table_open("seen-later");
	look(t, "a", got, sizeof got);
	CHECK(strcmp(got, "0") == 0, "no file");
	write_table("seen-later", S("a:1\n"), 0644);
	look(t, "a", got, sizeof got);
	CHECK(strcmp(got, "=1") == 0, "it appears");
	write_table("seen-later", S("a:2\n"), 0644);
	look(t, "a", got, sizeof got);
	CHECK(strcmp(got, "=2") == 0, "it changes at once, same size");
	CHECK(table_set("seen-later", 0644, S("b"), S("x")) == TABLE_ABSENT, "added");
	look(t, "b", got, sizeof got);
	CHECK(strcmp(got, "=x") == 0, "the open handle sees it: %s", got);
	CHECK(table_set("seen-later", 0644, S("a"), S("3")) == TABLE_FOUND, "replaced");
	look(t, "a", got, sizeof got);
	CHECK(strcmp(got, "=3") == 0, "new value: %s", got);
	CHECK(table_set("seen-later", 0644, S("a"), (span){NULL, 0}) == TABLE_FOUND, "removed");
	look(t, "a", got, sizeof got);
	CHECK(strcmp(got, "-") == 0, "gone: %s", got);
	CHECK(table_set("seen-later", 0644, S("a"), (span){NULL, 0}) == TABLE_ABSENT,
	      "nothing to remove");
	CHECK(table_set("new", 0600, S("k@x"), S("v")) == TABLE_ABSENT, "a new table");
	CHECK(table_set("new", 0600, S("a:b"), S("v")) == TABLE_ERROR, "a key with a colon");
	CHECK(table_set("new", 0600, S("a"), S("v\nw")) == TABLE_ERROR, "a value with a line end");
	write_table("seen-later", S("b:1\na:1\n"), 0644);
	CHECK(table_set("seen-later", 0644, S("a"), S("x")) == TABLE_ERROR,
	      "an unsorted table stays as it is");
	table_close(t);
}

static void programs(void)
{
	char got[64];
	table *t = table_open("prog");
	write_table(
	    "prog",
	    S("#!/bin/sh\nwhile read -r k; do case $k in a) echo 1;; out) exit 0;; two) echo; echo "
	      "x;; *) echo;; esac; done\n"),
	    0755);
	look(t, "a", got, sizeof got);
	CHECK(strcmp(got, "=1") == 0, "a program answers: %s", got);
	look(t, "b", got, sizeof got);
	CHECK(strcmp(got, "-") == 0, "not found: %s", got);
	look(t, "out", got, sizeof got);
	CHECK(strcmp(got, "!0") == 0, "it exits: %s", got);
	look(t, "a", got, sizeof got);
	CHECK(strcmp(got, "=1") == 0, "and is started again: %s", got);
	look(t, "x\ny", got, sizeof got);
	CHECK(strcmp(got, "-") == 0, "a line end in the key is not asked: %s", got);
	write_table("prog", S("touch ran\n"), 0755);
	look(t, "a", got, sizeof got);
	CHECK(strcmp(got, "!0") == 0 && access("ran", F_OK) < 0,
	      "a text with the mode of a program: %s", got);
	write_table("prog", S("#!/nonexistent\n"), 0755);
	look(t, "a", got, sizeof got);
	CHECK(strcmp(got, "!0") == 0, "one that does not start: %s", got);
	table_close(t);
}

/* Eight processes add five entries each: the lock lets none be lost. */
static void many_writers(void)
{
	pid_t pids[8];
	char got[64], key[32];
	size_t found = 0, failed = 0;
	for (int p = 0; p < 8; p++) {
		if ((pids[p] = fork()) != 0)
			continue;
		for (int i = 0; i < 5; i++) {
			(void)snprintf(key, sizeof key, "k%d%d", p, i);
			if (table_set("shared", 0644, span_str(key), S("v")) != TABLE_ABSENT)
				_exit(1);
		}
		_exit(0);
	}
	for (int p = 0; p < 8; p++)
		failed += proc_wait(pids[p], 0) != 0;
	table *t = table_open("shared");
	for (int i = 0; i < 40; i++) {
		(void)snprintf(key, sizeof key, "k%d%d", i / 5, i % 5);
		look(t, key, got, sizeof got);
		found += strcmp(got, "=v") == 0;
	}
	CHECK(found == 40 && failed == 0, "%zu of 40 entries, %zu writers failed", found, failed);
	table_close(t);
}

int main(int argc, char **argv)
{
	(void)argc;
	proc_start(argv[0]);
	if (!mkdtemp(root) || setenv("PABAL_ROOT", root, 1) < 0 || chdir(root) < 0)
		return 1;
	lookups();
	many();
	long_lines();
	changes();
	programs();
	many_writers();
	char rm_name[] = "rm", rm_all[] = "-r";
	char *const rm[] = {rm_name, rm_all, root, NULL};
	CHECK(chdir("/") == 0, "out of the way");
	pid_t pid = proc_spawn(rm, NULL, PROC_FDS_NONE);
	CHECK(proc_wait(pid, 0) == 0, "cleaned up");
	return unit_done();
}
