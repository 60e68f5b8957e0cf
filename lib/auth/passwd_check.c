#include "auth/passwd.h"
#include "io/table.h"

enum { VALUE_ROOM = 1 << 17 };

/* What an unknown address is checked against, so that the time tells nothing. No password has this
 * hash. */
static const char nobody[] =
    "{CRYPT}$y$j9T$F5Jx5fExrKuPp53xLKQ..1$X3DX6M94c7o.9agCG9G317fhZg9SqC.5i5rd.RhAtQ7";

enum passwd_result passwd_check(span address, span password, const char **error, size_t *line)
{
	table *t = table_open("passwd");
	arena a = arena_new(VALUE_ROOM);
	span value = {NULL, 0};
	enum passwd_result r = PASSWD_DOUBT;
	*error = "no such file";
	*line = 0;
	enum table_result found = table_get(t, address, &a, &value, error, line);
	if (found == TABLE_FOUND) {
		*error = "malformed entry";
		r = passwd_verify(value, password);
	} else if (found == TABLE_ABSENT) {
		(void)passwd_verify(span_str(nobody), password);
		r = PASSWD_WRONG;
	}
	arena_free(&a);
	table_close(t);
	return r;
}
