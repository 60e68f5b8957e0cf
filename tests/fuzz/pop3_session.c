/* links: pop3 auth maildir queue mail io base : z */
/* POP3 behind the login, over a real Maildir of three messages. What must hold: without a QUIT nothing is removed, and
 * what is said is lines that end in CRLF. */
#include "pop3/session.h"

#include <dirent.h>
#include <sys/mman.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MESSAGES = 3 };

static char box[64];

static void path_of(char path[static 128], const char *name)
{
	(void)snprintf(path, 128, "%s/%s", box, name);
}

static size_t sweep(const char *part, bool remove)
{
	char path[128];
	size_t n = 0;
	struct dirent *e;
	path_of(path, part);
	DIR *d = opendir(path);
	while (d && (e = readdir(d)))
		if (e->d_name[0] != '.') {
			n++;
			if (remove)
				(void)unlinkat(dirfd(d), e->d_name, 0);
		}
	if (d)
		(void)closedir(d);
	return n;
}

static void clean_up(void)
{
	static const char *const parts[] = {"cur", "new", "tmp"};
	char path[128];
	struct dirent *e;
	for (size_t i = 0; i < 3; i++) {
		(void)sweep(parts[i], true);
		path_of(path, parts[i]);
		(void)rmdir(path);
	}
	DIR *d = opendir(box);
	while (d && (e = readdir(d)))
		(void)unlinkat(dirfd(d), e->d_name, 0);
	if (d)
		(void)closedir(d);
	(void)rmdir(box);
}

static void make_box(void)
{
	static const char *const parts[] = {"", "cur", "new", "tmp"};
	char path[128];
	(void)snprintf(box, sizeof box, "%s/pabal-fuzz.XXXXXX",
		       access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	if (!mkdtemp(box))
		abort();
	(void)atexit(clean_up);
	for (size_t i = 1; i < 4; i++) {
		path_of(path, parts[i]);
		if (mkdir(path, 0700) < 0)
			abort();
	}
}

static void fill(void)
{
	static const char text[] = "Subject: x\n\n.line\n..\nend\n";
	static unsigned long serial;
	while (sweep("new", false) < MESSAGES) {
		char path[128], name[64];
		(void)snprintf(name, sizeof name, "new/%lu.x", ++serial);
		path_of(path, name);
		int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
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
	for (off_t i = 0; i < size; i++)
		if (text[i] == '\n' && (i == 0 || text[i - 1] != '\r'))
			abort();
	if (text[size - 1] != '\n' || (text[0] != '+' && text[0] != '-'))
		abort();
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int fd = -1, said = -1;
	if (fd < 0) {
		make_box();
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
	in_open(&from, fd, POP3_IN);
	out_open(&to, said, 512);
	login_session s = {.in = &from,
			   .out = &to,
			   .address = "a@b",
			   .maildir = box,
			   .state = S(""),
			   .me = S("me"),
			   .ip = ""};
	(void)pop3_session(&s);
	(void)out_flush(&to);
	check(said);
	bool quit = false;
	for (size_t i = 0; i + 4 <= size; i++)
		quit |= span_eqi(span_of((const char *)data + i, 4), S("quit"));
	if (!quit && sweep("new", false) != MESSAGES)
		abort();
	in_close(&from);
	out_close(&to);
	return 0;
}
