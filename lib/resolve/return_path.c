/* Who mail comes back to that aliases send on: control/srs-secret and owner-LIST. */
#include "io/clock.h"
#include "io/control.h"
#include "io/log.h"
#include "mail/key.h"
#include "resolve/book.h"
#include "resolve/return_path.h"
#include "resolve/srs.h"

enum { DAY_SECONDS = 86400, SECRET_LEAST = 16 };

/* TABLE_ABSENT: no SRS here. */
static enum table_result secret(arena *mem, siphash_key *key, status *fault)
{
	span text;
	switch (control_value("srs-secret", mem, &text)) {
	case CONTROL_ABSENT:
		return TABLE_ABSENT;
	case CONTROL_OK:
		if (text.n < SECRET_LEAST)
			break;
		*key = siphash_key_make(text);
		return TABLE_FOUND;
	case CONTROL_ERROR:
		break;
	}
	*fault = status_doubt("control/srs-secret cannot be used: 16 octets or more are needed");
	return TABLE_ERROR;
}

enum table_result return_path_unwrap(span local, arena *mem, addr *to, status *fault)
{
	siphash_key key;
	if (!span_startsi(local, S("SRS0=")) && !span_startsi(local, S("SRS1=")))
		return TABLE_ABSENT;
	enum table_result r = secret(mem, &key, fault);
	if (r != TABLE_FOUND)
		return r;
	return srs_unwrap(&key, local, clock_now() / DAY_SECONDS, mem, to) ? TABLE_FOUND
									   : TABLE_ABSENT;
}

static bool is_ours(const resolver *r, span domain)
{
	for (size_t i = 0; i < r->domain_count; i++)
		if (span_eqi(r->domains[i], domain))
			return true;
	return !domain.n || span_eqi(domain, r->me);
}

bool return_path_forward(resolver *r, const addr *sender, str *to)
{
	siphash_key key;
	status fault = book_refresh(r);
	bool done = false;
	if (!status_is_ok(&fault) || sender->null || is_ours(r, sender->domain))
		return false;
	arena mem = arena_new(1 << 16);
	str local = str_new(ADDR_LOCAL_MAX);
	enum table_result got = secret(&mem, &key, &fault);
	if (got == TABLE_ERROR)
		log_config_error("control/srs-secret", 0, fault.text);
	if (got == TABLE_FOUND &&
	    srs_wrap(&key, sender, clock_now() / DAY_SECONDS, &local)) {
		addr_write(&(const addr){.local = str_span(&local), .domain = r->home}, to);
		done = true;
	}
	str_free(&local);
	arena_free(&mem);
	return done;
}

/* "owner-LIST+user=example.org", as far as a local part may reach. */
static void put_owner(span owner, span domain, const addr *member, str *to)
{
	str verp = str_new(ADDR_LOCAL_MAX);
	bool fits = member && str_put(&verp, owner) && str_putc(&verp, '+') &&
		    str_put(&verp, member->local) && str_putc(&verp, '=') &&
		    str_put(&verp, member->domain);
	addr_write(&(const addr){.local = fits ? str_span(&verp) : owner, .domain = domain}, to);
	str_free(&verp);
}

bool return_path_list(resolver *r, const addr *list, const addr *member, str *to)
{
	status fault = book_refresh(r);
	span value, rule, domain = list->domain.n ? list->domain : r->home;
	arena mem = arena_new(1 << 18);
	str owner = str_new(ADDR_LOCAL_MAX), key = str_new(4096);
	bool found =
	    status_is_ok(&fault) && str_put(&owner, S("owner-")) && str_put(&owner, list->local);
	key_write(str_span(&owner), domain, &key);
	found = found && book_get(r, r->aliases, true, str_span(&key), &mem, &value, &rule,
				  &fault) == TABLE_FOUND;
	if (found)
		put_owner(str_span(&owner), domain, member, to);
	str_free(&owner);
	str_free(&key);
	arena_free(&mem);
	return found;
}
