# The mailboxes of an installation: added, listed, refused, removed.
try() {
	echo "$ $*"
	local code=0
	"$@" <<<secret || code=$?
	[ $code = 0 ] || echo "=> $code"
}
try mail-user add carol@example.org
try mail-user list
try mail-user add carol@example.org
try mail-user add carol
try mail-user del carol@example.org
try mail-user del nobody@example.org
try mail-user list
