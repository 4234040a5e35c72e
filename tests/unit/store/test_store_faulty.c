/* The store that misbehaves: on plan, as often as it was told, the same for the same seed. */
#include <time.h>

#include "base/error.h"
#include "mt.h"
#include "store/store.h"

static struct ms_store *open_store(const char *url)
{
  struct ms_store *store = NULL;
  int err = ms_store_open(&store, url, NULL);
  if (err != 0) {
    mt_fail("%s: %s", url, ms_error_detail());
  }
  return store;
}

/* What 400 commits came to, a letter each: . done, f failed, d failed but done. */
static char *play(const char *url)
{
  struct ms_store *store = open_store(url);
  struct ms_batch batch;
  char *out = mt_format("%400s", "");
  ms_batch_init(&batch);
  ms_buf_cstr(&batch.records, "r");
  for (int i = 0; i < 400; i++) {
    uint64_t before = ms_store_last_lsn(store);
    int err = ms_store_commit(store, &batch, NULL);
    out[i] = '.';
    if (err != 0) {
      mt_eq_int(err, MSTEP_EIO);
      mt_ok(ms_store_is_failed(store));
      mt_eq_int(ms_store_commit(store, &batch, NULL), MSTEP_ESTATE);
      for (int tries = 0; ms_store_recover(store) != 0; tries++) {
        mt_ok(tries < 3 && ms_store_is_failed(store));
      }
      out[i] = ms_store_last_lsn(store) == before ? 'f' : 'd';
    }
  }
  ms_batch_deinit(&batch);
  ms_store_close(store);
  return out;
}

static size_t count(const char *text, char what)
{
  size_t n = 0;
  for (; *text != '\0'; text++) {
    n += *text == what;
  }
  return n;
}

MT_TEST(store_faulty__the_same_seed_gives_the_same_faults)
{
  const char *first = play("faulty:11,fail=100,tear=200,down=3:memory:");
  mt_eq_str(play("faulty:11,fail=100,tear=200,down=3:memory:"), first);
  const char *other = play("faulty:12,fail=100,tear=200,down=3:memory:");
  mt_ok(strcmp(first, other) != 0);
  mt_ok(count(first, 'd') > 20 && count(first, 'd') < 70); /* half of 200 in 1,000 */
  mt_ok(count(first, 'f') > 50 && count(first, 'f') < 120);
}

MT_TEST(store_faulty__a_rate_of_nothing_gives_nothing)
{
  mt_eq_int(count(play("faulty:1,fail=0,tear=0:memory:"), '.'), 400);
  const char *fails = play("faulty:1,fail=1000,down=0:memory:");
  mt_eq_int(count(fails, 'f'), 400);
}

static int nothing(struct ms_str key, struct ms_str value, void *user)
{
  (void)key;
  (void)value;
  ++*(int *)user;
  return 0;
}

MT_TEST(store_faulty__scans_break_off_after_some_records)
{
  struct ms_store *store = open_store("faulty:5,fail=0,tear=0,read=1000:memory:");
  struct ms_batch batch;
  ms_batch_init(&batch);
  for (int i = 0; i < 10; i++) {
    ms_buf_cstr(&batch.records, "r");
    mt_eq_int(ms_store_commit(store, &batch, NULL), 0);
    ms_batch_reset(&batch);
  }
  struct ms_scan all = {.table = MS_TABLE_JOURNAL};
  int most = 0;
  for (int i = 0; i < 50; i++) {
    int seen = 0;
    mt_eq_int(ms_store_scan(store, &all, nothing, &seen), MSTEP_EIO);
    most = seen > most ? seen : most;
  }
  mt_eq_int(most, 3);
  ms_batch_deinit(&batch);
  ms_store_close(store);
}

MT_TEST(store_faulty__delays)
{
  struct ms_store *store = open_store("faulty:5,fail=0,tear=0,delay=1000,us=2000:memory:");
  struct ms_batch batch;
  struct timespec from;
  struct timespec to;
  ms_batch_init(&batch);
  ms_buf_cstr(&batch.records, "r");
  clock_gettime(CLOCK_MONOTONIC, &from);
  for (int i = 0; i < 20; i++) {
    mt_eq_int(ms_store_commit(store, &batch, NULL), 0);
  }
  clock_gettime(CLOCK_MONOTONIC, &to);
  double ms = (double)(to.tv_sec - from.tv_sec) * 1e3 + (double)(to.tv_nsec - from.tv_nsec) / 1e6;
  mt_ok(ms > 8); /* 20 ms on average */
  ms_batch_deinit(&batch);
  ms_store_close(store);
}

MT_TEST(store_faulty__refuses_plans_that_it_cannot_read)
{
  static const char *const urls[] = {"faulty:",
                                     "faulty:x:memory:",
                                     "faulty:1",
                                     "faulty:1,fail:memory:",
                                     "faulty:1,fail=1001:memory:",
                                     "faulty:1,odd=1:memory:",
                                     "faulty:1,fail=-1:memory:",
                                     "faulty:1,:memory:",
                                     "faulty:-1:memory:",
                                     "faulty:1:faulty:1:memory:",
                                     "faulty:99999999999999999999:memory:"};
  for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
    struct ms_store *store = NULL;
    ms_error_clear();
    if (ms_store_open(&store, urls[i], NULL) != MSTEP_EINVALID || ms_error_detail()[0] == '\0') {
      mt_report("%s was not refused", urls[i]);
    }
  }
}
