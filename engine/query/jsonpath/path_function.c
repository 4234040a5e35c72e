/*
 * The functions that may end a path. To add one: a C function of the type below and a row in
 * functions.def. Arguments are evaluated here, against the root of the whole path.
 */
#include <math.h>

#include "base/error.h"
#include "query/jsonpath/path.h"

#define TEXT_MAX_BYTES ((size_t)16 << 20)
#define NO_NUMBERS "Aggregation function attempted to calculate value using empty array"

struct invocation {
  struct ms_path_run *run;
  struct ms_json node;      /* what the path before the function names */
  struct ms_json arguments; /* array */
};

typedef int (*path_function)(struct ms_json *out, struct invocation *call);

struct ms_path_function {
  const char *name;
  path_function call;
};

/* ---- numbers ---- */

struct summary {
  size_t count;
  double sum, square, min, max;
};

static void add_number(struct summary *s, struct ms_json value)
{
  if (!ms_json_is_number(value)) {
    return;
  }
  double number = ms_json_number(value);
  s->min = s->count == 0 || number < s->min ? number : s->min;
  s->max = s->count == 0 || number > s->max ? number : s->max;
  s->sum += number;
  s->square += number * number;
  s->count++;
}

static void add_numbers(struct summary *s, struct ms_json array)
{
  size_t count = ms_json_is_array(array) ? ms_json_count(array) : 0;
  for (size_t i = 0; i < count; i++) {
    add_number(s, ms_json_at(array, i));
  }
}

/* The numbers among the node's items, the arguments and the items of arguments. */
static int summarize(struct summary *s, struct invocation *call)
{
  memset(s, 0, sizeof *s);
  add_numbers(s, call->node);
  add_numbers(s, call->arguments);
  for (size_t i = 0; i < ms_json_count(call->arguments); i++) {
    add_numbers(s, ms_json_at(call->arguments, i));
  }
  return s->count > 0 ? 0 : ms_path_run_fail(call->run, MS_MISS_FUNCTION, NO_NUMBERS);
}

static int give_double(struct ms_json *out, double value)
{
  *out = isfinite(value) ? ms_json_double(value) : MS_JSON_VALUE_NULL;
  return 0;
}

static int call_min(struct ms_json *out, struct invocation *call)
{
  struct summary s;
  int err = summarize(&s, call);
  return err == 0 ? give_double(out, s.min) : err;
}

static int call_max(struct ms_json *out, struct invocation *call)
{
  struct summary s;
  int err = summarize(&s, call);
  return err == 0 ? give_double(out, s.max) : err;
}

static int call_sum(struct ms_json *out, struct invocation *call)
{
  struct summary s;
  int err = summarize(&s, call);
  return err == 0 ? give_double(out, s.sum) : err;
}

static int call_avg(struct ms_json *out, struct invocation *call)
{
  struct summary s;
  int err = summarize(&s, call);
  return err == 0 ? give_double(out, s.sum / (double)s.count) : err;
}

static int call_stddev(struct ms_json *out, struct invocation *call)
{
  struct summary s;
  int err = summarize(&s, call);
  if (err != 0) {
    return err;
  }
  double mean = s.sum / (double)s.count;
  double variance = s.square / (double)s.count - mean * mean;
  return give_double(out, sqrt(variance > 0 ? variance : 0));
}

/* ---- shape ---- */

static int call_length(struct ms_json *out, struct invocation *call)
{
  struct ms_json value = call->node;
  if (ms_json_count(call->arguments) > 0) {
    value = ms_json_at(call->arguments, 0);
  }
  bool has_length = ms_json_is_array(value) || ms_json_is_object(value);
  *out = has_length ? ms_json_int((int64_t)ms_json_count(value)) : MS_JSON_VALUE_NULL;
  return 0;
}

static int call_keys(struct ms_json *out, struct invocation *call)
{
  if (!ms_json_is_object(call->node)) {
    *out = MS_JSON_VALUE_NULL;
    return 0;
  }
  size_t count = ms_json_count(call->node);
  struct ms_json keys = ms_json_array(count);
  int err = ms_json_is_none(keys) ? ms_error_nomem() : 0;
  for (size_t i = 0; i < count && err == 0; i++) {
    err = ms_json_push(&keys, ms_json_ref(ms_json_key_value(call->node, i)));
  }
  if (err != 0) {
    ms_json_unref(keys);
    return err;
  }
  *out = keys;
  return 0;
}

/* ---- text and lists ---- */

static void concat_strings(struct ms_buf *text, struct ms_json array)
{
  size_t count = ms_json_is_array(array) ? ms_json_count(array) : 0;
  for (size_t i = 0; i < count; i++) {
    struct ms_json item = ms_json_at(array, i);
    if (ms_json_is_string(item)) {
      ms_buf_str(text, ms_json_text(item));
    }
  }
}

static int call_concat(struct ms_json *out, struct invocation *call)
{
  struct ms_buf text;
  ms_buf_init(&text, TEXT_MAX_BYTES);
  concat_strings(&text, call->node);
  for (size_t i = 0; i < ms_json_count(call->arguments); i++) {
    struct ms_json argument = ms_json_at(call->arguments, i);
    if (ms_json_is_string(argument)) {
      ms_buf_str(&text, ms_json_text(argument));
    } else {
      concat_strings(&text, argument);
    }
  }
  int err = text.error;
  if (err == 0) {
    *out = ms_json_string(ms_buf_view(&text));
  }
  ms_buf_deinit(&text);
  if (err == MSTEP_ETOOBIG) {
    return ms_path_run_fail(call->run, MS_MISS_LIMIT, "The result of concat() is too long");
  }
  return err;
}

static int call_append(struct ms_json *out, struct invocation *call)
{
  struct ms_json list = ms_json_ref(call->node);
  int err = 0;
  for (size_t i = 0; ms_json_is_array(list) && i < ms_json_count(call->arguments) && err == 0;
       i++) {
    err = ms_json_push(&list, ms_json_ref(ms_json_at(call->arguments, i)));
  }
  if (err != 0) {
    ms_json_unref(list);
    return err;
  }
  *out = list;
  return 0;
}

static int give_item(struct ms_json *out, struct invocation *call, int64_t index)
{
  int64_t count = (int64_t)ms_json_count(call->node);
  if (!ms_json_is_array(call->node)) {
    return ms_path_run_fail(call->run, MS_MISS_FUNCTION, NO_NUMBERS);
  }
  index = index < 0 ? index + count : index;
  if (index < 0 || index >= count) {
    return ms_path_run_fail(call->run, MS_MISS_FUNCTION, "Target index larger than object count");
  }
  *out = ms_json_ref(ms_json_at(call->node, (size_t)index));
  return 0;
}

static int call_first(struct ms_json *out, struct invocation *call)
{
  return give_item(out, call, 0);
}

static int call_last(struct ms_json *out, struct invocation *call)
{
  return give_item(out, call, -1);
}

static int call_index(struct ms_json *out, struct invocation *call)
{
  int64_t index;
  if (!ms_json_to_int(&index, ms_json_at(call->arguments, 0)) || index < INT32_MIN) {
    return ms_path_run_fail(call->run, MS_MISS_FUNCTION, "index() takes a number");
  }
  return give_item(out, call, index);
}

/* ---- the door ---- */

static const struct ms_path_function functions[] = {
#define MS_PATH_FUNCTION(name, function) {name, function},
#include "query/jsonpath/functions.def"
#undef MS_PATH_FUNCTION
};

const struct ms_path_function *ms_path_function_find(struct ms_str name)
{
  for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++) {
    if (ms_str_is(name, functions[i].name)) {
      return &functions[i];
    }
  }
  return NULL;
}

const char *ms_path_function_name(const struct ms_path_function *function)
{
  return function->name;
}

static int eval_argument(struct ms_json *list, const struct ms_path_argument *argument,
                         struct ms_path_run *run)
{
  struct ms_json value = MS_JSON_VALUE_NONE;
  if (argument->path == NULL) {
    value = ms_json_ref(argument->value);
  } else {
    int err = ms_path_run_eval(&value, argument->path, run, run->document, false);
    if (err != 0) {
      return err;
    }
  }
  return ms_json_push(list, value);
}

int ms_path_function_call(struct ms_json *out, const struct ms_path_call *call,
                          struct ms_path_run *run, struct ms_json node)
{
  struct invocation invocation = {run, node, ms_json_array(call->count)};
  if (ms_json_is_none(invocation.arguments)) {
    return ms_error_nomem();
  }
  int err = 0;
  for (uint32_t i = 0; i < call->count && err == 0; i++) {
    err = eval_argument(&invocation.arguments, &call->arguments[i], run);
  }
  if (err == 0) {
    err = call->function->call(out, &invocation);
  }
  ms_json_unref(invocation.arguments);
  return err;
}
