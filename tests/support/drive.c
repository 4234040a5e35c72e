/* See drive.h. */
#include "drive.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "states/states.h"

static struct ms_json arn_of(const char *kind, const char *account, const char *name, const char *tail)
{
  return ms_json_stringf("arn:aws:states:us-east-1:%s:%s:%s%s%s", account, kind, name,
                         *tail == '\0' ? "" : ":", tail);
}

/* Express executions have one part more: an id of the run. */
static struct ms_json express_arn(const char *account, const char *machine, const char *name)
{
  return ms_json_stringf("arn:aws:states:us-east-1:%s:express:%s:%s:"
                         "00000000-0000-4000-8000-000000000000",
                         account, machine, name);
}

static int make_execution(struct drive *drive, const struct drive_options *options)
{
  const char *account = options->account != NULL ? options->account : "000000000000";
  const char *machine = options->machine_name != NULL ? options->machine_name : "machine";
  const char *name = options->execution_name != NULL ? options->execution_name : "execution";
  struct ms_execution_identity identity = {
      .arn = options->is_express ? express_arn(account, machine, name)
                                 : arn_of("execution", account, machine, name),
      .name = ms_json_cstring(name),
      .role_arn = ms_json_cstring(options->role_arn != NULL ? options->role_arn
                                                            : "arn:aws:iam::000000000000:role/test"),
      .machine_arn = arn_of("stateMachine", account, machine, ""),
      .machine_name = ms_json_cstring(machine),
      .region = ms_json_cstring("us-east-1"),
      .is_express = options->is_express,
      .is_sync = options->is_sync,
      .seed = options->seed};
  drive->execution = ms_execution_new(drive->machine, &identity);
  if (drive->execution != NULL)
    return 0;
  ms_execution_identity_deinit(&identity);
  return MSTEP_ENOMEM;
}

static int compile(struct drive *drive, struct ms_str definition, bool is_express, struct ms_buf *problems)
{
  struct ms_asl_options options = {.types = ms_states_all, .is_express = is_express};
  struct ms_diagnostics diagnostics;
  int status = ms_diagnostics_init(&diagnostics, 100);
  if (status < 0)
    return status;
  status = ms_asl_compile(&drive->machine, definition, &options, &diagnostics);
  if (status < 0 && problems != NULL)
    ms_diagnostics_print(problems, &diagnostics, MS_STR("definition"));
  ms_diagnostics_deinit(&diagnostics);
  return status;
}

struct ms_core_limits drive_limits(void)
{
  struct ms_core_limits limits = MS_CORE_LIMITS_AWS;
  limits.execution_seconds_standard = limits.execution_seconds_express = 0;
  return limits;
}

int drive_open(struct drive *drive, struct ms_str definition, const struct drive_options *options,
               struct ms_buf *problems)
{
  static const struct drive_options defaults = {0};
  if (options == NULL)
    options = &defaults;
  *drive = (struct drive){.limits = drive_limits()};
  ms_buf_init(&drive->problem, 1 << 20);
  drive->arena = ms_arena_new(0);
  drive->env = (struct ms_core_env){
      .now_ms = options->start_at_ms != 0 ? options->start_at_ms : 1704067200000,
      .arena = drive->arena,
      .limits = &drive->limits};
  int status = drive->arena == NULL ? MSTEP_ENOMEM : 0;
  if (status == 0)
    status = compile(drive, definition, options->is_express, problems);
  if (status == 0)
    status = make_execution(drive, options);
  if (status != 0)
    drive_close(drive);
  return status;
}

static void task_deinit(struct drive_task *task)
{
  ms_json_unref(task->parameters);
  ms_json_unref(task->details);
}

void drive_close(struct drive *drive)
{
  for (size_t i = 0; i < drive->task_count; i++)
    task_deinit(&drive->tasks[i]);
  ms_free(drive->tasks);
  ms_free(drive->timers);
  ms_events_deinit(&drive->history);
  ms_effects_deinit(&drive->effects);
  ms_execution_free(drive->execution);
  ms_machine_unref(drive->machine);
  ms_arena_free(drive->arena);
  ms_buf_deinit(&drive->problem);
  *drive = (struct drive){0};
}

/* ---- what is outstanding ---- */

static void remove_task(struct drive *drive, uint32_t frame)
{
  for (size_t i = 0; i < drive->task_count; i++)
    if (drive->tasks[i].frame == frame) {
      task_deinit(&drive->tasks[i]);
      memmove(&drive->tasks[i], &drive->tasks[i + 1],
              (drive->task_count - i - 1) * sizeof(drive->tasks[0]));
      drive->task_count--;
      return;
    }
}

static void remove_timer(struct drive *drive, uint32_t frame)
{
  for (size_t i = 0; i < drive->timer_count; i++)
    if (drive->timers[i].frame == frame) {
      drive->timers[i] = drive->timers[--drive->timer_count];
      return;
    }
}

/* Room for one more of `size` bytes in *items. */
static int reserve(void **items, size_t *capacity, size_t count, size_t size)
{
  if (count < *capacity)
    return 0;
  size_t more = *capacity == 0 ? 8 : *capacity * 2;
  void *grown = ms_reallocarray(*items, more, size);
  if (grown == NULL)
    return MSTEP_ENOMEM;
  *items = grown;
  *capacity = more;
  return 0;
}

static int add_task(struct drive *drive, const struct ms_effect *effect)
{
  void *items = drive->tasks;
  int status = reserve(&items, &drive->task_capacity, drive->task_count, sizeof(drive->tasks[0]));
  drive->tasks = items;
  if (status == 0)
    drive->tasks[drive->task_count++] =
        (struct drive_task){effect->frame, effect->task, effect->state,
                            ms_json_ref(effect->parameters), ms_json_ref(effect->details)};
  return status;
}

static int set_timer(struct drive *drive, const struct ms_effect *effect)
{
  remove_timer(drive, effect->frame);
  void *items = drive->timers;
  int status = reserve(&items, &drive->timer_capacity, drive->timer_count, sizeof(drive->timers[0]));
  drive->timers = items;
  if (status == 0)
    drive->timers[drive->timer_count++] =
        (struct drive_timer){effect->frame, effect->due_at_ms, drive->next_order++};
  return status;
}

static int perform(struct drive *drive, const struct ms_effect *effect)
{
  switch (effect->type) {
  case MS_EFFECT_SCHEDULE_TASK:
    return add_task(drive, effect);
  case MS_EFFECT_CANCEL_TASK:
    remove_task(drive, effect->frame);
    return 0;
  case MS_EFFECT_SET_TIMER:
    return set_timer(drive, effect);
  case MS_EFFECT_CLEAR_TIMER:
    remove_timer(drive, effect->frame);
    return 0;
  case MS_EFFECT_CLOSED:
    return 0;
  }
  return 0;
}

/* An answer takes its request off the list, if the execution took it. */
static void answered(struct drive *drive, const struct ms_command *command)
{
  if (command->type == MS_COMMAND_TIMER)
    remove_timer(drive, command->frame);
  if (command->type == MS_COMMAND_TASK_SUCCEEDED || command->type == MS_COMMAND_TASK_FAILED)
    for (size_t i = 0; i < drive->task_count; i++)
      if (drive->tasks[i].frame == command->frame && drive->tasks[i].task == command->task) {
        remove_task(drive, command->frame);
        return;
      }
}

int drive_command(struct drive *drive, const struct ms_command *command)
{
  ms_effects_clear(&drive->effects);
  answered(drive, command);
  int status = ms_core_turn(&drive->history, &drive->effects, drive->execution, command, &drive->env, 0);
  for (size_t i = 0; status == 0 && i < drive->effects.count; i++)
    status = perform(drive, &drive->effects.items[i]);
  return status;
}

int drive_start(struct drive *drive, struct ms_json input)
{
  struct ms_command command = {.type = MS_COMMAND_START, .data = input};
  return drive_command(drive, &command);
}

const struct drive_timer *drive_next_timer(const struct drive *drive)
{
  const struct drive_timer *first = NULL;
  for (size_t i = 0; i < drive->timer_count; i++) {
    const struct drive_timer *timer = &drive->timers[i];
    if (first == NULL || timer->due_at_ms < first->due_at_ms ||
        (timer->due_at_ms == first->due_at_ms && timer->order < first->order))
      first = timer;
  }
  return first;
}

int drive_fire(struct drive *drive)
{
  const struct drive_timer *timer = drive_next_timer(drive);
  if (timer == NULL)
    return MSTEP_ENOTFOUND;
  if (timer->due_at_ms > drive->env.now_ms)
    drive->env.now_ms = timer->due_at_ms;
  struct ms_command command = {.type = MS_COMMAND_TIMER, .frame = timer->frame};
  return drive_command(drive, &command);
}

/* ---- the invariant ---- */

static int compare_lines(const void *a, const void *b)
{
  return strcmp(*(char *const *)a, *(char *const *)b);
}

/* One line for each request, sorted: two sets are equal when their texts are. */
static char *sorted(char **lines, size_t count)
{
  struct ms_buf text;
  ms_buf_init(&text, MS_BUF_MAX_DEFAULT);
  qsort(lines, count, sizeof(lines[0]), compare_lines);
  for (size_t i = 0; i < count; i++) {
    ms_buf_printf(&text, "%s\n", lines[i]);
    ms_free(lines[i]);
  }
  ms_free(lines);
  ms_buf_char(&text, '.');
  return ms_buf_take(&text, NULL);
}

static char *task_line(uint32_t frame, uint32_t task, uint32_t state, struct ms_json parameters)
{
  struct ms_buf text;
  ms_buf_init(&text, MS_BUF_MAX_DEFAULT);
  ms_buf_printf(&text, "task frame %u serial %u state %u ", frame, task, state);
  ms_json_print(&text, parameters);
  return ms_buf_take(&text, NULL);
}

static char *timer_line(uint32_t frame, int64_t due_at_ms)
{
  struct ms_buf text;
  ms_buf_init(&text, 100);
  ms_buf_printf(&text, "timer frame %u at %lld", frame, (long long)due_at_ms);
  return ms_buf_take(&text, NULL);
}

static char *outstanding_text(const struct drive *drive)
{
  size_t count = 0;
  char **lines = ms_calloc(drive->task_count + drive->timer_count + 1, sizeof(char *));
  for (size_t i = 0; i < drive->task_count; i++)
    lines[count++] = task_line(drive->tasks[i].frame, drive->tasks[i].task, drive->tasks[i].state,
                               drive->tasks[i].parameters);
  for (size_t i = 0; i < drive->timer_count; i++)
    lines[count++] = timer_line(drive->timers[i].frame, drive->timers[i].due_at_ms);
  return sorted(lines, count);
}

static char *pending_text(const struct ms_execution *execution)
{
  struct ms_effects effects = {0};
  if (ms_core_pending(&effects, execution) < 0)
    abort();
  size_t count = 0;
  char **lines = ms_calloc(effects.count + 1, sizeof(char *));
  for (size_t i = 0; i < effects.count; i++) {
    const struct ms_effect *effect = &effects.items[i];
    if (effect->type == MS_EFFECT_SCHEDULE_TASK)
      lines[count++] = task_line(effect->frame, effect->task, effect->state, effect->parameters);
    else if (effect->type == MS_EFFECT_SET_TIMER)
      lines[count++] = timer_line(effect->frame, effect->due_at_ms);
  }
  ms_effects_deinit(&effects);
  return sorted(lines, count);
}

/* A fresh execution with the same identity, made of the history alone. */
static struct ms_execution *fold(const struct drive *drive)
{
  struct ms_execution_identity identity = drive->execution->identity;
  struct ms_json *values[] = {&identity.arn,         &identity.name,         &identity.role_arn,
                              &identity.machine_arn, &identity.machine_name, &identity.region,
                              &identity.input_text};
  for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
    ms_json_ref(*values[i]);
  struct ms_execution *execution = ms_execution_new(drive->machine, &identity);
  for (size_t i = 0; i < drive->history.count; i++)
    if (ms_core_evolve(execution, &drive->history.items[i]) < 0)
      abort();
  return execution;
}

static void put_children(struct ms_buf *out, const struct ms_execution *execution,
                         const struct ms_children *children)
{
  ms_buf_printf(out, " children %u %u %u %u %u waiting %u exit %u run %u", children->count,
                children->started_count, children->running_count, children->done_count,
                children->failed_count, children->waiting_count, children->last_exit,
                children->redrive_count);
  ms_json_print(out, children->run_arn);
  ms_json_print(out, children->failures);
  for (uint32_t id = children->cut_first; id != MS_FRAME_NONE; id = execution->frames[id]->next_ready)
    ms_buf_printf(out, " cut %u", id);
  for (uint32_t i = 0; i < children->count; i++)
    ms_json_print(out, children->outputs[i]);
}

/* All that goes on, or would after a redrive. */
static char *state_text(const struct ms_execution *execution)
{
  struct ms_buf text;
  ms_buf_init(&text, MS_BUF_MAX_DEFAULT);
  ms_buf_printf(&text, "status %d event %u task %u redrives %u free %u\n", execution->status,
                execution->next_event, execution->next_task, execution->redrive_count,
                execution->free_count);
  for (uint32_t i = 0; i < execution->frame_count; i++) {
    const struct ms_frame *frame = execution->frames[i];
    if (frame == NULL)
      continue;
    ms_buf_printf(&text, "%u of %u index %u status %d cut %d state %u previous %u retries %u ", i,
                  frame->parent, frame->index, frame->status, frame->is_cut, frame->state->index,
                  frame->previous, frame->retry_count);
    ms_json_print(&text, frame->input);
    ms_json_print(&text, frame->variables);
    ms_json_print(&text, frame->first_input);
    if (frame->children != NULL)
      put_children(&text, execution, frame->children);
    ms_buf_char(&text, '\n');
  }
  for (uint32_t id = execution->ready_first; id != MS_FRAME_NONE; id = execution->frames[id]->next_ready)
    ms_buf_printf(&text, "ready %u\n", id);
  return ms_buf_take(&text, NULL);
}

bool drive_check(struct drive *drive)
{
  struct ms_execution *folded = fold(drive);
  char *expected = outstanding_text(drive);
  char *from_state = pending_text(drive->execution);
  char *from_history = pending_text(folded);
  if (strcmp(expected, from_state) != 0)
    ms_buf_printf(&drive->problem, "outstanding effects:\n%s\nbut pending(state):\n%s\n", expected,
                  from_state);
  if (strcmp(from_state, from_history) != 0)
    ms_buf_printf(&drive->problem, "pending(state):\n%s\nbut pending(fold(history)):\n%s\n", from_state,
                  from_history);
  char *state = state_text(drive->execution), *state_again = state_text(folded);
  if (strcmp(state, state_again) != 0)
    ms_buf_printf(&drive->problem, "the state:\n%s\nbut fold(history):\n%s\n", state, state_again);
  ms_free(state);
  ms_free(state_again);
  ms_free(expected);
  ms_free(from_state);
  ms_free(from_history);
  ms_execution_free(folded);
  return drive->problem.len == 0;
}

struct ms_json drive_history(const struct drive *drive)
{
  struct ms_json events = ms_json_array(drive->history.count);
  for (size_t i = 0; i < drive->history.count; i++)
    if (drive->history.items[i].id != 0)
      ms_json_push(&events, ms_event_describe(&drive->history.items[i], drive->execution));
  return events;
}
