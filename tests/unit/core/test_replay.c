/* What a recorded history alone says: evolve is total, and decides nothing. */
#include "base/error.h"
#include "drive.h"
#include "mt.h"

static const char definition[] =
    "{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Task\",\"Resource\":"
    "\"arn:aws:lambda:us-east-1:000000000000:function:f\",\"Retry\":[{\"ErrorEquals\":[\"X\"]}],"
    "\"End\":true}}}";

static void open(struct drive *drive, uint64_t seed)
{
  struct drive_options options = {.seed = seed};
  mt_eq_int(drive_open(drive, ms_str_c(definition), &options, NULL), 0);
  struct ms_json input = ms_json_object(0);
  mt_eq_int(drive_start(drive, input), 0);
  ms_json_unref(input);
}

static void answer(struct drive *drive, enum ms_command_type type, uint32_t task)
{
  struct ms_command command = {.type = type, .task = task, .error = ms_json_cstring("X")};
  mt_eq_int(drive_command(drive, &command), 0);
  ms_json_unref(command.error);
}

MT_TEST(replay__state_is_the_fold_of_the_history)
{
  struct drive drive;
  open(&drive, 1);
  mt_ok(drive_check(&drive));
  answer(&drive, MS_COMMAND_TASK_FAILED, 1);
  mt_ok(drive_check(&drive));
  mt_eq_int(drive.execution->frames[0]->retry_count, 1);
  drive_close(&drive);
}

MT_TEST(decide__changes_nothing)
{
  struct drive drive;
  open(&drive, 1);
  struct ms_events events = {0};
  struct ms_command command = {.type = MS_COMMAND_TASK_SUCCEEDED, .task = 1, .data = ms_json_int(1)};
  mt_eq_int(ms_core_decide(&events, drive.execution, &command, &drive.env), 0);
  size_t count = events.count;
  mt_ok(count > 0);
  mt_eq_int(ms_core_decide(&events, drive.execution, &command, &drive.env), 0);
  mt_eq_int((long long)events.count, (long long)(2 * count));
  mt_eq_int(events.items[0].id, events.items[count].id);
  ms_events_deinit(&events);
  drive_close(&drive);
}

MT_TEST(decide__drops_what_comes_too_late)
{
  struct drive drive;
  open(&drive, 1);
  answer(&drive, MS_COMMAND_TASK_FAILED, 1);
  size_t before = drive.history.count;
  answer(&drive, MS_COMMAND_TASK_SUCCEEDED, 1);
  answer(&drive, MS_COMMAND_TASK_HEARTBEAT, 1);
  answer(&drive, MS_COMMAND_START, 0);
  mt_eq_int((long long)drive.history.count, (long long)before);
  answer(&drive, MS_COMMAND_STOP, 0);
  mt_eq_int(drive.execution->status, MS_EXECUTION_ABORTED);
  before = drive.history.count;
  answer(&drive, MS_COMMAND_STOP, 0);
  mt_eq_int((long long)drive.history.count, (long long)before);
  drive_close(&drive);
}

MT_TEST(decide__a_timer_before_its_time_is_ignored)
{
  struct drive drive;
  open(&drive, 1);
  answer(&drive, MS_COMMAND_TASK_FAILED, 1);
  struct ms_command command = {.type = MS_COMMAND_TIMER};
  size_t before = drive.history.count;
  struct ms_effects effects = {0};
  mt_eq_int(ms_core_turn(&drive.history, &effects, drive.execution, &command, &drive.env, 0), 0);
  mt_eq_int((long long)drive.history.count, (long long)before);
  ms_effects_deinit(&effects);
  drive_close(&drive);
}

MT_TEST(turn__can_be_cut_into_steps)
{
  struct drive drive;
  mt_eq_int(drive_open(&drive,
                       MS_STR("{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Pass\",\"Next\":\"B\"},"
                              "\"B\":{\"Type\":\"Succeed\"}}}"),
                       NULL, NULL),
            0);
  struct ms_command start = {.type = MS_COMMAND_START, .data = ms_json_int(1)};
  struct ms_effects effects = {0};
  mt_eq_int(ms_core_turn(&drive.history, &effects, drive.execution, &start, &drive.env, 1), 0);
  int turns = 1;
  while (ms_core_runnable(drive.execution) != MS_FRAME_NONE) {
    mt_eq_int(ms_core_turn(&drive.history, &effects, drive.execution, NULL, &drive.env, 1), 0);
    turns++;
  }
  mt_eq_int(turns, 4);
  mt_eq_int(drive.execution->status, MS_EXECUTION_SUCCEEDED);
  ms_effects_deinit(&effects);
  drive_close(&drive);
}
