/* The one place of the libraries that ends the process, and allocation that succeeds or does not
 * return. Only bin/ and the allocator may call die(). */
#ifndef BASE_DIE_H
#define BASE_DIE_H

#include <stddef.h>

/* The name that error lines start with; main() sets it from argv[0]. */
extern const char *die_program;

/* "program: text" (and ": strerror" where errno was set, for die_errno) on fd 2, then exit. */
_Noreturn void die(int exit_code, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
_Noreturn void die_errno(int exit_code, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The same line, without the exit. */
void warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void warn_errno(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Memory or exit 75. Owned by the caller, released with free(). */
void *xmalloc(size_t n) __attribute__((malloc, returns_nonnull));
void *xcalloc(size_t count, size_t size) __attribute__((malloc, returns_nonnull));
void *xrealloc(void *p, size_t count, size_t size) __attribute__((returns_nonnull));
char *xstrdup(const char *) __attribute__((malloc, returns_nonnull));

#endif
