/*
 * Tells when files in some folders have come, changed or gone, a little after things have calmed down:
 * an editor that writes a new file and renames it over the old one has changed one file once.
 *
 * What changed is found by comparing a folder's files with what they were (size, time, inode; of files just
 * written the bytes as well, since two writes may have one time). inotify
 * only says when to look; where there is none, and for folders that are not there yet, time does. Names
 * that begin with '.' or end with '~' are editors' own business. Belongs to the loop thread. Sits on
 * ms_loop_watch and has no timer of its own: its owner asks next_due_ms and calls on_timer. After news the
 * loop is woken, so an owner that sets its timer in on_wake misses nothing. A folder that is watched keeps
 * ms_loop_run from ending.
 */
#ifndef MS_LOOP_DIRWATCH_H
#define MS_LOOP_DIRWATCH_H

#include <stddef.h>

#include "loop/loop.h"

struct ms_dirwatch;

enum ms_dirwatch_kind { MS_DIRWATCH_NEW, MS_DIRWATCH_CHANGED, MS_DIRWATCH_GONE };

struct ms_dirwatch_change {
  enum ms_dirwatch_kind kind;
  unsigned root;    /* index of the folder in the options */
  const char *path; /* below that folder: "deep/er.lua"; borrowed */
};

/* Sorted by folder and path; not empty. The watch may be freed in it. */
typedef void (*ms_dirwatch_cb)(const struct ms_dirwatch_change *changes, size_t count, void *user);

struct ms_dirwatch_options {
  struct ms_loop *loop;     /* borrowed */
  /* Folders, with all below them; or single files, which are looked at by time. NULL entries are left out. */
  const char *const *roots;
  size_t root_count;
  bool is_polling;   /* looks every poll_ms, even where inotify is there */
  int64_t quiet_ms;  /* without news before it looks; 0 = 50 */
  int64_t latest_ms; /* after the first news it looks all the same; 0 = 500 */
  int64_t poll_ms;   /* 0 = 1000 */
  ms_dirwatch_cb cb;
  void *user;
};

/* Looks once: what is there now is no news. MSTEP_ENOMEM, MSTEP_ETOOBIG (past 65,536 files). */
int ms_dirwatch_new(struct ms_dirwatch **out, const struct ms_dirwatch_options *options);
void ms_dirwatch_free(struct ms_dirwatch *watch); /* NULL is fine */
int64_t ms_dirwatch_next_due_ms(const struct ms_dirwatch *watch); /* 0 = nothing is due; NULL is fine */
void ms_dirwatch_on_timer(struct ms_dirwatch *watch, int64_t now_ms); /* NULL is fine */
/* Looks now and tells, whatever is due. What a lack of memory left untold comes the next time. */
int ms_dirwatch_look(struct ms_dirwatch *watch);

#endif
