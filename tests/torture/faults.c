#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 * Counts the calls that change files below FAULT_FOLDER. At call FAULT_AT it ends the process, as
 * kill -9 or a power cut does, or, if FAULT_ERROR is an error's number, fails that call and all
 * later ones. With FAULT_LOG it writes a byte there for each call.
 */
static int seen;

static int is_inside(const char *path) {
  const char *folder = getenv("FAULT_FOLDER");
  return folder && path && !strncmp(path, folder, strlen(folder));
}

static const char *path_of(int fd, char *path, size_t size) {
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, size - 1);
  path[length < 0 ? 0 : length] = 0;
  return path;
}

static int fails(const char *path) {
  if (!is_inside(path)) return 0;
  int number = __sync_add_and_fetch(&seen, 1);
  const char *log = getenv("FAULT_LOG"), *at = getenv("FAULT_AT"), *error = getenv("FAULT_ERROR");
  if (log) {
    int fd = syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND, 0600);
    syscall(SYS_write, fd, "x", 1);
    syscall(SYS_close, fd);
  }
  if (!at) return 0;
  if (!error && number == atoi(at)) kill(getpid(), SIGKILL);
  if (!error || number < atoi(at)) return 0;
  errno = atoi(error);
  return 1;
}

#define REAL(name, type) ((type)dlsym(RTLD_NEXT, name))

#define ON_FD(name, result, parameters, types, arguments)                                   \
  result name parameters {                                                                  \
    char path[4096];                                                                        \
    return fails(path_of(fd, path, sizeof path)) ? -1 : REAL(#name, result(*) types) arguments; \
  }
#define ON_PATH(name, parameters, types, arguments, path)                                   \
  int name parameters { return fails(path) ? -1 : REAL(#name, int (*) types) arguments; }

ON_FD(write, ssize_t, (int fd, const void *data, size_t size), (int, const void *, size_t), (fd, data, size))
ON_FD(pwrite64, ssize_t, (int fd, const void *data, size_t size, off64_t at), (int, const void *, size_t, off64_t), (fd, data, size, at))
ON_FD(fsync, int, (int fd), (int), (fd))
ON_FD(fdatasync, int, (int fd), (int), (fd))
ON_FD(ftruncate64, int, (int fd, off64_t size), (int, off64_t), (fd, size))
ON_PATH(rename, (const char *from, const char *to), (const char *, const char *), (from, to), to)
ON_PATH(mkdir, (const char *path, mode_t mode), (const char *, mode_t), (path, mode), path)

static int opens_for_writing(int flags) {
  return (flags & O_ACCMODE) != O_RDONLY || (flags & (O_CREAT | O_TRUNC));
}

int open64(const char *path, int flags, ...) {
  va_list list;
  va_start(list, flags);
  mode_t mode = flags & O_CREAT ? va_arg(list, mode_t) : 0;
  va_end(list);
  if (opens_for_writing(flags) && fails(path)) return -1;
  return REAL("open64", int (*)(const char *, int, ...))(path, flags, mode);
}
