# The rules of the house, as tests: layers, foreign headers, exits, banned functions, pages, sizes.
load lib

setup() { cd "$TOP" || return; }

# none LINES: prints them and fails, where there are any.
none() {
	[ -z "$1" ] || { echo "$1"; return 1; }
}

sources() { git ls-files -co --exclude-standard -- "$@" 2>/dev/null || find "$@" -type f; }

rank() {
	case $1 in
	base) echo 0 ;; io) echo 1 ;; mail | net) echo 2 ;; tls | queue | auth | maildir) echo 3 ;;
	resolve | smtp | imap | pop3 | write) echo 4 ;; run) echo 5 ;; bin) echo 6 ;; *) echo 9 ;;
	esac
}

@test "a source includes only lower ranks and its own folder" {
	bad=
	while IFS=: read -r file _ include; do
		own=${file#lib/} own=${own%%/*}
		to=${include#*\"} to=${to%%/*}
		[ "$own" = "$to" ] && [ "$own" != bin ] && continue
		(($(rank "$to") < $(rank "$own"))) || bad+="$file: $include"$'\n'
	done < <(grep -rn --include='*.[ch]' '^#include "' lib maildir bin)
	none "$bad"
}

@test "every own header is included with its folder" {
	none "$(grep -rnE --include='*.[ch]' '^#include "[^/]*"' lib maildir bin)"
}

@test "the Makefile links a command with what its sources may include, each folder once" {
	bad=
	while read -r name _ rest; do
		name=${name#LINK_} folders=${rest%%:*} before=9
		for f in $folders; do
			r=$(rank "$f")
			((r <= before)) || bad+="$name: $f is linked behind a lower rank"$'\n'
			before=$r
		done
	done < <(grep '^LINK_' Makefile)
	none "$bad"
}

@test "each foreign header is included by one source" {
	for h in magic.h zlib.h unbound.h iconv.h crypt.h idn2.h openssl/evp.h openssl/ssl.h; do
		files=$(grep -rlE --include='*.[ch]' "^#include <$h" lib maildir bin | sort)
		case $files in
		*.h*) echo "$h in a header: $files"; return 1 ;;
		esac
		[ "$(wc -w <<<"$files")" -le 1 ] || { echo "$h: $files"; return 1; }
	done
}

@test "only bin/ and die.c end the process" {
	# A failed allocation may die; a forked child that executes nothing has to leave by _exit.
	none "$(grep -rnE --include='*.c' '\b(exit|quick_exit|abort|err|errx|die|die_errno)\(' lib maildir |
		grep -v -e '^lib/base/die\.c:' -e 'out of memory' -e ':[0-9]*:[	 /]*\*')"
}

@test "lib/base and lib/mail make no system calls" {
	calls='open|openat|creat|read|pread|write|pwrite|readv|writev|close|fopen|fdopen|fread|fwrite|socket|connect'
	calls+='|send|recv|sendmsg|recvmsg|poll|select|epoll_wait|fork|execv|execvp|execve|posix_spawn|kill|stat'
	calls+='|fstat|lstat|fstatat|rename|renameat|unlink|unlinkat|mkdir|opendir|fsync|mmap|ioctl|getpid|time'
	calls+='|gettimeofday|clock_gettime|getenv|printf|puts|perror|getrandom'
	bad=
	for o in "$BUILD"/obj/lib/{base,mail}/*.o; do
		[ "$(basename "$o")" = die.o ] && continue
		[ -f "$o" ] || continue
		found=$(nm -u "$o" | awk '{print $2}' | sed 's/@.*//; s/^__\(.*\)_chk$/\1/' | grep -xE "$calls" || :)
		[ -z "$found" ] || bad+="$o: $found"$'\n'
	done
	none "$bad"
}

@test "banned functions are compile errors" {
	banned=$(sed -n 's/^#pragma GCC poison//p' lib/base/banned.h)
	[ "$(wc -w <<<"$banned")" -ge 25 ]
	for f in $banned; do
		if echo "void *g(void); void *g(void) { return (void *)$f; }" |
			gcc -std=c11 -D_GNU_SOURCE -Ilib -include lib/base/banned.h -fsyntax-only -x c - \
				2>"$BATS_TEST_TMPDIR/err"; then
			echo "$f compiles"
			return 1
		fi
		grep -q 'poisoned' "$BATS_TEST_TMPDIR/err"
	done
	# and the ban itself breaks nothing that is allowed
	echo 'int g(char *, size_t); int g(char *p, size_t n) { return snprintf(p, n, "x"); }' |
		gcc -std=c11 -D_GNU_SOURCE -Ilib -include lib/base/banned.h -fsyntax-only -x c -
	# only what must include a foreign header that mentions the names may lift it
	none "$(grep -rn 'PABAL_FOREIGN_HEADERS' lib maildir bin | grep -v '^lib/base/banned.h' |
		while IFS=: read -r f _; do
			grep -qE '^#include <(magic|zlib|unbound|iconv|crypt|idn2|openssl/)' "$f" || echo "$f"
		done)"
}

@test "every command has a page, every page a command" {
	bad=
	for c in bin/*.c scripts/*; do
		[ -f "$c" ] || continue
		c=$(basename "$c" .c)
		[ -f "man/$c.1" ] || [ -f "man/$c.8" ] || bad+="$c has no page"$'\n'
	done
	for p in man/*.[18]; do
		[ -f "$p" ] || continue
		c=$(basename "${p%.*}")
		[ -f "bin/$c.c" ] || [ -f "scripts/$c" ] || bad+="$p has no command"$'\n'
	done
	none "$bad"
}

@test "every page lints without a warning" {
	need mandoc
	bad=
	for p in man/*.[1578]; do
		[ -f "$p" ] || continue
		bad+=$(mandoc -T lint -W warning "$p" 2>&1 | grep -v 'outdated mandoc.db' || :)
	done
	none "$bad"
}

@test "the page of a command has EXIT STATUS and EXAMPLES, and names all its options" {
	bad=
	for p in man/*.[18]; do
		[ -f "$p" ] || continue
		grep -qx '\.Sh EXIT STATUS' "$p" || bad+="$p: no EXIT STATUS"$'\n'
		grep -qx '\.Sh EXAMPLES' "$p" || bad+="$p: no EXAMPLES"$'\n'
		grep -qx '\.Os pabal' "$p" || bad+="$p: no .Os pabal"$'\n'
		c=bin/$(basename "${p%.*}").c
		[ -f "$c" ] || continue
		options=$(sed -n 's/.*getopt(argc, argv, "[+:]*\([A-Za-z0-9:]*\)".*/\1/p' "$c" | tr -d :h | fold -w1)
		for o in $options; do
			grep -qE "^\.(It|Op|Ar|Oo|Nm)?.*Fl $o\b|Fl [A-Za-z]*$o" "$p" || bad+="$p: no option -$o"$'\n'
		done
	done
	none "$bad"
}

@test "nothing is left to be done, and no page or source speaks of a machine" {
	marks='\b(TO''DO|FIX''ME|XX''X)\b'
	none "$(grep -rnE "$marks" lib maildir bin scripts tests man Makefile README.md .ci 2>/dev/null)"
	none "$(grep -rnE '(^|[^A-Za-z0-9_.$}])/(home|root|Users)/' lib maildir bin scripts man Makefile .ci \
		2>/dev/null)"
	none "$(grep -rnF "$TOP" --include='*' lib maildir bin scripts tests man Makefile README.md .ci 2>/dev/null)"
}

@test "the programs hold no path of the machine that built them" {
	# The variants for tests keep them, for their reports.
	[ "$BUILD" != "$TOP/build/release" ] || none "$(grep -lF "$TOP" "$BUILD"/bin/*)"
}

@test "functions fit, files are of a size" {
	need ctags
	none "$(sources lib maildir bin | grep '\.[ch]$' | xargs ctags -f - --c-kinds=f --fields=+ne 2>/dev/null |
		sed -n 's/^\([^	]*\)	\([^	]*\)	.*line:\([0-9]*\).*end:\([0-9]*\).*/\1 \2 \3 \4/p' |
		awk '$4 - $3 + 1 > 100 {print $2 ": " $1 " has " $4 - $3 + 1 " lines"}')"
	# the tool sees them at all
	[ "$(ctags -f - --c-kinds=f --fields=+ne lib/base/span.c | grep -c 'end:')" -ge 20 ]
	none "$(sources lib maildir bin | grep '\.[ch]$' | xargs wc -l | awk '$2 != "total" && $1 > 600 {print}')"
}

@test "a source has one commit point at most" {
	none "$(grep -rc '/\* COMMIT: ' lib maildir bin | awk -F: '$2 > 1')"
}

@test "every fuzz target has seeds, every parser's test says what it links" {
	bad=
	for f in tests/fuzz/*.c; do
		[ -n "$(ls "${f%.c}.seeds" 2>/dev/null)" ] || bad+="$f has no seeds"$'\n'
	done
	for f in tests/fuzz/*.c tests/unit/*.c; do
		head -1 "$f" | grep -q '^/\* links: .* \*/$' || bad+="$f: the first line does not say what it links"$'\n'
	done
	none "$bad"
}

@test "new-command writes a command, its page and its test, and they pass" {
	tree=$BATS_TEST_TMPDIR/tree
	mkdir -p "$tree"
	cp -r Makefile lib maildir scripts .gitignore "$tree"
	mkdir "$tree/bin" "$tree/man" "$tree/tests"
	cp tests/lib.bash "$tree/tests"
	cd "$tree"
	scripts/dev/new-command mail-demo
	env -u V make -s build/release/bin/mail-demo
	env -u PABAL_BUILD bats tests/mail-demo.bats
	[ -z "$(mandoc -T lint -W warning man/mail-demo.1)" ]
	grep -q '^LINK_mail-demo' Makefile
	run scripts/dev/new-command mail-demo
	[ "$status" -ne 0 ] # what is there is not written over
	run scripts/dev/new-command 'bad name'
	[ "$status" -eq 64 ]
}

@test "make install puts programs and pages below DESTDIR and PREFIX" {
	d=$BATS_TEST_TMPDIR/dest
	env -u V make -s install DESTDIR="$d" PREFIX=/usr >/dev/null
	for c in "$TOP"/build/release/bin/*; do [ ! -f "$c" ] || [ -x "$d/usr/bin/$(basename "$c")" ]; done
	for p in man/*.[1578]; do [ ! -f "$p" ] || [ -f "$d/usr/share/man/man${p##*.}/$(basename "$p")" ]; done
	[ "$(find "$d" -maxdepth 1 -mindepth 1)" = "$d/usr" ]
}
