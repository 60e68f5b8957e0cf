#include "queue/figures.h"

#include "io/log_event.h"

const uint64_t figures_delay_ends[FIGURES_DELAYS - 1] = {1, 3, 10, 60, 600, 3600, 14400, 86400};

figures figures_new(void)
{
	return (figures){.events = tally_new(1000),
			 .hours = tally_new(FIGURES_NAMES),
			 .destinations = tally_new(FIGURES_NAMES),
			 .senders = tally_new(FIGURES_NAMES),
			 .refusals = tally_new(1000),
			 .clients = tally_new(FIGURES_NAMES),
			 .value = str_new(4096),
			 .hour = str_new(64)};
}

void figures_free(figures *f)
{
	tally *all[] = {&f->events,  &f->hours,	   &f->destinations,
			&f->senders, &f->refusals, &f->clients};
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		tally_free(all[i]);
	str_free(&f->value);
	str_free(&f->hour);
}

static void count_hour(figures *f, enum figures_column column)
{
	if (f->hour.n)
		tally_at(&f->hours, str_span(&f->hour))->v[column]++;
}

/* A message that came in: smtp-recv's "accepted", queue-add's "queued". */
static void taken(figures *f, const log_event *e)
{
	uint64_t size = log_event_number(e, "size");
	f->octets += size;
	count_hour(f, FIGURES_TAKEN);
	if (!log_event_get(e, "from", &f->value))
		return;
	tally_row *r = tally_at(&f->senders, f->value.n ? str_span(&f->value) : S("<>"));
	r->v[0]++;
	r->v[1] += size;
}

static void count_delay(figures *f, uint64_t delay)
{
	size_t i = 0;
	while (i < FIGURES_DELAYS - 1 && delay > figures_delay_ends[i])
		i++;
	f->delays[i]++;
	f->delay_sum += delay;
}

/* What queue-run says of a recipient. */
static void tried(figures *f, const log_event *e, enum figures_column column)
{
	uint64_t delay = log_event_number(e, "delay");
	bool local =
	    log_event_get(e, "relay", &f->value) && span_starts(str_span(&f->value), S("deliver-"));
	count_hour(f, column);
	span name = S("local");
	if (!local)
		name = log_event_get(e, "dest", &f->value) && f->value.n ? str_span(&f->value)
									 : S("(none)");
	tally_row *r = tally_at(&f->destinations, name);
	r->v[column]++;
	if (column != FIGURES_DONE)
		return;
	r->v[FIGURES_DELAY] += delay;
	count_delay(f, delay);
}

static void refused(figures *f, const log_event *e)
{
	str key = str_new(64);
	(void)str_putu(&key, log_event_number(e, "reply"));
	if (log_event_get(e, "enhanced", &f->value) && f->value.n) {
		(void)str_putc(&key, ' ');
		(void)str_put(&key, str_span(&f->value));
	}
	tally_at(&f->refusals, str_span(&key))->v[0]++;
	str_free(&key);
	if (log_event_get(e, "ip", &f->value))
		tally_at(&f->clients, str_span(&f->value))->v[0]++;
}

static void sort_in(figures *f, const log_event *e)
{
	static const struct {
		const char *event;
		enum figures_column column;
	} outcomes[] = {{"delivered", FIGURES_DONE},
			{"relayed", FIGURES_DONE},
			{"deferred", FIGURES_DEFERRED},
			{"put-off", FIGURES_DEFERRED},
			{"failed", FIGURES_FAILED}};
	if (span_eq(e->name, S("accepted")) || span_eq(e->name, S("queued")))
		taken(f, e);
	else if (span_eq(e->command, S("smtp-recv")) && span_eq(e->name, S("refused")))
		refused(f, e);
	/* smtp-send and deliver-maildir speak of the same recipients: once is enough. */
	for (size_t i = 0;
	     span_eq(e->command, S("queue-run")) && i < sizeof outcomes / sizeof *outcomes; i++)
		if (span_eq(e->name, span_str(outcomes[i].event)))
			tried(f, e, outcomes[i].column);
}

void figures_line(figures *f, span line, span day)
{
	log_event e;
	f->lines++;
	if (!log_event_parse(line, &e)) {
		f->others++;
		return;
	}
	log_event_hour(&e, &f->hour);
	if (!span_starts(str_span(&f->hour), day))
		return;
	str_clear(&f->value);
	(void)str_put(&f->value, e.command);
	(void)str_putc(&f->value, ' ');
	(void)str_put(&f->value, e.name);
	tally_at(&f->events, str_span(&f->value))->v[0]++;
	sort_in(f, &e);
}
