/* Helpers of the store's suite that take misfortune as it comes, and the array it is compared with. */
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "mt.h"
#include "store_suite.h"

void check(struct subject *s, int err, const char *what)
{
  if (err != 0) {
    mt_fail("%s: %s: %s (%s)", s->row, what, ms_error_text(err), ms_error_detail());
  }
}

void open_url(struct subject *s, bool must_exist)
{
  /* Not what is tested here, and slow. tests/fault kills processes with the real thing. */
  struct ms_store_options options = {.durability = MS_DURABILITY_OS, .must_exist = must_exist};
  check(s, ms_store_open(&s->store, s->url, &options), "open");
}

static void open_row(struct subject *s, const char *row)
{
  static int number;
  *s = (struct subject){.row = row};
  s->is_faulty = strcmp(row, "faulty") == 0;
  s->is_persistent = strcmp(row, "sqlite") == 0 || s->is_faulty;
  const char *path = mt_format("%s/store%d.db", mt_tmpdir(), number++);
  if (s->is_faulty) {
    snprintf(s->url, sizeof s->url, "faulty:%d,fail=80,tear=80,read=30,down=3:sqlite:%s",
             4711 + number, path);
  } else {
    snprintf(s->url, sizeof s->url, "%s:%s", row, s->is_persistent ? path : "");
  }
  open_url(s, false);
}

void reopen(struct subject *s)
{
  if (s->is_persistent) {
    uint64_t lsn = ms_store_last_lsn(s->store);
    ms_store_close(s->store);
    open_url(s, true);
    mt_eq_int(ms_store_last_lsn(s->store), lsn);
  }
}

static void close_row(struct subject *s)
{
  mt_ok(s->is_faulty || s->failures == 0);
  ms_store_close(s->store);
}

void each_row(void (*body)(struct subject *s))
{
  const char *wanted = getenv("MT_ROW");
  for (size_t i = 0; ms_store_types[i] != NULL; i++) {
    const char *row = ms_store_types[i]->scheme;
    if (wanted == NULL || strcmp(wanted, row) == 0) {
      struct subject s;
      open_row(&s, row);
      body(&s);
      close_row(&s);
    }
  }
}

void recover(struct subject *s)
{
  struct ms_batch batch;
  ms_batch_init(&batch);
  s->failures++;
  for (int tries = 0; ms_store_is_failed(s->store); tries++) {
    mt_eq_int(ms_store_commit(s->store, &batch, NULL), MSTEP_ESTATE); /* FAILED until recovered */
    mt_ok(tries < 100);
    (void)ms_store_recover(s->store);
  }
  ms_batch_deinit(&batch);
}

/* Commits once, whatever it takes: a batch that may have been done already is not done again. */
int try_commit(struct subject *s, const struct ms_batch *batch, uint64_t *lsn)
{
  for (;;) {
    uint64_t before = ms_store_last_lsn(s->store);
    int err = ms_store_commit(s->store, batch, lsn);
    if (err != MSTEP_EIO) {
      return err;
    }
    mt_ok(ms_store_is_failed(s->store));
    mt_eq_int(ms_store_last_lsn(s->store), before);
    recover(s);
    uint64_t after = ms_store_last_lsn(s->store);
    mt_ok(after == before || (after == before + 1 && batch->records.len > 0));
    if (after > before) {
      *lsn = after;
      return 0;
    }
  }
}

uint64_t commit(struct subject *s, struct ms_batch *batch)
{
  uint64_t lsn = 0;
  check(s, try_commit(s, batch, &lsn), "commit");
  mt_eq_int(lsn, ms_store_last_lsn(s->store));
  ms_batch_reset(batch);
  return lsn;
}

int collect(struct ms_str key, struct ms_str value, void *user)
{
  struct collected *c = user;
  mt_ok(c->count < PAIRS_MAX && key.len <= sizeof c->pairs[0].key);
  struct pair *pair = &c->pairs[c->count++];
  if (key.len > 0) {
    memcpy(pair->key, key.data, key.len);
  }
  pair->key_len = key.len;
  pair->value_len = value.len;
  mt_ok(value.len <= sizeof pair->value);
  if (value.len > 0) {
    memcpy(pair->value, value.data, value.len);
  }
  return c->stop_after != 0 && c->count == c->stop_after ? 7 : 0;
}

/* A fault of the wrapper is tried again; what was delivered before it must be the same as after. */
int scan(struct subject *s, const struct ms_scan *scan, struct collected *out)
{
  for (;;) {
    out->count = 0;
    int err = ms_store_scan(s->store, scan, collect, out);
    if (err != MSTEP_EIO || !s->is_faulty) {
      return err;
    }
    s->failures++;
  }
}

int get(struct subject *s, unsigned table, struct ms_str key, struct collected *out)
{
  for (;;) {
    out->count = 0;
    int err = ms_store_get(s->store, table, key, collect, out);
    if (err != MSTEP_EIO || !s->is_faulty) {
      return err;
    }
    s->failures++;
  }
}

void expect_value(struct subject *s, unsigned table, struct ms_str key, const char *value)
{
  struct collected *c = mt_keep(calloc(1, sizeof *c));
  int err = get(s, table, key, c);
  if (value == NULL) {
    mt_eq_int(err, MSTEP_ENOTFOUND);
    return;
  }
  check(s, err, "get");
  mt_eq_int(c->count, 1);
  mt_ok(ms_str_eq((struct ms_str){c->pairs[0].key, c->pairs[0].key_len}, key));
  mt_eq_mem(c->pairs[0].value, c->pairs[0].value_len, value);
}

/* Keys of a scan as text, with `.` between them and NUL as 0. */
const char *scan_keys(struct subject *s, struct ms_scan what)
{
  struct collected *c = mt_keep(calloc(1, sizeof *c));
  check(s, scan(s, &what, c), "scan");
  char *text = mt_keep(calloc(1, PAIRS_MAX * 8));
  size_t at = 0;
  for (size_t i = 0; i < c->count; i++) {
    struct ms_str key = {c->pairs[i].key, c->pairs[i].key_len};
    if (ms_table_is_number(what.table)) {
      at += (size_t)snprintf(text + at, 24, "%llu", (unsigned long long)ms_store_number(key));
    } else {
      for (size_t k = 0; k < key.len; k++) {
        text[at++] = (char)(key.data[k] == '\0' ? '0' : key.data[k]);
      }
    }
    text[at++] = '.';
  }
  return text;
}

struct ms_str number_key(uint64_t number)
{
  return ms_store_key(mt_keep(malloc(MS_STORE_NUMBER_SIZE)), number);
}

void put_text(struct ms_batch *batch, const char *key, const char *value)
{
  ms_batch_put(batch, MS_TABLE_SETTING, ms_str_c(key), ms_str_c(value));
}

/* ---- a model ---- */

int compare_pair(const struct pair *pair, struct ms_str key)
{
  return ms_str_cmp((struct ms_str){pair->key, pair->key_len}, key);
}

static size_t model_find(const struct model *model, struct ms_str key)
{
  size_t at = 0;
  while (at < model->count && compare_pair(&model->pairs[at], key) < 0) {
    at++;
  }
  return at;
}

static void model_put(struct model *model, struct ms_str key, struct ms_str value)
{
  size_t at = model_find(model, key);
  if (at == model->count || compare_pair(&model->pairs[at], key) != 0) {
    mt_ok(model->count < PAIRS_MAX);
    memmove(&model->pairs[at + 1], &model->pairs[at], (model->count - at) * sizeof model->pairs[0]);
    model->count++;
  }
  struct pair *pair = &model->pairs[at];
  pair->key_len = key.len;
  pair->value_len = value.len;
  memcpy(pair->key, key.data, key.len);
  memcpy(pair->value, value.data, value.len);
}

static void model_remove(struct model *model, struct ms_str from, struct ms_str to, bool is_open)
{
  size_t first = model_find(model, from);
  size_t end = is_open ? model->count : model_find(model, to);
  if (end > first) {
    memmove(&model->pairs[first], &model->pairs[end],
            (model->count - end) * sizeof model->pairs[0]);
    model->count -= end - first;
  }
}

/* One of 300 keys, of one to three bytes, or a number. */
static struct ms_str random_key(struct ms_random *random, unsigned table)
{
  uint64_t n = ms_random_below(random, 300);
  if (ms_table_is_number(table)) {
    return number_key(n * n * n);
  }
  return ms_str_c(mt_format("%s%llx", n % 3 == 0 ? "\xfe" : "", (unsigned long long)n));
}

void random_op(struct ms_batch *batch, struct ms_random *random, unsigned table,
               struct model *model)
{
  struct ms_str key = random_key(random, table);
  uint64_t kind = ms_random_below(random, 20);
  if (kind < 15) {
    struct ms_str value = ms_str_c(mt_format("%llu", (unsigned long long)ms_random_next(random)));
    ms_batch_put(batch, table, key, value);
    model_put(model, key, value);
  } else if (kind < 19) {
    size_t at = model_find(model, key);
    ms_batch_remove(batch, table, key);
    if (at < model->count && compare_pair(&model->pairs[at], key) == 0) {
      model->count--;
      memmove(&model->pairs[at], &model->pairs[at + 1],
              (model->count - at) * sizeof model->pairs[0]);
    }
  } else {
    bool is_open = ms_random_below(random, 4) == 0;
    struct ms_str to = is_open ? (struct ms_str){NULL, 0} : random_key(random, table);
    ms_batch_remove_range(batch, table, key, to);
    model_remove(model, key, to, is_open);
  }
}

void compare_model(struct subject *s, unsigned table, const struct model *model, bool is_reverse)
{
  struct collected *c = mt_keep(calloc(1, sizeof *c));
  struct ms_scan all = {.table = table, .is_reverse = is_reverse};
  check(s, scan(s, &all, c), "scan");
  mt_eq_int(c->count, model->count);
  for (size_t i = 0; i < model->count; i++) {
    const struct pair *pair = &c->pairs[is_reverse ? model->count - 1 - i : i];
    const struct pair *expected = &model->pairs[i];
    mt_eq_int(compare_pair(expected, (struct ms_str){pair->key, pair->key_len}), 0);
    mt_eq_int(pair->value_len, expected->value_len);
    mt_ok(memcmp(pair->value, expected->value, pair->value_len) == 0);
  }
}
