/* The States.Array family; States.ArrayUnique is in unique.c. */
#include "base/error.h"
#include "query/intrinsics/call.h"

#define RANGE_MAX 1000

int ms_call_array(struct ms_json *out, struct ms_call_run *run, const struct ms_json *args,
                  size_t count)
{
  (void)run;
  struct ms_json list = ms_json_array(count);
  int err = ms_json_is_none(list) ? ms_error_nomem() : 0;
  for (size_t i = 0; i < count && err == 0; i++) {
    err = ms_json_push(&list, ms_json_ref(args[i]));
  }
  if (err != 0) {
    ms_json_unref(list);
    return err;
  }
  *out = list;
  return 0;
}

/* Items [from, to) as an array of their own; NONE when out of memory. */
static struct ms_json chunk(struct ms_json array, size_t from, size_t to)
{
  struct ms_json list = ms_json_array(to - from);
  for (size_t i = from; i < to && !ms_json_is_none(list); i++) {
    if (ms_json_push(&list, ms_json_ref(ms_json_at(array, i))) != 0) {
      ms_json_unref(list);
      return MS_JSON_VALUE_NONE;
    }
  }
  return list;
}

int ms_call_array_partition(struct ms_json *out, struct ms_call_run *run,
                            const struct ms_json *args, size_t count)
{
  int64_t size;
  (void)count;
  if (!ms_json_is_array(args[0]) || !ms_call_to_int(&size, args[1]) || size < 1) {
    return ms_call_invalid(run);
  }
  size_t length = ms_json_count(args[0]);
  size_t step = (uint64_t)size < length ? (size_t)size : length;
  struct ms_json list = ms_json_array(length == 0 ? 0 : (length + step - 1) / step);
  int err = ms_json_is_none(list) ? ms_error_nomem() : 0;
  for (size_t from = 0; from < length && err == 0; from += step) {
    size_t to = length - from < step ? length : from + step;
    err = ms_json_push(&list, chunk(args[0], from, to));
  }
  if (err != 0) {
    ms_json_unref(list);
    return err;
  }
  *out = list;
  return 0;
}

int ms_call_array_contains(struct ms_json *out, struct ms_call_run *run, const struct ms_json *args,
                           size_t count)
{
  (void)count;
  if (!ms_json_is_array(args[0])) {
    return ms_call_invalid(run);
  }
  bool is_found = false;
  for (size_t i = 0; i < ms_json_count(args[0]) && !is_found; i++) {
    is_found = ms_json_equal(ms_json_at(args[0], i), args[1]);
  }
  *out = ms_json_bool(is_found);
  return 0;
}

/* How many items first, first + step ... has up to last, last included; RANGE_MAX + 1 for too many. */
static uint64_t range_count(int64_t first, int64_t last, int64_t step)
{
  if (first == last) {
    return 1;
  }
  if ((first < last) != (step > 0)) {
    return 0;
  }
  uint64_t distance =
      step > 0 ? (uint64_t)last - (uint64_t)first : (uint64_t)first - (uint64_t)last;
  uint64_t width = step > 0 ? (uint64_t)step : 0 - (uint64_t)step;
  return distance / width < RANGE_MAX ? distance / width + 1 : RANGE_MAX + 1;
}

int ms_call_array_range(struct ms_json *out, struct ms_call_run *run, const struct ms_json *args,
                        size_t count)
{
  int64_t first;
  int64_t last;
  int64_t step;
  (void)count;
  if (!ms_call_to_int(&first, args[0]) || !ms_call_to_int(&last, args[1]) ||
      !ms_call_to_int(&step, args[2]) || step == 0) {
    return ms_call_invalid(run);
  }
  uint64_t items = range_count(first, last, step);
  if (items > RANGE_MAX) {
    return ms_call_invalid(run);
  }
  struct ms_json list = ms_json_array((size_t)items);
  int err = ms_json_is_none(list) ? ms_error_nomem() : 0;
  for (uint64_t i = 0; i < items && err == 0; i++) {
    err = ms_json_push(&list, ms_json_int((int64_t)((uint64_t)first + i * (uint64_t)step)));
  }
  if (err != 0) {
    ms_json_unref(list);
    return err;
  }
  *out = list;
  return 0;
}

/* An index past the end is refused, but any index into an empty array gives null. */
int ms_call_array_get_item(struct ms_json *out, struct ms_call_run *run, const struct ms_json *args,
                           size_t count)
{
  int64_t index;
  (void)count;
  if (!ms_json_is_array(args[0]) || !ms_call_to_int(&index, args[1])) {
    return ms_call_invalid(run);
  }
  size_t length = ms_json_count(args[0]);
  if (length == 0) {
    *out = MS_JSON_VALUE_NULL;
    return 0;
  }
  if (index < 0 || (uint64_t)index >= length) {
    return ms_call_invalid(run);
  }
  *out = ms_json_ref(ms_json_at(args[0], (size_t)index));
  return 0;
}

int ms_call_array_length(struct ms_json *out, struct ms_call_run *run, const struct ms_json *args,
                         size_t count)
{
  (void)count;
  if (!ms_json_is_array(args[0])) {
    return ms_call_invalid(run);
  }
  *out = ms_json_int((int64_t)ms_json_count(args[0]));
  return 0;
}
