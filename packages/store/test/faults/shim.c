/* Stands between a process and its disk (LD_PRELOAD): writes down what is done to the files of one folder, and lets the n-th call
 * of a kind fail. CONDUCTOR_FOLDER: the folder; CONDUCTOR_TRACE: where to write it down; CONDUCTOR_FAIL: "<call>:<n>:<errno>". */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static const char *folder, *fail_call;
static long fail_at = -1;
static int fail_errno = EIO, trace = -1;
static ssize_t (*real_write)(int, const void *, size_t);
static ssize_t (*real_pwrite)(int, const void *, size_t, off64_t);
static int (*real_fsync)(int);
static int (*real_fdatasync)(int);
static int (*real_ftruncate)(int, off64_t);
static int (*real_unlink)(const char *);

__attribute__((constructor)) static void begin(void) {
  real_write = dlsym(RTLD_NEXT, "write");
  real_pwrite = dlsym(RTLD_NEXT, "pwrite64");
  real_fsync = dlsym(RTLD_NEXT, "fsync");
  real_fdatasync = dlsym(RTLD_NEXT, "fdatasync");
  real_ftruncate = dlsym(RTLD_NEXT, "ftruncate64");
  real_unlink = dlsym(RTLD_NEXT, "unlink");
  folder = getenv("CONDUCTOR_FOLDER");
  const char *path = getenv("CONDUCTOR_TRACE");
  if (path) trace = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  static char plan[64];
  const char *fail = getenv("CONDUCTOR_FAIL");
  if (fail && strlen(fail) < sizeof plan) {
    strcpy(plan, fail);
    fail_call = strtok(plan, ":");
    fail_at = atol(strtok(NULL, ":"));
    fail_errno = atoi(strtok(NULL, ":"));
  }
}

/* The name within the folder, `.` for itself, nothing for other files; the index of the log in shared memory does not last. */
static const char *name_in(const char *path) {
  size_t prefix = strlen(folder);
  if (strcmp(path, folder) == 0) return ".";
  return strncmp(path, folder, prefix) == 0 && path[prefix] == '/' && !strstr(path, "-shm") ? path + prefix + 1 : NULL;
}

static const char *name_of(int fd, char *path) {
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = folder ? readlink(link, path, PATH_MAX - 1) : -1;
  if (length < 0) return NULL;
  path[length] = 0;
  return name_in(path);
}

static int fails(const char *call) {
  if (fail_at < 0 || strcmp(call, fail_call) != 0) return 0;
  return --fail_at == 0;
}

static void note(const char *line, const void *bytes, size_t length) {
  if (trace < 0) return;
  real_write(trace, line, strlen(line));
  if (length > 0) real_write(trace, bytes, length);
}

ssize_t pwrite64(int fd, const void *bytes, size_t length, off64_t at) {
  char path[PATH_MAX], line[PATH_MAX + 64];
  const char *name = name_of(fd, path);
  if (!name) return real_pwrite(fd, bytes, length, at);
  pthread_mutex_lock(&lock);
  ssize_t written = -1;
  if (fails("write")) errno = fail_errno;
  else {
    written = real_pwrite(fd, bytes, length, at);
    snprintf(line, sizeof line, "W %s %lld %zd\n", name, (long long)at, written < 0 ? 0 : written);
    int kept = errno;
    note(line, bytes, written < 0 ? 0 : (size_t)written);
    errno = kept;
  }
  pthread_mutex_unlock(&lock);
  return written;
}
ssize_t pwrite(int fd, const void *bytes, size_t length, off_t at) { return pwrite64(fd, bytes, length, at); }

/* What the process says on its output: an answer that somebody may have heard. */
ssize_t write(int fd, const void *bytes, size_t length) {
  char line[64];
  if (fd == 1 && folder) {
    pthread_mutex_lock(&lock);
    snprintf(line, sizeof line, "A - 0 %zu\n", length);
    note(line, bytes, length);
    pthread_mutex_unlock(&lock);
  }
  return real_write(fd, bytes, length);
}

static int synced(int fd, int (*sync)(int)) {
  char path[PATH_MAX], line[PATH_MAX + 64];
  const char *name = name_of(fd, path);
  if (!name) return sync(fd);
  pthread_mutex_lock(&lock);
  int result = -1;
  if (fails("sync")) errno = fail_errno;
  else {
    result = sync(fd);
    int kept = errno;
    snprintf(line, sizeof line, "S %s 0 0\n", name);
    note(line, NULL, 0);
    errno = kept;
  }
  pthread_mutex_unlock(&lock);
  return result;
}
int fsync(int fd) { return synced(fd, real_fsync); }
int fdatasync(int fd) { return synced(fd, real_fdatasync); }

int unlink(const char *path) {
  char line[PATH_MAX + 64];
  const char *name = folder ? name_in(path) : NULL;
  if (!name) return real_unlink(path);
  pthread_mutex_lock(&lock);
  int result = real_unlink(path);
  int kept = errno;
  snprintf(line, sizeof line, "D %s 0 0\n", name);
  if (result == 0) note(line, NULL, 0);
  errno = kept;
  pthread_mutex_unlock(&lock);
  return result;
}

int ftruncate64(int fd, off64_t length) {
  char path[PATH_MAX], line[PATH_MAX + 64];
  const char *name = name_of(fd, path);
  if (!name) return real_ftruncate(fd, length);
  pthread_mutex_lock(&lock);
  int result = -1;
  if (fails("truncate")) errno = fail_errno;
  else {
    result = real_ftruncate(fd, length);
    int kept = errno;
    snprintf(line, sizeof line, "T %s %lld 0\n", name, (long long)length);
    note(line, NULL, 0);
    errno = kept;
  }
  pthread_mutex_unlock(&lock);
  return result;
}
int ftruncate(int fd, off_t length) { return ftruncate64(fd, length); }
