# Two messages in one write (RFC 2920), then what a client may not send in DATA: a bare LF.
smtp-recv
ls "$PABAL_ROOT/queue/new" | wc -l
