/*
 * One process for one file: a lock beside it that the system takes away when the process dies, however
 * it dies. The number of the process stands in it, for messages only.
 */
#ifndef MS_STORE_LOCK_H
#define MS_STORE_LOCK_H

#include <stdbool.h>

struct ms_store_lock {
  int fd;      /* -1 = not held */
  bool is_new; /* the file was made by this call */
};

/*
 * Takes PATH-lock. MSTEP_ESTATE names the process that has it; MSTEP_ENOTFOUND: no such directory;
 * MSTEP_EIO: the directory cannot be written. Not inherited across exec; a child made by fork alone
 * keeps it.
 */
int ms_store_lock(struct ms_store_lock *out, const char *path);
/*
 * The file stays, so that nobody locks one that is being removed. When `path` is not NULL and the file
 * was new it goes too: what it stood beside turned out to be no store.
 */
void ms_store_unlock(struct ms_store_lock *lock, const char *path);

#endif
