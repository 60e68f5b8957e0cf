#include "io/conv.h"

#include <dlfcn.h>
#include <iconv.h>

#include "base/die.h"
#include "base/str.h"

enum { SLOTS = 16, NAME_MAX_OCTETS = 63, PIECE = 4096 };

typedef struct slot {
	charset_conv conv; /* first: what charset.h hands around is this */
	char name[NAME_MAX_OCTETS + 1];
	iconv_t cd;
	bool open;
} slot;

struct conv {
	slot slots[SLOTS];
	size_t next; /* the one that is replaced when all are open */
};

static const char replacement[] = "\xef\xbf\xbd";

static void reset(charset_conv *c)
{
	(void)iconv(((slot *)c->handle)->cd, NULL, NULL, NULL, NULL);
}

/* One octet that means nothing. A converter with shift states goes on where it was. */
static void skip_one(span *from, str *to)
{
	(void)str_put(to, span_str(replacement));
	*from = span_sub(*from, 1, from->n);
}

static void convert(charset_conv *c, span *from, bool last, str *to)
{
	iconv_t cd = ((slot *)c->handle)->cd;
	char out[PIECE];
	while (from->n && !to->over) {
		char *in = (char *)(uintptr_t)from->p, *dst = out;
		size_t left = from->n, room = sizeof out;
		size_t r = iconv(cd, &in, &left, &dst, &room);
		int error = r == (size_t)-1 ? errno : 0;
		(void)str_put(to, span_of(out, sizeof out - room));
		*from = span_sub(*from, from->n - left, from->n);
		if (error == EILSEQ || (error == EINVAL && last))
			skip_one(from, to);
		else if (error == EINVAL)
			return;
	}
	if (last) {
		char *dst = out;
		size_t room = sizeof out;
		(void)iconv(cd, NULL, NULL, &dst, &room);
		(void)str_put(to, span_of(out, sizeof out - room));
	}
}

conv *conv_new(void)
{
	return xcalloc(1, sizeof(conv));
}

static void close_slot(slot *s)
{
	if (s->open)
		(void)iconv_close(s->cd);
	s->open = false;
}

void conv_free(conv *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < SLOTS; i++)
		close_slot(c->slots + i);
	free(c);
}

static bool plain(span name)
{
	if (name.n == 0 || name.n > NAME_MAX_OCTETS)
		return false;
	for (size_t i = 0; i < name.n; i++)
		if (!ascii_alnum((unsigned char)name.p[i]) && !memchr("-_.:()+", name.p[i], 7))
			return false;
	return true;
}

static charset_conv *open_charset(void *arg, span charset)
{
	conv *c = arg;
	if (!plain(charset))
		return NULL;
	for (size_t i = 0; i < SLOTS; i++)
		if (c->slots[i].open && span_eqi(span_str(c->slots[i].name), charset)) {
			reset(&c->slots[i].conv);
			return &c->slots[i].conv;
		}
	slot *s = c->slots + c->next;
	close_slot(s);
	memcpy(s->name, charset.p, charset.n);
	s->name[charset.n] = 0;
	s->cd = iconv_open("UTF-8", s->name);
	if (s->cd == (iconv_t)-1)
		return NULL;
	s->open = true;
	s->conv = (charset_conv){.convert = convert, .reset = reset, .handle = s};
	c->next = (c->next + 1) % SLOTS;
	return &s->conv;
}

charset_opener conv_opener(conv *c)
{
	return (charset_opener){.open = open_charset, .arg = c};
}

/* Beside the C library. */
const char *conv_folder(void)
{
	static str folder;
	Dl_info info;
	if (folder.n == 0 && dladdr((void *)(uintptr_t)iconv_open, &info) && info.dli_fname) {
		span library = span_str(info.dli_fname);
		folder = str_new(PATH_MAX);
		(void)str_put(&folder, span_sub(library, 0, span_rfind(library, '/')));
		(void)str_put(&folder, S("/gconv"));
	}
	return folder.n && access(str_cstr(&folder), R_OK | X_OK) == 0 ? str_cstr(&folder) : NULL;
}
