/*
 * Paths: each step is evaluated for every item that the step before gave, and the results are joined
 * into one sequence. A path of plain names over objects is walked without making anything.
 */
#include "query/jsonata/eval.h"

/* What a step's value is on leaving its node. */
static struct ms_jx unwrap(struct ms_jx value)
{
  if ((value.flags & (MS_JX_SEQUENCE | MS_JX_KEEP)) == MS_JX_SEQUENCE && value.len <= 1) {
    return value.len == 0 ? MS_JX_VALUE_UNDEFINED : ms_jx_at(value, 0);
  }
  return value;
}

/* Spreads the arrays among what was pushed since base, once, but for constructed ones. */
static bool flatten_stack(struct ms_jx_eval *ev, size_t base)
{
  size_t end = ev->stack_count;
  size_t first = base;
  while (first < end &&
         (!ms_jx_is_array(ev->stack[first]) || (ev->stack[first].flags & MS_JX_CONS) != 0)) {
    first++;
  }
  if (first == end) {
    return true;
  }
  for (size_t i = first; i < end; i++) {
    struct ms_jx value = ev->stack[i];
    if (!ms_jx_is_array(value) || (value.flags & MS_JX_CONS) != 0) {
      if (!ms_jx_push(ev, value)) {
        return false;
      }
      continue;
    }
    size_t count = ms_jx_count(value);
    for (size_t j = 0; j < count; j++) {
      if (!ms_jx_push(ev, ms_jx_at(value, j))) {
        return false;
      }
    }
  }
  size_t added = ev->stack_count - end;
  memmove(ev->stack + first, ev->stack + end, added * sizeof *ev->stack);
  ev->stack_count = first + added;
  return ms_jx_spend(ev, added);
}

/* ---- plain names ---- */

static bool walk_names(struct ms_jx_eval *ev, const struct ms_jx_node *path, struct ms_jx array,
                       uint32_t step);

/* Pushes what an item leads to through the steps from `step` on. */
static bool walk_item(struct ms_jx_eval *ev, const struct ms_jx_node *path, struct ms_jx value,
                      uint32_t step)
{
  for (;;) {
    struct ms_str name = path->items[step]->token;
    if (ms_jx_is_array(value)) {
      value = ms_jx_lookup_name(ev, value, name);
      if (ms_jx_is_error(value)) {
        return false;
      }
    } else {
      value = ms_jx_get(value, name);
    }
    value = unwrap(value);
    if (value.type == MS_JX_UNDEFINED) {
      return true;
    }
    if (++step == path->count) {
      return ms_jx_push(ev, value);
    }
    if (ms_jx_is_array(value) && (value.flags & MS_JX_CONS) == 0) {
      return walk_names(ev, path, value, step);
    }
  }
}

static bool walk_names(struct ms_jx_eval *ev, const struct ms_jx_node *path, struct ms_jx array,
                       uint32_t step)
{
  size_t count = ms_jx_count(array);
  if (!ms_jx_spend(ev, count)) {
    return false;
  }
  for (size_t i = 0; i < count; i++) {
    if (!walk_item(ev, path, ms_jx_at(array, i), step)) {
      return false;
    }
  }
  return true;
}

struct ms_jx ms_jx_eval_simple_path(struct ms_jx_eval *ev, const struct ms_jx_node *path,
                                    struct ms_jx input, struct ms_jx_frame *frame)
{
  uint32_t step = 0;
  struct ms_jx value = input;
  if (path->items[0]->type == MS_JX_N_VARIABLE) {
    value = ms_jx_eval(ev, path->items[0], input, frame);
    step = 1;
  } else if (ev->depth >= ev->max_depth) {
    return ms_jx_fail_depth(ev); /* the steps count as one level */
  }
  while (step < path->count && ms_jx_is_object(value)) {
    value = ms_jx_get(value, path->items[step++]->token);
  }
  if (step == path->count || !ms_jx_is_array(value)) {
    /* With steps to go, a scalar has no members: undefined. An error is handed on. */
    return step == path->count || ms_jx_is_error(value) ? value : MS_JX_VALUE_UNDEFINED;
  }
  size_t base = ev->stack_count;
  bool is_item = step > 0 && (value.flags & MS_JX_CONS) != 0;
  if (is_item ? !walk_item(ev, path, value, step) : !walk_names(ev, path, value, step)) {
    return MS_JX_VALUE_ERROR;
  }
  if (ev->stack_count - base <= 1) {
    return ms_jx_pop_sequence(ev, base); /* one plain array stays as it is */
  }
  return flatten_stack(ev, base) ? ms_jx_pop_list(ev, base, MS_JX_SEQUENCE) : MS_JX_VALUE_ERROR;
}

/* ---- predicates ---- */

static struct ms_jx empty_list(uint8_t flags)
{
  struct ms_jx list = ms_jx_make(MS_JX_LIST);
  list.flags = flags;
  return list;
}

/* `[n]` with a literal number. */
static struct ms_jx pick(struct ms_jx_eval *ev, struct ms_jx index_value, struct ms_jx input,
                         uint8_t flags)
{
  bool is_array = ms_jx_is_array(input);
  double count = is_array ? (double)ms_jx_count(input) : 1;
  double index = floor(ms_jx_number(index_value));
  if (index < 0) {
    index += count;
  }
  if (!(index >= 0 && index < count)) {
    return empty_list(flags);
  }
  struct ms_jx item = is_array ? ms_jx_at(input, (size_t)index) : input;
  if (ms_jx_is_array(item)) {
    return item;
  }
  struct ms_jx list = item.type == MS_JX_UNDEFINED ? empty_list(0) : ms_jx_list(ev, &item, 1);
  list.flags = flags;
  return list;
}

/* Does the predicate's value, being numbers, name this index; -1: it is no number or array of such. */
static int matches_index(struct ms_jx_eval *ev, struct ms_jx value, double index, double count)
{
  bool is_array = ms_jx_is_array(value);
  size_t values = is_array ? ms_jx_count(value) : 1;
  int matches = 0;
  if (is_array && values == 0) {
    return 0;
  }
  for (size_t i = 0; i < values; i++) {
    struct ms_jx number = is_array ? ms_jx_at(value, i) : value;
    if (!ms_jx_is_number(number)) {
      return -1;
    }
    int is_finite = ms_jx_check_number(ev, number);
    if (is_finite <= 0) {
      return is_finite < 0 ? -2 : -1;
    }
    double wanted = floor(ms_jx_number(number));
    if (wanted < 0) {
      wanted += count;
    }
    if (wanted == index) {
      matches++;
    }
  }
  return matches;
}

/* How often the item is to be taken; -1: the evaluation failed. */
static int eval_predicate(struct ms_jx_eval *ev, const struct ms_jx_node *predicate,
                          struct ms_jx item, struct ms_jx_frame *frame, double index, double count)
{
  struct ms_jx_mark mark = ms_jx_mark(ev);
  struct ms_jx context = item;
  if (item.type == MS_JX_TUPLE) {
    context = item.u.tuple->at;
    frame = ms_jx_tuple_frame(ev, frame, item.u.tuple);
    if (frame == NULL) {
      return -1;
    }
  }
  struct ms_jx value = ms_jx_eval(ev, predicate, context, frame);
  if (ms_jx_is_error(value)) {
    return -1;
  }
  int taken;
  if (value.type == MS_JX_BOOL) {
    taken = value.u.boolean;
  } else {
    taken = ms_jx_is_number(value) || ms_jx_is_array(value) ? matches_index(ev, value, index, count)
                                                            : -1;
    if (taken == -1) {
      int truth = ms_jx_truth(ev, value);
      taken = truth == -2 ? -2 : truth == 1;
    }
    if (taken == -2 || (ms_jx_is_array(value) && !ms_jx_spend(ev, ms_jx_count(value)))) {
      return -1;
    }
  }
  if ((predicate->flags & MS_JX_F_BINDS) == 0) {
    ms_jx_rewind(ev, &mark);
  }
  return taken;
}

/* Pushes the items for which the predicate holds. */
static bool push_filtered(struct ms_jx_eval *ev, const struct ms_jx_node *predicate,
                          struct ms_jx input, struct ms_jx_frame *frame)
{
  bool is_array = ms_jx_is_array(input);
  size_t count = is_array ? ms_jx_count(input) : 1;
  for (size_t i = 0; i < count; i++) {
    struct ms_jx item = is_array ? ms_jx_at(input, i) : input;
    int taken = eval_predicate(ev, predicate, item, frame, (double)i, (double)count);
    if (taken < 0) {
      return false;
    }
    for (; taken > 0; taken--) {
      if (!ms_jx_push(ev, item)) {
        return false;
      }
    }
  }
  return true;
}

struct ms_jx ms_jx_eval_filter(struct ms_jx_eval *ev, const struct ms_jx_node *predicate,
                               struct ms_jx input, struct ms_jx_frame *frame)
{
  uint8_t flags = MS_JX_SEQUENCE | (input.flags & MS_JX_TUPLES);
  if (predicate->type == MS_JX_N_LITERAL_NUMBER) {
    return pick(ev, predicate->value, input, flags);
  }
  size_t base = ev->stack_count;
  return push_filtered(ev, predicate, input, frame) ? ms_jx_pop_list(ev, base, flags)
                                                    : MS_JX_VALUE_ERROR;
}

struct ms_jx ms_jx_eval_stages(struct ms_jx_eval *ev, const struct ms_jx_stage *stage,
                               struct ms_jx value, struct ms_jx_frame *frame)
{
  for (; stage != NULL && !ms_jx_is_error(value); stage = stage->next) {
    if (stage->predicate != NULL) {
      value = ms_jx_eval_filter(ev, stage->predicate, value, frame);
    }
  }
  return value;
}

/* ---- steps ---- */

/* What goes from step to step: one item, or the items of an array. */
struct items {
  struct ms_jx value;
  bool is_one;
};

static size_t item_count(struct items items)
{
  return items.is_one ? 1 : ms_jx_count(items.value);
}

static struct ms_jx item_at(struct items items, size_t index)
{
  return items.is_one ? items.value : ms_jx_at(items.value, index);
}

/* As an array value. */
static struct ms_jx item_array(struct ms_jx_eval *ev, struct items items)
{
  if (!items.is_one) {
    return items.value;
  }
  struct ms_jx list = ms_jx_list(ev, &items.value, 1);
  if (!ms_jx_is_error(list)) {
    list.flags = MS_JX_SEQUENCE;
  }
  return list;
}

/* The results of a step, pushed since base, joined. */
static struct items join(struct ms_jx_eval *ev, size_t base, bool is_last)
{
  size_t count = ev->stack_count - base;
  if (count == 1) {
    struct ms_jx only = ev->stack[base];
    bool is_array = ms_jx_is_array(only);
    if (!is_array || (is_last && !ms_jx_is_sequence(only))) {
      ev->stack_count = base;
      return (struct items){only, !is_array};
    }
  }
  if (!flatten_stack(ev, base)) {
    return (struct items){MS_JX_VALUE_ERROR, true};
  }
  return (struct items){ms_jx_pop_list(ev, base, MS_JX_SEQUENCE), false};
}

static struct items eval_sort_step(struct ms_jx_eval *ev, const struct ms_jx_node *step,
                                   struct items input, struct ms_jx_frame *frame)
{
  struct ms_jx array = item_array(ev, input);
  struct ms_jx sorted = ms_jx_is_error(array) ? array : ms_jx_eval_sort(ev, step, array, frame);
  if (!ms_jx_is_error(sorted)) {
    sorted = ms_jx_eval_stages(ev, step->stages, sorted, frame);
  }
  return (struct items){sorted, ms_jx_is_error(sorted)};
}

/*
 * The usual step, a name with one predicate at most, over one item: pushes what it gives. What
 * passes the predicate is pushed flat already; arrays among it would be spread once too often, so
 * these go in a sequence of their own.
 */
static bool push_name_step(struct ms_jx_eval *ev, const struct ms_jx_node *step, struct ms_jx item,
                           struct ms_jx_frame *frame)
{
  struct ms_jx value = ms_jx_lookup_name(ev, item, step->token);
  if (ms_jx_is_error(value)) {
    return false;
  }
  value = unwrap(value);
  if (step->stages == NULL) {
    return value.type == MS_JX_UNDEFINED || ms_jx_push(ev, value);
  }
  size_t base = ev->stack_count;
  if (!push_filtered(ev, step->stages->predicate, value, frame)) {
    return false;
  }
  for (size_t i = base; i < ev->stack_count; i++) {
    if (ms_jx_is_array(ev->stack[i])) {
      struct ms_jx list = ms_jx_pop_list(ev, base, MS_JX_SEQUENCE);
      return !ms_jx_is_error(list) && ms_jx_push(ev, list);
    }
  }
  return true;
}

/* Can push_name_step do it? */
static bool is_name_step(const struct ms_jx_eval *ev, const struct ms_jx_node *step)
{
  const struct ms_jx_stage *stage = step->stages;
  bool is_plain = stage == NULL || (stage->next == NULL && stage->predicate != NULL &&
                                    stage->predicate->type != MS_JX_N_LITERAL_NUMBER &&
                                    (step->flags & MS_JX_F_STEP) != 0);
  return step->type == MS_JX_N_NAME && step->group == NULL && is_plain &&
         (step->flags & MS_JX_F_KEEP) == 0 && ev->depth < ev->max_depth;
}

/* One step over one item: pushes its value after the predicates. */
static bool push_step(struct ms_jx_eval *ev, const struct ms_jx_node *step, struct ms_jx item,
                      struct ms_jx_frame *frame)
{
  struct ms_jx value = ms_jx_eval(ev, step, item, frame);
  if (step->stages != NULL && (step->flags & MS_JX_F_STEP) != 0 && !ms_jx_is_error(value)) {
    value = ms_jx_eval_stages(ev, step->stages, value, frame);
  }
  return !ms_jx_is_error(value) && (value.type == MS_JX_UNDEFINED || ms_jx_push(ev, value));
}

static struct items eval_step(struct ms_jx_eval *ev, const struct ms_jx_node *step,
                              struct items input, struct ms_jx_frame *frame, bool is_last)
{
  if (step->type == MS_JX_N_SORT) {
    return eval_sort_step(ev, step, input, frame);
  }
  size_t base = ev->stack_count;
  size_t count = item_count(input);
  bool is_name = is_name_step(ev, step);
  if (!ms_jx_spend(ev, count)) {
    return (struct items){MS_JX_VALUE_ERROR, true};
  }
  for (size_t i = 0; i < count; i++) {
    struct ms_jx item = item_at(input, i);
    if (is_name ? !push_name_step(ev, step, item, frame) : !push_step(ev, step, item, frame)) {
      return (struct items){MS_JX_VALUE_ERROR, true};
    }
  }
  return join(ev, base, is_last);
}

/*
 * An array constructor at the front of a path is evaluated once, over all items. If a predicate of
 * its own leaves anything but an array, the steps that follow have nothing to go through.
 */
static struct items eval_constructor(struct ms_jx_eval *ev, const struct ms_jx_node *step,
                                     struct items input, struct ms_jx_frame *frame)
{
  struct ms_jx all = item_array(ev, input);
  struct ms_jx value = ms_jx_is_error(all) ? all : ms_jx_eval(ev, step, all, frame);
  if (ms_jx_is_error(value)) {
    return (struct items){value, true};
  }
  return (struct items){ms_jx_is_array(value) ? value : empty_list(MS_JX_SEQUENCE), false};
}

/* `[]` on the path: a single item stays in its array. */
static struct ms_jx keep_array(struct ms_jx_eval *ev, struct items items)
{
  struct ms_jx array = item_array(ev, items);
  if ((array.flags & (MS_JX_CONS | MS_JX_SEQUENCE)) == MS_JX_CONS) {
    array = item_array(ev, (struct items){array, true});
  }
  if (!ms_jx_is_error(array)) {
    array.flags |= MS_JX_KEEP;
  }
  return array;
}

struct ms_jx ms_jx_eval_path(struct ms_jx_eval *ev, const struct ms_jx_node *path,
                             struct ms_jx input, struct ms_jx_frame *frame)
{
  struct items items = {input, !ms_jx_is_array(input) || path->items[0]->type == MS_JX_N_VARIABLE};
  struct ms_jx tuples = MS_JX_VALUE_UNDEFINED;
  bool is_stream = false;
  for (uint32_t i = 0; i < path->count; i++) {
    const struct ms_jx_node *step = path->items[i];
    is_stream = is_stream || (step->flags & MS_JX_F_TUPLE) != 0;
    if (i == 0 && (step->flags & MS_JX_F_CONS) != 0) {
      struct items made = eval_constructor(ev, step, items, frame);
      if (step->focus == 0 || ms_jx_is_error(made.value)) {
        items = made; /* a step that binds the focus does not move on */
      }
    } else if (is_stream) {
      /* A constructor at the front binds no names: the stream begins with the step after it. */
      struct ms_jx from = tuples.type == MS_JX_UNDEFINED ? item_array(ev, items) : tuples;
      tuples = ms_jx_is_error(from) ? from : ms_jx_eval_tuples(ev, step, from, frame);
      if (ms_jx_is_error(tuples)) {
        return tuples;
      }
    } else {
      items = eval_step(ev, step, items, frame, i + 1 == path->count);
    }
    if (ms_jx_is_error(items.value)) {
      return items.value;
    }
    if (!is_stream && item_count(items) == 0) {
      break;
    }
  }
  if (is_stream && tuples.type != MS_JX_UNDEFINED) {
    items.is_one = false;
    items.value = (path->flags & MS_JX_F_TUPLE) != 0 ? tuples : ms_jx_tuple_items(ev, tuples);
  }
  struct ms_jx result = items.value;
  if ((path->flags & MS_JX_F_KEEP_PATH) != 0 && !ms_jx_is_error(result)) {
    result = keep_array(ev, items);
  } else if (items.is_one && ms_jx_is_array(result)) {
    result = item_array(ev, items);
  }
  if (path->group != NULL && !ms_jx_is_error(result)) {
    bool has_tuples = tuples.type != MS_JX_UNDEFINED;
    result = ms_jx_eval_group(ev, path->group, has_tuples ? tuples : result, frame);
  }
  return result;
}
