#include "maildir/index.h"

#include <stdlib.h>

#include "base/die.h"

static size_t hash(span s)
{
	uint64_t h = 0xcbf29ce484222325u;
	for (size_t i = 0; i < s.n; i++)
		h = (h ^ (unsigned char)s.p[i]) * 0x100000001b3u;
	return (size_t)(h ^ h >> 29);
}

static uint32_t *slot_of(const name_index *x, span unique)
{
	size_t i = hash(unique) & (x->slots - 1);
	while (x->table[i] &&
	       !span_eq(name_unique(scan_name(x->scan.messages + x->table[i] - 1)), unique))
		i = (i + 1) & (x->slots - 1);
	return &x->table[i];
}

static void fill(name_index *x)
{
	x->slots = 64;
	while (x->slots < 2 * x->scan.count)
		x->slots *= 2;
	free(x->table);
	x->table = xcalloc(x->slots, sizeof *x->table);
	for (uint32_t i = 0; i < x->scan.count; i++)
		*slot_of(x, name_unique(scan_name(x->scan.messages + i))) = i + 1;
}

bool index_read(name_index *x, const char *dir)
{
	*x = (name_index){0};
	maildir_scan_open(&x->scan);
	if (!maildir_scan_folder(&x->scan, dir, SCAN_NEW | SCAN_CUR)) {
		int error = errno;
		index_free(x);
		errno = error;
		return false;
	}
	fill(x);
	return true;
}

void index_free(name_index *x)
{
	maildir_scan_free(&x->scan);
	free(x->table);
	*x = (name_index){0};
}

const scan_message *index_find(const name_index *x, span unique)
{
	uint32_t i = *slot_of(x, unique);
	return i ? x->scan.messages + i - 1 : NULL;
}

bool index_is_new(const name_index *x, const scan_message *m)
{
	return x->scan.parts[m->part].is_new;
}

bool index_add(name_index *x, span name, bool is_new)
{
	str path = str_new(65536);
	(void)str_put(&path, span_str(x->scan.parts[is_new ? 0 : 1].prefix));
	(void)str_put(&path, name);
	bool done = !path.over && maildir_scan_path(&x->scan, str_span(&path));
	str_free(&path);
	if (!done)
		return false;
	if (2 * x->scan.count > x->slots)
		fill(x);
	else
		*slot_of(x, name_unique(name)) = (uint32_t)x->scan.count;
	return true;
}
