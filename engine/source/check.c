/*
 * What may be asked of a mapping: a request becomes a row, or is refused in AWS's words and in AWS's order. Types and
 * ranges of single members were checked before.
 */
#include "base/error.h"
#include "dest/dest.h"
#include "source/internal.h"

#define INVALID "InvalidParameterValueException"

enum of { OF_ALL, OF_STREAM, OF_QUEUE };

/* Members that the row has as they were given, and what they are when they were not (JSON; NULL: nothing). */
static const struct {
  const char *name;
  enum of of;
  const char *standard;
} members[] = {
    {"MaximumBatchingWindowInSeconds", OF_ALL, "0"},
    {"FunctionResponseTypes", OF_ALL, "[]"},
    {"KMSKeyArn", OF_ALL, NULL},
    {"MetricsConfig", OF_ALL, NULL},
    {"ProvisionedPollerConfig", OF_QUEUE, NULL},
    {"ScalingConfig", OF_QUEUE, NULL},
    {"StartingPosition", OF_STREAM, NULL},
    {"ParallelizationFactor", OF_STREAM, "1"},
    {"BisectBatchOnFunctionError", OF_STREAM, "false"},
    {"MaximumRecordAgeInSeconds", OF_STREAM, "-1"},
    {"MaximumRetryAttempts", OF_STREAM, "-1"},
    {"TumblingWindowInSeconds", OF_STREAM, "0"},
    {"DestinationConfig", OF_STREAM, "{\"OnFailure\":{}}"},
};

static struct ms_json given(struct ms_json request, const char *name)
{
  struct ms_json value = ms_json_getc(request, name);
  return ms_json_is_null(value) ? MS_JSON_VALUE_NONE : value;
}

static bool is_given(struct ms_json request, const char *name)
{
  return !ms_json_is_none(given(request, name));
}

static struct ms_str target_of(struct ms_json request, const char *route)
{
  struct ms_json value = ms_json_getc(ms_json_getc(request, "DestinationConfig"), route);
  return ms_json_text(ms_json_getc(value, "Destination"));
}

/* ---- the source ---- */

static int check_source(const struct ms_source_type **type, const struct ms_sources *sources,
                        struct ms_json old, struct ms_json request, struct ms_queue_refusal *why)
{
  struct ms_json from = ms_json_is_none(old) ? request : old;
  if (target_of(request, "OnSuccess").len > 0) {
    return ms_refuse(
        why, INVALID,
        "Unsupported DestinationConfig parameter for given event source mapping type.");
  }
  if (is_given(request, "SelfManagedEventSource") &&
      !is_given(request, "SourceAccessConfigurations")) {
    return ms_refuse(why, INVALID, "Required 'sourceAccessConfigurations' parameter is missing.");
  }
  *type = ms_source_type_of(ms_json_text(ms_json_getc(from, "EventSourceArn")));
  bool is_known = *type != NULL && (!(*type)->is_stream || sources->up.streams != NULL);
  return is_known ? MSTEP_OK : ms_refuse(why, INVALID, "Unrecognized event source.");
}

static int check_position(const struct ms_source_type *type, struct ms_json request,
                          struct ms_queue_refusal *why)
{
  struct ms_str position = ms_json_text(ms_json_getc(request, "StartingPosition"));
  if (!type->is_stream) {
    return position.len == 0
               ? MSTEP_OK
               : ms_refuse(why, INVALID, "StartingPosition is not valid for SQS event sources.");
  }
  if (position.len == 0) {
    return ms_refuse(why, INVALID,
                     "1 validation error detected: Value null at 'startingPosition' failed to "
                     "satisfy constraint: Member must not be null.");
  }
  return !ms_str_is(position, "AT_TIMESTAMP")
             ? MSTEP_OK
             : ms_refuse(why, INVALID, "Unsupported starting position for arn type: %.*s",
                         MS_STR_ARG(ms_json_text(ms_json_getc(request, "EventSourceArn"))));
}

/* Members of the other kind of source. DestinationConfig has a text of its own. */
static int check_members(const struct ms_source_type *type, struct ms_json request,
                         struct ms_queue_refusal *why)
{
  for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
    const char *name = members[i].name;
    bool is_ours = members[i].of == OF_ALL || (members[i].of == OF_STREAM) == type->is_stream;
    bool is_destination = strcmp(name, "DestinationConfig") == 0;
    if (!is_ours && is_destination && target_of(request, "OnFailure").len > 0) {
      return ms_refuse(
          why, INVALID,
          "Unsupported DestinationConfig parameter for given event source mapping type.");
    }
    struct ms_json value = given(request, name);
    bool is_empty = ms_json_is_object(value) && ms_json_count(value) == 0;
    if (!is_ours && !ms_json_is_none(value) && !is_destination && !is_empty) {
      return ms_refuse(why, INVALID,
                       "Unsupported '%c%s' parameter for given event source mapping type.",
                       ms_ascii_lower(name[0]), name + 1);
    }
  }
  return MSTEP_OK;
}

/* ---- the row ---- */

static int put_text(struct ms_json *row, const char *name, const char *text)
{
  struct ms_json value;
  int err = ms_json_parse(&value, ms_str_c(text), NULL, NULL);
  return err != 0 ? err : ms_json_setc(row, name, value);
}

static int put_destination(struct ms_json *row, struct ms_json request)
{
  struct ms_json route = ms_json_object(1), config = ms_json_object(1);
  struct ms_str target = target_of(request, "OnFailure");
  int err =
      target.len == 0 ? MSTEP_OK : ms_json_setc(&route, "Destination", ms_json_string(target));
  if (err != 0) {
    ms_json_unref(route);
  } else {
    err = ms_json_setc(&config, "OnFailure", route);
  }
  if (err != 0) {
    ms_json_unref(config);
    return err;
  }
  return ms_json_setc(row, "DestinationConfig", config);
}

/* An empty structure takes a setting away. */
static int put_member(struct ms_json *row, const char *name, struct ms_json value)
{
  bool is_empty = ms_json_is_object(value) && ms_json_count(value) == 0;
  return is_empty ? ms_json_remove(row, ms_str_c(name))
                  : ms_json_setc(row, name, ms_json_ref(value));
}

static int put_members(struct ms_json *row, const struct ms_source_type *type, bool is_new,
                       struct ms_json request)
{
  int err = MSTEP_OK;
  for (size_t i = 0; i < sizeof members / sizeof *members && err == 0; i++) {
    const char *name = members[i].name;
    bool is_ours = members[i].of == OF_ALL || (members[i].of == OF_STREAM) == type->is_stream;
    bool is_position = strcmp(name, "StartingPosition") == 0;
    struct ms_json value = given(request, name);
    if (!is_ours || (is_position && !is_new)) {
      continue;
    }
    if (!ms_json_is_none(value)) {
      err = strcmp(name, "DestinationConfig") == 0 ? put_destination(row, request)
                                                   : put_member(row, name, value);
    } else if (is_new && members[i].standard != NULL) {
      err = put_text(row, name, members[i].standard);
    }
  }
  return err;
}

/* Only the patterns, and nothing when there are none. */
static int put_filters(struct ms_json *row, struct ms_json request)
{
  struct ms_json filters = ms_json_getc(given(request, "FilterCriteria"), "Filters");
  struct ms_json out;
  if (!is_given(request, "FilterCriteria")) {
    return MSTEP_OK;
  }
  if (ms_json_count(filters) == 0) {
    return ms_json_remove(row, MS_STR("FilterCriteria"));
  }
  out = ms_json_object(1);
  int err = ms_json_setc(&out, "Filters", ms_json_ref(filters));
  if (err != 0) {
    ms_json_unref(out);
    return err;
  }
  return ms_json_setc(row, "FilterCriteria", out);
}

static int put_all(struct ms_json *row, const struct ms_source_type *type, struct ms_json old,
                   struct ms_json request)
{
  bool is_new = ms_json_is_none(old);
  struct ms_json size = given(request, "BatchSize"), enabled = given(request, "Enabled");
  *row = is_new ? ms_json_object(16) : ms_json_ref(old);
  int err = MSTEP_OK;
  if (is_new) {
    err = ms_json_setc(row, "EventSourceArn", ms_json_ref(ms_json_getc(request, "EventSourceArn")));
  }
  if (err == 0 && (is_new || !ms_json_is_none(size))) {
    err = ms_json_setc(row, "BatchSize",
                       ms_json_is_none(size) ? ms_json_int(type->batch_size) : ms_json_ref(size));
  }
  if (err == 0 && (is_new || !ms_json_is_none(enabled))) {
    err = ms_json_setc(row, "IsEnabled",
                       ms_json_bool(ms_json_is_none(enabled) || ms_json_is_true(enabled)));
  }
  if (err == 0 && is_new && is_given(request, "Tags")) {
    err = ms_json_setc(row, "Tags", ms_json_ref(ms_json_getc(request, "Tags")));
  }
  err = err != 0 ? err : put_members(row, type, is_new, request);
  return err != 0 ? err : put_filters(row, request);
}

/* ---- what is in it ---- */

static int check_filters(const struct ms_source_type *type, struct ms_json request,
                         struct ms_queue_refusal *why)
{
  struct ms_json filters = ms_json_getc(given(request, "FilterCriteria"), "Filters");
  struct ms_str patterns[MS_FILTER_PATTERNS_MAX];
  struct ms_criteria *criteria = NULL;
  size_t count = ms_json_count(filters);
  for (size_t i = 0; i < count && i < MS_FILTER_PATTERNS_MAX; i++) {
    patterns[i] = ms_json_text(ms_json_getc(ms_json_at(filters, i), "Pattern"));
    if (patterns[i].len == 0) {
      return ms_refuse(why, INVALID, "Invalid filter pattern definition.");
    }
  }
  int err =
      count == 0 ? MSTEP_OK : ms_criteria_compile(&criteria, patterns, count, type->criteria, NULL);
  ms_criteria_free(criteria);
  return err == 0 || err == MSTEP_ENOMEM
             ? err
             : ms_refuse(why, INVALID, "Invalid filter pattern definition.");
}

static int check_target(struct ms_json request, struct ms_queue_refusal *why)
{
  struct ms_str target = target_of(request, "OnFailure");
  bool is_fine =
      target.len == 0 || (ms_dest_is_target(target) && !ms_str_has_suffix(target, ".fifo") &&
                          !ms_str_has_prefix(target, "arn:aws:lambda:") &&
                          !ms_str_has_prefix(target, "arn:aws:events:") &&
                          !ms_str_has_prefix(target, "arn:aws:states:"));
  return is_fine ? MSTEP_OK
                 : ms_refuse(why, INVALID,
                             "The provided destination config DestinationConfig(onSuccess=null, "
                             "onFailure=OnFailure(destination=%.*s)) is invalid.",
                             target.len > 300 ? 300 : (int)target.len, target.data);
}

/* FunctionArn as it was named, of a function that is there. */
static int put_function(struct ms_json *row, struct ms_sources *sources, struct ms_json request,
                        struct ms_queue_refusal *why)
{
  struct ms_invoke *invoke = sources->up.invoke;
  const struct ms_str none = {NULL, 0};
  struct ms_function_name name;
  struct ms_buf arn;
  if (!is_given(request, "FunctionName")) {
    return MSTEP_OK;
  }
  struct ms_str text = ms_json_text(ms_json_getc(request, "FunctionName"));
  if (ms_function_name_parse(&name, invoke, text, none) != 0 || !ms_invoke_has(invoke, &name)) {
    return ms_refuse(why, INVALID, "Function does not exist");
  }
  ms_buf_init(&arn, 0);
  ms_function_arn(&arn, invoke, &name, name.qualifier.len == 0);
  int err = arn.error != 0 ? arn.error
                           : ms_json_setc(row, "FunctionArn", ms_json_string(ms_buf_view(&arn)));
  ms_buf_deinit(&arn);
  return err;
}

int ms_mapping_check(struct ms_json *row, struct ms_sources *sources, struct ms_json old,
                     struct ms_json request, struct ms_queue_refusal *why)
{
  const struct ms_source_type *type = NULL;
  bool is_new = ms_json_is_none(old);
  *row = MS_JSON_VALUE_NONE;
  int err = check_source(&type, sources, old, request, why);
  err = err != 0 || !is_new ? err : check_position(type, request, why);
  err = err != 0 ? err : check_members(type, request, why);
  err = err != 0 ? err : check_target(request, why);
  err = err != 0 ? err : put_all(row, type, old, request);
  err = err != 0 ? err : type->check(*row, why);
  err = err != 0 ? err : check_filters(type, request, why);
  err = err != 0 ? err : put_function(row, sources, request, why);
  err = err != 0 ? err : type->exists(sources, *row, why);
  if (err != 0) {
    ms_json_replace(row, MS_JSON_VALUE_NONE);
  }
  return err;
}
