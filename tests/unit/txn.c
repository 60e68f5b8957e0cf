/* links: smtp base */
#include "smtp/txn.h"

#include "tests/unit/unit.h"

/* A script of what a server says, one reply each, and what must have been written by then: lines end in '|'. */
typedef struct scene {
	const char *what;
	size_t count; /* recipients a@t, b@t, c@t */
	bool pipelining, reset;
	const char *replies; /* parted by '\n'; "!" the connection is lost */
	const char *written; /* "<message>" where the content goes */
	const char *outcome; /* a letter each: + delivered, - failed, ? deferred, ! again */
	bool open, gone;
} scene;

static const scene scenes[] = {
    {"all goes well", 2, true, false, "250 ok\n250 ok\n250 ok\n354 go\n250 taken",
     "MAIL FROM:<s@t> SIZE=1|RCPT TO:<a@t>|RCPT TO:<b@t>|DATA|<message>", "++", false, false},
    {"one at a time", 2, false, false, "250 ok\n250 ok\n250 ok\n354 go\n250 taken",
     "MAIL FROM:<s@t> SIZE=1|RCPT TO:<a@t>|RCPT TO:<b@t>|DATA|<message>", "++", false, false},
    {"one refused", 2, true, false, "250 ok\n550 no\n250 ok\n354 go\n250 taken",
     "MAIL FROM:<s@t> SIZE=1|RCPT TO:<a@t>|RCPT TO:<b@t>|DATA|<message>", "-+", false, false},
    {"all refused, DATA too", 2, true, false, "250 ok\n550 no\n450 no\n503 no rcpt",
     "MAIL FROM:<s@t> SIZE=1|RCPT TO:<a@t>|RCPT TO:<b@t>|DATA|", "-?", true, false},
    {"all refused, DATA accepted", 1, true, false, "250 ok\n550 no\n354 go\n250 taken",
     "MAIL FROM:<s@t> SIZE=1|RCPT TO:<a@t>|DATA|<dot>", "-", false, false},
    {"all refused, one at a time", 2, false, false, "250 ok\n550 no\n550 no",
     "MAIL FROM:<s@t> SIZE=1|RCPT TO:<a@t>|RCPT TO:<b@t>|", "--", true, false},
    {"MAIL refused", 2, true, false, "550 no\n503 x\n503 x\n503 x",
     "MAIL FROM:<s@t> SIZE=1|RCPT TO:<a@t>|RCPT TO:<b@t>|DATA|", "--", false, false},
    {"MAIL refused, one at a time", 2, false, false, "450 no", "MAIL FROM:<s@t> SIZE=1|", "??",
     false, false},
    {"MAIL refused, all else accepted", 1, true, false, "550 no\n250 ok\n354 go\n250 taken",
     "MAIL FROM:<s@t> SIZE=1|RCPT TO:<a@t>|DATA|<dot>", "-", false, false},
    {"DATA refused", 1, true, false, "250 ok\n250 ok\n554 no",
     "MAIL FROM:<s@t> SIZE=1|RCPT TO:<a@t>|DATA|", "-", true, false},
    {"DATA answered with 250", 1, true, false, "250 ok\n250 ok\n250 what",
     "MAIL FROM:<s@t> SIZE=1|RCPT TO:<a@t>|DATA|", "!", true, true},
    {"message refused", 2, true, false, "250 ok\n250 ok\n250 ok\n354 go\n554 spam",
     "MAIL FROM:<s@t> SIZE=1|RCPT TO:<a@t>|RCPT TO:<b@t>|DATA|<message>", "--", false, false},
    {"message answered with 354", 1, true, false, "250 ok\n250 ok\n354 go\n354 go",
     "MAIL FROM:<s@t> SIZE=1|RCPT TO:<a@t>|DATA|<message>", "?", false, false},
    {"421 to the second", 3, true, false, "250 ok\n550 no\n421 bye",
     "MAIL FROM:<s@t> SIZE=1|RCPT TO:<a@t>|RCPT TO:<b@t>|RCPT TO:<c@t>|DATA|", "-!!", true, true},
    {"421 to the dot", 1, true, false, "250 ok\n250 ok\n354 go\n421 bye",
     "MAIL FROM:<s@t> SIZE=1|RCPT TO:<a@t>|DATA|<message>", "!", true, true},
    {"lost at RCPT", 2, true, false, "250 ok\n!",
     "MAIL FROM:<s@t> SIZE=1|RCPT TO:<a@t>|RCPT TO:<b@t>|DATA|", "!!", true, true},
    {"lost after the dot: not again", 2, true, false, "250 ok\n250 ok\n550 no\n354 go\n!",
     "MAIL FROM:<s@t> SIZE=1|RCPT TO:<a@t>|RCPT TO:<b@t>|DATA|<message>", "?-", true, true},
    {"RSET first", 1, true, true, "250 ok\n250 ok\n250 ok\n354 go\n250 taken",
     "RSET|MAIL FROM:<s@t> SIZE=1|RCPT TO:<a@t>|DATA|<message>", "+", false, false},
    {"RSET refused does not matter", 1, false, true, "500 what\n250 ok\n250 ok\n354 go\n250 taken",
     "RSET|MAIL FROM:<s@t> SIZE=1|RCPT TO:<a@t>|DATA|<message>", "+", false, false},
    {"too many, after some", 3, true, false,
     "250 ok\n250 ok\n452 many\n552 many\n354 go\n250 taken",
     "MAIL FROM:<s@t> SIZE=1|RCPT TO:<a@t>|RCPT TO:<b@t>|RCPT TO:<c@t>|DATA|<message>", "+!!",
     false, false},
    {"552 for a full mailbox is final, 452 of the first is for later", 2, true, false,
     "250 ok\n452 4.3.1 full\n552 5.2.2 full\n503 no",
     "MAIL FROM:<s@t> SIZE=1|RCPT TO:<a@t>|RCPT TO:<b@t>|DATA|", "?-", true, false},
    {"552 without a code is temporary", 1, true, false, "250 ok\n552 many\n503 no",
     "MAIL FROM:<s@t> SIZE=1|RCPT TO:<a@t>|DATA|", "?", true, false},
    {"503 is no fault of the recipient", 1, false, false, "250 ok\n503 nested",
     "MAIL FROM:<s@t> SIZE=1|RCPT TO:<a@t>|", "?", true, false},
    {"251 is accepted", 1, true, false, "250 ok\n251 forward\n354 go\n250 taken",
     "MAIL FROM:<s@t> SIZE=1|RCPT TO:<a@t>|DATA|<message>", "+", false, false},
};

static char letter(const txn_rcpt *r)
{
	if (!r->done)
		return 'x';
	return r->again			     ? '!'
	       : status_is_ok(&r->st)	     ? '+'
	       : status_is_permanent(&r->st) ? '-'
					     : '?';
}

static bool one_reply(txn *t, reply *r, span line)
{
	status lost = status_make(EX_TEMPFAIL, 0, "4.4.2", "lost");
	if (span_eq(line, S("!"))) {
		txn_lost(t, &lost);
		return true;
	}
	reply_clear(r);
	(void)reply_feed(r, line);
	bool done = reply_feed(r, S("\r\n")) == REPLY_DONE;
	txn_reply(t, r);
	return done;
}

/* CRLF as '|'. */
static void bars(str *s)
{
	size_t n = 0;
	for (size_t i = 0; i < s->n; i++)
		if (s->p[i] != '\n')
			s->p[n++] = s->p[i] == '\r' ? '|' : s->p[i];
	str_cut(s, n);
}

static void play(const scene *s)
{
	static const span addresses[] = {S("a@t"), S("b@t"), S("c@t")};
	txn_rcpt rcpts[3] = {{.done = false}};
	str written = str_new(4096);
	span rest = span_str(s->replies);
	char outcome[4] = "";
	bool understood = true, dot = false;
	reply r;
	txn t;
	reply_init(&r);
	for (size_t i = 0; i < s->count; i++)
		rcpts[i].address = addresses[i];
	txn_begin(&t, S("s@t"), S(" SIZE=1"), rcpts, s->count, s->pipelining, s->reset);
	while (t.step != TXN_OVER && rest.n) {
		txn_commands(&t, &written);
		understood = one_reply(&t, &r, span_cut(&rest, '\n')) && understood;
		if (t.step == TXN_CONTENT) {
			(void)str_put(&written, S("<message>"));
			txn_content_sent(&t);
		} else if (t.step == TXN_DOT_ONLY && !dot) {
			dot = str_put(&written, S("<dot>"));
		}
	}
	bars(&written);
	for (size_t i = 0; i < s->count; i++)
		outcome[i] = letter(&rcpts[i]);
	CHECK(understood && t.step == TXN_OVER && rest.n == 0, "%s: it ends with the last reply",
	      s->what);
	CHECK(strcmp(written.p, s->written) == 0, "%s: wrote %s", s->what, written.p);
	CHECK(strcmp(outcome, s->outcome) == 0, "%s: outcome %s", s->what, outcome);
	CHECK(t.open == s->open && t.gone == s->gone, "%s: the connection after it", s->what);
	reply_free(&r);
	str_free(&written);
}

/* 120 recipients: groups of TXN_GROUP commands, and no command while replies are out. */
static void groups(void)
{
	enum { COUNT = 120 };
	txn_rcpt *rcpts = calloc(COUNT, sizeof *rcpts);
	str written = str_new(1 << 16);
	reply r;
	txn t;
	size_t most = 0, replies = 0;
	reply_init(&r);
	for (size_t i = 0; i < COUNT; i++)
		rcpts[i].address = S("a@t");
	txn_begin(&t, S(""), S(""), rcpts, COUNT, true, false);
	while (t.step < TXN_DATA || t.sent > t.answered) {
		txn_commands(&t, &written);
		if (t.sent - t.answered > most)
			most = t.sent - t.answered;
		(void)one_reply(&t, &r, t.step == TXN_DATA ? S("354 go") : S("250 ok"));
		replies++;
		if (t.step == TXN_CONTENT)
			break;
	}
	CHECK(most == TXN_GROUP && replies == COUNT + 2, "groups of %d commands", (int)most);
	reply_free(&r);
	str_free(&written);
	free(rcpts);
}

int main(void)
{
	for (size_t i = 0; i < sizeof scenes / sizeof *scenes; i++)
		play(&scenes[i]);
	groups();
	return unit_done();
}
