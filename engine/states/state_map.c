/*
 * Map: runs its processor once for each item; the result is the array of their outputs.
 *
 *   enter ─▶ MapStateStarted, MapRunStarted ─[ItemReader: a task]─▶ [MAP_ITEMS] ─▶ iterations
 *         ─▶ [ResultWriter: a task] ─▶ MapStateSucceeded
 *   too many fail ─▶ [MAP_RUN_FAILING ─▶ ResultWriter: a task] ─▶ MapRunFailed
 *   UpdateMapRun tolerates less than has failed ─▶ MAP_RUN_FAILING ─▶ as above
 */
#include "base/error.h"
#include "core/map_run.h"
#include "states/map.h"
#include "states/setting.h"

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
    {"ItemReader", MS_FIELD_READER, MS_FIELD_IN_ALL, AT(item_reader), AT(parts), 0, 0},
    {"ItemBatcher", MS_FIELD_BATCHER, MS_FIELD_IN_ALL, AT(item_batcher), AT(parts), 0, 0},
    {"ResultWriter", MS_FIELD_WRITER, MS_FIELD_IN_ALL, AT(result_writer), AT(parts), 0, 0},
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

static bool map_writes_results(const struct ms_state *state)
{
  return ms_map_has_bucket((const struct ms_state_map_fields *)state);
}

/* ---- the items ---- */

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

/* The value that is iterated, before it is known to be an array; *out owned. */
static int raw_items(struct ms_json *out, struct ms_decision *decision, const struct ms_frame *frame,
                     struct ms_json input, struct ms_failure *failure)
{
  const struct ms_state_map_fields *state = (const struct ms_state_map_fields *)frame->state;
  const struct ms_query *query = state->items != NULL ? state->items : state->items_path;
  if (ms_map_reads(decision, state)) {
    *out = ms_json_array(0);
    return ms_json_is_none(*out) ? ms_error_nomem() : 0;
  }
  if (!ms_json_is_none(state->item_reader) && decision->env->probe != NULL) {
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
    status = ms_map_pairs(out, value);
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

static int write_run_started(struct ms_decision *decision, const struct ms_frame *frame)
{
  struct ms_json arn = map_run_arn(decision, frame);
  if (ms_json_is_none(arn))
    return ms_error_nomem();
  return ms_decision_write(decision, MS_EVENT_MAP_RUN_STARTED, frame, arn, MS_JSON_VALUE_NONE);
}

/* AWS looks at the tolerance only when the Map has started: MapStateStarted is there if it is wrong. */
static int start_map(struct ms_decision *decision, const struct ms_frame *frame, struct map_plan *plan,
                     struct ms_json input, struct ms_json items)
{
  const struct ms_state_map_fields *state = (const struct ms_state_map_fields *)frame->state;
  struct ms_failure failure = MS_FAILURE_INIT;
  struct ms_json request = MS_JSON_VALUE_NONE;
  int broken = plan_tolerance(plan, decision, frame, input, &failure);
  if (broken == 0 && ms_map_reads(decision, state))
    broken = ms_map_read_request(&request, decision, frame, input, &failure);
  ms_decision_inspect_path(decision, frame, "afterItemsPath", items);
  inspect_plan(decision, plan);
  int status = broken < 0 ? broken : write_map_started(decision, frame, plan, input, items);
  if (status == 0 && broken == 0 && state->processor->is_distributed)
    status = write_run_started(decision, frame);
  if (status == 0 && broken == 0 && !ms_json_is_none(request))
    status = ms_map_schedule(decision, frame, ms_json_ref(request));
  ms_json_unref(request);
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

/* What the iteration gets; *out owned. */
static int iteration_input(struct ms_json *out, struct ms_decision *decision,
                           const struct ms_frame *frame, uint32_t index, struct ms_failure *failure)
{
  const struct ms_children *children = frame->children;
  if (children->is_prepared) {
    *out = ms_json_ref(ms_json_at(children->items, index));
    return 0;
  }
  struct ms_map_source source = {children->items, children->is_pairs, MS_STR("STATE_DATA")};
  return ms_map_select(out, decision, frame, &source, index, failure);
}

/* Do items change before iterations begin, or does anybody ask later what they were? */
static bool is_to_prepare(const struct ms_frame *frame)
{
  const struct ms_state_map_fields *state = (const struct ms_state_map_fields *)frame->state;
  return frame->children->is_map_run && !frame->children->is_prepared &&
         frame->children->started_count == 0 &&
         (!ms_json_is_none(state->item_batcher) || !ms_json_is_none(state->result_writer) ||
          !ms_json_is_none(state->item_reader));
}

static int prepare(struct ms_decision *decision, const struct ms_frame *frame,
                   const struct ms_map_source *source)
{
  struct ms_failure failure = MS_FAILURE_INIT;
  bool is_too_large;
  int status = ms_map_prepare(&is_too_large, decision, frame, source, &failure);
  if (status == 0 && is_too_large)
    status = ms_decision_fail_too_large(decision, frame);
  else
    status = ms_decision_settle(decision, frame, status, &failure);
  ms_failure_deinit(&failure);
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

static int write_succeeded(struct ms_decision *decision, const struct ms_frame *frame)
{
  int status = ms_decision_end_map_run(decision, frame, "SUCCEEDED", NULL);
  uint32_t last = decision->previous; /* AWS leaves ...Succeeded out of the chain, since late in 2024 of both kinds */
  if (status == 0 && frame->children->is_map_run)
    status = ms_decision_write(decision, MS_EVENT_MAP_RUN_SUCCEEDED, frame, MS_JSON_VALUE_NONE,
                               MS_JSON_VALUE_NONE);
  if (status == 0)
    status = ms_decision_write(decision, MS_EVENT_MAP_SUCCEEDED, frame, MS_JSON_VALUE_NONE,
                               MS_JSON_VALUE_NONE);
  decision->previous = last;
  return status;
}

static int finish_with(struct ms_decision *decision, const struct ms_frame *frame,
                       struct ms_json result)
{
  if (ms_decision_is_too_large(decision, result))
    return ms_decision_fail_too_large(decision, frame);
  int status = write_succeeded(decision, frame);
  return status == 0 ? ms_decision_exit_result(decision, frame, result) : status;
}

/* Too many failed, and what there is has been written, or could not be. */
static int fail_exceeded(struct ms_decision *decision, const struct ms_frame *frame)
{
  struct ms_failure failure = MS_FAILURE_INIT;
  int status = ms_decision_exceed_map_run(decision, frame, NULL, &failure);
  if (status == MS_FAILED)
    status = ms_decision_fail(decision, frame, &failure);
  ms_failure_deinit(&failure);
  return status;
}

/* All iterations have ended: the results are written, or they are the result. */
static int map_finish(struct ms_decision *decision, const struct ms_frame *frame)
{
  struct ms_failure failure = MS_FAILURE_INIT;
  struct ms_json result = MS_JSON_VALUE_NONE;
  int status;
  if (!ms_json_is_none(frame->children->run_arn) &&
      ms_map_writes(decision, (const struct ms_state_map_fields *)frame->state)) {
    status = ms_map_write_request(&result, decision, frame, &failure);
    if (status == 0)
      status = ms_map_schedule(decision, frame, result);
    else if (status == MS_FAILED && frame->children->is_failing)
      status = fail_exceeded(decision, frame);
    else
      status = ms_decision_settle(decision, frame, status, &failure);
    ms_failure_deinit(&failure);
    return status;
  }
  if (frame->children->is_failing)
    return fail_exceeded(decision, frame);
  status = ms_map_succeeded(&result, decision, frame);
  if (status != 0)
    return status;
  status = finish_with(decision, frame, result);
  ms_json_unref(result);
  return status;
}

/* ---- what was asked of the world is answered ---- */

static int on_read(struct ms_decision *decision, const struct ms_frame *frame, struct ms_json answer)
{
  struct ms_json items = ms_json_getc(answer, "items");
  struct ms_map_source source = {items, ms_json_is_true(ms_json_getc(answer, "pairs")),
                                 ms_json_text(ms_json_getc(answer, "source"))};
  if (ms_json_is_array(items))
    return prepare(decision, frame, &source);
  return ms_error(MSTEP_EINTERNAL, "a reader answered without items");
}

/* {"Bucket", "Key"} of the manifest. */
static int on_written(struct ms_decision *decision, const struct ms_frame *frame,
                      struct ms_json answer)
{
  struct ms_json result = ms_json_object(2);
  int status = ms_json_setc(&result, "MapRunArn", ms_json_ref(frame->children->run_arn));
  if (status == 0)
    status = ms_json_setc(&result, "ResultWriterDetails", ms_json_ref(answer));
  if (status == 0)
    status = finish_with(decision, frame, result);
  ms_json_unref(result);
  return status;
}

static int on_failed(struct ms_decision *decision, const struct ms_frame *frame,
                     const struct ms_command *command)
{
  struct ms_failure failure = {ms_json_ref(command->error), ms_json_ref(command->cause),
                               MS_JSON_VALUE_NONE};
  int status = ms_decision_end_map_run(decision, frame, "FAILED", NULL);
  if (status == 0)
    status = ms_decision_write(decision, MS_EVENT_MAP_RUN_FAILED, frame,
                               ms_json_ref(command->error), ms_json_ref(command->cause));
  if (status == 0)
    status = ms_decision_fail(decision, frame, &failure);
  ms_failure_deinit(&failure);
  return status;
}

static int on_answer(struct ms_decision *decision, const struct ms_frame *frame,
                     const struct ms_command *command)
{
  bool is_failure = command->type == MS_COMMAND_TASK_FAILED;
  if (!is_failure && command->type != MS_COMMAND_TASK_SUCCEEDED)
    return 0;
  struct ms_event *event = ms_decision_hidden(decision, MS_EVENT_MAP_TASK_ENDED, frame);
  if (event == NULL)
    return ms_error_nomem();
  event->number = frame->task;
  if (frame->children->is_failing)
    return fail_exceeded(decision, frame);
  if (is_failure)
    return on_failed(decision, frame, command);
  bool is_read = ms_str_is(ms_json_text(ms_json_getc(frame->parameters, "action")), "read");
  return is_read ? on_read(decision, frame, command->data)
                 : on_written(decision, frame, command->data);
}

static int map_on_command(struct ms_decision *decision, const struct ms_frame *frame,
                          const struct ms_command *command)
{
  const struct ms_children *children = frame->children;
  if (frame->task != 0)
    return on_answer(decision, frame, command);
  if (children->is_failing)
    return map_finish(decision, frame);
  if (is_to_prepare(frame)) {
    struct ms_map_source source = {children->items, children->is_pairs, MS_STR("STATE_DATA")};
    return prepare(decision, frame, &source);
  }
  if (children->done_count == children->count)
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
    .writes_results = map_writes_results,
    .enter = map_enter,
    .on_command = map_on_command,
};
