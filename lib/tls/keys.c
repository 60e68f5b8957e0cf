#include "tls/keys.h"

#include <dirent.h>
#include <sys/stat.h>

#include "base/die.h"
#include "base/str.h"
#include "io/control.h"
#include "io/log.h"

enum { KEYS_MAX = 10000, NAME_MAX_OCTETS = 255 };

/* By what a change of a file shows, links followed. */
typedef struct print {
	dev_t dev;
	ino_t ino;
	off_t size;
	struct timespec changed, written;
} print;

typedef struct entry {
	char *name;
	print cert, key;       /* of the last attempt to read them */
	tls_context *context;  /* NULL: could not be read yet */
	char why[TLS_WHY_MAX]; /* of the last attempt; "" it went well */
	bool seen;
} entry;

struct tls_keys {
	entry *v; /* in the order of their names */
	size_t count, room;
	char me[NAME_MAX_OCTETS + 1];
	arena mem;
	tls_server_options options;
	bool complained; /* of no folder at all */
};

static void find_files(const entry *e, str *cert, str *key)
{
	const char *root = control_root();
	str_clear(key);
	(void)str_printf(key, "%s/control/tls/%s/key.pem", root, e->name);
	bool ours = access(str_cstr(key), F_OK) == 0;
	if (!ours) {
		str_clear(key);
		(void)str_printf(key, "%s/control/tls/%s/privkey.pem", root, e->name);
		ours = access(str_cstr(key), F_OK) < 0;
	}
	if (ours) {
		str_clear(key);
		(void)str_printf(key, "%s/control/tls/%s/key.pem", root, e->name);
	}
	str_clear(cert);
	(void)str_printf(cert, "%s/control/tls/%s/%s.pem", root, e->name,
			 ours ? "cert" : "fullchain");
}

static print print_of(const char *path)
{
	struct stat st;
	print p;
	memset(&p, 0, sizeof p);
	if (stat(path, &st) == 0) {
		p.dev = st.st_dev;
		p.ino = st.st_ino;
		p.size = st.st_size;
		p.changed = st.st_ctim;
		p.written = st.st_mtim;
	}
	return p;
}

static bool same(const print *a, const print *b)
{
	return memcmp(a, b, sizeof *a) == 0;
}

static void say_loaded(const entry *e)
{
	log_line l;
	log_begin(&l, "certificate");
	log_puts(&l, "name", e->name);
	log_end(&l);
}

static void load(tls_keys *k, entry *e)
{
	str cert = str_new(PATH_MAX), key = str_new(PATH_MAX);
	find_files(e, &cert, &key);
	print pc = print_of(str_cstr(&cert)), pk = print_of(str_cstr(&key));
	bool changed = !e->seen || !same(&pc, &e->cert) || !same(&pk, &e->key);
	e->seen = true;
	e->cert = pc;
	e->key = pk;
	if (changed) {
		tls_context *made =
		    tls_server_new(str_cstr(&cert), str_cstr(&key), &k->options, e->why);
		if (made) {
			e->why[0] = 0;
			tls_context_free(e->context);
			e->context = made;
			say_loaded(e);
		} else {
			log_config_error("control/tls", 0, e->why);
		}
	}
	str_free(&cert);
	str_free(&key);
}

/* Where it is, or belongs. */
static size_t place(const tls_keys *k, span name, bool *there)
{
	size_t low = 0, high = k->count;
	*there = false;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int order = span_cmp(span_str(k->v[mid].name), name);
		if (order == 0)
			*there = true;
		if (order < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static void note(tls_keys *k, const char *name)
{
	bool there;
	size_t at = place(k, span_str(name), &there);
	if (there || k->count >= KEYS_MAX)
		return;
	if (k->count == k->room) {
		k->room = k->room ? 2 * k->room : 8;
		k->v = xrealloc(k->v, k->room, sizeof *k->v);
	}
	memmove(k->v + at + 1, k->v + at, (k->count - at) * sizeof *k->v);
	k->v[at] = (entry){.name = xstrdup(name)};
	k->count++;
}

static void drop(tls_keys *k, size_t i)
{
	tls_context_free(k->v[i].context);
	free(k->v[i].name);
	memmove(k->v + i, k->v + i + 1, (--k->count - i) * sizeof *k->v);
}

static bool is_folder(const char *name)
{
	struct stat st;
	str path = str_new(PATH_MAX);
	(void)str_printf(&path, "%s/control/tls/%s", control_root(), name);
	bool yes = !path.over && stat(str_cstr(&path), &st) == 0 && S_ISDIR(st.st_mode);
	str_free(&path);
	return yes;
}

static void read_folder(tls_keys *k)
{
	int fd = control_open_dir("control/tls");
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	if (!d && !k->complained)
		log_config_error("control/tls", 0, strerror(errno));
	k->complained = !d;
	if (!d) {
		if (fd >= 0)
			(void)close(fd);
		return;
	}
	for (struct dirent *e; (e = readdir(d));)
		if (e->d_name[0] != '.' && is_folder(e->d_name))
			note(k, e->d_name);
	(void)closedir(d);
}

void tls_keys_refresh(tls_keys *k)
{
	read_folder(k);
	for (size_t i = k->count; i-- > 0;)
		if (is_folder(k->v[i].name))
			load(k, &k->v[i]);
		else
			drop(k, i);
}

static const char *option(tls_keys *k, const char *name)
{
	span value;
	if (control_value(name, &k->mem, &value) != CONTROL_OK)
		return NULL;
	return arena_cstr(&k->mem, value);
}

tls_keys *tls_keys_open(void)
{
	tls_keys *k = xcalloc(1, sizeof *k);
	k->mem = arena_new(1 << 16);
	const char *me = option(k, "me");
	(void)snprintf(k->me, sizeof k->me, "%s", me ? me : "");
	k->options.ciphers = option(k, "tls-ciphers");
	k->options.client_ca = option(k, "tls-client-ca");
	tls_keys_refresh(k);
	return k;
}

void tls_keys_close(tls_keys *k)
{
	while (k->count)
		drop(k, k->count - 1);
	free(k->v);
	arena_free(&k->mem);
	free(k);
}

static tls_context *get(const tls_keys *k, span name)
{
	bool there;
	size_t at = place(k, name, &there);
	return there ? k->v[at].context : NULL;
}

tls_context *tls_keys_default(const tls_keys *k)
{
	tls_context *c = get(k, S("default"));
	if (!c)
		c = get(k, span_str(k->me));
	for (size_t i = 0; i < k->count && !c; i++)
		c = k->v[i].context;
	return c;
}

tls_context *tls_keys_find(void *arg, const char *name)
{
	const tls_keys *k = arg;
	char lower[NAME_MAX_OCTETS + 3] = "*";
	size_t n = 0;
	for (; name[n] && n < NAME_MAX_OCTETS; n++)
		lower[n + 1] = ascii_lower(name[n]);
	while (n && lower[n] == '.')
		n--;
	span whole = span_of(lower + 1, n);
	tls_context *c = get(k, whole);
	size_t dot = span_find(whole, '.');
	if (c || dot == whole.n || dot == 0)
		return c;
	lower[dot] = '*'; /* in place of the first label's last octet */
	return get(k, span_of(lower + dot, n - dot + 1));
}

const char *tls_keys_why(const tls_keys *k)
{
	for (size_t i = 0; i < k->count; i++)
		if (k->v[i].why[0])
			return k->v[i].why;
	return "";
}

static bool others_can_read(const entry *e)
{
	struct stat st;
	str cert = str_new(PATH_MAX), key = str_new(PATH_MAX);
	find_files(e, &cert, &key);
	bool yes = stat(str_cstr(&key), &st) == 0 && (st.st_mode & 07);
	str_free(&cert);
	str_free(&key);
	return yes;
}

/* True where it can be used. */
static bool judge(const entry *e, out *to)
{
	enum { SOON_DAYS = 14 };
	int days = e->context ? tls_context_days(e->context) : 0;
	bool default_one = strcmp(e->name, "default") == 0;
	const char *fault = !e->context || e->why[0] ? e->why
			    : others_can_read(e)     ? "everybody can read its key"
			    : days < 0		     ? "has ended"
						     : NULL;
	const char *doubt =
	    fault						      ? NULL
	    : days < SOON_DAYS					      ? "ends soon"
	    : !default_one && !tls_context_names(e->context, e->name) ? "is not good for this name"
	    : tls_context_self_signed(e->context) ? "is signed by itself: nobody can be sure of it"
						  : NULL;
	out_printf(to, "%s control/tls/%s: %s",
		   fault   ? "FAIL"
		   : doubt ? "warn"
			   : "ok",
		   e->name,
		   fault   ? fault
		   : doubt ? doubt
			   : "certificate and key");
	if (e->context && days >= 0)
		out_printf(to, ", %d days left", days);
	out_puts(to, "\n");
	return !fault;
}

bool tls_keys_report(const tls_keys *k, out *to)
{
	bool good = true;
	for (size_t i = 0; i < k->count; i++)
		good &= judge(&k->v[i], to);
	if (!tls_keys_default(k)) {
		out_puts(to, "FAIL control/tls: no key that can be used; TLS is not offered\n");
		good = false;
	}
	return good;
}
