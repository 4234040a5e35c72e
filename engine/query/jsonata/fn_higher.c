/* Higher-order functions: $map, $filter, $single, $reduce, $each, $sift. */
#include "query/jsonata/compact.h"
#include "query/jsonata/functions.h"

struct ms_jx ms_jx_fn_map(struct ms_jx_eval *ev, struct ms_jx *args, size_t count)
{
  (void)count;
  if (args[0].type == MS_JX_UNDEFINED) {
    return args[0];
  }
  size_t base = ev->stack_count;
  size_t items = ms_jx_count(args[0]);
  for (size_t i = 0; i < items; i++) {
    struct ms_jx value = ms_jx_spend(ev, 1) ? ms_jx_call_with(ev, args[1], ms_jx_at(args[0], i),
                                                              ms_jx_int((int64_t)i), args[0])
                                            : MS_JX_VALUE_ERROR;
    if (ms_jx_is_error(value) || (value.type != MS_JX_UNDEFINED && !ms_jx_push(ev, value))) {
      return MS_JX_VALUE_ERROR;
    }
  }
  return ms_jx_pop_list(ev, base, MS_JX_SEQUENCE);
}

/* What the predicate says of an item: 0, 1, or -1 when the evaluation failed. */
static int test(struct ms_jx_eval *ev, struct ms_jx function, struct ms_jx a, struct ms_jx b,
                struct ms_jx c)
{
  struct ms_jx value =
      ms_jx_spend(ev, 1) ? ms_jx_call_with(ev, function, a, b, c) : MS_JX_VALUE_ERROR;
  int truth = ms_jx_is_error(value) ? -2 : ms_jx_truth(ev, value);
  return truth == -2 ? -1 : truth == 1;
}

struct ms_jx ms_jx_fn_filter(struct ms_jx_eval *ev, struct ms_jx *args, size_t count)
{
  (void)count;
  if (args[0].type == MS_JX_UNDEFINED) {
    return args[0];
  }
  size_t base = ev->stack_count;
  size_t items = ms_jx_count(args[0]);
  for (size_t i = 0; i < items; i++) {
    struct ms_jx item = ms_jx_at(args[0], i);
    int taken = test(ev, args[1], item, ms_jx_int((int64_t)i), args[0]);
    if (taken < 0 || (taken > 0 && !ms_jx_push(ev, item))) {
      return MS_JX_VALUE_ERROR;
    }
  }
  return ms_jx_pop_list(ev, base, MS_JX_SEQUENCE);
}

struct ms_jx ms_jx_fn_single(struct ms_jx_eval *ev, struct ms_jx *args, size_t count)
{
  (void)count;
  if (args[0].type == MS_JX_UNDEFINED) {
    return args[0];
  }
  struct ms_jx found = MS_JX_VALUE_UNDEFINED;
  bool has_found = false;
  size_t items = ms_jx_count(args[0]);
  for (size_t i = 0; i < items; i++) {
    struct ms_jx item = ms_jx_at(args[0], i);
    int taken = args[1].type == MS_JX_UNDEFINED
                    ? 1
                    : test(ev, args[1], item, ms_jx_int((int64_t)i), args[0]);
    if (taken < 0) {
      return MS_JX_VALUE_ERROR;
    }
    if (taken > 0) {
      if (has_found) {
        return ms_jx_fail_arg(ev, "D3138", MS_JX_VALUE_UNDEFINED, (uint32_t)i);
      }
      found = item;
      has_found = true;
    }
  }
  return has_found ? found : ms_jx_fail(ev, "D3139");
}

struct ms_jx ms_jx_fn_reduce(struct ms_jx_eval *ev, struct ms_jx *args, size_t count)
{
  (void)count;
  if (args[0].type == MS_JX_UNDEFINED) {
    return args[0];
  }
  size_t arity = ms_jx_arity(args[1]);
  if (arity < 2) {
    return ms_jx_fail_arg(ev, "D3050", MS_JX_VALUE_UNDEFINED, 1);
  }
  size_t items = ms_jx_count(args[0]);
  size_t at = 0;
  struct ms_jx result = args[2];
  if (result.type == MS_JX_UNDEFINED && items > 0) {
    result = ms_jx_at(args[0], at++);
  }
  struct ms_jx_carrier carrier = {NULL, 0};
  struct ms_jx_mark mark = ms_jx_mark(ev);
  for (; at < items && !ms_jx_is_error(result); at++) {
    struct ms_jx call[4] = {result, ms_jx_at(args[0], at), ms_jx_int((int64_t)at), args[0]};
    result = ms_jx_spend(ev, 1)
                 ? ms_jx_call(ev, args[1], call, arity > 4 ? 4 : arity, MS_JX_NO_CONTEXT)
                 : MS_JX_VALUE_ERROR;
    if (!ms_jx_is_error(result) && !ms_jx_carry(ev, &carrier, &mark, &result, 1)) {
      result = MS_JX_VALUE_ERROR;
    }
  }
  ms_jx_carrier_end(ev, &carrier, !ms_jx_is_stable(result));
  return result;
}

struct ms_jx ms_jx_fn_each(struct ms_jx_eval *ev, struct ms_jx *args, size_t count)
{
  (void)count;
  size_t base = ev->stack_count;
  size_t members = ms_jx_member_count(args[0]);
  for (size_t i = 0; i < members; i++) {
    struct ms_jx value = ms_jx_spend(ev, 1)
                             ? ms_jx_call_with(ev, args[1], ms_jx_member_value(args[0], i),
                                               ms_jx_member_key(args[0], i), args[0])
                             : MS_JX_VALUE_ERROR;
    if (ms_jx_is_error(value) || (value.type != MS_JX_UNDEFINED && !ms_jx_push(ev, value))) {
      return MS_JX_VALUE_ERROR;
    }
  }
  return ms_jx_pop_list(ev, base, MS_JX_SEQUENCE);
}

struct ms_jx ms_jx_fn_sift(struct ms_jx_eval *ev, struct ms_jx *args, size_t count)
{
  (void)count;
  /* `$sift(f)`: the object is the context. */
  struct ms_jx result = ms_jx_dict(ev, 0);
  size_t members = ms_jx_member_count(args[0]);
  for (size_t i = 0; !ms_jx_is_error(result) && i < members; i++) {
    struct ms_jx key = ms_jx_member_key(args[0], i);
    struct ms_jx value = ms_jx_member_value(args[0], i);
    int taken = test(ev, args[1], value, key, args[0]);
    if (taken < 0 || (taken > 0 && !ms_jx_dict_set(ev, result, key, value))) {
      return MS_JX_VALUE_ERROR;
    }
  }
  if (!ms_jx_is_error(result) && ms_jx_member_count(result) == 0) {
    return MS_JX_VALUE_UNDEFINED;
  }
  return result;
}
