/*
 * The n-th allocation fails, for every n: compiling, deciding, evolving, failing over and describing a
 * machine with all state types in it must say so and leave nothing behind.
 */
#include "base/error.h"
#include "drive.h"
#include "mt.h"

static const char *const machines[] = {
    /* data flow, variables, context, intrinsics */
    "{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Pass\",\"Parameters\":{\"c.$\":\"$$\",\"u.$\":"
    "\"States.Format('{}', $.n)\"},\"ResultPath\":\"$.a.b\",\"Assign\":{\"v.$\":\"$.u\"},\"Next\":\"C\"},"
    "\"C\":{\"Type\":\"Choice\",\"Choices\":[{\"And\":[{\"Variable\":\"$.n\",\"NumericEquals\":1},{\"Not\":"
    "{\"Variable\":\"$v\",\"IsNull\":true}}],\"Next\":\"W\"}]},\"W\":{\"Type\":\"Wait\",\"Seconds\":3,"
    "\"Next\":\"S\"},\"S\":{\"Type\":\"Succeed\",\"OutputPath\":\"$.a\"}}}",
    /* tasks: retry, catch, timeout, token */
    "{\"StartAt\":\"A\",\"TimeoutSeconds\":99,\"States\":{\"A\":{\"Type\":\"Task\",\"Resource\":"
    "\"arn:aws:states:::sqs:sendMessage.waitForTaskToken\",\"Parameters\":{\"t.$\":\"$$.Task.Token\"},"
    "\"TimeoutSeconds\":5,\"HeartbeatSeconds\":2,\"Retry\":[{\"ErrorEquals\":[\"X\"],\"MaxAttempts\":1}],"
    "\"Catch\":[{\"ErrorEquals\":[\"States.ALL\"],\"ResultPath\":\"$.e\",\"Next\":\"F\"}],\"End\":true},"
    "\"F\":{\"Type\":\"Fail\",\"Error\":\"E\",\"CausePath\":\"$.e.Error\"}}}",
    /* branches and iterations */
    "{\"StartAt\":\"P\",\"States\":{\"P\":{\"Type\":\"Parallel\",\"Branches\":[{\"StartAt\":\"M\",\"States\":"
    "{\"M\":{\"Type\":\"Map\",\"ItemsPath\":\"$.items\",\"MaxConcurrency\":2,\"ItemSelector\":{\"v.$\":"
    "\"$$.Map.Item.Value\"},\"ItemProcessor\":{\"StartAt\":\"T\",\"States\":{\"T\":{\"Type\":\"Task\","
    "\"Resource\":\"arn:aws:lambda:us-east-1:000000000000:function:f\",\"End\":true}}},\"End\":true}}},"
    "{\"StartAt\":\"W\",\"States\":{\"W\":{\"Type\":\"Wait\",\"Seconds\":50,\"End\":true}}}],\"Retry\":"
    "[{\"ErrorEquals\":[\"X\"],\"MaxAttempts\":1}],\"Catch\":[{\"ErrorEquals\":[\"X\"],\"Next\":\"S\"}],"
    "\"End\":true},\"S\":{\"Type\":\"Succeed\"}}}",
    /* a bad end, and a redrive in the depth */
    "{\"StartAt\":\"P\",\"States\":{\"P\":{\"Type\":\"Parallel\",\"Branches\":[{\"StartAt\":\"M\",\"States\":"
    "{\"M\":{\"Type\":\"Map\",\"ItemsPath\":\"$.items\",\"MaxConcurrency\":1,\"ItemProcessor\":{"
    "\"ProcessorConfig\":{\"Mode\":\"DISTRIBUTED\",\"ExecutionType\":\"EXPRESS\"},\"StartAt\":\"V\","
    "\"States\":{\"V\":{\"Type\":\"Pass\",\"Assign\":{\"v\":1},\"Next\":\"T\"},\"T\":{\"Type\":\"Task\","
    "\"Resource\":\"arn:aws:lambda:us-east-1:000000000000:function:f\",\"End\":true}}},\"End\":true}}},"
    "{\"StartAt\":\"W\",\"States\":{\"W\":{\"Type\":\"Wait\",\"Seconds\":50,\"End\":true}}}],"
    "\"End\":true}}}"};

/* Answers the first task: X first, then a result. 0, or an error. */
static int answer(struct drive *drive, int count)
{
  struct ms_command command = {.frame = drive->tasks[0].frame, .task = drive->tasks[0].task};
  if (count % 3 == 1) {
    command.type = MS_COMMAND_TASK_FAILED;
    command.error = ms_json_cstring("X");
    if (ms_json_is_none(command.error))
      return MSTEP_ENOMEM;
  } else {
    command.type = count % 3 == 0 ? MS_COMMAND_TASK_SUBMITTED : MS_COMMAND_TASK_SUCCEEDED;
    command.data = ms_json_int(count);
  }
  int status = drive_command(drive, &command);
  ms_json_unref(command.error);
  return status;
}

static int run_on(struct drive *drive)
{
  int status = 0;
  for (int i = 0; status == 0 && i < 40 && drive->execution->status == MS_EXECUTION_RUNNING; i++)
    status = drive->task_count > 0 ? answer(drive, i) : drive_fire(drive);
  return status == MSTEP_ENOTFOUND ? 0 : status;
}

static int run(struct drive *drive)
{
  struct ms_json input;
  int status = ms_json_parse(&input, MS_STR("{\"n\":1,\"items\":[1,2,3]}"), NULL, NULL);
  if (status == 0) {
    status = drive_start(drive, input);
    ms_json_unref(input);
  }
  if (status == 0)
    status = run_on(drive);
  const char *reason;
  struct ms_command redrive = {.type = MS_COMMAND_REDRIVE};
  if (status == 0 && ms_core_redrivable(&reason, drive->execution, NULL, drive->env.now_ms))
    status = drive_command(drive, &redrive);
  return status == 0 ? run_on(drive) : status;
}

static int describe(const struct drive *drive)
{
  for (size_t i = 0; i < drive->history.count; i++) {
    if (drive->history.items[i].id == 0)
      continue;
    struct ms_json event = ms_event_describe(&drive->history.items[i], drive->execution);
    if (ms_json_is_none(event))
      return MSTEP_ENOMEM;
    ms_json_unref(event);
  }
  return 0;
}

static int live(void *user)
{
  struct drive drive;
  int status = drive_open(&drive, ms_str_c(user), NULL, NULL);
  if (status != 0)
    return status;
  status = run(&drive);
  if (status == 0)
    status = describe(&drive);
  drive_close(&drive);
  return status;
}

MT_TEST(oom_core__data_flow)
{
  mt_oom(live, (void *)machines[0]);
}

MT_TEST(oom_core__tasks)
{
  mt_oom(live, (void *)machines[1]);
}

MT_TEST(oom_core__branches_and_iterations)
{
  mt_oom(live, (void *)machines[2]);
}

MT_TEST(oom_core__redrive)
{
  mt_oom(live, (void *)machines[3]);
}
