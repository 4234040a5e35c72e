/* The table of objects with their own keys: against a plain array, and out of memory. */
#include "runtime/index.h"

#include <stdio.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/random.h"
#include "mt.h"

#define ITEMS 3000

struct item {
  char name[16];
  bool is_in;
};

static bool item_is(const void *item, struct ms_str key)
{
  return ms_str_eq(ms_str_c(((const struct item *)item)->name), key);
}

MT_TEST(index__random_adds_and_removes)
{
  struct item *items = ms_calloc(ITEMS, sizeof *items);
  struct ms_index index;
  struct ms_random random;
  ms_random_seed(&random, 3);
  ms_index_init(&index, 17, item_is);
  uint32_t count = 0;
  for (int i = 0; i < ITEMS; i++) {
    snprintf(items[i].name, sizeof items[i].name, "item-%d", i);
  }
  for (int i = 0; i < 40 * ITEMS; i++) {
    struct item *item = &items[ms_random_below(&random, ITEMS)];
    mt_ok(ms_index_find(&index, ms_str_c(item->name)) == (item->is_in ? item : NULL));
    if (item->is_in) {
      ms_index_remove(&index, ms_str_c(item->name), item);
      count--;
    } else {
      mt_eq_int(ms_index_add(&index, ms_str_c(item->name), item), 0);
      count++;
    }
    item->is_in = !item->is_in;
    mt_eq_int(index.count, count);
  }
  uint32_t at = 0, seen = 0;
  const struct item *item;
  while ((item = ms_index_next(&index, &at)) != NULL) {
    mt_ok(item->is_in);
    seen++;
  }
  mt_eq_int(seen, count);
  ms_index_deinit(&index);
  ms_free(items);
}

MT_TEST(index__empty_and_missing)
{
  struct ms_index index;
  struct item item = {"a", false}, twin = {"a", false};
  uint32_t at = 0;
  ms_index_init(&index, 1, item_is);
  mt_ok(ms_index_find(&index, MS_STR("a")) == NULL);
  ms_index_remove(&index, MS_STR("a"), &item);
  mt_ok(ms_index_next(&index, &at) == NULL);
  mt_eq_int(ms_index_add(&index, MS_STR("a"), &item), 0);
  ms_index_remove(&index, MS_STR("a"), &twin); /* the same key, another object */
  mt_ok(ms_index_find(&index, MS_STR("a")) == &item);
  ms_index_remove(&index, MS_STR("a"), &item);
  mt_ok(ms_index_find(&index, MS_STR("a")) == NULL);
  ms_index_deinit(&index);
}

static int add_many(void *user)
{
  struct item *items = user;
  struct ms_index index;
  ms_index_init(&index, 1, item_is);
  int err = 0;
  for (int i = 0; i < 50 && err == 0; i++) {
    err = ms_index_add(&index, ms_str_c(items[i].name), &items[i]);
    if (err != 0) {
      for (int j = 0; j < i; j++) {
        mt_ok(ms_index_find(&index, ms_str_c(items[j].name)) == &items[j]);
      }
    }
  }
  ms_index_deinit(&index);
  return err;
}

MT_TEST(index__out_of_memory_keeps_what_was_there)
{
  struct item items[50];
  for (int i = 0; i < 50; i++) {
    snprintf(items[i].name, sizeof items[i].name, "%d", i);
  }
  mt_ok(mt_oom(add_many, items) > 1);
}
