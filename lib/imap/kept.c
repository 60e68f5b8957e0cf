#include "imap/kept.h"

#include "mail/header.h"

/* By what Thunderbird, Apple Mail (iOS too), K-9, Roundcube, mutt, offlineimap and mbsync ask. The names are a part of the
 * format of pabal.cache: another one needs another mark of its head. */
static const span names[] = {
    {"Authentication-Results", 22},
    {"Autocrypt", 9},
    {"Auto-Submitted", 14},
    {"Bcc", 3},
    {"Bimi-Indicator", 14},
    {"Bimi-Location", 13},
    {"Cc", 2},
    {"Chat-Version", 12},
    {"Content-Description", 19},
    {"Content-Transfer-Encoding", 25},
    {"Content-Type", 12},
    {"Date", 4},
    {"Delivered-To", 12},
    {"Disposition-Notification-To", 27},
    {"DKIM-Signature", 14},
    {"Envelope-To", 11},
    {"Followup-To", 11},
    {"From", 4},
    {"Importance", 10},
    {"In-Reply-To", 11},
    {"Lines", 5},
    {"List-Archive", 12},
    {"List-Help", 9},
    {"List-Id", 7},
    {"List-Owner", 10},
    {"List-Post", 9},
    {"List-Subscribe", 14},
    {"List-Unsubscribe", 16},
    {"List-Unsubscribe-Post", 21},
    {"Mail-Followup-To", 16},
    {"Mail-Reply-To", 13},
    {"Message-ID", 10},
    {"MIME-Version", 12},
    {"Newsgroups", 10},
    {"Organization", 12},
    {"Precedence", 10},
    {"Priority", 8},
    {"References", 10},
    {"Reply-To", 8},
    {"Resent-Date", 11},
    {"Resent-From", 11},
    {"Resent-To", 9},
    {"Return-Path", 11},
    {"Sender", 6},
    {"Sensitivity", 11},
    {"Status", 6},
    {"Subject", 7},
    {"To", 2},
    {"User-Agent", 10},
    {"X-Bimi-Indicator-Hash", 21},
    {"X-Draft-Info", 12},
    {"X-K9mail-Identity", 17},
    {"X-Label", 7},
    {"X-Mailer", 8},
    {"X-MSMail-Priority", 17},
    {"X-Original-To", 13},
    {"X-Priority", 10},
    {"X-Spam-Flag", 11},
    {"X-Spam-Level", 12},
    {"X-Spam-Score", 12},
    {"X-Spam-Status", 13},
    {"X-Status", 8},
    {"X-TUID", 6},
    {"X-Uniform-Type-Identifier", 25},
    {"X-Universally-Unique-Identifier", 31},
};
enum { NAMES = sizeof names / sizeof *names };

bool imap_kept_has(span name)
{
	for (size_t i = 0; i < NAMES; i++)
		if (name.n == names[i].n && span_eqi(name, names[i]))
			return true;
	return false;
}

bool imap_kept_answers(const imap_section *s)
{
	if (s->depth || s->what != IMAP_FIELDS)
		return false;
	for (size_t i = 0; i < s->names_n; i++)
		if (!imap_kept_has(s->names[i]))
			return false;
	return true;
}

void imap_kept_fields(span header, str *to)
{
	header_field f;
	while (header_next(&header, &f) == HEADER_FIELD)
		if (imap_kept_has(f.name))
			(void)str_put(to, f.raw);
}
