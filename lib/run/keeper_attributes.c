/* XCLIENT and XFORWARD, which the keeper believes of named networks only. */
#include <arpa/inet.h>

#include "run/keeper_state.h"
#include "smtp/xattr.h"

/* false: no address. One that is unknown is nobody of ours. */
static bool set_address(peer *p, span address, arena *mem)
{
	struct sockaddr_in four = {.sin_family = AF_INET};
	struct sockaddr_in6 six = {.sin6_family = AF_INET6};
	const char *ip = address.n ? arena_cstr(mem, address) : "0.0.0.0";
	peer made;
	if (!ip)
		return false;
	if (inet_pton(AF_INET, ip, &four.sin_addr) == 1)
		peer_from_socket(&made, (struct sockaddr *)&four, NULL);
	else if (inet_pton(AF_INET6, ip, &six.sin6_addr) == 1)
		peer_from_socket(&made, (struct sockaddr *)&six, NULL);
	else
		return false;
	memcpy(p->remote_ip, made.remote_ip, sizeof p->remote_ip);
	p->loopback = made.loopback;
	p->remote_port = 0;
	p->remote_host[0] = 0;
	return true;
}

static bool become(keeper *k, const xattrs *x)
{
	peer p = k->peer;
	uint64_t port = 0;
	span name = x->value[XATTR_NAME];
	if (x->given[XATTR_ADDR] && !set_address(&p, x->value[XATTR_ADDR], &k->scratch))
		return false;
	if (span_u64(x->value[XATTR_PORT], 65535, &port))
		p.remote_port = (uint16_t)port;
	if (x->given[XATTR_NAME] && name.n < sizeof p.remote_host) {
		memcpy(p.remote_host, name.p, name.n);
		p.remote_host[name.n] = 0;
	}
	k->forward_fresh = false;
	keeper_end_transaction(k);
	login_try_end(&k->login);
	keeper_set_peer(k, &p, k->tls);
	str_clear(&k->helo);
	(void)str_put(&k->helo, x->value[XATTR_HELO]);
	return true;
}

static bool forward(keeper *k, span args)
{
	if (!k->forward_fresh)
		str_clear(&k->forward);
	if (k->forward.n) /* several commands add up */
		(void)str_putc(&k->forward, ' ');
	k->forward_fresh = true;
	return str_put(&k->forward, args) && !k->forward.over;
}

static status judge(keeper *k, bool client, span args)
{
	xattrs x;
	if (!(client ? k->xclient : k->xforward_ok))
		return status_make(EX_NOPERM, 550, "5.7.0", "not from you");
	if (!xattrs_parse(args, client, &k->scratch, &x) ||
	    !(client ? become(k, &x) : forward(k, args)))
		return status_make(EX_DATAERR, 501, "5.5.4", "attributes that are known, in xtext");
	return status_make(EX_OK, 250, "", "ok");
}

bool keeper_attributes(keeper *k, span payload)
{
	if (!payload.n)
		return false;
	status st = judge(k, payload.p[0] == 'C', span_sub(payload, 1, payload.n));
	if (!status_is_ok(&st))
		keeper_log(k, "refused", NULL, &st);
	return keeper_answer(k, st);
}
