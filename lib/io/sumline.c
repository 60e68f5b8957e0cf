#include "io/sumline.h"

#include "io/sum.h"

void sumline_put(span words, str *to)
{
	uint32_t sum = sum_crc32(sum_crc32(0, words), S("\n"));
	(void)str_printf(to, "%08" PRIX32 " ", sum);
	(void)str_put(to, words);
	(void)str_putc(to, '\n');
}

bool sumline_take(span line, span *words)
{
	static const char hex[] = "0123456789ABCDEF";
	if (line.n <= SUMLINE_HEAD || line.p[SUMLINE_HEAD - 1] != ' ' || line.p[line.n - 1] != '\n')
		return false;
	uint32_t given = 0;
	for (size_t i = 0; i < SUMLINE_HEAD - 1; i++) {
		const char *digit = memchr(hex, line.p[i], sizeof hex - 1);
		if (!digit)
			return false;
		given = given << 4 | (uint32_t)(digit - hex);
	}
	*words = span_sub(line, SUMLINE_HEAD, line.n - 1);
	return sum_crc32(0, span_sub(line, SUMLINE_HEAD, line.n)) == given;
}
