/* See random_run.h. */
#include "random_run.h"

#include <string.h>

#include "base/error.h"
#include "random_machine.h"

#define STEPS_MAX 2000
#define LONG_BYTES 1100 /* more than MS_DOCUMENT_BYTES */

static const char *const inputs[] = {"{\"items\":[]}", "{\"items\":[1]}", " {\"items\":[1, 2, 3]} ",
                                     "{\"items\":[1,2,3,4,5,6],\"fail\":1}"};

static struct ms_json long_text(unsigned letter)
{
  char text[LONG_BYTES];
  memset(text, (int)('a' + letter % 26), sizeof text);
  return ms_json_string((struct ms_str){text, sizeof text});
}

static void drop_command(struct random_run *run)
{
  ms_json_unref(run->command.data);
  ms_json_unref(run->command.error);
  run->command = (struct ms_command){.type = MS_COMMAND_STEP};
}

int random_run_open(struct random_run *run, uint64_t seed)
{
  struct ms_buf definition;
  struct drive_options options = {.seed = seed};
  *run = (struct random_run){.steps = 0};
  ms_random_seed(&run->random, seed);
  ms_buf_init(&definition, 1 << 20);
  random_machine(&definition, &run->random);
  int status = drive_open(&run->drive, ms_buf_view(&definition), &options, NULL);
  ms_buf_deinit(&definition);
  if (status != 0)
    return status;
  /* Any machine may be one's, as far as its executions are concerned. */
  run->drive.execution->identity.is_express = seed % 11 == 0;
  run->drive.limits.history_events = ms_random_below(&run->random, 10) == 0 ? 60 : 0;
  run->redrives = (uint32_t)ms_random_below(&run->random, 4);
  return 0;
}

void random_run_close(struct random_run *run)
{
  drop_command(run);
  drive_close(&run->drive);
}

static void make_start(struct random_run *run)
{
  const char *text = inputs[ms_random_below(&run->random, 4)];
  run->command.type = MS_COMMAND_START;
  ms_json_parse(&run->command.data, ms_str_c(text), NULL, NULL);
  if (ms_random_below(&run->random, 2) == 0)
    ms_json_setc(&run->command.data, "long", long_text(0));
  else
    run->drive.execution->identity.input_text = ms_json_cstring(text);
}

static void make_answer(struct random_run *run)
{
  static const char *const errors[] = {"X", "Y", "Z"};
  size_t place = (size_t)ms_random_below(&run->random, run->drive.task_count);
  const struct drive_task *task = &run->drive.tasks[place];
  struct ms_command *command = &run->command;
  command->frame = task->frame;
  command->task = task->task;
  switch (ms_random_below(&run->random, 7)) {
  case 0:
    command->type = MS_COMMAND_TASK_STARTED;
    break;
  case 1:
    command->type = MS_COMMAND_TASK_HEARTBEAT;
    break;
  case 2:
    command->type = MS_COMMAND_TASK_FAILED;
    command->error = ms_json_cstring(errors[ms_random_below(&run->random, 3)]);
    break;
  case 3: /* given back as it came: the same value all the way */
    command->type = MS_COMMAND_TASK_SUCCEEDED;
    command->data = ms_json_ref(task->parameters);
    break;
  default:
    command->type = MS_COMMAND_TASK_SUCCEEDED;
    command->data = ms_json_object(0);
    ms_json_setc(&command->data, "items", ms_json_array(0));
    if (ms_random_below(&run->random, 3) == 0)
      ms_json_setc(&command->data, "long", long_text(task->task));
    break;
  }
}

static void make_timer(struct random_run *run)
{
  const struct drive_timer *timer = drive_next_timer(&run->drive);
  run->command.type = MS_COMMAND_TIMER;
  run->command.frame = timer->frame;
  if (timer->due_at_ms > run->drive.env.now_ms)
    run->drive.env.now_ms = timer->due_at_ms;
}

static bool make_redrive(struct random_run *run)
{
  const char *reason;
  const struct ms_execution *execution = run->drive.execution;
  run->command.type = MS_COMMAND_REDRIVE;
  return execution->redrive_count < run->redrives &&
         ms_core_redrivable(&reason, execution, &run->drive.limits, run->drive.env.now_ms);
}

/* Any child of a map run, one that is cut off too; NULL: there is none. */
static const struct ms_frame *some_child(const struct ms_execution *execution)
{
  for (uint32_t i = execution->frame_count; i-- > 0;) {
    const struct ms_frame *child = execution->frames[i];
    if (child != NULL && child->flow->is_distributed && child->parent != MS_FRAME_NONE)
      return child;
  }
  return NULL;
}

static bool make_stop_child(struct random_run *run)
{
  const struct ms_frame *child = some_child(run->drive.execution);
  if (child == NULL)
    return false;
  const struct ms_frame *map = ms_execution_frame(run->drive.execution, child->parent);
  run->command.type = MS_COMMAND_STOP_CHILD;
  run->command.task = child->index;
  run->command.data = ms_json_ref(map->children->run_arn);
  run->command.error = ms_json_cstring("E");
  return true;
}

static bool make_update(struct random_run *run)
{
  const struct ms_frame *child = some_child(run->drive.execution);
  if (child == NULL)
    return false;
  run->command.type = MS_COMMAND_UPDATE_MAP_RUN;
  run->command.frame = child->parent;
  run->command.data = ms_json_object(2);
  ms_json_setc(&run->command.data, "concurrency", ms_json_int(1 + ms_random_below(&run->random, 3)));
  if (ms_random_below(&run->random, 2) == 0)
    ms_json_setc(&run->command.data, "toleratedCount", ms_json_int(ms_random_below(&run->random, 3)));
  return true;
}

bool random_run_next(struct random_run *run)
{
  const struct drive *drive = &run->drive;
  drop_command(run);
  if (++run->steps > STEPS_MAX)
    return false;
  if (drive->execution->next_event == 1)
    make_start(run);
  else if (drive->execution->status != MS_EXECUTION_RUNNING)
    return make_redrive(run);
  else if (ms_random_below(&run->random, 300) == 0)
    run->command.type = MS_COMMAND_STOP;
  else if (ms_random_below(&run->random, 15) == 0 && make_stop_child(run))
    return true;
  else if (ms_random_below(&run->random, 15) == 0 && make_update(run))
    return true;
  else if (drive->task_count > 0 &&
           (drive->timer_count == 0 || ms_random_below(&run->random, 100) < 60))
    make_answer(run);
  else if (drive->timer_count > 0)
    make_timer(run);
  else
    return false;
  return true;
}
