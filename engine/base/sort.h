/* Sorting in place, without memory of its own: the C library's qsort may allocate behind our back. */
#ifndef MS_BASE_SORT_H
#define MS_BASE_SORT_H

#include <stddef.h>

/* Heap sort: n log n at worst, not stable. compare as for qsort. size: bytes of one item. */
void ms_sort(void *items, size_t count, size_t size, int (*compare)(const void *a, const void *b));

#endif
