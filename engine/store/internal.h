/*
 * What a backend is, seen from store.c, which checks arguments, keeps the state and the number of the
 * latest frame, and calls the backend with nothing left to refuse but what only it can know.
 */
#ifndef MS_STORE_INTERNAL_H
#define MS_STORE_INTERNAL_H

#include "store/store.h"

#define MS_STORE_TYPE_VERSION 1u

struct ms_store_type {
  unsigned version;   /* MS_STORE_TYPE_VERSION; the struct grows at its end only */
  const char *scheme; /* "sqlite" */
  bool is_persistent; /* what was closed can be opened again */
  /*
   * address: what follows the scheme and its colon. Sets last_lsn and trimmed_lsn. On failure nothing
   * is left.
   */
  int (*open)(struct ms_store **out, const char *address, const struct ms_store_options *options);
  void (*close)(struct ms_store *store);
  /* Sets last_lsn and trimmed_lsn to what is there. */
  int (*recover)(struct ms_store *store);
  /*
   * The batch is without error, its keys fit their tables. Records, if any, become frame `lsn`, which
   * is last_lsn + 1; both numbers are store.c's to move.
   */
  int (*commit)(struct ms_store *store, const struct ms_batch *batch, uint64_t lsn);
  int (*get)(struct ms_store *store, unsigned table, struct ms_str key, ms_record_cb cb,
             void *user);
  int (*scan)(struct ms_store *store, const struct ms_scan *scan, ms_record_cb cb, void *user);
  int (*lease)(struct ms_store *store, unsigned shard, int64_t until_ms, uint64_t *fence);
  int (*shrink)(struct ms_store *store, uint64_t bytes, bool *is_done);
  int (*size)(struct ms_store *store, uint64_t *bytes);
  /* Damage that scanning all tables does not show. */
  int (*check)(struct ms_store *store);
  /* A handle that reads only; store.c fills in what open leaves to it. */
  int (*reader)(struct ms_store **out, struct ms_store *store);
  /* Of a handle that reads only. begin sets last_lsn and trimmed_lsn to that moment's. */
  int (*view_begin)(struct ms_store *store);
  void (*view_end)(struct ms_store *store);
  int (*backup)(struct ms_store *store, const char *path);
};

/* First member of every backend's own struct, which its open allocates and its close frees. */
struct ms_store {
  const struct ms_store_type *type;
  char *name; /* ms_alloc; freed by store.c */
  uint64_t last_lsn;
  uint64_t trimmed_lsn; /* the journal holds the frames behind this one, up to last_lsn */
  bool is_read_only;
  bool is_failed;
  bool is_calling; /* a callback is running */
  bool has_view;   /* between view_begin and view_end */
};

/* The number of the last frame that is cut off when the batch is done. */
uint64_t ms_store_trimmed_after(const struct ms_store *store, const struct ms_batch *batch);

/* NULL-terminated. */
extern const struct ms_store_type *const ms_store_types[];

#define MS_STORE(symbol) extern const struct ms_store_type symbol;
#include "store/stores.def"
#undef MS_STORE

#endif
