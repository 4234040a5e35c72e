/* What is kept for a redrive, what it looks like, and what is refused. Scenarios show the rest. */
#include "base/error.h"
#include "drive.h"
#include "mt.h"

static const char map_then_task[] =
    "{\"StartAt\":\"M\",\"States\":{\"M\":{\"Type\":\"Map\",\"ItemProcessor\":{\"StartAt\":\"P\","
    "\"States\":{\"P\":{\"Type\":\"Pass\",\"End\":true}}},\"Next\":\"A\"},"
    "\"A\":{\"Type\":\"Task\",\"Resource\":\"arn:aws:lambda:us-east-1:000000000000:function:f\","
    "\"End\":true}}}";

static void start(struct drive *drive, const char *definition, bool is_express, int items)
{
  struct drive_options options = {.is_express = is_express};
  mt_eq_int(drive_open(drive, ms_str_c(definition), &options, NULL), 0);
  struct ms_json input = ms_json_array(0);
  for (int i = 0; i < items; i++)
    mt_eq_int(ms_json_push(&input, ms_json_int(i)), 0);
  mt_eq_int(drive_start(drive, input), 0);
  ms_json_unref(input);
}

static int send(struct drive *drive, enum ms_command_type type)
{
  struct ms_command command = {.type = type, .data = ms_json_int(1), .error = ms_json_cstring("X")};
  if (drive->task_count > 0) {
    command.frame = drive->tasks[0].frame;
    command.task = drive->tasks[0].task;
  }
  int status = drive_command(drive, &command);
  ms_json_unref(command.data);
  ms_json_unref(command.error);
  return status;
}

MT_TEST(redrive__keeps_the_frames_that_did_not_succeed_and_no_room_for_others)
{
  struct drive drive;
  start(&drive, map_then_task, false, 1000);
  mt_ok(drive.execution->frame_capacity > 30);
  size_t before = ms_execution_size_bytes(drive.execution);
  mt_eq_int(send(&drive, MS_COMMAND_TASK_FAILED), 0);
  mt_eq_int(drive.execution->frame_count, 1);
  mt_eq_int(drive.execution->frame_capacity, 1);
  mt_ok(drive.execution->frames[0]->is_cut);
  mt_ok(ms_json_is_none(drive.execution->frames[0]->parameters));
  mt_ok(ms_execution_size_bytes(drive.execution) < before);
  mt_ok(drive_check(&drive));
  drive_close(&drive);
}

MT_TEST(redrive__keeps_nothing_of_a_success)
{
  struct drive drive;
  start(&drive, map_then_task, false, 3);
  mt_eq_int(send(&drive, MS_COMMAND_TASK_SUCCEEDED), 0);
  mt_eq_int(drive.execution->status, MS_EXECUTION_SUCCEEDED);
  mt_eq_int(drive.execution->frame_count, 0);
  mt_ok(drive.execution->frames == NULL);
  drive_close(&drive);
}

MT_TEST(redrive__keeps_nothing_of_an_express_execution)
{
  struct drive drive;
  start(&drive, map_then_task, true, 3);
  mt_eq_int(send(&drive, MS_COMMAND_TASK_FAILED), 0);
  mt_eq_int(drive.execution->status, MS_EXECUTION_FAILED);
  mt_eq_int(drive.execution->frame_count, 0);
  drive_close(&drive);
}

MT_TEST(redrive__clears_the_end_and_counts)
{
  struct drive drive;
  start(&drive, map_then_task, false, 1);
  mt_eq_int(send(&drive, MS_COMMAND_TASK_FAILED), 0);
  mt_ok(drive.execution->stopped_at_ms != 0);
  drive.env.now_ms += 5000;
  mt_eq_int(send(&drive, MS_COMMAND_REDRIVE), 0);
  mt_eq_int(drive.execution->status, MS_EXECUTION_RUNNING);
  mt_eq_int(drive.execution->stopped_at_ms, 0);
  mt_ok(ms_json_is_none(drive.execution->error) && ms_json_is_none(drive.execution->cause));
  mt_eq_int(drive.execution->redrive_count, 1);
  mt_eq_int(drive.execution->redriven_at_ms, drive.env.now_ms);
  mt_eq_int(drive.execution->redriven_at_ms - drive.execution->started_at_ms, 5000);
  drive_close(&drive);
}

MT_TEST(redrive__that_is_refused_says_why_and_changes_nothing)
{
  struct drive drive;
  start(&drive, map_then_task, false, 1);
  size_t before = drive.history.count;
  mt_eq_int(send(&drive, MS_COMMAND_REDRIVE), MSTEP_ESTATE);
  mt_eq_str(ms_error_detail(), "Execution is RUNNING and cannot be redriven");
  mt_eq_int((long long)drive.history.count, (long long)before);
  mt_eq_int(drive.execution->redrive_count, 0);
  mt_ok(drive_check(&drive));
  drive_close(&drive);
}

MT_TEST(redrivable__has_the_limits_that_it_is_given)
{
  struct drive drive;
  start(&drive, map_then_task, false, 1);
  mt_eq_int(send(&drive, MS_COMMAND_TASK_FAILED), 0);
  const struct ms_core_limits aws = MS_CORE_LIMITS_AWS, none = MS_CORE_LIMITS_DEFAULT;
  const char *reason;
  int64_t day = 86400000, end = drive.execution->stopped_at_ms;
  mt_ok(ms_core_redrivable(&reason, drive.execution, &aws, end + 14 * day - 1));
  mt_ok(reason == NULL);
  mt_ok(!ms_core_redrivable(&reason, drive.execution, &aws, end + 14 * day));
  mt_eq_str(reason, "Execution redrivable period exceeded");
  mt_ok(!ms_core_redrivable(&reason, drive.execution, &aws, end + 365 * day));
  mt_eq_str(reason, "Execution has exceeded the max execution time");
  mt_ok(ms_core_redrivable(&reason, drive.execution, &none, end + 999 * day));
  mt_ok(ms_core_redrivable(&reason, drive.execution, NULL, end + 999 * day));
  drive.execution->next_event = 24999; /* 24,998 events: two more fit */
  mt_ok(ms_core_redrivable(&reason, drive.execution, &aws, end));
  drive.execution->next_event = 25000;
  mt_ok(!ms_core_redrivable(&reason, drive.execution, &aws, end));
  mt_eq_str(reason, "Execution history event limit exceeded");
  drive_close(&drive);
}

/* The public event of that type, without its time; owned. */
static struct ms_json described(const struct drive *drive, enum ms_event_type type)
{
  for (size_t i = 0; i < drive->history.count; i++) {
    if (drive->history.items[i].type != type)
      continue;
    struct ms_json event = ms_event_describe(&drive->history.items[i], drive->execution);
    mt_eq_int(ms_json_setc(&event, "timestamp", MS_JSON_VALUE_NULL), 0);
    return event;
  }
  return MS_JSON_VALUE_NONE;
}

static void expect(const struct drive *drive, enum ms_event_type type, const char *text)
{
  struct ms_json event = described(drive, type);
  struct ms_json printed = ms_json_print_value(event);
  mt_eq_str(ms_json_text(printed).data, text);
  ms_json_unref(printed);
  ms_json_unref(event);
}

MT_TEST(redrive__events_look_as_on_aws)
{
  static const char definition[] =
      "{\"StartAt\":\"M\",\"States\":{\"M\":{\"Type\":\"Map\",\"Label\":\"L\",\"ItemProcessor\":{"
      "\"ProcessorConfig\":{\"Mode\":\"DISTRIBUTED\",\"ExecutionType\":\"STANDARD\"},\"StartAt\":"
      "\"A\","
      "\"States\":{\"A\":{\"Type\":\"Task\",\"Resource\":"
      "\"arn:aws:lambda:us-east-1:000000000000:function:f\",\"End\":true}}},\"End\":true}}}";
  struct drive drive;
  start(&drive, definition, false, 2);
  mt_eq_int(send(&drive, MS_COMMAND_TASK_FAILED), 0);
  mt_eq_int(send(&drive, MS_COMMAND_REDRIVE), 0);
  mt_ok(drive_check(&drive));
  expect(&drive, MS_EVENT_EXECUTION_REDRIVEN,
         "{\"timestamp\":null,\"type\":\"ExecutionRedriven\",\"id\":8,\"previousEventId\":0,"
         "\"executionRedrivenEventDetails\":{\"redriveCount\":1}}");
  struct ms_json started = described(&drive, MS_EVENT_MAP_RUN_STARTED);
  struct ms_json redriven = described(&drive, MS_EVENT_MAP_RUN_REDRIVEN);
  struct ms_json details = ms_json_getc(redriven, "mapRunRedrivenEventDetails");
  mt_eq_int(ms_json_count(details), 2);
  mt_ok(
      ms_json_equal(ms_json_getc(details, "mapRunArn"),
                    ms_json_getc(ms_json_getc(started, "mapRunStartedEventDetails"), "mapRunArn")));
  mt_ok(ms_json_is_string(ms_json_getc(details, "mapRunArn")));
  mt_eq_int((long long)ms_json_number(ms_json_getc(details, "redriveCount")), 1);
  ms_json_unref(started);
  ms_json_unref(redriven);
  drive_close(&drive);
}
