/* See trial.h. */
#include "trial.h"

#include <stdlib.h>

#include "base/error.h"

#define LAMBDA "\"Type\":\"Task\",\"Resource\":\"arn:aws:lambda:us-east-1:000000000000:function:f\""
#define ACTIVITY                                                                                   \
  "\"Type\":\"Task\",\"Resource\":\"arn:aws:states:us-east-1:000000000000:activity:a\""
#define STEPS_MAX 40
#define ROUNDS_MAX 6

static const char *const machines[TRIAL_MACHINES] = {
    "{\"StartAt\":\"P\",\"TimeoutSeconds\":3600,\"States\":{"
    "\"P\":{\"Type\":\"Parallel\",\"Branches\":["
    "{\"StartAt\":\"M\",\"States\":{\"M\":{\"Type\":\"Map\",\"ItemsPath\":\"$.items\","
    "\"MaxConcurrency\":2,\"ItemProcessor\":{\"StartAt\":\"T\",\"States\":{\"T\":{" LAMBDA
    ",\"TimeoutSeconds\":30,\"Retry\":[{\"ErrorEquals\":[\"X\"],\"MaxAttempts\":2},"
    "{\"ErrorEquals\":[\"Y\"]}],\"End\":true}}},\"ToleratedFailureCount\":1,\"Next\":\"E\"},"
    "\"E\":{\"Type\":\"Pass\",\"End\":true}}},"
    "{\"StartAt\":\"W\",\"States\":{\"W\":{\"Type\":\"Wait\",\"Seconds\":50,\"Next\":\"A\"},"
    "\"A\":{" ACTIVITY ",\"HeartbeatSeconds\":9,\"End\":true}}}],"
    "\"Retry\":[{\"ErrorEquals\":[\"Z\"],\"MaxAttempts\":1}],"
    "\"Catch\":[{\"ErrorEquals\":[\"Y\"],\"ResultPath\":\"$.e\",\"Next\":\"C\"}],"
    "\"ResultPath\":\"$.r\",\"Next\":\"C\"},"
    "\"C\":{\"Type\":\"Choice\",\"Choices\":[{\"Variable\":\"$.e\",\"IsPresent\":true,"
    "\"Next\":\"F\"}],\"Default\":\"D\"},"
    "\"D\":{\"Type\":\"Pass\",\"Assign\":{\"v.$\":\"$.items\"},\"Next\":\"S\"},"
    "\"F\":{\"Type\":\"Fail\",\"Error\":\"E\",\"Cause\":\"c\"},\"S\":{\"Type\":\"Succeed\"}}}",

    "{\"StartAt\":\"M\",\"States\":{\"M\":{\"Type\":\"Map\",\"ItemsPath\":\"$.items\","
    "\"ItemProcessor\":{"
    "\"ProcessorConfig\":{\"Mode\":\"DISTRIBUTED\",\"ExecutionType\":\"EXPRESS\"},"
    "\"StartAt\":\"T\",\"States\":{\"T\":{" LAMBDA ",\"Assign\":{\"x\":1},\"End\":true}}},"
    "\"ToleratedFailurePercentage\":40,\"Next\":\"N\"},"
    "\"N\":{\"Type\":\"Map\",\"ItemsPath\":\"$\",\"ItemProcessor\":{"
    "\"ProcessorConfig\":{\"Mode\":\"DISTRIBUTED\",\"ExecutionType\":\"STANDARD\"},"
    "\"StartAt\":\"Q\",\"States\":{\"Q\":{\"Type\":\"Parallel\",\"Branches\":["
    "{\"StartAt\":\"B\",\"States\":{\"B\":{" LAMBDA ",\"End\":true}}},"
    "{\"StartAt\":\"G\",\"States\":{\"G\":{\"Type\":\"Fail\"}}}],\"End\":true}}},\"End\":true}}}",

    "{\"StartAt\":\"M\",\"States\":{\"M\":{\"Type\":\"Map\",\"ItemsPath\":\"$.items\","
    "\"MaxConcurrency\":2,\"ItemProcessor\":{"
    "\"ProcessorConfig\":{\"Mode\":\"DISTRIBUTED\",\"ExecutionType\":\"STANDARD\"},"
    "\"StartAt\":\"T\",\"States\":{\"T\":{" LAMBDA ",\"End\":true}}},\"ResultWriter\":{"
    "\"Resource\":\"arn:aws:states:::s3:putObject\",\"Parameters\":{\"Bucket\":\"b\"}},\"End\":true}}}"};

static void must(bool holds)
{
  if (!holds)
    abort();
}

void trial_open(struct trial *trial, unsigned machine)
{
  static const char *const documents[] = {"{\"items\":[1,2,3]}", "[{\"a\":1},2]", "\"text\""};
  struct drive_options options = {.seed = 7};
  trial->accepted = 0;
  record_store_init(&trial->store);
  must(drive_open(&trial->drive, ms_str_c(machines[machine % TRIAL_MACHINES]), &options, NULL) ==
       0);
  for (uint32_t i = 0; i < sizeof documents / sizeof documents[0]; i++)
    must(trial->store.io.put(i, ms_str_c(documents[i]), &trial->store) == 0);
}

void trial_close(struct trial *trial)
{
  drive_close(&trial->drive);
  record_store_deinit(&trial->store);
}

/* ---- going on ---- */

/* One turn; what a redrive or a large value may refuse is fine, what must not be is not. */
static void turn(struct trial *trial, struct ms_execution *execution, struct ms_command *command)
{
  struct ms_events events = {0};
  struct ms_effects effects = {0};
  int status = ms_core_turn(&events, &effects, execution, command, &trial->drive.env, STEPS_MAX);
  must(status == 0 || status == MSTEP_ESTATE);
  for (size_t i = 0; i < events.count; i++) {
    struct ms_json shown = ms_event_describe(&events.items[i], execution);
    must(!ms_json_is_none(shown));
    ms_json_unref(shown);
  }
  ms_events_deinit(&events);
  ms_effects_deinit(&effects);
}

/* The state can be written, and what is read then is the same. */
static void check_copy(struct trial *trial, const struct ms_execution *execution)
{
  struct ms_documents written = {.next = 10}, read = {.next = 0};
  struct ms_execution *twin = record_twin(execution);
  struct ms_buf bytes;
  ms_buf_init(&bytes, 0);
  must(ms_record_write_execution(&bytes, &written, &trial->store.io, execution) == 0);
  must(ms_record_read_execution(twin, &read, &trial->store.io, ms_buf_view(&bytes)) == 0);
  must(record_execution_difference(execution, twin) == NULL);
  ms_buf_deinit(&bytes);
  ms_execution_free(twin);
  ms_documents_deinit(&written);
  ms_documents_deinit(&read);
}

static void answer(struct trial *trial, struct ms_execution *execution,
                   const struct ms_effect *effect, unsigned round)
{
  static const char *const errors[] = {"X", "Y", "Z"};
  struct ms_command command = {.frame = effect->frame, .task = effect->task};
  if (effect->type == MS_EFFECT_SET_TIMER) {
    command.type = MS_COMMAND_TIMER;
    if (effect->due_at_ms > trial->drive.env.now_ms)
      trial->drive.env.now_ms = effect->due_at_ms;
  } else if (round % 3 == 2) {
    command.type = MS_COMMAND_TASK_FAILED;
    command.error = ms_json_cstring(errors[round / 3 % 3]);
  } else {
    command.type = round % 2 == 0 ? MS_COMMAND_TASK_STARTED : MS_COMMAND_TASK_SUCCEEDED;
    command.data = ms_json_array(0);
  }
  turn(trial, execution, &command);
  ms_json_unref(command.error);
  ms_json_unref(command.data);
}

static void send(struct trial *trial, struct ms_execution *execution, enum ms_command_type type)
{
  struct ms_command command = {.type = type};
  turn(trial, execution, &command);
}

static void go_on(struct trial *trial, struct ms_execution *execution)
{
  trial->drive.env.now_ms = 1704067200000;
  check_copy(trial, execution);
  for (unsigned round = 0; round < ROUNDS_MAX; round++) {
    struct ms_effects pending = {0};
    turn(trial, execution, NULL);
    must(ms_core_pending(&pending, execution) == 0);
    if (pending.count > 0 && execution->status == MS_EXECUTION_RUNNING)
      answer(trial, execution, &pending.items[round % pending.count], round);
    else
      send(trial, execution, MS_COMMAND_REDRIVE);
    ms_effects_deinit(&pending);
    if (execution->status == MS_EXECUTION_RUNNING && round == ROUNDS_MAX / 2)
      send(trial, execution, MS_COMMAND_STOP);
    must(ms_record_check_execution(execution) == 0);
  }
  check_copy(trial, execution);
}

/* ---- what is tried ---- */

/* Up to the first that is refused. */
static bool apply(struct trial *trial, struct ms_execution *execution,
                  const struct ms_events *events)
{
  for (size_t i = 0; i < events->count; i++) {
    const struct ms_event *event = &events->items[i];
    int status = ms_record_check_event(execution, event);
    must(status == 0 || status == MSTEP_EIO);
    if (status != 0)
      return false;
    struct ms_json shown = ms_event_describe(event, execution);
    must(!ms_json_is_none(shown));
    ms_json_unref(shown);
    status = ms_core_evolve(execution, event);
    must(status == 0 || status == MSTEP_ETOOBIG);
    if (status != 0)
      return false;
    trial->accepted++;
  }
  return true;
}

bool trial_events(struct trial *trial, struct ms_str bytes)
{
  struct ms_execution *execution = record_twin(trial->drive.execution);
  struct ms_documents documents = {.next = 0};
  struct ms_bytes_reader reader;
  bool is_good = true;
  ms_bytes_reader_init(&reader, bytes);
  while (is_good && !ms_bytes_is_end(&reader)) {
    struct ms_events events = {0};
    struct ms_str list = ms_bytes_text(&reader);
    int status = ms_record_read_events(&events, &documents, &trial->store.io, list);
    must(status == 0 || (status == MSTEP_EIO && events.count == 0));
    is_good = status == 0 && apply(trial, execution, &events);
    ms_events_deinit(&events);
  }
  is_good = is_good && reader.error == 0;
  if (ms_record_check_execution(execution) == 0)
    go_on(trial, execution);
  else
    is_good = false;
  ms_execution_free(execution);
  ms_documents_deinit(&documents);
  return is_good;
}

bool trial_execution(struct trial *trial, struct ms_str bytes)
{
  struct ms_execution *execution = record_twin(trial->drive.execution);
  struct ms_documents documents = {.next = 0};
  int status = ms_record_read_execution(execution, &documents, &trial->store.io, bytes);
  must(status == 0 || status == MSTEP_EIO);
  if (status == 0)
    go_on(trial, execution);
  ms_execution_free(execution);
  ms_documents_deinit(&documents);
  return status == 0;
}
