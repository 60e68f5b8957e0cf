#include "mail/wrap.h"

#include "mail/display.h"

wrap wrap_new(str *to, size_t columns)
{
	return (wrap){
	    .to = to, .columns = columns, .word = str_new(to->max), .gap = str_new(to->max)};
}

void wrap_free(wrap *w)
{
	str_free(&w->word);
	str_free(&w->gap);
}

static void begin(wrap *w)
{
	span prefix = w->first.n ? w->first : w->prefix;
	if (w->begun)
		return;
	(void)str_put(w->to, prefix);
	w->column = display_width(prefix);
	w->first = (span){NULL, 0};
	w->begun = true;
}

static void end(wrap *w)
{
	(void)str_putc(w->to, '\n');
	w->begun = false;
	w->column = 0;
}

/* Columns a line may have: the prefix never takes all of them. */
static size_t limit(const wrap *w)
{
	size_t least = display_width(w->prefix) + WRAP_LEAST;
	return w->columns > least ? w->columns : least;
}

static bool has_wide(span s)
{
	/* U+1100 is the first wide character; all that are met in mail have three octets or more. */
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] >= 0xe1)
			return true;
	return false;
}

/* A word longer than a line. Scripts without blanks between words may be cut anywhere; an address of the
 * web would be broken by it and stays whole. */
static void put_long(wrap *w, span word, size_t most)
{
	while (word.n) {
		span front;
		begin(w);
		front = display_fit(word, most > w->column ? most - w->column : 0);
		if (front.n == 0 && w->column <= display_width(w->prefix))
			front = word;
		(void)str_put(w->to, front);
		w->column += display_width(front);
		word = span_sub(word, front.n, word.n);
		if (word.n)
			end(w);
	}
}

static void flush(wrap *w)
{
	span word = str_span(&w->word), gap = str_span(&w->gap);
	size_t width, blanks, most;
	if (word.n == 0)
		return;
	width = display_width(word);
	blanks = display_width(gap);
	most = w->columns ? limit(w) : SIZE_MAX;
	bool splits = width > most - display_width(w->prefix) && has_wide(word);
	if (w->begun && !splits && !w->tie && w->column + blanks + width > most) {
		end(w);
		gap.n = 0;
	}
	if (gap.n && !w->begun && !w->tie && w->columns)
		gap.n = 0;
	begin(w);
	(void)str_put(w->to, gap);
	w->column += display_width(gap);
	if (splits && !w->tie) {
		put_long(w, word, most);
	} else {
		(void)str_put(w->to, word);
		w->column += width;
	}
	str_clear(&w->word);
	str_clear(&w->gap);
}

void wrap_put(wrap *w, span piece)
{
	(void)str_put(&w->word, piece);
}

void wrap_gap(wrap *w, span blanks)
{
	if (w->tie) {
		wrap_put(w, blanks);
		return;
	}
	flush(w);
	(void)str_put(&w->gap, blanks);
}

void wrap_text(wrap *w, span text)
{
	for (size_t i = 0, from; i < text.n;) {
		for (from = i; i < text.n && (text.p[i] == ' ' || text.p[i] == '\t'); i++)
			;
		if (i > from)
			wrap_gap(w, span_sub(text, from, i));
		for (from = i; i < text.n && text.p[i] != ' ' && text.p[i] != '\t'; i++)
			;
		wrap_put(w, span_sub(text, from, i));
	}
}

void wrap_line(wrap *w)
{
	flush(w);
	if (!w->begun) {
		span prefix = w->first.n ? w->first : w->prefix;
		while (prefix.n && prefix.p[prefix.n - 1] == ' ')
			prefix.n--;
		(void)str_put(w->to, prefix);
		w->first = (span){NULL, 0};
	}
	end(w);
	str_clear(&w->gap);
}

bool wrap_begun(const wrap *w)
{
	return w->begun || w->word.n;
}
