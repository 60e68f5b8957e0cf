#include "mail/flowed.h"

#include "mail/display.h"
#include "mail/wrap.h"

static const char marks[FLOWED_DEPTH_MAX + 2] = ">>>>>>>>>>>>>>>>>>>>>>>>>>>>>> ";

static span quote_prefix(size_t depth)
{
	size_t shown = depth < FLOWED_DEPTH_MAX ? depth : FLOWED_DEPTH_MAX;
	return depth ? span_of(marks + FLOWED_DEPTH_MAX - shown, shown + 1) : S("");
}

/* The next line without its line end. */
static span take_line(span *rest)
{
	span line = span_cut(rest, '\n');
	if (line.n && line.p[line.n - 1] == '\r')
		line.n--;
	return line;
}

static size_t quote_depth(span line)
{
	size_t depth = 0;
	while (depth < line.n && line.p[depth] == '>')
		depth++;
	return depth;
}

/* A line that stands for itself: never wrapped. */
static void put_fixed(wrap *w, span line)
{
	w->tie = true;
	wrap_put(w, line);
	wrap_line(w);
	w->tie = false;
}

void flowed_text(span text, bool delsp, size_t columns, str *to)
{
	wrap w = wrap_new(to, columns);
	size_t depth = 0;
	bool open = false; /* a paragraph waits for more */
	while (text.n) {
		span line = take_line(&text);
		size_t now = quote_depth(line);
		line = span_sub(line, now, line.n);
		if (line.n && line.p[0] == ' ')
			line = span_sub(line, 1, line.n);
		bool signature = span_eq(line, S("-- "));
		bool flows = line.n && line.p[line.n - 1] == ' ' && !signature;
		/* A change of depth or a signature ends a paragraph whose last line flows (4.5). */
		if (open && (now != depth || signature)) {
			wrap_line(&w);
			open = false;
		}
		depth = now;
		w.prefix = quote_prefix(depth);
		if (!open && !flows) {
			put_fixed(&w, line);
			continue;
		}
		wrap_text(&w, flows && delsp ? span_sub(line, 0, line.n - 1) : line);
		open = flows;
		if (!flows)
			wrap_line(&w);
	}
	if (open)
		wrap_line(&w);
	wrap_free(&w);
}

/* "> > " and ">>" alike, with the blanks between and behind them. */
static span quote_marks(span line)
{
	size_t n = 0, end = 0;
	for (; n < line.n && n < 2 * FLOWED_DEPTH_MAX && (line.p[n] == '>' || line.p[n] == ' ');
	     n++)
		if (line.p[n] == '>')
			end = n + 1 < line.n && line.p[n + 1] == ' ' ? n + 2 : n + 1;
	return span_sub(line, 0, end);
}

void flowed_fixed(span text, size_t columns, str *to)
{
	wrap w = wrap_new(to, columns);
	while (text.n) {
		span line = take_line(&text);
		if (columns == 0 || display_width(line) <= columns) {
			(void)str_put(to, line);
			(void)str_putc(to, '\n');
			continue;
		}
		w.prefix = quote_marks(line);
		line = span_sub(line, w.prefix.n, line.n);
		size_t indent = 0;
		while (indent < line.n && line.p[indent] == ' ')
			indent++;
		wrap_put(&w, span_sub(line, 0, indent));
		wrap_text(&w, span_sub(line, indent, line.n));
		wrap_line(&w);
	}
	wrap_free(&w);
}
