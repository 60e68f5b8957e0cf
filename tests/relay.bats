#!/usr/bin/env bats
# The way out as a whole: queue-add, queue-run, smtp-send, DNS, the hosts of other people at port 25; in a network
# of its own.
bats_require_minimum_version 1.5.0
load lib
load peers/peers

setup() {
	need nsd unshare
	share=-n
	[ "$(id -u)" = 0 ] || share=-rn
	unshare $share true 2>/dev/null || cannot "no network namespace of one's own here"
	make_root example.test user
	export PABAL_LOG=fd:2 T=$BATS_TEST_TMPDIR
	mkdir -p "$T/dns"
	cat >"$T/dns/other.test.zone" <<-'END'
		$ORIGIN other.test.
		$TTL 60
		@ SOA ns hostmaster 1 60 60 60 60
		@ NS ns
		ns A 127.0.0.1
		@ MX 10 dead
		@ MX 20 two
		dead A 127.0.0.9
		two A 127.0.0.2
		null MX 0 .
	END
	echo 'nonsense(' >"$T/dns/broken.test.zone"
	printf 'From: <user@example.test>\nSubject: out\n\n.a dot\n' >"$T/message"
}

teardown() {
	stop_peers
}

# inside SCRIPT: in the network namespace, with DNS and with the fake server `two` at 127.0.0.2:25.
inside() {
	export PEERS
	export -f start_dns start_fake stop_peers peer_ready peer_port wait_until free_port only_message
	unshare $share bash -euc '
		PEER_PIDS=() PEER_DIRS=()
		trap stop_peers EXIT
		ip link set lo up
		start_dns "$T/dns"
		'"$1" 2>"$T/err" || { cat "$T/err"; return 1; }
}

@test "one message to many: delivered, bounced, and kept for later, each by itself" {
	inside '
		start_fake two 127.0.0.2 25 -- "RCPT:gone@other.test=550 5.1.1 no such user" \
			"RCPT:later@other.test/1=450 4.2.0 later"
		queue-add -f user@example.test good@other.test gone@other.test later@other.test \
			x@null.other.test x@missing.other.test x@broken.test <"$T/message"
		queue-run || [ $? = 75 ]
		queue-run || [ $? = 75 ]'
	[ "$(grep -c 'RCPT TO:<good@other.test>' "$T/two")" = 1 ]
	[ "$(grep -c 'RCPT TO:<gone@other.test>' "$T/two")" = 1 ]
	[ "$(grep -c 'RCPT TO:<later@other.test>' "$T/two")" = 1 ]
	sed 's/\r$//; s/^\.//' "$T/two.1.1" | tail -n 4 | cmp - "$T/message"
	# one bounce about the three that failed, and nothing about the two that wait
	local bounce
	bounce=$(only_message "$PABAL_ROOT/mail/example.test/user")
	[ "$(grep -c '^Final-Recipient:' "$bounce")" = 3 ]
	grep -q '^Status: 5\.1\.1' "$bounce"
	grep -q '^Status: 5\.1\.10' "$bounce"
	grep -q '^Status: 5\.1\.2' "$bounce"
	[ "$(queue-list | grep -c 'out\|user@example.test')" -ge 1 ]
	[ "$(find "$PABAL_ROOT/queue/later" -type f | wc -l)" = 1 ]
	# when it is due, only those two are tried again
	export PABAL_NOW=$(($(date +%s) + 86400))
	inside '
		start_fake three 127.0.0.2 25
		queue-run || [ $? = 75 ]'
	[ "$(grep -c 'RCPT TO' "$T/three")" = 1 ]
	grep -q 'RCPT TO:<later@other.test>' "$T/three"
}

@test "a next hop that loses connections gets the message later, once" {
	inside '
		start_fake two 127.0.0.2 25 -- DATA/1=@close
		queue-add -f user@example.test a@other.test b@other.test <"$T/message"
		queue-run || [ $? = 75 ]'
	[ ! -s "$T/two.1.1" ]
	[ "$(find "$PABAL_ROOT/queue/later" -type f | wc -l)" = 1 ]
	export PABAL_NOW=$(($(date +%s) + 86400))
	inside '
		start_fake three 127.0.0.2 25
		queue-run'
	[ "$(grep -c '^[0-9]*< DATA' "$T/three")" = 1 ]
	[ "$(grep -c 'RCPT TO' "$T/three")" = 2 ]
	[ "$(find "$PABAL_ROOT/queue"/{new,later} -type f | wc -l)" = 0 ]
}

@test "100 messages to a living and to a dead place: connections are kept, and only the dead waits" {
	inside '
		start_fake two 127.0.0.2 25
		for ((i = 0; i < 100; i++)); do
			queue-add -f user@example.test u@other.test "u@[127.0.0.9]" <"$T/message" >/dev/null
		done
		queue-run || [ $? = 75 ]'
	[ "$(grep -c '^[0-9]*< DATA' "$T/two")" = 100 ]
	[ "$(grep -c '^[0-9]*< EHLO' "$T/two")" -le 20 ]
	[ "$(find "$PABAL_ROOT/queue/later" -type f | wc -l)" = 100 ]
}

@test "a host without 8BITMIME gets 7 bits; what is signed and cannot change comes back" {
	cp "$TOP/tests/mail/first.eml" "$T/first"
	printf 'From: user@example.test\nContent-Type: multipart/signed; boundary=b\n\n--b\n\n\303\251\n--b--\n' >"$T/signed"
	inside '
		start_fake two 127.0.0.2 25 -- "EHLO=250 fake"
		queue-add -f user@example.test a@other.test <"$T/first"
		queue-add -f user@example.test b@other.test <"$T/signed"
		queue-run'
	[ "$(grep -c 'RCPT TO:<a@other.test>' "$T/two")" = 1 ]
	! grep 'RCPT TO:<b@other.test>' "$T/two" || false
	sed 's/\r$//; s/^\.//' "$T"/two.[0-9]*.[0-9]* >"$T/got"
	! LC_ALL=C grep $'[\x80-\xff]' "$T/got" || false
	cmp <(mail-parts -p 2 <"$T/got") <(mail-parts -p 2 <"$T/first")
	grep -q 'Status: 5.6.3' "$(only_message "$PABAL_ROOT/mail/example.test/user")"
}
