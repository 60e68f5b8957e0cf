/* links: maildir mail io base : z */
#include "maildir/deliver.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/file.h"
#include "io/out.h"
#include "io/proc.h"
#include "maildir/make.h"
#include "maildir/name.h"
#include "maildir/quota.h"
#include "tests/unit/unit.h"

static char root[] = "/tmp/pabal-unit-maildir.XXXXXX";

static size_t files_in(const char *dir)
{
	size_t n = 0;
	struct dirent *e;
	DIR *d = opendir(dir);
	while (d && (e = readdir(d)))
		n += e->d_name[0] != '.';
	if (d)
		(void)closedir(d);
	return n;
}

static int message(span text)
{
	int fd = file_temp();
	if (fd < 0 || !write_all(fd, text))
		abort();
	return fd;
}

static maildir_job job_for(const char *dir, int fd)
{
	return (maildir_job){.dir = dir,
			     .id = S("0123456789ABCDEFGHJKMNPQ"),
			     .arrived = 1700000000,
			     .host = S("mail.x.test"),
			     .sender = S("s@x.test"),
			     .recipient = S("r@x.test"),
			     .fd = fd};
}

/* One delivery alone; the file's content, without the two trace fields, in *to. */
static status deliver(const maildir_job *j, str *to)
{
	maildir_batch *b = maildir_batch_new();
	status st;
	const char *path;
	(void)maildir_batch_add(b, j);
	maildir_batch_commit(b, &st, &path);
	str_clear(to);
	if (status_is_ok(&st) && !file_read(AT_FDCWD, path, to))
		abort();
	maildir_batch_free(b);
	return st;
}

static void contents(void)
{
	static const struct {
		span in, out;
		const char *enhanced;
	} cases[] = {
	    {{"A: b\n\nc\n", 8}, {"A: b\n\nc\n", 8}, "2.0.0"},
	    {{"A: b\n\nc", 7}, {"A: b\n\nc", 7}, "2.0.0"},
	    {{"A: b\n", 5}, {"A: b\n", 5}, "2.0.0"},
	    {{"A: b\n\n\0\xff\x80\0\n", 11}, {"A: b\n\n\0\xff\x80\0\n", 11}, "2.0.0"},
	    {{"A: b\r\n\r\nc\r\n", 11}, {"A: b\n\nc\n", 8}, "2.0.0"},
	    {{"A: b\r\n\r\nc\rd\r", 12}, {"A: b\n\nc\rd\r", 10}, "2.0.0"},
	    {{"A: b\n\nc\r\n", 9}, {"A: b\n\nc\r\n", 9}, "2.0.0"},
	    {{"", 0}, {"", 0}, "4.3.0"},
	    {{"\nbody\n", 6}, {"", 0}, "4.3.0"},
	    {{"body\n", 5}, {"", 0}, "4.3.0"},
	    {{"From x\nA: b\n", 12}, {"", 0}, "4.3.0"},
	    {{"Delivered-To: other@x.test\n\n", 28},
	     {"Delivered-To: other@x.test\n\n", 28},
	     "2.0.0"},
	    {{"Delivered-To: R@x.test\n\n", 24}, {"", 0}, "5.4.6"},
	    {{"A: b\nDelivered-to:\n r@x.test\n\n", 30}, {"", 0}, "5.4.6"},
	    {{"A: b\n\nDelivered-To: r@x.test\n", 29},
	     {"A: b\n\nDelivered-To: r@x.test\n", 29},
	     "2.0.0"},
	};
	const span top = S("Return-Path: <s@x.test>\nDelivered-To: r@x.test\n");
	str got = str_new(1 << 16);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		int fd = message(cases[i].in);
		maildir_job j = job_for("box", fd);
		status st = deliver(&j, &got);
		span text = str_span(&got);
		bool same = status_is_ok(&st)
				? span_starts(text, top) &&
				      span_eq(span_sub(text, top.n, text.n), cases[i].out)
				: cases[i].out.n == 0;
		CHECK(strcmp(st.enhanced, cases[i].enhanced) == 0 && same, "content %zu: %s %s", i,
		      st.enhanced, st.text);
		(void)close(fd);
	}
	CHECK(files_in("box/tmp") == 0, "nothing stays in tmp/");
	str_free(&got);
}

/* CRLF that is cut by the buffer's end, and a long line. */
static void large(void)
{
	str in = str_new(8 << 20), want = str_new(8 << 20), got = str_new(8 << 20);
	(void)str_put(&in, S("A: b\r\n\r\n"));
	(void)str_put(&want, S("A: b\n\n"));
	for (int i = 0; i < 300000; i++) {
		(void)str_put(&in, i % 3 ? S("\r\n") : S("\r\r\nx"));
		(void)str_put(&want, i % 3 ? S("\n") : S("\r\nx"));
	}
	int fd = message(str_span(&in));
	maildir_job j = job_for("box2", fd);
	j.sender = j.recipient = (span){NULL, 0};
	status st = deliver(&j, &got);
	CHECK(status_is_ok(&st) && span_eq(str_span(&got), str_span(&want)),
	      "CRLF over chunks: %zu, %zu", got.n, want.n);
	(void)close(fd);
	str_free(&in);
	str_free(&want);
	str_free(&got);
}

static void again(void)
{
	str got = str_new(4096);
	int fd = message(S("A: b\n\nc\n"));
	maildir_job j = job_for("box3", fd);
	status st = deliver(&j, &got);
	CHECK(status_is_ok(&st) && files_in("box3/new") == 1, "once");
	j.again = true;
	j.host = S("renamed.x.test");
	st = deliver(&j, &got);
	CHECK(status_is_ok(&st) && files_in("box3/new") == 1,
	      "found in new/, even under another host");
	char from[600], to[600];
	(void)snprintf(from, sizeof from, "%s", st.text);
	(void)snprintf(to, sizeof to, "box3/cur/%s:2,S", st.text + strlen("box3/new/"));
	CHECK(rename(from, to) == 0, "a reader takes it");
	st = deliver(&j, &got);
	CHECK(status_is_ok(&st) && strcmp(st.text, to) == 0 && files_in("box3/new") == 0,
	      "found in cur/: %s", st.text);
	j.recipient = S("other@x.test");
	st = deliver(&j, &got);
	CHECK(status_is_ok(&st) && files_in("box3/new") == 1, "another recipient is another copy");
	j.dir = "missing";
	st = deliver(&j, &got);
	CHECK(st.code == EX_TEMPFAIL && access("missing", F_OK) < 0,
	      "a missing Maildir is not made");
	(void)close(fd);
	str_free(&got);
}

/* A batch of repeats, of which some were delivered: the directories are read once for all of them. */
static void again_many(void)
{
	enum { MANY = 20 };
	status st[64];
	const char *paths[64];
	char names[MANY][32], from[600] = "", to[600];
	str got = str_new(4096);
	int fd = message(S("A: b\n\nc\n"));
	maildir_job j = job_for("box8", fd);
	maildir_batch *b = maildir_batch_new();
	CHECK(maildir_make("box8"), "a Maildir");
	for (size_t i = 0; i < MANY; i++) {
		(void)snprintf(names[i], sizeof names[i], "r%zu@x.test", i);
		j.recipient = span_str(names[i]);
		if (i % 3 == 0)
			st[0] = deliver(&j, &got);
		if (i == 6)
			(void)snprintf(from, sizeof from, "%s", st[0].text);
	}
	(void)snprintf(to, sizeof to, "box8/cur/%.500s:2,S", from + strlen("box8/new/"));
	CHECK(rename(from, to) == 0, "one is read");
	j.again = true;
	for (int round = 0; round < 2; round++) {
		for (size_t i = 0; i < MANY; i++) {
			j.recipient = span_str(names[i]);
			CHECK(maildir_batch_add(b, &j), "job %zu", i);
		}
		maildir_batch_commit(b, st, paths);
		bool good = true;
		for (size_t i = 0; i < MANY; i++)
			good = good && status_is_ok(&st[i]);
		CHECK(good && strcmp(paths[6], to) == 0 && files_in("box8/new") == MANY - 1 &&
			  files_in("box8/cur") == 1 && files_in("box8/tmp") == 0,
		      "each once, round %d", round);
	}
	maildir_batch_free(b);
	(void)close(fd);
	str_free(&got);
}

static void batches(void)
{
	status st[64];
	const char *paths[64];
	maildir_batch *b = maildir_batch_new();
	int fd = message(S("A: b\n\nc\n")), none = message(S(""));
	char names[64][32];
	for (size_t i = 0; i < 64; i++) {
		(void)snprintf(names[i], sizeof names[i], "r%zu@x.test", i == 9 ? 8 : i);
		maildir_job j = job_for(i % 2	  ? "box4"
					: i == 10 ? "missing"
						  : "box5",
					i == 20 ? none : fd);
		j.recipient = span_str(names[i]);
		if (!maildir_batch_add(b, &j))
			abort();
	}
	maildir_job more = job_for("box4", fd);
	CHECK(!maildir_batch_add(b, &more), "a full batch");
	CHECK(files_in("box4/new") + files_in("box5/new") == 0, "nothing shows before the commit");
	maildir_batch_commit(b, st, paths);
	size_t ok = 0;
	for (size_t i = 0; i < 64; i++)
		ok += status_is_ok(&st[i]) && access(paths[i], R_OK) == 0;
	CHECK(ok == 62 && !status_is_ok(&st[10]) && !status_is_ok(&st[20]), "%zu of 64 delivered",
	      ok);
	CHECK(files_in("box4/new") == 32 && files_in("box5/new") == 30, "each once");
	CHECK(files_in("box4/tmp") + files_in("box5/tmp") == 0, "tmp/ is empty");
	maildir_job twice = job_for("box6", fd);
	(void)maildir_batch_add(b, &twice);
	(void)maildir_batch_add(b, &twice);
	maildir_batch_commit(b, st, paths);
	CHECK(status_is_ok(&st[0]) && status_is_ok(&st[1]) && files_in("box6/new") == 1 &&
		  strcmp(paths[0], paths[1]) == 0,
	      "the same recipient twice is one copy");
	(void)maildir_batch_add(b, &more);
	maildir_batch_free(b);
	CHECK(files_in("box4/tmp") == 0, "what is not committed goes");
	(void)close(fd);
	(void)close(none);
}

static void names(void)
{
	str a = str_new(255), b = str_new(255);
	size_t front = name_base(17, S("ID"), S("r@x"), S(""), S("a/b:c,d.test"), &a);
	CHECK(span_ends(str_span(&a), S(".a\\057b\\072c\\054d.test")), "host: %s", str_cstr(&a));
	CHECK(span_starts(str_span(&a), S("17.ID+")), "front: %s", str_cstr(&a));
	CHECK(name_has_front(S("17.ID+X.h,S=1:2,S"), S("17.ID+X")) &&
		  !name_has_front(S("17.ID+XY.h"), S("17.ID+X")) &&
		  !name_has_front(S("17.ID+X"), S("17.ID+X")),
	      "matching");
	(void)name_base(17, S("ID"), S("r@x"), S("/.f"), S("h"), &b);
	CHECK(!span_starts(str_span(&b), span_sub(str_span(&a), 0, front)), "another folder");
	CHECK(maildir_is_folder("a/.b") && maildir_is_folder(".b/") && !maildir_is_folder("a.b") &&
		  !maildir_is_folder(".") && !maildir_is_folder("..") &&
		  !maildir_is_folder("/.a/b"),
	      "what is a folder");
	str_free(&a);
	str_free(&b);
}

static void sizes(void)
{
	uint64_t used;
	str got = str_new(4096);
	int fd = message(S("A: b\n\nc\n"));
	maildir_job j = job_for("box7/.f", fd);
	CHECK(!maildir_used("box7", &used) && errno == ENOENT, "no maildirsize");
	if (!file_replace(AT_FDCWD, "box7/maildirsize", 0600, S("1000S\n10 1\n")))
		abort();
	status st = deliver(&j, &got);
	CHECK(status_is_ok(&st) && maildir_used("box7", &used) && used == 10 + got.n,
	      "a delivery into a folder is counted: %llu", (unsigned long long)used);
	CHECK(access("box7/.f/maildirfolder", F_OK) == 0 && access("box7/maildirfolder", F_OK) < 0,
	      "folders are marked");
	(void)close(fd);
	str_free(&got);
}

int main(int argc, char **argv)
{
	(void)argc;
	proc_start(argv[0]);
	if (!mkdtemp(root) || chdir(root) < 0)
		return 1;
	for (const char *const *box = (const char *const[]){"box", "box2", "box3", "box4", "box5",
							    "box6", "box7", "box7/.f", NULL};
	     *box; box++)
		CHECK(maildir_make(*box) && maildir_make(*box) && maildir_check(*box), "made %s",
		      *box);
	contents();
	large();
	again();
	again_many();
	batches();
	names();
	sizes();
	char rm_name[] = "rm", rm_all[] = "-r";
	char *const rm[] = {rm_name, rm_all, root, NULL};
	CHECK(chdir("/") == 0 && proc_wait(proc_spawn(rm, NULL, PROC_FDS_NONE), 0) == 0,
	      "cleaned up");
	return unit_done();
}
