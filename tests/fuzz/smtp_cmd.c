/* links: smtp mail io base : z */
#include "smtp/cmd.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t size);

static void judge(status st)
{
	if (st.reply != 250 && (st.reply < 400 || st.reply > 599))
		abort();
	if ((st.reply == 250) != (st.code == EX_OK))
		abort();
	if (st.reply != 250 && st.enhanced[0] != '0' + st.reply / 100)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t size)
{
	arena a = arena_new(65536);
	envelope_path path = {.params = NULL};
	cmd_mail m;
	char *copy = malloc(size ? size : 1);
	if (!copy)
		abort();
	memcpy(copy, octets, size);
	cmd c = cmd_parse(span_of(copy, size));
	if (c.args.n > size || (c.verb == CMD_OCTETS && c.args.n))
		abort();
	if (c.verb != CMD_OCTETS && memchr(copy, 0, size))
		abort();
	(void)cmd_hello_valid(c.args);
	judge(cmd_mail_args(c.args, 1 << 20, &a, &path, &m));
	judge(cmd_rcpt_args(c.args, false, &a, &path));
	judge(cmd_rcpt_args(c.args, true, &a, &path));
	judge(cmd_vrfy_args(c.args));
	uint64_t chunk;
	bool last;
	(void)cmd_bdat_args(c.args, &chunk, &last);
	arena_free(&a);
	free(copy);
	return 0;
}
