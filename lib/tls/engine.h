/* The process of one TLS connection: a copy of the one that has loaded the keys. It owns nothing, reaches no file, and
 * is confined before it reads the first octet. */
#ifndef TLS_ENGINE_H
#define TLS_ENGINE_H

#include "tls/keys.h"
#include "tls/pump.h"

typedef struct engine {
	tls_keys *keys;	     /* server's side; NULL */
	tls_context *client; /* client's side; NULL */
	const char *ca; /* client's: a hashed directory that it may read; NULL: none is needed */
	tls_want want;
	int net_in, net_out;
	int to_program, from_program, poison; /* as in pump.h */
	bool sandbox_optional;
} engine;

/* In a child that does nothing else: lets go of all other descriptors, shakes hands, tells the program's end how it went
 * (net/handover.h), pumps. Returns when all is over. */
void engine_run(engine *);

#endif
