/* mail-doctor(8): looks at a whole installation and says what is wrong with it, file and line. It changes
 * nothing, and asks the network only when told to (-n). */
#include <dirent.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <sysexits.h>

#include "auth/answer_serve.h"
#include "auth/passwd.h"
#include "base/die.h"
#include "io/clock.h"
#include "io/control.h"
#include "io/file.h"
#include "io/log.h"
#include "io/proc.h"
#include "io/sandbox.h"
#include "io/table.h"
#include "maildir/deliver.h"
#include "net/dns.h"
#include "net/ucspi.h"
#include "resolve/mailbox.h"
#include "resolve/route.h"
#include "resolve/target.h"

enum { DNS_MS = 10000, TLS_MS = 30000, ARENA_MAX = 8 << 20, FAULTS_MAX = 20 };

static bool failed;

static void say(const char *word, const char *fmt, va_list args)
{
	(void)printf("%s ", word);
	(void)vprintf(fmt, args);
	(void)putchar('\n');
}

__attribute__((format(printf, 1, 2))) static void ok(const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	say("ok", fmt, args);
	va_end(args);
}

__attribute__((format(printf, 1, 2))) static void doubt(const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	say("warn", fmt, args);
	va_end(args);
}

__attribute__((format(printf, 1, 2))) static void fail(const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	say("FAIL", fmt, args);
	va_end(args);
	failed = true;
}

static void usage(FILE *to)
{
	(void)fputs("usage: mail-doctor [-n]\n", to);
}

static void check_me(arena *a)
{
	span me;
	if (control_value("me", a, &me) == CONTROL_OK)
		ok("control/me: %.*s", SPAN_FMT(me));
	else
		fail("control/me: %s; nothing is accepted without it", strerror(errno));
}

/* RFC 5321, 4.5.1: mail for postmaster is accepted for every domain. */
static void check_domains(arena *a)
{
	span *list;
	size_t n;
	resolver *r = resolver_open();
	if (control_list("domains", a, &list, &n) != CONTROL_OK || n == 0)
		fail("control/domains: %s; nothing is accepted without it",
		     n == 0 ? "empty" : strerror(errno));
	for (size_t i = 0; i < n; i++) {
		addr postmaster = {.local = S("postmaster"), .domain = list[i]};
		resolve_answer answer;
		resolve(r, &postmaster, 0, a, &answer);
		if (answer.kind == RESOLVE_REFUSED)
			fail("control/domains: postmaster@%.*s: %s", SPAN_FMT(list[i]),
			     answer.why.text);
		else
			ok("control/domains: %.*s, with a postmaster", SPAN_FMT(list[i]));
	}
	resolver_close(r);
}

static const char *user_fault(span value)
{
	static char why[PATH_MAX + 64];
	mailbox_entry e;
	if (!mailbox_parse(value, &e))
		return "malformed: maildir[:uid:gid[:quota]] is needed";
	str path = str_new(PATH_MAX - 1);
	struct stat st;
	if (e.maildir.p[0] != '/')
		(void)str_printf(&path, "%s/", control_root());
	(void)str_put(&path, e.maildir);
	bool there = maildir_check(str_cstr(&path));
	int error = errno;
	bool known = stat(str_cstr(&path), &st) == 0;
	(void)snprintf(why, sizeof why, "%s: ", str_cstr(&path));
	str_free(&path);
	size_t n = strlen(why);
	if (!there && error != EACCES && error != EPERM)
		(void)snprintf(why + n, sizeof why - n, "%s", strerror(error));
	else if (known && e.has_owner && (st.st_uid != e.uid || st.st_gid != e.gid))
		(void)snprintf(why + n, sizeof why - n, "owner is %u:%u", st.st_uid, st.st_gid);
	else
		return NULL;
	return why;
}

static const char *alias_fault(span value)
{
	arena a = arena_new(ARENA_MAX);
	addr *targets;
	size_t n;
	const char *why = target_parse(value, &a, &targets, &n);
	arena_free(&a);
	return why;
}

/* Beside this program, or in PATH; a missing program defers mail, so it is worth a line. */
static bool program_exists(span name)
{
	char self[PATH_MAX];
	str path = str_new(PATH_MAX);
	span rest = span_str(getenv("PATH"));
	bool found = false;
	if (memchr(name.p, '/', name.n)) {
		(void)str_put(&path, name);
		found = access(str_cstr(&path), X_OK) == 0;
		str_free(&path);
		return found;
	}
	ssize_t n = readlink("/proc/self/exe", self, sizeof self);
	span folder = span_of(self, n > 0 ? (size_t)n : 0);
	folder.n = span_rfind(folder, '/');
	while (!found && (folder.n || rest.n)) {
		str_clear(&path);
		(void)str_printf(&path, "%.*s/%.*s", SPAN_FMT(folder), SPAN_FMT(name));
		found = folder.n && !path.over && access(str_cstr(&path), X_OK) == 0;
		folder = span_cut(&rest, ':');
	}
	str_free(&path);
	return found;
}

static const char *route_fault(span value)
{
	span agent, hop;
	const char *why = route_parse(value, &agent, &hop);
	if (!why && agent.n && !program_exists(agent))
		why = "the agent is not there";
	return why;
}

static void check_chain(const char *name, arena *a)
{
	span chain;
	enum control_result r = control_value(name, a, &chain);
	if (r == CONTROL_ABSENT)
		return;
	span rest = chain, program = r == CONTROL_OK ? span_word(&rest) : S("");
	if (r == CONTROL_ERROR)
		fail("control/%s: %s", name, strerror(errno));
	else if (!program_exists(program))
		fail("control/%s: %.*s is not there", name, SPAN_FMT(program));
	else
		ok("control/%s: %.*s", name, SPAN_FMT(chain));
}

static const char *passwd_fault(span value)
{
	return passwd_valid(value) ? NULL : "no hash or verifier that is understood";
}

static const char *sender_fault(span value)
{
	arena a = arena_new(ARENA_MAX);
	addr to;
	str text = str_new(1024);
	(void)str_put(&text, span_starts(value, S("@")) ? S("x") : S(""));
	(void)str_put(&text, value);
	bool good = addr_mailbox(str_span(&text), &a, &to) == ADDR_OK && !to.null && to.domain.n;
	str_free(&text);
	arena_free(&a);
	return good ? NULL : "no address";
}

static const char *login_fault(span value)
{
	login l;
	return login_parse(value, &l) ? NULL : "not METHOD USER SECRET";
}

/* The order of the whole file, then each entry. */
static void check_table(const char *name, bool needed, const char *(*fault)(span value))
{
	table *t = table_open(name);
	arena a = arena_new(1 << 18);
	const char *error = "";
	size_t line = 0, entries = 0, faults = 0;
	uint64_t at = 0;
	span key, value;
	enum table_result r = table_check(t, &error, &line);
	if (r == TABLE_ERROR)
		fail("%s:%zu: %s", name, line, error);
	else if (r == TABLE_NONE && needed)
		fail("%s: no such file", name);
	while (r == TABLE_FOUND && table_next(t, &at, &a, &key, &value) == TABLE_FOUND) {
		const char *why = fault(value);
		entries++;
		if (why && faults++ < FAULTS_MAX)
			fail("%s:%zu: %.*s: %s", name, table_line(t, key), SPAN_FMT(key), why);
		arena_reset(&a);
	}
	if (faults > FAULTS_MAX)
		fail("%s: %zu more lines with faults", name, faults - FAULTS_MAX);
	if (r == TABLE_FOUND && !faults)
		ok("%s: %zu entries in order", name, entries);
	table_close(t);
	arena_free(&a);
}

static void check_nets(arena *a)
{
	span *list;
	size_t n = 0, faults = 0;
	enum control_result r = control_list("relay-nets", a, &list, &n);
	if (r == CONTROL_ERROR)
		fail("control/relay-nets: %s", strerror(errno));
	for (size_t i = 0; i < n; i++)
		if (!net_valid(list[i])) {
			fail("control/relay-nets: \"%.*s\" is no network", SPAN_FMT(list[i]));
			faults++;
		}
	if (r == CONTROL_OK && !faults)
		ok("control/relay-nets: %zu networks", n);
}

/* Type and permission bits below the root; false where it is not there. */
static bool check_mode(const char *path, mode_t type, mode_t wanted, mode_t forbidden)
{
	struct stat st;
	int root = file_open_dir(AT_FDCWD, control_root());
	bool there = root >= 0 && fstatat(root, path, &st, 0) == 0;
	if (!there)
		fail("%s: %s", path, strerror(errno));
	else if ((st.st_mode & S_IFMT) != type)
		fail("%s: of the wrong type", path);
	else if ((st.st_mode & wanted) != wanted || (st.st_mode & forbidden))
		fail("%s: mode %04o", path, st.st_mode & 07777);
	else
		ok("%s: mode %04o, owner %u:%u", path, st.st_mode & 07777, st.st_uid, st.st_gid);
	if (root >= 0)
		(void)close(root);
	return there;
}

/* All of it on one file system, of one owner: a message moves between the folders by renames. */
static void check_queue(void)
{
	static const char *const parts[] = {"queue/new", "queue/later", "queue/hold",
					    "queue/failed", "queue/log"};
	struct stat first = {0}, st;
	size_t ring = 0;
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		int fd;
		if (!check_mode(parts[i], S_IFDIR, 0700, 022) ||
		    (fd = control_open_dir(parts[i])) < 0)
			continue;
		if (fstat(fd, &st) == 0 && i == 0)
			first = st;
		if (st.st_dev != first.st_dev)
			fail("%s: on another file system than queue/new", parts[i]);
		if (st.st_uid != first.st_uid)
			fail("%s: not of the owner of queue/new", parts[i]);
		(void)close(fd);
	}
	(void)check_mode("queue/drop", S_IFDIR, 03733, 044);
	for (unsigned i = 0; i < 256; i++) {
		char path[32];
		(void)snprintf(path, sizeof path, "queue/later/%02X", i);
		int fd = control_open_dir(path);
		ring += fd >= 0;
		if (fd >= 0)
			(void)close(fd);
	}
	if (ring == 256)
		ok("queue/later: 256 buckets");
	else
		fail("queue/later: %zu buckets of 256 (mail-init makes the rest)", ring);
}

static void check_failed(void)
{
	int fd = control_open_dir("queue/failed");
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	size_t n = 0;
	for (const struct dirent *e; d && (e = readdir(d));)
		n += e->d_name[0] != '.';
	if (d)
		(void)closedir(d);
	if (n)
		doubt("queue/failed: %zu messages wait for a person", n);
}

static void check_space(const char *name)
{
	struct statvfs v;
	int fd = control_open_dir(name);
	if (fd < 0 || fstatvfs(fd, &v) < 0) {
		fail("%s: %s", name, strerror(errno));
		return;
	}
	(void)close(fd);
	uint64_t mib = (uint64_t)v.f_bavail * v.f_frsize >> 20;
	uint64_t percent = v.f_blocks ? (uint64_t)v.f_bavail * 100 / v.f_blocks : 100;
	uint64_t files = v.f_files ? (uint64_t)v.f_favail * 100 / v.f_files : 100;
	if (mib < 16 || files == 0)
		fail("%s: %" PRIu64 " MiB and %" PRIu64 " %% of the files are free", name, mib,
		     files);
	else if (mib < 512 || percent < 5 || files < 5)
		doubt("%s: %" PRIu64 " MiB and %" PRIu64 " %% of the files are free", name, mib,
		      files);
	else
		ok("%s: %" PRIu64 " MiB free", name, mib);
}

/* Tried in a child, since it is final. */
static void check_sandbox(void)
{
	int how;
	(void)fflush(stdout);
	pid_t pid = fork();
	if (pid == 0)
		_exit(sandbox_talker(-1, -1) ? 0 : errno < 255 ? errno : 255);
	if (pid < 0 || waitpid(pid, &how, 0) != pid || !WIFEXITED(how))
		fail("sandbox: could not be tried");
	else if (WEXITSTATUS(how) == 0)
		ok("sandbox: Landlock and seccomp are there");
	else if (control_exists("sandbox-optional"))
		doubt("sandbox: %s; control/sandbox-optional lets servers start without it",
		      strerror(WEXITSTATUS(how)));
	else
		fail("sandbox: %s; servers refuse to start without it", strerror(WEXITSTATUS(how)));
}

static void check_dns(arena *a)
{
	status why;
	dns *d = dns_open(&why);
	span me = S(""), *list;
	size_t n = 0;
	int64_t deadline = clock_ms() + DNS_MS;
	if (!d) {
		fail("DNS: %s", why.text);
		return;
	}
	if (control_value("me", a, &me) == CONTROL_OK) {
		dial_addrs addrs;
		why = dns_addrs(d, arena_cstr(a, me), 25, deadline, &addrs);
		if (status_is_ok(&why))
			ok("DNS: %.*s has an address", SPAN_FMT(me));
		else
			fail("DNS: control/me: %.*s: %s", SPAN_FMT(me), why.text);
	}
	(void)control_list("domains", a, &list, &n);
	for (size_t i = 0; i < n; i++) {
		mx_list mx;
		why = dns_mx(d, arena_cstr(a, list[i]), S(""), deadline, &mx);
		if (status_is_ok(&why))
			ok("DNS: %.*s has a host for mail", SPAN_FMT(list[i]));
		else
			fail("DNS: %.*s: %s", SPAN_FMT(list[i]), why.text);
	}
	dns_close(d);
}

/* auth-check makes it where it may; who reads it could take a remembered login for a hash that is quick to try. */
static void check_auth_key(void)
{
	str path = str_new(PATH_MAX);
	(void)str_printf(&path, "%s/auth.key", control_root());
	if (access(str_cstr(&path), F_OK) == 0)
		(void)check_mode("auth.key", S_IFREG, 0400, 077);
	str_free(&path);
}

/* tls-wrap judges what it will use; its lines are like ours. */
static void check_tls(void)
{
	char path[PATH_MAX], option[] = "-t";
	char *const argv[] = {path, option, NULL};
	if (!control_exists("tls")) {
		doubt("control/tls: there is none; no TLS is offered");
		return;
	}
	(void)fflush(stdout);
	pid_t pid = proc_beside("tls-wrap", path) ? proc_spawn(argv, NULL, PROC_FDS_NONE) : -1;
	int code = pid > 0 ? proc_wait(pid, clock_ms() + TLS_MS) : EX_TEMPFAIL;
	if (code == EX_CONFIG)
		failed = true;
	else if (code)
		fail("tls-wrap -t: cannot be asked");
}

int main(int argc, char **argv)
{
	bool network = false;
	int c;
	proc_start(argv[0]);
	while ((c = getopt(argc, argv, "hn")) != -1)
		if (c == 'h') {
			usage(stdout);
			return fflush(stdout) == 0 ? EX_OK : EX_IOERR;
		} else if (c == 'n') {
			network = true;
		} else {
			usage(stderr);
			return EX_USAGE;
		}
	if (optind != argc) {
		usage(stderr);
		return EX_USAGE;
	}
	arena a = arena_new(ARENA_MAX);
	(void)setenv("PABAL_LOG", "none", 1); /* what the libraries find is said here already */
	log_open("mail-doctor");
	check_me(&a);
	check_domains(&a);
	check_table("control/users", true, user_fault);
	check_table("control/aliases", false, alias_fault);
	check_table("control/routes", false, route_fault);
	check_table("control/sender-routes", false, route_fault);
	check_table("control/smtp-logins", false, login_fault);
	check_table("control/sender-map", false, sender_fault);
	check_table("passwd", false, passwd_fault);
	check_nets(&a);
	check_tls();
	check_chain("recv-chain", &a);
	check_chain("checkpassword", &a);
	(void)check_mode("passwd", S_IFREG, 0400, 077);
	check_auth_key();
	check_queue();
	check_failed();
	check_space("queue");
	check_space("mail");
	check_sandbox();
	if (network)
		check_dns(&a);
	arena_free(&a);
	if (fflush(stdout) != 0)
		die_errno(EX_IOERR, "stdout");
	return failed ? EX_NOMATCH : EX_OK;
}
