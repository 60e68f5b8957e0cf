/* LIST, LSUB, STATUS and NAMESPACE (RFC 3501, 6.3.8 to 6.3.10; RFC 2342; RFC 5258; RFC 5819; RFC 6154). */
#include "imap/match.h"
#include "imap/mutf7.h"
#include "imap/place.h"
#include "imap/status.h"
#include "imap/tree.h"
#include "mail/utf8.h"

enum { PATTERNS_MAX = 64 };

typedef struct listing {
	span patterns[PATTERNS_MAX]; /* UTF-8, in the arena */
	size_t count;
	bool lsub, extended;
	bool subscribed, special, recursive; /* what is selected */
	bool tell_subscribed;
	bool delimiter; /* an empty pattern asks for it alone */
	bool has_status;
	unsigned items; /* of STATUS */
	imap_tree tree;
} listing;

/* ---- the arguments */

static bool word_list(imap_scan *scan, bool (*one)(imap_scan *, listing *), listing *l)
{
	if (!imap_char(scan, '('))
		return false;
	if (imap_char(scan, ')'))
		return true;
	do
		if (!one(scan, l))
			return false;
	while (imap_sp(scan));
	return imap_char(scan, ')');
}

static bool selection(imap_scan *scan, listing *l)
{
	if (imap_word(scan, "SUBSCRIBED"))
		l->subscribed = l->tell_subscribed = true;
	else if (imap_word(scan, "SPECIAL-USE"))
		l->special = true;
	else if (imap_word(scan, "RECURSIVEMATCH"))
		l->recursive = true;
	else if (!imap_word(scan, "REMOTE")) /* there are none */
		return false;
	return true;
}

static bool result(imap_scan *scan, listing *l)
{
	if (imap_word(scan, "STATUS")) {
		l->has_status = true;
		return imap_sp(scan) && imap_status_items(scan, &l->items);
	}
	if (imap_word(scan, "SUBSCRIBED"))
		l->tell_subscribed = true;
	else if (!imap_word(scan, "CHILDREN") && !imap_word(scan, "SPECIAL-USE")) /* told anyway */
		return false;
	return true;
}

/* What is no name at all matches nothing. */
static bool pattern(imap_state *s, imap_scan *scan, span reference, listing *l)
{
	span text;
	if (l->count == PATTERNS_MAX || !imap_list_mailbox(scan, &text))
		return false;
	l->delimiter = !text.n;
	str whole = str_new(IMAP_COMMAND_MAX), name = str_new(IMAP_COMMAND_MAX);
	(void)str_put(&whole, reference);
	(void)str_put(&whole, text);
	if (s->box.utf8 && utf8_valid(str_span(&whole)))
		(void)str_put(&name, str_span(&whole));
	else if (!mutf7_read(str_span(&whole), &name))
		str_clear(&name);
	l->patterns[l->count++] = arena_dup(&s->mem, str_span(&name));
	str_free(&whole);
	str_free(&name);
	return l->patterns[l->count - 1].p != NULL;
}

static bool patterns(imap_state *s, imap_scan *scan, span reference, listing *l)
{
	if (l->lsub || !imap_char(scan, '('))
		return pattern(s, scan, reference, l);
	l->extended = true;
	do
		if (!pattern(s, scan, reference, l))
			return false;
	while (imap_sp(scan));
	return imap_char(scan, ')');
}

static bool arguments(imap_state *s, imap_scan *scan, listing *l)
{
	span reference;
	if (!l->lsub && scan->rest.n && *scan->rest.p == '(') {
		l->extended = true;
		if (!word_list(scan, selection, l) || !imap_sp(scan))
			return false;
	}
	if (l->recursive && !l->subscribed && !l->special) /* RFC 5258, 3.1 */
		return false;
	if (!imap_astring(scan, &reference) || !imap_sp(scan) || !patterns(s, scan, reference, l))
		return false;
	if (!l->lsub && imap_sp(scan)) {
		l->extended = true;
		if (!imap_word(scan, "RETURN") || !imap_sp(scan) || !word_list(scan, result, l))
			return false;
	}
	return imap_end(scan);
}

/* ---- which of them */

static bool matches(const listing *l, span name)
{
	for (size_t i = 0; i < l->count; i++)
		if (imap_match(l->patterns[i], name))
			return true;
	return false;
}

static bool selected(const listing *l, const imap_node *n)
{
	if (l->subscribed && !(n->is & IMAP_SUBSCRIBED))
		return false;
	if (l->special && !n->use)
		return false;
	return l->subscribed || (n->is & (IMAP_EXISTS | IMAP_CHILDREN));
}

/* What is below stands right behind. *hidden: some of it is not told, since no pattern has it. */
static bool selected_below(const listing *l, size_t i, bool *hidden)
{
	const span name = l->tree.v[i].name;
	bool any = false;
	*hidden = false;
	for (size_t k = i + 1; k < l->tree.n && !*hidden; k++) {
		const imap_node *n = &l->tree.v[k];
		if (n->name.n <= name.n || !span_starts(n->name, name) ||
		    n->name.p[name.n] != IMAP_DELIMITER)
			break;
		if (selected(l, n)) {
			any = true;
			*hidden = !matches(l, n->name);
		}
	}
	return any;
}

/* ---- answers */

static void put_flag(str *to, bool *first, const char *flag)
{
	if (!*first)
		(void)str_putc(to, ' ');
	*first = false;
	(void)str_put(to, span_str(flag));
}

static void put_flags(const listing *l, const imap_node *n, bool no_select, str *to)
{
	bool first = true, exists = (n->is & IMAP_EXISTS) != 0;
	if (!exists && l->extended)
		put_flag(to, &first, "\\NonExistent");
	if (!exists || no_select)
		put_flag(to, &first, "\\Noselect");
	put_flag(to, &first, n->is & IMAP_CHILDREN ? "\\HasChildren" : "\\HasNoChildren");
	if (l->tell_subscribed && n->is & IMAP_SUBSCRIBED)
		put_flag(to, &first, "\\Subscribed");
	if (n->use)
		put_flag(to, &first, n->use);
}

static void put_node(imap_state *s, const listing *l, const imap_node *n, bool no_select,
		     bool child_info)
{
	str text = str_new(8 * IMAP_NAME_MAX + 1024);
	(void)str_put(&text, l->lsub ? S("* LSUB (") : S("* LIST ("));
	put_flags(l, n, no_select, &text);
	(void)str_printf(&text, ") \"%c\" ", IMAP_DELIMITER);
	imap_name_put(n->name, s->box.utf8, &text);
	if (child_info && l->subscribed)
		(void)str_put(&text, S(" (\"CHILDINFO\" (\"SUBSCRIBED\"))"));
	else if (child_info)
		(void)str_put(&text, S(" (\"CHILDINFO\" (\"SPECIAL-USE\"))"));
	(void)str_put(&text, S("\r\n"));
	out_put(s->out, str_span(&text));
	str_free(&text);
}

static void tell(imap_state *s, const listing *l, size_t i)
{
	const imap_node *n = &l->tree.v[i];
	bool hidden = false, below = false;
	if (!matches(l, n->name))
		return;
	if (l->recursive || l->lsub)
		below = selected_below(l, i, &hidden);
	if (!selected(l, n) && !hidden)
		return;
	put_node(s, l, n, l->lsub && !(n->is & IMAP_SUBSCRIBED), l->recursive && below);
	status why;
	if (l->has_status && n->is & IMAP_EXISTS && !imap_status_tell(s, n->name, l->items, &why) &&
	    why.code == EX_TEMPFAIL)
		imap_trouble(s, "status of a mailbox", why.text);
}

static void tell_delimiter(imap_state *s, const listing *l)
{
	out_printf(s->out, "* %s (\\Noselect) \"%c\" \"\"\r\n", l->lsub ? "LSUB" : "LIST",
		   IMAP_DELIMITER);
}

static void list(imap_state *s, imap_scan *scan, bool lsub)
{
	listing l = {.lsub = lsub, .subscribed = lsub};
	if (!arguments(s, scan, &l)) {
		imap_bad(s, "LIST reference pattern");
		return;
	}
	if (!imap_tree_read(s->l->maildir, &s->mem, &l.tree)) {
		imap_tree_free(&l.tree);
		imap_failed_errno(s, "listing mailboxes");
		return;
	}
	l.delimiter = l.delimiter && !l.extended;
	if (l.delimiter)
		tell_delimiter(s, &l);
	for (size_t i = 0; i < l.tree.n && !l.delimiter; i++)
		tell(s, &l, i);
	imap_tree_free(&l.tree);
	imap_ok(s, "done");
}

static void do_list(imap_state *s, imap_scan *scan)
{
	list(s, scan, false);
}

static void do_lsub(imap_state *s, imap_scan *scan)
{
	list(s, scan, true);
}

static void do_status(imap_state *s, imap_scan *scan)
{
	span name;
	unsigned items;
	status why;
	if (!imap_take_mailbox(s, scan, &name))
		return;
	if (!imap_sp(scan) || !imap_status_items(scan, &items) || !imap_end(scan))
		imap_bad(s, "STATUS mailbox (items)");
	else if (imap_status_tell(s, name, items, &why))
		imap_ok(s, "done");
	else if (why.code == EX_NOINPUT)
		imap_no(s, "[NONEXISTENT] no such mailbox");
	else
		imap_failed(s, "status of a mailbox", &why);
}

static void do_namespace(imap_state *s, imap_scan *scan)
{
	(void)scan;
	out_printf(s->out, "* NAMESPACE ((\"\" \"%c\")) NIL NIL\r\n", IMAP_DELIMITER);
	imap_ok(s, "done");
}

const imap_verb_entry imap_list_verbs[] = {
    {"LIST", do_list, false, true, IMAP_TELL_ALL},
    {"LSUB", do_lsub, false, true, IMAP_TELL_ALL},
    {"STATUS", do_status, false, true, IMAP_TELL_ALL},
    {"NAMESPACE", do_namespace, false, false, IMAP_TELL_ALL},
    {NULL, NULL, false, false, IMAP_TELL_NOTHING},
};
