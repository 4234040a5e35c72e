/*
 * Growth of arrays by half, never past their maximum.
 */
#include "base/vec.h"

#include <string.h>

#include "base/alloc.h"
#include "base/error.h"

#define FIRST_COUNT 8

int ms_vec_reserve(void *slot, size_t *capacity, size_t needed, size_t item_size, size_t max)
{
  if (needed > max) {
    return ms_error(MSTEP_ETOOBIG, "more than %zu items", max);
  }
  if (needed <= *capacity) {
    return MSTEP_OK;
  }
  size_t wanted = *capacity + *capacity / 2;
  if (wanted < FIRST_COUNT) {
    wanted = FIRST_COUNT;
  }
  if (wanted < needed) {
    wanted = needed;
  }
  if (wanted > max) {
    wanted = max;
  }
  /* The pointer is moved by memcpy: `slot` points to a `T *`, which is not a `void *`. */
  void *data;
  memcpy(&data, slot, sizeof data);
  data = ms_reallocarray(data, wanted, item_size);
  if (data == NULL) {
    return ms_error_nomem();
  }
  memcpy(slot, &data, sizeof data);
  *capacity = wanted;
  return MSTEP_OK;
}
