/* See catalog.h. Rows of the table RESOURCE: "sfn\0KIND\0NAME" -> [place, value]. */
#include "runtime/catalog.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/map.h"
#include "base/vec.h"

#define ENTRIES_MAX ((size_t)1 << 22)
#define KEY_PREFIX "sfn\0"

struct entry {
  char *key; /* owned: "sfn\0KIND\0NAME" */
  size_t key_len;
  uint64_t place;
  struct ms_json value;
};

struct ms_catalog {
  const struct ms_driver_env *env;
  MS_VEC(struct entry *) entries; /* by place */
  struct ms_map by_key;
  uint64_t last_place;
};

static const struct ms_str prefix = {KEY_PREFIX, sizeof KEY_PREFIX - 1};

static void entry_free(struct entry *entry)
{
  if (entry != NULL) {
    ms_json_unref(entry->value);
    ms_free(entry->key);
    ms_free(entry);
  }
}

static struct entry *entry_new(struct ms_str key, uint64_t place, struct ms_json value)
{
  struct entry *entry = ms_calloc(1, sizeof *entry);
  char *copy = entry == NULL ? NULL : ms_strdupn(key.data, key.len);
  if (copy == NULL) {
    ms_free(entry);
    return NULL;
  }
  *entry = (struct entry){copy, key.len, place, ms_json_ref(value)};
  return entry;
}

static void forget_all(struct ms_catalog *catalog)
{
  for (size_t i = 0; i < catalog->entries.count; i++) {
    struct entry *entry = catalog->entries.data[i];
    ms_map_remove(&catalog->by_key, (struct ms_str){entry->key, entry->key_len});
    entry_free(entry);
  }
  catalog->entries.count = 0;
  catalog->last_place = 0;
}

static int catalog_open(void **driver, const struct ms_driver_env *env)
{
  struct ms_catalog *catalog = ms_calloc(1, sizeof *catalog);
  *driver = catalog;
  if (catalog == NULL) {
    return ms_error_nomem();
  }
  catalog->env = env;
  ms_map_init(&catalog->by_key, ms_random_next(env->random));
  return MSTEP_OK;
}

static void catalog_close(void *driver)
{
  struct ms_catalog *catalog = driver;
  if (catalog != NULL) {
    forget_all(catalog);
    ms_map_deinit(&catalog->by_key);
    ms_free(catalog->entries.data);
    ms_free(catalog);
  }
}

/* ---- reading ---- */

static struct ms_catalog *catalog_of(const struct ms_engine *engine)
{
  return ms_engine_driver(engine, &ms_catalog_driver);
}

/* A key without an allocation: a lookup that could fail would say that nothing is there. */
struct key {
  size_t len; /* 0: it would be too long */
  char text[MS_STORE_KEY_MAX];
};

static struct ms_str make_key(struct key *out, const char *kind, struct ms_str name)
{
  size_t kind_len = strlen(kind) + 1, head = prefix.len + kind_len;
  out->len = 0;
  if (name.len <= sizeof out->text && head <= sizeof out->text - name.len) {
    memcpy(out->text, prefix.data, prefix.len);
    memcpy(out->text + prefix.len, kind, kind_len);
    if (name.len > 0) {
      memcpy(out->text + head, name.data, name.len);
    }
    out->len = head + name.len;
  }
  return (struct ms_str){out->text, out->len};
}

static struct entry *find(const struct ms_catalog *catalog, const char *kind, struct ms_str name)
{
  struct key key;
  struct ms_str text = make_key(&key, kind, name);
  return text.len == 0 ? NULL : ms_map_get(&catalog->by_key, text);
}

struct ms_json ms_catalog_get(const struct ms_engine *engine, const char *kind, struct ms_str name)
{
  const struct entry *entry = find(catalog_of(engine), kind, name);
  return entry == NULL ? MS_JSON_VALUE_NONE : entry->value;
}

/* Index of the first entry behind that place. */
static size_t index_behind(const struct ms_catalog *catalog, uint64_t place)
{
  size_t low = 0, high = catalog->entries.count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (catalog->entries.data[middle]->place <= place) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

bool ms_catalog_next(struct ms_str *name, struct ms_json *value, uint64_t *at,
                     const struct ms_engine *engine, const char *kind)
{
  const struct ms_catalog *catalog = catalog_of(engine);
  size_t head = prefix.len + strlen(kind) + 1;
  for (size_t i = index_behind(catalog, *at); i < catalog->entries.count; i++) {
    const struct entry *entry = catalog->entries.data[i];
    if (entry->key_len >= head && strcmp(entry->key + prefix.len, kind) == 0) {
      *name = (struct ms_str){entry->key + head, entry->key_len - head};
      *value = entry->value;
      *at = entry->place;
      return true;
    }
  }
  return false;
}

/* ---- changing ---- */

/* value NONE: the row goes. batch NULL: there is no store. */
static int put_row(struct ms_batch *batch, struct ms_str key, uint64_t place, struct ms_json value)
{
  struct ms_buf row;
  if (batch == NULL) {
    return MSTEP_OK;
  }
  if (ms_json_is_none(value)) {
    ms_batch_remove(batch, MS_TABLE_RESOURCE, key);
    return MSTEP_OK;
  }
  ms_buf_init(&row, 0);
  ms_buf_printf(&row, "[%llu,", (unsigned long long)place);
  ms_json_print(&row, value);
  ms_buf_char(&row, ']');
  int err = row.error;
  if (err == 0) {
    ms_batch_put(batch, MS_TABLE_RESOURCE, key, ms_buf_view(&row));
  }
  ms_buf_deinit(&row);
  return err;
}

/* within NULL: in a transition of its own. */
static int write_row(const struct ms_catalog *catalog, struct ms_batch *within, struct ms_str key,
                     uint64_t place, struct ms_json value)
{
  const struct ms_ledger *ledger = &catalog->env->ledger;
  struct ms_batch *batch;
  if (within != NULL) {
    return put_row(within, key, place, value);
  }
  int err = ledger->begin(&batch, ledger->user);
  if (err != 0) {
    return err;
  }
  err = put_row(batch, key, place, value);
  if (err != 0 && batch != NULL && batch->error == 0) {
    batch->error = err; /* taken back by the end */
  }
  int end = ledger->end(ledger->user);
  return err != 0 ? err : end;
}

/* Takes entry. */
static int enter(struct ms_catalog *catalog, struct entry *entry)
{
  int err = entry == NULL ? ms_error_nomem() : MS_VEC_RESERVE(&catalog->entries, ENTRIES_MAX, 1);
  if (err == 0) {
    err = ms_map_put(&catalog->by_key, (struct ms_str){entry->key, entry->key_len}, entry, NULL);
  }
  if (err != 0) {
    entry_free(entry);
    return err;
  }
  catalog->entries.data[catalog->entries.count++] = entry;
  catalog->last_place = entry->place > catalog->last_place ? entry->place : catalog->last_place;
  return MSTEP_OK;
}

static void leave(struct ms_catalog *catalog, struct entry *entry)
{
  size_t at = index_behind(catalog, entry->place - 1);
  memmove(&catalog->entries.data[at], &catalog->entries.data[at + 1],
          (catalog->entries.count - at - 1) * sizeof *catalog->entries.data);
  catalog->entries.count--;
  ms_map_remove(&catalog->by_key, (struct ms_str){entry->key, entry->key_len});
  entry_free(entry);
}

static int put_new(struct ms_catalog *catalog, struct ms_batch *within, const char *kind,
                   struct ms_str name, struct ms_json value)
{
  struct key key;
  struct ms_str text = make_key(&key, kind, name);
  if (text.len == 0) {
    return ms_error(MSTEP_ETOOBIG, "a name is too long");
  }
  struct entry *entry = entry_new(text, catalog->last_place + 1, value);
  int err = enter(catalog, entry);
  if (err == 0) {
    err = write_row(catalog, within, text, entry->place, value);
    if (err != 0) {
      leave(catalog, entry);
    }
  }
  return err;
}

int ms_catalog_put(struct ms_engine *engine, const char *kind, struct ms_str name,
                   struct ms_json value)
{
  return ms_catalog_put_within(engine, NULL, kind, name, value);
}

int ms_catalog_put_within(struct ms_engine *engine, struct ms_batch *batch, const char *kind,
                          struct ms_str name, struct ms_json value)
{
  struct ms_catalog *catalog = catalog_of(engine);
  struct entry *there = find(catalog, kind, name);
  int err = ms_json_is_none(value) ? ms_error_nomem() : MSTEP_OK;
  if (err == 0 && there == NULL) {
    err = put_new(catalog, batch, kind, name, value);
  } else if (err == 0) {
    err = write_row(catalog, batch, (struct ms_str){there->key, there->key_len}, there->place, value);
    if (err == 0) {
      ms_json_replace(&there->value, ms_json_ref(value));
    }
  }
  ms_json_unref(value);
  return err;
}

int ms_catalog_remove(struct ms_engine *engine, const char *kind, struct ms_str name)
{
  struct ms_catalog *catalog = catalog_of(engine);
  struct entry *there = find(catalog, kind, name);
  if (there == NULL) {
    return MSTEP_OK;
  }
  int err =
      write_row(catalog, NULL, (struct ms_str){there->key, there->key_len}, 0, MS_JSON_VALUE_NONE);
  if (err == 0) {
    leave(catalog, there);
  }
  return err;
}

/* ---- loading ---- */

static int load_row(struct ms_str key, struct ms_str row, void *user)
{
  struct ms_catalog *catalog = user;
  const struct ms_json_limits limits = MS_JSON_LIMITS_OWN;
  struct ms_json pair;
  int64_t place = 0;
  int err = ms_json_parse(&pair, row, &limits, NULL);
  if (err == MSTEP_ENOMEM) {
    return err;
  }
  if (err != 0 || ms_json_count(pair) != 2 || !ms_json_to_int(&place, ms_json_at(pair, 0)) ||
      place <= 0 || !ms_json_is_object(ms_json_at(pair, 1))) {
    ms_json_unref(err == 0 ? pair : MS_JSON_VALUE_NONE);
    return ms_error(MSTEP_EIO, "a row of the catalog is damaged");
  }
  err = enter(catalog, entry_new(key, (uint64_t)place, ms_json_at(pair, 1)));
  ms_json_unref(pair);
  return err;
}

static int compare_places(const void *a, const void *b)
{
  const struct entry *first = *(struct entry *const *)a, *second = *(struct entry *const *)b;
  return first->place < second->place ? -1 : first->place > second->place;
}

static int catalog_load(void *driver)
{
  struct ms_catalog *catalog = driver;
  if (catalog->env->ledger.reader == NULL) {
    return MSTEP_OK;
  }
  forget_all(catalog);
  const struct ms_scan scan = {
      .table = MS_TABLE_RESOURCE, .from = prefix, .to = {"sfn\1", 4}};
  int err = ms_store_scan(catalog->env->ledger.reader, &scan, load_row, catalog);
  if (catalog->entries.count > 1) {
    qsort(catalog->entries.data, catalog->entries.count, sizeof *catalog->entries.data,
          compare_places);
  }
  return err;
}

const struct ms_driver_type ms_catalog_driver = {
    .name = "catalog", .open = catalog_open, .close = catalog_close, .load = catalog_load};
