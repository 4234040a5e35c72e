/* Functions of arrays and sequences. */
#include "base/hash.h"
#include "query/jsonata/eval_sort.h"
#include "query/jsonata/functions.h"

struct ms_jx ms_jx_fn_append(struct ms_jx_eval *ev, struct ms_jx *args, size_t count)
{
  (void)count;
  return ms_jx_append(ev, args[0], args[1]);
}

struct ms_jx ms_jx_fn_reverse(struct ms_jx_eval *ev, struct ms_jx *args, size_t count)
{
  (void)count;
  size_t items = ms_jx_count(args[0]);
  if (items <= 1) {
    return args[0];
  }
  struct ms_jx *out;
  struct ms_jx list = ms_jx_list_new(ev, &out, items);
  for (size_t i = 0; !ms_jx_is_error(list) && i < items; i++) {
    out[items - 1 - i] = ms_jx_at(args[0], i);
  }
  return list;
}

struct ms_jx ms_jx_fn_shuffle(struct ms_jx_eval *ev, struct ms_jx *args, size_t count)
{
  (void)count;
  size_t items = ms_jx_count(args[0]);
  if (items <= 1) {
    return args[0];
  }
  struct ms_jx *out;
  struct ms_jx list = ms_jx_list_new(ev, &out, items);
  for (size_t i = 0; !ms_jx_is_error(list) && i < items; i++) {
    size_t j = (size_t)ms_random_below(ev->env->random, i + 1);
    out[i] = i == j ? MS_JX_VALUE_UNDEFINED : out[j];
    out[j] = ms_jx_at(args[0], i);
  }
  return list;
}

/* ---- $distinct ---- */

/* Scalars that are equal hash alike; everything else falls into one of few classes. */
static uint64_t quick_hash(struct ms_jx value)
{
  if (ms_jx_is_string(value)) {
    return ms_hash(ms_jx_text(value), ms_hash_process_seed());
  }
  if (ms_jx_is_number(value)) {
    double number = ms_jx_number(value);
    number = number == 0 ? 0 : number;
    return ms_hash((struct ms_str){(const char *)&number, sizeof number}, ms_hash_process_seed());
  }
  size_t size = ms_jx_is_array(value) ? ms_jx_count(value) : ms_jx_member_count(value);
  return ms_hash_mix((uint64_t)ms_jx_type_letter(value),
                     size + (value.type == MS_JX_BOOL ? value.u.boolean : 0));
}

struct ms_jx ms_jx_fn_distinct(struct ms_jx_eval *ev, struct ms_jx *args, size_t count)
{
  (void)count;
  size_t items = ms_jx_count(args[0]);
  if (!ms_jx_is_array(args[0]) || items <= 1) {
    return args[0];
  }
  uint32_t size = 4;
  while (size < items * 2) {
    size *= 2;
  }
  size_t base = ev->stack_count;
  uint32_t *index = ms_jx_alloc(ev, size * sizeof *index);
  if (index == NULL || !ms_jx_spend(ev, items)) {
    return MS_JX_VALUE_ERROR;
  }
  memset(index, 0, size * sizeof *index);
  for (size_t i = 0; i < items; i++) {
    struct ms_jx item = ms_jx_at(args[0], i);
    uint32_t slot = (uint32_t)quick_hash(item) & (size - 1);
    while (index[slot] != 0 && !ms_jx_equal(ev, ev->stack[base + index[slot] - 1], item)) {
      slot = (slot + 1) & (size - 1);
    }
    if (ev->code != 0) {
      return MS_JX_VALUE_ERROR;
    }
    if (index[slot] == 0) {
      if (!ms_jx_push(ev, item)) {
        return MS_JX_VALUE_ERROR;
      }
      index[slot] = (uint32_t)(ev->stack_count - base);
    }
  }
  return ms_jx_pop_list(ev, base, args[0].flags & MS_JX_SEQUENCE);
}

/* ---- $zip ---- */

struct ms_jx ms_jx_fn_zip(struct ms_jx_eval *ev, struct ms_jx *args, size_t count)
{
  size_t shortest = count == 0 ? 0 : SIZE_MAX;
  for (size_t i = 0; i < count; i++) {
    size_t items = ms_jx_count(args[i]); /* undefined counts as empty */
    shortest = items < shortest ? items : shortest;
  }
  struct ms_jx *rows;
  struct ms_jx list = ms_jx_list_new(ev, &rows, shortest);
  for (size_t i = 0; !ms_jx_is_error(list) && i < shortest; i++) {
    struct ms_jx *row;
    rows[i] = ms_jx_list_new(ev, &row, count);
    if (ms_jx_is_error(rows[i])) {
      return rows[i];
    }
    for (size_t j = 0; j < count; j++) {
      row[j] = ms_jx_at(args[j], i);
    }
  }
  return list;
}

/* ---- $sort ---- */

struct function_sorter {
  struct ms_jx_sorter sorter; /* first */
  struct ms_jx array;
  struct ms_jx function;
};

static int values_behind(struct ms_jx_sorter *s, uint32_t left, uint32_t right)
{
  struct function_sorter *f = (struct function_sorter *)s;
  return ms_jx_compare(ms_jx_at(f->array, left), ms_jx_at(f->array, right)) > 0;
}

static int function_behind(struct ms_jx_sorter *s, uint32_t left, uint32_t right)
{
  struct function_sorter *f = (struct function_sorter *)s;
  struct ms_jx pair[2] = {ms_jx_at(f->array, left), ms_jx_at(f->array, right)};
  struct ms_jx value = ms_jx_call(s->ev, f->function, pair, 2, MS_JX_NO_CONTEXT);
  if (ms_jx_is_error(value)) {
    return -1;
  }
  /* The comparator's answer is taken as ECMAScript takes it: any array or object is true. */
  return ms_jx_is_array(value) || ms_jx_is_object(value) || ms_jx_is_function(value) ||
         ms_jx_truth(s->ev, value) == 1;
}

static bool are_all(struct ms_jx array, char letter)
{
  size_t items = ms_jx_count(array);
  for (size_t i = 0; i < items; i++) {
    if (ms_jx_type_letter(ms_jx_at(array, i)) != letter) {
      return false;
    }
  }
  return true;
}

struct ms_jx ms_jx_fn_sort(struct ms_jx_eval *ev, struct ms_jx *args, size_t count)
{
  (void)count;
  if (ms_jx_count(args[0]) <= 1) {
    return args[0];
  }
  struct function_sorter f = {{ev, function_behind}, args[0], args[1]};
  if (args[1].type == MS_JX_UNDEFINED) {
    if (!are_all(args[0], 'n') && !are_all(args[0], 's')) {
      return ms_jx_fail_arg(ev, "D3070", args[0], 1);
    }
    f.sorter.is_behind = values_behind;
  }
  return ms_jx_sort(&f.sorter, args[0]);
}
