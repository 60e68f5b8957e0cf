#include "resolve/book.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/die.h"
#include "io/control.h"
#include "io/log.h"

enum { SETTINGS_MAX = 16 << 20 };

static str control_path(const char *name)
{
	str path = str_new(1 << 16);
	(void)str_printf(&path, "%s/control/%s", control_root(), name);
	return path;
}

resolver *resolver_open(void)
{
	resolver *r = xcalloc(1, sizeof *r);
	r->users = table_open("control/users");
	r->aliases = table_open("control/aliases");
	r->routes = table_open("control/routes");
	r->sender_routes = table_open("control/sender-routes");
	r->me_path = control_path("me");
	r->domains_path = control_path("domains");
	r->mem = arena_new(SETTINGS_MAX);
	return r;
}

void resolver_close(resolver *r)
{
	if (!r)
		return;
	table_close(r->users);
	table_close(r->aliases);
	table_close(r->routes);
	table_close(r->sender_routes);
	str_free(&r->me_path);
	str_free(&r->domains_path);
	arena_free(&r->mem);
	free(r);
}

void resolver_sender(resolver *r, const addr *sender)
{
	r->sender = sender;
}

void resolver_explain(resolver *r, bool on)
{
	r->explain = on;
}

status book_fault(const char *file, size_t line, const char *text)
{
	span path = span_str(file), root = span_str(control_root());
	log_config_error(file, line, text);
	if (span_starts(path, root))
		path = span_sub(path, root.n + 1, path.n);
	if (line)
		return status_doubt("%.*s:%zu: %s", SPAN_FMT(path), line, text);
	return status_doubt("%.*s: %s", SPAN_FMT(path), text);
}

status book_fault_at(table *t, span key, const char *text)
{
	return book_fault(table_path(t), table_line(t, key), text);
}

static status control_fault(const char *name, const char *text)
{
	str path = control_path(name);
	status st = book_fault(str_cstr(&path), 0, text);
	str_free(&path);
	return st;
}

static bool id_of(str *path, order_id *id)
{
	struct stat st;
	if (stat(str_cstr(path), &st) < 0)
		return false;
	*id = order_id_of(&st);
	return true;
}

static int compare_spans(const void *a, const void *b)
{
	return span_cmp(*(const span *)a, *(const span *)b);
}

static bool is_name(span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] == ' ' || s.p[i] == '\t' || s.p[i] == '@' || s.p[i] == '/')
			return false;
	return s.n > 0 && s.n <= ADDR_DOMAIN_MAX;
}

static bool lower(span s, arena *a, span *to)
{
	str text = str_new(4096);
	for (size_t i = 0; i < s.n; i++)
		(void)str_putc(&text, ascii_lower(s.p[i]));
	*to = arena_dup(a, str_span(&text));
	str_free(&text);
	return to->p != NULL;
}

static status read_domains(resolver *r)
{
	switch (control_list("domains", &r->mem, &r->domains, &r->domain_count)) {
	case CONTROL_ABSENT:
		return control_fault("domains", "missing");
	case CONTROL_ERROR:
		return control_fault("domains", strerror(errno));
	case CONTROL_OK:
		break;
	}
	for (size_t i = 0; i < r->domain_count; i++)
		if (!is_name(r->domains[i]) || !lower(r->domains[i], &r->mem, &r->domains[i]))
			return control_fault("domains", "an entry that is not a domain");
	if (r->domain_count == 0)
		return control_fault("domains", "has no entry");
	r->home = r->domains[0];
	qsort(r->domains, r->domain_count, sizeof *r->domains, compare_spans);
	return status_ok();
}

static status read_me(resolver *r)
{
	switch (control_value("me", &r->mem, &r->me)) {
	case CONTROL_ABSENT:
		return control_fault("me", "missing");
	case CONTROL_ERROR:
		return control_fault("me", errno == EINVAL ? "has no value" : strerror(errno));
	case CONTROL_OK:
		break;
	}
	return is_name(r->me) ? status_ok() : control_fault("me", "is not a host name");
}

static status read_all(resolver *r)
{
	arena_reset(&r->mem);
	r->me = r->home = S("");
	r->domain_count = 0;
	status st = read_me(r);
	if (!status_is_ok(&st)) {
		r->me = S("");
		return st;
	}
	return read_domains(r);
}

status book_refresh(resolver *r)
{
	order_id me, domains;
	bool there = id_of(&r->me_path, &me) && id_of(&r->domains_path, &domains);
	if (r->read && there && order_id_eq(&me, &r->me_id) &&
	    order_id_eq(&domains, &r->domains_id))
		return status_ok();
	r->read = false;
	status st = read_all(r);
	if (status_is_ok(&st) && there && !order_id_fresh(&me) && !order_id_fresh(&domains)) {
		r->me_id = me;
		r->domains_id = domains;
		r->read = true;
	}
	return st;
}

span resolver_me(const resolver *r)
{
	return r->me;
}

static span name_rule(resolver *r, table *t, span key, arena *a)
{
	span path = span_str(table_path(t)), root = span_str(control_root());
	str rule = str_new(1 << 16);
	(void)str_put(&rule, span_sub(path, root.n + 1, path.n));
	size_t line = r->explain ? table_line(t, key) : 0;
	if (line)
		(void)str_printf(&rule, ":%zu", line);
	span kept = arena_dup(a, str_span(&rule));
	str_free(&rule);
	return kept;
}

enum table_result book_get(resolver *r, table *t, bool optional, span key, arena *a, span *value,
			   span *rule, status *fault)
{
	const char *error;
	size_t line;
	enum table_result got = table_get(t, key, a, value, &error, &line);
	if (got == TABLE_NONE)
		got = optional ? TABLE_ABSENT : TABLE_ERROR;
	if (got == TABLE_FOUND)
		*rule = name_rule(r, t, key, a);
	if (got == TABLE_ERROR)
		*fault = book_fault(table_path(t), line, error);
	return got;
}
