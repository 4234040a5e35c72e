/* The string table, against a plain list under random use. */
#include "mt.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/map.h"
#include "base/random.h"

MT_TEST(base_map__put_get_remove)
{
  struct ms_map map;
  int one = 1;
  int two = 2;
  void *old = &two;
  ms_map_init(&map, 1);
  mt_ok(ms_map_get(&map, MS_STR("a")) == NULL);
  mt_ok(ms_map_remove(&map, MS_STR("a")) == NULL);
  mt_eq_int(ms_map_put(&map, MS_STR("a"), &one, &old), 0);
  mt_ok(old == NULL);
  mt_ok(ms_map_get(&map, MS_STR("a")) == &one);
  mt_eq_int(ms_map_put(&map, MS_STR("a"), &two, &old), 0);
  mt_ok(old == &one);
  mt_eq_int(map.count, 1);
  mt_eq_int(ms_map_put(&map, MS_STR(""), NULL, NULL), 0);
  mt_eq_int(ms_map_put(&map, MS_STR("a\0b"), &one, NULL), 0);
  mt_ok(ms_map_has(&map, MS_STR("")) && ms_map_get(&map, MS_STR("")) == NULL);
  mt_ok(ms_map_get(&map, MS_STR("a\0b")) == &one);
  mt_ok(ms_map_get(&map, MS_STR("a")) == &two);
  mt_ok(ms_map_remove(&map, MS_STR("a")) == &two);
  mt_ok(!ms_map_has(&map, MS_STR("a")) && ms_map_has(&map, MS_STR("a\0b")));
  mt_eq_int(map.count, 2);
  ms_map_deinit(&map);
  mt_eq_int(map.count, 0);
}

#define NAMES 300

MT_TEST(base_map__behaves_as_a_list_does)
{
  static int values[NAMES];
  bool is_in[NAMES] = {false};
  struct ms_random random;
  struct ms_map map;
  ms_random_seed(&random, 11);
  ms_map_init(&map, 77);
  size_t count = 0;
  for (int round = 0; round < 30000; round++) {
    size_t n = (size_t)ms_random_below(&random, NAMES);
    char name[16];
    struct ms_str key = {name, (size_t)snprintf(name, sizeof name, "n%zu", n)};
    if (ms_random_below(&random, 2) == 0) {
      mt_eq_int(ms_map_put(&map, key, &values[n], NULL), 0);
      count += !is_in[n];
      is_in[n] = true;
    } else {
      void *removed = ms_map_remove(&map, key);
      mt_ok(removed == (is_in[n] ? &values[n] : NULL));
      count -= is_in[n];
      is_in[n] = false;
    }
    mt_eq_int(map.count, count);
    if (round % 100 == 0) {
      for (size_t i = 0; i < NAMES; i++) {
        key.len = (size_t)snprintf(name, sizeof name, "n%zu", i);
        mt_ok(ms_map_get(&map, key) == (is_in[i] ? &values[i] : NULL));
      }
    }
  }
  struct ms_str key;
  void *value;
  size_t pos = 0;
  size_t seen = 0;
  while (ms_map_next(&map, &pos, &key, &value)) {
    mt_ok(is_in[(int *)value - values]);
    mt_eq_int(key.data[key.len], '\0');
    seen++;
  }
  mt_eq_int(seen, count);
  ms_map_deinit(&map);
}

static int fill(void *user)
{
  static int value;
  struct ms_map map;
  int err = 0;
  (void)user;
  ms_map_init(&map, 1);
  size_t i = 0;
  for (; i < 40 && err == 0; i++) {
    char name[16];
    struct ms_str key = {name, (size_t)snprintf(name, sizeof name, "n%zu", i)};
    err = ms_map_put(&map, key, &value, NULL);
  }
  mt_eq_int(map.count, err == 0 ? i : i - 1); /* a failed put changes nothing */
  ms_map_deinit(&map);
  return err;
}

MT_TEST(base_map__out_of_memory)
{
  mt_oom(fill, NULL);
}
