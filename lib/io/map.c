#include "io/map.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <sysexits.h>

#include "io/file.h"

/* The pages behind the new end of a file that was cut are gone: reading them is SIGBUS. */
static void on_bus_error(int sig)
{
	static const char text[] = "pabal: the message was cut short while it was read\n";
	(void)sig;
	(void)!write(STDERR_FILENO, text, sizeof text - 1);
	_exit(EX_TEMPFAIL);
}

static bool map_file(map *m, int fd, uint64_t max)
{
	struct stat st;
	off_t at = lseek(fd, 0, SEEK_CUR);
	if (fstat(fd, &st) < 0 || at < 0)
		return false;
	if (at >= st.st_size)
		return true;
	if ((uint64_t)(st.st_size - at) > max) {
		errno = EFBIG;
		return false;
	}
	void *base = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (base == MAP_FAILED)
		return false;
	(void)madvise(base, (size_t)st.st_size, MADV_SEQUENTIAL);
	m->base = base;
	m->size = (size_t)st.st_size;
	m->octets = span_sub(span_of(base, m->size), (size_t)at, m->size);
	return true;
}

bool map_open(map *m, int fd, uint64_t max)
{
	struct sigaction act = {.sa_handler = on_bus_error};
	*m = (map){.octets = S("")};
	int file = file_seekable(fd, max);
	if (file < 0)
		return false;
	(void)sigemptyset(&act.sa_mask);
	bool done = sigaction(SIGBUS, &act, NULL) == 0 && map_file(m, file, max);
	if (file != fd) {
		int error = errno;
		(void)close(file);
		errno = error;
	}
	return done;
}

void map_close(map *m)
{
	if (m->base)
		(void)munmap(m->base, m->size);
	*m = (map){.octets = S("")};
}
