/* The stable sort that order-by clauses and $sort share. */
#ifndef MS_QUERY_JSONATA_EVAL_SORT_H
#define MS_QUERY_JSONATA_EVAL_SORT_H

#include "query/jsonata/eval.h"

/* First member of whatever a comparator needs. */
struct ms_jx_sorter {
  struct ms_jx_eval *ev;
  /* Does item `left` belong behind item `right`? Numbers are places in the array. -1: failed. */
  int (*is_behind)(struct ms_jx_sorter *sorter, uint32_t left, uint32_t right);
};

/* A new list with the array's items in order, or ERROR. */
struct ms_jx ms_jx_sort(struct ms_jx_sorter *sorter, struct ms_jx array);

#endif
