/*
 * Loaded before others into a QEMU older than 8.2. That one opens the memory of a golden image for reading and writing,
 * though it maps it privately, for which reading is enough. Here it opens it for reading. This protects nothing by
 * itself: it lets the file's permissions, and the confinement of the process, refuse to have it written.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The name of the environment's variable with the path, as QEMU is given it. */
static const char READ_ONLY[] = "VMGRID_READ_ONLY";

static int open_file(const char *path, int flags, mode_t mode) {
  const char *read_only = getenv(READ_ONLY);
  if ((flags & O_ACCMODE) == O_RDWR && read_only != NULL && strcmp(path, read_only) == 0) flags &= ~O_ACCMODE;
  return syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

static mode_t mode_after(int flags, va_list rest) {
  return (flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE ? va_arg(rest, mode_t) : 0;
}

/* Every name by which a QEMU may have been linked to it. */
#define OPEN(name)                                                                                                     \
  int name(const char *path, int flags, ...) {                                                                         \
    va_list rest;                                                                                                      \
    va_start(rest, flags);                                                                                             \
    mode_t mode = mode_after(flags, rest);                                                                             \
    va_end(rest);                                                                                                      \
    return open_file(path, flags, mode);                                                                               \
  }
#define OPEN_WITHOUT_MODE(name)                                                                                        \
  int name(const char *path, int flags) { return open_file(path, flags, 0); }

OPEN(open)
OPEN(open64)
OPEN_WITHOUT_MODE(__open_2)
OPEN_WITHOUT_MODE(__open64_2)
