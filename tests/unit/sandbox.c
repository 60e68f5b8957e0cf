/* links: io base : z */
/* What a talker may not do, tried from inside: every attempt runs in a child of its own that
 * entered the sandbox, and its errno is the answer. */
#include "io/sandbox.h"

#include <dirent.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "tests/unit/unit.h"

static int keeper[2], other[2], listener, second_listener;
static char folder[] = "/tmp/pabal-sandbox.XXXXXX";
static char file[64], fresh[64];

static int result(long r)
{
	return r < 0 ? errno : 0;
}

static int try_open(void)
{
	return result(open(file, O_RDONLY));
}
static int try_openat(void)
{
	return result(openat(AT_FDCWD, file, O_RDONLY));
}
static int try_create(void)
{
	return result(open(fresh, O_WRONLY | O_CREAT, 0600));
}
static int try_passwd(void)
{
	return result(open("/etc/passwd", O_RDONLY));
}
static int try_proc(void)
{
	return result(open("/proc/self/mem", O_RDWR));
}
static int try_stat(void)
{
	struct stat st;
	return result(stat(file, &st));
}
static int try_unlink(void)
{
	return result(unlink(file));
}
static int try_rename(void)
{
	return result(rename(file, fresh));
}
static int try_link(void)
{
	return result(link(file, fresh));
}
static int try_symlink(void)
{
	return result(symlink(file, fresh));
}
static int try_mkdir(void)
{
	return result(mkdir(fresh, 0700));
}
static int try_truncate(void)
{
	return result(truncate(file, 0));
}
static int try_chmod(void)
{
	return result(chmod(file, 0777));
}
static int try_chown(void)
{
	return result(chown(file, 1, 1));
}
static int try_chdir(void)
{
	return result(chdir("/"));
}
static int try_mount(void)
{
	return result(syscall(SYS_mount, "none", folder, "tmpfs", 0, NULL));
}
static int try_socket(void)
{
	return result(socket(AF_INET, SOCK_STREAM, 0));
}
static int try_unix_socket(void)
{
	return result(socket(AF_UNIX, SOCK_STREAM, 0));
}
static int try_socketpair(void)
{
	int p[2];
	return result(socketpair(AF_UNIX, SOCK_STREAM, 0, p));
}
static int try_connect(void)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(25)};
	return result(connect(other[0], (struct sockaddr *)&a, sizeof a));
}
static int try_bind(void)
{
	struct sockaddr_in a = {.sin_family = AF_INET};
	return result(bind(other[0], (struct sockaddr *)&a, sizeof a));
}
static int try_listen(void)
{
	return result(listen(second_listener, 1));
}
static int try_accept(void)
{
	return result(accept4(second_listener, NULL, NULL, 0));
}
static int try_accept3(void)
{
	return result(syscall(SYS_accept, listener, NULL, NULL));
}
static int try_sendmsg(void)
{
	struct msghdr m = {.msg_iovlen = 0};
	return result(sendmsg(other[0], &m, 0));
}
static int try_recvmsg(void)
{
	struct msghdr m = {.msg_iovlen = 0};
	return result(recvmsg(other[0], &m, MSG_DONTWAIT));
}
static int try_sendto(void)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX, .sun_path = "/dev/log"};
	return result(sendto(other[0], "x", 1, 0, (struct sockaddr *)&a, sizeof a));
}
static int try_exec(void)
{
	char *const args[] = {(char *)(uintptr_t) "/bin/true", NULL};
	return result(execv("/bin/true", args));
}
static int try_fork(void)
{
	pid_t p = fork();
	if (p == 0)
		_exit(0);
	return result(p);
}
static int try_vfork_call(void)
{
	return result(syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0));
}
static int try_kill(void)
{
	return result(kill(getppid(), 0));
}
static int try_kill_self(void)
{
	return result(kill(getpid(), 0));
}
static int try_tgkill(void)
{
	return result(syscall(SYS_tgkill, 1, 1, 0));
}
static int try_ptrace(void)
{
	return result(ptrace(PTRACE_ATTACH, getppid(), 0, 0));
}
static int try_vm_read(void)
{
	return result(syscall(SYS_process_vm_readv, getppid(), 0, 0, 0, 0, 0));
}
static int try_pidfd(void)
{
	return result(syscall(SYS_pidfd_open, getppid(), 0));
}
static int try_setuid(void)
{
	return result(setuid(0));
}
static int try_unshare(void)
{
	return result(syscall(SYS_unshare, 0x10000000));
}
static int try_dup(void)
{
	return result(dup(0));
}
static int try_fcntl(void)
{
	return result(fcntl(0, F_GETFL));
}
static int try_ioctl(void)
{
	return result(syscall(SYS_ioctl, 0, 0x5401, 0));
}
static int try_bpf(void)
{
	return result(syscall(SYS_bpf, 0, 0, 0));
}
static int try_uring(void)
{
	return result(syscall(SYS_io_uring_setup, 1, 0));
}
static int try_rlimit(void)
{
	struct rlimit r = {1000, 1000};
	return result(syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, &r, NULL));
}
static int try_exec_memory(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return p == MAP_FAILED ? errno : 0;
}
static int try_mprotect(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return p == MAP_FAILED ? -1 : result(mprotect(p, 4096, PROT_READ | PROT_EXEC));
}
#ifdef __x86_64__
/* The x32 numbers name the same calls again: none of them is on the list. */
static int try_x32(void)
{
	return result(syscall(0x40000000 + SYS_getpid));
}
#endif

static const struct {
	const char *name;
	int (*attempt)(void);
} denied[] = {
    {"open a file", try_open},
    {"openat", try_openat},
    {"create a file", try_create},
    {"open /etc/passwd", try_passwd},
    {"open /proc/self/mem", try_proc},
    {"stat", try_stat},
    {"unlink", try_unlink},
    {"rename", try_rename},
    {"link", try_link},
    {"symlink", try_symlink},
    {"mkdir", try_mkdir},
    {"truncate", try_truncate},
    {"chmod", try_chmod},
    {"chown", try_chown},
    {"chdir", try_chdir},
    {"mount", try_mount},
    {"socket", try_socket},
    {"socket of AF_UNIX", try_unix_socket},
    {"socketpair", try_socketpair},
    {"connect", try_connect},
    {"bind", try_bind},
    {"listen", try_listen},
    {"accept4 on another listener", try_accept},
    {"accept", try_accept3},
    {"sendmsg to another than the keeper", try_sendmsg},
    {"recvmsg", try_recvmsg},
    {"sendto with an address", try_sendto},
    {"exec", try_exec},
    {"fork", try_fork},
    {"clone", try_vfork_call},
    {"kill the parent", try_kill},
    {"kill itself", try_kill_self},
    {"tgkill", try_tgkill},
    {"ptrace", try_ptrace},
    {"process_vm_readv", try_vm_read},
    {"pidfd_open", try_pidfd},
    {"setuid", try_setuid},
    {"unshare", try_unshare},
    {"dup", try_dup},
    {"fcntl", try_fcntl},
    {"ioctl", try_ioctl},
    {"bpf", try_bpf},
    {"io_uring", try_uring},
    {"raise a limit", try_rlimit},
    {"map executable memory", try_exec_memory},
    {"make memory executable", try_mprotect},
#ifdef __x86_64__
    {"x32 call", try_x32},
#endif
};

/* The allowed ones: without them a session would stop. */
static int may_read(void)
{
	char c;
	return result(write(other[1], "x", 1)) || result(read(other[0], &c, 1)) || c != 'x';
}
static int may_poll(void)
{
	struct pollfd p = {.fd = other[0], .events = POLLIN};
	return result(poll(&p, 1, 0));
}
static int may_sendmsg(void)
{
	struct iovec v = {(char *)(uintptr_t) "y", 1};
	struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1};
	return result(sendmsg(keeper[1], &m, MSG_NOSIGNAL));
}
static int may_accept(void)
{
	errno = 0;
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC); /* not blocking, nobody is there */
	return fd < 0 && errno == EAGAIN ? 0 : errno ? errno : -1;
}
static int may_allocate(void)
{
	char *p = malloc(8 << 20);
	if (!p)
		return -1;
	memset(p, 1, 8 << 20);
	free(p);
	return 0;
}
static int may_tell_time(void)
{
	struct timespec t;
	return result(clock_gettime(CLOCK_MONOTONIC, &t)) || time(NULL) == 0;
}

static const struct {
	const char *name;
	int (*attempt)(void);
} allowed[] = {
    {"read and write", may_read},
    {"poll", may_poll},
    {"sendmsg to the keeper", may_sendmsg},
    {"accept4 on the listener", may_accept},
    {"allocate", may_allocate},
    {"time", may_tell_time},
};

/* The errno of an attempt made inside; 254 where the sandbox could not be entered. */
static int inside(bool (*enter)(void), int (*attempt)(void))
{
	int how;
	pid_t child = fork();
	if (child == 0) {
		if (!enter())
			_exit(254);
		_exit(attempt() & 0xff);
	}
	if (child < 0 || waitpid(child, &how, 0) != child)
		return -1;
	return WIFEXITED(how) ? WEXITSTATUS(how) : 1000 + WTERMSIG(how);
}

static bool enter_talker(void)
{
	return sandbox_talker(listener, keeper[1]);
}

static bool enter_paths(void)
{
	char inner[80];
	(void)snprintf(inner, sizeof inner, "%s/rw", folder);
	const sandbox_path p[] = {{inner, true}, {"/usr", false}};
	return sandbox_paths(p, 2);
}

static int path_read_usr(void)
{
	return result(open("/usr/include/stdio.h", O_RDONLY));
}
static int path_write_usr(void)
{
	return result(open("/usr/share", O_WRONLY | O_TMPFILE, 0600));
}
static int path_outside(void)
{
	return result(open(file, O_RDONLY));
}
static int path_unlink(void)
{
	return result(unlink(file));
}
static int path_make(void)
{
	char a[96], b[96];
	(void)snprintf(a, sizeof a, "%s/rw/a", folder);
	(void)snprintf(b, sizeof b, "%s/rw/d/b", folder);
	int fd = open(a, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	return result(fd) || result(write(fd, "x", 1)) || result(rename(a, b)) || result(unlink(b));
}

static void talker(void)
{
	for (size_t i = 0; i < sizeof denied / sizeof *denied; i++) {
		int e = inside(enter_talker, denied[i].attempt);
		CHECK(e == EPERM || e == EACCES, "a talker may not: %s (%d)", denied[i].name, e);
	}
	for (size_t i = 0; i < sizeof allowed / sizeof *allowed; i++) {
		int e = inside(enter_talker, allowed[i].attempt);
		CHECK(e == 0, "a talker may: %s (%d)", allowed[i].name, e);
	}
}

static void filter(void)
{
	CHECK(inside(sandbox_filter, try_open) == EPERM, "a filter opens nothing");
	CHECK(inside(sandbox_filter, try_socket) == EPERM, "a filter has no network");
	CHECK(inside(sandbox_filter, try_exec) == EPERM, "a filter executes nothing");
	CHECK(inside(sandbox_filter, may_read) == 0, "a filter reads and writes");
}

static bool enter_reader(void)
{
	char inner[80];
	(void)snprintf(inner, sizeof inner, "%s/rw", folder);
	const sandbox_path p[] = {{inner, true}, {"/usr", false}};
	return sandbox_reader(p, 2);
}

static int reader_make(void)
{
	char a[96];
	(void)snprintf(a, sizeof a, "%s/rw/r", folder);
	int fd = open(a, O_WRONLY | O_CREAT | O_EXCL, 0600);
	return result(fd) || result(write(fd, "x", 1));
}

static void reader(void)
{
	static const struct {
		const char *name;
		int (*attempt)(void);
	} never[] = {
	    {"open a file elsewhere", path_outside},
	    {"create a file elsewhere", try_create},
	    {"write what is read-only", path_write_usr},
	    {"execute", try_exec},
#ifndef PABAL_NO_SECCOMP
	    {"fork", try_fork},
	    {"socket", try_socket},
	    {"kill the parent", try_kill},
	    {"ptrace", try_ptrace},
	    {"unlink", try_unlink},
	    {"chmod", try_chmod},
#endif
	};
	for (size_t i = 0; i < sizeof never / sizeof *never; i++) {
		int e = inside(enter_reader, never[i].attempt);
		CHECK(e == EPERM || e == EACCES, "a reader may not: %s (%d)", never[i].name, e);
	}
	CHECK(inside(enter_reader, path_read_usr) == 0, "a reader opens what it was left");
	CHECK(inside(enter_reader, reader_make) == 0, "a reader makes files where it may");
	CHECK(inside(enter_reader, may_read) == 0, "a reader reads and writes");
}

static bool enter_session(void)
{
	char inner[80];
	(void)snprintf(inner, sizeof inner, "%s/rw", folder);
	const sandbox_path p[] = {{inner, true}, {"/usr", false}};
	return sandbox_session(p, 2, false);
}

static int try_xattr(void)
{
	return result(syscall(SYS_setxattr, file, "user.x", "y", 1, 0));
}
static int try_fchmod(void)
{
	return result(fchmod(other[0], 0600));
}

/* What a store does: make, write, lock, sync, link, rename between folders, watch, list, unlink. */
static int session_works(void)
{
	char a[96], b[96], d[96];
	struct stat st;
	(void)snprintf(a, sizeof a, "%s/rw/s", folder);
	(void)snprintf(b, sizeof b, "%s/rw/d/s", folder);
	(void)snprintf(d, sizeof d, "%s/rw/d", folder);
	int fd = open(a, O_RDWR | O_CREAT | O_EXCL, 0600), dir = open(d, O_RDONLY | O_DIRECTORY);
	void *map;
	if (fd < 0 || dir < 0 || write(fd, "x", 1) != 1 || flock(fd, LOCK_EX) < 0 ||
	    fsync(fd) < 0 || ftruncate(fd, 0) < 0 || pwrite(fd, "yy", 2, 0) != 2 ||
	    fstat(fd, &st) < 0 || (map = mmap(NULL, 2, PROT_READ, MAP_SHARED, fd, 0)) == MAP_FAILED)
		return errno;
	DIR *list = fdopendir(dup(dir));
	int watch = inotify_init1(IN_CLOEXEC);
	if (!list || !readdir(list) || inotify_add_watch(watch, d, IN_CREATE) < 0)
		return errno;
	return result(rename(a, b)) || result(link(b, a)) || result(stat(a, &st)) ||
	       result(fsync(dir)) || result(unlink(a)) || result(unlinkat(dir, "s", 0));
}

static void session(void)
{
	static const char *const not_here[] = {"stat", "dup", "fcntl"};
	size_t tried = 0;
	for (size_t i = 0; i < sizeof denied / sizeof *denied; i++) {
		bool skip = false;
		for (size_t j = 0; j < sizeof not_here / sizeof *not_here; j++)
			skip |= strcmp(denied[i].name, not_here[j]) == 0;
		int e = skip ? EPERM : inside(enter_session, denied[i].attempt);
		CHECK(e == EPERM || e == EACCES, "a session may not: %s (%d)", denied[i].name, e);
		tried += !skip;
	}
	CHECK(tried > 30, "they were tried");
	CHECK(inside(enter_session, try_xattr) == EPERM, "a session may not: setxattr");
	CHECK(inside(enter_session, try_fchmod) == EPERM, "a session may not: fchmod");
	CHECK(inside(enter_session, path_outside) == EACCES, "a session opens nothing elsewhere");
	CHECK(inside(enter_session, path_write_usr) == EACCES, "nor writes what is read-only");
	CHECK(inside(enter_session, path_read_usr) == 0, "a session reads what it was left");
	int e = inside(enter_session, session_works);
	CHECK(e == 0, "a session works in its mailbox (%d)", e);
	CHECK(inside(enter_session, may_read) == 0, "a session reads and writes");
}

static void paths(void)
{
	CHECK(inside(enter_paths, path_read_usr) == 0, "paths: a read-only path is read");
	int e = inside(enter_paths, path_write_usr);
	CHECK(e == EACCES, "paths: a read-only path is not written (%d)", e);
	CHECK(inside(enter_paths, path_outside) == EACCES, "paths: outside is out of reach");
	CHECK(inside(enter_paths, path_unlink) == EACCES, "paths: outside is not unlinked");
	CHECK(inside(enter_paths, path_make) == 0,
	      "paths: make, write, move between folders, unlink");
	CHECK(inside(enter_paths, try_exec) == EACCES, "paths: nothing is executed");
}

static bool prepare(void)
{
	char inner[80];
	if (!mkdtemp(folder))
		return false;
	(void)snprintf(file, sizeof file, "%s/file", folder);
	(void)snprintf(fresh, sizeof fresh, "%s/fresh", folder);
	(void)snprintf(inner, sizeof inner, "%s/rw", folder);
	int fd = open(file, O_WRONLY | O_CREAT, 0600);
	bool done = fd >= 0 && close(fd) == 0 && mkdir(inner, 0700) == 0;
	(void)snprintf(inner, sizeof inner, "%s/rw/d", folder);
	done = done && mkdir(inner, 0700) == 0;
	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	second_listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	return done && bind(listener, (struct sockaddr *)&a, sizeof(sa_family_t)) == 0 &&
	       listen(listener, 1) == 0 && socketpair(AF_UNIX, SOCK_STREAM, 0, keeper) == 0 &&
	       socketpair(AF_UNIX, SOCK_STREAM, 0, other) == 0;
}

static void clean_up(void)
{
	char inner[80];
	(void)snprintf(inner, sizeof inner, "%s/rw/d", folder);
	(void)rmdir(inner);
	(void)snprintf(inner, sizeof inner, "%s/rw", folder);
	(void)rmdir(inner);
	(void)unlink(file);
	(void)rmdir(folder);
}

int main(void)
{
	CHECK(prepare(), "files and sockets to try on");
#ifndef PABAL_NO_SECCOMP
	talker();
	filter();
	session();
#else
	(void)talker;
	(void)filter;
	(void)session;
	CHECK(inside(enter_session, path_outside) == EACCES, "Landlock alone: a session's files");
	CHECK(inside(enter_talker, try_create) == EACCES, "Landlock alone: no file is made");
#endif
	paths();
	reader();
	clean_up();
	return unit_done();
}
