/* A mapping in memory: from its row, as it is shown, and where it is found. */
#include "base/alloc.h"
#include "base/error.h"
#include "source/internal.h"

#define MS_SOURCE(symbol) extern const struct ms_source_type symbol;
#include "source/sources.def"
#undef MS_SOURCE

const struct ms_source_type *const ms_source_types[] = {
#define MS_SOURCE(symbol) &symbol,
#include "source/sources.def"
#undef MS_SOURCE
    NULL};

static const char *const state_names[] = {
    [MS_MAPPING_CREATING] = "Creating",   [MS_MAPPING_ENABLED] = "Enabled",
    [MS_MAPPING_ENABLING] = "Enabling",   [MS_MAPPING_DISABLED] = "Disabled",
    [MS_MAPPING_DISABLING] = "Disabling", [MS_MAPPING_UPDATING] = "Updating",
    [MS_MAPPING_DELETING] = "Deleting"};

const struct ms_source_type *ms_source_type_of(struct ms_str arn)
{
  struct ms_str rest = arn;
  for (int i = 0; i < 2; i++) {
    rest = ms_str_sub(rest, ms_str_find(rest, 0, ':') + 1, rest.len);
  }
  struct ms_str service = ms_str_sub(rest, 0, ms_str_find(rest, 0, ':'));
  for (size_t i = 0; ms_str_has_prefix(arn, "arn:") && ms_source_types[i] != NULL; i++) {
    if (ms_str_is(service, ms_source_types[i]->service)) {
      return ms_source_types[i];
    }
  }
  return NULL;
}

int64_t ms_mapping_int(struct ms_json object, const char *name, int64_t standard)
{
  int64_t value;
  return ms_json_to_int(&value, ms_json_getc(object, name)) ? value : standard;
}

static struct ms_str text_of(struct ms_json object, const char *name)
{
  return ms_json_text(ms_json_getc(object, name));
}

/* ---- from a row ---- */

static void read_settings(struct ms_mapping_settings *out, struct ms_json row)
{
  int64_t age_s = ms_mapping_int(row, "MaximumRecordAgeInSeconds", -1);
  struct ms_json target = ms_json_getc(row, "DestinationConfig");
  *out = (struct ms_mapping_settings){
      .batch_size = (size_t)ms_mapping_int(row, "BatchSize", 10),
      .window_ms = ms_mapping_int(row, "MaximumBatchingWindowInSeconds", 0) * 1000,
      .concurrency =
          (unsigned)ms_mapping_int(ms_json_getc(row, "ScalingConfig"), "MaximumConcurrency", 0),
      .has_item_failures = ms_json_count(ms_json_getc(row, "FunctionResponseTypes")) > 0,
      .retries = ms_mapping_int(row, "MaximumRetryAttempts", -1),
      .max_age_ms = age_s < 0 ? -1 : age_s * 1000,
      .lanes = (unsigned)ms_mapping_int(row, "ParallelizationFactor", 1),
      .is_bisected = ms_json_is_true(ms_json_getc(row, "BisectBatchOnFunctionError")),
      .tumble_ms = ms_mapping_int(row, "TumblingWindowInSeconds", 0) * 1000,
      .on_failure = text_of(ms_json_getc(target, "OnFailure"), "Destination"),
  };
}

static int compile_criteria(struct ms_criteria **out, const struct ms_source_type *type,
                            struct ms_json row)
{
  struct ms_json filters = ms_json_getc(ms_json_getc(row, "FilterCriteria"), "Filters");
  struct ms_str patterns[MS_FILTER_PATTERNS_MAX];
  size_t count = ms_json_count(filters);
  *out = NULL;
  if (count == 0) {
    return MSTEP_OK;
  }
  if (count > MS_FILTER_PATTERNS_MAX) {
    return MSTEP_EINVALID;
  }
  for (size_t i = 0; i < count; i++) {
    patterns[i] = text_of(ms_json_at(filters, i), "Pattern");
  }
  return ms_criteria_compile(out, patterns, count, type->criteria, NULL);
}

/* The row is taken. */
static int take_row(struct ms_mapping *mapping, struct ms_json row)
{
  const struct ms_str none = {NULL, 0};
  struct ms_function_name function;
  struct ms_criteria *criteria;
  struct ms_str source_arn = text_of(row, "EventSourceArn");
  struct ms_str function_arn = text_of(row, "FunctionArn");
  const struct ms_source_type *type = ms_source_type_of(source_arn);
  int err = type == NULL ? ms_error(MSTEP_EIO, "a mapping's row is damaged")
                         : ms_function_name_parse(&function, mapping->sources->up.invoke,
                                                  function_arn, none);
  err = err != 0 ? err : compile_criteria(&criteria, type, row);
  if (err != 0) {
    ms_json_unref(row);
    return err;
  }
  mapping->criteria = criteria;
  mapping->type = type;
  mapping->uuid = text_of(row, "UUID");
  mapping->source_arn = source_arn;
  mapping->function_arn = function_arn;
  mapping->function = function;
  mapping->is_enabled = ms_json_is_true(ms_json_getc(row, "IsEnabled"));
  mapping->row = row;
  read_settings(&mapping->settings, row);
  return MSTEP_OK;
}

int ms_mapping_new(struct ms_mapping **out, struct ms_sources *sources, struct ms_json row)
{
  struct ms_mapping *mapping = ms_calloc(1, sizeof *mapping);
  if (mapping == NULL) {
    ms_json_unref(row);
    return ms_error_nomem();
  }
  mapping->sources = sources;
  mapping->result = MS_RESULT_NONE;
  mapping->progress = MS_JSON_VALUE_NONE;
  int err = take_row(mapping, row);
  if (err != 0) {
    ms_free(mapping);
    return err;
  }
  *out = mapping;
  return MSTEP_OK;
}

void ms_mapping_adopt(struct ms_mapping *mapping, struct ms_mapping *fresh)
{
  struct ms_mapping old = *mapping;
  *mapping = *fresh;
  mapping->next = old.next;
  mapping->poller = old.poller;
  mapping->running = old.running;
  mapping->result = old.result;
  mapping->position = old.position;
  mapping->progress = old.progress;
  fresh->progress = MS_JSON_VALUE_NONE;
  fresh->row = old.row;
  fresh->criteria = old.criteria;
  ms_mapping_free(fresh);
}

void ms_mapping_free(struct ms_mapping *mapping)
{
  if (mapping->poller != NULL) {
    mapping->type->close(mapping);
  }
  ms_criteria_free(mapping->criteria);
  ms_json_unref(mapping->row);
  ms_json_unref(mapping->progress);
  ms_free(mapping);
}

/* ---- where it is found ---- */

/* Oldest first; of the same moment, by UUID. */
static bool is_before(const struct ms_mapping *a, const struct ms_mapping *b)
{
  int64_t a_ms = ms_mapping_int(a->row, "CreatedAt", 0);
  int64_t b_ms = ms_mapping_int(b->row, "CreatedAt", 0);
  return a_ms != b_ms ? a_ms < b_ms : ms_str_cmp(a->uuid, b->uuid) < 0;
}

void ms_mapping_link(struct ms_mapping *mapping)
{
  struct ms_mapping **slot = &mapping->sources->first;
  while (*slot != NULL && is_before(*slot, mapping)) {
    slot = &(*slot)->next;
  }
  mapping->next = *slot;
  *slot = mapping;
}

void ms_mapping_unlink(struct ms_mapping *mapping)
{
  struct ms_mapping **slot = &mapping->sources->first;
  while (*slot != mapping) {
    slot = &(*slot)->next;
  }
  *slot = mapping->next;
}

struct ms_mapping *ms_mapping_find(struct ms_sources *sources, struct ms_str uuid)
{
  struct ms_mapping *mapping = sources->first;
  while (mapping != NULL && !ms_str_eq(mapping->uuid, uuid)) {
    mapping = mapping->next;
  }
  return mapping;
}

/* ---- as it is shown ---- */

static int show_rest(struct ms_json *out, const struct ms_mapping *mapping)
{
  const struct ms_driver_env *env = mapping->sources->env;
  int err = ms_json_setc(out, "State", ms_json_cstring(state_names[mapping->state]));
  err = err != 0
            ? err
            : ms_json_setc(out, "StateTransitionReason", ms_json_cstring(mapping->type->reason));
  if (err == 0 && mapping->type->is_stream) {
    err = ms_json_setc(out, "LastProcessingResult", ms_json_cstring(mapping->result));
  }
  return err != 0
             ? err
             : ms_json_setc(out, "EventSourceMappingArn",
                            ms_json_stringf("arn:aws:lambda:%s:%s:event-source-mapping:%.*s",
                                            env->region, env->account, MS_STR_ARG(mapping->uuid)));
}

struct ms_json ms_mapping_show(const struct ms_mapping *mapping)
{
  struct ms_json out = ms_json_ref(mapping->row);
  int err = ms_json_remove(&out, MS_STR("IsEnabled"));
  err = err != 0 ? err : ms_json_remove(&out, MS_STR("CreatedAt"));
  err = err != 0 ? err : ms_json_remove(&out, MS_STR("Tags"));
  err = err != 0 ? err : show_rest(&out, mapping);
  if (err != 0) {
    ms_json_replace(&out, MS_JSON_VALUE_NONE);
  }
  return out;
}
