/* What every store promises to those that only read, of copies, and of batches with a durability. */
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "mt.h"
#include "store_suite.h"

/* ---- readers ------------------------------------------------------------------------------------------------- */

static struct subject open_reader(struct subject *s)
{
  struct subject reader = *s;
  check(s, ms_store_reader(&reader.store, s->store), "reader");
  mt_eq_str(ms_store_name(reader.store), ms_store_name(s->store));
  return reader;
}

static void close_reader(struct subject *s, struct subject *reader)
{
  s->failures += reader->failures;
  ms_store_close(reader->store);
}

static void begin_view(struct subject *reader)
{
  int err;
  while ((err = ms_store_view_begin(reader->store)) == MSTEP_EIO && reader->is_faulty) {
    reader->failures++;
  }
  check(reader, err, "view");
}

static void cannot_write(struct ms_store *store)
{
  struct ms_batch batch;
  uint64_t fence = 0;
  bool is_done;
  ms_batch_init(&batch);
  put_text(&batch, "a", "1");
  mt_eq_int(ms_store_commit(store, &batch, NULL), MSTEP_ESTATE);
  mt_ok(strstr(ms_error_detail(), "for reading only") != NULL);
  mt_eq_int(ms_store_lease(store, 0, 1000, &fence), MSTEP_ESTATE);
  mt_eq_int(ms_store_shrink(store, 1000, &is_done), MSTEP_ESTATE);
  mt_ok(!ms_store_is_failed(store));
  ms_batch_deinit(&batch);
}

EACH_ROW(a_reader_sees_what_is_committed)
{
  struct ms_scan journal = {.table = MS_TABLE_JOURNAL};
  struct ms_batch batch;
  ms_batch_init(&batch);
  put_text(&batch, "a", "1");
  ms_buf_cstr(&batch.records, "r");
  commit(s, &batch);
  struct subject first = open_reader(s);
  struct subject second = open_reader(&first); /* of a reader, too */
  mt_eq_int(ms_store_last_lsn(first.store), 1);
  for (unsigned i = 2; i < 10; i++) {
    put_text(&batch, "a", mt_format("%u", i));
    expect_value(&first, MS_TABLE_SETTING, MS_STR("a"), mt_format("%u", i - 1));
    ms_buf_int(&batch.records, i);
    commit(s, &batch);
    expect_value(&first, MS_TABLE_SETTING, MS_STR("a"), mt_format("%u", i));
    expect_value(&second, MS_TABLE_JOURNAL, number_key(i), mt_format("%u", i));
    mt_eq_int(ms_store_last_lsn(second.store), i);
    expect_value(&second, MS_TABLE_JOURNAL, number_key(i + 1), NULL);
  }
  ms_batch_remove_range(&batch, MS_TABLE_JOURNAL, (struct ms_str){NULL, 0}, number_key(7));
  commit(s, &batch);
  mt_eq_str(scan_keys(&first, journal), "7.8.9.");
  mt_eq_int(ms_store_trimmed_lsn(first.store), 6);
  expect_value(&first, MS_TABLE_JOURNAL, number_key(6), NULL);
  cannot_write(first.store);
  check(s, ms_store_recover(first.store), "recover");
  mt_eq_str(scan_keys(&first, journal), "7.8.9.");
  int err = ms_store_check(second.store);
  mt_ok(err == 0 || (err == MSTEP_EIO && s->is_faulty));
  close_reader(s, &first);
  close_reader(s, &second);
  ms_batch_deinit(&batch);
}

EACH_ROW(a_view_holds_one_moment)
{
  struct ms_scan settings = {.table = MS_TABLE_SETTING};
  struct ms_scan backwards = {.table = MS_TABLE_SETTING, .limit = 2, .is_reverse = true};
  struct ms_scan journal = {.table = MS_TABLE_JOURNAL};
  struct ms_batch batch;
  ms_batch_init(&batch);
  put_text(&batch, "a", "1");
  put_text(&batch, "b", "1");
  put_text(&batch, "c", "1");
  ms_buf_cstr(&batch.records, "r");
  commit(s, &batch);
  struct subject old = open_reader(s);
  struct subject now = open_reader(s);
  mt_eq_int(ms_store_view_begin(s->store), MSTEP_ESTATE); /* who writes has none */
  begin_view(&old);
  mt_eq_int(ms_store_view_begin(old.store), MSTEP_ESTATE);
  for (int i = 0; i < 3; i++) {
    put_text(&batch, "a", mt_format("%d", i + 2));
    ms_batch_remove(&batch, MS_TABLE_SETTING, MS_STR("b"));
    put_text(&batch, "d", "1");
    ms_batch_remove_range(&batch, MS_TABLE_SETTING, MS_STR("c"), MS_STR("d"));
    put_text(&batch, "bb", "1");
    ms_buf_cstr(&batch.records, "r");
    ms_batch_remove_range(&batch, MS_TABLE_JOURNAL, (struct ms_str){NULL, 0}, number_key(2));
    commit(s, &batch);
  }
  mt_eq_str(scan_keys(s, settings), "a.bb.d.");
  mt_eq_str(scan_keys(&now, settings), "a.bb.d.");
  mt_eq_str(scan_keys(&now, backwards), "d.bb.");
  mt_eq_str(scan_keys(&now, journal), "2.3.4.");
  mt_eq_str(scan_keys(&old, settings), "a.b.c.");
  mt_eq_str(scan_keys(&old, backwards), "c.b.");
  mt_eq_str(scan_keys(&old, journal), "1.");
  mt_eq_int(ms_store_last_lsn(old.store), 1);
  expect_value(&old, MS_TABLE_SETTING, MS_STR("a"), "1");
  expect_value(&old, MS_TABLE_SETTING, MS_STR("bb"), NULL);
  expect_value(&now, MS_TABLE_SETTING, MS_STR("a"), "4");
  ms_store_view_end(old.store);
  ms_store_view_end(old.store); /* nothing to end is fine */
  mt_eq_str(scan_keys(&old, settings), "a.bb.d.");
  mt_eq_str(scan_keys(&old, journal), "2.3.4.");
  begin_view(&old); /* closing ends it */
  close_reader(s, &old);
  close_reader(s, &now);
  ms_batch_deinit(&batch);
}

#define VIEWS 3

/* In memory nothing is left that only views have seen. */
static void expect_size(struct subject *s, const struct model models[2])
{
  uint64_t expected = 0;
  uint64_t size = 0;
  for (int i = 0; i < 2; i++) {
    for (size_t k = 0; k < models[i].count; k++) {
      expected += models[i].pairs[k].key_len + models[i].pairs[k].value_len;
    }
  }
  check(s, ms_store_size(s->store, &size), "size");
  mt_ok(s->is_persistent || size == expected);
}

EACH_ROW(views_give_what_a_copy_of_the_array_gives)
{
  static const unsigned tables[] = {MS_TABLE_NAME, MS_TABLE_SNAPSHOT};
  struct model *models = mt_keep(calloc(2, sizeof *models));
  struct model *copies = mt_keep(calloc((size_t)2 * VIEWS, sizeof *copies));
  struct subject readers[VIEWS];
  struct ms_random random;
  struct ms_batch batch;
  ms_random_seed(&random, 5);
  ms_batch_init(&batch);
  for (int i = 0; i < VIEWS; i++) {
    readers[i] = open_reader(s);
  }
  for (int round = 0; round < 300; round++) {
    int which = (int)ms_random_below(&random, VIEWS);
    if (ms_random_below(&random, 4) == 0) { /* sometimes nobody looks */
      ms_store_view_end(readers[which].store);
      begin_view(&readers[which]);
      memcpy(&copies[(size_t)2 * (size_t)which], models, 2 * sizeof *models);
      for (int i = 0; i < VIEWS && ms_random_below(&random, 8) == 0; i++) {
        ms_store_view_end(readers[i].store);
      }
    }
    for (uint64_t i = ms_random_below(&random, 12); i > 0; i--) {
      uint64_t table = ms_random_below(&random, 2);
      random_op(&batch, &random, tables[table], &models[table]);
    }
    commit(s, &batch);
    for (int i = 0; i < 2; i++) {
      bool has_view = readers[which].store->has_view;
      struct model *model = has_view ? &copies[2 * which + i] : &models[i];
      compare_model(&readers[which], tables[i], model, round % 2 == 0);
    }
    if (round % 50 == 0) {
      compare_model(s, tables[0], &models[0], false);
      compare_model(s, tables[1], &models[1], true);
    }
  }
  for (int i = 0; i < VIEWS; i++) {
    close_reader(s, &readers[i]);
  }
  compare_model(s, tables[0], &models[0], false);
  expect_size(s, models);
  int err = ms_store_check(s->store);
  mt_ok(err == 0 || (err == MSTEP_EIO && s->is_faulty));
  ms_batch_deinit(&batch);
}

EACH_ROW(only_looks_at_what_another_has_open)
{
  struct ms_store_options options = {.is_read_only = true};
  struct subject other = *s;
  struct ms_batch batch;
  if (!s->is_persistent) {
    mt_eq_int(ms_store_open(&other.store, s->url, &options), MSTEP_ENOTFOUND);
    return;
  }
  ms_batch_init(&batch);
  put_text(&batch, "a", "1");
  commit(s, &batch);
  check(s, ms_store_open(&other.store, s->url, &options), "open");
  expect_value(&other, MS_TABLE_SETTING, MS_STR("a"), "1");
  put_text(&batch, "a", "2");
  ms_buf_cstr(&batch.records, "r");
  commit(s, &batch);
  expect_value(&other, MS_TABLE_SETTING, MS_STR("a"), "2");
  mt_eq_str(scan_keys(&other, (struct ms_scan){.table = MS_TABLE_JOURNAL}), "1.");
  cannot_write(other.store);
  reopen(s); /* neither keeps the other out */
  expect_value(&other, MS_TABLE_SETTING, MS_STR("a"), "2");
  put_text(&batch, "a", "3");
  commit(s, &batch);
  begin_view(&other);
  expect_value(&other, MS_TABLE_SETTING, MS_STR("a"), "3");
  close_reader(s, &other);
  ms_batch_deinit(&batch);
}

/* ---- copies -------------------------------------------------------------------------------------------------- */

static int backup(struct subject *s, const char *path)
{
  int err;
  while ((err = ms_store_backup(s->store, path)) == MSTEP_EIO && s->is_faulty) {
    s->failures++;
  }
  return err;
}

static void expect_copy(const char *path, const char *value, const char *frames)
{
  struct subject copy = {.row = "sqlite"};
  snprintf(copy.url, sizeof copy.url, "sqlite:%s", path);
  open_url(&copy, true);
  expect_value(&copy, MS_TABLE_SETTING, MS_STR("a"), value);
  mt_eq_str(scan_keys(&copy, (struct ms_scan){.table = MS_TABLE_JOURNAL}), frames);
  mt_eq_int(ms_store_check(copy.store), 0);
  ms_store_close(copy.store);
}

EACH_ROW(a_copy_is_of_one_moment)
{
  const char *paths[3];
  struct ms_batch batch;
  if (!s->is_persistent) {
    mt_eq_int(ms_store_backup(s->store, "/nowhere"), MSTEP_EUNSUPPORTED);
    return;
  }
  for (int i = 0; i < 3; i++) {
    paths[i] = mt_format("%s/copy-%s-%d.db", mt_tmpdir(), s->row, i);
  }
  ms_batch_init(&batch);
  put_text(&batch, "a", "1");
  ms_buf_cstr(&batch.records, "r");
  commit(s, &batch);
  struct subject reader = open_reader(s);
  begin_view(&reader);
  put_text(&batch, "a", "2");
  ms_buf_cstr(&batch.records, "r");
  commit(s, &batch);
  check(s, backup(s, paths[0]), "copy");
  check(s, backup(&reader, paths[1]), "copy of a view");
  ms_store_view_end(reader.store);
  put_text(&batch, "a", "3");
  commit(s, &batch);
  check(s, backup(&reader, paths[2]), "copy of a reader");
  expect_copy(paths[0], "2", "1.2.");
  expect_copy(paths[1], "1", "1.");
  expect_copy(paths[2], "3", "1.2.");
  mt_eq_int(backup(s, paths[2]), MSTEP_EEXISTS);
  mt_eq_int(backup(s, mt_format("%s/no/such/copy.db", mt_tmpdir())), MSTEP_ENOTFOUND);
  expect_copy(paths[2], "3", "1.2.");
  close_reader(s, &reader);
  ms_batch_deinit(&batch);
}

/* ---- durability ---------------------------------------------------------------------------------------------- */

EACH_ROW(each_batch_may_ask_for_its_own_durability)
{
  struct ms_batch batch;
  ms_batch_init(&batch);
  for (unsigned i = 1; i <= 30; i++) {
    ms_buf_int(&batch.records, i);
    put_text(&batch, "a", mt_format("%u", i));
    if (i % 4 > 0) {
      ms_batch_need(&batch, (enum ms_durability)(i % 4 - 1));
    }
    mt_eq_int(commit(s, &batch), i);
  }
  reopen(s);
  expect_value(s, MS_TABLE_SETTING, MS_STR("a"), "30");
  expect_value(s, MS_TABLE_JOURNAL, number_key(30), "30");
  ms_batch_deinit(&batch);
}
