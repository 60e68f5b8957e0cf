#include "auth/passwd.h"

#include <crypt.h>

#include "base/die.h"

enum { HASH_MIN = 20 }; /* no scheme of crypt(5) with a '$' has shorter ones */

static const span crypt_scheme = {"{CRYPT}", 7}, scram_scheme = {"{SCRAM-SHA-256}", 15};

bool passwd_usable(span password)
{
	for (size_t i = 0; i < password.n; i++)
		if ((unsigned char)password.p[i] < 0x20 || password.p[i] == 0x7f)
			return false;
	return password.n >= 1 && password.n <= PASSWD_MAX;
}

/* crypt(3) of the password with this setting; appends to `hash`. false: an invalid setting or no
 * memory. */
static bool crypt_hash(span password, const char *setting, str *hash)
{
	char phrase[PASSWD_MAX + 1];
	struct crypt_data *data = xcalloc(1, sizeof *data);
	memcpy(phrase, password.p, password.n);
	phrase[password.n] = 0;
	const char *made = crypt_r(phrase, setting, data);
	bool done = made && made[0] == '$' && str_put(hash, span_str(made));
	explicit_bzero(phrase, sizeof phrase);
	explicit_bzero(data, sizeof *data);
	free(data);
	return done;
}

bool passwd_make(span password, str *value)
{
	char setting[CRYPT_GENSALT_OUTPUT_SIZE];
	scram s;
	if (!passwd_usable(password)) {
		errno = EINVAL;
		return false;
	}
	if (!crypt_gensalt_rn("$y$", 0, NULL, 0, setting, sizeof setting))
		return false;
	bool done = str_put(value, crypt_scheme) && crypt_hash(password, setting, value) &&
		    str_putc(value, ' ') && str_put(value, scram_scheme) &&
		    scram_make(password, &s) && scram_write(&s, value);
	explicit_bzero(&s, sizeof s);
	if (!done)
		errno = EIO;
	return done;
}

/* The text behind a scheme's name; false where the value has no such scheme. */
static bool find_scheme(span value, span scheme, span *text)
{
	while (value.n) {
		span field = span_cut(&value, ' ');
		if (span_starts(field, scheme)) {
			*text = span_sub(field, scheme.n, field.n);
			return true;
		}
	}
	return false;
}

bool passwd_scram(span value, scram *s)
{
	span text;
	return find_scheme(value, scram_scheme, &text) && scram_read(text, s);
}

static enum passwd_result verify_crypt(span hash, span password)
{
	char setting[CRYPT_OUTPUT_SIZE];
	str made = str_new(CRYPT_OUTPUT_SIZE);
	if (!hash.n || hash.n >= sizeof setting || hash.p[0] != '$')
		return PASSWD_DOUBT;
	memcpy(setting, hash.p, hash.n);
	setting[hash.n] = 0;
	enum passwd_result r = PASSWD_DOUBT;
	if (crypt_hash(password, setting, &made))
		r = made.n == hash.n && digest_equal(made.p, hash.p, hash.n) ? PASSWD_RIGHT
									     : PASSWD_WRONG;
	str_free(&made);
	return r;
}

static enum passwd_result verify_scram(span text, span password)
{
	scram kept, made;
	if (!scram_read(text, &kept) ||
	    !scram_derive(password, span_of((char *)kept.salt, kept.salt_n), kept.iterations,
			  &made))
		return PASSWD_DOUBT;
	return digest_equal(kept.stored, made.stored, sizeof kept.stored) ? PASSWD_RIGHT
									  : PASSWD_WRONG;
}

enum passwd_result passwd_verify(span value, span password)
{
	span text;
	if (!passwd_usable(password))
		return PASSWD_WRONG;
	if (find_scheme(value, crypt_scheme, &text))
		return verify_crypt(text, password);
	if (find_scheme(value, scram_scheme, &text))
		return verify_scram(text, password);
	return PASSWD_DOUBT;
}

bool passwd_valid(span value)
{
	span hash, text;
	scram s;
	bool has_hash = find_scheme(value, crypt_scheme, &hash);
	bool has_scram = find_scheme(value, scram_scheme, &text);
	char setting[CRYPT_OUTPUT_SIZE];
	if (has_hash) {
		if (hash.n < HASH_MIN || hash.n >= sizeof setting || memchr(hash.p, 0, hash.n))
			return false;
		memcpy(setting, hash.p, hash.n);
		setting[hash.n] = 0;
		if (setting[0] != '$' || crypt_checksalt(setting) == CRYPT_SALT_INVALID)
			return false;
	}
	return (has_hash || has_scram) && (!has_scram || scram_read(text, &s));
}
