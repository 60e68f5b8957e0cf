/* A record at the end of pabal.cache, by who does not read it. Where the end is torn the record is lost with it. */
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "io/file.h"
#include "maildir/cache_record.h"

int cache_open_note(span dir)
{
	char path[PATH_MAX];
	int n = snprintf(path, sizeof path, "%.*s/pabal.cache", SPAN_FMT(dir));
	if (n < 0 || (size_t)n >= sizeof path)
		return -1;
	return open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
}

void cache_note(int fd, span base, const cache_record *r)
{
	struct stat st;
	str record = str_new(CACHE_RECORD_MAX);
	if (cache_put_record(base, r, &record) && flock(fd, LOCK_EX | LOCK_NB) == 0) {
		if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
		    st.st_size >= (off_t)sizeof(cache_head) && st.st_size % CACHE_ALIGN == 0 &&
		    st.st_size < CACHE_FILE_MAX)
			(void)!pwrite(fd, record.p, record.n, st.st_size);
		(void)flock(fd, LOCK_UN);
	}
	str_free(&record);
}
