# The examples of the manual pages are true: every line `$ COMMAND` in a literal block (.Bd -literal) of EXAMPLES is run,
# and the lines below it are what it prints, where `...` stands for any text. `> ` goes on with the command above.
# All commands succeed; they run in order, in one folder for a page. `.Dl $ COMMAND` is run too. Lines at the start of a
# block without `$ ` are a file's content.
#
# In the tutorial, pabal-mail(7), all sections are run, by one shell.
#
# The sandbox of a page: an installation for example.org with the mailboxes alice and bob, a network of its own where
# 127.0.0.1:2525 is an smtp-recv of this installation, and a folder with the files `message` (plain), `report.txt`,
# and `list` (one address a line).
load lib

is_tutorial() { [[ $1 == *pabal-mail.7 ]]; }

# examples_of PAGE: its commands (RUN, AND) and what they print (OUT), END at the end of a block.
examples_of() {
	awk -v all="$(is_tutorial "$1" && echo 1)" '
	/^\.Sh/ { on = all || $0 == ".Sh EXAMPLES" }
	/^\.Bd -literal/ && on { in_block = 1; session = 0; next }
	/^\.Dl \$ / && on { sub(/^\.Dl \$ /, ""); gsub(/\\&/, ""); print "RUN " $0; print "END"; next }
	/^\.Ed/ { if (in_block && session) print "END"; in_block = 0; next }
	!in_block { next }
	{ gsub(/\\e/, "\\"); gsub(/\\&/, ""); gsub(/\\-/, "-"); gsub(/\\\(aq/, "\047"); gsub(/\\\(dq/, "\"") }
	/^\$ / { session = 1; print "RUN " substr($0, 3); next }
	/^> / && session { print "AND " substr($0, 3); next }
	session { print "OUT " $0 }' "$1"
}

# matches PATTERN-FILE OUTPUT-FILE: line by line, `...` is any text; a line of `...` alone is any lines.
matches() {
	python3 - "$1" "$2" <<'END'
import re, sys
want = open(sys.argv[1]).read()
got = open(sys.argv[2]).read()
pattern = re.escape(want).replace(re.escape("...\n"), r"(?s:.*)").replace(re.escape("..."), ".*")
sys.exit(0 if not want or re.fullmatch(pattern, got) else 1)
END
}

sandbox() {
	export PABAL_ROOT=$1/root PABAL_LOG=none HOME=$1
	mkdir -p "$1/work"
	cd "$1/work" || return
	cat >message <<-END
		From: Alice <alice@example.org>
		To: bob@example.org
		Subject: minutes
		Date: Tue, 24 Nov 2026 09:00:00 +0000
		Message-ID: <1@example.org>

		The minutes of today.
	END
	echo 'All is well.' >report.txt
	printf '%s\n' alice@example.org bob@example.org >list
}

# The sessions of one page, in one sandbox, in the order of the page.
page() {
	local page=$1 line kind text command= want=$BATS_TEST_TMPDIR/want got=$BATS_TEST_TMPDIR/got ran=0
	run_one() {
		if is_tutorial "$page"; then eval "$command"; else timeout -k 5 30 bash -c "$command"; fi
	}
	run_command() {
		[ -n "$command" ] || return 0
		((ran += 1))
		run_one >"$got" 2>&1 </dev/null || {
			echo "$page: exit $?: $command"
			cat "$got"
			return 1
		}
		matches "$want" "$got" || {
			echo "$page: $command"
			diff "$want" "$got"
			return 1
		}
		command=
	}
	while IFS= read -r line; do
		kind=${line%% *} text=${line#* }
		case $kind in
		RUN) run_command || return; command=$text; : >"$want" ;;
		AND) command+=$'\n'$text ;;
		OUT) echo "$text" >>"$want" ;;
		END*) run_command || return ;;
		esac
	done < <(examples_of "$page")
	echo "$page: $ran commands"
	[ $ran -gt 0 ] || [[ $page == *.[57] ]] || case $(basename "$page") in
	mail-up.8) ;; # serves until it is ended
	*) echo "$page: no example is run"; return 1 ;;
	esac
}

inside() { # in the network namespace: a server, then the page
	ip link set lo up
	start_server || return
	local bad=0
	page "$1" || bad=1
	stop_all
	return $bad
}

start_server() {
	command -v smtp-recv >/dev/null && command -v tcp-serve >/dev/null || return 0
	start tcp-serve 127.0.0.1 2525 smtp-recv </dev/null >/dev/null 2>&1 3>&-
	wait_until port_open 2525
}
port_open() { (: <>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

pages() { # FILE...: each in a sandbox of its own
	local p bad=0
	unshare -n true 2>/dev/null && share=-n || share=-rn
	unshare $share true 2>/dev/null || cannot "no network namespace of one's own here"
	export -f inside start_server port_open page is_tutorial examples_of matches start stop_all wait_until
	for p in "$@"; do
		rm -rf "$BATS_TEST_TMPDIR"/{root,work}
		make_root example.org alice bob
		sandbox "$BATS_TEST_TMPDIR"
		unshare $share bash -c 'STARTED=(); inside "$@"' - "$p" || bad=1
	done
	return $bad
}

@test "the examples of the user commands" { pages "$TOP"/man/*.1; }
@test "the examples of the server commands" { pages "$TOP"/man/*.8; }
@test "the examples of the formats" { pages "$TOP"/man/*.5; }
@test "the examples of the overviews" {
	GLOBIGNORE=$TOP/man/pabal-mail.7
	pages "$TOP"/man/*.7
}
@test "the tutorial" { pages "$TOP/man/pabal-mail.7"; }

@test "a wrong example is found" {
	page_of() { printf '.Sh EXAMPLES\n.Bd -literal\n%s\n.Ed\n' "$1" >"$BATS_TEST_TMPDIR/x.1"; }
	sandbox "$BATS_TEST_TMPDIR"
	page_of '$ false'
	run page "$BATS_TEST_TMPDIR/x.1"
	[ "$status" -ne 0 ]
	page_of $'$ echo a\nb'
	run page "$BATS_TEST_TMPDIR/x.1"
	[ "$status" -ne 0 ]
	page_of $'$ echo "a\n> b"\na\nb\n$ echo queued 123\nqueued ...'
	run page "$BATS_TEST_TMPDIR/x.1"
	[ "$status" -eq 0 ]
	[[ $output == *"2 commands" ]]
}
