/* Makes calls on one file fail, as a sick disk does: preloaded into a process under test.

   REFUSE_PATH    the end of the file's name
   REFUSE_CALL    open, or read (pread, read, and mmap of it)
   REFUSE_ERRNO   the errno that comes back
   REFUSE_MALLOC  instead: an allocation of so many bytes or more gives nothing */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static int refused_fd[65536];

static int named(const char *path) {
  const char *end = getenv("REFUSE_PATH");
  if (!end || !path) return 0;
  size_t have = strlen(path), want = strlen(end);
  return have >= want && strcmp(path + have - want, end) == 0;
}

static int calls(const char *what) {
  const char *call = getenv("REFUSE_CALL");
  return call && strcmp(call, what) == 0;
}

static int refuse(void) {
  errno = atoi(getenv("REFUSE_ERRNO"));
  return -1;
}

static int opened(int fd, const char *path) {
  if (fd >= 0 && fd < 65536) refused_fd[fd] = named(path);
  return fd;
}

#define OPEN(name)                                            \
  int name(const char *path, int flags, ...) {                \
    static int (*real)(const char *, int, ...);               \
    if (!real) real = dlsym(RTLD_NEXT, #name);                \
    va_list more;                                             \
    va_start(more, flags);                                    \
    int mode = va_arg(more, int);                             \
    va_end(more);                                             \
    if (named(path) && calls("open")) return refuse();        \
    return opened(real(path, flags, mode), path);             \
  }
OPEN(open)
OPEN(open64)

#define OPENAT(name)                                          \
  int name(int at, const char *path, int flags, ...) {        \
    static int (*real)(int, const char *, int, ...);          \
    if (!real) real = dlsym(RTLD_NEXT, #name);                \
    va_list more;                                             \
    va_start(more, flags);                                    \
    int mode = va_arg(more, int);                             \
    va_end(more);                                             \
    if (named(path) && calls("open")) return refuse();        \
    return opened(real(at, path, flags, mode), path);         \
  }
OPENAT(openat)
OPENAT(openat64)

static int sick(int fd) { return fd >= 0 && fd < 65536 && refused_fd[fd] && calls("read"); }

ssize_t read(int fd, void *into, size_t size) {
  static ssize_t (*real)(int, void *, size_t);
  if (!real) real = dlsym(RTLD_NEXT, "read");
  return sick(fd) ? refuse() : real(fd, into, size);
}

ssize_t pread(int fd, void *into, size_t size, off_t at) {
  static ssize_t (*real)(int, void *, size_t, off_t);
  if (!real) real = dlsym(RTLD_NEXT, "pread");
  return sick(fd) ? refuse() : real(fd, into, size, at);
}

ssize_t pread64(int fd, void *into, size_t size, off64_t at) {
  static ssize_t (*real)(int, void *, size_t, off64_t);
  if (!real) real = dlsym(RTLD_NEXT, "pread64");
  return sick(fd) ? refuse() : real(fd, into, size, at);
}

