#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <stdarg.h>
#include <sys/types.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <utime.h>
#include <fcntl.h>
#include <unistd.h>
/* REFUSE="fsync,utime" ERRNO=22: each named call fails with that error. */
static int refused(const char *name) {
  const char *list = getenv("REFUSE");
  if (!list) return 0;
  size_t n = strlen(name);
  for (const char *p = list; (p = strstr(p, name)); p += n)
    if ((p == list || p[-1] == ',') && (p[n] == 0 || p[n] == ',')) { errno = atoi(getenv("ERRNO")); return 1; }
  return 0;
}
#define REAL(name) ((typeof(&name))dlsym(RTLD_NEXT, #name))
int flock(int fd, int op) { return refused("flock") ? -1 : ((int (*)(int, int))dlsym(RTLD_NEXT, "flock"))(fd, op); }
static int is_folder(int fd) { struct stat s; return fstat(fd, &s) == 0 && S_ISDIR(s.st_mode); }
int fsync(int fd) { if (refused("fsync") || (is_folder(fd) && refused("fsync_folder"))) return -1; return REAL(fsync)(fd); }
int fdatasync(int fd) { return refused("fsync") ? -1 : REAL(fdatasync)(fd); }
int futimens(int fd, const struct timespec t[2]) { return refused("utime") ? -1 : REAL(futimens)(fd, t); }
int utimensat(int fd, const char *p, const struct timespec t[2], int f) { return refused("utime") ? -1 : REAL(utimensat)(fd, p, t, f); }
int chmod(const char *p, mode_t m) { return refused("chmod") ? -1 : REAL(chmod)(p, m); }
int fchmod(int fd, mode_t m) { return refused("chmod") ? -1 : REAL(fchmod)(fd, m); }
int link(const char *a, const char *b) { return refused("link") ? -1 : REAL(link)(a, b); }
int linkat(int a, const char *b, int c, const char *d, int f) { return refused("link") ? -1 : REAL(linkat)(a, b, c, d, f); }
int symlink(const char *a, const char *b) { return refused("symlink") ? -1 : REAL(symlink)(a, b); }
int rename(const char *a, const char *b) {
  struct stat s;
  if (stat(a, &s) == 0 && S_ISDIR(s.st_mode) && refused("rename_folder")) return -1;
  return refused("rename") ? -1 : REAL(rename)(a, b);
}
int ftruncate(int fd, off_t n) { return refused("truncate") ? -1 : REAL(ftruncate)(fd, n); }
int ftruncate64(int fd, off64_t n) { return refused("truncate") ? -1 : REAL(ftruncate64)(fd, n); }
