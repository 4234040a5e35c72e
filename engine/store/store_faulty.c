/*
 * A store that wraps another and misbehaves on a plan made of a seed, for tests and for trying out how
 * an application behaves. The same seed and the same calls give the same misfortunes.
 *
 *   faulty:SEED[,NAME=NUMBER...]:URL
 *
 *   fail   of 1,000 commits and leases this many fail and have done nothing          (20)
 *   tear   of 1,000 commits this many break off: they fail, and were done or not     (20)
 *   read   of 1,000 reads and copies this many fail, scans after a few records       (10)
 *   down   after a failure the store is away for up to this many tries to recover     (2)
 *   delay  of 1,000 calls this many take longer ...                                   (0)
 *   us     ... by up to this many microseconds                                     (1000)
 *
 * A commit is never done by half: no backend may show such a thing, and none that can happen below this
 * interface (a torn page, a frame cut short) is imitated here; tests/fault does that to real files.
 */
#include "store/internal.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/random.h"

enum fault_rate { RATE_FAIL, RATE_TEAR, RATE_READ, RATE_DOWN, RATE_DELAY, RATE_US, RATE_COUNT };

static const struct {
  const char *name;
  unsigned standard;
  unsigned max;
} rates[RATE_COUNT] = {
    [RATE_FAIL] = {"fail", 20, 1000},  [RATE_TEAR] = {"tear", 20, 1000},
    [RATE_READ] = {"read", 10, 1000},  [RATE_DOWN] = {"down", 2, 1000000},
    [RATE_DELAY] = {"delay", 0, 1000}, [RATE_US] = {"us", 1000, 1000000},
};

struct faulty_store {
  struct ms_store base;
  struct ms_store *inner;
  struct ms_random random;
  uint64_t down; /* tries to recover that will still fail */
  unsigned rates[RATE_COUNT];
};

static struct faulty_store *faulty_store(struct ms_store *store)
{
  return (struct faulty_store *)store;
}

static bool happens(struct faulty_store *faulty, enum fault_rate rate)
{
  return ms_random_below(&faulty->random, 1000) < faulty->rates[rate];
}

static void delay(struct faulty_store *faulty)
{
  if (!happens(faulty, RATE_DELAY)) {
    return;
  }
  uint64_t us = ms_random_below(&faulty->random, (uint64_t)faulty->rates[RATE_US] + 1);
  struct timespec rest = {(time_t)(us / 1000000), (long)(us % 1000000) * 1000};
  while (nanosleep(&rest, &rest) != 0 && errno == EINTR) {
  }
}

static int break_off(struct faulty_store *faulty, const char *what)
{
  faulty->down = ms_random_below(&faulty->random, (uint64_t)faulty->rates[RATE_DOWN] + 1);
  return ms_error(MSTEP_EIO, "%s (a fault on plan)", what);
}

/* ---- URL --------------------------------------------------------------------------------------------- */

/* Digits up to one of `ends`. */
static int read_number(uint64_t *out, const char **at, const char *ends, uint64_t max)
{
  char *end = NULL;
  errno = 0;
  unsigned long long value = strtoull(*at, &end, 10);
  bool is_number = **at >= '0' && **at <= '9' && errno == 0;
  if (!is_number || *end == '\0' || strchr(ends, *end) == NULL || value > max) {
    return ms_error(MSTEP_EINVALID, "\"%s\": a number up to %llu should stand here", *at,
                    (unsigned long long)max);
  }
  *at = end;
  *out = value;
  return 0;
}

static int read_rate(struct faulty_store *faulty, const char **at)
{
  for (unsigned i = 0; i < RATE_COUNT; i++) {
    size_t len = strlen(rates[i].name);
    if (strncmp(*at, rates[i].name, len) == 0 && (*at)[len] == '=') {
      uint64_t value;
      *at += len + 1;
      int err = read_number(&value, at, ",:", rates[i].max);
      if (err == 0) {
        faulty->rates[i] = (unsigned)value;
      }
      return err;
    }
  }
  return ms_error(MSTEP_EINVALID, "\"%s\": no such fault", *at);
}

/* *url is left at the URL that is wrapped. */
static int read_plan(struct faulty_store *faulty, const char **url)
{
  uint64_t seed;
  int err = read_number(&seed, url, ",:", UINT64_MAX);
  for (unsigned i = 0; i < RATE_COUNT; i++) {
    faulty->rates[i] = rates[i].standard;
  }
  while (err == 0 && **url == ',') {
    ++*url;
    err = read_rate(faulty, url);
  }
  if (err == 0) {
    ms_random_seed(&faulty->random, seed);
    ++*url;
  }
  return err;
}

/* ---- the store ---------------------------------------------------------------------------------------- */

static int faulty_open(struct ms_store **out, const char *address,
                       const struct ms_store_options *options)
{
  struct faulty_store *faulty = ms_calloc(1, sizeof *faulty);
  if (faulty == NULL) {
    return ms_error_nomem();
  }
  int err = read_plan(faulty, &address);
  if (err == 0 && strncmp(address, "faulty:", 7) == 0) {
    err = ms_error(MSTEP_EINVALID, "a faulty store does not wrap another one");
  }
  if (err == 0) {
    err = ms_store_open(&faulty->inner, address, options);
  }
  if (err != 0) {
    ms_free(faulty);
    return err;
  }
  faulty->base.last_lsn = ms_store_last_lsn(faulty->inner);
  faulty->base.trimmed_lsn = ms_store_trimmed_lsn(faulty->inner);
  *out = &faulty->base;
  return 0;
}

static void faulty_close(struct ms_store *store)
{
  struct faulty_store *faulty = faulty_store(store);
  ms_store_close(faulty->inner);
  ms_free(faulty);
}

static int faulty_recover(struct ms_store *store)
{
  struct faulty_store *faulty = faulty_store(store);
  delay(faulty);
  if (faulty->down > 0) {
    faulty->down--;
    return ms_error(MSTEP_EIO, "the store is away (a fault on plan)");
  }
  int err = ms_store_recover(faulty->inner);
  if (err == 0) {
    store->last_lsn = ms_store_last_lsn(faulty->inner);
    store->trimmed_lsn = ms_store_trimmed_lsn(faulty->inner);
  }
  return err;
}

static int faulty_commit(struct ms_store *store, const struct ms_batch *batch, uint64_t lsn)
{
  struct faulty_store *faulty = faulty_store(store);
  uint64_t done = 0;
  delay(faulty);
  if (happens(faulty, RATE_FAIL)) {
    return break_off(faulty, "the commit fails");
  }
  bool is_torn = happens(faulty, RATE_TEAR);
  if (is_torn && ms_random_below(&faulty->random, 2) == 0) {
    return break_off(faulty, "the commit breaks off");
  }
  int err = ms_store_commit(faulty->inner, batch, &done);
  assert(err != 0 || done == (batch->records.len > 0 ? lsn : lsn - 1));
  (void)lsn;
  return err == 0 && is_torn ? break_off(faulty, "the commit breaks off") : err;
}

static int faulty_get(struct ms_store *store, unsigned table, struct ms_str key, ms_record_cb cb,
                      void *user)
{
  struct faulty_store *faulty = faulty_store(store);
  delay(faulty);
  if (happens(faulty, RATE_READ)) {
    return ms_error(MSTEP_EIO, "the read fails (a fault on plan)");
  }
  return ms_store_get(faulty->inner, table, key, cb, user);
}

struct faulty_scan {
  uint64_t left; /* records until it fails */
  ms_record_cb cb;
  void *user;
};

static int deliver(struct ms_str key, struct ms_str value, void *user)
{
  struct faulty_scan *scan = user;
  if (scan->left == 0) {
    return ms_error(MSTEP_EIO, "the read breaks off (a fault on plan)");
  }
  scan->left--;
  return scan->cb(key, value, scan->user);
}

static int faulty_scan(struct ms_store *store, const struct ms_scan *scan, ms_record_cb cb,
                       void *user)
{
  struct faulty_store *faulty = faulty_store(store);
  delay(faulty);
  if (!happens(faulty, RATE_READ)) {
    return ms_store_scan(faulty->inner, scan, cb, user);
  }
  struct faulty_scan state = {ms_random_below(&faulty->random, 4), cb, user};
  int err = ms_store_scan(faulty->inner, scan, deliver, &state);
  return err == 0 ? ms_error(MSTEP_EIO, "the read fails at its end (a fault on plan)") : err;
}

static int faulty_lease(struct ms_store *store, unsigned shard, int64_t until_ms, uint64_t *fence)
{
  struct faulty_store *faulty = faulty_store(store);
  delay(faulty);
  if (happens(faulty, RATE_FAIL)) {
    return break_off(faulty, "the lease fails");
  }
  return ms_store_lease(faulty->inner, shard, until_ms, fence);
}

static int faulty_shrink(struct ms_store *store, uint64_t bytes, bool *is_done)
{
  struct faulty_store *faulty = faulty_store(store);
  delay(faulty);
  return ms_store_shrink(faulty->inner, bytes, is_done);
}

/*
 * Readers have a plan of their own, so that what they meet does not depend on which thread comes first.
 */
static int faulty_reader(struct ms_store **out, struct ms_store *store)
{
  struct faulty_store *faulty = faulty_store(store);
  struct faulty_store *reader = ms_calloc(1, sizeof *reader);
  if (reader == NULL) {
    return ms_error_nomem();
  }
  int err = ms_store_reader(&reader->inner, faulty->inner);
  if (err != 0) {
    ms_free(reader);
    return err;
  }
  ms_random_seed(&reader->random, ms_random_next(&faulty->random));
  memcpy(reader->rates, faulty->rates, sizeof reader->rates);
  reader->base.last_lsn = ms_store_last_lsn(reader->inner);
  reader->base.trimmed_lsn = ms_store_trimmed_lsn(reader->inner);
  *out = &reader->base;
  return 0;
}

static int faulty_view_begin(struct ms_store *store)
{
  struct faulty_store *faulty = faulty_store(store);
  delay(faulty);
  if (happens(faulty, RATE_READ)) {
    return ms_error(MSTEP_EIO, "the view does not begin (a fault on plan)");
  }
  int err = ms_store_view_begin(faulty->inner);
  if (err == 0) {
    store->last_lsn = ms_store_last_lsn(faulty->inner);
    store->trimmed_lsn = ms_store_trimmed_lsn(faulty->inner);
  }
  return err;
}

static void faulty_view_end(struct ms_store *store)
{
  ms_store_view_end(faulty_store(store)->inner);
}

static int faulty_backup(struct ms_store *store, const char *path)
{
  struct faulty_store *faulty = faulty_store(store);
  delay(faulty);
  if (happens(faulty, RATE_READ)) {
    return ms_error(MSTEP_EIO, "the copy breaks off (a fault on plan)");
  }
  return ms_store_backup(faulty->inner, path);
}

static int faulty_size(struct ms_store *store, uint64_t *bytes)
{
  return ms_store_size(faulty_store(store)->inner, bytes);
}

static int faulty_check(struct ms_store *store)
{
  return ms_store_check(faulty_store(store)->inner);
}

const struct ms_store_type ms_store_faulty = {
    .version = MS_STORE_TYPE_VERSION,
    .scheme = "faulty",
    .is_persistent = true, /* if what it wraps is */
    .open = faulty_open,
    .close = faulty_close,
    .recover = faulty_recover,
    .commit = faulty_commit,
    .get = faulty_get,
    .scan = faulty_scan,
    .lease = faulty_lease,
    .shrink = faulty_shrink,
    .size = faulty_size,
    .check = faulty_check,
    .reader = faulty_reader,
    .view_begin = faulty_view_begin,
    .view_end = faulty_view_end,
    .backup = faulty_backup,
};
