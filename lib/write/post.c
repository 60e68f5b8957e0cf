#include "write/post.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/die.h"
#include "io/proc.h"
#include "maildir/store.h"

enum { PATH_ROOM = 4096 };

void post_folder(const char *name, str *to)
{
	const char *maildir = getenv("MAILDIR"), *home = getenv("HOME");
	bool folder = name[0] == '.' && name[1] && name[1] != '.' && name[1] != '/';
	if (folder && maildir && *maildir)
		(void)str_printf(to, "%s/", maildir);
	else if (folder)
		(void)str_printf(to, "%s/Maildir/", home ? home : "");
	(void)str_put(to, span_str(name));
}

status post_file(const char *folder, const char *flags, int fd, span host, str *path)
{
	str dir = str_new(PATH_ROOM);
	post_folder(folder, &dir);
	status st = dir.over ? status_doubt("the folder's name is too long")
			     : store_message(str_cstr(&dir), flags, fd, host, path);
	str_free(&dir);
	return st;
}

status post_send(char *const *command, span sender, int fd)
{
	char sendmail[] = "sendmail", t[] = "-t", i[] = "-i", f[] = "-f";
	str from = str_new(PATH_ROOM);
	(void)str_put(&from, sender);
	char *address = xstrdup(str_cstr(&from));
	char *standard[] = {sendmail, t, i, *address ? f : NULL, address, NULL};
	char *const *argv = command[0] ? command : standard;
	proc_fds fds = PROC_FDS_NONE;
	status st = status_ok();
	fds.in = fd;
	pid_t pid = lseek(fd, 0, SEEK_SET) == 0 ? proc_spawn(argv, NULL, fds) : -1;
	int code = pid < 0 ? EX_TEMPFAIL : proc_wait(pid, 0);
	if (code != EX_OK)
		st = status_make(code, 0, "", "%s: exit status %d", argv[0], code);
	free(address);
	str_free(&from);
	return st;
}
