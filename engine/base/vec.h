/*
 * A growing array of any type with a maximum count: a struct of three members and the one function
 * that makes room. Items move when it grows, so keep indexes, not addresses.
 *
 *   MS_VEC(struct item) items = {0};
 *   int err = MS_VEC_RESERVE(&items, MAX_ITEMS, 1);
 *   if (err == 0) items.data[items.count++] = item;
 *   ms_free(items.data);
 */
#ifndef MS_BASE_VEC_H
#define MS_BASE_VEC_H

#include <stddef.h>

#define MS_VEC(type)                                                                               \
  struct {                                                                                         \
    type *data;                                                                                    \
    size_t count;                                                                                  \
    size_t capacity;                                                                               \
  }

/* `slot` is the address of the data pointer, of whatever pointer type. */
int ms_vec_reserve(void *slot, size_t *capacity, size_t needed, size_t item_size, size_t max);

/*
 * Room for `more` items behind the last: 0; MSTEP_ETOOBIG when there would be more than max;
 * MSTEP_ENOMEM. A failure leaves the array as it was.
 */
#define MS_VEC_RESERVE(vec, max, more)                                                             \
  ((more) <= (vec)->capacity - (vec)->count                                                        \
       ? 0                                                                                         \
       : ms_vec_reserve(&(vec)->data, &(vec)->capacity, (vec)->count + (more),                     \
                        sizeof *(vec)->data, (max)))

#endif
