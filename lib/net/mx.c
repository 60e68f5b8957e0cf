#include "net/mx.h"

#include <stdlib.h>
#include <string.h>

/* Labels of length and octets up to the root; false for compression, overruns, and octets that no
 * host name has (a dot inside a label would make another name of it). */
static bool wire_name(span rdata, char to[static NET_NAME_ROOM], bool *root)
{
	char text[256];
	size_t at = 0, n = 0;
	for (;;) {
		size_t length = at < rdata.n ? (unsigned char)rdata.p[at] : 64;
		if (length > 63 || at + 1 + length > rdata.n || n + length + 1 > sizeof text)
			return false;
		if (length == 0)
			break;
		if (memchr(rdata.p + at + 1, '.', length))
			return false;
		if (n)
			text[n++] = '.';
		memcpy(text + n, rdata.p + at + 1, length);
		n += length;
		at += 1 + length;
	}
	*root = n == 0;
	return at + 1 == rdata.n && (*root || idn_to_ascii(span_of(text, n), to));
}

static int by_preference(const void *a, const void *b)
{
	const mx_host *x = a, *y = b;
	if (x->preference != y->preference)
		return x->preference < y->preference ? -1 : 1;
	return x->tie < y->tie ? -1 : x->tie > y->tie;
}

bool mx_add(mx_list *l, span rdata, uint32_t tie)
{
	mx_host h = {.tie = tie};
	bool root;
	if (rdata.n < 3)
		return false;
	h.preference = (unsigned)(unsigned char)rdata.p[0] << 8 | (unsigned char)rdata.p[1];
	if (!wire_name(span_sub(rdata, 2, rdata.n), h.name, &root))
		return false;
	if (root) {
		l->null_seen = true;
		return true;
	}
	for (size_t i = 0; i < l->count; i++) {
		if (strcmp(l->hosts[i].name, h.name) != 0)
			continue;
		if (h.preference < l->hosts[i].preference)
			l->hosts[i].preference = h.preference;
		return true;
	}
	if (l->count < MX_MAX) {
		l->hosts[l->count++] = h;
		return true;
	}
	mx_sort(l);
	if (by_preference(&h, &l->hosts[MX_MAX - 1]) < 0)
		l->hosts[MX_MAX - 1] = h;
	return true;
}

void mx_add_implicit(mx_list *l, const char *domain)
{
	mx_host *h = &l->hosts[0];
	*h = (mx_host){.preference = 0};
	memcpy(h->name, domain, strnlen(domain, sizeof h->name - 1));
	l->count = 1;
	l->implicit = true;
}

bool mx_is_null(const mx_list *l)
{
	return l->null_seen && l->count == 0;
}

void mx_sort(mx_list *l)
{
	qsort(l->hosts, l->count, sizeof *l->hosts, by_preference);
}

bool mx_drop_own(mx_list *l, span me)
{
	for (size_t i = 0; i < l->count; i++) {
		if (!span_eqi(span_str(l->hosts[i].name), me))
			continue;
		unsigned own = l->hosts[i].preference;
		while (i > 0 && l->hosts[i - 1].preference == own)
			i--;
		l->count = i;
		break;
	}
	return l->count > 0;
}
