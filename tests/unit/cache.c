/* links: maildir mail io base : z */
#include "maildir/cache.h"

#include "maildir/cache_record.h"
#include "tests/unit/folder_box.h"

static span base_of(size_t i)
{
	static char name[64];
	return span_of(name, (size_t)snprintf(name, sizeof name, "%zu.x.host,S=%zu", i, i * 7));
}

static void note(cache *c, size_t i, const char *envelope, const char *body)
{
	cache_record r = {.piece = {{NULL, 0}}};
	if (envelope)
		r.piece[CACHE_ENVELOPE] = span_str(envelope);
	if (body)
		r.piece[CACHE_BODY] = span_str(body);
	(void)cache_add(c, base_of(i), &r);
}

static bool knows(cache *c, size_t i, const char *envelope, const char *body)
{
	cache_record r;
	bool found = cache_find(c, base_of(i), ~0u, &r);
	const char *want[CACHE_PIECES] = {[CACHE_ENVELOPE] = envelope, [CACHE_BODY] = body};
	for (int p = 0; p < CACHE_PIECES; p++)
		if ((want[p] != NULL) != (r.piece[p].p != NULL) ||
		    (want[p] && !span_eq(r.piece[p], span_str(want[p]))))
			return false;
	return found == (envelope || body);
}

/* All of [from, to) with their own text. */
static size_t known(cache *c, size_t from, size_t to)
{
	char text[32];
	size_t n = 0;
	for (size_t i = from; i < to; i++) {
		(void)snprintf(text, sizeof text, "(%zu)", i);
		n += knows(c, i, text, NULL);
	}
	return n;
}

static void note_all(cache *c, size_t from, size_t to)
{
	char text[32];
	for (size_t i = from; i < to; i++) {
		(void)snprintf(text, sizeof text, "(%zu)", i);
		note(c, i, text, NULL);
	}
}

static off_t size(void)
{
	struct stat st;
	return stat("pabal.cache", &st) < 0 ? -1 : st.st_size;
}

static void basics(void)
{
	new_box();
	cache *c = cache_open(dir), *other = cache_open(dir);
	CHECK(knows(c, 1, NULL, NULL) && size() < 0, "nothing is known, and there is no file");
	note(c, 1, "(one)", NULL);
	note(c, 2, "", "(two)");
	CHECK(knows(c, 1, NULL, NULL), "what is only noted is not found");
	cache_write(c, NULL);
	CHECK(knows(c, 1, "(one)", NULL) && knows(c, 2, "", "(two)"), "written and found");
	CHECK(knows(other, 1, NULL, NULL), "another does not know yet");
	cache_refresh(other);
	CHECK(knows(other, 1, "(one)", NULL) && knows(other, 2, "", "(two)"), "now it does");
	note(other, 1, "(one)", "(body)");
	cache_write(other, NULL);
	cache_refresh(c);
	CHECK(knows(c, 1, "(one)", "(body)"), "the last record counts");
	cache_record r;
	CHECK(cache_find(c, base_of(1), 1 << CACHE_BODY, &r) && !r.piece[CACHE_ENVELOPE].p &&
		  !cache_find(c, base_of(1), 1 << CACHE_HEADER, &r),
	      "only what is asked for");
	cache_close(other);
	cache_close(c);
	c = cache_open(dir);
	CHECK(knows(c, 1, "(one)", "(body)") && knows(c, 2, "", "(two)"), "opened again");
	cache_close(c);
	cache_close(NULL);
	CHECK(cache_open("/nonexistent") == NULL, "no directory, no cache");
}

static void many(void)
{
	new_box();
	cache *c = cache_open(dir), *other = cache_open(dir);
	for (size_t i = 0; i < 3000; i += 100) {
		note_all(c, i, i + 100);
		cache_write(c, NULL);
	}
	CHECK(known(c, 0, 3000) == 3000, "many, with tables between them");
	cache_refresh(other);
	CHECK(known(other, 0, 3000) == 3000, "another, by reading on");
	cache_close(other);
	other = cache_open(dir);
	CHECK(known(other, 0, 3000) == 3000 && knows(other, 3000, NULL, NULL),
	      "another, by the last table");
	cache_close(other);
	cache_close(c);
	char text[CACHE_RECORD_MAX + 1];
	memset(text, 'x', sizeof text - 1);
	text[sizeof text - 1] = 0;
	c = cache_open(dir);
	off_t before = size();
	note(c, 5000, text, NULL);
	cache_write(c, NULL);
	CHECK(size() == before && knows(c, 5000, NULL, NULL), "what is too long is not kept");
	cache_close(c);
}

/* Cut, or with an octet changed, at every place: what is found is right, and what is written then is found. */
static void damage(void)
{
	str whole = str_new(1 << 20);
	size_t wrong = 0, lost = 0, least = SIZE_MAX;
	new_box();
	cache *c = cache_open(dir);
	note_all(c, 0, 20);
	cache_write(c, NULL);
	cache_close(c);
	if (!file_read(AT_FDCWD, "pabal.cache", &whole))
		abort();
	for (size_t at = 0; at < 2 * whole.n; at += 3) {
		str some = str_new(1 << 20);
		(void)str_put(&some,
			      at < whole.n ? span_sub(str_span(&whole), 0, at) : str_span(&whole));
		if (at >= whole.n)
			some.p[at - whole.n] ^= 0x40;
		put("pabal.cache", str_span(&some));
		str_free(&some);
		c = cache_open(dir);
		size_t n = known(c, 0, 20);
		for (size_t i = 0; i < 20; i++)
			wrong += !knows(c, i, NULL, NULL);
		wrong -= n; /* what is found is right, or it is not found */
		least = n < least ? n : least;
		note_all(c, 0, 21);
		cache_write(c, NULL);
		lost += known(c, 0, 21) != 21;
		cache_close(c);
		c = cache_open(dir);
		lost += known(c, 0, 21) != 21;
		cache_close(c);
		if (unlink("pabal.cache") < 0)
			abort();
	}
	CHECK(wrong == 0 && least == 0, "nothing wrong is found in a damaged file");
	CHECK(lost == 0, "and it is good again when it was written");
	str_free(&whole);
}

static void growth(void)
{
	char name[128];
	new_box();
	for (size_t i = 0; i < 10; i++) {
		(void)snprintf(name, sizeof name, "cur/%.*s:2,", SPAN_FMT(base_of(i)));
		put(name, S("Subject: x\n\n"));
	}
	age();
	folder *f = open_box();
	cache *c = cache_open(dir), *other = cache_open(dir);
	note_all(c, 0, 900);
	cache_write(c, f);
	cache_refresh(other);
	off_t before = size();
	CHECK(known(c, 0, 900) == 900, "some that are gone do no harm");
	note_all(c, 900, 1100);
	cache_write(c, f);
	CHECK(size() < before / 20 && known(c, 0, 10) == 10 && known(c, 10, 1100) == 0,
	      "many are left out of a new file");
	note(other, 2000, "(x)", NULL);
	cache_write(other, NULL);
	CHECK(known(other, 0, 10) == 10 && knows(other, 2000, "(x)", NULL),
	      "another goes over to it");
	cache_refresh(c);
	CHECK(knows(c, 2000, "(x)", NULL), "and both write there");
	cache_close(c);
	cache_close(other);
	folder_close(f);
}

/* A writer who would have to wait does without; several processes at a time lose nothing that was written. */
static void together(void)
{
	enum { PROCESSES = 4, EACH = 500 };
	pid_t pids[PROCESSES];
	new_box();
	cache *c = cache_open(dir);
	note(c, 99999, "(first)", NULL);
	cache_write(c, NULL);
	for (int p = 0; p < PROCESSES; p++) {
		pids[p] = fork();
		if (pids[p])
			continue;
		cache *mine = cache_open(dir);
		size_t from = (size_t)p * EACH, mistakes = 0;
		for (size_t i = from; i < from + EACH; i++) {
			note_all(mine, i, i + 1);
			cache_write(mine, NULL);
			mistakes += !known(mine, i, i + 1) && !knows(mine, i, NULL, NULL);
			mistakes += !knows(mine, 99999, "(first)", NULL);
		}
		cache_close(mine);
		cache_close(c);
		_exit(mistakes != 0);
	}
	bool good = true;
	for (int p = 0; p < PROCESSES; p++) {
		int how;
		good = waitpid(pids[p], &how, 0) == pids[p] && WIFEXITED(how) &&
		       WEXITSTATUS(how) == 0 && good;
	}
	cache_refresh(c);
	size_t n = known(c, 0, PROCESSES * EACH), wrong = 0;
	for (size_t i = 0; i < PROCESSES * EACH; i++)
		wrong += !known(c, i, i + 1) && !knows(c, i, NULL, NULL);
	CHECK(good && wrong == 0 && n >= EACH && knows(c, 99999, "(first)", NULL),
	      "four writers: each record is right or was left");
	cache_close(c);
}

int main(void)
{
	if (!boxes_start())
		abort();
	basics();
	many();
	damage();
	growth();
	together();
	boxes_end();
	return unit_done();
}
