/* links: queue mail io base : z */
#include "queue/room.h"

#include <sys/stat.h>
#include <sys/statvfs.h>

#include "tests/unit/queue_dir.h"

static void checks(int dir)
{
	struct statvfs fs;
	CHECK(fstatvfs(dir, &fs) == 0, "a file system");
	const uint64_t have = fs.f_bavail * fs.f_frsize;
	const struct {
		room_floor floor;
		uint64_t size;
		int reply;
	} cases[] = {
	    {{0, 0}, UINT64_MAX, 250},   {{1, 1}, 1000, 250},
	    {{1, 0}, UINT64_MAX, 452}, {{have / 2, 0}, have, 452},
	    {{INT64_MAX, 0}, 0, 452},  {{0, fs.f_files ? INT64_MAX : 0}, 0, fs.f_files ? 452 : 250},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		status st = room_check(&cases[i].floor, dir, cases[i].size);
		CHECK(st.reply == cases[i].reply && (st.reply == 250) == status_is_ok(&st),
		      "case %zu: %s", i, st.text);
		CHECK(st.reply == 250 || strcmp(st.enhanced, "4.3.1") == 0, "its code");
	}
	status st = room_check(&(room_floor){0, 0}, -1, 0);
	CHECK(st.code == EX_TEMPFAIL, "no queue at all is a doubt");
}

static void control(void)
{
	char path[256];
	room_floor f;
	const char *name = "";
	CHECK(room_read(&f, &name) && f.octets == ROOM_OCTETS && f.inodes == ROOM_INODES,
	      "the defaults");
	(void)snprintf(path, sizeof path, "%s/control", test_root);
	(void)mkdir(path, 0700);
	(void)snprintf(path, sizeof path, "%s/control/free-inodes", test_root);
	FILE *to = fopen(path, "w");
	if (!to || fputs("many\n", to) < 0 || fclose(to) != 0)
		abort();
	CHECK(!room_read(&f, &name) && strcmp(name, "free-inodes") == 0 && f.inodes == ROOM_INODES,
	      "no number: said, and the default");
	CHECK(unlink(path) == 0, "removed");
	(void)snprintf(path, sizeof path, "%s/control", test_root);
	(void)rmdir(path);
}

int main(void)
{
	int dir = queue_dir_make();
	checks(dir);
	control();
	queue_dir_remove(dir);
	return unit_done();
}
