/* Functions that have no bound, hide an error or share state are compile errors. The compiler
 * includes this file first in every source (-include in the Makefile); the system headers that
 * declare or mention the names must come before the poison. */
#ifndef BASE_BANNED_H
#define BASE_BANNED_H

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>
#include <wchar.h>

#undef alloca
#ifndef PABAL_FOREIGN_HEADERS
#pragma GCC poison strcpy strcat stpcpy sprintf vsprintf gets strncpy strncat
#pragma GCC poison strtok atoi atol atoll atof sscanf alloca
#pragma GCC poison system popen tmpnam tempnam mktemp setjmp longjmp
#pragma GCC poison gmtime localtime ctime asctime gethostbyname
#endif

#endif
