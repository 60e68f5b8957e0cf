# pabal: `make run` shows it, `make check` proves it. GNU make, no configure step.
#
# variants: make V=asan, V=cov, V=fuzz build the same tree into build/V with other flags.

MAKEFLAGS += --no-builtin-rules --no-builtin-variables
.SUFFIXES:
.DELETE_ON_ERROR:
.DEFAULT_GOAL := all

V ?=
B := build$(if $(V),/$(V),/release)
CC := gcc
WARN := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition -Wvla \
	-Wformat=2 -Wwrite-strings -Wundef -Wcast-qual -Wpointer-arith -Wimplicit-fallthrough \
	-Wconversion -Wno-sign-conversion -Werror
HARDEN := -fPIE -fstack-protector-strong -fstack-clash-protection -fcf-protection -D_FORTIFY_SOURCE=3 \
	-ftrivial-auto-var-init=zero
CFLAGS := -O2 -g -ffile-prefix-map=$(CURDIR)=. $(HARDEN)
LDFLAGS := -pie -Wl,-z,relro,-z,now,-z,noexecstack
ifeq ($(V),asan)
CFLAGS := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=undefined -DPABAL_NO_SECCOMP
LDFLAGS := -fsanitize=address,undefined
else ifeq ($(V),cov)
CFLAGS := -O0 -g --coverage -DPABAL_NO_SECCOMP -DPABAL_NO_SANDBOX
LDFLAGS := --coverage
else ifeq ($(V),fuzz)
CC := clang
WARN := -Wall -Wextra -Werror
CFLAGS := -O1 -g -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined -DPABAL_NO_SECCOMP
LDFLAGS := -fsanitize=fuzzer,address,undefined
endif
COMPILE = $(CC) -std=c11 -D_GNU_SOURCE $(WARN) $(CFLAGS) -Ilib -I. -include lib/base/banned.h -MMD -MP

# The architecture at a glance: one line a command, the folders it links and the foreign libraries.
LINK_auth-answer     := auth mail io base : z crypto
LINK_auth-check      := resolve auth maildir queue net mail io base : z crypt crypto
LINK_deliver-maildir := imap maildir queue mail io base : z
LINK_imapd-lite     := run imap auth maildir queue mail net io base : z
LINK_deliver-mbox    := run queue mail io base : z
LINK_deliver-pipe    := run queue mail io base : z
LINK_dns-ask         := net mail io base : z unbound idn2
LINK_mail-attach     := write maildir mail io base : z magic
LINK_mail-compose    := write maildir queue mail io base : z magic
LINK_mail-doctor     := resolve auth maildir queue net mail io base : z crypt crypto unbound idn2
LINK_maildir-flag    := maildir mail io base : z
LINK_maildir-list    := maildir mail io base : z
LINK_maildir-pick    := maildir mail io base : z
LINK_maildir-refile  := maildir mail io base : z
LINK_mail-up         := net io base : z
LINK_mail-7bit       := mail io base : z
LINK_mail-header      := mail io base : z
LINK_mail-parts     := mail io base : z crypto magic
LINK_mail-show       := mail io base : z
LINK_mail-stat       := queue mail io base : z
LINK_mail-user       := auth maildir mail io base : z crypt crypto
LINK_mail-where      := resolve maildir queue net mail io base : z
LINK_pop3d           := run pop3 auth maildir queue mail net io base : z
LINK_policy-rate     := run net mail io base : z
LINK_queue-add       := queue mail io base : z
LINK_queue-edit      := run resolve maildir queue mail net io base : z
LINK_queue-list      := queue mail io base : z
LINK_queue-run       := run resolve maildir queue mail net io base : z
LINK_queue-top       := queue mail io base : z
LINK_sendmail        := queue mail net io base : z
LINK_smtp-recv       := run smtp resolve auth maildir queue mail net io base : z
LINK_smtp-send       := smtp queue auth net mail io base : z unbound idn2
LINK_tcp-serve       := net io base : z
LINK_thru            := io base : z
LINK_tls-wrap        := tls net io base : ssl crypto z

COMMANDS := $(sort $(basename $(notdir $(wildcard bin/*.c))))
FOLDERS := base io mail net tls queue auth resolve smtp imap pop3 write run
LIBSRC := $(foreach f,$(FOLDERS),$(wildcard lib/$f/*.c)) $(wildcard maildir/*.c)
archive = $(B)/lib$1.a
before_colon = $(shell echo '$1' | sed 's/ *:.*//')
after_colon = $(shell echo '$1' | sed -n 's/.*: *//p')

all: $(COMMANDS:%=$(B)/bin/%) $(patsubst scripts/%,$(B)/bin/%,$(filter-out scripts/dev scripts/systemd scripts/fail2ban scripts/sysctl,$(wildcard scripts/*)))

$(B)/obj/%.o: %.c
	@mkdir -p $(@D)
	$(COMPILE) -c -o $@ $<

define archive_rule
$(call archive,$1): $(patsubst %.c,$(B)/obj/%.o,$(wildcard $2/*.c))
	@mkdir -p $$(@D)
	@rm -f $$@
	ar rcs $$@ $$^
endef
$(foreach f,$(FOLDERS),$(eval $(call archive_rule,$f,lib/$f)))
$(eval $(call archive_rule,maildir,maildir))

define command_rule
$(B)/bin/$1: $(B)/obj/bin/$1.o $(foreach f,$(call before_colon,$(LINK_$1)),$(call archive,$f))
	@mkdir -p $$(@D)
	$(CC) $(LDFLAGS) -o $$@ $$^ $(addprefix -l,$(call after_colon,$(LINK_$1)))
endef
$(foreach c,$(COMMANDS),$(eval $(call command_rule,$c)))

$(B)/bin/%: scripts/%
	@mkdir -p $(@D)
	install -m 755 $< $@

# tests/unit/NAME.c and tests/fuzz/NAME.c say what they link in their first line: /* links: … */
links = $(shell sed -n '1s/^.*links: *\(.*\) *\*\/.*/\1/p' $1)
define test_rule
$(B)/tests/$1: $(B)/obj/tests/$1.o $(foreach f,$(call before_colon,$(call links,tests/$1.c)),$(call archive,$f))
	@mkdir -p $$(@D)
	$(CC) $(LDFLAGS) -o $$@ $$^ $(addprefix -l,$(call after_colon,$(call links,tests/$1.c)))
endef
UNITS := $(basename $(notdir $(wildcard tests/unit/*.c)))
FUZZERS := $(basename $(notdir $(wildcard tests/fuzz/*.c)))
$(foreach u,$(UNITS),$(eval $(call test_rule,unit/$u)))
$(foreach f,$(FUZZERS),$(eval $(call test_rule,fuzz/$f)))

units: $(UNITS:%=$(B)/tests/unit/%)
fuzzers: $(FUZZERS:%=$(B)/tests/fuzz/%)

-include $(shell find $(B)/obj -name '*.d' 2>/dev/null)

# Tests and tools; what each does is said at the top of its script.
run:
	@B=$(B) V=$(V) ONCE=$(ONCE) VAR=$(VAR) scripts/dev/run
check:
	@scripts/dev/check $(T)
asan:
	@V=asan scripts/dev/check $(T)
cov:
	@rm -rf build/cov && V=cov FILE_LIMIT=600 scripts/dev/check $(T); scripts/dev/cov
fuzz:
	@$(MAKE) -s V=fuzz fuzzers && scripts/dev/fuzz $(T) $(or $(SECS),60)
golden: all
	@PABAL_GOLDEN=write bats tests/golden.bats && git --no-pager diff --stat -- tests/golden
crash: all
	@PABAL_BUILD=$(CURDIR)/$(B) tests/crash/prove.py -f $(T)
hammer: all
	@HAMMER_SECONDS=$(or $(SECS),60) bats tests/imap-hammer.bats
bench: all
	@scripts/dev/deps check && tests/bench/run $(T) && tests/bench/parts && tests/bench/queue && tests/bench/agent $(T) && tests/bench/pop3 && tests/bench/imap

DESTDIR ?=
PREFIX ?= /usr/local
install: all
	install -d $(DESTDIR)$(PREFIX)/bin
	for c in $(B)/bin/*; do [ ! -f $$c ] || install -m 755 $$c $(DESTDIR)$(PREFIX)/bin || exit 1; done
	for s in 1 5 7 8; do \
		set -- man/*.$$s; [ -f "$$1" ] || continue; \
		install -d $(DESTDIR)$(PREFIX)/share/man/man$$s && \
		install -m 644 "$$@" $(DESTDIR)$(PREFIX)/share/man/man$$s || exit 1; \
	done

clean:
	rm -rf build/release build/asan build/cov build/fuzz build/check build/check-asan build/check-cov

.PHONY: all units fuzzers run check asan cov fuzz golden crash hammer bench install clean
