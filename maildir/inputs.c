#include "maildir/inputs.h"

#include <string.h>
#include <sys/stat.h>

#include "io/in.h"

bool inputs_read(int fd, char end, inputs_each *each, void *arg)
{
	in input;
	span octets;
	enum in_result r;
	bool good = true;
	str path = str_new(INPUTS_PATH_MAX);
	in_open(&input, fd, INPUTS_PATH_MAX);
	while (good && (r = in_peek(&input, &octets)) == IN_OK) {
		size_t n = span_find(octets, end);
		(void)str_put(&path, span_sub(octets, 0, n));
		bool ended = n < octets.n;
		in_skip(&input, n + ended);
		if (path.over) {
			errno = ENAMETOOLONG;
			good = false;
		} else if (ended && path.n) {
			good = each(arg, str_span(&path));
			str_clear(&path);
		}
	}
	if (good && r == IN_EOF && path.n)
		good = each(arg, str_span(&path));
	else if (good && r != IN_EOF)
		good = false;
	int error = errno;
	in_close(&input);
	str_free(&path);
	errno = error;
	return good;
}

/* "DIR/cur" and "DIR/new" are parts of a folder, which may itself be named so. */
static bool add_directory(maildir_scan *s, const char *dir, unsigned which)
{
	str name = str_new(INPUTS_PATH_MAX);
	struct stat st;
	(void)str_printf(&name, "%s/cur", dir);
	bool folder = stat(str_cstr(&name), &st) == 0 && S_ISDIR(st.st_mode);
	str_clear(&name);
	(void)str_put(&name, span_str(dir));
	while (name.n > 1 && name.p[name.n - 1] == '/')
		str_cut(&name, name.n - 1);
	(void)str_put(&name, S("/x"));
	bool part = !folder && scan_is_message(str_span(&name));
	bool new_part = span_ends(str_span(&name), S("new/x"));
	str_cut(&name, name.n - 2);
	size_t from = s->count;
	bool done;
	if (part) {
		unsigned only = which & (new_part ? SCAN_NEW : SCAN_CUR);
		str_cut(&name, name.n > 3 ? name.n - 4 : 0);
		done = maildir_scan_folder(s, name.n ? str_cstr(&name) : ".", only);
	} else {
		done = maildir_scan_folder(s, dir, which);
	}
	if (done)
		maildir_scan_sort(s, from);
	str_free(&name);
	return done;
}

bool inputs_add(maildir_scan *s, span path, unsigned which)
{
	struct stat st;
	str name = str_new(INPUTS_PATH_MAX);
	bool done;
	if (scan_is_message(path)) /* millions of them may come: none is looked at here */
		return maildir_scan_path(s, path);
	if (!str_put(&name, path) || strlen(str_cstr(&name)) != path.n) {
		errno = ENAMETOOLONG;
		done = false;
	} else if (stat(str_cstr(&name), &st) < 0) {
		done = false;
	} else {
		done = S_ISDIR(st.st_mode) ? add_directory(s, str_cstr(&name), which)
					   : maildir_scan_path(s, path);
	}
	int error = errno;
	str_free(&name);
	errno = error;
	return done;
}
