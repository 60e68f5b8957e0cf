# imapd-lite(8) with clients that are not ours. Each does real work, and the Maildir shows it.
load lib

setup() {
	make_root example.org alice
	export PABAL_LOG=fd:2
	unset TCPREMOTEIP TLS_VERSION
	echo loopback >"$PABAL_ROOT/control/login-without-tls"
	# the hash is made once for all tests
	[ -s "$BATS_FILE_TMPDIR/passwd" ] || {
		echo secret | mail-user passwd alice@example.org
		cp "$PABAL_ROOT/passwd" "$BATS_FILE_TMPDIR/passwd"
	}
	cp "$BATS_FILE_TMPDIR/passwd" "$PABAL_ROOT/passwd"
	ALICE=$PABAL_ROOT/mail/example.org/alice
	export HOME=$BATS_TEST_TMPDIR/home
	mkdir -p "$HOME"
	cd "$HOME"
	for d in .Sent .Archive .Work; do
		mkdir -p "$ALICE/$d"/{cur,new,tmp}
		: >"$ALICE/$d/maildirfolder"
	done
	mkdir -p "$ALICE"/{cur,new,tmp}
	for s in 1.one 2.two 3.three; do # in the order of their names
		printf 'Return-Path: <%s@example.net>\nFrom: %s@example.net\nTo: alice@example.org\nSubject: %s\nDate: Tue, 24 Nov 2026 10:00:00 +0000\nMessage-ID: <%s@example.net>\n\nbody of %s\n.\n' \
			"${s#*.}" "${s#*.}" "${s#*.}" "${s#*.}" "${s#*.}" >"$ALICE/new/170000000$s.host"
	done
	start_wait imapd-lite 2>>"$LOG"
}
teardown() {
	[ -z "${MUTT:-}" ] || $MUTT kill-server 2>/dev/null || :
	stop_all
}

# the path of the message with this subject, below the Maildir; fails where there is none, or more than one
message() {
	local found
	found=$(cd "$ALICE" && grep -rlxF "Subject: $1" --include='*[0-9]*' . | grep -E '/(cur|new)/')
	[ -n "$found" ] && [ "$(wc -l <<<"$found")" = 1 ] && echo "${found#./}"
}
flags() { # of that message
	local f
	f=$(message "$1") || return
	case $f in *:2,*) echo "${f##*:2,}" ;; *) echo ;; esac
}
gone() { ! (cd "$ALICE" && grep -rlxF "Subject: $1" . | grep -qE '/(cur|new)/'); }
# what a client keeps and what the server has, to be compared: flags and octets, names and what a client adds left out
contents() { # MAILDIR
	local f name
	for f in "$1"/cur/* "$1"/new/*; do
		[ -f "$f" ] || continue
		name=${f##*/}
		[[ $name == *:2,* ]] && name=${name##*:2,} || name=
		printf '%s %s\n' "$(tr -d '\r' <"$f" | grep -av '^X-\(TUID\|OfflineIMAP\): ' | sha256sum | cut -c 1-16)" "$name"
	done | LC_ALL=C sort
}

@test "Python's imaplib: every method that a mailbox has" {
	timeout 60 python3 - "$PORT" <<-'END'
		import imaplib, sys, time
		m = imaplib.IMAP4("127.0.0.1", int(sys.argv[1]), timeout=30)
		def ok(answer):
		    assert answer[0] == "OK", answer
		    return answer[1]
		ok(m.login("alice@example.org", "secret"))
		names = b" ".join(ok(m.list()))
		assert all(n in names for n in (b"INBOX", b"Sent", b"Archive", b"Work")), names
		assert ok(m.select()) == [b"3"]
		got = ok(m.fetch("1:*", "(UID FLAGS BODY.PEEK[])"))
		bodies = [g[1] for g in got if isinstance(g, tuple)]
		assert len(bodies) == 3 and all(b.endswith(b"\r\n.\r\n") for b in bodies)
		one, = ok(m.search(None, "SUBJECT", "one"))
		two, = ok(m.uid("SEARCH", None, "SUBJECT", '"two"'))
		three, = ok(m.search("UTF-8", "BODY", '"body of three"'))
		ok(m.store(one, "+FLAGS", r"(\Flagged \Seen)"))
		ok(m.uid("COPY", two, "Work"))
		ok(m.store(three, "+FLAGS", r"\Deleted"))
		assert ok(m.expunge()) == [three]
		now = imaplib.Time2Internaldate(time.time())
		ok(m.append("Sent", r"(\Seen)", now, b"Subject: four\r\n\r\nsent \xff\0 and more\r\n"))
		ok(m.create("New.Below"))
		ok(m.rename("New.Below", "Newer"))
		ok(m.subscribe("Newer"))
		assert any(b"Newer" in line for line in ok(m.lsub()))
		ok(m.unsubscribe("Newer"))
		assert b"MESSAGES 1" in ok(m.status("Work", "(MESSAGES UNSEEN)"))[0]
		ok(m.uid("MOVE", one, "Archive"))
		ok(m.close())
		ok(m.delete("Newer"))
		assert ok(m.select("Sent", readonly=True)) == [b"1"]
		assert ok(m.fetch("1", "(BODY[TEXT])"))[0][1] == b"sent \xff\0 and more\r\n"
		assert m.logout()[0] == "BYE"
	END
	[ "$(message one)" = ".Archive/cur/$(basename "$(message one)")" ] && [ "$(flags one)" = FS ]
	[ "$(ls "$ALICE"/.Work/???/* | wc -l)" = 1 ] && grep -qx 'Subject: two' "$ALICE"/.Work/???/*
	gone three
	[ "$(flags four)" = S ] && printf 'Subject: four\n\nsent \377\0 and more\n' | cmp - "$ALICE/$(message four)"
	[ ! -e "$ALICE/.Newer" ] && [ ! -e "$ALICE/.New.Below" ]
}

@test "curl: list, fetch, a part of it, search, store, append, move, delete" {
	need curl
	url="imap://127.0.0.1:$PORT"
	get() { curl -sS -m 20 --user alice@example.org:secret "$@" | tr -d '\r'; }
	get "$url/" >list
	grep -q 'LIST .*Work' list && grep -q 'LIST .*INBOX' list
	get "$url/INBOX?SUBJECT%20two" >found
	[ "$(cat found)" = '* SEARCH 2' ]
	get "$url/INBOX;MAILINDEX=2" >got # which renames it: now it is seen
	cmp got "$ALICE/$(message two)"
	get "$url/INBOX;UID=2;SECTION=TEXT" | cmp - <(printf 'body of two\n.\n')
	[[ $(flags two) == *S* ]]
	get "$url/INBOX" -X 'STORE 1 +FLAGS (\Flagged)' >/dev/null
	[ "$(flags one)" = F ]
	get "$url/INBOX" -X 'UID MOVE 1 Archive' >/dev/null
	[[ $(message one) == .Archive/cur/* ]] && [ "$(flags one)" = F ]
	printf 'Subject: sent by curl\r\n\r\nhello\r\n' >mail
	get -T mail "$url/Sent" >/dev/null
	printf 'Subject: sent by curl\n\nhello\n' | cmp - "$ALICE/$(message 'sent by curl')"
	get "$url/INBOX" -X 'STORE 1 +FLAGS.SILENT (\Deleted)' >/dev/null
	[[ $(flags two) == *T* ]]
	get "$url/INBOX" -X EXPUNGE >/dev/null
	gone two
	[ -n "$(message three)" ]
	for auth in PLAIN LOGIN; do
		get --login-options "AUTH=$auth" "$url/INBOX" -X NOOP >/dev/null || [ "$auth" = LOGIN ]
	done
	run curl -sS -m 20 --user alice@example.org:wrong "$url/INBOX;UID=3"
	[ "$status" = 67 ]
}

mbsync_rc() {
	mkdir -p local
	cat >mbsyncrc <<-END
		IMAPStore far
		Host 127.0.0.1
		Port $PORT
		User alice@example.org
		Pass secret
		SSLType None
		AuthMechs LOGIN

		MaildirStore near
		Path $HOME/local/
		Inbox $HOME/local/INBOX
		SubFolders Verbatim

		Channel all
		Far :far:
		Near :near:
		Patterns *
		Sync All
		Create Both
		Remove Both
		Expunge Both
		SyncState *
	END
}
same_both() {
	local far near
	for far in "$ALICE" "$ALICE"/.*/; do
		[ -d "$far/cur" ] || continue
		near=${far#"$ALICE"}
		near=${near#/.}
		near=${near%/}
		near=local/${near//./\/}
		[ "$near" = local/ ] && near=local/INBOX
		diff <(contents "$far") <(contents "$near") || { echo "differs: $far $near"; return 1; }
	done
}

@test "mbsync, two ways: changes of both sides arrive, and the third time there is nothing to do" {
	need mbsync
	mbsync_rc
	timeout 60 mbsync -c mbsyncrc -a
	[ "$(ls local/INBOX/???/* | wc -l)" = 3 ]
	same_both
	# here: one flagged, two removed, a new one in Sent, a new folder; there: three answered, a delivery
	one=$(grep -lx 'Subject: one' local/INBOX/???/*)
	mv "$one" "local/INBOX/cur/$(basename "${one%:2,*}"):2,FS"
	two=$(grep -lx 'Subject: two' local/INBOX/???/*)
	mv "$two" "local/INBOX/cur/$(basename "${two%:2,*}"):2,T"
	printf 'Subject: from here\n\nx\n' >local/Sent/cur/1.1.here:2,S
	mkdir -p local/Work/Below/{cur,new,tmp}
	printf 'Subject: below\n\ny\n' >local/Work/Below/cur/1.2.here:2,
	three=$(message three)
	mv "$ALICE/$three" "$ALICE/cur/$(basename "${three%:2,*}"):2,RS"
	printf 'Subject: late\n\nz\n' | deliver-maildir "$ALICE" >/dev/null
	timeout 60 mbsync -c mbsyncrc -a
	same_both
	[ "$(flags one)" = FS ] && gone two && [ "$(flags three)" = RS ]
	[[ $(message 'from here') == .Sent/cur/* ]] && [[ $(message below) == .Work.Below/???/* ]]
	[ "$(cat "$ALICE/$(message late)")" = $'Subject: late\n\nz' ] || [ -n "$(message late)" ]
	grep -lqx 'Subject: late' local/INBOX/???/*
	listing() { find local "$ALICE" -path '*/cur/*' -o -path '*/new/*' | LC_ALL=C sort; }
	listing >before
	timeout 60 mbsync -c mbsyncrc -V -a >said 2>&1
	listing | diff before -
	# with -V it says what it does: nothing
	! grep -aqE 'opagating|Expunging|trashing|Creating|[1-9][0-9]* new' said
	same_both
}

@test "mbsync: a thousand messages up and down" {
	need mbsync
	mbsync_rc
	mkdir -p local/Many/{cur,new,tmp}
	for i in {1..1000}; do printf 'Subject: many %d\n\nbody %d\n' "$i" "$i" >"local/Many/cur/$i.1.here:2,S"; done
	timeout 100 mbsync -c mbsyncrc -a
	[ "$(ls "$ALICE/.Many/cur" | wc -l)" = 1000 ]
	rm -r local .mbsync* 2>/dev/null || :
	mkdir local
	timeout 100 mbsync -c mbsyncrc -a
	[ "$(ls local/Many/cur | wc -l)" = 1000 ]
	same_both
}

@test "mutt: flags, saves to another mailbox, removes, appends, over one connection" {
	need mutt tmux
	cat >muttrc <<-END
		set spoolfile="imap://alice%40example.org@127.0.0.1:$PORT/INBOX" folder="imap://alice%40example.org@127.0.0.1:$PORT/"
		set imap_pass=secret ssl_starttls=no ssl_force_tls=no quit=yes sleep_time=0 help=no delete=yes
		set sort=subject ascii_chars=yes index_format="%C:%Z:%s:" move=no confirmappend=no confirmcreate=no
		set imap_authenticators=login timeout=1 mail_check=0 header_cache= record="" postpone=no imap_check_subscribed=no
	END
	MUTT="tmux -L mutt.$$.$RANDOM -f /dev/null"
	$MUTT new-session -d -x 100 -y 24 'env -u TMUX LC_ALL=C.UTF-8 TERM=screen mutt -n -F muttrc' 3>&-
	shows() { $MUTT capture-pane -p | grep -aqF -- "$1"; }
	hides() { ! shows "$1"; }
	keys() { $MUTT send-keys "$@"; }
	wait_until shows :two:
	shows :one: && shows :three:
	keys l '~s one' Enter
	wait_until hides :two:
	keys F
	keys l all Enter
	wait_until shows :two:
	# one is the first in the order of subjects; three the second; two the third
	keys 2 Enter s =Archive Enter
	wait_until shows 'three'
	keys 3 Enter d '$'
	wait_until hides :three:
	wait_until hides :two:
	flagged() { [[ $(flags one) == *F* ]]; }
	wait_until flagged
	gone two
	[[ $(message three) == .Archive/???/* ]]
	# a copy of one to Work, and a mail that arrives while it watches
	keys C =Work Enter
	copied() { ls "$ALICE"/.Work/???/* >/dev/null 2>&1; }
	wait_until copied
	printf 'Subject: arriving\n\nx\n' | deliver-maildir "$ALICE" >/dev/null
	keys '$'
	wait_until shows :arriving:
	keys q
	ended() { ! $MUTT has-session 2>/dev/null; }
	wait_until ended
	grep -qx 'Subject: one' "$ALICE"/.Work/???/*
}

@test "offlineimap3, two ways" {
	need offlineimap
	mkdir -p local
	cat >rc <<-END
		[general]
		accounts = a
		metadata = $HOME/meta
		ui = basic
		[Account a]
		localrepository = near
		remoterepository = far
		[Repository near]
		type = Maildir
		localfolders = $HOME/local
		[Repository far]
		type = IMAP
		remotehost = 127.0.0.1
		remoteport = $PORT
		remoteuser = alice@example.org
		remotepass = secret
		ssl = no
		starttls = no
		auth_mechanisms = PLAIN, LOGIN
	END
	sync() { timeout 100 offlineimap -c rc -o >said 2>&1 || { cat said; return 1; }; }
	sync
	[ "$(ls local/INBOX/???/* | wc -l)" = 3 ]
	one=$(grep -lx 'Subject: one' local/INBOX/???/*)
	mv "$one" "local/INBOX/cur/$(basename "${one%:2,*}"):2,FS"
	rm "$(grep -lx 'Subject: two' local/INBOX/???/*)"
	printf 'Subject: from here\n\nx\n' >"local/Sent/cur/1.1.here:2,S"
	three=$(message three)
	mv "$ALICE/$three" "$ALICE/cur/$(basename "${three%:2,*}"):2,RS"
	printf 'Subject: late\n\nz\n' | deliver-maildir "$ALICE" >/dev/null
	sync
	[ "$(flags one)" = FS ] && gone two
	[[ $(message 'from here') == .Sent/cur/* ]] && [ "$(flags 'from here')" = S ]
	grep -lqx 'Subject: late' local/INBOX/???/*
	[[ $(grep -lx 'Subject: three' local/INBOX/cur/*) == *:2,RS ]]
	find local "$ALICE" -path '*/cur/*' -o -path '*/new/*' | LC_ALL=C sort >before
	sync
	find local "$ALICE" -path '*/cur/*' -o -path '*/new/*' | LC_ALL=C sort | diff before -
}

@test "fetchmail: keeps and marks, then takes all and leaves nothing" {
	need fetchmail
	export FETCHMAILHOME=$HOME
	rc() {
		cat >"$1" <<-END
			poll 127.0.0.1 port $PORT protocol imap user "alice@example.org" password "secret" sslproto "" mda "cat >>$HOME/got" $1
		END
		chmod 600 "$1"
		fetchmail -f "$1" --nodetach --nosyslog --pidfile "$HOME/pid" 2>&1
	}
	rc keep
	[ "$(grep -ac '^Subject: ' got)" = 3 ] && [[ $(flags one) == *S* ]] && [[ $(flags three) == *S* ]]
	run rc keep # nothing is unseen
	[ "$status" = 1 ] && [ "$(grep -ac '^Subject: ' got)" = 3 ]
	printf 'Subject: late\n\nz\n' | deliver-maildir "$ALICE" >/dev/null
	rc nokeep
	[ "$(grep -ac '^Subject: ' got)" = 4 ] && gone late && [ -n "$(message one)" ]
	sed -i 's/nokeep/nokeep fetchall/' nokeep
	fetchmail -f nokeep --nodetach --nosyslog --pidfile "$HOME/pid"
	[ "$(grep -ac '^Subject: ' got)" = 7 ] && [ "$(find "$ALICE"/cur "$ALICE"/new -type f | wc -l)" = 0 ]
}

@test "getmail: from two mailboxes into smtp-recv's LMTP, only what is new, then removing" {
	need getmail
	mkdir -p getmail "$PABAL_ROOT/mail/example.org/bob"/{cur,new,tmp}
	echo 'bob@example.org:mail/example.org/bob' >>"$PABAL_ROOT/control/users"
	imap=$PORT
	# not by a program of getmail's: it waits for one that has ended before it looks
	start_wait smtp-recv -l 2>>"$LOG"
	printf 'Return-Path: <boss@example.net>\nSubject: at work\n\nz\n' | deliver-maildir "$ALICE/.Work" >/dev/null
	cat >getmail/getmailrc <<-END
		[retriever]
		type = SimpleIMAPRetriever
		server = 127.0.0.1
		port = $imap
		username = alice@example.org
		password = secret
		mailboxes = ("INBOX", "Work")
		[destination]
		type = MDA_lmtp
		host = 127.0.0.1
		port = $PORT
		override = bob@example.org
		[options]
		read_all = false
		delete = false
	END
	get() { timeout 60 getmail --getmaildir "$HOME/getmail" || { cat "$LOG"; return 1; }; }
	got() { find "$PABAL_ROOT/queue/new" -type f | wc -l; }
	get
	[ "$(got)" = 4 ] && [ -n "$(message one)" ]
	printf 'Return-Path: <late@example.net>\nSubject: late\n\nx\n' | deliver-maildir "$ALICE" >/dev/null
	get
	[ "$(got)" = 5 ]
	sed -i 's/delete = false/delete = true/; s/read_all = false/read_all = true/' getmail/getmailrc
	get
	[ "$(got)" = 10 ] && [ "$(find "$ALICE" -path '*/cur/*' -o -path '*/new/*' | wc -l)" = 0 ]
	[ "$(grep -lax 'Subject: late' "$PABAL_ROOT"/queue/new/* | wc -l)" = 2 ]
}

@test "imapflow: list, fetch, flags, append, move, delete, and news while it idles" {
	need node npm
	modules=$("$TOP/tests/peers/fetch-npm" imapflow@2.10.2) || cannot "imapflow cannot be had"
	cat >work.js <<-'END'
		const { ImapFlow } = require(process.argv[2] + "/imapflow");
		const assert = require("assert");
		const { execFileSync } = require("child_process");
		(async () => {
			const c = new ImapFlow({ host: "127.0.0.1", port: +process.argv[3], secure: false, doSTARTTLS: false, logger: false,
				auth: { user: "alice@example.org", pass: "secret" } });
			const errors = [];
			c.on("error", e => errors.push(e));
			await c.connect();
			const boxes = await c.list({ statusQuery: { messages: true, unseen: true } });
			const byPath = Object.fromEntries(boxes.map(b => [b.path, b]));
			assert.equal(byPath.INBOX.status.messages, 3);
			assert.equal(byPath.Sent.specialUse, "\\Sent");
			const lock = await c.getMailboxLock("INBOX");
			assert.equal(c.mailbox.exists, 3);
			const seen = {};
			for await (const m of c.fetch("1:*", { uid: true, envelope: true, bodyStructure: true, flags: true, source: true,
				internalDate: true, size: true, headers: ["message-id"] })) {
				seen[m.envelope.subject] = m;
				assert.equal(m.size, m.source.length);
				assert.equal(m.bodyStructure.type, "text/plain");
				assert.equal(m.envelope.from[0].address, m.envelope.subject + "@example.net");
				assert.match(m.headers.toString(), /Message-ID: <\w+@example\.net>/);
			}
			assert.deepEqual(Object.keys(seen), ["one", "two", "three"]);
			assert.ok(await c.messageFlagsAdd("1", ["\\Flagged", "\\Seen", "Blue"]));
			assert.deepEqual(await c.search({ flagged: true }), [1]);
			assert.deepEqual(await c.search({ or: [{ subject: "two" }, { body: "of three" }] }, { uid: true }), [seen.two.uid, seen.three.uid]);
			const moved = await c.messageMove(String(seen.two.uid), "Archive", { uid: true });
			assert.equal(moved.destination, "Archive");
			assert.equal(moved.uidMap.size, 1);
			const put = await c.append("Work", "Subject: from imapflow\r\n\r\nh\u00e9llo\r\n", ["\\Seen"], new Date("2020-02-01T12:00:00Z"));
			assert.ok(put.uid);
			const part = await c.download(String(seen.one.uid), "1", { uid: true });
			let text = "";
			for await (const chunk of part.content) text += chunk;
			assert.equal(text.replace(/\r/g, ""), "body of one\n.\n");
			assert.ok(await c.messageDelete(String(seen.three.uid), { uid: true }));
			// news while it idles
			const news = new Promise(done => c.on("exists", done));
			c.idle();
			execFileSync("deliver-maildir", [process.argv[4]], { input: "Subject: late\n\nx\n" });
			const told = await news;
			assert.equal(told.count, 2);
			lock.release();
			await c.mailboxCreate("Neu/M\u00fcll".replace("/", byPath.INBOX.delimiter));
			await c.mailboxOpen("Work");
			const late = await c.fetchOne("*", { envelope: true, internalDate: true });
			assert.equal(late.envelope.subject, "from imapflow");
			assert.equal(late.internalDate.toISOString(), "2020-02-01T12:00:00.000Z");
			await c.logout();
			assert.deepEqual(errors, []);
		})().catch(e => { console.error(e); process.exit(1); });
	END
	timeout 60 node work.js "$modules" "$PORT" "$ALICE"
	[ "$(flags one | tr -d a-z)" = FS ] && gone three
	[[ $(message two) == .Archive/???/* ]] && [ "$(flags 'from imapflow')" = S ]
	[ -d "$ALICE/.Neu.Müll" ] || { ls -a "$ALICE"; false; }
}
