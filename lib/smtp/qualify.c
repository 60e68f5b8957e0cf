#include "smtp/qualify.h"

#include <string.h>

/* The '>' of a path without an '@'; args.n where it has one, or no end. */
static size_t end_of_local(span args, size_t open)
{
	bool quoted = false;
	for (size_t i = open + 1; i < args.n; i++) {
		char c = args.p[i];
		if (quoted && c == '\\')
			i++;
		else if (c == '"')
			quoted = !quoted;
		else if (!quoted && (c == '@' || c == '<'))
			return args.n;
		else if (!quoted && c == '>')
			return i;
	}
	return args.n;
}

span qualify(span args, span domain, arena *mem)
{
	size_t open = span_find(args, '<'), end = end_of_local(args, open);
	span local = span_sub(args, open + 1, end);
	if (open == args.n || end == args.n || !domain.n || !local.n ||
	    span_eqi(local, S("postmaster")))
		return args;
	char *whole = arena_alloc(mem, args.n + 1 + domain.n);
	if (!whole)
		return args;
	memcpy(whole, args.p, end);
	whole[end] = '@';
	memcpy(whole + end + 1, domain.p, domain.n);
	memcpy(whole + end + 1 + domain.n, args.p + end, args.n - end);
	return span_of(whole, args.n + 1 + domain.n);
}
