/* Map: runs its processor once for each item; the result is the array of their outputs. */
#include "base/error.h"
#include "core/decision.h"
#include "states/setting.h"
#include "states/types.h"

#include <stddef.h>

#define AT(member) offsetof(struct ms_state_map_fields, member)

static const struct ms_field map_fields[] = {
    MS_FIELDS_COMMON,
    MS_FIELDS_NEXT,
    MS_FIELDS_PATHS,
    {"ItemProcessor", MS_FIELD_PROCESSOR, MS_FIELD_IN_ALL, AT(processor), 0, 0, 0},
    {"Iterator", MS_FIELD_PROCESSOR, MS_FIELD_IN_ALL, AT(processor), 0, 0, 0},
    {"ItemsPath", MS_FIELD_REFERENCE_PATH, MS_FIELD_IN_JSONPATH, AT(items_path), 0, 0, 0},
    {"Items", MS_FIELD_ITEMS, MS_FIELD_IN_OTHERS, AT(items), 0, 0, 0},
    {"ItemSelector", MS_FIELD_TEMPLATE, MS_FIELD_IN_ALL, AT(item_selector), 0, 0, 0},
    {"Parameters", MS_FIELD_TEMPLATE, MS_FIELD_IN_JSONPATH, AT(item_selector), 0, 0, 0},
    {"ItemReader", MS_FIELD_READER, MS_FIELD_IN_ALL, AT(item_reader), 0, 0, 0},
    {"ItemBatcher", MS_FIELD_BATCHER, MS_FIELD_IN_ALL, AT(item_batcher), 0, 0, 0},
    {"ResultWriter", MS_FIELD_WRITER, MS_FIELD_IN_ALL, AT(result_writer), 0, 0, 0},
    {"MaxConcurrency", MS_FIELD_INTEGER, MS_FIELD_IN_ALL, AT(max_concurrency), 0, 0, INT32_MAX},
    {"MaxConcurrencyPath", MS_FIELD_SETTING_PATH, MS_FIELD_IN_JSONPATH, AT(max_concurrency), 0, 0,
     INT32_MAX},
    {"ToleratedFailureCount", MS_FIELD_INTEGER, MS_FIELD_IN_ALL, AT(tolerated_count), 0, 0, INT32_MAX},
    {"ToleratedFailureCountPath", MS_FIELD_SETTING_PATH, MS_FIELD_IN_JSONPATH, AT(tolerated_count), 0, 0,
     INT32_MAX},
    {"ToleratedFailurePercentage", MS_FIELD_NUMBER, MS_FIELD_IN_ALL, AT(tolerated_percentage), 0, 0, 100},
    {"ToleratedFailurePercentagePath", MS_FIELD_SETTING_PATH, MS_FIELD_IN_JSONPATH,
     AT(tolerated_percentage), 0, 0, 100},
    {"Label", MS_FIELD_STRING, MS_FIELD_IN_ALL, AT(label), 0, 0, 40},
    MS_FIELDS_RESULT_SELECTOR,
    MS_FIELDS_RESULT_PATH,
    MS_FIELDS_OUTPUT(MS_FIELD_RESULT),
    MS_FIELDS_ASSIGN(MS_FIELD_RESULT),
    MS_FIELDS_RETRY_CATCH,
    MS_FIELDS_END};

static const struct ms_field_group map_groups[] = {
    {true, {"ItemProcessor", "Iterator"}},
    {false, {"ItemSelector", "Parameters"}},
    {false, {"MaxConcurrency", "MaxConcurrencyPath"}},
    {false, {"ToleratedFailureCount", "ToleratedFailureCountPath"}},
    {false, {"ToleratedFailurePercentage", "ToleratedFailurePercentagePath"}},
    {false, {NULL}}};

static struct ms_flow *const *map_flows(const struct ms_state *state)
{
  return &((const struct ms_state_map_fields *)state)->processor;
}

/* ---- the items ---- */

/* An object's members as items: {"Key": k, "Value": v} each. */
static int pairs_of(struct ms_json *out, struct ms_json object)
{
  *out = ms_json_array(ms_json_count(object));
  int status = 0;
  for (size_t i = 0; status == 0 && i < ms_json_count(object); i++) {
    struct ms_json pair = ms_json_object(2);
    status = ms_json_setc(&pair, "Key", ms_json_ref(ms_json_key_value(object, i)));
    if (status == 0)
      status = ms_json_setc(&pair, "Value", ms_json_ref(ms_json_member(object, i)));
    if (status == 0)
      status = ms_json_push(out, pair);
    else
      ms_json_unref(pair);
  }
  if (status != 0)
    ms_json_unref(*out);
  return status;
}

static int fail_items(const struct ms_frame *frame, struct ms_json value, struct ms_failure *failure)
{
  const struct ms_state_map_fields *state = (const struct ms_state_map_fields *)frame->state;
  if (ms_state_is_jsonpath(frame->state)) {
    struct ms_str path =
        state->items_path == NULL ? MS_STR("$") : ms_jsonpath_text(state->items_path);
    path = ms_str_sub(path, ms_str_has_prefix(path, "$$"), path.len); /* as AWS does */
    return ms_fail(failure, "States.Runtime", "Reference path \"%.*s\" must point to array.",
                   MS_STR_ARG(path));
  }
  struct ms_json text = ms_json_print_value(value);
  int status;
  if (state->items == NULL)
    status = ms_fail(failure, "States.QueryEvaluationError",
                     "Map state input must be an array but was: %.*s",
                     MS_STR_ARG(ms_json_text(text)));
  else
    status = ms_setting_fail_type(failure, state->items, "Items", "array", value);
  ms_json_unref(text);
  return status;
}

/* What is validated as AWS would, but cannot be done here: said, and not passed over. */
static int check_supported(const struct ms_decision *decision, const struct ms_state_map_fields *state,
                           struct ms_failure *failure)
{
  if (decision->env->probe != NULL)
    return 0; /* nothing is read or written: the items are given */
  if (!ms_json_is_none(state->item_reader))
    return ms_fail(failure, "States.ItemReaderFailed",
                   "This engine has no object store to read items from: give the items in the "
                   "state's input");
  if (!ms_json_is_none(state->item_batcher))
    return ms_fail(failure, "States.Runtime",
                   "This engine does not put items into batches: leave ItemBatcher out");
  if (!ms_json_is_none(state->result_writer))
    return ms_fail(failure, "States.ResultWriterFailed",
                   "This engine has no object store to write results to: leave ResultWriter out");
  return 0;
}

/* The value that is iterated, before it is known to be an array; *out owned. */
static int raw_items(struct ms_json *out, struct ms_decision *decision, const struct ms_frame *frame,
                     struct ms_json input, struct ms_failure *failure)
{
  const struct ms_state_map_fields *state = (const struct ms_state_map_fields *)frame->state;
  const struct ms_query *query = state->items != NULL ? state->items : state->items_path;
  if (!ms_json_is_none(state->item_reader)) {
    *out = ms_json_is_none(decision->env->probe->items) ? ms_json_array(0)
                                                        : ms_json_ref(decision->env->probe->items);
    return 0;
  }
  if (query != NULL)
    return ms_query_eval(out, query, ms_decision_query(decision, frame, input), failure);
  *out = ms_json_ref(input);
  return 0;
}

static int find_items(struct ms_json *out, bool *is_pairs, struct ms_decision *decision,
                      const struct ms_frame *frame, struct ms_json input, struct ms_failure *failure)
{
  struct ms_json value = MS_JSON_VALUE_NONE;
  int status = raw_items(&value, decision, frame, input, failure);
  if (status != 0)
    return status;
  if (ms_json_is_array(value)) {
    *out = value;
    return 0;
  }
  *is_pairs = ms_json_is_object(value) && ms_state_is_jsonpath(frame->state) &&
              (*map_flows(frame->state))->is_distributed;
  if (*is_pairs)
    status = pairs_of(out, value);
  else
    status = fail_items(frame, value, failure);
  ms_json_unref(value);
  return status;
}

/* ---- start ---- */

struct map_plan {
  int64_t asked_concurrency;
  int64_t concurrency;
  int64_t tolerated_count;
  double tolerated_percentage;
  bool is_pairs; /* the items are the members of an object */
};

static int plan_concurrency(struct map_plan *plan, struct ms_decision *decision,
                            const struct ms_frame *frame, struct ms_json input,
                            struct ms_failure *failure)
{
  const struct ms_state_map_fields *state = (const struct ms_state_map_fields *)frame->state;
  uint32_t most = state->processor->is_distributed ? 10000
                                                   : decision->env->limits->inline_concurrency;
  *plan = (struct map_plan){0, 0, -1, -1, false};
  int status = ms_setting_integer(&plan->concurrency, decision, frame, &state->max_concurrency, input,
                                  failure);
  plan->asked_concurrency = plan->concurrency;
  if (plan->concurrency == 0 || (most != 0 && plan->concurrency > most))
    plan->concurrency = most != 0 ? most : INT32_MAX;
  return status;
}

static int plan_tolerance(struct map_plan *plan, struct ms_decision *decision,
                          const struct ms_frame *frame, struct ms_json input,
                          struct ms_failure *failure)
{
  const struct ms_state_map_fields *state = (const struct ms_state_map_fields *)frame->state;
  int status = ms_setting_integer(&plan->tolerated_count, decision, frame, &state->tolerated_count,
                                  input, failure);
  if (status == 0)
    status = ms_setting_number(&plan->tolerated_percentage, decision, frame,
                               &state->tolerated_percentage, input, failure);
  return status;
}

static struct ms_json plan_details(const struct map_plan *plan, struct ms_json input)
{
  struct ms_json details = ms_json_object(4);
  int status = ms_json_setc(&details, "input", ms_json_ref(input));
  if (status == 0)
    status = ms_json_setc(&details, "concurrency", ms_json_int(plan->concurrency));
  if (status == 0 && plan->tolerated_count >= 0)
    status = ms_json_setc(&details, "toleratedCount", ms_json_int(plan->tolerated_count));
  if (status == 0 && plan->tolerated_percentage >= 0)
    status =
        ms_json_setc(&details, "toleratedPercentage", ms_json_double(plan->tolerated_percentage));
  if (status == 0 && plan->is_pairs)
    status = ms_json_setc(&details, "pairs", ms_json_bool(true));
  if (status == 0)
    return details;
  ms_json_unref(details);
  return MS_JSON_VALUE_NONE;
}

static struct ms_json map_run_arn(struct ms_decision *decision, const struct ms_frame *frame)
{
  const struct ms_state_map_fields *state = (const struct ms_state_map_fields *)frame->state;
  struct ms_str machine = ms_json_text(decision->execution->identity.machine_arn);
  size_t at = 0;
  for (int colons = 0; at < machine.len && colons < 5; at++)
    colons += machine.data[at] == ':';
  char label[37], run[37];
  ms_random_uuid(&decision->random, label);
  ms_random_uuid(&decision->random, run);
  struct ms_str name = state->label.len != 0 ? state->label : ms_str_c(label);
  return ms_json_stringf("%.*smapRun:%.*s/%.*s:%s", (int)at, machine.data,
                         MS_STR_ARG(ms_json_text(decision->execution->identity.machine_name)),
                         MS_STR_ARG(name), run);
}

static void inspect_plan(const struct ms_decision *decision, const struct map_plan *plan)
{
  ms_decision_inspect(decision, "maxConcurrency", ms_json_int(plan->asked_concurrency));
  if (plan->tolerated_count >= 0)
    ms_decision_inspect(decision, "toleratedFailureCount", ms_json_int(plan->tolerated_count));
  if (plan->tolerated_percentage >= 0)
    ms_decision_inspect(decision, "toleratedFailurePercentage",
                        ms_json_double(plan->tolerated_percentage));
}

static int write_map_started(struct ms_decision *decision, const struct ms_frame *frame,
                             const struct map_plan *plan, struct ms_json input, struct ms_json items)
{
  struct ms_event *event = ms_decision_event(decision, MS_EVENT_MAP_STARTED, frame);
  if (event == NULL)
    return ms_error_nomem();
  event->number = (uint32_t)ms_json_count(items);
  event->data = ms_json_ref(items);
  event->more = plan_details(plan, input);
  return ms_json_is_none(event->more) ? ms_error_nomem() : 0;
}

/* AWS looks at the tolerance only when the Map has started: MapStateStarted is there if it is wrong. */
static int start_map(struct ms_decision *decision, const struct ms_frame *frame, struct map_plan *plan,
                     struct ms_json input, struct ms_json items)
{
  struct ms_failure failure = MS_FAILURE_INIT;
  int broken = plan_tolerance(plan, decision, frame, input, &failure);
  ms_decision_inspect_path(decision, frame, "afterItemsPath", items);
  inspect_plan(decision, plan);
  int status = broken < 0 ? broken : write_map_started(decision, frame, plan, input, items);
  bool is_map_run = (*map_flows(frame->state))->is_distributed;
  if (status == 0 && broken == 0 && is_map_run)
    status = ms_decision_write(decision, MS_EVENT_MAP_RUN_STARTED, frame,
                               map_run_arn(decision, frame), MS_JSON_VALUE_NONE);
  if (status == 0)
    status = ms_decision_settle(decision, frame, broken, &failure);
  ms_failure_deinit(&failure);
  return status;
}

static int map_enter(struct ms_decision *decision, const struct ms_frame *frame)
{
  struct ms_failure failure = MS_FAILURE_INIT;
  struct ms_json input = MS_JSON_VALUE_NONE, items = MS_JSON_VALUE_NONE;
  struct map_plan plan;
  int status = ms_decision_input(&input, decision, frame, &failure);
  if (status == 0)
    status = check_supported(decision, (const struct ms_state_map_fields *)frame->state, &failure);
  if (status == 0)
    status = plan_concurrency(&plan, decision, frame, input, &failure);
  if (status == 0)
    status = find_items(&items, &plan.is_pairs, decision, frame, input, &failure);
  if (status == 0)
    status = start_map(decision, frame, &plan, input, items);
  else
    status = ms_decision_settle(decision, frame, status, &failure);
  ms_json_unref(input);
  ms_json_unref(items);
  ms_failure_deinit(&failure);
  return status;
}

/* ---- iterations ---- */

/* $$.Map.Item of one iteration; owned, NONE when out of memory. */
static struct ms_json item_context(const struct ms_frame *frame, uint32_t index)
{
  struct ms_json item = ms_json_object(4);
  struct ms_json value = ms_json_at(frame->children->items, index);
  int status = ms_json_setc(&item, "Index", ms_json_int(index));
  if (status == 0 && frame->children->is_pairs) {
    status = ms_json_setc(&item, "Key", ms_json_ref(ms_json_getc(value, "Key")));
    value = ms_json_getc(value, "Value");
  }
  if (status == 0)
    status = ms_json_setc(&item, "Value", ms_json_ref(value));
  if (status == 0)
    status = ms_json_setc(&item, "Source", ms_json_cstring("STATE_DATA"));
  if (status == 0)
    return item;
  ms_json_unref(item);
  return MS_JSON_VALUE_NONE;
}

/* What the iteration gets: the item, or ItemSelector made of it; *out owned. */
static int iteration_input(struct ms_json *out, struct ms_decision *decision,
                           const struct ms_frame *frame, uint32_t index, struct ms_failure *failure)
{
  const struct ms_state_map_fields *state = (const struct ms_state_map_fields *)frame->state;
  if (state->item_selector == NULL) {
    *out = ms_json_ref(ms_json_at(frame->children->items, index));
    return 0;
  }
  struct ms_json item = item_context(frame, index);
  if (ms_json_is_none(item))
    return ms_error_nomem();
  ms_decision_forget_context(decision);
  decision->item = item;
  int status = ms_query_eval(out, state->item_selector,
                             ms_decision_query(decision, frame, frame->children->input), failure);
  ms_decision_forget_context(decision);
  decision->item = MS_JSON_VALUE_NONE;
  ms_json_unref(item);
  return status;
}

/* Starts one iteration; evolve puts the frame in front of the queue while more may start. */
static int start_iteration(struct ms_decision *decision, const struct ms_frame *frame)
{
  const struct ms_children *children = frame->children;
  struct ms_failure failure = MS_FAILURE_INIT;
  struct ms_json input = MS_JSON_VALUE_NONE;
  int status = iteration_input(&input, decision, frame, children->started_count, &failure);
  if (status != 0) {
    status = ms_decision_settle(decision, frame, status, &failure);
    ms_failure_deinit(&failure);
    return status;
  }
  if (ms_decision_is_too_large(decision, input)) {
    ms_json_unref(input);
    return ms_decision_fail_too_large(decision, frame);
  }
  if (children->last_exit != 0)
    decision->previous = children->last_exit;
  struct ms_event *event =
      children->is_map_run ? ms_decision_hidden(decision, MS_EVENT_MAP_ITERATION_STARTED, frame)
                           : ms_decision_event(decision, MS_EVENT_MAP_ITERATION_STARTED, frame);
  if (event == NULL) {
    ms_json_unref(input);
    return ms_error_nomem();
  }
  event->number = children->started_count;
  event->data = input;
  return 0;
}

/* The outputs in item order; items whose failure was tolerated have none and are left out. */
static int map_result(struct ms_json *out, const struct ms_children *children)
{
  *out = ms_json_array(children->count);
  int status = ms_json_is_none(*out) ? ms_error_nomem() : 0;
  for (uint32_t i = 0; status == 0 && i < children->count; i++)
    if (!ms_json_is_none(children->outputs[i]))
      status = ms_json_push(out, ms_json_ref(children->outputs[i]));
  if (status != 0)
    ms_json_unref(*out);
  return status;
}

static int map_finish(struct ms_decision *decision, const struct ms_frame *frame)
{
  struct ms_json result;
  int status = map_result(&result, frame->children);
  if (status != 0)
    return status;
  if (ms_decision_is_too_large(decision, result)) {
    ms_json_unref(result);
    return ms_decision_fail_too_large(decision, frame);
  }
  if (frame->children->is_map_run)
    status = ms_decision_write(decision, MS_EVENT_MAP_RUN_SUCCEEDED, frame, MS_JSON_VALUE_NONE,
                               MS_JSON_VALUE_NONE);
  uint32_t last = decision->previous; /* AWS leaves ...Succeeded out of the chain */
  if (status == 0)
    status = ms_decision_write(decision, MS_EVENT_MAP_SUCCEEDED, frame, MS_JSON_VALUE_NONE,
                               MS_JSON_VALUE_NONE);
  decision->previous = last;
  if (status == 0)
    status = ms_decision_exit_result(decision, frame, result);
  ms_json_unref(result);
  return status;
}

static int map_on_command(struct ms_decision *decision, const struct ms_frame *frame,
                          const struct ms_command *command)
{
  (void)command;
  if (frame->children->done_count == frame->children->count)
    return map_finish(decision, frame);
  return start_iteration(decision, frame);
}

const struct ms_state_type ms_state_map = {
    .name = "Map",
    .size = sizeof(struct ms_state_map_fields),
    .has_next = true,
    .fields = map_fields,
    .groups = map_groups,
    .flows = map_flows,
    .enter = map_enter,
    .on_command = map_on_command,
};
