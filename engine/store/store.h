/*
 * A store: where what must survive is kept. Numbered tables of keys and values (tables.def), one of
 * them the journal, whose keys are the numbers of commits (lsn) and whose values are frames.
 *
 *   OPEN ──commit fails with MSTEP_EIO──▶ FAILED ──ms_store_recover──▶ OPEN
 *
 * A commit does all of its batch or nothing. When it fails with MSTEP_EIO, which of the two is not
 * known: the store is FAILED, and refuses to commit until ms_store_recover has looked at what is
 * really there; ms_store_last_lsn then tells. Any other error of a commit means that nothing of it was
 * done and that the store goes on. Reading is tried in both states.
 *
 * Blocking and single-threaded: a store may be handed from one thread to another, not shared. A
 * callback may not call the store.
 *
 * A backend is a file store_x.c and a row in stores.def: see internal.h and README.md.
 */
#ifndef MS_STORE_STORE_H
#define MS_STORE_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "store/batch.h"

struct ms_store;

#define MS_STORE_KEY_MAX 2304u
#define MS_STORE_NUMBER_SIZE 8u /* of a key in a table of NUMBER keys */

enum ms_table {
#define MS_TABLE(symbol, name, key) symbol,
#include "store/tables.def"
#undef MS_TABLE
  MS_TABLE_COUNT
};

struct ms_store_options {
  enum ms_durability durability; /* of a batch that does not ask for more */
  bool must_exist;   /* MSTEP_ENOTFOUND instead of making a new one */
  /*
   * Only looks: no lock is taken, another process may have it open and go on writing. What writes is
   * MSTEP_ESTATE. Each get and scan sees one moment. Implies must_exist; a file of an older version
   * is MSTEP_EUNSUPPORTED.
   */
  bool is_read_only;
};

/* Borrowed; 0 = go on, anything else stops and is what the call returns. */
typedef int (*ms_record_cb)(struct ms_str key, struct ms_str value, void *user);

struct ms_scan {
  unsigned table;
  struct ms_str from; /* first key; empty = the very first */
  struct ms_str to;   /* first key that is too far; empty = to the end */
  uint64_t limit;     /* 0 = all */
  bool is_reverse;    /* the same keys, the last first */
};

/*
 * url: `sqlite:PATH`, `memory:` (gone when closed), `faulty:SEED[,NAME=VALUE...]:URL` (wraps another:
 * see store_faulty.c). options NULL = all zero.
 *
 * MSTEP_EINVALID  unknown scheme, malformed address, or the file is something else's
 * MSTEP_ENOTFOUND the file or its directory does not exist
 * MSTEP_ESTATE    in use; the detail names the process
 * MSTEP_EUNSUPPORTED a newer version wrote it
 * MSTEP_EIO       not readable or writable, or damaged
 */
int ms_store_open(struct ms_store **out, const char *url, const struct ms_store_options *options);
void ms_store_close(struct ms_store *store); /* NULL is fine */
/* What the store is called in messages: its URL or path. */
const char *ms_store_name(const struct ms_store *store);
bool ms_store_is_failed(const struct ms_store *store);

/*
 * *lsn (may be NULL) gets the number of the frame, or of the latest one when the batch has no records.
 * MSTEP_EIO: outcome unknown, see above. MSTEP_ESTATE: the store is FAILED, or a fence is stale.
 * What ms_batch_error says. MSTEP_ENOMEM, MSTEP_ETOOBIG.
 */
int ms_store_commit(struct ms_store *store, const struct ms_batch *batch, uint64_t *lsn);
/* Number of the latest frame that was ever committed, trimmed ones included; 0 = none. */
uint64_t ms_store_last_lsn(const struct ms_store *store);
/* Number of the latest frame that was cut off the journal; 0 = none. The first one is the next. */
uint64_t ms_store_trimmed_lsn(const struct ms_store *store);
/*
 * Looks again at what is there, and writes something to see that it can be written. Fine when OPEN
 * too. An error: FAILED as before, try again later.
 */
int ms_store_recover(struct ms_store *store);

/* MSTEP_ENOTFOUND. Of the journal: the records of that commit; MSTEP_EIO when it should be there. */
int ms_store_get(struct ms_store *store, unsigned table, struct ms_str key, ms_record_cb cb,
                 void *user);
/*
 * In the order of the keys' bytes. A damaged record is MSTEP_EIO, and so is one that is missing in the
 * journal; those before it were delivered.
 */
int ms_store_scan(struct ms_store *store, const struct ms_scan *scan, ms_record_cb cb, void *user);

/*
 * Takes the shard (*fence = 0) or renews it (*fence as it was given): until then nobody else has it.
 * Renewing what somebody took over is MSTEP_ESTATE. Stores of one process have shard 0 only, and it
 * can always be taken.
 */
int ms_store_lease(struct ms_store *store, unsigned shard, int64_t until_ms, uint64_t *fence);

/*
 * A second handle that only reads (as is_read_only), for another thread than the one that commits: it
 * sees what is committed, each get and scan one moment. To be closed before `store`. Of `memory:` only
 * for the same thread. After the store was FAILED and has recovered, ms_store_recover(reader) makes the
 * reader look at what is there now.
 */
int ms_store_reader(struct ms_store **out, struct ms_store *store);
/*
 * Between these two a reader's gets and scans all see the same moment. Nothing else is kept from going
 * on, but an end should come soon: space is not given back meanwhile.
 */
int ms_store_view_begin(struct ms_store *reader);
void ms_store_view_end(struct ms_store *reader);
/*
 * A copy as of one moment, in a new file at `path` (MSTEP_EEXISTS), fsynced. Of any handle, also of one
 * that is read-only while another process writes. MSTEP_EUNSUPPORTED where there is no file.
 */
int ms_store_backup(struct ms_store *store, const char *path);

/*
 * Gives disk space that removed records left back to the system, up to `bytes` of it. *is_done is set
 * when nothing is left to give back. Does not change what is stored.
 */
int ms_store_shrink(struct ms_store *store, uint64_t bytes, bool *is_done);
/*
 * Reads everything there is and looks for damage, also for records that are missing: takes as long as
 * that takes. MSTEP_EIO with the first thing found.
 */
int ms_store_check(struct ms_store *store);
/* Bytes on disk, all its files; in memory, bytes of keys and values. */
int ms_store_size(struct ms_store *store, uint64_t *bytes);

/* The key of a number below 2^63: eight bytes, big-endian, so that bytes sort as numbers. */
struct ms_str ms_store_key(char out[MS_STORE_NUMBER_SIZE], uint64_t number);
uint64_t ms_store_number(struct ms_str key); /* of a key of eight bytes */

/* Names of the tables, and which have NUMBER keys. */
const char *ms_table_name(unsigned table);
bool ms_table_is_number(unsigned table);

#endif
