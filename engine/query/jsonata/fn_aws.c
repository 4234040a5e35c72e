/*
 * What AWS adds to the language: $partition $range $hash $random $uuid $parse. Arguments out of
 * their range give undefined, not an error (as measured there), which then fails the field.
 */

#include "base/digest.h"
#include "base/error.h"
#include "query/jsonata/functions.h"

#define RANGE_MAX 360145 /* elements, as on AWS */

struct ms_jx ms_jx_fn_partition(struct ms_jx_eval *ev, struct ms_jx *args, size_t count)
{
  (void)count;
  size_t items = ms_jx_count(args[0]);
  double wanted = args[1].type == MS_JX_UNDEFINED ? 0 : trunc(ms_jx_number(args[1]));
  if (items == 0 || !(wanted >= 1)) {
    return MS_JX_VALUE_UNDEFINED;
  }
  size_t size = wanted > (double)items ? items : (size_t)wanted;
  struct ms_jx *parts;
  struct ms_jx list = ms_jx_list_new(ev, &parts, (items + size - 1) / size);
  for (size_t i = 0; !ms_jx_is_error(list) && i < list.len; i++) {
    struct ms_jx *part;
    size_t from = i * size;
    size_t part_count = items - from < size ? items - from : size;
    parts[i] = ms_jx_list_new(ev, &part, part_count);
    if (ms_jx_is_error(parts[i])) {
      return parts[i];
    }
    for (size_t j = 0; j < part_count; j++) {
      part[j] = ms_jx_at(args[0], from + j);
    }
  }
  return list;
}

struct ms_jx ms_jx_fn_range(struct ms_jx_eval *ev, struct ms_jx *args, size_t count)
{
  (void)count;
  for (int i = 0; i < 3; i++) {
    if (args[i].type == MS_JX_UNDEFINED) {
      return args[i];
    }
  }
  double first = trunc(ms_jx_number(args[0]));
  double last = trunc(ms_jx_number(args[1]));
  double step = trunc(ms_jx_number(args[2]));
  if (!(step != 0) || !((last - first) / step >= 0)) {
    return MS_JX_VALUE_UNDEFINED;
  }
  double wanted = floor((last - first) / step) + 1;
  if (!(wanted <= RANGE_MAX)) {
    return ms_jx_fail_memory_limit(ev);
  }
  struct ms_jx *items;
  struct ms_jx list = ms_jx_list_new(ev, &items, (size_t)wanted);
  for (size_t i = 0; !ms_jx_is_error(list) && i < list.len; i++) {
    double value = first + (double)i * step;
    items[i] = fabs(value) < 9e15 ? ms_jx_int((int64_t)value) : ms_jx_double(value);
  }
  if (!ms_jx_is_error(list)) {
    list.flags = MS_JX_SEQUENCE; /* one number comes out alone */
  }
  return list;
}

struct ms_jx ms_jx_fn_hash(struct ms_jx_eval *ev, struct ms_jx *args, size_t count)
{
  (void)count;
  char hex[MS_DIGEST_HEX_SIZE];
  if (args[0].type == MS_JX_UNDEFINED || args[1].type == MS_JX_UNDEFINED) {
    return MS_JX_VALUE_UNDEFINED;
  }
  int code = ms_digest_hex(hex, ms_jx_text(args[1]), ms_jx_text(args[0]));
  if (code != 0) {
    return code == MSTEP_ENOMEM ? ms_jx_fail_nomem(ev) : MS_JX_VALUE_UNDEFINED;
  }
  return ms_jx_spend(ev, ms_jx_text(args[0]).len / 16) ? ms_jx_copy_text(ev, ms_str_c(hex))
                                                       : MS_JX_VALUE_ERROR;
}

struct ms_jx ms_jx_fn_random(struct ms_jx_eval *ev, struct ms_jx *args, size_t count)
{
  (void)count;
  if (args[0].type == MS_JX_UNDEFINED) {
    return ms_jx_double(ms_random_double(ev->env->random));
  }
  double seed = trunc(ms_jx_number(args[0]));
  struct ms_java_random random;
  int64_t whole = !(fabs(seed) < 9.2e18) ? (seed > 0 ? INT64_MAX : INT64_MIN) : (int64_t)seed;
  ms_java_random_seed(&random, args[0].type == MS_JX_INT ? args[0].u.integer : whole);
  return ms_jx_double(ms_java_random_double(&random));
}

struct ms_jx ms_jx_fn_uuid(struct ms_jx_eval *ev, struct ms_jx *args, size_t count)
{
  char text[37];
  (void)args;
  (void)count;
  ms_random_uuid(ev->env->random, text);
  return ms_jx_copy_text(ev, ms_str_c(text));
}

struct ms_jx ms_jx_fn_parse(struct ms_jx_eval *ev, struct ms_jx *args, size_t count)
{
  (void)count;
  if (args[0].type == MS_JX_UNDEFINED) {
    return args[0];
  }
  struct ms_str text = ms_jx_text(args[0]);
  struct ms_json value;
  ev->bytes += text.len * 4; /* about what the tree takes; let go with the evaluation */
  if (ev->bytes > ev->max_bytes || !ms_jx_spend(ev, text.len / 16)) {
    return ms_jx_fail_memory_limit(ev);
  }
  int code = ms_json_parse(&value, text, NULL, NULL);
  if (code == MSTEP_ENOMEM) {
    return ms_jx_fail_nomem(ev);
  }
  if (code != 0) {
    struct ms_jx detail = ms_jx_copy_text(ev, ms_str_c(ms_error_detail()));
    ms_jx_fail_text(ev, "Unable to parse the argument of $parse: {{{value}}}");
    ev->error.value = detail;
    return MS_JX_VALUE_ERROR;
  }
  return ms_jx_own(ev, value) ? ms_jx_from_json(value) : MS_JX_VALUE_ERROR;
}
