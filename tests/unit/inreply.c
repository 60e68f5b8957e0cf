/* links: mail io base : z */
#include "mail/inreply.h"
#include "io/conv.h"
#include "tests/unit/unit.h"

static charset_opener opener;

static void subjects(void)
{
	static const char *const table[][3] = {
	    {"a", "Re: a", "Fwd: a"},
	    {"Re: a", "Re: a", "Fwd: Re: a"},
	    {"RE:re: Re[12]: a", "Re: a", "Fwd: RE:re: Re[12]: a"},
	    {"Re^2: a", "Re: a", "Fwd: Re^2: a"},
	    {"Re(3) : a", "Re: a", "Fwd: Re(3) : a"},
	    {"답장: 회신: 가", "Re: 가", "Fwd: 답장: 회신: 가"},
	    {"RE：가", "Re: 가", "Fwd: RE：가"},
	    {"AW: Antw: a", "Re: a", "Fwd: AW: Antw: a"},
	    {"Fw: FWD: a", "Re: Fw: FWD: a", "Fwd: a"},
	    {"전달: 가", "Re: 전달: 가", "Fwd: 가"},
	    {"Rear: a", "Re: Rear: a", "Fwd: Rear: a"},
	    {"Re", "Re: Re", "Fwd: Re"},
	    {"", "Re: ", "Fwd: "},
	    {"  Re:  ", "Re: ", "Fwd: Re:"},
	};
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		for (int forward = 0; forward < 2; forward++) {
			span in = unit_copy(span_str(table[i][0]));
			str out = str_new(1000);
			inreply_subject(in, forward, &out);
			CHECK(span_eq(str_span(&out), span_str(table[i][1 + forward])), "%s: %s",
			      table[i][0], str_cstr(&out));
			free((char *)(uintptr_t)in.p);
			str_free(&out);
		}
	}
}

static void quotes(void)
{
	static const char *const table[][2] = {
	    {"a\nb\n", "> a\n> b\n"},
	    {"> a\n>> b\n", ">> a\n>>> b\n"},
	    {"a\n\nb\n", "> a\n>\n> b\n"},
	    {"a  \n", "> a\n"},
	    {"a\n-- \nme\n", "> a\n"},
	    {"a", "> a\n"},
	    {"", ""},
	};
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		span in = unit_copy(span_str(table[i][0]));
		str out = str_new(1000);
		inreply_quote(in, &out);
		CHECK(span_eq(str_span(&out), span_str(table[i][1])), "%zu: %s", i, str_cstr(&out));
		free((char *)(uintptr_t)in.p);
		str_free(&out);
	}
}

static const struct {
	const char *header, *to, *cc; /* cc where all are answered */
	bool all;
} people[] = {
    {"From: a@x\nTo: me@x\n", "a@x", "", false},
    {"From: a@x\nReply-To: b@x\nTo: me@x\n", "b@x", "", false},
    {"From: a@x\nTo: me@x, b@x\nCc: c@x, ME@X, A@x\n", "a@x", "b@x, c@x", true},
    {"From: a@x\nTo: me@x\n", "a@x", "", true},
    {"From: me@x\nTo: b@x\n", "b@x", "", false},
    {"From: me@x\nTo: me@x\n", "me@x", "", false},
    {"From: a@x\nMail-Followup-To: l@x, b@x\nTo: l@x\n", "l@x, b@x", "", true},
    {"From: a@x\nMail-Followup-To: l@x\nTo: l@x\n", "a@x", "", false},
    {"From: =?utf-8?B?6rmA?= <a@x>\nTo: team: b@x, c@x;\n", "김 <a@x>", "b@x, c@x", true},
    {"From: a@x\nTo: b@x\nTo: c@x\n", "a@x", "b@x, c@x", true},
    {"From: a@x\nReply-To: undisclosed:;\n", "a@x", "", false},
    {"Subject: nobody\n", "", "", true},
};

static void addresses(void)
{
	inreply_own own = {.a = {.local = S("me"), .domain = S("x")}, .text = S("Me <me@x>")};
	for (size_t i = 0; i < sizeof people / sizeof *people; i++) {
		static draft d;
		arena mem = arena_new(1 << 20);
		span header = unit_copy(span_str(people[i].header));
		inreply r = {header, &opener, &own, 1};
		draft_init(&d, &mem);
		inreply_start(&r, people[i].all, &d);
		CHECK(span_eq(draft_get(&d, "To"), span_str(people[i].to)) &&
			  span_eq(draft_get(&d, "Cc"), span_str(people[i].cc)),
		      "%zu: to %.*s cc %.*s", i, SPAN_FMT(draft_get(&d, "To")),
		      SPAN_FMT(draft_get(&d, "Cc")));
		CHECK((inreply_self(&r) == &own) == (strcasestr(people[i].header, "me@x") != NULL),
		      "%zu: whom it was sent to", i);
		free((char *)(uintptr_t)header.p);
		arena_free(&mem);
	}
}

int main(void)
{
	conv *c = conv_new();
	opener = conv_opener(c);
	subjects();
	quotes();
	addresses();
	conv_free(c);
	return unit_done();
}
