/* Where connections come from: a server that hands them over, a listener, or one that is there. */
#ifndef TLS_SERVE_H
#define TLS_SERVE_H

#include "tls/engine.h"

typedef struct tls_config {
	bool client;
	tls_want want;	/* of all connections that are not handed over */
	const char *ca; /* file or directory of who may sign; client's side */
	bool sandbox_optional;
} tls_config;

/* Answers requests on the socket `fd` (net/handover.h) until nobody holds its other end. The exit code. */
int tls_serve_requests(const tls_config *, int fd);

enum tls_role {
	TLS_PROGRAM, /* execute the program: its descriptors and its environment are as they should be */
	TLS_OVER, /* exit with *code */
};

/* The connection on net_in and net_out: in this process, which goes on as the program, on as_in and as_out. */
enum tls_role tls_serve_one(const tls_config *, int net_in, int net_out, int as_in, int as_out,
			    int *code);
/* Each connection of the listening socket, a process each, `most` at once; the same in the processes. */
enum tls_role tls_serve_listener(const tls_config *, int listener, size_t most, int *code);

#endif
