/* Executions as bytes: written and read at every step of random runs, they go on as if nothing had been. */
#include <stdlib.h>

#include "base/alloc.h"
#include "base/error.h"
#include "drive.h"
#include "mt.h"
#include "random_machine.h"
#include "record.h"

static const char *const inputs[] = {"{\"items\":[]}", "{\"items\":[1]}", "{\"items\":[1,2,3]}",
                                     "{\"items\":[1,2,3,4,5,6],\"fail\":1}"};

/* A long text that makes a document of whatever it stands in. */
static struct ms_json long_text(char letter)
{
  char text[MS_DOCUMENT_BYTES + 1];
  memset(text, letter, sizeof text);
  return ms_json_string((struct ms_str){text, sizeof text});
}

/* What a run has on disk, and the execution that is made of it. */
struct copy {
  struct record_store store;
  struct ms_documents written; /* of the execution that runs */
  struct ms_documents read;    /* of the copy */
  struct ms_buf bytes;
  struct ms_execution *execution;
};

static void copy_open(struct copy *copy)
{
  *copy = (struct copy){.execution = NULL};
  record_store_init(&copy->store);
  ms_buf_init(&copy->bytes, 0);
}

static void copy_close(struct copy *copy)
{
  ms_execution_free(copy->execution);
  ms_documents_deinit(&copy->written);
  ms_documents_deinit(&copy->read);
  ms_buf_deinit(&copy->bytes);
  record_store_deinit(&copy->store);
}

/* Makes the copy anew from the bytes of the execution, and compares. */
static void copy_take(struct copy *copy, const struct ms_execution *execution)
{
  ms_execution_free(copy->execution);
  ms_documents_deinit(&copy->read);
  ms_buf_reset(&copy->bytes);
  mt_eq_int(ms_record_write_execution(&copy->bytes, &copy->written, &copy->store.io, execution), 0);
  copy->execution = record_twin(execution);
  int status = ms_record_read_execution(copy->execution, &copy->read, &copy->store.io,
                                        ms_buf_view(&copy->bytes));
  if (status != 0)
    mt_fail("%d: %s", status, ms_error_detail());
  const char *member = record_execution_difference(execution, copy->execution);
  if (member != NULL)
    mt_fail("%s is another", member);
  ms_documents_prune(&copy->written);
}

/* ---- random runs ---- */

static struct ms_command random_command(struct drive *drive, struct ms_random *random)
{
  static const char *const errors[] = {"X", "Y", "Z"};
  unsigned dice = (unsigned)ms_random_below(random, 100);
  struct ms_command command = {.type = MS_COMMAND_STOP};
  if (dice == 0 && ms_random_below(random, 10) == 0)
    return command;
  if (drive->task_count == 0 || (dice >= 60 && drive->timer_count > 0)) {
    const struct drive_timer *timer = drive_next_timer(drive);
    command.type = MS_COMMAND_TIMER;
    command.frame = timer == NULL ? MS_FRAME_NONE : timer->frame;
    if (timer != NULL && timer->due_at_ms > drive->env.now_ms)
      drive->env.now_ms = timer->due_at_ms;
    return command;
  }
  struct drive_task task = drive->tasks[ms_random_below(random, drive->task_count)];
  command.frame = task.frame;
  command.task = task.task;
  switch (ms_random_below(random, 6)) {
  case 0:
    command.type = MS_COMMAND_TASK_STARTED;
    break;
  case 1:
    command.type = MS_COMMAND_TASK_HEARTBEAT;
    break;
  case 2:
    command.type = MS_COMMAND_TASK_FAILED;
    command.error = ms_json_cstring(errors[ms_random_below(random, 3)]);
    break;
  default:
    command.type = MS_COMMAND_TASK_SUCCEEDED;
    command.data = ms_json_object(0);
    ms_json_setc(&command.data, "items", ms_json_array(0));
    if (ms_random_below(random, 3) == 0)
      ms_json_setc(&command.data, "long", long_text((char)('a' + task.task % 20)));
    break;
  }
  return command;
}

static void compare_events(const struct ms_events *a, size_t from, const struct ms_events *b)
{
  mt_eq_int((long long)(a->count - from), (long long)b->count);
  for (size_t i = 0; i < b->count; i++) {
    const char *member = record_event_difference(&a->items[from + i], &b->items[i]);
    if (member != NULL)
      mt_fail("%s of event %zu is another", member, i);
  }
}

/* The same command for both; what they decide must be the same. */
static void step_both(struct drive *drive, struct copy *copy, const struct ms_command *command)
{
  struct ms_events events = {0};
  struct ms_effects effects = {0};
  size_t before = drive->history.count;
  mt_eq_int(ms_core_turn(&events, &effects, copy->execution, command, &drive->env, 0), 0);
  mt_eq_int(drive_command(drive, command), 0);
  compare_events(&drive->history, before, &events);
  const char *member = record_execution_difference(drive->execution, copy->execution);
  if (member != NULL)
    mt_fail("%s is another afterwards", member);
  ms_events_deinit(&events);
  ms_effects_deinit(&effects);
}

static void open_random(struct drive *drive, struct ms_random *random, uint64_t seed)
{
  struct ms_buf definition;
  ms_buf_init(&definition, 1 << 20);
  random_machine(&definition, random);
  struct drive_options options = {.seed = seed};
  mt_eq_int(drive_open(drive, ms_buf_view(&definition), &options, NULL), 0);
  ms_buf_deinit(&definition);
}

static struct ms_json random_input(struct ms_random *random)
{
  struct ms_json input;
  mt_eq_int(ms_json_parse(&input, ms_str_c(inputs[ms_random_below(random, 4)]), NULL, NULL), 0);
  if (ms_random_below(random, 2) == 0)
    ms_json_setc(&input, "long", long_text('A'));
  return input;
}

static void run_seed(uint64_t seed)
{
  struct ms_random random;
  struct drive drive;
  struct copy copy;
  mt_note("seed %llu", (unsigned long long)seed);
  ms_random_seed(&random, seed);
  open_random(&drive, &random, seed);
  struct ms_json input = random_input(&random);
  struct ms_command command = {.type = MS_COMMAND_START, .data = ms_json_ref(input)};
  copy_open(&copy);
  for (int steps = 0; drive.execution->status == MS_EXECUTION_RUNNING && steps < 1000; steps++) {
    copy_take(&copy, drive.execution);
    step_both(&drive, &copy, &command);
    ms_json_unref(command.data);
    ms_json_unref(command.error);
    command = random_command(&drive, &random);
  }
  copy_take(&copy, drive.execution);
  ms_json_unref(command.data);
  ms_json_unref(command.error);
  copy_close(&copy);
  ms_json_unref(input);
  drive_close(&drive);
}

MT_TEST(record_execution__random_runs_go_on_from_any_step)
{
  const char *many = getenv("MT_SEEDS"), *one = getenv("MT_SEED");
  uint64_t count = one != NULL ? 1 : many != NULL ? strtoull(many, NULL, 10) : 150;
  uint64_t first = one != NULL ? strtoull(one, NULL, 10) : 1;
  for (uint64_t seed = first; seed < first + count; seed++) {
    mt_leak_begin();
    run_seed(seed);
    mt_leak_end();
  }
}
