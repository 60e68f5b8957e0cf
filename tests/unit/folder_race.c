/* links: maildir mail io base : z */
/* A folder while others rename, deliver and remove. */
#include "tests/unit/folder_box.h"

/* ---- others at work */

static void twins(void)
{
	str text = str_new(4096);
	new_box();
	put("new/1.a", S("A: a\n\n"));
	CHECK(link("new/1.a", "cur/1.a:2,S") == 0, "one file, two names");
	put("new/2.b", S("B: one\n\n"));
	put("cur/2.b:2,", S("B: two\n\n"));
	age();
	folder *f = open_box();
	age();
	(void)refresh(f);
	age();
	(void)refresh(f);
	CHECK(folder_count(f) == 3, "one message, and two: %s", shown(f));
	CHECK(access("new/1.a", F_OK) < 0 && access("cur/1.a:2,S", F_OK) == 0,
	      "one of the names went");
	bool one = false, two = false;
	for (size_t i = 0; i < folder_count(f); i++) {
		span s = text_of(f, i, &text);
		one = one || span_eq(s, S("B: one\n\n"));
		two = two || span_eq(s, S("B: two\n\n"));
	}
	CHECK(one && two, "no file is lost");
	uint64_t modseq = folder_highest_modseq(f);
	age();
	CHECK(is(refresh(f), "") && folder_highest_modseq(f) == modseq, "then there is peace");
	CHECK(link("cur/1.a:2,S", "cur/1.a:2,FS") == 0, "two names with other flags");
	age();
	(void)refresh(f);
	CHECK(folder_count(f) == 3 &&
		  (access("cur/1.a:2,S", F_OK) < 0) != (access("cur/1.a:2,FS", F_OK) < 0),
	      "one of them stays");
	folder_close(f);
	str_free(&text);
}

/* The clock of a directory is coarse: what came in the same tick as the last look is not overlooked. */
static void same_tick(void)
{
	/* A second ahead: that much time passes before a look at this state is certain. */
	const struct timespec t[2] = {{time(NULL) + 1, 5}, {time(NULL) + 1, 5}};
	new_box();
	put("new/1.a", S("A: a\n\n"));
	CHECK(utimensat(AT_FDCWD, "new", t, 0) == 0, "changed just now");
	folder *f = open_box();
	put("new/2.b", S("B: b\n\n"));
	CHECK(utimensat(AT_FDCWD, "new", t, 0) == 0, "and once more, in one tick");
	CHECK(is(refresh(f), "+1 "), "seen all the same");
	folder_close(f);
}

/* A clock that was set back must not keep a removed message in sight for years. */
static void ahead(void)
{
	const struct timespec t[2] = {{time(NULL) + 1000000, 5}, {time(NULL) + 1000000, 5}};
	struct stat st;
	new_box();
	put("cur/1.a:2,", S("A: a\n\n"));
	CHECK(utimensat(AT_FDCWD, "cur", t, 0) == 0, "a directory from the future");
	folder *f = open_box();
	CHECK(stat("cur", &st) == 0 && st.st_mtim.tv_sec <= time(NULL) + 1, "has the time of today");
	CHECK(unlink("cur/1.a:2,") == 0, "removed");
	age();
	CHECK(is(refresh(f), "-0 "), "and told");
	folder_close(f);
}

enum { CROWD = 300, ROUNDS = 20000 };

/* Renames one file after another: new/ to cur/, flags on and off. */
static void rename_all(void)
{
	char from[64], to[64];
	static const char *const forms[] = {"new/%d.m", "cur/%d.m:2,", "cur/%d.m:2,S",
					    "cur/%d.m:2,FS"};
	static const int next[] = {1, 2, 3, 1};
	static int form[CROWD];
	for (int k = 0; k < ROUNDS; k++) {
		int i = (k * 7919) % CROWD;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		(void)snprintf(from, sizeof from, forms[form[i]], i);
		(void)snprintf(to, sizeof to, forms[next[form[i]]], i);
#pragma GCC diagnostic pop
		if (rename(from, to) == 0)
			form[i] = next[form[i]];
	}
}

static void count_gone(void *arg, size_t i, uint32_t uid)
{
	(void)i;
	(void)uid;
	(*(size_t *)arg)++;
}

/* No message is said to be gone, or cannot be opened, or gets a second UID, whatever a renamer does meanwhile. */
static void renamer(void)
{
	char path[64];
	new_box();
	for (int i = 0; i < CROWD; i++) {
		(void)snprintf(path, sizeof path, "new/%d.m", i);
		put(path, S("A: a\n\n"));
	}
	folder *f = open_box();
	CHECK(folder_count(f) == CROWD, "all are there before");
	pid_t pid = fork();
	if (pid == 0) {
		rename_all();
		_exit(0);
	}
	size_t lost = 0, unopened = 0, rounds = 0, odd = 0;
	const folder_changes c = {.gone = count_gone, .arg = &lost};
	while (waitpid(pid, NULL, WNOHANG) == 0) {
		status s = folder_refresh(f, &c);
		odd += !status_is_ok(&s) || folder_count(f) != CROWD;
		for (size_t i = rounds % 10; i < CROWD; i += 10) {
			int fd = folder_open_msg(f, i);
			if (fd >= 0)
				(void)close(fd);
			else
				unopened += errno == ENOENT;
		}
		if (rounds % 4 == 0) {
			folder *g = open_box();
			odd += folder_count(g) != CROWD;
			folder_close(g);
		}
		rounds++;
	}
	CHECK(rounds > 3, "%zu rounds", rounds);
	CHECK(lost == 0, "none is gone");
	CHECK(odd == 0, "always all");
	CHECK(unopened == 0, "each can be opened");
	age();
	CHECK(folder_refresh(f, &c).code == EX_OK && lost == 0 && folder_uidnext(f) == CROWD + 1 &&
		  folder_count(f) == CROWD,
	      "each under its one UID");
	folder_close(f);
}

/* The same while we change flags ourselves: what we set stays set or was unset by the other, and nothing is lost. */
static void renamer_and_store(void)
{
	char path[64];
	size_t all[CROWD], failed = 0, rounds = 0;
	new_box();
	for (int i = 0; i < CROWD; i++) {
		(void)snprintf(path, sizeof path, "new/%d.m", i);
		put(path, S("A: a\n\n"));
		all[i] = (size_t)i;
	}
	age();
	folder *f = open_box();
	pid_t pid = fork();
	if (pid == 0) {
		rename_all();
		_exit(0);
	}
	do {
		status s = folder_store(f, all, CROWD / 2, rounds % 2 ? FOLDER_ADD : FOLDER_REMOVE,
					FOLDER_ANSWERED, 0);
		failed += !status_is_ok(&s) && strstr(s.text, "Resource temporarily") == NULL;
		rounds++;
	} while (waitpid(pid, NULL, WNOHANG) == 0);
	CHECK(failed == 0, "%zu rounds", rounds);
	status s = folder_store(f, all, CROWD, FOLDER_ADD, FOLDER_DRAFT, 0);
	CHECK(status_is_ok(&s), "in peace it works: %s", s.text);
	age();
	(void)refresh(f);
	size_t drafts = 0;
	for (size_t i = 0; i < folder_count(f); i++)
		drafts += folder_at(f, i).flags & FOLDER_DRAFT;
	CHECK(drafts == CROWD && folder_count(f) == CROWD && folder_uidnext(f) == CROWD + 1,
	      "all are there, with the flag");
	s = folder_expunge(f, all, CROWD);
	age();
	(void)refresh(f);
	CHECK(status_is_ok(&s) && folder_count(f) == 0, "and can be removed");
	folder_close(f);
}

/* Two sessions and deliveries at once: each message has one UID, the same for both. */
static void deliveries(void)
{
	enum { MANY = 400 };
	char from[64], to[64];
	new_box();
	folder *f = open_box(), *g = open_box();
	pid_t pid = fork();
	if (pid == 0) {
		for (int i = 0; i < MANY; i++) {
			(void)snprintf(from, sizeof from, "tmp/%d.m", i);
			(void)snprintf(to, sizeof to, "new/%d.m", i);
			put(from, S("A: a\n\n"));
			if (rename(from, to) < 0)
				_exit(1);
		}
		_exit(0);
	}
	while (waitpid(pid, NULL, WNOHANG) == 0) {
		(void)folder_refresh(f, NULL);
		(void)folder_refresh(g, NULL);
	}
	age();
	(void)folder_refresh(f, NULL);
	(void)folder_refresh(g, NULL);
	CHECK(folder_count(f) == MANY && folder_count(g) == MANY && folder_uidnext(f) == MANY + 1,
	      "all have come, once");
	bool same = folder_count(f) == folder_count(g);
	for (size_t i = 0; same && i < folder_count(f); i++)
		same = folder_at(f, i).uid == folder_at(g, i).uid &&
		       span_eq(folder_at(f, i).base, folder_at(g, i).base);
	CHECK(same, "under the same UIDs");
	folder_close(f);
	folder_close(g);
}

/* ---- many at once */

enum { EACH = 60, KINDS = 5 };

static void said(int to, uint32_t uid, int who, int k)
{
	char line[64];
	int n = snprintf(line, sizeof line, "%10u X: %d-%03d\n", uid, who, k);
	if (write(to, line, (size_t)n) != n)
		_exit(1);
}

static void append_many(int who, int to)
{
	char text[32];
	folder *f = open_box();
	for (int k = 0; k < EACH; k++) {
		uint32_t uid;
		int fd = file_temp(), n = snprintf(text, sizeof text, "X: %d-%03d\n\n", who, k);
		if (fd < 0 || !write_all(fd, span_of(text, (size_t)n)))
			_exit(1);
		const folder_new new = {.fd = fd};
		status st = folder_append(f, &new, &uid);
		if (!status_is_ok(&st))
			_exit(2);
		said(to, uid, who, k);
		(void)close(fd);
	}
	folder_close(f);
}

static void store_many(void)
{
	folder *f = open_box();
	for (size_t k = 0; k < EACH; k++) {
		(void)folder_refresh(f, NULL);
		size_t i = folder_count(f) ? k * 7 % folder_count(f) : 0;
		status st = folder_count(f)
				? folder_store(f, &i, 1, k % 2 ? FOLDER_ADD : FOLDER_REMOVE,
					       FOLDER_FLAGGED, 0)
				: status_ok();
		if (!status_is_ok(&st) && st.code != EX_TEMPFAIL)
			_exit(3);
	}
	folder_close(f);
}

/* Of the messages that two appenders made, those of every fifth UID. */
static void expunge_many(void)
{
	folder *f = open_box();
	for (size_t k = 0; k < EACH; k++) {
		(void)folder_refresh(f, NULL);
		for (size_t i = 0; i < folder_count(f); i++) {
			status st =
			    folder_at(f, i).uid % 5 ? status_ok() : folder_expunge(f, &i, 1);
			if (!status_is_ok(&st) && st.code != EX_TEMPFAIL)
				_exit(4);
		}
	}
	folder_close(f);
}

static void flip_seen(void)
{
	char to[300];
	for (int k = 0; k < EACH; k++) {
		const struct dirent *e;
		DIR *d = opendir("cur");
		if (!d || chdir("cur") < 0)
			_exit(5);
		while ((e = readdir(d))) {
			span name = span_str(e->d_name);
			if (span_ends(name, S(":2,S")))
				name.n--;
			else if (!span_ends(name, S(":2,")))
				continue;
			(void)snprintf(to, sizeof to, "%.*s%s", SPAN_FMT(name),
				       name.n < strlen(e->d_name) ? "" : "S");
			(void)rename(e->d_name, to);
		}
		(void)closedir(d);
		if (chdir("..") < 0)
			_exit(5);
	}
}

static pid_t start(int kind, int to)
{
	pid_t pid = fork();
	if (pid != 0)
		return pid;
	if (kind < 2)
		append_many(kind, to);
	else if (kind == 2)
		store_many();
	else if (kind == 3)
		expunge_many();
	else
		flip_seen();
	_exit(0);
}

/* Each UID that was told leads to its message, but for those that were removed. */
static size_t wrong_ones(folder *f, int from)
{
	char line[20]; /* as said() writes them */
	size_t wrong = 0, lines = 0;
	str text = str_new(4096);
	for (; read(from, line, sizeof line) == (ssize_t)sizeof line; lines++) {
		bool exact;
		uint64_t uid = 0;
		(void)span_u64(span_trim(span_of(line, 10)), UINT32_MAX, &uid);
		size_t i = folder_find(f, (uint32_t)uid, &exact);
		if (uid % 5 == 0 && !exact)
			continue;
		wrong += !exact || !span_starts(text_of(f, i, &text), span_of(line + 11, 8));
	}
	str_free(&text);
	return wrong + (lines != 2 * EACH);
}

static void hammer(void)
{
	int fds[2], bad = 0;
	pid_t pids[KINDS];
	new_box();
	folder *f = open_box();
	if (pipe2(fds, O_CLOEXEC) < 0)
		abort();
	for (int i = 0; i < KINDS; i++)
		pids[i] = start(i, fds[1]);
	(void)close(fds[1]);
	size_t unordered = 0;
	for (int left = KINDS, st; left;) {
		for (int i = 0; i < KINDS; i++)
			if (pids[i] && waitpid(pids[i], &st, WNOHANG) == pids[i]) {
				bad += st != 0;
				pids[i] = 0;
				left--;
			}
		(void)folder_refresh(f, NULL);
		for (size_t i = 1; i < folder_count(f); i++)
			unordered += folder_at(f, i - 1).uid >= folder_at(f, i).uid;
	}
	CHECK(bad == 0 && unordered == 0, "five at once");
	age();
	(void)folder_refresh(f, NULL);
	age();
	folder *g = open_box();
	status s = folder_refresh(f, NULL);
	CHECK(status_is_ok(&s) && folder_count(f) == folder_count(g) &&
		  folder_uidnext(f) == 2 * EACH + 1,
	      "both see %zu", folder_count(f));
	bool same = folder_count(f) == folder_count(g);
	for (size_t i = 0; same && i < folder_count(f); i++) {
		folder_msg a = folder_at(f, i), b = folder_at(g, i);
		same = a.uid == b.uid && a.flags == b.flags && a.modseq == b.modseq &&
		       span_eq(a.base, b.base);
	}
	CHECK(same, "the same");
	CHECK(wrong_ones(g, fds[0]) == 0, "each UID leads to its message");
	(void)close(fds[0]);
	folder_close(f);
	folder_close(g);
}

int main(int argc, char **argv)
{
	(void)argc;
	proc_start(argv[0]);
	if (!boxes_start())
		return 1;
	twins();
	same_tick();
	ahead();
	renamer();
	renamer_and_store();
	deliveries();
	hammer();
	boxes_end();
	return unit_done();
}
