#include "auth/sasl.h"

#include "mail/base64.h"

enum { FIRST, SECOND, THIRD, OVER };

enum { AUTH_MESSAGE_MAX = 4 * SASL_MAX };

enum sasl_mechanism sasl_mechanism(span name)
{
	if (span_eqi(name, S("PLAIN")))
		return SASL_PLAIN;
	if (span_eqi(name, S("LOGIN")))
		return SASL_LOGIN;
	if (span_eqi(name, S("SCRAM-SHA-256")))
		return SASL_SCRAM_SHA_256;
	return SASL_UNKNOWN;
}

void sasl_begin(sasl *s, enum sasl_mechanism mechanism, const sasl_backend *backend)
{
	*s = (sasl){
	    .mechanism = mechanism,
	    .backend = backend,
	    .user = str_new(SASL_USER_MAX),
	    .message = str_new(AUTH_MESSAGE_MAX),
	    .nonce = str_new(2 * SASL_NONCE_MAX),
	    .header = str_new(SASL_MAX),
	};
}

void sasl_end(sasl *s)
{
	explicit_bzero(&s->verifier, sizeof s->verifier);
	str_free(&s->user);
	str_free(&s->message);
	str_free(&s->nonce);
	str_free(&s->header);
}

static bool has_nul(span s)
{
	return s.n && memchr(s.p, 0, s.n);
}

static enum sasl_result set_user(sasl *s, span user)
{
	str_clear(&s->user);
	return user.n && !has_nul(user) && str_put(&s->user, user) ? SASL_CHALLENGE
								   : SASL_MALFORMED;
}

static enum sasl_result check_password(sasl *s, span password)
{
	switch (s->backend->password(s->backend->arg, str_span(&s->user), password)) {
	case PASSWD_RIGHT:
		return SASL_RIGHT;
	case PASSWD_WRONG:
		return SASL_WRONG;
	default:
		return SASL_DOUBT;
	}
}

/* RFC 4616: [authzid] NUL authcid NUL passwd. Nobody acts for another here. */
static enum sasl_result plain(sasl *s, span message)
{
	if (span_find(message, 0) == message.n)
		return SASL_MALFORMED;
	span authzid = span_cut(&message, 0);
	if (span_find(message, 0) == message.n)
		return SASL_MALFORMED;
	span authcid = span_cut(&message, 0);
	if (message.n == 0 || has_nul(message) || set_user(s, authcid) != SASL_CHALLENGE)
		return SASL_MALFORMED;
	return authzid.n && !span_eqi(authzid, authcid) ? SASL_WRONG : check_password(s, message);
}

/* Two questions; the words are what clients expect. */
static enum sasl_result login(sasl *s, span message, str *challenge)
{
	if (s->state == FIRST) {
		s->state = SECOND;
		if (set_user(s, message) != SASL_CHALLENGE)
			return SASL_MALFORMED;
		return str_put(challenge, S("Password:")) ? SASL_CHALLENGE : SASL_DOUBT;
	}
	return message.n && !has_nul(message) ? check_password(s, message) : SASL_MALFORMED;
}

/* RFC 5802, 5.1: "=2C" is a comma, "=3D" an equals sign, no other escape. */
static bool saslname(span text, str *to)
{
	while (text.n) {
		span part = span_cut(&text, '=');
		bool more = part.p + part.n < text.p; /* a '=' was there */
		if (!str_put(to, part))
			return false;
		if (!more)
			return true;
		if (!span_starts(text, S("2C")) && !span_starts(text, S("3D")))
			return false;
		if (!str_putc(to, text.p[0] == '2' ? ',' : '='))
			return false;
		text = span_sub(text, 2, SIZE_MAX);
	}
	return true;
}

/* "X=value" up to the next comma. */
static bool attribute(span *rest, char name, span *value)
{
	span one = span_cut(rest, ',');
	*value = span_sub(one, 2, SIZE_MAX);
	return one.n >= 2 && one.p[0] == name && one.p[1] == '=';
}

static bool printable(span nonce)
{
	for (size_t i = 0; i < nonce.n; i++)
		if (nonce.p[i] < 0x21 || nonce.p[i] > 0x7e)
			return false;
	return nonce.n > 0;
}

/* gs2-header: "n" or "y" (a client that could bind to a channel, at a server that says it cannot, which is true of
 * us), and an authzid. */
static bool gs2_header(sasl *s, span message, span *bare, str *authzid)
{
	span rest = message, flag = span_cut(&rest, ',');
	if ((!span_eq(flag, S("n")) && !span_eq(flag, S("y"))) || rest.n == 0)
		return false;
	span name = span_cut(&rest, ',');
	if (name.n && (!span_starts(name, S("a=")) || name.n == 2 ||
		       !saslname(span_sub(name, 2, SIZE_MAX), authzid)))
		return false;
	*bare = rest;
	return rest.n && str_put(&s->header, span_sub(message, 0, message.n - rest.n));
}

static enum sasl_result server_first(sasl *s, span bare, span nonce, str *challenge)
{
	unsigned char ours[SASL_NONCE_OCTETS];
	str text = str_new(SASL_MAX);
	enum passwd_result r =
	    s->backend->verifier(s->backend->arg, str_span(&s->user), &s->verifier);
	if (r == PASSWD_DOUBT || !s->backend->random(s->backend->arg, ours))
		return SASL_DOUBT;
	s->known = r == PASSWD_RIGHT;
	bool done =
	    str_put(&s->nonce, nonce) &&
	    base64_write(span_of((const char *)ours, sizeof ours), &s->nonce) &&
	    str_put(&text, S("r=")) && str_put(&text, str_span(&s->nonce)) &&
	    str_put(&text, S(",s=")) &&
	    base64_write(span_of((const char *)s->verifier.salt, s->verifier.salt_n), &text) &&
	    str_put(&text, S(",i=")) && str_putu(&text, s->verifier.iterations) &&
	    str_put(&s->message, bare) && str_putc(&s->message, ',') &&
	    str_put(&s->message, str_span(&text)) && str_put(challenge, str_span(&text));
	str_free(&text);
	return done ? SASL_CHALLENGE : SASL_DOUBT;
}

static enum sasl_result client_first(sasl *s, span message, str *challenge)
{
	span bare, rest, name, nonce;
	str authzid = str_new(SASL_USER_MAX), user = str_new(SASL_USER_MAX);
	enum sasl_result r = SASL_MALFORMED;
	s->state = SECOND;
	/* A mandatory extension ("m=") is one that is not known here; others may follow the nonce. */
	if (!has_nul(message) && gs2_header(s, message, &bare, &authzid)) {
		rest = bare;
		if (attribute(&rest, 'n', &name) && attribute(&rest, 'r', &nonce) &&
		    printable(nonce) && nonce.n <= SASL_NONCE_MAX && saslname(name, &user) &&
		    set_user(s, str_span(&user)) == SASL_CHALLENGE)
			r = authzid.n && !span_eqi(str_span(&authzid), str_span(&user))
				? SASL_WRONG
				: server_first(s, bare, nonce, challenge);
	}
	str_free(&authzid);
	str_free(&user);
	return r;
}

/* channel-binding must be the gs2-header again, the nonce the whole one. */
static bool final_matches(const sasl *s, span channel, span nonce)
{
	str header = str_new(SASL_MAX);
	bool same = base64_read(channel, &header) &&
		    span_eq(str_span(&header), str_span(&s->header)) && nonce.n == s->nonce.n &&
		    digest_equal(nonce.p, s->nonce.p, nonce.n);
	str_free(&header);
	return same;
}

static enum sasl_result prove(sasl *s, span proof, str *challenge)
{
	unsigned char signature[DIGEST_SHA256];
	bool right = false;
	if (!scram_proof(&s->verifier, str_span(&s->message), proof, &right))
		return SASL_DOUBT;
	if (!right || !s->known)
		return SASL_WRONG;
	bool done = scram_signature(&s->verifier, str_span(&s->message), signature) &&
		    str_put(challenge, S("v=")) &&
		    base64_write(span_of((const char *)signature, sizeof signature), challenge);
	s->state = THIRD;
	return done ? SASL_CHALLENGE : SASL_DOUBT;
}

static enum sasl_result client_final(sasl *s, span message, str *challenge)
{
	span rest = message, channel, nonce;
	str proof = str_new(DIGEST_SHA256 + 1);
	enum sasl_result r = SASL_MALFORMED;
	size_t comma = span_rfind(message, ',');
	if (!has_nul(message) && attribute(&rest, 'c', &channel) && attribute(&rest, 'r', &nonce) &&
	    span_starts(span_sub(message, comma, SIZE_MAX), S(",p=")) &&
	    base64_read(span_sub(message, comma + 3, SIZE_MAX), &proof) &&
	    final_matches(s, channel, nonce))
		r = str_putc(&s->message, ',') && str_put(&s->message, span_sub(message, 0, comma))
			? prove(s, str_span(&proof), challenge)
			: SASL_MALFORMED;
	str_free(&proof);
	return r;
}

static enum sasl_result scram_step(sasl *s, span message, str *challenge)
{
	if (s->state == FIRST)
		return client_first(s, message, challenge);
	if (s->state == SECOND)
		return client_final(s, message, challenge);
	/* The client has seen that we know its password, and has nothing to add. */
	return message.n ? SASL_MALFORMED : SASL_RIGHT;
}

enum sasl_result sasl_ask(sasl *s, str *challenge)
{
	if (s->mechanism == SASL_LOGIN && !str_put(challenge, S("Username:")))
		return SASL_DOUBT;
	return s->mechanism == SASL_UNKNOWN ? SASL_MALFORMED : SASL_CHALLENGE;
}

static enum sasl_result one_step(sasl *s, span message, str *challenge)
{
	switch (s->mechanism) {
	case SASL_PLAIN:
		return plain(s, message);
	case SASL_LOGIN:
		return login(s, message, challenge);
	case SASL_SCRAM_SHA_256:
		return scram_step(s, message, challenge);
	default:
		return SASL_MALFORMED;
	}
}

enum sasl_result sasl_step(sasl *s, span message, str *challenge)
{
	if (message.n > SASL_MAX || s->state == OVER)
		return SASL_MALFORMED;
	enum sasl_result r = one_step(s, message, challenge);
	if (r != SASL_CHALLENGE)
		s->state = OVER;
	return r;
}

bool sasl_plain_write(span user, span password, str *to)
{
	return !has_nul(user) && !has_nul(password) && str_putc(to, 0) && str_put(to, user) &&
	       str_putc(to, 0) && str_put(to, password);
}
