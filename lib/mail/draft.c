#include "mail/draft.h"

#include "mail/header.h"
#include "mail/people.h"
#include "mail/utf8.h"
#include "mail/word.h"

enum { PEOPLE_MAX = 10000 };

static bool one_of(span name, const char *const *names)
{
	for (; *names; names++)
		if (span_eqi(name, span_str(*names)))
			return true;
	return false;
}

bool draft_is_local(span name)
{
	static const char *const names[] = {"Attach", "Attach-Html", "Attach-Message",
					    "Attach-Part", NULL};
	return one_of(name, names);
}

/* Fields that another message has because it was sent, or encoded. */
static bool is_foreign(span name)
{
	static const char *const names[] = {
	    "MIME-Version",   "Received", "Return-Path",    "Delivered-To", "Status", "X-Status",
	    "DKIM-Signature", "Lines",	  "Content-Length", "X-Keywords",   "X-UID",  NULL};
	return one_of(name, names) || span_startsi(name, S("Content-")) ||
	       span_startsi(name, S("ARC-"));
}

void draft_init(draft *d, arena *mem)
{
	d->mem = mem;
	d->n = 0;
	d->body = S("");
	d->over = d->not_utf8 = d->mime = false;
	d->bad_line = 0;
}

/* ---- fields */

static span keep(draft *d, span s)
{
	span kept = arena_dup(d->mem, s);
	d->over = d->over || !kept.p;
	return kept.p ? kept : S("");
}

/* One line: each run of blanks with a line end in it becomes a blank. */
static span keep_line(draft *d, span value)
{
	str line = str_new(value.n + 1);
	value = span_trim(value);
	for (size_t i = 0; i < value.n; i++) {
		size_t end = i;
		bool line_end = false;
		while (end < value.n && value.p[end] && strchr(" \t\r\n", value.p[end])) {
			line_end = line_end || value.p[end] == '\n' || value.p[end] == '\r';
			end++;
		}
		if (line_end)
			(void)str_putc(&line, ' ');
		else
			(void)str_put(&line, span_sub(value, i, end > i ? end : i + 1));
		i = end > i ? end - 1 : i;
	}
	span kept = keep(d, str_span(&line));
	str_free(&line);
	return kept;
}

static size_t find(const draft *d, span name)
{
	size_t i = 0;
	while (i < d->n && !span_eqi(d->fields[i].name, name))
		i++;
	return i;
}

span draft_get(const draft *d, const char *name)
{
	size_t i = find(d, span_str(name));
	return i < d->n ? d->fields[i].value : S("");
}

void draft_add(draft *d, span name, span value)
{
	if (d->n == DRAFT_FIELDS_MAX) {
		d->over = true;
		return;
	}
	span kept = keep_line(d, value);
	d->fields[d->n++] = (draft_field){keep(d, name), kept};
}

void draft_set(draft *d, const char *name, span value)
{
	size_t at = find(d, span_str(name)), kept = at;
	if (value.n && at == d->n) {
		draft_add(d, span_str(name), value);
		return;
	}
	if (value.n)
		d->fields[kept++].value = keep_line(d, value);
	for (size_t i = kept == at ? at : at + 1; i < d->n; i++)
		if (!span_eqi(d->fields[i].name, span_str(name)))
			d->fields[kept++] = d->fields[i];
	d->n = kept < d->n ? kept : d->n;
}

void draft_join(draft *d, const char *name, span value)
{
	span before = draft_get(d, name);
	str all = str_new(before.n + value.n + 2);
	(void)str_put(&all, before);
	if (before.n && value.n)
		(void)str_put(&all, S(", "));
	(void)str_put(&all, value);
	draft_set(d, name, str_span(&all));
	str_free(&all);
}

void draft_set_body(draft *d, span body)
{
	d->not_utf8 = d->not_utf8 || !utf8_valid(body);
	d->body = keep(d, body);
}

/* ---- reading */

/* Encoded words are for machines; comments, groups and whatever else a person wrote without them stays. */
static void read_value(draft *d, const header_field *f, const charset_opener *opener, str *to)
{
	bool words = false;
	for (size_t i = 0; i + 1 < f->body.n; i++)
		words = words || (f->body.p[i] == '=' && f->body.p[i + 1] == '?');
	if (!words && utf8_valid(f->body)) {
		(void)str_put(to, f->body);
		return;
	}
	arena mem = arena_new(DRAFT_HEADER_MAX * 4);
	if (field_kind_of(f->name) != FIELD_ADDRESSES ||
	    !people_text(f->body, opener, &mem, PEOPLE_MAX, to)) {
		str_clear(to);
		word_decode(f->body, opener, to);
	}
	d->not_utf8 = d->not_utf8 || !utf8_valid(str_span(to));
	arena_free(&mem);
}

static size_t lines(span s)
{
	size_t n = 0;
	for (; s.n; n++)
		(void)span_cut(&s, '\n');
	return n;
}

/* A body's lines end in LF. */
static void read_body(draft *d, span text)
{
	str body = str_new(text.n + 1);
	while (text.n) {
		span line = span_cut(&text, '\n');
		if (line.n && line.p[line.n - 1] == '\r')
			line.n--;
		(void)str_put(&body, line);
		(void)str_putc(&body, '\n');
	}
	draft_set_body(d, str_span(&body));
	str_free(&body);
}

void draft_read(draft *d, span text, const charset_opener *opener)
{
	span rest = text, before = text;
	header_field f;
	enum header_result result;
	str value = str_new(DRAFT_HEADER_MAX * 4);
	if (span_starts(rest, S("\xef\xbb\xbf")))
		rest = span_sub(rest, 3, rest.n);
	if (span_starts(rest, S("From ")))
		(void)span_cut(&rest, '\n');
	while ((result = header_next(&rest, &f)) == HEADER_FIELD && !d->over) {
		before = rest;
		str_clear(&value);
		if (span_eqi(f.name, S("Content-Type")) ||
		    span_eqi(f.name, S("Content-Transfer-Encoding")))
			d->mime = true;
		if (is_foreign(f.name))
			continue;
		read_value(d, &f, opener, &value);
		if (span_trim(str_span(&value)).n)
			draft_add(d, f.name, str_span(&value));
	}
	if (result == HEADER_GARBAGE)
		d->bad_line = lines(span_sub(text, 0, text.n - before.n)) + 1;
	read_body(d, rest);
	d->over = d->over || value.over;
	str_free(&value);
}

/* ---- writing */

static const char *const order[] = {"From",	  "Sender",	 "Reply-To",   "To",
				    "Cc",	  "Bcc",	 "Subject",    "Date",
				    "Message-ID", "In-Reply-To", "References", NULL};

static void write_field(span name, span value, str *to)
{
	(void)str_put(to, name);
	(void)str_put(to, value.n ? S(": ") : S(":"));
	(void)str_put(to, value);
	(void)str_putc(to, '\n');
}

void draft_write(const draft *d, str *to)
{
	static const char *const asked[] = {"To", "Cc", "Subject", NULL};
	for (size_t k = 0; order[k]; k++) {
		size_t before = to->n;
		for (size_t i = 0; i < d->n; i++)
			if (span_eqi(d->fields[i].name, span_str(order[k])))
				write_field(d->fields[i].name, d->fields[i].value, to);
		if (to->n == before && one_of(span_str(order[k]), asked))
			write_field(span_str(order[k]), S(""), to);
	}
	for (size_t i = 0; i < d->n; i++)
		if (!one_of(d->fields[i].name, order))
			write_field(d->fields[i].name, d->fields[i].value, to);
	(void)str_putc(to, '\n');
	(void)str_put(to, d->body);
}

static enum field_result put_field(const draft_field *f, const charset_opener *opener, str *to,
				   span *bad)
{
	*bad = f->name;
	if (!field_name_ok(f->name) || !utf8_valid(f->value))
		return FIELD_ASCII_ONLY;
	return field_write(f->name, f->value, false, opener, to);
}

enum field_result draft_fields(const draft *d, bool local, const charset_opener *opener, str *to,
			       span *bad)
{
	enum field_result result = FIELD_OK;
	for (size_t k = 0; order[k] && result == FIELD_OK; k++)
		for (size_t i = 0; i < d->n && result == FIELD_OK; i++)
			if (span_eqi(d->fields[i].name, span_str(order[k])))
				result = put_field(d->fields + i, opener, to, bad);
	for (size_t i = 0; i < d->n && result == FIELD_OK; i++)
		if (!one_of(d->fields[i].name, order) &&
		    (local || !draft_is_local(d->fields[i].name)))
			result = put_field(d->fields + i, opener, to, bad);
	return result;
}

/* ---- */

/* Whether the line has the word, in any case of ASCII letters; "attach" also begins "attached". */
static bool has_word(span line, span word)
{
	for (size_t i = 0; i + word.n <= line.n; i++)
		if (span_eqi(span_sub(line, i, i + word.n), word) &&
		    (i == 0 || !ascii_alnum((unsigned char)line.p[i - 1])))
			return true;
	return false;
}

bool draft_mentions(span body)
{
	static const char *const words[] = {"attach", "enclosed", "첨부", "붙임", "동봉", NULL};
	while (body.n) {
		span line = span_cut(&body, '\n');
		if (span_starts(line, S(">")))
			continue;
		for (size_t i = 0; words[i]; i++)
			if (has_word(line, span_str(words[i])))
				return true;
	}
	return false;
}
