#include "queue/room.h"

#include <errno.h>
#include <string.h>
#include <sys/statvfs.h>

#include "io/control.h"

bool room_read(room_floor *f, const char **name)
{
	bool good = true;
	int error = 0;
	if (!control_number("free-space", INT64_MAX, ROOM_OCTETS, &f->octets)) {
		error = errno;
		f->octets = ROOM_OCTETS;
		*name = "free-space";
		good = false;
	}
	if (!control_number("free-inodes", INT64_MAX, ROOM_INODES, &f->inodes)) {
		error = errno;
		f->inodes = ROOM_INODES;
		*name = "free-inodes";
		good = false;
	}
	errno = error;
	return good;
}

/* Not more than 2^64 octets, whatever the file system says. */
static uint64_t octets(uint64_t blocks, uint64_t size)
{
	uint64_t n;
	return __builtin_mul_overflow(blocks, size, &n) ? UINT64_MAX : n;
}

status room_check(const room_floor *f, int queue_dir, uint64_t size)
{
	struct statvfs fs;
	if (fstatvfs(queue_dir, &fs) < 0)
		return status_doubt("queue: %s", strerror(errno));
	uint64_t have = octets(fs.f_bavail, fs.f_frsize);
	if (f->octets && (have < f->octets || have - f->octets < size))
		return status_make(EX_TEMPFAIL, 452, "4.3.1", "queue: too little free space");
	if (f->inodes && fs.f_files && fs.f_favail < f->inodes)
		return status_make(EX_TEMPFAIL, 452, "4.3.1", "queue: too few free inodes");
	return status_ok();
}
