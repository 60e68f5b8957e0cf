#include "queue/job.h"

#include "base/die.h"
#include "io/sumline.h"
#include "queue/qmsg.h"

/* Without the escapes \t \n \\; p is NULL for any other backslash, and where the arena is full. */
static span unescape(span s, arena *a)
{
	if (span_find(s, '\\') == s.n)
		return arena_dup(a, s);
	char *to = arena_alloc(a, s.n);
	size_t n = 0;
	for (size_t i = 0; to && i < s.n; i++) {
		if (s.p[i] != '\\') {
			to[n++] = s.p[i];
			continue;
		}
		char c = i + 1 < s.n ? s.p[++i] : 0;
		if (c != 't' && c != 'n' && c != '\\')
			return (span){NULL, 0};
		to[n++] = c == 't' ? '\t' : c == 'n' ? '\n' : '\\';
	}
	return (span){to, to ? n : 0};
}

static bool next_field(span *rest, arena *a, span *field)
{
	if (!rest->p)
		return false;
	size_t at = span_find(*rest, '\t');
	span raw = span_sub(*rest, 0, at);
	*rest = at < rest->n ? span_sub(*rest, at + 1, rest->n) : (span){NULL, 0};
	*field = unescape(raw, a);
	return field->p != NULL;
}

static bool take_key(span field, job *j)
{
	span value = field, key = span_cut(&value, '=');
	uint64_t v;
	if (key.n == field.n)
		return false; /* no '=' */
	if (span_eq(key, S("DEST")))
		j->dest = value;
	else if (span_eq(key, S("ORIG")))
		j->orig = value;
	else if (span_eq(key, S("MAILPARAMS")))
		j->mail_params = value;
	else if (span_eq(key, S("RCPTPARAMS")))
		j->rcpt_params = value;
	else if (span_eq(key, S("SIZE")))
		return span_u64(value, INT64_MAX, &j->size);
	else if (span_eq(key, S("ATTEMPT"))) {
		if (!span_u64(value, UINT32_MAX, &v))
			return false;
		j->attempt = (unsigned)v;
	}
	return true; /* keys of a newer runner are no error */
}

bool job_parse(span line, arena *a, job *j)
{
	span rest = span_chomp(line), n, offset, field;
	uint64_t v;
	*j = (job){.attempt = 1};
	if (line.n > JOB_LINE_MAX || memchr(line.p, 0, line.n))
		return false;
	if (!next_field(&rest, a, &j->id) || !next_field(&rest, a, &n) ||
	    !next_field(&rest, a, &j->path) || !next_field(&rest, a, &offset) ||
	    !next_field(&rest, a, &j->sender) || !next_field(&rest, a, &j->recipient))
		return false;
	if (!qid_valid(j->id) || !span_u64(n, ENVELOPE_RCPT_MAX, &v) || v == 0 || j->path.n == 0 ||
	    !span_u64(offset, INT64_MAX, &j->offset))
		return false;
	j->n = v;
	while (rest.p)
		if (!next_field(&rest, a, &field) || !take_key(field, j))
			return false;
	return true;
}

static void put_escaped(span s, str *to)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		if (c == '\t' || c == '\n' || c == '\\') {
			(void)str_putc(to, '\\');
			c = c == '\t' ? 't' : c == '\n' ? 'n' : '\\';
		}
		(void)str_putc(to, c);
	}
}

static void put_key(const char *key, span value, str *to)
{
	if (value.n == 0)
		return;
	(void)str_printf(to, "\t%s=", key);
	put_escaped(value, to);
}

void job_write(const job *j, str *to)
{
	put_escaped(j->id, to);
	(void)str_printf(to, "\t%zu\t", j->n);
	put_escaped(j->path, to);
	(void)str_printf(to, "\t%" PRIu64 "\t", j->offset);
	put_escaped(j->sender, to);
	(void)str_putc(to, '\t');
	put_escaped(j->recipient, to);
	put_key("DEST", j->dest, to);
	(void)str_printf(to, "\tSIZE=%" PRIu64 "\tATTEMPT=%u", j->size, j->attempt);
	put_key("MAILPARAMS", j->mail_params, to);
	put_key("RCPTPARAMS", j->rcpt_params, to);
	put_key("ORIG", j->orig, to);
	(void)str_putc(to, '\n');
}

bool job_result_parse(span line, job_result *r)
{
	span rest;
	uint64_t n, code;
	int reply;
	char enhanced[sizeof r->st.enhanced];
	if (!sumline_take(line, &rest) || memchr(rest.p, 0, rest.n))
		return false;
	r->id = span_cut(&rest, ' ');
	span number = span_cut(&rest, ' '), c = span_cut(&rest, ' '), rep = span_cut(&rest, ' ');
	span enh = span_cut(&rest, ' ');
	if (!qid_valid(r->id) || !span_u64(number, ENVELOPE_RCPT_MAX, &n) || n == 0 ||
	    !span_u64(c, 255, &code) || !remote_mta_parse(rep, &reply, &r->by) ||
	    enh.n >= sizeof enhanced)
		return false;
	(void)snprintf(enhanced, sizeof enhanced, "%.*s", span_eq(enh, S("-")) ? 0 : (int)enh.n,
		       enh.p);
	r->n = n;
	r->st = status_make((int)code, reply, enhanced, "%.*s", SPAN_FMT(rest));
	return true;
}

void job_result_write(const job_result *r, str *to)
{
	str words = str_new(1024);
	(void)str_put(&words, r->id);
	(void)str_printf(&words, " %zu %d ", r->n, r->st.code);
	remote_mta_write(r->st.reply, &r->by, &words);
	(void)str_printf(&words, " %s %s", *r->st.enhanced ? r->st.enhanced : "-", r->st.text);
	sumline_put(str_span(&words), to);
	str_free(&words);
}
