/* See sort.h. */
#include "base/sort.h"

struct sort {
  unsigned char *items;
  size_t size;
  int (*compare)(const void *a, const void *b);
};

static unsigned char *at(const struct sort *sort, size_t index)
{
  return sort->items + index * sort->size;
}

static void swap(const struct sort *sort, size_t a, size_t b)
{
  unsigned char *x = at(sort, a), *y = at(sort, b);
  for (size_t i = 0; i < sort->size; i++) {
    unsigned char byte = x[i];
    x[i] = y[i];
    y[i] = byte;
  }
}

/* Lets the item at `root` sink until both its children are smaller. */
static void sift_down(const struct sort *sort, size_t root, size_t count)
{
  for (;;) {
    size_t child = 2 * root + 1;
    if (child >= count)
      return;
    if (child + 1 < count && sort->compare(at(sort, child), at(sort, child + 1)) < 0)
      child++;
    if (sort->compare(at(sort, root), at(sort, child)) >= 0)
      return;
    swap(sort, root, child);
    root = child;
  }
}

void ms_sort(void *items, size_t count, size_t size, int (*compare)(const void *a, const void *b))
{
  struct sort sort = {items, size, compare};
  for (size_t i = count / 2; i > 0; i--)
    sift_down(&sort, i - 1, count);
  for (size_t end = count; end > 1; end--) {
    swap(&sort, 0, end - 1);
    sift_down(&sort, 0, end - 1);
  }
}
