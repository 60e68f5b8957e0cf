/* links: imap maildir mail io base : z */
/* A search and, behind a NUL, one of the messages that it looks at. What must hold: each message is meant by the keys or by
 * NOT of them; and RETURN tells the same as no RETURN. */
#include "imap/search.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/conv.h"
#include "maildir/cache.h"
#include "maildir/deliver.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MESSAGES = 3 };
static const char *const names[MESSAGES] = {"new/1.a,S=7,W=9", "cur/1795500000.b,S=90,W=99:2,FS",
					    "cur/1795600000.c:2,DP"};
static char box[64];
static int box_dir;
static folder *view;
static charset_opener opener;

static void put(const char *name, span text)
{
	int fd = openat(box_dir, name, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (fd < 0 || !write_all(fd, text) || close(fd) < 0)
		abort();
}

static void clean_up(void)
{
	static const char *const files[] = {"pabal.log", "pabal.index", "pabal.uidvalidity"};
	static const char *const parts[] = {"cur", "new", "tmp"};
	for (size_t i = 0; i < MESSAGES; i++)
		(void)unlinkat(box_dir, names[i], 0);
	for (size_t i = 0; i < sizeof files / sizeof *files; i++)
		(void)unlinkat(box_dir, files[i], 0);
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		(void)unlinkat(box_dir, parts[i], AT_REMOVEDIR);
	(void)rmdir(box);
}

static void make_box(void)
{
	status why;
	(void)snprintf(box, sizeof box, "%s/pabal-fuzz.XXXXXX",
		       access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	if (!mkdtemp(box) || !maildir_make(box))
		abort();
	box_dir = open(box, O_PATH | O_DIRECTORY);
	(void)atexit(clean_up);
	for (size_t i = 0; i < MESSAGES; i++)
		put(names[i], S("Subject: x\nFrom: a\n\nbody\n"));
	view = folder_open(box, &why);
	if (!view || folder_count(view) != MESSAGES)
		abort();
	opener = conv_opener(conv_new());
	if (setenv("PABAL_NOW", "1795501800", 1) < 0)
		abort();
}

/* One bit a message; false where it is not understood. */
static bool ask(span front, span keys, span back, str *told, unsigned *bits)
{
	arena mem = arena_new(4 << 20);
	str text = str_new(1 << 20);
	out o;
	status why;
	out_open(&o, -1, 1 << 16);
	(void)str_put(&text, front);
	(void)str_put(&text, keys);
	(void)str_put(&text, back);
	imap_scan s = {.rest = str_span(&text), .mem = &mem};
	imap_box b = {.f = view, .dir = box, .out = &o, .mem = &mem, .opener = &opener};
	imap_search *search;
	bool understood = imap_search_parse(&s, &b, &search) == IMAP_SEARCH_OK;
	if (understood && !imap_search_run(&b, search, false, S("t"), &why))
		abort();
	str_clear(told);
	(void)str_put(told, span_of(o.buf, o.n));
	*bits = 0;
	if (span_starts(str_span(told), S("* SEARCH")))
		for (size_t i = 8; i + 1 < told->n && told->p[i] == ' ' && told->p[i + 1] != '(';
		     i += 2)
			*bits |= 1u << (told->p[i + 1] - '0');
	cache_close(b.cache);
	out_close(&o);
	str_free(&text);
	arena_free(&mem);
	return understood;
}

static unsigned number_behind(const str *told, const char *name)
{
	const char *at = strstr(str_cstr(told), name);
	return at ? (unsigned)(at[strlen(name)] - '0') : 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	span text = span_of((const char *)data, size), keys = span_cut(&text, 0);
	unsigned yes, no, none;
	if (!box[0])
		make_box();
	put(names[1], text);
	str told = str_new(1 << 16);
	if (ask(S(""), keys, S(""), &told, &yes) && span_starts(str_span(&told), S("* SEARCH")) &&
	    !span_startsi(keys, S("CHARSET"))) {
		if (ask(S("NOT ("), keys, S(")"), &told, &no) && yes + no != 14)
			abort();
		if (ask(S("RETURN (MIN MAX) "), keys, S(""), &told, &none) &&
		    (number_behind(&told, "MIN ") != (unsigned)__builtin_ctz(yes | 16) % 4 ||
		     number_behind(&told, "MAX ") != (yes ? 31 - (unsigned)__builtin_clz(yes) : 0)))
			abort();
	}
	str_free(&told);
	return 0;
}
