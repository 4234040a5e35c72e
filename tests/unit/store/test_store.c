/* Opening by URL. What stores do is tests/suite/store_suite.c. */
#include "base/error.h"
#include "mt.h"
#include "store/internal.h"

static void refuse(const char *url, int code, const char *detail)
{
  struct ms_store *store = NULL;
  ms_error_clear();
  int err = ms_store_open(&store, url, NULL);
  if (err != code) {
    mt_report("%s: %d (%s), not %d", url, err, ms_error_detail(), code);
  }
  mt_eq_str(ms_error_detail(), detail);
  mt_ok(store == NULL);
}

MT_TEST(store__refuses_urls_that_name_none)
{
  refuse("", MSTEP_EINVALID, "\"\" names no store: give sqlite:PATH or memory:");
  refuse("memory", MSTEP_EINVALID, "\"memory\" names no store: give sqlite:PATH or memory:");
  refuse("redis:x", MSTEP_EINVALID, "\"redis:x\" names no store: give sqlite:PATH or memory:");
  refuse("memory:x", MSTEP_EINVALID, "memory: has no address, not \"x\"");
  refuse("sqlite:", MSTEP_EINVALID, "sqlite: needs the path of a file");
  refuse("faulty:1:redis:", MSTEP_EINVALID,
         "\"redis:\" names no store: give sqlite:PATH or memory:");
}

MT_TEST(store__memory_is_always_new)
{
  struct ms_store *store = NULL;
  struct ms_store_options options = {.must_exist = true};
  mt_eq_int(ms_store_open(&store, "memory:", &options), MSTEP_ENOTFOUND);
}

MT_TEST(store__is_called_by_its_url)
{
  struct ms_store *store = NULL;
  mt_eq_int(ms_store_open(&store, "memory:", NULL), 0);
  mt_eq_str(ms_store_name(store), "memory:");
  ms_store_close(store);
  ms_store_close(NULL);
}

/* ---- what the front does with what a backend says ---- */

static int lost_recover(struct ms_store *store)
{
  store->last_lsn = 4;
  return 0;
}

static int foreign_recover(struct ms_store *store)
{
  store->last_lsn = 7;
  return 0;
}

static int gap_scan(struct ms_store *store, const struct ms_scan *scan, ms_record_cb cb, void *user)
{
  char key[MS_STORE_NUMBER_SIZE];
  int err = 0;
  (void)store;
  for (uint64_t i = 1; i <= 4 && err == 0; i++) { /* 5 is missing */
    uint64_t lsn = scan->is_reverse ? 5 - i : i;
    err = cb(ms_store_key(key, lsn), MS_STR("x"), user);
  }
  return err;
}

static int no_get(struct ms_store *store, unsigned table, struct ms_str key, ms_record_cb cb,
                  void *user)
{
  (void)store;
  (void)table;
  (void)key;
  (void)cb;
  (void)user;
  return MSTEP_ENOTFOUND;
}

static int count_record(struct ms_str key, struct ms_str value, void *user)
{
  (void)key;
  (void)value;
  ++*(int *)user;
  return 0;
}

MT_TEST(store__does_not_believe_a_backend_that_lost_or_gained_commits)
{
  char name[] = "it";
  struct ms_store_type type = {.version = MS_STORE_TYPE_VERSION, .recover = lost_recover};
  struct ms_store store = {.type = &type, .name = name, .last_lsn = 5};
  mt_eq_int(ms_store_recover(&store), MSTEP_EIO);
  mt_eq_str(ms_error_detail(), "it ends with commit 4, but 5 was acknowledged");
  mt_ok(ms_store_is_failed(&store) && ms_store_last_lsn(&store) == 5);
  type.recover = foreign_recover;
  mt_eq_int(ms_store_recover(&store), MSTEP_EIO);
  mt_eq_str(ms_error_detail(), "it ends with commit 7, which somebody else wrote after 5");
}

MT_TEST(store__notices_a_frame_that_is_missing)
{
  char name[] = "it";
  char key[MS_STORE_NUMBER_SIZE];
  struct ms_store_type type = {.version = MS_STORE_TYPE_VERSION, .scan = gap_scan, .get = no_get};
  struct ms_store store = {.type = &type, .name = name, .last_lsn = 5};
  struct ms_scan all = {.table = MS_TABLE_JOURNAL};
  int count = 0;
  mt_eq_int(ms_store_scan(&store, &all, count_record, &count), MSTEP_EIO);
  mt_eq_str(ms_error_detail(), "it is damaged: commit 5 is missing");
  mt_eq_int(count, 4);
  all.is_reverse = true;
  mt_eq_int(ms_store_scan(&store, &all, count_record, &count), MSTEP_EIO);
  mt_eq_int(count, 4);
  mt_eq_int(ms_store_get(&store, MS_TABLE_JOURNAL, ms_store_key(key, 5), count_record, &count),
            MSTEP_EIO);
  mt_eq_int(ms_store_get(&store, MS_TABLE_JOURNAL, ms_store_key(key, 6), count_record, &count),
            MSTEP_ENOTFOUND);
}
