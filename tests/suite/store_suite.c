/* What every store promises: keys and values, order, the journal, commits, space. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/error.h"
#include "mt.h"
#include "store_suite.h"

/* ---- keys and values ----------------------------------------------------------------------------------- */

EACH_ROW(keeps_what_is_committed)
{
  struct ms_batch batch;
  ms_batch_init(&batch);
  put_text(&batch, "a", "1");
  put_text(&batch, "b", "");
  put_text(&batch, "c", "3");
  put_text(&batch, "c", "4"); /* the later one of a batch wins */
  put_text(&batch, "", "empty");
  mt_eq_int(commit(s, &batch), 0);
  put_text(&batch, "a", "one");
  ms_batch_remove(&batch, MS_TABLE_SETTING, MS_STR("b"));
  ms_batch_remove(&batch, MS_TABLE_SETTING, MS_STR("never was"));
  ms_batch_put(&batch, MS_TABLE_EXECUTION, number_key(7), MS_STR("seven"));
  mt_eq_int(commit(s, &batch), 0);
  for (int round = 0; round < 2; round++) {
    expect_value(s, MS_TABLE_SETTING, MS_STR("a"), "one");
    expect_value(s, MS_TABLE_SETTING, MS_STR("b"), NULL);
    expect_value(s, MS_TABLE_SETTING, MS_STR("c"), "4");
    expect_value(s, MS_TABLE_SETTING, MS_STR(""), "empty");
    expect_value(s, MS_TABLE_MACHINE, MS_STR("a"), NULL); /* tables are apart */
    expect_value(s, MS_TABLE_EXECUTION, number_key(7), "seven");
    expect_value(s, MS_TABLE_EXECUTION, number_key(8), NULL);
    if (!s->is_persistent) {
      break;
    }
    reopen(s);
  }
  ms_batch_deinit(&batch);
}

EACH_ROW(operations_of_a_batch_are_in_order)
{
  struct ms_batch batch;
  ms_batch_init(&batch);
  put_text(&batch, "a", "1");
  ms_batch_remove(&batch, MS_TABLE_SETTING, MS_STR("a"));
  put_text(&batch, "b", "1");
  ms_batch_remove_range(&batch, MS_TABLE_SETTING, MS_STR("a"), MS_STR("z"));
  put_text(&batch, "b", "2");
  ms_batch_remove(&batch, MS_TABLE_SETTING, MS_STR("c"));
  put_text(&batch, "c", "3");
  commit(s, &batch);
  mt_eq_str(scan_keys(s, (struct ms_scan){.table = MS_TABLE_SETTING}), "b.c.");
  expect_value(s, MS_TABLE_SETTING, MS_STR("b"), "2");
  ms_batch_deinit(&batch);
}

EACH_ROW(bytes_are_kept_as_they_are)
{
  struct ms_batch batch;
  char key[MS_STORE_KEY_MAX];
  char value[64];
  for (size_t i = 0; i < sizeof key; i++) {
    key[i] = (char)(i * 7);
  }
  for (size_t i = 0; i < sizeof value; i++) {
    value[i] = (char)(255 - i);
  }
  value[0] = '\0';
  ms_batch_init(&batch);
  ms_batch_put(&batch, MS_TABLE_NAME, (struct ms_str){key, sizeof key},
               (struct ms_str){value, sizeof value});
  commit(s, &batch);
  struct collected *c = mt_keep(calloc(1, sizeof *c));
  check(s, get(s, MS_TABLE_NAME, (struct ms_str){key, sizeof key}, c), "get");
  mt_eq_int(c->pairs[0].key_len, sizeof key);
  mt_ok(memcmp(c->pairs[0].key, key, sizeof key) == 0);
  mt_eq_int(c->pairs[0].value_len, sizeof value);
  mt_ok(memcmp(c->pairs[0].value, value, sizeof value) == 0);
  ms_batch_deinit(&batch);
}

/* ---- order ----------------------------------------------------------------------------------------------- */

EACH_ROW(scans_keys_in_the_order_of_their_bytes)
{
  static const char *const keys[] = {"b", "a", "ab", "\xff", "a\x01", "B", "abc"};
  struct ms_batch batch;
  ms_batch_init(&batch);
  for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
    put_text(&batch, keys[i], "x");
  }
  ms_batch_put(&batch, MS_TABLE_SETTING, MS_STR("a\0"), MS_STR("x"));
  commit(s, &batch);
  struct ms_scan all = {.table = MS_TABLE_SETTING};
  mt_eq_str(scan_keys(s, all), "B.a.a0.a\x01.ab.abc.b.\xff.");
  struct ms_scan some = {MS_TABLE_SETTING, MS_STR("a\0"), MS_STR("b"), 0, false};
  mt_eq_str(scan_keys(s, some), "a0.a\x01.ab.abc.");
  some.is_reverse = true;
  mt_eq_str(scan_keys(s, some), "abc.ab.a\x01.a0.");
  some.limit = 2;
  mt_eq_str(scan_keys(s, some), "abc.ab.");
  some.is_reverse = false;
  mt_eq_str(scan_keys(s, some), "a0.a\x01.");
  all.is_reverse = true;
  all.limit = 1;
  mt_eq_str(scan_keys(s, all), "\xff.");
  struct ms_scan none = {MS_TABLE_SETTING, MS_STR("c"), MS_STR("b"), 0, false};
  mt_eq_str(scan_keys(s, none), "");
  none.is_reverse = true;
  mt_eq_str(scan_keys(s, none), "");
  ms_batch_deinit(&batch);
}

EACH_ROW(scans_numbers_in_their_order)
{
  static const uint64_t numbers[] = {300, 2, 256, 0, 255, INT64_MAX};
  struct ms_batch batch;
  ms_batch_init(&batch);
  for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
    ms_batch_put(&batch, MS_TABLE_HISTORY, number_key(numbers[i]), MS_STR("x"));
  }
  commit(s, &batch);
  struct ms_scan what = {.table = MS_TABLE_HISTORY};
  mt_eq_str(scan_keys(s, what), "0.2.255.256.300.9223372036854775807.");
  what.from = number_key(2);
  what.to = number_key(300);
  mt_eq_str(scan_keys(s, what), "2.255.256.");
  what.is_reverse = true;
  mt_eq_str(scan_keys(s, what), "256.255.2.");
  what.to = number_key(UINT64_MAX); /* beyond every key */
  mt_eq_str(scan_keys(s, what), "9223372036854775807.300.256.255.2.");
  what.from = number_key(UINT64_MAX - 1);
  mt_eq_str(scan_keys(s, what), "");
  what = (struct ms_scan){.table = MS_TABLE_HISTORY, .to = number_key(0)};
  mt_eq_str(scan_keys(s, what), "");
  ms_batch_remove_range(&batch, MS_TABLE_HISTORY, number_key(3), number_key(300));
  ms_batch_remove_range(&batch, MS_TABLE_HISTORY, number_key(0), number_key(0));
  ms_batch_remove_range(&batch, MS_TABLE_HISTORY, number_key(301), (struct ms_str){NULL, 0});
  commit(s, &batch);
  mt_eq_str(scan_keys(s, (struct ms_scan){.table = MS_TABLE_HISTORY}), "0.2.300.");
  ms_batch_deinit(&batch);
}

EACH_ROW(a_callback_ends_the_scan)
{
  struct ms_batch batch;
  ms_batch_init(&batch);
  put_text(&batch, "a", "1");
  put_text(&batch, "b", "2");
  put_text(&batch, "c", "3");
  commit(s, &batch);
  struct collected *c = mt_keep(calloc(1, sizeof *c));
  struct ms_scan all = {.table = MS_TABLE_SETTING};
  c->stop_after = 2;
  mt_eq_int(scan(s, &all, c), 7);
  mt_eq_int(c->count, 2);
  c->stop_after = 1;
  mt_eq_int(get(s, MS_TABLE_SETTING, MS_STR("c"), c), 7);
  put_text(&batch, "d", "4"); /* and the store goes on */
  commit(s, &batch);
  mt_eq_str(scan_keys(s, all), "a.b.c.d.");
  ms_batch_deinit(&batch);
}

/* ---- the journal ------------------------------------------------------------------------------------------- */

static int compare_frame(struct ms_str key, struct ms_str value, void *user)
{
  const struct ms_str *expected = user;
  mt_eq_int(key.len, MS_STORE_NUMBER_SIZE);
  mt_ok(ms_str_eq(value, *expected));
  return 0;
}

EACH_ROW(numbers_frames_without_gaps)
{
  struct ms_batch batch;
  ms_batch_init(&batch);
  for (unsigned i = 1; i <= 20; i++) {
    ms_buf_int(&batch.records, i);
    if (i % 3 == 0) {
      put_text(&batch, "beside", "x");
    }
    mt_eq_int(commit(s, &batch), i);
    put_text(&batch, "without records", "x");
    mt_eq_int(commit(s, &batch), i);
  }
  reopen(s);
  struct ms_scan what = {.table = MS_TABLE_JOURNAL, .from = number_key(15), .limit = 3};
  mt_eq_str(scan_keys(s, what), "15.16.17.");
  what.is_reverse = true;
  mt_eq_str(scan_keys(s, what), "20.19.18.");
  what.from = number_key(19);
  mt_eq_str(scan_keys(s, what), "20.19.");
  what = (struct ms_scan){.table = MS_TABLE_JOURNAL, .to = number_key(3)};
  mt_eq_str(scan_keys(s, what), "1.2.");
  what.from = number_key(21);
  what.to = number_key(30);
  mt_eq_str(scan_keys(s, what), "");
  expect_value(s, MS_TABLE_JOURNAL, number_key(20), "20");
  expect_value(s, MS_TABLE_JOURNAL, number_key(21), NULL);
  ms_batch_deinit(&batch);
}

EACH_ROW(frames_come_back_byte_for_byte)
{
  static const size_t sizes[] = {1, 19, 20, 4000, 4096, 5000, 300000, 5000000};
  struct ms_batch batch;
  ms_batch_init(&batch);
  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
    char *text = mt_keep(malloc(sizes[i]));
    for (size_t k = 0; k < sizes[i]; k++) {
      text[k] = (char)(k * k >> 3);
    }
    struct ms_str expected = {text, sizes[i]};
    ms_buf_str(&batch.records, expected);
    uint64_t lsn = commit(s, &batch);
    int err;
    do {
      err = ms_store_get(s->store, MS_TABLE_JOURNAL, number_key(lsn), compare_frame, &expected);
      s->failures += err != 0;
    } while (err == MSTEP_EIO && s->is_faulty);
    check(s, err, "get");
  }
  ms_batch_deinit(&batch);
}

EACH_ROW(numbers_go_on_after_the_journal_was_cut)
{
  struct ms_batch batch;
  ms_batch_init(&batch);
  for (unsigned i = 1; i <= 9; i++) {
    ms_buf_cstr(&batch.records, "r");
    commit(s, &batch);
  }
  ms_batch_remove_range(&batch, MS_TABLE_JOURNAL, (struct ms_str){NULL, 0}, number_key(6));
  ms_buf_cstr(&batch.records, "r");
  mt_eq_int(commit(s, &batch), 10);
  mt_eq_str(scan_keys(s, (struct ms_scan){.table = MS_TABLE_JOURNAL}), "6.7.8.9.10.");
  mt_eq_int(ms_store_trimmed_lsn(s->store), 5);
  ms_batch_remove_range(&batch, MS_TABLE_JOURNAL, (struct ms_str){NULL, 0}, number_key(4));
  mt_eq_int(commit(s, &batch), 10); /* cut already */
  mt_eq_int(ms_store_trimmed_lsn(s->store), 5);
  reopen(s);
  mt_eq_int(ms_store_trimmed_lsn(s->store), 5);
  expect_value(s, MS_TABLE_JOURNAL, number_key(5), NULL);
  ms_batch_remove_range(&batch, MS_TABLE_JOURNAL, (struct ms_str){NULL, 0},
                        (struct ms_str){NULL, 0});
  mt_eq_int(commit(s, &batch), 10);
  mt_eq_str(scan_keys(s, (struct ms_scan){.table = MS_TABLE_JOURNAL}), "");
  reopen(s);
  mt_eq_int(ms_store_last_lsn(s->store), 10);
  ms_buf_cstr(&batch.records, "r");
  mt_eq_int(commit(s, &batch), 11);
  ms_batch_deinit(&batch);
}

/* ---- all or nothing ------------------------------------------------------------------------------------------ */

EACH_ROW(a_stale_fence_refuses_all_of_a_batch)
{
  struct ms_batch batch;
  uint64_t old = 0;
  uint64_t fence = 0;
  uint64_t lsn = 0;
  int err;
  ms_batch_init(&batch);
  while ((err = ms_store_lease(s->store, 0, 1000, &old)) == MSTEP_EIO) {
    recover(s);
  }
  check(s, err, "lease");
  put_text(&batch, "a", "1");
  ms_batch_fence(&batch, 0, old);
  commit(s, &batch);
  while ((err = ms_store_lease(s->store, 0, 1000, &fence)) == MSTEP_EIO) {
    recover(s);
  }
  mt_ok(fence > old);
  put_text(&batch, "a", "2");
  put_text(&batch, "b", "2");
  ms_buf_cstr(&batch.records, "r");
  ms_batch_fence(&batch, 0, fence);
  ms_batch_fence(&batch, 0, old);
  mt_eq_int(try_commit(s, &batch, &lsn), MSTEP_ESTATE);
  mt_ok(!ms_store_is_failed(s->store));
  mt_eq_int(ms_store_last_lsn(s->store), 0);
  expect_value(s, MS_TABLE_SETTING, MS_STR("a"), "1");
  expect_value(s, MS_TABLE_SETTING, MS_STR("b"), NULL);
  while ((err = ms_store_lease(s->store, 0, 2000, &old)) == MSTEP_EIO) {
    recover(s);
  }
  mt_eq_int(err, MSTEP_ESTATE); /* the old one cannot be renewed */
  while ((err = ms_store_lease(s->store, 0, 2000, &fence)) == MSTEP_EIO) {
    recover(s);
  }
  check(s, err, "renew");
  ms_batch_reset(&batch);
  ms_batch_fence(&batch, 0, fence);
  put_text(&batch, "a", "3");
  commit(s, &batch);
  reopen(s); /* a fence is worth nothing to whoever opens next, but is not given out again */
  uint64_t next = 0;
  while ((err = ms_store_lease(s->store, 0, 2000, &next)) == MSTEP_EIO) {
    recover(s);
  }
  mt_ok(next > fence);
  ms_batch_deinit(&batch);
}

EACH_ROW(refuses_what_does_not_fit)
{
  char long_key[MS_STORE_KEY_MAX + 1] = {0};
  struct ms_batch batch;
  uint64_t lsn = 0;
  uint64_t fence = 0;
  struct collected *c = mt_keep(calloc(1, sizeof *c));
  ms_batch_init(&batch);
  put_text(&batch, "a", "1");
  ms_batch_put(&batch, MS_TABLE_SETTING, (struct ms_str){long_key, sizeof long_key}, MS_STR("x"));
  mt_eq_int(try_commit(s, &batch, &lsn), MSTEP_ETOOBIG);
  expect_value(s, MS_TABLE_SETTING, MS_STR("a"), NULL);
  ms_batch_reset(&batch);
  ms_batch_put(&batch, MS_TABLE_EXECUTION, MS_STR("short"), MS_STR("x"));
  mt_eq_int(try_commit(s, &batch, &lsn), MSTEP_EINVALID);
  ms_batch_reset(&batch);
  ms_batch_put(&batch, MS_TABLE_JOURNAL, number_key(1), MS_STR("x"));
  mt_eq_int(try_commit(s, &batch, &lsn), MSTEP_EINVALID);
  ms_batch_reset(&batch);
  ms_batch_remove_range(&batch, MS_TABLE_JOURNAL, number_key(1),
                        number_key(2)); /* not at the head */
  mt_eq_int(try_commit(s, &batch, &lsn), MSTEP_EINVALID);
  ms_batch_reset(&batch);
  ms_batch_remove(&batch, MS_TABLE_JOURNAL, number_key(1));
  mt_eq_int(try_commit(s, &batch, &lsn), MSTEP_EINVALID);
  ms_batch_reset(&batch);
  mt_eq_int(get(s, MS_TABLE_EXECUTION, MS_STR("short"), c), MSTEP_EINVALID);
  mt_eq_int(get(s, MS_TABLE_COUNT, MS_STR("a"), c), MSTEP_EINVALID);
  mt_eq_int(get(s, MS_TABLE_EXECUTION, number_key(UINT64_MAX), c), MSTEP_EINVALID);
  struct ms_scan wrong = {.table = MS_TABLE_EXECUTION, .to = MS_STR("x")};
  mt_eq_int(ms_store_scan(s->store, &wrong, collect, NULL), MSTEP_EINVALID);
  int err;
  while ((err = ms_store_lease(s->store, 1, 1000, &fence)) == MSTEP_EIO) {
    recover(s);
  }
  mt_eq_int(err, MSTEP_EINVALID);
  mt_ok(!ms_store_is_failed(s->store));
  ms_batch_deinit(&batch);
}

EACH_ROW(recover_changes_nothing_that_is_there)
{
  struct ms_batch batch;
  ms_batch_init(&batch);
  put_text(&batch, "a", "1");
  ms_buf_cstr(&batch.records, "r");
  commit(s, &batch);
  for (int i = 0; i < 3; i++) {
    int err = ms_store_recover(s->store);
    mt_ok(err == 0 || s->is_faulty);
    while (ms_store_is_failed(s->store)) {
      recover(s);
    }
    mt_eq_int(ms_store_last_lsn(s->store), 1);
    expect_value(s, MS_TABLE_SETTING, MS_STR("a"), "1");
  }
  ms_batch_deinit(&batch);
}

/* ---- against a model --------------------------------------------------------------------------------------- */

EACH_ROW(random_batches_give_what_a_sorted_array_gives)
{
  static const unsigned tables[] = {MS_TABLE_NAME, MS_TABLE_SNAPSHOT};
  struct model *models = mt_keep(calloc(2, sizeof *models));
  struct ms_random random;
  struct ms_batch batch;
  uint64_t frames = 0;
  ms_random_seed(&random, 20240607);
  ms_batch_init(&batch);
  for (int round = 0; round < 400; round++) {
    uint64_t ops = ms_random_below(&random, 12);
    for (uint64_t i = 0; i < ops; i++) {
      uint64_t which = ms_random_below(&random, 2);
      random_op(&batch, &random, tables[which], &models[which]);
    }
    ms_buf_cstr(&batch.records, "r");
    mt_eq_int(commit(s, &batch), ++frames);
    if (round % 40 == 39) {
      compare_model(s, tables[0], &models[0], round % 80 == 39);
      compare_model(s, tables[1], &models[1], round % 80 == 39);
      int err = ms_store_check(s->store);
      mt_ok(err == 0 || (err == MSTEP_EIO && s->is_faulty));
      reopen(s);
    }
  }
  mt_ok(!s->is_faulty || s->failures > 20); /* the plan was carried out */
  ms_batch_deinit(&batch);
}

/* ---- space and memory ---------------------------------------------------------------------------------------- */

EACH_ROW(gives_space_back)
{
  struct ms_batch batch;
  uint64_t full = 0;
  uint64_t empty = 0;
  ms_batch_init(&batch);
  for (int i = 0; i < 64; i++) {
    char *room = ms_buf_reserve(&batch.records, 65536);
    memset(room, 'x', 65536);
    ms_buf_added(&batch.records, 65536);
    commit(s, &batch);
  }
  check(s, ms_store_size(s->store, &full), "size");
  mt_ok(full >= 64 * 65536);
  ms_batch_remove_range(&batch, MS_TABLE_JOURNAL, (struct ms_str){NULL, 0}, number_key(65));
  put_text(&batch, "a", "1");
  commit(s, &batch);
  bool is_done = false;
  int calls = 0;
  while (!is_done) {
    check(s, ms_store_shrink(s->store, 1 << 20, &is_done), "shrink");
    mt_ok(++calls < 100);
  }
  mt_ok(calls > 1 || !s->is_persistent); /* a bounded piece of work at a time */
  check(s, ms_store_size(s->store, &empty), "size");
  mt_ok(empty < full / 10);
  expect_value(s, MS_TABLE_SETTING, MS_STR("a"), "1");
  mt_eq_int(ms_store_last_lsn(s->store), 64);
  ms_batch_deinit(&batch);
}

static int count_record(struct ms_str key, struct ms_str value, void *user)
{
  (void)key;
  (void)value;
  ++*(size_t *)user;
  return 0;
}

static int use_reader(struct ms_store *store)
{
  struct ms_store *reader = NULL;
  struct ms_scan all = {.table = MS_TABLE_JOURNAL};
  size_t count = 0;
  const char *path = mt_format("%s/copy.db", mt_tmpdir());
  int err = ms_store_reader(&reader, store);
  if (err == 0) {
    err = ms_store_view_begin(reader);
  }
  if (err == 0) {
    err = ms_store_scan(reader, &all, count_record, &count);
  }
  if (err == 0) {
    err = ms_store_backup(reader, path);
    err = err == MSTEP_EUNSUPPORTED ? 0 : err;
    unlink(path);
  }
  ms_store_close(reader);
  return err;
}

static int use_store(void *user)
{
  const char *url = user;
  struct ms_store_options options = {.durability = MS_DURABILITY_NONE};
  struct ms_store *store = NULL;
  struct ms_batch batch;
  size_t count = 0;
  ms_batch_init(&batch);
  int err = ms_store_open(&store, url, &options);
  for (int i = 0; i < 3 && err == 0; i++) {
    ms_buf_cstr(&batch.records, "records");
    put_text(&batch, "key", "value");
    ms_batch_remove_range(&batch, MS_TABLE_JOURNAL, (struct ms_str){NULL, 0}, number_key(2));
    int built = ms_batch_error(&batch);
    err = ms_store_commit(store, &batch, NULL);
    if (err == MSTEP_ENOMEM && built == 0) { /* nothing is left over of what failed */
      int again = ms_store_commit(store, &batch, NULL);
      mt_ok(again == 0 || again == MSTEP_ENOMEM);
    }
    ms_batch_reset(&batch);
  }
  struct ms_scan all = {.table = MS_TABLE_JOURNAL};
  if (err == 0) {
    err = ms_store_scan(store, &all, count_record, &count);
  }
  if (err == 0) {
    err = use_reader(store);
  }
  if (err == MSTEP_ENOMEM && store != NULL) {
    mt_ok(!ms_store_is_failed(store)); /* out of memory is no doubt about the disk */
  }
  ms_batch_deinit(&batch);
  ms_store_close(store);
  return err;
}

EACH_ROW(survives_every_failing_allocation)
{
  const char *url =
      mt_format("%s:%s", s->row, s->is_persistent ? mt_format("%s/oom.db", mt_tmpdir()) : "");
  if (s->is_faulty) {
    url = mt_format("faulty:1,fail=0,tear=0,read=0:memory:");
  }
  mt_oom(use_store, (void *)url);
}
