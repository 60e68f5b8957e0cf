/* links: maildir mail io base : z */
#include <stdint.h>

#include "maildir/line.h"
#include "maildir/move.h"
#include "maildir/name.h"
#include "maildir/scan.h"
#include "maildir/select.h"

#include "tests/unit/unit.h"

static void freed(span s)
{
	free((char *)(uintptr_t)s.p);
}

static void parts_of_names(void)
{
	static const struct {
		const char *name, *unique, *flags, *with_S;
		int64_t arrived; /* -1: not told */
		int64_t octets;	 /* -1: not told */
	} cases[] = {
	    {"1.a.h,S=5,W=6:2,FR", "1.a.h,S=5,W=6", "FR", "1.a.h,S=5,W=6:2,FRS", 1, 5},
	    {"12.a.h", "12.a.h", "", "12.a.h:2,S", 12, -1},
	    {"12.a.h:2,", "12.a.h", "", "12.a.h:2,S", 12, -1},
	    {"12.a:1,x", "12.a", "", "12.a:2,S", 12, -1},
	    {"12:2,SabF!", "12", "FSab", "12:2,FSab!", -1, -1},
	    {"x.y,W=1,S=70:2,S", "x.y,W=1,S=70", "S", "x.y,W=1,S=70:2,S", -1, 70},
	    {"1.a,S=x", "1.a,S=x", "", "1.a,S=x:2,S", 1, -1},
	    {"1.a,S=", "1.a,S=", "", "1.a,S=:2,S", 1, -1},
	    {"", "", "", ":2,S", -1, -1},
	    {":2,T", "", "T", ":2,ST", -1, -1},
	    {"99999999999999999999.a", "99999999999999999999.a", "", "99999999999999999999.a:2,S",
	     -1, -1},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		span s = unit_copy(span_str(cases[i].name));
		str flags = str_new(64), changed = str_new(256);
		int64_t arrived = -1;
		uint64_t octets = 0;
		bool told = name_octets(s, &octets);
		CHECK(span_eq(name_unique(s), span_str(cases[i].unique)), "%s: what stays",
		      cases[i].name);
		CHECK((name_arrived(s, &arrived) ? arrived : -1) == cases[i].arrived, "%s: when",
		      cases[i].name);
		CHECK((told ? (int64_t)octets : -1) == cases[i].octets, "%s: octets",
		      cases[i].name);
		name_flags_put(name_flags_of(s), &flags);
		CHECK(strcmp(str_cstr(&flags), cases[i].flags) == 0, "%s: flags", cases[i].name);
		name_with_flags(s, name_flags_of(s) | name_flag('S'), &changed);
		CHECK(strcmp(str_cstr(&changed), cases[i].with_S) == 0, "%s: with S: %s",
		      cases[i].name, str_cstr(&changed));
		str_free(&flags);
		str_free(&changed);
		freed(s);
	}
	CHECK(name_flag('1') == 0 && name_flag('[') == 0 && name_flag('a') != name_flag('A'),
	      "what is a flag");
}

static void fresh_names(void)
{
	static const struct {
		const char *name, *front, *back;
	} cases[] = {
	    {"12.a.host.example,S=5:2,S", "12.M", ".host.example,S=5:2,S"},
	    {"12.a,S=5", "12.M", ".localhost,S=5"},
	    {"12.a", "12.M", ".localhost"},
	    {"x:2,F", "", ".localhost:2,F"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		str a = str_new(512), b = str_new(512);
		name_fresh(span_str(cases[i].name), &a);
		name_fresh(span_str(cases[i].name), &b);
		CHECK(span_starts(str_span(&a), span_str(cases[i].front)) &&
			  span_ends(str_span(&a), span_str(cases[i].back)) &&
			  !span_eq(str_span(&a), str_span(&b)),
		      "fresh for %s: %s", cases[i].name, str_cstr(&a));
		str_free(&a);
		str_free(&b);
	}
}

static void places(void)
{
	static const struct {
		const char *path, *folder, *name;
		bool is_new;
	} cases[] = {
	    {"box/cur/x", "box", "x", false}, {"/a/b/.c/new/x", "/a/b/.c", "x", true},
	    {"new/x", "", "x", true},	      {"./cur/x", ".", "x", false},
	    {"/cur/x", "/", "x", false},      {"box/tmp/x", NULL, NULL, false},
	    {"box/cur/", NULL, NULL, false},  {"box/xcur/x", NULL, NULL, false},
	    {"xcur/x", NULL, NULL, false},    {"x", NULL, NULL, false},
	    {"/x", NULL, NULL, false},	      {"", NULL, NULL, false},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		span s = unit_copy(span_str(cases[i].path));
		move_place p;
		str back = str_new(256);
		bool is = move_place_of(s, &p);
		CHECK(is == (cases[i].name != NULL) && is == scan_is_message(s),
		      "is \"%s\" a message's", cases[i].path);
		if (is) {
			move_put_path(&p, &back);
			CHECK(span_eq(p.folder, span_str(cases[i].folder)) &&
				  span_eq(p.name, span_str(cases[i].name)) &&
				  p.is_new == cases[i].is_new && span_eq(str_span(&back), s),
			      "the parts of %s", cases[i].path);
		}
		str_free(&back);
		freed(s);
	}
}

/* Times spread so that every pass of the sort counts, and names within one second. */
static void sorting(size_t n)
{
	maildir_scan s;
	uint64_t random = 88172645463325252u;
	bool ordered = true;
	maildir_scan_open(&s);
	for (size_t i = 0; i < n; i++) {
		char path[128];
		random ^= random << 13;
		random ^= random >> 7;
		random ^= random << 17;
		(void)snprintf(path, sizeof path, "box/cur/%llu.%llx:2,",
			       (unsigned long long)(random >> (random % 50 + 2)),
			       (unsigned long long)(random & 0xff));
		if (!maildir_scan_path(&s, span_str(path)))
			abort();
	}
	maildir_scan_sort(&s, 0);
	for (size_t i = 1; i < s.count; i++) {
		const scan_message *a = s.messages + i - 1, *b = s.messages + i;
		ordered = ordered && (a->arrived < b->arrived ||
				      (a->arrived == b->arrived && strcmp(a->name, b->name) <= 0));
	}
	CHECK(ordered && s.count == n && s.part_count == 1, "%zu messages in order", n);
	maildir_scan_free(&s);
}

static void moved_while_read(void)
{
	static const char *const paths[] = {"a/new/1.x", "a/cur/1.x:2,S", "a/new/2.x",
					    "a/cur/3.x:2,"};
	maildir_scan s;
	str all = str_new(256);
	maildir_scan_open(&s);
	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
		(void)maildir_scan_path(&s, span_str(paths[i]));
	maildir_scan_sort(&s, 0);
	for (size_t i = 0; i < s.count; i++) {
		scan_put_path(&s, s.messages + i, &all);
		(void)str_putc(&all, ' ');
	}
	CHECK(strcmp(str_cstr(&all), "a/cur/1.x:2,S a/new/2.x a/cur/3.x:2, ") == 0,
	      "one that went from new/ to cur/ is once: %s", str_cstr(&all));
	str_free(&all);
	maildir_scan_free(&s);
}

static void selecting(void)
{
	static const struct {
		const char *text;
		const char *name;
		bool matches;
	} cases[] = {
	    {"", "1:2,", true},	     {"S", "1:2,S", true},   {"S", "1:2,F", false},
	    {"SF", "1:2,FS", true},  {"SF", "1:2,S", false}, {"-S", "1:2,F", true},
	    {"-S", "1:2,S", false},  {"F-S", "1:2,F", true}, {"F-S", "1:2,FS", false},
	    {"-S+F", "1:2,F", true}, {"a", "1:2,a", true},   {"a", "1:2,A", false},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		maildir_scan s;
		select_flags f = {0};
		str path = str_new(64);
		maildir_scan_open(&s);
		(void)str_printf(&path, "cur/%s", cases[i].name);
		(void)maildir_scan_path(&s, str_span(&path));
		CHECK(select_parse(cases[i].text, &f) &&
			  select_matches(&f, &s, s.messages) == cases[i].matches,
		      "\"%s\" on %s", cases[i].text, cases[i].name);
		str_free(&path);
		maildir_scan_free(&s);
	}
	select_flags f = {0};
	CHECK(!select_parse("S1", &f), "a digit is no flag");
}

static void formats(void)
{
	static const struct {
		const char *format;
		size_t column; /* of the error, 0: none */
	} cases[] = {
	    {"", 0},	{"%s", 0},   {"%-20f%%", 0}, {"\\n\\t\\\\", 0}, {"%", 1},    {"ab%q", 3},
	    {"%20", 1}, {"%--s", 1}, {"\\x", 1},     {"가\\", 0},	{"가%z", 3}, {"%99999s", 1},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		size_t column = 0;
		bool good = line_check(cases[i].format, &column);
		CHECK(good == (cases[i].column == 0) && (good || column == cases[i].column),
		      "the format \"%s\": %zu", cases[i].format, column);
	}
	CHECK(line_wants("%d %f") == (1 << SUMMARY_DATE | 1 << SUMMARY_FROM) &&
		  line_wants("%R") == 0,
	      "what formats need");
}

int main(void)
{
	parts_of_names();
	fresh_names();
	places();
	sorting(100);
	sorting(5000);
	moved_while_read();
	selecting();
	formats();
	return unit_done();
}
