/*
 * Tuple streams: paths whose steps bind names (`@$x`, `#$i`, the ancestors that `%` means). Each item
 * carries the context item and a chain of bindings; a step adds to the chain and shares the rest.
 */
#include "query/jsonata/eval.h"

struct ms_jx_frame *ms_jx_tuple_frame(struct ms_jx_eval *ev, struct ms_jx_frame *parent,
                                      const struct ms_jx_tuple *tuple)
{
  struct ms_jx_frame *frame = ms_jx_new_frame(ev, parent, 0);
  if (frame != NULL) {
    frame->head = tuple->head;
  }
  return frame;
}

struct ms_jx ms_jx_tuple_items(struct ms_jx_eval *ev, struct ms_jx tuples)
{
  struct ms_jx *items;
  struct ms_jx list = ms_jx_list_new(ev, &items, ms_jx_count(tuples));
  if (!ms_jx_is_error(list)) {
    for (size_t i = 0; i < list.len; i++) {
      struct ms_jx item = ms_jx_at(tuples, i);
      items[i] = item.type == MS_JX_TUPLE ? item.u.tuple->at : item;
    }
    list.flags = MS_JX_SEQUENCE;
  }
  return list;
}

static bool add_name(struct ms_jx_eval *ev, struct ms_jx_tuple *tuple, uint32_t symbol,
                     struct ms_jx value)
{
  struct ms_jx_binding *binding = ms_jx_alloc(ev, sizeof *binding);
  if (binding == NULL) {
    return false;
  }
  *binding = (struct ms_jx_binding){value, tuple->head, symbol};
  tuple->head = binding;
  return true;
}

/* A copy that shares the chain; NULL: the evaluation failed. */
static struct ms_jx_tuple *new_tuple(struct ms_jx_eval *ev, struct ms_jx at,
                                     const struct ms_jx_binding *head)
{
  struct ms_jx_tuple *tuple = ms_jx_alloc(ev, sizeof *tuple);
  if (tuple != NULL) {
    tuple->at = at;
    tuple->head = head;
  }
  return tuple;
}

static struct ms_jx tuple_value(struct ms_jx_tuple *tuple)
{
  struct ms_jx v = ms_jx_make(MS_JX_TUPLE);
  v.u.tuple = tuple;
  return v;
}

/* Everything the inner tuple binds, on top of the outer chain, oldest first. */
static bool merge_names(struct ms_jx_eval *ev, struct ms_jx_tuple *tuple,
                        const struct ms_jx_binding *inner, const struct ms_jx_binding *stop)
{
  size_t base = ev->stack_count;
  for (const struct ms_jx_binding *b = inner; b != NULL && b != stop; b = b->next) {
    struct ms_jx link = ms_jx_make(MS_JX_TUPLE);
    link.u.bits = (uint64_t)(uintptr_t)b;
    if (!ms_jx_push(ev, link)) {
      return false;
    }
  }
  while (ev->stack_count > base) {
    const struct ms_jx_binding *b =
        (const struct ms_jx_binding *)(uintptr_t)ev->stack[--ev->stack_count].u.bits;
    if (!add_name(ev, tuple, b->symbol, b->value)) {
      return false;
    }
  }
  return true;
}

/* One result of a step as a tuple pushed on the stack. */
static bool push_tuple(struct ms_jx_eval *ev, const struct ms_jx_node *step,
                       const struct ms_jx_tuple *from, struct ms_jx result, size_t index)
{
  struct ms_jx_tuple *tuple = new_tuple(ev, from->at, from->head);
  if (tuple == NULL) {
    return false;
  }
  if (result.type == MS_JX_TUPLE) {
    tuple->at = result.u.tuple->at;
    if (!merge_names(ev, tuple, result.u.tuple->head, from->head)) {
      return false;
    }
  } else {
    if (step->focus != 0) {
      if (!add_name(ev, tuple, step->focus, result)) {
        return false;
      }
    } else {
      tuple->at = result;
    }
    if (step->index != 0 && !add_name(ev, tuple, step->index, ms_jx_int((int64_t)index))) {
      return false;
    }
    if (step->ancestor != NULL && !add_name(ev, tuple, step->ancestor->symbol, from->at)) {
      return false;
    }
  }
  return ms_jx_spend(ev, 1) && ms_jx_push(ev, tuple_value(tuple));
}

/* `#$i` behind predicates: numbers what is there now. */
static struct ms_jx number_tuples(struct ms_jx_eval *ev, struct ms_jx tuples, uint32_t symbol)
{
  struct ms_jx *items;
  struct ms_jx list = ms_jx_list_new(ev, &items, ms_jx_count(tuples));
  for (size_t i = 0; !ms_jx_is_error(list) && i < list.len; i++) {
    struct ms_jx item = ms_jx_at(tuples, i);
    struct ms_jx_tuple *tuple = item.type == MS_JX_TUPLE
                                    ? new_tuple(ev, item.u.tuple->at, item.u.tuple->head)
                                    : new_tuple(ev, item, NULL);
    if (tuple == NULL || !add_name(ev, tuple, symbol, ms_jx_int((int64_t)i))) {
      return MS_JX_VALUE_ERROR;
    }
    items[i] = tuple_value(tuple);
  }
  if (!ms_jx_is_error(list)) {
    list.flags = MS_JX_SEQUENCE | MS_JX_TUPLES;
  }
  return list;
}

static struct ms_jx tuple_stages(struct ms_jx_eval *ev, const struct ms_jx_node *step,
                                 struct ms_jx tuples, struct ms_jx_frame *frame)
{
  const struct ms_jx_stage *stage = (step->flags & MS_JX_F_STEP) != 0 ? step->stages : NULL;
  for (; stage != NULL && !ms_jx_is_error(tuples); stage = stage->next) {
    tuples = stage->predicate != NULL ? ms_jx_eval_filter(ev, stage->predicate, tuples, frame)
                                      : number_tuples(ev, tuples, stage->symbol);
  }
  return tuples;
}

/* An order-by in or at the start of a stream. */
static struct ms_jx sort_tuples(struct ms_jx_eval *ev, const struct ms_jx_node *step,
                                struct ms_jx input, struct ms_jx_frame *frame)
{
  struct ms_jx sorted = ms_jx_eval_sort(ev, step, input, frame);
  if (!ms_jx_is_error(sorted) && (input.flags & MS_JX_TUPLES) == 0) {
    size_t base = ev->stack_count;
    size_t count = ms_jx_count(sorted);
    for (size_t i = 0; i < count; i++) {
      struct ms_jx_tuple *tuple = new_tuple(ev, ms_jx_at(sorted, i), NULL);
      if (tuple == NULL ||
          (step->index != 0 && !add_name(ev, tuple, step->index, ms_jx_int((int64_t)i))) ||
          !ms_jx_push(ev, tuple_value(tuple))) {
        return MS_JX_VALUE_ERROR;
      }
    }
    sorted = ms_jx_pop_list(ev, base, MS_JX_SEQUENCE);
  } else if (!ms_jx_is_error(sorted) && step->index != 0) {
    sorted = number_tuples(ev, sorted, step->index);
  }
  sorted.flags |= ms_jx_is_error(sorted) ? 0 : MS_JX_SEQUENCE | MS_JX_TUPLES;
  return tuple_stages(ev, step, sorted, frame);
}

struct ms_jx ms_jx_eval_tuples(struct ms_jx_eval *ev, const struct ms_jx_node *step,
                               struct ms_jx input, struct ms_jx_frame *frame)
{
  if (step->type == MS_JX_N_SORT) {
    return sort_tuples(ev, step, input, frame);
  }
  size_t base = ev->stack_count;
  size_t count = ms_jx_count(input);
  for (size_t i = 0; i < count; i++) {
    struct ms_jx item = ms_jx_at(input, i);
    struct ms_jx_tuple first = {item, NULL};
    const struct ms_jx_tuple *from = item.type == MS_JX_TUPLE ? item.u.tuple : &first;
    struct ms_jx_frame *inner = ms_jx_tuple_frame(ev, frame, from);
    struct ms_jx value = inner == NULL ? MS_JX_VALUE_ERROR : ms_jx_eval(ev, step, from->at, inner);
    if (ms_jx_is_error(value)) {
      return value;
    }
    if (value.type == MS_JX_UNDEFINED) {
      continue;
    }
    bool is_array = ms_jx_is_array(value);
    size_t results = is_array ? ms_jx_count(value) : 1;
    for (size_t j = 0; j < results; j++) {
      if (!push_tuple(ev, step, from, is_array ? ms_jx_at(value, j) : value, j)) {
        return MS_JX_VALUE_ERROR;
      }
    }
  }
  struct ms_jx tuples = ms_jx_pop_list(ev, base, MS_JX_SEQUENCE | MS_JX_TUPLES);
  return ms_jx_is_error(tuples) ? tuples : tuple_stages(ev, step, tuples, frame);
}
