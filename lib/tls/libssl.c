#include "tls/libssl.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "base/die.h"

struct tls_context {
	SSL_CTX *ctx;
};

struct tls_conn {
	SSL *ssl;
	const char *alpn; /* borrowed */
	tls_chooser *choose;
	void *arg;
	bool client;
	char error[TLS_WHY_MAX];
};

static const char sane_ciphers[] = "ECDHE+AESGCM:ECDHE+CHACHA20:DHE+AESGCM:!aNULL";

static void explain(char why[static TLS_WHY_MAX], const char *what)
{
	unsigned long e = ERR_peek_error(); /* the first is the nearest to the cause */
	const char *reason = e ? ERR_reason_error_string(e) : NULL;
	if (e && ERR_SYSTEM_ERROR(e))
		reason = strerror(ERR_GET_REASON(e));
	(void)snprintf(why, TLS_WHY_MAX, "%s%s%s", what, *what ? ": " : "",
		       reason ? reason : "no reason given");
	ERR_clear_error();
}

/* A key with a passphrase is one that cannot be read: nobody is there to ask. */
static int no_passphrase(char *buf, int size, int writing, void *arg)
{
	(void)buf;
	(void)size;
	(void)writing;
	(void)arg;
	return -1;
}

static tls_conn *conn_of(SSL *ssl)
{
	return SSL_get_app_data(ssl);
}

/* Names by commas. */
static bool listed(const char *names, span name)
{
	span rest = span_str(names);
	while (rest.n)
		if (span_eq(span_cut(&rest, ','), name))
			return true;
	return false;
}

/* A client that offers protocols and not ours is lost, or led astray by an attacker between (ALPACA; RFC 7301, 3.2). */
static int on_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_n,
		   const unsigned char *in, unsigned n, void *arg)
{
	const tls_conn *c = conn_of(ssl);
	(void)arg;
	if (!c->alpn || !*c->alpn)
		return SSL_TLSEXT_ERR_NOACK;
	for (unsigned at = 0; at < n && at + in[at] < n; at += in[at] + 1u)
		if (listed(c->alpn, span_of((const char *)in + at + 1, in[at]))) {
			*out = in + at + 1;
			*out_n = in[at];
			return SSL_TLSEXT_ERR_OK;
		}
	return SSL_TLSEXT_ERR_ALERT_FATAL;
}

static int on_name(SSL *ssl, int *alert, void *arg)
{
	tls_conn *c = conn_of(ssl);
	const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
	tls_context *to = name && c->choose ? c->choose(c->arg, name) : NULL;
	(void)alert;
	(void)arg;
	if (to)
		(void)SSL_set_SSL_CTX(ssl, to->ctx);
	return SSL_TLSEXT_ERR_OK;
}

static tls_context *context_new(const SSL_METHOD *method)
{
	(void)OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
	tls_context *t = xcalloc(1, sizeof *t);
	t->ctx = SSL_CTX_new(method);
	if (!t->ctx)
		return t;
	(void)SSL_CTX_set_min_proto_version(t->ctx, TLS1_2_VERSION);
	(void)SSL_CTX_set_options(
	    t->ctx, SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION |
			SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
	(void)SSL_CTX_set_mode(t->ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
					   SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	(void)SSL_CTX_set_session_cache_mode(t->ctx, SSL_SESS_CACHE_OFF);
	(void)SSL_CTX_set_num_tickets(t->ctx, 0);
	SSL_CTX_set_default_passwd_cb(t->ctx, no_passphrase);
	return t;
}

void tls_context_free(tls_context *t)
{
	if (!t)
		return;
	SSL_CTX_free(t->ctx);
	free(t);
}

int tls_context_days(const tls_context *t)
{
	int days = 0, seconds = 0;
	const X509 *cert = SSL_CTX_get0_certificate(t->ctx);
	(void)ASN1_TIME_diff(&days, &seconds, NULL, X509_get0_notAfter(cert));
	return seconds < 0 ? days - 1 : days;
}

bool tls_context_names(const tls_context *t, const char *name)
{
	return X509_check_host(SSL_CTX_get0_certificate(t->ctx), name, 0, 0, NULL) == 1;
}

bool tls_context_self_signed(const tls_context *t)
{
	return X509_self_signed(SSL_CTX_get0_certificate(t->ctx), 0) == 1;
}

/* A certificate that is not good for its purpose refuses the client; none at all does not. */
static bool ask_clients(SSL_CTX *ctx, const char *ca)
{
	STACK_OF(X509_NAME) *names = SSL_load_client_CA_file(ca);
	if (!names || SSL_CTX_load_verify_file(ctx, ca) != 1)
		return false;
	SSL_CTX_set_client_CA_list(ctx, names);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	return true;
}

tls_context *tls_server_new(const char *cert, const char *key, const tls_server_options *o,
			    char why[static TLS_WHY_MAX])
{
	tls_context *t = context_new(TLS_server_method());
	SSL_CTX *ctx = t->ctx;
	const char *failed = NULL;
	ERR_clear_error();
	if (!ctx)
		failed = "libssl";
	else if (SSL_CTX_use_certificate_chain_file(ctx, cert) != 1)
		failed = cert;
	else if (SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) != 1 ||
		 SSL_CTX_check_private_key(ctx) != 1)
		failed = key;
	else if (SSL_CTX_set_cipher_list(ctx, o->ciphers ? o->ciphers : sane_ciphers) != 1)
		failed = "control/tls-ciphers";
	else if (o->client_ca && !ask_clients(ctx, o->client_ca))
		failed = o->client_ca;
	if (failed) {
		explain(why, failed);
		tls_context_free(t);
		return NULL;
	}
	(void)SSL_CTX_set_dh_auto(ctx, 1);
	SSL_CTX_set_alpn_select_cb(ctx, on_alpn, NULL);
	(void)SSL_CTX_set_tlsext_servername_callback(ctx, on_name);
	(void)SSL_CTX_set_session_id_context(ctx, (const unsigned char *)"pabal", 5);
	return t;
}

tls_context *tls_client_new(const char *ca, bool is_directory, char why[static TLS_WHY_MAX])
{
	tls_context *t = context_new(TLS_client_method());
	ERR_clear_error();
	if (t->ctx && (!ca || (is_directory ? SSL_CTX_load_verify_dir(t->ctx, ca)
					    : SSL_CTX_load_verify_file(t->ctx, ca)) == 1))
		return t;
	explain(why, ca ? ca : "libssl");
	tls_context_free(t);
	return NULL;
}

static tls_conn *conn_new(tls_context *t, int in, int out)
{
	tls_conn *c = xcalloc(1, sizeof *c);
	c->ssl = SSL_new(t->ctx);
	if (c->ssl && SSL_set_app_data(c->ssl, c) == 1 && SSL_set_rfd(c->ssl, in) == 1 &&
	    SSL_set_wfd(c->ssl, out) == 1)
		return c;
	tls_conn_free(c);
	return NULL;
}

tls_conn *tls_accept_on(tls_context *t, int in, int out, const char *alpn, tls_chooser *choose,
			void *arg)
{
	tls_conn *c = conn_new(t, in, out);
	if (!c)
		return NULL;
	c->alpn = alpn;
	c->choose = choose;
	c->arg = arg;
	SSL_set_accept_state(c->ssl);
	return c;
}

static bool offer_alpn(SSL *ssl, const char *names)
{
	unsigned char wire[256];
	size_t n = 0;
	span rest = span_str(names);
	while (rest.n) {
		span name = span_cut(&rest, ',');
		if (!name.n || name.n > 255 || name.n + 1 > sizeof wire - n)
			return false;
		wire[n++] = (unsigned char)name.n;
		memcpy(wire + n, name.p, name.n);
		n += name.n;
	}
	return n == 0 || SSL_set_alpn_protos(ssl, wire, (unsigned)n) == 0;
}

tls_conn *tls_connect_on(tls_context *t, int in, int out, const tls_want *w)
{
	tls_conn *c = conn_new(t, in, out);
	if (!c)
		return NULL;
	bool named = w->name && *w->name;
	c->client = true;
	SSL_set_connect_state(c->ssl);
	SSL_set_hostflags(c->ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	/* an address is no name to ask for (RFC 6066, 3), but may stand in a certificate */
	if (named && X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(c->ssl), w->name) == 1)
		named = false;
	if ((named && (SSL_set_tlsext_host_name(c->ssl, w->name) != 1 ||
		       SSL_set1_host(c->ssl, w->name) != 1)) ||
	    (w->verify && !(w->name && *w->name)) || !offer_alpn(c->ssl, w->alpn)) {
		tls_conn_free(c);
		return NULL;
	}
	SSL_set_verify(c->ssl, w->verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, NULL);
	return c;
}

void tls_conn_free(tls_conn *c)
{
	SSL_free(c->ssl);
	free(c);
}

const char *tls_error(const tls_conn *c)
{
	return c->error;
}

static bool unexpected_end(void)
{
	unsigned long e = ERR_peek_last_error();
	return ERR_GET_LIB(e) == ERR_LIB_SSL &&
	       ERR_GET_REASON(e) == SSL_R_UNEXPECTED_EOF_WHILE_READING;
}

static enum tls_result result_of(tls_conn *c, int returned)
{
	int error = errno;
	switch (SSL_get_error(c->ssl, returned)) {
	case SSL_ERROR_NONE:
		return TLS_OK;
	case SSL_ERROR_WANT_READ:
		return TLS_WAIT_READ;
	case SSL_ERROR_WANT_WRITE:
		return TLS_WAIT_WRITE;
	case SSL_ERROR_ZERO_RETURN:
		return TLS_CLOSED;
	case SSL_ERROR_SYSCALL:
		(void)snprintf(c->error, sizeof c->error, "%s",
			       error ? strerror(error) : "connection lost");
		return TLS_CUT;
	default:
		break;
	}
	bool end = unexpected_end();
	long verified = SSL_get_verify_result(c->ssl);
	if (verified != X509_V_OK && SSL_get_verify_mode(c->ssl) != SSL_VERIFY_NONE) {
		ERR_clear_error();
		(void)snprintf(c->error, sizeof c->error, "certificate: %s",
			       X509_verify_cert_error_string(verified));
	} else {
		explain(c->error, "");
	}
	return end ? TLS_CUT : TLS_BROKEN;
}

enum tls_result tls_handshake(tls_conn *c)
{
	ERR_clear_error();
	errno = 0;
	int r = SSL_do_handshake(c->ssl);
	return r == 1 ? TLS_OK : result_of(c, r);
}

enum tls_result tls_read(tls_conn *c, char *to, size_t room, size_t *got)
{
	ERR_clear_error();
	errno = 0;
	*got = 0;
	int r = SSL_read_ex(c->ssl, to, room, got);
	return r == 1 ? TLS_OK : result_of(c, r);
}

enum tls_result tls_write(tls_conn *c, span s, size_t *put)
{
	ERR_clear_error();
	errno = 0;
	*put = 0;
	int r = SSL_write_ex(c->ssl, s.p, s.n, put);
	return r == 1 ? TLS_OK : result_of(c, r);
}

enum tls_result tls_bye(tls_conn *c)
{
	ERR_clear_error();
	errno = 0;
	int r = SSL_shutdown(c->ssl);
	return r >= 0 ? TLS_OK : result_of(c, r);
}

/* What can stand in a header field and an environment; other text is left out whole. */
static void put_text(char *to, size_t room, span s)
{
	to[0] = 0;
	if (s.n >= room)
		return;
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] <= 0x20 || s.p[i] >= 0x7f)
			return;
	if (s.n)
		memcpy(to, s.p, s.n);
	to[s.n] = 0;
}

/* RFC 9266: not before TLS 1.3, whose keys are bound to the whole handshake. */
static void put_exporter(const tls_conn *c, char to[static 65])
{
	static const char label[] = "EXPORTER-Channel-Binding";
	unsigned char key[32];
	to[0] = 0;
	if (SSL_version(c->ssl) < TLS1_3_VERSION ||
	    SSL_export_keying_material(c->ssl, key, sizeof key, label, sizeof label - 1,
				       (const unsigned char *)"", 0, 1) != 1)
		return;
	for (size_t i = 0; i < sizeof key; i++)
		(void)snprintf(to + 2 * i, 3, "%02x", key[i]);
}

static span text_of(const ASN1_STRING *s)
{
	const unsigned char *p = s ? ASN1_STRING_get0_data(s) : NULL;
	int n = s ? ASN1_STRING_length(s) : 0;
	return span_of((const char *)p, p && n > 0 ? (size_t)n : 0);
}

/* Whose certificate it is: the first mail address among its names, else the common name. */
static void put_peer(const tls_conn *c, char *to, size_t room)
{
	X509 *cert = SSL_get0_peer_certificate(c->ssl);
	to[0] = 0;
	if (!cert)
		return;
	GENERAL_NAMES *names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
	for (int i = 0; i < sk_GENERAL_NAME_num(names) && !to[0]; i++) {
		const GENERAL_NAME *g = sk_GENERAL_NAME_value(names, i);
		if (g->type == GEN_EMAIL)
			put_text(to, room, text_of(g->d.rfc822Name));
	}
	GENERAL_NAMES_free(names);
	X509_NAME *subject = X509_get_subject_name(cert);
	int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
	if (!to[0] && at >= 0)
		put_text(to, room,
			 text_of(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at))));
}

void tls_facts_of(const tls_conn *c, tls_facts *f)
{
	const unsigned char *alpn = NULL;
	unsigned n = 0;
	memset(f, 0, sizeof *f);
	put_text(f->version, sizeof f->version, span_str(SSL_get_version(c->ssl)));
	/* IANA's name, which the tls clause of a Received field wants (RFC 8314, 4.3) */
	put_text(f->cipher, sizeof f->cipher,
		 span_str(SSL_CIPHER_standard_name(SSL_get_current_cipher(c->ssl))));
	put_text(f->sni, sizeof f->sni,
		 span_str(SSL_get_servername(c->ssl, TLSEXT_NAMETYPE_host_name)));
	SSL_get0_alpn_selected(c->ssl, &alpn, &n);
	put_text(f->alpn, sizeof f->alpn, span_of((const char *)alpn, n));
	put_exporter(c, f->exporter);
	f->verified = SSL_get0_peer_certificate(c->ssl) &&
		      SSL_get_verify_mode(c->ssl) != SSL_VERIFY_NONE &&
		      SSL_get_verify_result(c->ssl) == X509_V_OK;
	if (f->verified)
		put_peer(c, f->peer, sizeof f->peer);
}
