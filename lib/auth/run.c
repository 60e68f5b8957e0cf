#include "auth/run.h"

#include "io/run_file.h"

int auth_run_open(const char *name)
{
	return run_file_open("auth", name);
}
