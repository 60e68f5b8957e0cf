/* mail-user(8): mailboxes and logins. The order of the steps keeps every moment in between
 * harmless: the Maildir is there before mail is accepted for it, and mail is refused before the
 * login goes. */
#include <sys/stat.h>
#include <sysexits.h>
#include <termios.h>

#include "auth/passwd.h"
#include "base/die.h"
#include "base/status.h"
#include "io/control.h"
#include "io/file.h"
#include "io/in.h"
#include "io/proc.h"
#include "io/table.h"
#include "io/user.h"
#include "mail/key.h"
#include "maildir/deliver.h"

enum { VALUE_MAX = 4096, ARENA_MAX = 1 << 18 };

typedef struct options {
	bool no_login;
	const char *owner; /* -u: a system user who owns the mailbox */
	const char *quota; /* -q: octets, or with K, M, G */
} options;

static void usage(FILE *to)
{
	(void)fputs(
	    "usage: mail-user add [-n] [-u USER] [-q QUOTA] ADDRESS   (password on stdin)\n"
	    "       mail-user passwd ADDRESS                           (password on stdin)\n"
	    "       mail-user del ADDRESS\n"
	    "       mail-user list [ADDRESS]\n",
	    to);
}

static _Noreturn void misuse(void)
{
	usage(stderr);
	exit(EX_USAGE);
}

/* The key of the tables, and the address itself. */
static span normal_address(const char *text, arena *a, addr *parsed)
{
	str key = str_new(8 * ADDR_MAX);
	if (addr_mailbox(span_str(text), a, parsed) != ADDR_OK || parsed->null ||
	    !parsed->domain.n || parsed->literal)
		die(EX_USAGE, "%s: no address of the form user@domain", text);
	key_write(parsed->local, parsed->domain, &key);
	span s = arena_dup(a, str_span(&key));
	if (key.over || !s.p)
		die(EX_USAGE, "%s: too long", text);
	str_free(&key);
	return s;
}

static void require_domain(const addr *a)
{
	arena mem = arena_new(1 << 21);
	span *list;
	size_t n;
	if (control_list("domains", &mem, &list, &n) != CONTROL_OK)
		die_errno(EX_CONFIG, "%s/control/domains", control_root());
	for (size_t i = 0; i < n; i++)
		if (span_eqi(list[i], a->domain)) {
			arena_free(&mem);
			return;
		}
	die(EX_NOHOST, "%.*s is not in %s/control/domains", SPAN_FMT(a->domain), control_root());
}

/* One line of fd 0; from a terminal without an echo. */
static span read_password(arena *a)
{
	struct termios old, quiet;
	bool terminal = tcgetattr(STDIN_FILENO, &old) == 0;
	in input;
	span line;
	if (terminal) {
		quiet = old;
		quiet.c_lflag &= ~(tcflag_t)ECHO;
		(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
		(void)!write(STDERR_FILENO, "password: ", 10);
	}
	in_open(&input, STDIN_FILENO, PASSWD_MAX + 2);
	enum in_result r = in_line(&input, PASSWD_MAX + 2, &line);
	if (terminal) {
		(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &old);
		(void)!write(STDERR_FILENO, "\n", 1);
	}
	if (r != IN_OK || !passwd_usable(span_chomp(line)))
		die(EX_DATAERR,
		    "the password is one line on standard input, 1 to %d octets, no control octets",
		    PASSWD_MAX);
	line = arena_dup(a, span_chomp(line));
	in_close(&input);
	return line;
}

static enum table_result set_entry(const char *name, mode_t mode, span key, span value)
{
	enum table_result r = table_set(name, mode, key, value);
	if (r == TABLE_ERROR)
		die_errno(EX_CANTCREAT, "%s/%s", control_root(), name);
	return r;
}

static void set_password(span key, arena *a)
{
	str value = str_new(VALUE_MAX);
	if (!passwd_make(read_password(a), &value))
		die_errno(EX_OSERR, "password hash");
	(void)set_entry("passwd", 0600, key, str_span(&value));
	str_free(&value);
}

static bool has_entry(const char *name, span key, arena *a, span *value)
{
	table *t = table_open(name);
	const char *error = "";
	size_t line = 0;
	enum table_result r = table_get(t, key, a, value, &error, &line);
	if (r == TABLE_ERROR)
		die(EX_CONFIG, "%s:%zu: %s", table_path(t), line, error);
	table_close(t);
	return r == TABLE_FOUND;
}

/* Who owns the mail: -u, else the owner of mail/ itself where root runs this. */
static bool mail_owner(const options *o, uid_t *uid, gid_t *gid)
{
	struct stat st;
	int dir = control_open_dir("mail");
	if (dir < 0 || fstat(dir, &st) < 0)
		die_errno(EX_CONFIG, "%s/mail", control_root());
	(void)close(dir);
	*uid = st.st_uid;
	*gid = st.st_gid;
	if (o->owner && !user_find(o->owner, uid, gid))
		die_errno(EX_NOUSER, "%s", o->owner);
	return geteuid() == 0 && *uid != 0;
}

static void give(const char *path, uid_t uid, gid_t gid)
{
	static const char *const parts[] = {"", "/cur", "/new", "/tmp"};
	for (size_t i = 0; i < 4; i++) {
		str p = str_new(PATH_MAX);
		(void)str_printf(&p, "%s%s", path, parts[i]);
		if (lchown(str_cstr(&p), uid, gid) < 0)
			die_errno(EX_CANTCREAT, "owner of %s", str_cstr(&p));
		str_free(&p);
	}
}

static void make_maildir(const options *o, const addr *a, str *value)
{
	str path = str_new(PATH_MAX);
	uid_t uid;
	gid_t gid;
	bool other = mail_owner(o, &uid, &gid);
	(void)str_printf(&path, "%s/", control_root());
	size_t root = path.n;
	(void)str_put(&path, S("mail/"));
	key_path(a->domain, &path);
	if (!file_mkdir(AT_FDCWD, str_cstr(&path), 0711))
		die_errno(EX_CANTCREAT, "%s", str_cstr(&path));
	(void)str_putc(&path, '/');
	key_path(a->local, &path);
	if (path.over || !maildir_make(str_cstr(&path)))
		die_errno(EX_CANTCREAT, "%s", str_cstr(&path));
	if (other)
		give(str_cstr(&path), uid, gid);
	(void)str_put(value, span_sub(str_span(&path), root, path.n));
	if (other)
		(void)str_printf(value, ":%lu:%lu", (unsigned long)uid, (unsigned long)gid);
	else if (o->quota)
		(void)str_put(value, S("::"));
	if (o->quota)
		(void)str_printf(value, ":%s", o->quota);
	str_free(&path);
}

static int add(const options *o, const char *address, arena *a)
{
	addr parsed;
	span key = normal_address(address, a, &parsed), old;
	str value = str_new(VALUE_MAX);
	require_domain(&parsed);
	if (has_entry("control/users", key, a, &old))
		die(EX_CANTCREAT, "%.*s exists already", SPAN_FMT(key));
	make_maildir(o, &parsed, &value);
	if (!o->no_login)
		set_password(key, a);
	(void)set_entry("control/users", 0644, key, str_span(&value));
	str_free(&value);
	return EX_OK;
}

static int change(const char *address, arena *a)
{
	addr parsed;
	span key = normal_address(address, a, &parsed), old;
	if (!has_entry("control/users", key, a, &old))
		die(EX_NOUSER, "%.*s is not in %s/control/users", SPAN_FMT(key), control_root());
	set_password(key, a);
	return EX_OK;
}

static int del(const char *address, arena *a)
{
	addr parsed;
	span key = normal_address(address, a, &parsed), none = {NULL, 0}, value;
	bool user = has_entry("control/users", key, a, &value);
	if (user)
		(void)set_entry("control/users", 0644, key, none);
	if (!has_entry("passwd", key, a, &value)) {
		if (!user)
			die(EX_NOUSER, "there is no %.*s", SPAN_FMT(key));
		return EX_OK;
	}
	(void)set_entry("passwd", 0600, key, none);
	return EX_OK;
}

/* ADDRESS TAB MAILDIR TAB login|no-login|unknown */
static void show(span key, span value, arena *a)
{
	span maildir = span_cut(&value, ':'), secret;
	str path = str_new(PATH_MAX);
	(void)str_printf(&path, "%s/passwd", control_root());
	const char *login = "no-login";
	if (access(str_cstr(&path), R_OK) < 0)
		login = errno == ENOENT ? "no-login" : "unknown";
	else if (has_entry("passwd", key, a, &secret))
		login = "login";
	(void)printf("%.*s\t%.*s\t%s\n", SPAN_FMT(key), SPAN_FMT(maildir), login);
	str_free(&path);
}

static int list(const char *address, arena *a)
{
	addr parsed;
	span key, value, want = {NULL, 0};
	table *t = table_open("control/users");
	uint64_t at = 0;
	size_t shown = 0;
	const char *error;
	size_t line;
	if (address)
		want = normal_address(address, a, &parsed);
	enum table_result r;
	if (address) {
		if ((r = table_get(t, want, a, &value, &error, &line)) == TABLE_FOUND) {
			show(want, value, a);
			shown++;
		}
	} else {
		while ((r = table_next(t, &at, a, &key, &value)) == TABLE_FOUND) {
			show(key, value, a);
			shown++;
			arena_reset(a);
		}
	}
	if (r == TABLE_ERROR)
		die(EX_CONFIG, "%s: malformed", table_path(t));
	table_close(t);
	if (fflush(stdout) != 0)
		die_errno(EX_IOERR, "stdout");
	return address && !shown ? EX_NOMATCH : EX_OK;
}

static bool quota_ok(span s)
{
	uint64_t n;
	if (s.n && strchr("KMG", s.p[s.n - 1]))
		s.n--;
	return span_u64(s, UINT64_MAX >> 31, &n);
}

int main(int argc, char **argv)
{
	options o = {false, NULL, NULL};
	arena a = arena_new(ARENA_MAX);
	int c;
	proc_start(argv[0]);
	const char *verb = argc > 1 ? argv[1] : "";
	if (strcmp(verb, "-h") == 0) {
		usage(stdout);
		return fflush(stdout) == 0 ? EX_OK : EX_IOERR;
	}
	while (argc > 1 && (c = getopt(argc - 1, argv + 1, "nu:q:")) != -1) {
		if (c == '?' || strcmp(verb, "add") != 0)
			misuse();
		o.no_login |= c == 'n';
		o.owner = c == 'u' ? optarg : o.owner;
		o.quota = c == 'q' ? optarg : o.quota;
	}
	int left = argc - 1 - optind;
	char **rest = argv + 1 + optind;
	if (o.quota && !quota_ok(span_str(o.quota)))
		die(EX_USAGE, "-q %s: octets, or a number with K, M or G, are needed", o.quota);
	int code = EX_USAGE;
	if (strcmp(verb, "list") == 0 && left <= 1)
		code = list(left ? rest[0] : NULL, &a);
	else if (strcmp(verb, "add") == 0 && left == 1)
		code = add(&o, rest[0], &a);
	else if (strcmp(verb, "passwd") == 0 && left == 1)
		code = change(rest[0], &a);
	else if (strcmp(verb, "del") == 0 && left == 1)
		code = del(rest[0], &a);
	else
		misuse();
	arena_free(&a);
	return code;
}
