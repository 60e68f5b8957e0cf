/* links: imap auth maildir queue mail io base : z */
/* IMAP behind the login, over a real Maildir of three messages, which is made anew each time. What must hold: what is said
 * ends in CRLF; without a command that removes nothing is removed; nothing is made outside of the Maildir. */
#include "imap/session.h"

#include "io/log.h"

#include <dirent.h>
#include <sys/mman.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MESSAGES = 3 };

static char above[48], box[64];

/* Files in a directory of the box; with `remove` they go. */
static size_t sweep(const char *part, bool remove)
{
	char path[512];
	size_t n = 0;
	struct dirent *e;
	(void)snprintf(path, sizeof path, "%s/%s", box, part);
	DIR *d = opendir(path);
	while (d && (e = readdir(d))) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		n++;
		if (remove && unlinkat(dirfd(d), e->d_name, 0) < 0) {
			char below[300];
			(void)snprintf(below, sizeof below, "%.20s%s%.255s", part, *part ? "/" : "",
				       e->d_name);
			(void)sweep(below, true);
			(void)unlinkat(dirfd(d), e->d_name, AT_REMOVEDIR);
		}
	}
	if (d)
		(void)closedir(d);
	return n;
}

static void clean_up(void)
{
	(void)sweep("", true);
	(void)rmdir(box);
	(void)rmdir(above);
}

static void make_above(void)
{
	(void)snprintf(above, sizeof above, "%s/pabal-fuzz.XXXXXX",
		       access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	if (!mkdtemp(above))
		abort();
	(void)snprintf(box, sizeof box, "%s/box", above);
	if (mkdir(box, 0700) < 0)
		abort();
	(void)atexit(clean_up);
}

static void fill(void)
{
	static const char text[] = "Subject: x\n\nbody\n";
	static const char *const parts[] = {"cur",	   "new",	  "tmp",	".Drafts",
					    ".Drafts/cur", ".Drafts/new", ".Drafts/tmp"};
	char path[128];
	(void)sweep("", true);
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		(void)snprintf(path, sizeof path, "%s/%s", box, parts[i]);
		if (mkdir(path, 0700) < 0)
			abort();
	}
	(void)snprintf(path, sizeof path, "%s/pabal.folders", box);
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, "subscribed INBOX\n\\\\Drafts Drafts\n", 32) < 0 || close(fd) < 0)
		abort();
	for (int i = 0; i < MESSAGES; i++) {
		(void)snprintf(path, sizeof path, "%s/new/%d.x", box, i + 1);
		fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		if (fd < 0 || write(fd, text, sizeof text - 1) < 0 || close(fd) < 0)
			abort();
	}
}

static void check(int fd)
{
	off_t size = lseek(fd, 0, SEEK_END);
	char *text = size > 0 ? malloc((size_t)size) : NULL;
	if (!text || pread(fd, text, (size_t)size, 0) != size)
		abort();
	if (size < 2 || text[size - 1] != '\n' || text[size - 2] != '\r')
		abort();
	free(text);
}

static bool says(const uint8_t *data, size_t size, span word)
{
	for (size_t i = 0; i + word.n <= size; i++)
		if (span_eqi(span_of((const char *)data + i, word.n), word))
			return true;
	return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int fd = -1, said = -1;
	if (fd < 0) {
		(void)setenv("PABAL_LOG", "none", 1);
		log_open("fuzz");
		make_above();
		fd = memfd_create("client", MFD_CLOEXEC);
		said = memfd_create("said", MFD_CLOEXEC);
	}
	fill();
	if (ftruncate(fd, 0) < 0 || ftruncate(said, 0) < 0 ||
	    pwrite(fd, data, size, 0) != (ssize_t)size || lseek(fd, 0, SEEK_SET) < 0 ||
	    lseek(said, 0, SEEK_SET) < 0)
		abort();
	in from;
	out to;
	in_open(&from, fd, IMAP_IN);
	out_open(&to, said, 512);
	login_session s = {.in = &from,
			   .out = &to,
			   .address = "a@b",
			   .maildir = box,
			   .state = S("a"),
			   .me = S("me"),
			   .ip = ""};
	(void)imap_session(&s);
	(void)out_flush(&to);
	check(said);
	bool removes = says(data, size, S("expunge")) || says(data, size, S("close")) ||
		       says(data, size, S("move")) || says(data, size, S("rename"));
	if (!removes && sweep("new", false) + sweep("cur", false) < MESSAGES)
		abort();
	in_close(&from);
	out_close(&to);
	return 0;
}
