/* links: maildir mail io base : z */
#include "maildir/store.h"

#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/gzip.h"
#include "io/out.h"
#include "tests/unit/unit.h"

static int message(void)
{
	char name[] = "/tmp/pabal-unit.XXXXXX";
	int fd = mkstemp(name);
	(void)unlink(name);
	if (!write_all(fd, S("Subject: x\n\ny\n")))
		abort();
	return fd;
}

static int drop(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st, (void)type, (void)at;
	return remove(path);
}

int main(void)
{
	char dir[] = "/tmp/pabal-unit.XXXXXX";
	int fd = message();
	str path = str_new(4096), now = str_new(4096);
	struct stat st;
	if (!mkdtemp(dir) || chdir(dir) < 0)
		abort();
	status s = store_message("box/.Sent", "S", fd, S("host"), &path);
	CHECK(s.code == EX_TEMPFAIL, "no folder where there is no Maildir");
	CHECK(maildir_make("box"), "a Maildir");
	s = store_message("other", "S", fd, S("host"), &path);
	CHECK(s.code == EX_TEMPFAIL, "no Maildir is made");
	s = store_message("box/.Sent", "S", fd, S("host"), &path);
	CHECK(status_is_ok(&s) && span_starts(str_span(&path), S("box/.Sent/cur/")) &&
		  span_ends(str_span(&path), S(",S=14,W=17:2,S")),
	      "a copy: %s %s", s.text, str_cstr(&path));
	CHECK(stat(str_cstr(&path), &st) == 0 && st.st_size == 14, "the whole message");
	CHECK(store_is_in(str_cstr(&path)) && store_is_in("new/x") && !store_is_in("x") &&
		  !store_is_in("xnew/x"),
	      "in a Maildir or not");
	/* another program changes the flags */
	str moved = str_new(4096);
	(void)str_put(&moved, str_span(&path));
	(void)str_put(&moved, S("T"));
	CHECK(rename(str_cstr(&path), str_cstr(&moved)) == 0, "renamed");
	int found = store_open(str_cstr(&path), &now);
	CHECK(found >= 0 && span_eq(str_span(&now), str_span(&moved)), "found: %s", str_cstr(&now));
	CHECK(store_open("box/cur/none", NULL) < 0 && store_open("none", NULL) < 0,
	      "what is nowhere is not found");
	(void)close(found);
	CHECK(!gzip_write(-1, S("x")), "a failure is told");
	CHECK(gzip_write(fd, S("")) && fstat(fd, &st) == 0 && st.st_size > 14 + 10,
	      "an empty gzip");
	(void)close(fd);
	str_free(&path);
	str_free(&now);
	str_free(&moved);
	(void)nftw(dir, drop, 16, FTW_DEPTH | FTW_PHYS);
	return unit_done();
}
