/* mail-attach(1): adds parts to a message. */
#include <getopt.h>
#include <sys/random.h>
#include <sysexits.h>

#include "base/die.h"
#include "io/file.h"
#include "io/gzip.h"
#include "io/map.h"
#include "io/out.h"
#include "io/proc.h"
#include "io/sandbox.h"
#include "mail/graft.h"
#include "mail/utf8.h"
#include "write/cargo.h"

enum { TREE_MAX = 256 << 20, PIECE = 65536, NAME_MAX_OCTETS = 4096 };

typedef struct attacher {
	const char *type, *content_id, *name;
	bool compress, eight_bit;
	cargo goods;
} attacher;

static const char usage_text[] = "usage: mail-attach [-8z] [-t type] [-n name] file... <message\n"
				 "       mail-attach -i cid [-t type] [-n name] file <message\n";

static _Noreturn void misuse(void)
{
	(void)fputs(usage_text, stderr);
	exit(EX_USAGE);
}

static bool content_id_ok(span id)
{
	for (size_t i = 0; i < id.n; i++)
		if (id.p[i] <= ' ' || id.p[i] >= 0x7f || id.p[i] == '<' || id.p[i] == '>')
			return false;
	return id.n > 0 && id.n < 500;
}

static _Noreturn void no_input(const attacher *a)
{
	die(EX_NOINPUT, "%s", str_cstr(&a->goods.problem));
}

/* The compressed file is an unlinked one; its map keeps it. */
static void load_compressed(attacher *a, const char *path, span name)
{
	map m = {.octets = S("")};
	str whole = str_new(NAME_MAX_OCTETS);
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY), to = file_temp();
	if (fd < 0 || !map_open(&m, fd, INT64_MAX))
		die_errno(EX_NOINPUT, "%s", path);
	if (to < 0 || !gzip_write(to, m.octets) || lseek(to, 0, SEEK_SET) != 0)
		die_errno(EX_TEMPFAIL, "temporary file");
	(void)str_put(&whole, name);
	(void)str_put(&whole, S(".gz"));
	if (!cargo_fd(&a->goods, to, span_str(a->type ? a->type : "application/gzip"),
		      str_span(&whole)))
		no_input(a);
	(void)close(fd);
	(void)close(to);
	map_close(&m);
	str_free(&whole);
}

static void load(attacher *a, const char *path)
{
	span name = span_str(a->name ? a->name : path);
	size_t slash = span_rfind(name, '/');
	if (slash < name.n)
		name = span_sub(name, slash + 1, name.n);
	if (a->compress)
		load_compressed(a, path, name);
	else if (!cargo_file(&a->goods, span_str(path), span_str(a->type ? a->type : ""), name))
		no_input(a);
	attachment *added = &a->goods.parts[a->goods.count - 1];
	if (a->content_id) {
		added->content_id = span_str(a->content_id);
		added->shown = true;
	}
}

/* With CRLF line ends only base64 brings the octets back as they were. */
static void suit_crlf(cargo *g)
{
	for (size_t i = 0; i < g->count; i++)
		if (!span_startsi(g->parts[i].type, S("message/")))
			g->parts[i].encoding = PART_BASE64;
}

static void put(void *arg, span octets)
{
	out_put(arg, octets);
}

static int attach(attacher *a, span message)
{
	static const char *const words[] = {[GRAFT_NO_HEADER] = "standard input is no message",
					    [GRAFT_NO_HTML] = "there is no HTML that could show it",
					    [GRAFT_SIGNED] = "the HTML is signed or encrypted"};
	uint64_t random[2];
	str token = str_new(64);
	arena mem = arena_new(TREE_MAX);
	part_tree tree;
	out o;
	if (getrandom(random, sizeof random, 0) != sizeof random)
		die_errno(EX_TEMPFAIL, "random octets");
	(void)str_printf(&token, "%016" PRIx64 "%016" PRIx64, random[0], random[1]);
	if (!part_parse(message, &mem, &tree))
		die(EX_DATAERR, "the message has too many parts");
	if (graft_is_crlf(&tree))
		suit_crlf(&a->goods);
	graft g = {&tree, a->goods.parts, a->goods.count, a->content_id != NULL, str_span(&token)};
	out_open(&o, STDOUT_FILENO, PIECE);
	enum graft_result result = graft_write(&g, put, &o);
	if (result != GRAFT_OK)
		die(EX_DATAERR, "%s", words[result]);
	bool done = out_flush(&o);
	if (!done)
		warn_errno("standard output");
	out_close(&o);
	arena_free(&mem);
	str_free(&token);
	return done ? EX_OK : EX_IOERR;
}

static void options(attacher *a, int argc, char **argv)
{
	static const struct option names[] = {{"type", required_argument, NULL, 't'},
					      {"content-id", required_argument, NULL, 'i'},
					      {"name", required_argument, NULL, 'n'},
					      {"compress", no_argument, NULL, 'z'},
					      {"eight-bit", no_argument, NULL, '8'},
					      {"help", no_argument, NULL, 'h'},
					      {NULL, 0, NULL, 0}};
	int c;
	while ((c = getopt_long(argc, argv, "t:i:n:z8h", names, NULL)) != -1) {
		if (c == 'h') {
			(void)fputs(usage_text, stdout);
			exit(fflush(stdout) == 0 ? EX_OK : EX_IOERR);
		}
		if (c == '?')
			misuse();
		if (c == 't')
			a->type = optarg;
		else if (c == 'i')
			a->content_id = optarg;
		else if (c == 'n')
			a->name = optarg;
		else
			*(c == 'z' ? &a->compress : &a->eight_bit) = true;
	}
	if (optind == argc || ((a->content_id || a->name) && argc - optind > 1) ||
	    (a->content_id && a->compress))
		misuse();
	if (a->type && !attachment_type_ok(span_str(a->type)))
		die(EX_USAGE, "-t: this is no type");
	if (a->content_id && !content_id_ok(span_str(a->content_id)))
		die(EX_USAGE, "-i: this is no Content-ID");
	if (a->name && (!utf8_valid(span_str(a->name)) || !*a->name))
		die(EX_USAGE, "-n: this is no name");
}

int main(int argc, char **argv)
{
	static attacher a;
	map m;
	proc_start(argv[0]);
	options(&a, argc, argv);
	cargo_init(&a.goods, a.eight_bit);
	for (int i = optind; i < argc; i++)
		load(&a, argv[i]);
	if (!map_open(&m, STDIN_FILENO, INT64_MAX))
		die_errno(EX_NOINPUT, "message");
	if (!sandbox_reader(NULL, 0))
		die_errno(EX_OSERR, "sandbox");
	int code = attach(&a, m.octets);
	cargo_free(&a.goods);
	map_close(&m);
	return code;
}
