/*
 * The n-th allocation fails, for every n, in the life of a map run in the core: items that are read, selected and
 * batched, children of which one is stopped and some fail, settings that are changed, results that are written, a
 * redrive; and in the view of one of its children.
 */
#include "base/error.h"
#include "core/map_child.h"
#include "drive.h"
#include "mt.h"

static const char definition[] =
    "{\"StartAt\":\"M\",\"States\":{\"M\":{\"Type\":\"Map\",\"MaxConcurrency\":1,\"ToleratedFailurePercentage\":50,"
    "\"ItemReader\":{\"Resource\":\"arn:aws:states:::s3:getObject\",\"ReaderConfig\":{\"InputType\":\"CSV\","
    "\"CSVHeaderLocation\":\"FIRST_ROW\",\"MaxItemsPath\":\"$.max\"},\"Parameters\":{\"Bucket\":\"b\",\"Key.$\":"
    "\"$.key\"}},\"ItemSelector\":{\"v.$\":\"$$.Map.Item.Value\",\"i.$\":\"$$.Map.Item.Index\"},\"ItemBatcher\":{"
    "\"MaxItemsPerBatch\":2,\"BatchInput\":{\"k.$\":\"$.key\"}},\"ItemProcessor\":{\"ProcessorConfig\":{\"Mode\":"
    "\"DISTRIBUTED\",\"ExecutionType\":\"STANDARD\"},\"StartAt\":\"T\",\"States\":{\"T\":{\"Type\":\"Task\","
    "\"Resource\":\"arn:aws:lambda:us-east-1:000000000000:function:f\",\"End\":true}}},\"ResultWriter\":{"
    "\"Resource\":\"arn:aws:states:::s3:putObject\",\"Parameters\":{\"Bucket\":\"b\",\"Prefix.$\":\"$.key\"}},"
    "\"End\":true}}}";

static const struct ms_children *children_of(const struct drive *drive)
{
  const struct ms_frame *map = ms_execution_frame(drive->execution, 0);
  return map == NULL ? NULL : map->children;
}

/* Takes the values of the command. */
static int send(struct drive *drive, struct ms_command command)
{
  bool is_whole = command.type != MS_COMMAND_TASK_FAILED || !ms_json_is_none(command.error);
  int status = is_whole ? drive_command(drive, &command) : ms_error_nomem();
  ms_json_unref(command.data);
  ms_json_unref(command.error);
  return status;
}

/* Of what a task is asked for, by `action`: items, a manifest, or the work of a child. */
static int answer(struct drive *drive, bool is_fine)
{
  struct drive_task task = drive->tasks[0];
  struct ms_str action = ms_json_text(ms_json_getc(task.parameters, "action"));
  struct ms_command command = {.type = MS_COMMAND_TASK_SUCCEEDED, .frame = task.frame, .task = task.task};
  const char *text = ms_str_is(action, "read")    ? "{\"items\":[1,2,3,4,5,6,7],\"source\":\"s3://b/k\"}"
                     : ms_str_is(action, "write") ? "{\"Bucket\":\"b\",\"Key\":\"k\"}"
                                                  : "[7]";
  if (!is_fine) {
    command.type = MS_COMMAND_TASK_FAILED;
    command.error = ms_json_cstring("E");
    return send(drive, command);
  }
  int status = ms_json_parse(&command.data, ms_str_c(text), NULL, NULL);
  return status != 0 ? status : send(drive, command);
}

static int start(struct drive *drive)
{
  struct ms_json input;
  int status = ms_json_parse(&input, MS_STR("{\"key\":\"k\",\"max\":7}"), NULL, NULL);
  if (status != 0)
    return status;
  status = drive_start(drive, input);
  ms_json_unref(input);
  return status;
}

static int update(struct drive *drive, const char *settings)
{
  struct ms_command command = {.type = MS_COMMAND_UPDATE_MAP_RUN, .frame = 0};
  int status = ms_json_parse(&command.data, ms_str_c(settings), NULL, NULL);
  return status != 0 ? status : send(drive, command);
}

static int stop_child(struct drive *drive, uint32_t place)
{
  struct ms_command command = {.type = MS_COMMAND_STOP_CHILD, .frame = MS_FRAME_NONE, .task = place};
  command.data = ms_json_ref(children_of(drive)->run_arn);
  command.error = ms_json_cstring("E");
  return send(drive, command);
}

/* Four batches: the first is stopped, the second fails and is tolerated until it is not any more. */
static int fail(struct drive *drive)
{
  int status = start(drive);
  if (status == 0)
    status = answer(drive, true);
  if (status == 0)
    status = stop_child(drive, 0);
  if (status == 0)
    status = answer(drive, false);
  if (status == 0)
    status = update(drive, "{\"concurrency\":2}");
  if (status == 0)
    status = update(drive, "{\"toleratedPercentage\":1}");
  if (status == 0)
    status = answer(drive, true); /* the results are written */
  return status;
}

static int view(const struct drive *drive)
{
  struct ms_map_view seen;
  struct ms_str arn = ms_json_text(children_of(drive)->run_arn);
  int status =
      ms_map_view_init(&seen, drive->machine, &drive->execution->identity, arn, 1);
  for (size_t i = 0; status == 0 && i < drive->history.count; i++)
    status = ms_map_view_add(&seen, &drive->history.items[i]);
  ms_map_view_deinit(&seen);
  return status;
}

static int live(void *user)
{
  struct drive drive;
  int status = drive_open(&drive, MS_STR(definition), NULL, NULL);
  (void)user;
  if (status != 0)
    return status;
  status = fail(&drive);
  if (status == 0)
    mt_eq_int(drive.execution->status, MS_EXECUTION_FAILED);
  if (status == 0)
    status = view(&drive);
  if (status == 0)
    status = send(&drive, (struct ms_command){.type = MS_COMMAND_REDRIVE});
  for (int i = 0; status == 0 && i < 9 && drive.task_count > 0; i++)
    status = answer(&drive, true);
  if (status == 0)
    mt_eq_int(drive.execution->status, MS_EXECUTION_SUCCEEDED);
  drive_close(&drive);
  return status;
}

MT_TEST(oom_map_runs__core)
{
  mt_ok(mt_oom(live, NULL) > 300);
}
