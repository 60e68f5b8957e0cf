/* APPEND (RFC 3501, 6.3.11; UIDPLUS: RFC 4315, 3; RFC 6855, 4; RFC 7889). The message goes from the wire to a file as it
 * comes; what can be known before is said before it is sent. */
#include "base/die.h"
#include "imap/flags.h"
#include "imap/message.h"
#include "imap/place.h"
#include "imap/verb.h"
#include "maildir/room.h"

enum { DATE_OCTETS = 26 };

static const char usage[] = "BAD APPEND mailbox [(flags)] [\"date\"] {octets}";

typedef struct appending {
	span mailbox; /* as the client wrote it */
	bool has_flags;
	imap_scan flags; /* at them */
	int64_t date;	 /* 0: now */
	bool utf8;	 /* UTF8 (…) stands around the message */
} appending;

/* ---- "24-Nov-2026 05:00:00 +0900", quoted */

static bool two(span s, size_t at, unsigned max, unsigned *value)
{
	uint64_t v;
	span digits = span_sub(s, at, at + 2);
	if (digits.n == 2 && at == 0 && digits.p[0] == ' ')
		digits = span_sub(digits, 1, 2);
	if (!span_u64(digits, max, &v))
		return false;
	*value = (unsigned)v;
	return true;
}

static bool month_of(span s, unsigned *month)
{
	static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	for (*month = 0; *month < 12; ++*month)
		if (span_eqi(s, span_of(names + 3 * (size_t)*month, 3)))
			return true;
	return false;
}

/* Days since the epoch of the civil calendar. */
static int64_t days(int64_t year, unsigned month, unsigned day)
{
	year -= month < 2;
	int64_t era = (year >= 0 ? year : year - 399) / 400;
	int64_t of_era = year - era * 400;
	int64_t of_year = (153 * ((month + 10) % 12) + 2) / 5 + day - 1;
	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static bool read_date(span s, int64_t *epoch)
{
	unsigned day, month, hour, minute, second, east, west;
	uint64_t year;
	if (s.n != DATE_OCTETS || s.p[2] != '-' || s.p[6] != '-' || s.p[11] != ' ' ||
	    s.p[14] != ':' || s.p[17] != ':' || s.p[20] != ' ' ||
	    (s.p[21] != '+' && s.p[21] != '-'))
		return false;
	if (!two(s, 0, 31, &day) || !day || !month_of(span_sub(s, 3, 6), &month) ||
	    !span_u64(span_sub(s, 7, 11), 9999, &year) || !two(s, 12, 23, &hour) ||
	    !two(s, 15, 59, &minute) || !two(s, 18, 60, &second) || !two(s, 22, 23, &east) ||
	    !two(s, 24, 59, &west))
		return false;
	int64_t zone = (int64_t)east * 3600 + (int64_t)west * 60;
	*epoch = days((int64_t)year, month, day) * 86400 + hour * 3600 + minute * 60 + second -
		 (s.p[21] == '+' ? zone : -zone);
	*epoch += *epoch == 0; /* 0 means now */
	return true;
}

/* ---- the arguments, up to the message */

/* "(" … ")" without a look at what is in it: the folder, which keeps keywords, is not open yet. */
static bool skip_flags(imap_scan *scan)
{
	span flag;
	if (!imap_char(scan, '('))
		return false;
	if (imap_char(scan, ')'))
		return true;
	do
		if (!imap_flag(scan, &flag))
			return false;
	while (imap_sp(scan));
	return imap_char(scan, ')');
}

static bool take_front(imap_scan *scan, appending *a)
{
	span date;
	*a = (appending){.date = 0};
	if (!imap_astring(scan, &a->mailbox) || !imap_sp(scan))
		return false;
	if (scan->rest.n && *scan->rest.p == '(') {
		a->has_flags = true;
		a->flags = *scan;
		if (!skip_flags(scan) || !imap_sp(scan))
			return false;
	}
	/* the message may stand here as "" (imap/read.h) */
	if (scan->rest.n > DATE_OCTETS && *scan->rest.p == '"' &&
	    (!imap_string(scan, &date) || !read_date(date, &a->date) || !imap_sp(scan)))
		return false;
	if (imap_word(scan, "UTF8"))
		a->utf8 = imap_sp(scan) && imap_char(scan, '(');
	return true;
}

/* ---- the literal */

static enum imap_literal refuse(imap_state *s, const char *words)
{
	s->reader.words = words;
	return IMAP_LITERAL_REFUSE;
}

static bool exists(imap_state *s, span mailbox)
{
	str name = str_new(4 * IMAP_NAME_MAX), path = str_new(PATH_MAX);
	bool there = imap_name_read(mailbox, s->box.utf8, &name) &&
		     imap_place_of(s->l->maildir, str_span(&name), &path);
	str_free(&name);
	str_free(&path);
	return there;
}

/* A file in the tmp/ of the account, without a name as soon as it is open. */
static int open_spool(imap_state *s)
{
	str path = str_new(PATH_MAX);
	(void)str_printf(&path, "%s/tmp/pabal.append.%ld", s->l->maildir, (long)getpid());
	(void)unlink(str_cstr(&path));
	int fd = path.over ? -1
			   : open(str_cstr(&path),
				  O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd >= 0)
		(void)unlink(str_cstr(&path));
	str_free(&path);
	return fd;
}

enum imap_literal imap_append_literal(void *arg, span before, uint64_t octets, int *fd)
{
	imap_state *s = arg;
	imap_scan scan = {.rest = before, .mem = &s->mem, .utf8 = s->box.utf8};
	span tag, verb, mailbox;
	appending a;
	if (!imap_tag(&scan, &tag) || !imap_verb(&scan, &verb) || !span_eqi(verb, S("APPEND")))
		return IMAP_LITERAL_TEXT;
	imap_scan front = scan;
	if (!imap_astring(&front, &mailbox) || !imap_sp(&front))
		return IMAP_LITERAL_TEXT; /* it is the mailbox */
	if (!take_front(&scan, &a))
		return refuse(s, usage);
	(void)imap_char(&scan, '~');
	if (!imap_end(&scan) || s->spool >= 0 || (a.utf8 && !s->box.utf8))
		return refuse(s, usage);
	if (!octets)
		return refuse(s, "NO a message without an octet is none");
	if (octets > IMAP_APPEND_MAX)
		return refuse(s, "NO [TOOBIG] the message is too large");
	if (!exists(s, a.mailbox))
		return refuse(s, "NO [TRYCREATE] no such mailbox");
	status room = maildir_room_own(s->l->maildir, octets);
	if (!status_is_ok(&room))
		return refuse(s, "NO [OVERQUOTA] the mailbox is full");
	s->spool = open_spool(s);
	if (s->spool < 0) {
		imap_trouble(s, "opening a temporary file", strerror(errno));
		return refuse(s, "NO [UNAVAILABLE] that cannot be done now");
	}
	*fd = s->spool;
	return IMAP_LITERAL_FILE;
}

void imap_append_forget(imap_state *s)
{
	if (s->spool >= 0)
		(void)close(s->spool);
	s->spool = -1;
}

/* ---- the command */

static void add(imap_state *s, folder *f, appending *a)
{
	folder_new n = {.fd = s->spool, .date = a->date};
	char text[96];
	uint32_t uid;
	if (a->has_flags && !imap_flags_parse(&a->flags, f, &n.flags, &n.keywords)) {
		imap_bad(s, "such a flag is not to be set");
		return;
	}
	status st = folder_append(f, &n, &uid); /* durable before OK */
	if (!status_is_ok(&st)) {
		imap_failed(s, "adding a message", &st);
		return;
	}
	s->appended++;
	(void)snprintf(text, sizeof text, "[APPENDUID %" PRIu32 " %" PRIu32 "] added",
		       folder_uidvalidity(f), uid);
	imap_ok(s, text);
}

void imap_do_append(imap_state *s, imap_scan *scan)
{
	appending a;
	span name;
	bool front = take_front(scan, &a);
	(void)imap_char(scan, '~');
	if (!front || s->spool < 0 || !imap_char(scan, '"') || !imap_char(scan, '"') ||
	    (a.utf8 && !imap_char(scan, ')')) || !imap_end(scan)) {
		imap_bad(s, usage + 4); /* behind "BAD " */
		return;
	}
	str read = str_new(4 * IMAP_NAME_MAX);
	(void)imap_name_read(a.mailbox, s->box.utf8, &read);
	name = arena_dup(&s->mem, str_span(&read));
	str_free(&read);
	if (s->reader.bare_cr) {
		imap_no(s, "[CANNOT] a CR in it ends no line");
		return;
	}
	errno = s->reader.error;
	if (errno) {
		imap_failed_errno(s, "writing a temporary file");
		return;
	}
	folder *f = imap_open(s, name, "[TRYCREATE]");
	if (f)
		add(s, f, &a);
	folder_close(f);
}
