/* The figures as a table, as JSON lines, and for Prometheus. */
#include "base/text.h"
#include "queue/figures.h"

static void plain(span s, str *to)
{
	for (size_t i = 0; i < s.n; i++)
		(void)str_putc(to, (unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7f ? '?' : s.p[i]);
}

static void head(const char *title, const char *columns, str *to)
{
	(void)str_printf(to, "%s%-40s%s\n", to->n ? "\n" : "", title, columns);
}

static void number(uint64_t n, str *to)
{
	(void)str_printf(to, " %10llu", (unsigned long long)n);
}

/* The name, then these columns. */
static void table_rows(const tally *t, size_t top, size_t columns, str *to)
{
	for (size_t i = 0; i < t->count && i < top; i++) {
		size_t from = to->n;
		plain(span_str(t->rows[i].key), to);
		while (to->n - from < 40 && str_putc(to, ' '))
			;
		for (size_t k = 0; k < columns; k++)
			number(t->rows[i].v[k], to);
		(void)str_putc(to, '\n');
	}
}

static void table_destinations(const tally *t, size_t top, str *to)
{
	for (size_t i = 0; i < t->count && i < top; i++) {
		const tally_row *r = &t->rows[i];
		size_t from = to->n;
		plain(span_str(r->key), to);
		while (to->n - from < 40 && str_putc(to, ' '))
			;
		number(r->v[FIGURES_DONE], to);
		number(r->v[FIGURES_DEFERRED], to);
		number(r->v[FIGURES_FAILED], to);
		if (r->v[FIGURES_DONE])
			(void)str_printf(to, " %10.1f",
					 (double)r->v[FIGURES_DELAY] / (double)r->v[FIGURES_DONE]);
		(void)str_putc(to, '\n');
	}
}

static void table_delays(const figures *f, str *to)
{
	for (size_t i = 0; i < FIGURES_DELAYS; i++) {
		size_t from = to->n;
		if (f->delays[i] == 0)
			continue;
		if (i < FIGURES_DELAYS - 1)
			(void)str_printf(to, "up to %llu s",
					 (unsigned long long)figures_delay_ends[i]);
		else
			(void)str_put(to, S("longer"));
		while (to->n - from < 40 && str_putc(to, ' '))
			;
		number(f->delays[i], to);
		(void)str_putc(to, '\n');
	}
}

static void sort_all(figures *f)
{
	tally_sort(&f->events, 0);
	tally_sort(&f->destinations, FIGURES_DONE);
	tally_sort(&f->senders, 0);
	tally_sort(&f->refusals, 0);
	tally_sort(&f->clients, 0);
}

void figures_table(figures *f, size_t top, str *to)
{
	sort_all(f);
	head("EVENT", "      COUNT", to);
	table_rows(&f->events, SIZE_MAX, 1, to);
	if (f->destinations.count) {
		head("DESTINATION", "       DONE   DEFERRED     FAILED   SECONDS", to);
		table_destinations(&f->destinations, top, to);
		head("DELAY", " RECIPIENTS", to);
		table_delays(f, to);
	}
	if (f->senders.count) {
		head("SENDER", "   MESSAGES     OCTETS", to);
		table_rows(&f->senders, top, 2, to);
	}
	if (f->refusals.count) {
		head("REFUSED WITH", "      COUNT", to);
		table_rows(&f->refusals, top, 1, to);
		head("REFUSED CLIENT", "      COUNT", to);
		table_rows(&f->clients, top, 1, to);
	}
	if (f->hours.count) {
		head("HOUR", "      TAKEN       DONE   DEFERRED     FAILED", to);
		table_rows(&f->hours, SIZE_MAX, 4, to);
	}
}

/* {"figure":"hour","name":"…","taken":1,…} */
static void json_rows(const tally *t, const char *figure, const char *const columns[], str *to)
{
	for (size_t i = 0; i < t->count; i++) {
		(void)str_printf(to, "{\"figure\":\"%s\",\"name\":", figure);
		text_json(span_str(t->rows[i].key), to);
		for (size_t k = 0; k < TALLY_VALUES && columns[k]; k++)
			if (*columns[k])
				(void)str_printf(to, ",\"%s\":%llu", columns[k],
						 (unsigned long long)t->rows[i].v[k]);
		(void)str_put(to, S("}\n"));
	}
}

void figures_json(figures *f, str *to)
{
	static const char *const count[] = {"count", NULL};
	static const char *const sender[] = {"messages", "octets", NULL};
	static const char *const hour[] = {"taken", "done", "deferred", "failed", NULL};
	static const char *const destination[] = {"", "done", "deferred", "failed", "seconds"};
	sort_all(f);
	(void)str_printf(
	    to, "{\"figure\":\"all\",\"lines\":%llu,\"other_lines\":%llu,\"octets\":%llu}\n",
	    (unsigned long long)f->lines, (unsigned long long)f->others,
	    (unsigned long long)f->octets);
	json_rows(&f->events, "event", count, to);
	json_rows(&f->destinations, "destination", destination, to);
	for (size_t i = 0; i < FIGURES_DELAYS; i++)
		(void)str_printf(to, "{\"figure\":\"delay\",\"up_to\":%lld,\"recipients\":%llu}\n",
				 i < FIGURES_DELAYS - 1 ? (long long)figures_delay_ends[i] : -1LL,
				 (unsigned long long)f->delays[i]);
	json_rows(&f->senders, "sender", sender, to);
	json_rows(&f->refusals, "refusal", count, to);
	json_rows(&f->clients, "client", count, to);
	json_rows(&f->hours, "hour", hour, to);
}

/* A label's value: backslash and quote are escaped; names are ASCII, other octets show that there was something. */
static void label(const char *key, span value, str *to)
{
	(void)str_printf(to, "%s=\"", key);
	for (size_t i = 0; i < value.n; i++) {
		char c = value.p[i];
		if (c == '"' || c == '\\')
			(void)str_putc(to, '\\');
		(void)str_putc(to, c < 0x20 || c > 0x7e ? '?' : c);
	}
	(void)str_putc(to, '"');
}

static void metric(const char *name, const char *type, const char *help, str *to)
{
	(void)str_printf(to, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void prometheus_destinations(const figures *f, str *to)
{
	static const char *const outcomes[] = {"", "done", "deferred", "failed"};
	metric("pabal_recipients_total", "counter", "Outcomes of attempts by next hop.", to);
	for (size_t i = 0; i < f->destinations.count; i++)
		for (size_t k = FIGURES_DONE; k <= FIGURES_FAILED; k++) {
			(void)str_put(to, S("pabal_recipients_total{"));
			label("destination", span_str(f->destinations.rows[i].key), to);
			(void)str_printf(to, ",outcome=\"%s\"} %llu\n", outcomes[k],
					 (unsigned long long)f->destinations.rows[i].v[k]);
		}
}

static void prometheus_delays(const figures *f, str *to)
{
	uint64_t sum = 0;
	metric("pabal_delay_seconds", "histogram", "From the arrival of a message to its delivery.",
	       to);
	for (size_t i = 0; i < FIGURES_DELAYS; i++) {
		sum += f->delays[i];
		if (i < FIGURES_DELAYS - 1)
			(void)str_printf(to, "pabal_delay_seconds_bucket{le=\"%llu\"} %llu\n",
					 (unsigned long long)figures_delay_ends[i],
					 (unsigned long long)sum);
	}
	(void)str_printf(
	    to,
	    "pabal_delay_seconds_bucket{le=\"+Inf\"} %llu\npabal_delay_seconds_sum %llu\n"
	    "pabal_delay_seconds_count %llu\n",
	    (unsigned long long)sum, (unsigned long long)f->delay_sum, (unsigned long long)sum);
}

void figures_prometheus(figures *f, str *to)
{
	sort_all(f);
	metric("pabal_events_total", "counter", "Events in the log.", to);
	for (size_t i = 0; i < f->events.count; i++) {
		span name = span_str(f->events.rows[i].key), command = span_cut(&name, ' ');
		(void)str_put(to, S("pabal_events_total{"));
		label("command", command, to);
		(void)str_putc(to, ',');
		label("event", name, to);
		(void)str_printf(to, "} %llu\n", (unsigned long long)f->events.rows[i].v[0]);
	}
	metric("pabal_octets_total", "counter", "Octets of the messages that were taken.", to);
	(void)str_printf(to, "pabal_octets_total %llu\n", (unsigned long long)f->octets);
	prometheus_destinations(f, to);
	prometheus_delays(f, to);
	metric("pabal_refused_total", "counter", "What SMTP clients were refused with.", to);
	for (size_t i = 0; i < f->refusals.count; i++) {
		(void)str_put(to, S("pabal_refused_total{"));
		label("reply", span_str(f->refusals.rows[i].key), to);
		(void)str_printf(to, "} %llu\n", (unsigned long long)f->refusals.rows[i].v[0]);
	}
}
