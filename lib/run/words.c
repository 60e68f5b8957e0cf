#include "run/words.h"

#include "io/file.h"

span words_last_line(int fd, char room[static WORDS_MAX])
{
	off_t size = lseek(fd, 0, SEEK_END);
	off_t from = size > WORDS_MAX ? size - WORDS_MAX : 0;
	ssize_t n = size < 0 ? -1 : file_pread(fd, room, WORDS_MAX, from);
	span all = span_trim(span_of(room, n > 0 ? (size_t)n : 0));
	size_t lf = span_rfind(all, '\n');
	return lf == all.n ? all : span_sub(all, lf + 1, all.n);
}

status words_refusal(int code, int reply, const char *enhanced, span line)
{
	span own, words;
	if (!status_enhanced(line, &own, &words) || own.p[0] != '0' + reply / 100 || own.n >= 12)
		return status_make(code, reply, enhanced, "%.*s", SPAN_FMT(line));
	status st = status_make(code, reply, "", "%.*s", SPAN_FMT(words));
	memcpy(st.enhanced, own.p, own.n);
	st.enhanced[own.n] = 0;
	return st;
}
