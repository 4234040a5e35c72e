/*
 * Sorting: order-by clauses and $sort share one stable merge sort whose comparator says "a belongs
 * behind b". Keys of an order-by are evaluated once for each item, the later ones only when the earlier tie.
 */
#include "query/jsonata/eval_sort.h"

/* Merges items[from, middle) and [middle, to) through the spare array. */
static bool merge(struct ms_jx_sorter *s, uint32_t *items, uint32_t *spare, size_t from,
                  size_t middle, size_t to)
{
  size_t left = from;
  size_t right = middle;
  for (size_t at = from; at < to; at++) {
    bool take_right = left >= middle;
    if (left < middle && right < to) {
      int behind = s->is_behind(s, items[left], items[right]);
      if (behind < 0 || !ms_jx_spend(s->ev, 1)) {
        return false;
      }
      take_right = behind > 0;
    }
    spare[at] = take_right ? items[right++] : items[left++];
  }
  memcpy(items + from, spare + from, (to - from) * sizeof *items);
  return true;
}

/* Top down, so that comparisons come in the same order as in the reference. Depth is log2 of the count. */
static bool sort_range(struct ms_jx_sorter *s, uint32_t *items, uint32_t *spare, size_t from,
                       size_t to)
{
  if (to - from <= 1) {
    return true;
  }
  size_t middle = from + (to - from) / 2;
  return sort_range(s, items, spare, from, middle) && sort_range(s, items, spare, middle, to) &&
         merge(s, items, spare, from, middle, to);
}

struct ms_jx ms_jx_sort(struct ms_jx_sorter *s, struct ms_jx array)
{
  struct ms_jx_eval *ev = s->ev;
  size_t count = ms_jx_count(array);
  uint32_t *order = ms_jx_alloc(ev, count * 2 * sizeof *order);
  if (order == NULL) {
    return MS_JX_VALUE_ERROR;
  }
  for (size_t i = 0; i < count; i++) {
    order[i] = (uint32_t)i;
  }
  if (!sort_range(s, order, order + count, 0, count)) {
    return MS_JX_VALUE_ERROR;
  }
  struct ms_jx *items;
  struct ms_jx list = ms_jx_list_new(ev, &items, count);
  for (size_t i = 0; !ms_jx_is_error(list) && i < count; i++) {
    items[i] = ms_jx_at(array, order[i]);
  }
  return list;
}

/* ---- order-by ---- */

struct order {
  struct ms_jx_sorter sorter; /* first */
  const struct ms_jx_node *node;
  struct ms_jx_frame *frame;
  struct ms_jx array;
  struct ms_jx *keys; /* item by item, `node->count` each; UNSET until needed */
};

static struct ms_jx order_key(struct order *o, uint32_t item, uint32_t term)
{
  struct ms_jx_eval *ev = o->sorter.ev;
  struct ms_jx *key = &o->keys[(size_t)item * o->node->count + term];
  if (key->type == MS_JX_UNSET) {
    struct ms_jx context = ms_jx_at(o->array, item);
    struct ms_jx_frame *frame = o->frame;
    if (context.type == MS_JX_TUPLE) {
      frame = ms_jx_tuple_frame(ev, frame, context.u.tuple);
      context = context.u.tuple->at;
    }
    *key = frame == NULL ? MS_JX_VALUE_ERROR : ms_jx_eval(ev, o->node->items[term], context, frame);
  }
  return *key;
}

static int fail_order(struct order *o, const char *code, struct ms_jx value, struct ms_jx value2)
{
  struct ms_jx_eval *ev = o->sorter.ev;
  ms_jx_fail_value(ev, code, value);
  ev->error.value2 = value2;
  ev->error.has_pos = true;
  ev->error.pos = o->node->pos;
  return -1;
}

static int order_is_behind(struct ms_jx_sorter *s, uint32_t left, uint32_t right)
{
  struct order *o = (struct order *)s;
  for (uint32_t term = 0; term < o->node->count; term++) {
    struct ms_jx a = order_key(o, left, term);
    struct ms_jx b = ms_jx_is_error(a) ? a : order_key(o, right, term);
    if (ms_jx_is_error(b)) {
      return -1;
    }
    if (a.type == MS_JX_UNDEFINED || b.type == MS_JX_UNDEFINED) {
      if (a.type == b.type) {
        continue;
      }
      return a.type == MS_JX_UNDEFINED; /* missing ones last, in either direction */
    }
    bool a_ok = ms_jx_is_number(a) || ms_jx_is_string(a);
    bool b_ok = ms_jx_is_number(b) || ms_jx_is_string(b);
    if (!a_ok || !b_ok) {
      return fail_order(o, "T2008", a_ok ? b : a, MS_JX_VALUE_UNDEFINED);
    }
    if (ms_jx_is_number(a) != ms_jx_is_number(b)) {
      return fail_order(o, "T2007", a, b);
    }
    int compared = ms_jx_compare(a, b);
    if (compared != 0) {
      bool is_descending = (o->node->items[term]->flags & MS_JX_F_DESCENDING) != 0;
      return is_descending ? compared < 0 : compared > 0;
    }
  }
  return 0;
}

struct ms_jx ms_jx_eval_sort(struct ms_jx_eval *ev, const struct ms_jx_node *node,
                             struct ms_jx input, struct ms_jx_frame *frame)
{
  size_t count = ms_jx_count(input);
  if (count <= 1) {
    return input;
  }
  struct order o = {{ev, order_is_behind}, node, frame, input, NULL};
  o.keys = ms_jx_alloc(ev, count * node->count * sizeof *o.keys);
  if (o.keys == NULL) {
    return MS_JX_VALUE_ERROR;
  }
  for (size_t i = 0; i < count * node->count; i++) {
    o.keys[i].type = MS_JX_UNSET;
  }
  return ms_jx_sort(&o.sorter, input);
}
