#include "auth/secret.h"

#include <sys/random.h>

#include "io/control.h"
#include "io/file.h"
#include "io/out.h"
#include "mail/base64.h"

enum { FILE_MAX = 128 };

static bool read_key(int root, unsigned char *key)
{
	str text = str_new(FILE_MAX), octets = str_new(SECRET_OCTETS);
	bool done = file_read(root, "auth.key", &text);
	if (done) {
		done =
		    base64_read(span_trim(str_span(&text)), &octets) && octets.n == SECRET_OCTETS;
		errno = EINVAL;
	}
	if (done)
		memcpy(key, octets.p, SECRET_OCTETS);
	str_free(&text);
	str_free(&octets);
	return done;
}

/* A name of its own first, then a link: of two that make it at once one wins, and both read the same. */
static bool write_key(int root, span content)
{
	char name[64];
	(void)snprintf(name, sizeof name, ".auth.key.%ld", (long)getpid());
	int fd = openat(root, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return false;
	bool done = write_all(fd, content) && file_sync(fd) &&
		    (linkat(root, name, root, "auth.key", 0) == 0 || errno == EEXIST);
	int error = errno;
	(void)close(fd);
	(void)unlinkat(root, name, 0);
	errno = error;
	return done;
}

static bool make_key(int root)
{
	unsigned char fresh[SECRET_OCTETS];
	str text = str_new(FILE_MAX);
	bool done = getrandom(fresh, sizeof fresh, 0) == (ssize_t)sizeof fresh &&
		    base64_write(span_of((const char *)fresh, sizeof fresh), &text) &&
		    str_putc(&text, '\n') && write_key(root, str_span(&text));
	explicit_bzero(fresh, sizeof fresh);
	str_free(&text);
	return done;
}

bool secret_read(unsigned char key[static SECRET_OCTETS])
{
	int root = control_open_dir("");
	if (root < 0)
		return false;
	bool done = read_key(root, key);
	if (!done && errno == ENOENT)
		done = make_key(root) && read_key(root, key);
	int error = errno;
	(void)close(root);
	errno = error;
	return done;
}

bool secret_mac(const unsigned char key[static SECRET_OCTETS], span purpose, span octets,
		unsigned char mac[static DIGEST_SHA256])
{
	unsigned char own[DIGEST_SHA256];
	bool done = digest_hmac_sha256(span_of((const char *)key, SECRET_OCTETS), purpose, own) &&
		    digest_hmac_sha256(span_of((const char *)own, sizeof own), octets, mac);
	explicit_bzero(own, sizeof own);
	return done;
}
