/*
 * Events that are in the store alone: what is known of each is when it is due and its number, 24 bytes. A heap by
 * time, then number.
 */
#include "base/alloc.h"
#include "base/error.h"
#include "invoke/internal.h"

#define CAPACITY_FIRST 64u

static bool is_before(const struct ms_parked_entry *a, const struct ms_parked_entry *b)
{
  return a->due_at_ms != b->due_at_ms ? a->due_at_ms < b->due_at_ms : a->number < b->number;
}

static int resize(struct ms_parked *parked, size_t capacity)
{
  struct ms_parked_entry *data = ms_reallocarray(parked->data, capacity, sizeof *data);
  if (data == NULL) {
    return ms_error_nomem();
  }
  parked->data = data;
  parked->capacity = capacity;
  return MSTEP_OK;
}

int ms_parked_add(struct ms_parked *parked, struct ms_parked_entry entry)
{
  if (parked->count == parked->capacity) {
    int err = resize(parked, parked->capacity == 0 ? CAPACITY_FIRST : 2 * parked->capacity);
    if (err != 0) {
      return err;
    }
  }
  size_t at = parked->count++;
  while (at > 0 && is_before(&entry, &parked->data[(at - 1) / 2])) {
    parked->data[at] = parked->data[(at - 1) / 2];
    at = (at - 1) / 2;
  }
  parked->data[at] = entry;
  return MSTEP_OK;
}

const struct ms_parked_entry *ms_parked_first(const struct ms_parked *parked)
{
  return parked->count == 0 ? NULL : &parked->data[0];
}

struct ms_parked_entry ms_parked_take(struct ms_parked *parked)
{
  struct ms_parked_entry first = parked->data[0];
  struct ms_parked_entry last = parked->data[--parked->count];
  size_t at = 0;
  for (;;) {
    size_t child = 2 * at + 1;
    if (child + 1 < parked->count && is_before(&parked->data[child + 1], &parked->data[child])) {
      child++;
    }
    if (child >= parked->count || !is_before(&parked->data[child], &last)) {
      break;
    }
    parked->data[at] = parked->data[child];
    at = child;
  }
  if (parked->count > 0) {
    parked->data[at] = last;
  }
  if (parked->capacity > CAPACITY_FIRST && parked->count < parked->capacity / 4) {
    (void)resize(parked, parked->capacity / 2); /* it stays as large as it is otherwise */
  }
  return first;
}

void ms_parked_clear(struct ms_parked *parked)
{
  ms_free(parked->data);
  *parked = (struct ms_parked){NULL, 0, 0};
}
