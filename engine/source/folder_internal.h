/* What the parts of watched folders share. */
#ifndef MS_SOURCE_FOLDER_INTERNAL_H
#define MS_SOURCE_FOLDER_INTERNAL_H

#include "base/buf.h"
#include "base/map.h"
#include "loop/dirwatch.h"
#include "messaging/relay.h"
#include "source/folder.h"

#define MS_FOLDER_ETAG_SIZE 48

/* Borrowed from the watch's document, but for what says otherwise. */
struct ms_watch {
  size_t folder; /* index */
  struct ms_json target; /* an ARN or address; owned */
  struct ms_str bucket, prefix, suffix, id;
  bool wants_created, wants_removed;
};

/* A file as it was when it was looked at. */
struct ms_file_state {
  int64_t size;
  int64_t mtime_ns;
  uint64_t inode;
};

/* A file that was told. The key in the map: the folder, a NUL, the path below it. */
struct ms_mark {
  struct ms_file_state state;
  uint32_t seen; /* number of the look that found it */
};

/* A file about which something may be to be told. */
struct ms_candidate {
  struct ms_candidate *next;
  size_t folder;
  int64_t due_ms;
  int64_t calm_since_ms;      /* it has not changed since */
  struct ms_file_state state; /* when it was last looked at; what the digests are of */
  struct ms_buf digests;      /* of its parts so far, as bytes */
  char path[];                /* below the folder */
};

struct ms_folders {
  const struct ms_driver_env *env;
  struct ms_relay *relay;
  char *dir;
  struct ms_json document; /* what watches borrow from */
  struct ms_watch *watches;
  size_t watch_count;
  char **paths; /* of folders */
  size_t path_count;
  struct ms_dirwatch *dirwatch;
  struct ms_map marks;
  struct ms_map waiting; /* candidates by folder and path */
  struct ms_candidate *first, **last;
  size_t waiting_count;
  uint32_t look;
  uint16_t serial;
  int64_t due_ms; /* of candidates; 0: there are none */
  int64_t look_at_ms; /* something was missed: look at all; 0: nothing was */
  bool is_resumed;
};

/* ---- folder_event.c ---- */
/* Stages what every watch that wants it gets of a file. etag NULL: it was removed. */
int ms_folder_stage(struct ms_folders *folders, struct ms_batch *batch,
                    const struct ms_candidate *file, const char *etag);

/* ---- folder_file.c ---- */
enum ms_file_news { MS_FILE_WHOLE, MS_FILE_GONE, MS_FILE_BUSY, MS_FILE_MORE };
/*
 * Is it whole, and what is its ETag? MORE: there is more of it to read, ask again. BUSY: somebody writes it; a
 * file that cannot be read is GONE.
 */
enum ms_file_news ms_folder_read(char etag[MS_FOLDER_ETAG_SIZE], struct ms_candidate *file,
                                 const char *folder, int64_t now_ms);
bool ms_folder_is_same(const struct ms_file_state *a, const struct ms_file_state *b);
/* Tells all files below the folder. MSTEP_ENOTFOUND: there is no such folder. */
typedef int (*ms_folder_file_cb)(struct ms_folders *folders, size_t folder, const char *path,
                                 const struct ms_file_state *state);
int ms_folder_walk(struct ms_folders *folders, size_t folder, ms_folder_file_cb cb);
bool ms_folder_exists(const char *folder);

#endif
