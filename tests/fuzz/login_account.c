/* links: run auth net io base : z */
/* The line behind OK of auth-check. */
#include "run/login_helper.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	login_account a;
	if (login_account_read(span_of((const char *)data, size), &a)) {
		if (a.maildir[0] != '/' || !a.address[0] || strlen(a.maildir) > size)
			__builtin_trap();
		login_account_free(&a);
	}
	return 0;
}
