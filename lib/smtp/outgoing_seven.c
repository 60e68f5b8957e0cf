#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "io/conv.h"
#include "io/map.h"
#include "mail/seven.h"
#include "smtp/outgoing.h"

enum { TREE_MAX = 256 << 20 };

static void put(void *arg, span octets)
{
	out_put(arg, octets);
}

static bool write_file(seven *s, int file)
{
	out o;
	if (ftruncate(file, 0) < 0 || lseek(file, 0, SEEK_SET) < 0)
		return false;
	out_open(&o, file, OUTGOING_CHUNK);
	seven_write(s, put, &o);
	bool done = out_flush(&o);
	int error = errno;
	out_close(&o);
	errno = error;
	return done;
}

static status convert(span message, int file)
{
	arena a = arena_new(TREE_MAX);
	conv *converters = conv_new();
	charset_opener opener = conv_opener(converters);
	seven s;
	status st = seven_status(&s, seven_open(&s, message, &opener, &a));
	if (status_is_ok(&st) && !write_file(&s, file))
		st = status_doubt("the message in 7 bits cannot be written: %s", strerror(errno));
	conv_free(converters);
	arena_free(&a);
	return st;
}

static status make(outgoing *o, int scratch)
{
	map m;
	if (scratch < 0)
		return status_doubt("there is no file for the message in 7 bits");
	if (lseek(o->fd, o->offset, SEEK_SET) < 0 || !map_open(&m, o->fd, INT64_MAX))
		return status_doubt("the message cannot be read: %s", strerror(errno));
	status st = m.octets.n == o->facts.octets
			? convert(m.octets, scratch)
			: status_doubt("the message changed while it was sent");
	map_close(&m);
	return st;
}

outgoing *outgoing_seven(outgoing *o, int scratch, status *why)
{
	if (!o->seven && status_is_ok(&o->seven_why)) {
		o->seven_why = make(o, scratch);
		if (status_is_ok(&o->seven_why)) {
			o->seven = xcalloc(1, sizeof *o->seven);
			if (!outgoing_open(o->seven, scratch, 0)) {
				o->seven_why = status_doubt(
				    "the message in 7 bits cannot be read: %s", strerror(errno));
				free(o->seven);
				o->seven = NULL;
			}
		}
	}
	*why = o->seven_why;
	return o->seven;
}
