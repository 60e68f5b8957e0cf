/* Landlock by its raw calls and a seccomp filter that is a binary search over the call numbers:
 * about six comparisons for each system call instead of one for each allowed one. */
#include "io/sandbox.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/die.h"

/* Landlock's numbers, so that old headers and new kernels go together (linux/landlock.h). */
enum {
	NR_landlock_create_ruleset = 444,
	NR_landlock_add_rule = 445,
	NR_landlock_restrict_self = 446,
	RULESET_VERSION = 1,
	RULE_PATH_BENEATH = 1,
};
#define FS_EXECUTE (UINT64_C(1) << 0)
#define FS_WRITE_FILE (UINT64_C(1) << 1)
#define FS_READ_FILE (UINT64_C(1) << 2)
#define FS_READ_DIR (UINT64_C(1) << 3)
#define FS_ABI1 ((UINT64_C(1) << 13) - 1)
#define FS_REFER (UINT64_C(1) << 13)	 /* ABI 2 */
#define FS_TRUNCATE (UINT64_C(1) << 14)	 /* ABI 3 */
#define FS_IOCTL_DEV (UINT64_C(1) << 15) /* ABI 5 */
#define FS_OF_A_FILE (FS_EXECUTE | FS_WRITE_FILE | FS_READ_FILE | FS_TRUNCATE | FS_IOCTL_DEV)
#define FS_DEVICES (UINT64_C(1) << 6 | UINT64_C(1) << 11) /* making character and block devices */
#define NET_TCP UINT64_C(3)				  /* ABI 4: bind, connect */
#define SCOPE_ALL UINT64_C(3)				  /* ABI 6: abstract sockets, signals */

struct ruleset {
	uint64_t fs, net, scoped;
};

struct path_beneath {
	uint64_t allowed;
	int32_t parent_fd;
} __attribute__((packed));

static uint64_t fs_rights(long abi)
{
	return FS_ABI1 | (abi >= 2 ? FS_REFER : 0) | (abi >= 3 ? FS_TRUNCATE : 0) |
	       (abi >= 5 ? FS_IOCTL_DEV : 0);
}

/* A ruleset descriptor; -1 with errno where the kernel has no Landlock. An older kernel than the
 * structure takes it as long as what it does not know is zero. */
static int ruleset_new(bool only_files, uint64_t *fs)
{
	long abi = syscall(NR_landlock_create_ruleset, NULL, 0, RULESET_VERSION);
	if (abi < 1)
		return -1;
	struct ruleset r = {.fs = fs_rights(abi)};
	if (!only_files && abi >= 4)
		r.net = NET_TCP;
	if (!only_files && abi >= 6)
		r.scoped = SCOPE_ALL;
	*fs = r.fs;
	size_t size = abi >= 6 ? sizeof r : abi >= 4 ? 16 : 8;
	return (int)syscall(NR_landlock_create_ruleset, &r, size, 0);
}

static bool ruleset_enter(int ruleset)
{
#ifdef PABAL_NO_SANDBOX /* the coverage variant writes its counts where the process ends */
	bool done = true;
#else
	bool done = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
		    syscall(NR_landlock_restrict_self, ruleset, 0) == 0;
#endif
	int error = errno;
	(void)close(ruleset);
	errno = error;
	return done;
}

static bool no_files(void)
{
	uint64_t fs;
	int ruleset = ruleset_new(false, &fs);
	return ruleset >= 0 && ruleset_enter(ruleset);
}

static bool allow_path(int ruleset, const sandbox_path *p, uint64_t fs)
{
	struct stat st;
	int fd = open(p->path, O_PATH | O_CLOEXEC);
	if (fd < 0)
		return false;
	uint64_t rights = p->write ? fs & ~FS_EXECUTE & ~FS_DEVICES : FS_READ_FILE | FS_READ_DIR;
	bool done = fstat(fd, &st) == 0;
	if (done && !S_ISDIR(st.st_mode))
		rights &= FS_OF_A_FILE;
	struct path_beneath rule = {.allowed = rights, .parent_fd = fd};
	done = done && syscall(NR_landlock_add_rule, ruleset, RULE_PATH_BENEATH, &rule, 0) == 0;
	int error = errno;
	(void)close(fd);
	errno = error;
	return done;
}

static bool enter_paths(const sandbox_path *paths, size_t count, bool only_files)
{
	uint64_t fs;
	int ruleset = ruleset_new(only_files, &fs);
	if (ruleset < 0)
		return false;
	for (size_t i = 0; i < count; i++) {
		if (!allow_path(ruleset, paths + i, fs)) {
			int error = errno;
			(void)close(ruleset);
			errno = error;
			return false;
		}
	}
	return ruleset_enter(ruleset);
}

bool sandbox_paths(const sandbox_path *paths, size_t count)
{
	return enter_paths(paths, count, true);
}

/* Lower limits that hold already stay. */
static bool limit(int what, rlim_t value)
{
	struct rlimit r;
	if (getrlimit((__rlimit_resource_t)what, &r) < 0)
		return false;
	if (r.rlim_max > value)
		r.rlim_max = value;
	if (r.rlim_cur > r.rlim_max)
		r.rlim_cur = r.rlim_max;
	return setrlimit((__rlimit_resource_t)what, &r) == 0;
}

static bool no_children(void)
{
#ifdef PABAL_NO_SANDBOX
	return limit(RLIMIT_CORE, 0);
#else
	return limit(RLIMIT_CORE, 0) && limit(RLIMIT_NPROC, 0);
#endif
}

static bool limits(rlim_t files)
{
#ifdef PABAL_NO_SANDBOX
	bool done = no_children();
	(void)files;
#else
	bool done = no_children() && limit(RLIMIT_NOFILE, files);
#endif
#ifndef PABAL_NO_SECCOMP /* the sanitizers map terabytes */
	done = done && limit(RLIMIT_AS, 256 << 20);
#endif
	return done;
}

#ifdef PABAL_NO_SECCOMP

static bool seccomp_talker(int listener, int keeper)
{
	(void)listener;
	(void)keeper;
	return true;
}

static bool seccomp_filter(void)
{
	return true;
}

static bool seccomp_reader(void)
{
	return true;
}

static bool seccomp_session(bool converters)
{
	(void)converters;
	return true;
}

#else

#if defined(__x86_64__)
#define ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCH AUDIT_ARCH_AARCH64
#elif defined(__riscv) && __riscv_xlen == 64
#define ARCH AUDIT_ARCH_RISCV64
#else
#error "name this architecture's AUDIT_ARCH_*"
#endif

/* A call that is let through, on a condition where `arg` is not -1: the low half of that argument
 * is `value`, or (with `clear`) has none of the bits of `value`. Both halves count for pointers. */
struct rule {
	int nr;
	int arg;
	uint32_t value;
	bool clear;
};
#define ANY(name)                                                                                  \
	{                                                                                          \
		__NR_##name, -1, 0, false                                                          \
	}
#define NOT_EXEC(name)                                                                             \
	{                                                                                          \
		__NR_##name, 2, PROT_EXEC, true                                                    \
	}

enum { RULES_MAX = 112, PROGRAM_MAX = 768 };

struct program {
	struct sock_filter code[PROGRAM_MAX];
	size_t n;
};

static void emit(struct program *p, uint16_t op, uint32_t k, uint8_t jt, uint8_t jf)
{
	if (p->n < PROGRAM_MAX)
		p->code[p->n++] = (struct sock_filter){op, jt, jf, k};
}

static void emit_verdict(struct program *p, bool allow)
{
	emit(p, BPF_RET | BPF_K, allow ? SECCOMP_RET_ALLOW : SECCOMP_RET_ERRNO | EPERM, 0, 0);
}

static void emit_leaf(struct program *p, const struct rule *r)
{
	emit(p, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)r->nr, 0, r->arg < 0 ? 1 : 3);
	if (r->arg >= 0) {
		emit(p, BPF_LD | BPF_W | BPF_ABS,
		     (uint32_t)(offsetof(struct seccomp_data, args) + 8 * (size_t)r->arg), 0, 0);
		if (r->clear)
			emit(p, BPF_JMP | BPF_JSET | BPF_K, r->value, 1, 0);
		else
			emit(p, BPF_JMP | BPF_JEQ | BPF_K, r->value, 0, 1);
	}
	emit_verdict(p, true);
	emit_verdict(p, false);
}

/* The rules are in the order of their numbers; a node jumps over its left half, by an instruction of its own since
 * a branch reaches 255 instructions only. */
static void emit_tree(struct program *p, const struct rule *r, size_t n)
{
	if (n == 1) {
		emit_leaf(p, r);
		return;
	}
	emit(p, BPF_JMP | BPF_JGE | BPF_K, (uint32_t)r[n / 2].nr, 0, 1);
	size_t jump = p->n;
	emit(p, BPF_JMP | BPF_JA, 0, 0, 0);
	emit_tree(p, r, n / 2);
	if (p->n < PROGRAM_MAX)
		p->code[jump].k = (uint32_t)(p->n - jump - 1);
	emit_tree(p, r + n / 2, n - n / 2);
}

static int by_number(const void *a, const void *b)
{
	const struct rule *x = a, *y = b;
	return (x->nr > y->nr) - (x->nr < y->nr);
}

static bool load(const struct program *p)
{
	struct sock_fprog prog = {(unsigned short)p->n, (struct sock_filter *)(uintptr_t)p->code};
	if (p->n >= PROGRAM_MAX) {
		errno = E2BIG;
		return false;
	}
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	       syscall(__NR_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog) == 0;
}

/* The program is on the heap, where the session's buffers will be: a stack keeps the pages that were once touched. */
static bool install(struct rule *rules, size_t n)
{
	struct program *p = xcalloc(1, sizeof *p);
	qsort(rules, n, sizeof *rules, by_number);
	emit(p, BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch), 0, 0);
	emit(p, BPF_JMP | BPF_JEQ | BPF_K, ARCH, 1, 0);
	emit(p, BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS, 0, 0);
	emit(p, BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr), 0, 0);
	emit_tree(p, rules, n);
	bool done = load(p);
	int error = errno;
	free(p);
	errno = error;
	return done;
}

/* Reading and writing what is open, waiting, time, memory, the end. sendto(2) has no address. */
static const struct rule common[] = {
    ANY(read),		ANY(write),
    ANY(readv),		ANY(writev),
    ANY(close),		ANY(ppoll),
    ANY(shutdown),	ANY(clock_gettime),
    ANY(gettimeofday),	ANY(brk),
    ANY(munmap),	ANY(mremap),
    ANY(madvise),	NOT_EXEC(mmap),
    NOT_EXEC(mprotect), ANY(exit),
    ANY(exit_group),	ANY(futex),
    ANY(getrandom),	ANY(rt_sigprocmask),
    ANY(rt_sigreturn),	ANY(restart_syscall),
    ANY(getpid),	ANY(getppid),
#ifdef __NR_poll
    ANY(poll),
#endif
#ifdef __NR_time
    ANY(time),
#endif
};
enum { COMMON = sizeof common / sizeof *common };

static size_t add(struct rule *to, size_t n, int nr, int arg, uint32_t value)
{
	to[n] = (struct rule){nr, arg, value, false};
	return n + 1;
}

static bool seccomp_talker(int listener, int keeper)
{
	struct rule rules[RULES_MAX];
	size_t n = COMMON;
	memcpy(rules, common, sizeof common);
	n = add(rules, n, __NR_recvfrom, 4, 0);
	n = add(rules, n, __NR_sendto, 4, 0);
	if (listener >= 0)
		n = add(rules, n, __NR_accept4, 0, (uint32_t)listener);
	if (keeper >= 0) {
		n = add(rules, n, __NR_sendmsg, 0, (uint32_t)keeper);
		n = add(rules, n, __NR_recvmsg, 0, (uint32_t)keeper);
	}
	return install(rules, n);
}

static bool seccomp_filter(void)
{
	struct rule rules[RULES_MAX];
	size_t n = COMMON;
	memcpy(rules, common, sizeof common);
	n = add(rules, n, __NR_lseek, -1, 0);
	n = add(rules, n, __NR_fstat, -1, 0);
	n = add(rules, n, __NR_pread64, -1, 0);
	n = add(rules, n, __NR_pwrite64, -1, 0);
	/* glibc's fstat(3): the name is empty, says this flag; another name tells no more than that
	 * it exists */
	n = add(rules, n, __NR_newfstatat, 3, 0x1000);
	return install(rules, n);
}

/* What iconv needs to load a converter is let through too; which files can be opened says Landlock. */
static bool seccomp_reader(void)
{
	static const int more[] = {__NR_lseek,	    __NR_fstat,	 __NR_pread64,	    __NR_pwrite64,
				   __NR_newfstatat, __NR_openat, __NR_mmap,	    __NR_mprotect,
				   __NR_getdents64, __NR_fcntl,	 __NR_rt_sigaction, __NR_sysinfo};
	struct rule rules[RULES_MAX];
	size_t n = 0;
	for (size_t i = 0; i < COMMON; i++)
		if (common[i].nr != __NR_mmap && common[i].nr != __NR_mprotect)
			rules[n++] = common[i];
	for (size_t i = 0; i < sizeof more / sizeof *more; i++)
		n = add(rules, n, more[i], -1, 0);
	return install(rules, n);
}

/* What a store does to the files of its mailbox. open(2), rename(2) and their like are the C library's on some
 * architectures, the calls with a directory on others. */
static const int session_calls[] = {
    __NR_openat,
    __NR_fstat,
    __NR_newfstatat,
    __NR_statx,
    __NR_lseek,
    __NR_pread64,
    __NR_pwrite64,
    __NR_getdents64,
    __NR_fcntl,
    __NR_flock,
    __NR_ftruncate,
    __NR_fsync,
    __NR_fdatasync,
    __NR_syncfs,
    __NR_sync_file_range,
    __NR_fallocate,
    __NR_fadvise64,
    __NR_readahead,
    __NR_renameat,
    __NR_renameat2,
    __NR_linkat,
    __NR_unlinkat,
    __NR_mkdirat,
    __NR_readlinkat,
    __NR_faccessat,
    __NR_faccessat2,
    __NR_utimensat,
    __NR_msync,
    __NR_mincore,
    __NR_sendfile,
    __NR_copy_file_range,
    __NR_preadv,
    __NR_pwritev,
    __NR_inotify_init1,
    __NR_inotify_add_watch,
    __NR_inotify_rm_watch,
    __NR_dup,
    __NR_dup3,
    __NR_umask,
    __NR_uname,
    __NR_sysinfo,
    __NR_getuid,
    __NR_geteuid,
    __NR_getgid,
    __NR_getegid,
    __NR_gettid,
    __NR_rt_sigaction,
    __NR_sigaltstack,
    __NR_fchdir,
    __NR_fstatfs,
    __NR_statfs,
    __NR_clock_nanosleep,
#ifdef __NR_open
    __NR_open,
    __NR_stat,
    __NR_lstat,
    __NR_rename,
    __NR_link,
    __NR_unlink,
    __NR_mkdir,
    __NR_rmdir,
    __NR_access,
    __NR_readlink,
    __NR_dup2,
    __NR_inotify_init,
#endif
};
enum { SESSION_CALLS = sizeof session_calls / sizeof *session_calls };

static bool seccomp_session(bool converters)
{
	struct rule rules[RULES_MAX];
	size_t n = 0;
	for (size_t i = 0; i < COMMON; i++)
		if (!converters || common[i].nr != __NR_mmap)
			rules[n++] = common[i];
	for (size_t i = 0; i < SESSION_CALLS; i++)
		n = add(rules, n, session_calls[i], -1, 0);
	n = add(rules, n, __NR_recvfrom, 4, 0);
	n = add(rules, n, __NR_sendto, 4, 0);
	if (converters)
		n = add(rules, n, __NR_mmap, -1, 0);
	return install(rules, n);
}

#endif

bool sandbox_talker(int listener, int keeper)
{
	return limits(32) && no_files() && seccomp_talker(listener, keeper);
}

bool sandbox_session(const sandbox_path *paths, size_t count, bool converters)
{
	return no_children() && enter_paths(paths, count, false) && seccomp_session(converters);
}

bool sandbox_filter(void)
{
	return limits(32) && no_files() && seccomp_filter();
}

static bool absent(void)
{
	return errno == ENOSYS || errno == EOPNOTSUPP || errno == EINVAL;
}

bool sandbox_reader(const sandbox_path *paths, size_t count)
{
	return limit(RLIMIT_CORE, 0) && (sandbox_paths(paths, count) || absent()) &&
	       (seccomp_reader() || absent());
}
