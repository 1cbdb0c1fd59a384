// Linux calls that glibc's headers show only under _GNU_SOURCE, which Swift's Glibc module does not define.
// Each wrapper declares what it calls in its own block, so that nothing clashes when a later toolchain shows them.
#pragma once
#include <signal.h>
#include <spawn.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <sys/types.h>

static inline int linux_eventfd(unsigned int initial, int flags) {
  extern int eventfd(unsigned int, int);
  return eventfd(initial, flags);
}

static inline int linux_pipe2(int ends[2], int flags) {
  extern int pipe2(int *, int);
  return pipe2(ends, flags);
}

static inline int linux_thread_setname(unsigned long thread, const char *name) {
  extern int pthread_setname_np(unsigned long, const char *);
  return pthread_setname_np(thread, name);
}

/// Renames without replacing (RENAME_NOREPLACE is 1).
static inline int linux_rename_new(int from_folder, const char *from, int to_folder, const char *to) {
  extern int renameat2(int, const char *, int, const char *, unsigned int);
  return renameat2(from_folder, from, to_folder, to, 1);
}

/// Flushes the whole file system that a descriptor lies on.
static inline int linux_syncfs(int descriptor) {
  extern int syncfs(int);
  return syncfs(descriptor);
}

static inline int linux_spawn_chdir(posix_spawn_file_actions_t *actions, const char *path) {
  extern int posix_spawn_file_actions_addchdir_np(posix_spawn_file_actions_t *, const char *);
  return posix_spawn_file_actions_addchdir_np(actions, path);
}

static inline int linux_spawn_close_from(posix_spawn_file_actions_t *actions, int first) {
  extern int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *, int);
  return posix_spawn_file_actions_addclosefrom_np(actions, first);
}

/// Forbids other processes of the same user, and core dumps, to read our memory (PR_SET_DUMPABLE is 4).
static inline int linux_forbid_dumps(void) {
  extern int prctl(int, ...);
  return prctl(4, 0L, 0L, 0L, 0L);
}

/// How many processors this process may run on, or -1. Asks the kernel itself: glibc's set ends at 1024.
static inline int linux_affinity_count(void) {
  extern long syscall(long, ...);
  unsigned long mask[1024] = {0};
  long size = syscall(SYS_sched_getaffinity, 0, sizeof mask, mask);
  if (size < 0) return -1;
  int count = 0;
  for (size_t word = 0; word < (size_t)size / sizeof mask[0]; word++) count += __builtin_popcountl(mask[word]);
  return count;
}
