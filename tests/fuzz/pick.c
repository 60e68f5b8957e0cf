/* links: mail io base */
/* An expression that is taken is answered for any message, and the same twice; `not` turns the answer round. */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "io/conv.h"
#include "mail/header.h"
#include "mail/pick.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum pick_truth ask(pick *p, const pick_facts *f)
{
	enum pick_truth t = pick_match(p, f, PICK_NAME);
	if (t == PICK_UNKNOWN)
		t = pick_match(p, f, PICK_HEADER);
	if (t == PICK_UNKNOWN)
		t = pick_match(p, f, PICK_BODY);
	if (t == PICK_UNKNOWN)
		abort();
	return t;
}

static void judge(pick *p, span expression, const pick_facts *f)
{
	pick_error e;
	str text = str_new(1 << 20);
	(void)str_put(&text, S("not ("));
	(void)str_put(&text, expression);
	(void)str_put(&text, S(")"));
	enum pick_truth t = ask(p, f);
	if (ask(p, f) != t)
		abort();
	pick *opposite = pick_parse(str_span(&text), 1000000000, &e);
	if (opposite && ask(opposite, f) == t)
		abort();
	pick_free(opposite);
	str_free(&text);
}

/* Regular expressions cost what their writer wants: not of interest here. */
static bool costs(span expression)
{
	size_t n = 0;
	for (size_t i = 0; i < expression.n; i++)
		n += strchr("+*?{|", expression.p[i]) != NULL;
	return n > 6 && memmem(expression.p, expression.n, "~~", 2);
}

/* The expression is the first line, the message is the rest. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	span message = span_of((const char *)data, size);
	span expression = span_cut(&message, '\n');
	conv *converters = conv_new();
	charset_opener opener = conv_opener(converters);
	pick_error e;
	expression = span_sub(expression, 0, 400);
	pick_facts f = {.flags = S("FS"),
			.arrived = 1000000000,
			.octets = message.n,
			.header = span_sub(message, 0, header_size(message)),
			.message = message,
			.opener = &opener};
	if (costs(expression)) {
		conv_free(converters);
		return 0;
	}
	pick *p = pick_parse(expression, 1000000000, &e);
	if (p)
		judge(p, expression, &f);
	else if (!e.text || e.at > expression.n)
		abort();
	pick_free(p);
	conv_free(converters);
	return 0;
}
