/*
 * Random machines under random answers: whatever happens, in whatever order, late and twice,
 *  - effects emitted and not yet answered are pending(state), and state is the fold of the history;
 *  - ids are gapless and every event's cause comes before it;
 *  - the same seed gives the same history, bit for bit;
 *  - the execution ends, and after a bad end a redrive goes on from there under the same rules.
 * MT_SEEDS=n runs n seeds, MT_SEED=n just that one and prints its machine.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "drive.h"
#include "mt.h"
#include "random_machine.h"

static const char *const inputs[] = {"{\"items\":[]}", "{\"items\":[1]}", "{\"items\":[1,2,3]}",
                                     "{\"items\":[1,2,3,4,5,6],\"fail\":1}"};

static void send_answer(struct drive *drive, const struct drive_task *task, struct ms_random *random)
{
  static const char *const errors[] = {"X", "Y", "Z"};
  struct ms_command command = {.frame = task->frame, .task = task->task};
  switch (ms_random_below(random, 6)) {
  case 0:
    command.type = MS_COMMAND_TASK_STARTED;
    break;
  case 1:
    command.type = MS_COMMAND_TASK_HEARTBEAT;
    break;
  case 2:
  case 3:
    command.type = MS_COMMAND_TASK_FAILED;
    command.error = ms_json_cstring(errors[ms_random_below(random, 3)]);
    break;
  default:
    command.type = MS_COMMAND_TASK_SUCCEEDED;
    command.data = ms_json_object(0);
    ms_json_setc(&command.data, "items", ms_json_array(0));
    break;
  }
  mt_eq_int(drive_command(drive, &command), 0);
  ms_json_unref(command.data);
  ms_json_unref(command.error);
}

/* An answer to a task that is long gone must change nothing. */
static void send_stale(struct drive *drive, struct ms_random *random)
{
  size_t before = drive->history.count;
  struct ms_command command = {.type = MS_COMMAND_TASK_SUCCEEDED,
                               .frame = (uint32_t)ms_random_below(random, 8),
                               .task = 1000000};
  struct ms_effects effects = {0};
  mt_eq_int(ms_core_turn(&drive->history, &effects, drive->execution, &command, &drive->env, 0), 0);
  mt_eq_int((long long)drive->history.count, (long long)before);
  ms_effects_deinit(&effects);
}

static void step(struct drive *drive, struct ms_random *random)
{
  unsigned dice = (unsigned)ms_random_below(random, 100);
  if (dice == 0 && ms_random_below(random, 10) == 0) {
    struct ms_command stop = {.type = MS_COMMAND_STOP};
    mt_eq_int(drive_command(drive, &stop), 0);
  } else if (dice < 5) {
    send_stale(drive, random);
  } else if (drive->task_count > 0 && (dice < 60 || drive->timer_count == 0)) {
    struct drive_task task = drive->tasks[ms_random_below(random, drive->task_count)];
    send_answer(drive, &task, random);
  } else if (drive->timer_count > 0) {
    mt_eq_int(drive_fire(drive), 0);
  }
}

static void check_ids(const struct drive *drive)
{
  uint32_t next = 1;
  for (size_t i = 0; i < drive->history.count; i++) {
    const struct ms_event *event = &drive->history.items[i];
    if (event->id == 0)
      continue;
    mt_eq_int(event->id, next);
    mt_ok(event->previous < event->id);
    next++;
  }
}

/* Until it has ended; some that ended badly are redriven. */
static void run(struct drive *drive, struct ms_random *random, uint64_t seed)
{
  uint32_t redrives = (uint32_t)ms_random_below(random, 4);
  for (int steps = 0; steps < 20000; steps++) {
    if (!drive_check(drive))
      mt_fail("seed %llu, step %d: %s", (unsigned long long)seed, steps, drive->problem.data);
    if (drive->execution->status == MS_EXECUTION_RUNNING) {
      step(drive, random);
      continue;
    }
    const char *reason;
    if (drive->execution->redrive_count == redrives ||
        !ms_core_redrivable(&reason, drive->execution, &drive->limits, drive->env.now_ms))
      return;
    struct ms_command redrive = {.type = MS_COMMAND_REDRIVE};
    mt_eq_int(drive_command(drive, &redrive), 0);
  }
  mt_fail("seed %llu does not end", (unsigned long long)seed);
}

static char *run_seed(uint64_t seed, bool is_loud)
{
  struct ms_random random;
  ms_random_seed(&random, seed);
  struct ms_buf definition, problems;
  ms_buf_init(&definition, 1 << 20);
  ms_buf_init(&problems, 1 << 20);
  random_machine(&definition, &random);
  if (is_loud)
    fprintf(stderr, "%s\n", definition.data);
  struct drive drive;
  struct drive_options options = {.seed = seed};
  if (drive_open(&drive, ms_buf_view(&definition), &options, &problems) != 0)
    mt_fail("seed %llu: %s\n%s", (unsigned long long)seed, definition.data, problems.data);
  drive.limits.history_events = ms_random_below(&random, 10) == 0 ? 60 : 0;
  struct ms_json input;
  ms_json_parse(&input, ms_str_c(inputs[ms_random_below(&random, 4)]), NULL, NULL);
  mt_eq_int(drive_start(&drive, input), 0);
  run(&drive, &random, seed);
  check_ids(&drive);
  struct ms_json history = drive_history(&drive);
  struct ms_buf text;
  ms_buf_init(&text, MS_BUF_MAX_DEFAULT);
  ms_json_print(&text, history);
  ms_json_unref(history);
  ms_json_unref(input);
  drive_close(&drive);
  ms_buf_deinit(&definition);
  ms_buf_deinit(&problems);
  return ms_buf_take(&text, NULL);
}

MT_TEST(random_machines__effects_are_pending_and_runs_repeat)
{
  const char *one = getenv("MT_SEED"), *many = getenv("MT_SEEDS");
  uint64_t first = one != NULL ? strtoull(one, NULL, 10) : 1;
  uint64_t count = one != NULL ? 1 : many != NULL ? strtoull(many, NULL, 10) : 300;
  unsigned redriven = 0, runs_redriven = 0;
  for (uint64_t seed = first; seed < first + count; seed++) {
    char *text = run_seed(seed, one != NULL);
    redriven += strstr(text, "\"ExecutionRedriven\"") != NULL;
    runs_redriven += strstr(text, "\"MapRunRedriven\"") != NULL;
    char *again = run_seed(seed, false);
    mt_eq_str(again, text);
    ms_free(text);
    ms_free(again);
  }
  printf("# %llu machines, %u redriven, %u of them with map runs\n", (unsigned long long)count, redriven,
         runs_redriven);
  mt_ok(count < 300 || (redriven >= 30 && runs_redriven >= 3)); /* or nothing was shown of them */
}
