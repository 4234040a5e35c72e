/* Functions of objects and of values in general: $keys, $lookup, $merge, $boolean, $type, $error ... */
#include "query/jsonata/functions.h"

/* ---- $keys, $lookup, $spread, $merge ---- */

static bool add_keys(struct ms_jx_eval *ev, struct ms_jx seen, struct ms_jx value, unsigned depth)
{
  if (depth > MS_JSON_DEPTH_MAX) {
    ms_jx_fail_depth(ev);
    return false;
  }
  size_t items = ms_jx_count(value);
  for (size_t i = 0; i < items; i++) {
    if (!add_keys(ev, seen, ms_jx_at(value, i), depth + 1)) {
      return false;
    }
  }
  size_t members = ms_jx_member_count(value);
  for (size_t i = 0; i < members; i++) {
    if (!ms_jx_dict_set(ev, seen, ms_jx_member_key(value, i), ms_jx_make(MS_JX_NULL))) {
      return false;
    }
  }
  return ms_jx_spend(ev, members + 1);
}

struct ms_jx ms_jx_fn_keys(struct ms_jx_eval *ev, struct ms_jx *args, size_t count)
{
  (void)count;
  size_t base = ev->stack_count;
  struct ms_jx seen = args[0];
  if (ms_jx_is_array(args[0])) {
    seen = ms_jx_dict(ev, 0);
    if (ms_jx_is_error(seen) || !add_keys(ev, seen, args[0], 0)) {
      return MS_JX_VALUE_ERROR;
    }
  }
  size_t members = ms_jx_member_count(seen);
  for (size_t i = 0; i < members; i++) {
    if (!ms_jx_push(ev, ms_jx_member_key(seen, i))) {
      return MS_JX_VALUE_ERROR;
    }
  }
  return ms_jx_pop_list(ev, base, MS_JX_SEQUENCE);
}

struct ms_jx ms_jx_fn_lookup(struct ms_jx_eval *ev, struct ms_jx *args, size_t count)
{
  (void)count;
  return ms_jx_lookup_name(ev, args[0], ms_jx_text(args[1]));
}

static bool push_spread(struct ms_jx_eval *ev, struct ms_jx value, unsigned depth)
{
  if (depth > MS_JSON_DEPTH_MAX) {
    ms_jx_fail_depth(ev);
    return false;
  }
  if (ms_jx_is_array(value)) {
    size_t items = ms_jx_count(value);
    for (size_t i = 0; i < items; i++) {
      if (!push_spread(ev, ms_jx_at(value, i), depth + 1)) {
        return false;
      }
    }
    return ms_jx_spend(ev, items + 1);
  }
  if (!ms_jx_is_object(value)) {
    return ms_jx_push(ev, value);
  }
  size_t members = ms_jx_member_count(value);
  for (size_t i = 0; i < members; i++) {
    struct ms_jx one = ms_jx_dict(ev, 1);
    if (ms_jx_is_error(one) ||
        !ms_jx_dict_set(ev, one, ms_jx_member_key(value, i), ms_jx_member_value(value, i)) ||
        !ms_jx_push(ev, one)) {
      return false;
    }
  }
  return ms_jx_spend(ev, members);
}

struct ms_jx ms_jx_fn_spread(struct ms_jx_eval *ev, struct ms_jx *args, size_t count)
{
  (void)count;
  if (!ms_jx_is_array(args[0]) && !ms_jx_is_object(args[0])) {
    return ms_jx_is_function(args[0]) ? MS_JX_LITERAL("") : args[0];
  }
  size_t base = ev->stack_count;
  bool is_plain =
      ms_jx_is_array(args[0]) && ms_jx_count(args[0]) > 0; /* appended to: no sequence */
  return push_spread(ev, args[0], 0) ? ms_jx_pop_list(ev, base, is_plain ? 0 : MS_JX_SEQUENCE)
                                     : MS_JX_VALUE_ERROR;
}

struct ms_jx ms_jx_fn_merge(struct ms_jx_eval *ev, struct ms_jx *args, size_t count)
{
  (void)count;
  if (args[0].type == MS_JX_UNDEFINED) {
    return args[0];
  }
  size_t items = ms_jx_count(args[0]);
  size_t total = 0;
  for (size_t i = 0; i < items; i++) {
    total += ms_jx_member_count(ms_jx_at(args[0], i));
  }
  struct ms_jx result =
      ms_jx_spend(ev, items + total) ? ms_jx_dict(ev, items == 1 ? total : 0) : MS_JX_VALUE_ERROR;
  for (size_t i = 0; !ms_jx_is_error(result) && i < items; i++) {
    struct ms_jx object = ms_jx_at(args[0], i);
    size_t members = ms_jx_member_count(object);
    for (size_t j = 0; j < members; j++) {
      if (!ms_jx_dict_set(ev, result, ms_jx_member_key(object, j), ms_jx_member_value(object, j))) {
        return MS_JX_VALUE_ERROR;
      }
    }
  }
  return result;
}

/* ---- values in general ---- */

struct ms_jx ms_jx_fn_boolean(struct ms_jx_eval *ev, struct ms_jx *args, size_t count)
{
  (void)count;
  int truth = ms_jx_truth(ev, args[0]);
  return truth == -2 ? MS_JX_VALUE_ERROR
                     : (truth == -1 ? MS_JX_VALUE_UNDEFINED : ms_jx_bool(truth == 1));
}

struct ms_jx ms_jx_fn_not(struct ms_jx_eval *ev, struct ms_jx *args, size_t count)
{
  (void)count;
  int truth = ms_jx_truth(ev, args[0]);
  return truth == -2 ? MS_JX_VALUE_ERROR
                     : (truth == -1 ? MS_JX_VALUE_UNDEFINED : ms_jx_bool(truth != 1));
}

struct ms_jx ms_jx_fn_exists(struct ms_jx_eval *ev, struct ms_jx *args, size_t count)
{
  (void)ev;
  (void)count;
  return ms_jx_bool(args[0].type != MS_JX_UNDEFINED);
}

struct ms_jx ms_jx_fn_type(struct ms_jx_eval *ev, struct ms_jx *args, size_t count)
{
  (void)ev;
  (void)count;
  switch (ms_jx_type_letter(args[0])) {
  case 'l':
    return MS_JX_LITERAL("null");
  case 'n':
    return MS_JX_LITERAL("number");
  case 's':
    return MS_JX_LITERAL("string");
  case 'b':
    return MS_JX_LITERAL("boolean");
  case 'a':
    return MS_JX_LITERAL("array");
  case 'f':
    return MS_JX_LITERAL("function");
  case 'o':
    return MS_JX_LITERAL("object");
  default:
    return MS_JX_VALUE_UNDEFINED;
  }
}

struct ms_jx ms_jx_fn_error(struct ms_jx_eval *ev, struct ms_jx *args, size_t count)
{
  (void)count;
  bool is_empty = ms_jx_text(args[0]).len == 0;
  return ms_jx_fail_value(ev, "D3137",
                          is_empty ? MS_JX_LITERAL("$error() function evaluated") : args[0]);
}

struct ms_jx ms_jx_fn_assert(struct ms_jx_eval *ev, struct ms_jx *args, size_t count)
{
  (void)count;
  if (args[0].type == MS_JX_BOOL && args[0].u.boolean) {
    return MS_JX_VALUE_UNDEFINED;
  }
  bool is_empty = ms_jx_text(args[1]).len == 0;
  return ms_jx_fail_value(ev, "D3141",
                          is_empty ? MS_JX_LITERAL("$assert() statement failed") : args[1]);
}
