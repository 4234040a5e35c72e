/*
 * A batch: what one commit is to do, as bytes that may be handed to another thread. Building is
 * sticky: ask ms_batch_error once, at the end; a commit of a batch that failed is refused with it.
 *
 *   ms_buf_put(&batch.records, ...);               the journal's part, any number of times
 *   ms_batch_put(&batch, MS_TABLE_SETTING, key, value);
 *   err = ms_store_commit(store, &batch, &lsn);
 *   ms_batch_reset(&batch);
 */
#ifndef MS_STORE_BATCH_H
#define MS_STORE_BATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/vec.h"

#define MS_BATCH_BYTES_MAX ((size_t)256 << 20) /* records, and keys and values, each */
#define MS_BATCH_OPS_MAX ((size_t)1 << 20)
#define MS_BATCH_FENCES_MAX 4096u

/* What has to happen before a commit may be lost. */
enum ms_durability {
  MS_DURABILITY_FSYNC, /* the disk itself loses it */
  MS_DURABILITY_OS,    /* the machine stops: a crash of the process loses nothing */
  MS_DURABILITY_NONE   /* the same, and when the machine stops the file may be unusable */
};

enum ms_batch_op_type {
  MS_BATCH_PUT,          /* sets the value of `key`, which may exist */
  MS_BATCH_REMOVE,       /* removes `key`, which need not exist */
  MS_BATCH_REMOVE_RANGE, /* removes the keys in [key, value) */
};

struct ms_batch_op {
  enum ms_batch_op_type type;
  unsigned table;
  size_t key_at; /* offsets in bytes */
  size_t key_len;
  size_t value_at;
  size_t value_len;
};

/* The commit is refused unless `fence` is the latest that was given out for the shard. */
struct ms_batch_fence {
  unsigned shard;
  uint64_t fence;
};

struct ms_batch {
  struct ms_buf records; /* goes into the journal as one frame; empty = no frame */
  struct ms_buf bytes;
  MS_VEC(struct ms_batch_op) ops;
  MS_VEC(struct ms_batch_fence) fences;
  enum ms_durability durability; /* see ms_batch_need */
  bool has_durability;
  int error;
};

void ms_batch_init(struct ms_batch *batch); /* allocates nothing */
void ms_batch_deinit(struct ms_batch *batch);
void ms_batch_reset(struct ms_batch *batch); /* empty again, keeps memory */
/* All is copied. What is refused (key or value of a wrong size, a put into the journal): sticky. */
void ms_batch_put(struct ms_batch *batch, unsigned table, struct ms_str key, struct ms_str value);
void ms_batch_remove(struct ms_batch *batch, unsigned table, struct ms_str key);
/*
 * Removes all keys in [from, to); an empty `from` is before all, an empty `to` behind all. The journal
 * is only ever cut at its head: `from` is empty.
 */
void ms_batch_remove_range(struct ms_batch *batch, unsigned table, struct ms_str from,
                           struct ms_str to);
void ms_batch_fence(struct ms_batch *batch, unsigned shard, uint64_t fence);
/*
 * What this batch needs before it may be lost: the strongest that was asked for wins, and the store's
 * own option when nothing was. So a batch whose parts all asked for less than the store's option gets
 * less, and whoever needs that option beside such a part has to ask for it. ms_batch_back does not take
 * it back: what is committed with a transition that failed is at most safer than it had to be.
 */
void ms_batch_need(struct ms_batch *batch, enum ms_durability durability);
/* A place to go back to, so that a failure takes away only what was added since then. */
struct ms_batch_mark {
  size_t records_len;
  size_t bytes_len;
  size_t op_count;
  size_t fence_count;
};

struct ms_batch_mark ms_batch_mark(const struct ms_batch *batch); /* of a batch without error */
void ms_batch_back(struct ms_batch *batch, struct ms_batch_mark mark); /* clears the error too */
/* Bytes of records, keys and values. */
size_t ms_batch_size(const struct ms_batch *batch);
/* 0, or what went wrong first: MSTEP_ENOMEM, MSTEP_ETOOBIG, MSTEP_EINVALID. */
int ms_batch_error(const struct ms_batch *batch);

/* Of an op; borrowed from the batch. */
struct ms_str ms_batch_key(const struct ms_batch *batch, const struct ms_batch_op *op);
struct ms_str ms_batch_value(const struct ms_batch *batch, const struct ms_batch_op *op);

#endif
