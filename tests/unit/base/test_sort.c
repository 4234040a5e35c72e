/* Sorting in place. */
#include "base/random.h"
#include "base/sort.h"
#include "mt.h"

static int compare_ints(const void *a, const void *b)
{
  int x = *(const int *)a, y = *(const int *)b;
  return (x > y) - (x < y);
}

MT_TEST(sort__orders_any_number_of_items)
{
  struct ms_random random;
  ms_random_seed(&random, 1);
  for (size_t count = 0; count < 200; count++) {
    int items[200];
    long sum = 0;
    for (size_t i = 0; i < count; i++) {
      items[i] = (int)ms_random_below(&random, 50);
      sum += items[i];
    }
    ms_sort(items, count, sizeof(items[0]), compare_ints);
    for (size_t i = 0; i < count; i++) {
      mt_ok(i == 0 || items[i - 1] <= items[i]);
      sum -= items[i];
    }
    mt_eq_int(sum, 0);
  }
}
