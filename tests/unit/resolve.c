/* links: resolve net maildir queue mail io base : z */
#include "resolve/resolve.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/out.h"
#include "io/proc.h"
#include "maildir/deliver.h"
#include "resolve/expand.h"
#include "resolve/mailbox.h"
#include "resolve/route.h"
#include "resolve/target.h"
#include "tests/unit/unit.h"

static char root[] = "/tmp/pabal-unit-resolve.XXXXXX";
static resolver *r;

static void put_file(const char *name, const char *text)
{
	str path = str_new(4096);
	(void)str_printf(&path, "%s/%s", root, name);
	(void)unlink(str_cstr(&path));
	if (text) {
		int fd = open(str_cstr(&path), O_WRONLY | O_CREAT | O_TRUNC, 0644);
		if (fd < 0 || !write_all(fd, span_str(text)) || close(fd) < 0)
			abort();
	}
	str_free(&path);
}

static void put_box(const char *name)
{
	str path = str_new(4096);
	(void)str_printf(&path, "%s/%s", root, name);
	if (!maildir_make(str_cstr(&path)))
		abort();
	str_free(&path);
}

/* "M path ext" (path below the root), "E a,b", "R agent hop", "X reply enhanced" */
static void tell(const resolve_answer *a, str *to)
{
	switch (a->kind) {
	case RESOLVE_MAILBOX:
		(void)str_printf(to, "M %.*s %.*s",
				 SPAN_FMT(span_sub(a->maildir, strlen(root) + 1, a->maildir.n)),
				 SPAN_FMT(a->ext));
		break;
	case RESOLVE_EXPAND:
		(void)str_put(to, S("E "));
		for (size_t i = 0; i < a->target_count; i++) {
			if (i)
				(void)str_putc(to, ',');
			addr_write(&a->targets[i], to);
		}
		break;
	case RESOLVE_REMOTE:
		(void)str_printf(to, "R %.*s %.*s", SPAN_FMT(a->agent), SPAN_FMT(a->next_hop));
		break;
	case RESOLVE_PROGRAM:
		(void)str_printf(to, "P %.*s %.*s", SPAN_FMT(a->agent), SPAN_FMT(a->next_hop));
		break;
	case RESOLVE_REFUSED:
		(void)str_printf(to, "X %d %s", a->why.reply, a->why.enhanced);
		break;
	}
}

static void one(const char *address, uint64_t size, const char *want)
{
	arena mem = arena_new(1 << 20);
	str got = str_new(4096);
	span text = unit_copy(span_str(address));
	resolve_answer answer;
	addr a;
	if (addr_mailbox(text, &mem, &a) != ADDR_OK)
		(void)str_put(&got, S("no address"));
	else {
		resolve(r, &a, size, &mem, &answer);
		tell(&answer, &got);
	}
	CHECK(strcmp(str_cstr(&got), want) == 0, "%s gives %s", address, str_cstr(&got));
	str_free(&got);
	free((char *)(uintptr_t)text.p);
	arena_free(&mem);
}

static bool is_ours(const char *address)
{
	arena mem = arena_new(1 << 20);
	resolve_answer answer = {.ours = false};
	addr a;
	if (addr_mailbox(span_str(address), &mem, &a) == ADDR_OK)
		resolve(r, &a, 0, &mem, &answer);
	arena_free(&mem);
	return answer.ours;
}

static void rules(void)
{
	static const struct {
		const char *address, *want;
	} cases[] = {
	    {"alice@x.test", "M mail/alice "},
	    {"ALICE@X.TEST", "M mail/alice "},
	    {"alice@mail.x.test", "M mail/alice "}, /* control/me */
	    {"alice", "M mail/alice "},
	    {"alice@[192.0.2.7]", "M mail/alice "}, /* TCPLOCALIP */
	    {"alice@[192.0.2.8]", "R  [192.0.2.8]"},
	    {"alice+lists@x.test", "M mail/alice/.lists lists"},
	    {"alice+none@x.test", "M mail/alice none"},
	    {"\"alice+../../bob\"@x.test", "M mail/alice ../../bob"},
	    {"alice+@x.test", "M mail/alice "},
	    {"+alice@x.test", "X 550 5.1.1"},
	    {"real+plus@x.test", "M mail/bob "},
	    {"nobody@x.test", "X 550 5.1.1"},
	    {"nobody+x@x.test", "X 550 5.1.1"},
	    {"team@x.test", "E alice@x.test,BOB@x.test,carol@far.test"},
	    {"team+any@x.test", "E alice@x.test,BOB@x.test,carol@far.test"},
	    {"bob@x.test", "E bob+@x.test,b@far.test"},
	    {"bob+@x.test", "M mail/bob "},
	    {"bob+new@x.test", "E bob+@x.test,b@far.test"},
	    {"self@x.test", "E self+@x.test"},
	    {"self+@x.test", "X 451 4.3.0"},
	    {"quoted@x.test", "E \"a,b\"@far.test,c@far.test"},
	    {"pipe@x.test", "X 451 4.3.0"},
	    {"file@x.test", "X 451 4.3.0"},
	    {"empty@x.test", "X 451 4.3.0"},
	    {"comma@x.test", "X 451 4.3.0"},
	    {"bad@x.test", "X 451 4.3.0"},
	    {"any@y.test", "E alice@x.test"},
	    {"exact@y.test", "M mail/alice "},
	    {"looped@z.test", "X 451 4.3.0"},
	    {"other@z.test", "E looped@z.test"},
	    {"postmaster", "E alice@x.test"},
	    {"PostMaster@y.test", "E alice@x.test"},
	    {"postmaster@w.test", "E alice@x.test"},
	    {"nobody@w.test", "X 550 5.1.1"},
	    {"someone@gate.test", "R smtp-send [192.0.2.1]:2525"},
	    {"u@far.test", "R  far.test"},
	    {"u@routed.test", "R  [127.0.0.1]:2525"},
	    {"u@a.b.suffix.test", "R uucp-send host!path here"},
	    {"u@suffix.test", "R  suffix.test"},
	    {"u@broken.test", "X 451 4.3.0"},
	    {"\"colon:name\"@x.test", "M mail/bob "},
	    {"\"two words\"@x.test", "M mail/bob "},
	    {"gone@x.test", "X 451 4.3.0"},
	    {"syntax@x.test", "X 451 4.3.0"},
	};
	put_file("control/me", "mail.x.test\n");
	put_file("control/domains", "# ours\nX.test\ny.test\nz.test\nw.test\ngate.test\n");
	put_file("control/users",
		 "alice@x.test:mail/alice\nbob@x.test:mail/bob\ncolon%3Aname@x.test:mail/bob\n"
		 "exact@y.test:mail/alice/\ngone@x.test:mail/gone\n"
		 "real+plus@x.test:mail/bob:1000:1000\nsyntax@x.test:mail/alice:1\n"
		 "two words@x.test:mail/bob\n");
	put_file("control/aliases",
		 "@y.test:alice@x.test\n@z.test:looped@z.test\nbad@x.test:a@b@c d\nbob@x.test:bob, "
		 "b@far.test\ncomma@x.test:alice,\nempty@x.test:\nfile@x.test:/var/mail/x\n"
		 "pipe@x.test:|prog\npostmaster@x.test:alice\n"
		 "quoted@x.test:\"a,b\"@far.test, c@far.test\nself@x.test:self\n"
		 "team@x.test:alice, BOB@x.test,carol@far.test\n");
	put_file("control/routes",
		 ".suffix.test:uucp-send host!path here\nbroken.test:127.0.0.1:25\n"
		 "gate.test:smtp-send [192.0.2.1]:2525\nrouted.test:[127.0.0.1]:2525\n");
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		one(cases[i].address, 0, cases[i].want);
}

static void mistakes(void)
{
	put_file("control/users", "alice@x.test:mail/alice\n");
	put_file("control/aliases", NULL);
	one("nobody@x.test", 0, "X 550 5.1.1");
	one("postmaster@x.test", 0, "X 451 4.3.0");
	put_file("control/aliases", "z@x.test:alice\nb@x.test:alice\n");
	one("nobody@x.test", 0, "X 451 4.3.0");
	one("alice@x.test", 0, "X 451 4.3.0");
	put_file("control/aliases", "");
	put_file("control/users", "z@x.test:mail/alice\nalice@x.test:mail/alice\n");
	one("nobody@x.test", 0, "X 451 4.3.0");
	put_file("control/users", NULL);
	one("nobody@x.test", 0, "X 451 4.3.0");
	one("alice@x.test", 0, "X 451 4.3.0");
	put_file("control/users", "");
	one("nobody@x.test", 0, "X 451 4.3.0");
	put_file("control/users", "alice@x.test:mail/alice\n");
	put_file("control/me", NULL);
	one("alice@x.test", 0, "X 451 4.3.0");
	one("u@far.test", 0, "X 451 4.3.0");
	put_file("control/me", "mail.x.test\n");
	put_file("control/domains", NULL);
	one("alice@x.test", 0, "X 451 4.3.0");
	put_file("control/domains", "# nothing\n");
	one("alice@x.test", 0, "X 451 4.3.0");
	put_file("control/domains", "x.test\n");
	one("alice@x.test", 0, "M mail/alice ");
	CHECK(is_ours("alice@X.Test"), "ours");
	CHECK(!is_ours("alice@y.test"), "not ours");
}

static void quota(void)
{
	put_file("control/users", "alice@x.test:mail/alice:::1000\n");
	put_file("mail/alice/maildirsize", NULL);
	one("alice@x.test", 0, "M mail/alice ");
	one("alice@x.test", 1000, "M mail/alice ");
	one("alice@x.test", 1001, "X 552 5.2.2");
	put_file("mail/alice/maildirsize", "1000S\n600 1\n500 1\n-200 -1\n");
	one("alice@x.test", 100, "M mail/alice ");
	one("alice@x.test", 101, "M mail/alice "); /* counted anew: it is empty */
	put_file("mail/alice/maildirsize", "1000S\n900 3\n");
	one("alice@x.test", 100, "M mail/alice ");
	one("alice@x.test", 101, "X 452 4.2.2");
	put_file("mail/alice/maildirsize", "1000S\n1000 1\n");
	one("alice@x.test", 0, "X 452 4.2.2");
	put_file("mail/alice/maildirsize", "1000S\nnoise\n");
	one("alice@x.test", 0, "M mail/alice ");
}

static void values(void)
{
	mailbox_entry e;
	CHECK(mailbox_parse(S("m"), &e) && !e.has_owner && e.quota == 0, "a Maildir alone");
	CHECK(mailbox_parse(S("m:10:20"), &e) && e.has_owner && e.uid == 10 && e.gid == 20,
	      "an owner");
	CHECK(mailbox_parse(S("m:10:20:5M"), &e) && e.quota == 5u << 20, "a quota");
	CHECK(mailbox_parse(S("m:::7"), &e) && !e.has_owner && e.quota == 7,
	      "a quota without an owner");
	CHECK(!mailbox_parse(S(""), &e), "nothing");
	CHECK(!mailbox_parse(S("m:1"), &e), "half an owner");
	CHECK(!mailbox_parse(S("m:1:"), &e), "half an owner, the colon there");
	CHECK(!mailbox_parse(S("m:1:2:3:4"), &e), "too many fields");
	CHECK(!mailbox_parse(S("m:1:2:x"), &e), "a quota that is no number");
	CHECK(!mailbox_parse(S("m:-1:2"), &e), "a negative uid");
	CHECK(!mailbox_parse(S("m:4294967295:2"), &e), "the uid that chown takes for none");
	span agent, hop;
	CHECK(!route_parse(S("a.test"), &agent, &hop) && !agent.n && span_eq(hop, S("a.test")),
	      "MX");
	CHECK(!route_parse(S(" smtp-send  [::1]:25 "), &agent, &hop) && span_eq(hop, S("[::1]:25")),
	      "host");
	CHECK(route_parse(S(""), &agent, &hop) != NULL, "empty");
	CHECK(route_parse(S("[a.test]:0"), &agent, &hop) != NULL, "port 0");
	CHECK(route_parse(S("[a.test]:65536"), &agent, &hop) != NULL, "port too large");
	CHECK(route_parse(S("[a.test]x"), &agent, &hop) != NULL, "something behind the host");
	CHECK(route_parse(S("[a.test"), &agent, &hop) != NULL, "no bracket");
}

static void trees(void)
{
	arena mem = arena_new(64 << 20);
	expansion e;
	addr a;
	str text = str_new(1 << 20);
	for (int i = 10; i < 40; i++)
		(void)str_printf(&text, "deep%d@x.test:deep%d\n", i, i + 1);
	(void)str_put(&text, S("loop1@x.test:loop2\nloop2@x.test:loop1\n"));
	(void)str_put(&text, S("twice@x.test:alice,alice@x.test,ALICE\n"));
	put_file("control/users", "alice@x.test:mail/alice\n");
	put_file("control/aliases", str_cstr(&text));
	(void)addr_mailbox(S("loop1@x.test"), &mem, &a);
	resolve_full(r, &a, 0, &mem, &e);
	CHECK(e.worst.code == EX_TEMPFAIL && e.count == 3, "a loop is a doubt, %zu steps", e.count);
	(void)addr_mailbox(S("deep10@x.test"), &mem, &a);
	resolve_full(r, &a, 0, &mem, &e);
	CHECK(e.worst.code == EX_TEMPFAIL && e.count == 22, "too deep, %zu steps", e.count);
	(void)addr_mailbox(S("deep25@x.test"), &mem, &a);
	resolve_full(r, &a, 0, &mem, &e);
	CHECK(e.worst.code == EX_NOUSER && e.count == 16, "not too deep, %zu steps", e.count);
	(void)addr_mailbox(S("twice@x.test"), &mem, &a);
	resolve_full(r, &a, 0, &mem, &e);
	CHECK(e.worst.code == EX_OK && e.count == 4 && !e.steps[1].repeated &&
		  e.steps[2].repeated && e.steps[3].repeated,
	      "one copy");
	str_free(&text);
	arena_free(&mem);
}

int main(int argc, char **argv)
{
	(void)argc;
	proc_start(argv[0]);
	if (!mkdtemp(root) || setenv("PABAL_ROOT", root, 1) < 0 ||
	    setenv("TCPLOCALIP", "192.0.2.7", 1) < 0 || chdir(root) < 0 ||
	    mkdir("control", 0700) < 0 || mkdir("mail", 0700) < 0)
		return 1;
	put_box("mail/alice");
	put_box("mail/alice/.lists");
	put_box("mail/bob");
	r = resolver_open();
	rules();
	mistakes();
	quota();
	values();
	trees();
	resolver_close(r);
	char rm_name[] = "rm", rm_all[] = "-r";
	char *const rm[] = {rm_name, rm_all, root, NULL};
	CHECK(proc_wait(proc_spawn(rm, NULL, PROC_FDS_NONE), 0) == 0, "cleaned up");
	return unit_done();
}
