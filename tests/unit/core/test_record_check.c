/* What a damaged or foreign record may say, and is not believed: events first, then whole states. */
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "mt.h"
#include "trial.h"

/* The first trial machine, started: 0 in P, 1 in M below it, 2 in W, and two tasks of M's items. */
struct subject {
  struct trial trial;
  struct ms_execution *execution; /* the trial's */
};

static void subject_open(struct subject *subject)
{
  struct ms_json input;
  trial_open(&subject->trial, 0);
  subject->execution = subject->trial.drive.execution;
  mt_eq_int(ms_json_parse(&input, MS_STR("{\"items\":[1,2,3]}"), NULL, NULL), 0);
  mt_eq_int(drive_start(&subject->trial.drive, input), 0);
  ms_json_unref(input);
  mt_eq_int(subject->execution->frame_count, 5);
  mt_eq_int(subject->execution->frames[1]->children->running_count, 2);
  mt_eq_int(subject->execution->frames[3]->status, MS_FRAME_TASK);
}

static void subject_close(struct subject *subject)
{
  trial_close(&subject->trial);
}

static uint32_t state_named(const struct subject *subject, const char *name)
{
  const struct ms_state *state = ms_machine_find(subject->execution->machine, ms_str_c(name));
  return state == NULL ? MS_STATE_NONE : state->index;
}

/* ---- events ---- */

/* An event of that frame as the next one; which could well be. */
static struct ms_event event_of(const struct subject *subject, uint16_t type, uint32_t frame)
{
  const struct ms_frame *at = ms_execution_frame(subject->execution, frame);
  return (struct ms_event){.type = type,
                           .id = ms_event_is_public(type) ? subject->execution->next_event : 0,
                           .previous = subject->execution->next_event - 1,
                           .frame = frame,
                           .state = at == NULL ? MS_STATE_NONE : at->state->index,
                           .at_ms = 1704067200000,
                           .data = ms_json_int(1)};
}

static void accept(const struct subject *subject, const struct ms_event *event)
{
  if (ms_record_check_event(subject->execution, event) != 0)
    mt_fail("%s", ms_error_detail());
}

/* The reason must be this one, and not some other. */
static void refuse(const struct subject *subject, struct ms_event event, const char *why)
{
  mt_eq_int(ms_record_check_event(subject->execution, &event), MSTEP_EIO);
  if (strstr(ms_error_detail(), why) == NULL)
    mt_report("\"%s\" is not because \"%s\"", ms_error_detail(), why);
}

MT_TEST(record_check__what_all_events_have)
{
  struct subject subject;
  subject_open(&subject);
  struct ms_event good = event_of(&subject, MS_EVENT_LAMBDA_SUCCEEDED, 3), event;
  accept(&subject, &good);
  event = good, event.type = MS_EVENT_COUNT;
  refuse(&subject, event, "its type is not known");
  event = good, event.flags = 8;
  refuse(&subject, event, "its type is not known");
  event = good, event.id++;
  refuse(&subject, event, "another id is the next");
  event = good, event.id--;
  refuse(&subject, event, "another id is the next");
  event = good, event.previous = good.id;
  refuse(&subject, event, "before its cause");
  event = good, event.at_ms = INT64_MAX;
  refuse(&subject, event, "out of range");
  event = good, event.due_at_ms = INT64_MIN;
  refuse(&subject, event, "out of range");
  event = good, event.frame = 5;
  refuse(&subject, event, "no such frame");
  event = good, event.frame = MS_FRAME_NONE;
  refuse(&subject, event, "no such frame");
  event = good, event.state = 1000;
  refuse(&subject, event, "none of the machine");
  event = good, event.state = state_named(&subject, "M");
  refuse(&subject, event, "another state");
  subject_close(&subject);
}

MT_TEST(record_check__events_of_the_execution)
{
  struct subject subject;
  subject_open(&subject);
  struct ms_event end = event_of(&subject, MS_EVENT_EXECUTION_FAILED, MS_FRAME_NONE);
  accept(&subject, &end);
  end.frame = 0;
  refuse(&subject, end, "it names a frame");
  refuse(&subject, event_of(&subject, MS_EVENT_EXECUTION_STARTED, MS_FRAME_NONE), "it has started");
  refuse(&subject, event_of(&subject, MS_EVENT_EXECUTION_REDRIVEN, MS_FRAME_NONE),
         "nothing is to be redriven");
  struct ms_command stop = {.type = MS_COMMAND_STOP};
  mt_eq_int(drive_command(&subject.trial.drive, &stop), 0);
  refuse(&subject, event_of(&subject, MS_EVENT_EXECUTION_FAILED, MS_FRAME_NONE), "has ended");
  refuse(&subject, event_of(&subject, MS_EVENT_STATE_ENTERED, 0), "has ended");
  struct ms_event redriven = event_of(&subject, MS_EVENT_EXECUTION_REDRIVEN, MS_FRAME_NONE);
  accept(&subject, &redriven);
  mt_eq_int(ms_core_evolve(subject.execution, &redriven), 0);
  refuse(&subject, event_of(&subject, MS_EVENT_STATE_EXITED, 0), "the frame is cut");
  refuse(&subject, event_of(&subject, MS_EVENT_RESUMED, 1), "not its turn");
  struct ms_event resumed = event_of(&subject, MS_EVENT_RESUMED, 0);
  resumed.number = 1;
  refuse(&subject, resumed, "cannot go on like this");
  resumed.number = 0;
  accept(&subject, &resumed);
  subject_close(&subject);
}

MT_TEST(record_check__nothing_before_the_start)
{
  struct trial trial;
  trial_open(&trial, 0);
  struct ms_event event = {.type = MS_EVENT_EXECUTION_SUCCEEDED, .id = 1, .frame = MS_FRAME_NONE};
  mt_eq_int(ms_record_check_event(trial.drive.execution, &event), MSTEP_EIO);
  event.type = MS_EVENT_EXECUTION_STARTED;
  mt_eq_int(ms_record_check_event(trial.drive.execution, &event), MSTEP_EIO); /* without input */
  event.data = MS_JSON_VALUE_NULL;
  mt_eq_int(ms_record_check_event(trial.drive.execution, &event), 0);
  trial_close(&trial);
}

MT_TEST(record_check__events_of_tasks)
{
  struct subject subject;
  subject_open(&subject);
  refuse(&subject, event_of(&subject, MS_EVENT_LAMBDA_STARTED, 2), "no open task");
  refuse(&subject, event_of(&subject, MS_EVENT_HEARTBEAT, 0), "no open task");
  refuse(&subject, event_of(&subject, MS_EVENT_LAMBDA_SCHEDULED, 3), "not in a task");
  refuse(&subject, event_of(&subject, MS_EVENT_STATE_ENTERED, 3), "the frame is in a state");
  refuse(&subject, event_of(&subject, MS_EVENT_WAIT_SCHEDULED, 2), "not in a Wait");
  refuse(&subject, event_of(&subject, MS_EVENT_RETRY_STARTED, 3), "waits for no retry");
  struct ms_event retry = event_of(&subject, MS_EVENT_RETRY_SCHEDULED, 3);
  retry.due_at_ms = 1;
  refuse(&subject, retry, "it has no end");
  retry.flags = MS_EVENT_SETS_TIMER;
  accept(&subject, &retry);
  retry.number = 2;
  refuse(&subject, retry, "no such retrier");
  subject.execution->frames[3]->status = MS_FRAME_ENTERED;
  struct ms_event scheduled = event_of(&subject, MS_EVENT_LAMBDA_SCHEDULED, 3);
  refuse(&subject, scheduled, "another task is the next");
  scheduled.number = subject.execution->next_task;
  accept(&subject, &scheduled);
  scheduled.data = MS_JSON_VALUE_NONE;
  refuse(&subject, scheduled, "no parameters");
  subject_close(&subject);
}

MT_TEST(record_check__events_of_children)
{
  struct subject subject;
  subject_open(&subject);
  struct ms_event event = event_of(&subject, MS_EVENT_STATE_EXITED, 3);
  event.number = state_named(&subject, "C");
  refuse(&subject, event, "none of its flow");
  event.number = UINT32_MAX - 1;
  refuse(&subject, event, "none of its flow");
  event.number = MS_STATE_NONE;
  accept(&subject, &event);
  event.more = ms_json_int(1);
  refuse(&subject, event, "not an object");
  event = event_of(&subject, MS_EVENT_STATE_EXITED, 1);
  event.number = state_named(&subject, "E");
  refuse(&subject, event, "a child is running");
  event = event_of(&subject, MS_EVENT_MAP_ITERATION_STARTED, 1);
  refuse(&subject, event, "another iteration is the next");
  event.number = 2;
  accept(&subject, &event);
  event = event_of(&subject, MS_EVENT_MAP_ITERATION_SUCCEEDED, 3);
  refuse(&subject, event, "another child's");
  event.state = state_named(&subject, "M");
  refuse(&subject, event, "not reached its end");
  event.type = MS_EVENT_MAP_ITERATION_FAILED;
  accept(&subject, &event);
  event.number = 1;
  refuse(&subject, event, "another child's");
  event = event_of(&subject, MS_EVENT_MAP_ITERATION_ABORTED, 2);
  refuse(&subject, event, "no iteration");
  refuse(&subject, event_of(&subject, MS_EVENT_PARALLEL_STARTED, 0), "not in a Parallel");
  refuse(&subject, event_of(&subject, MS_EVENT_MAP_STARTED, 1), "not in a Map");
  refuse(&subject, event_of(&subject, MS_EVENT_MAP_RUN_STARTED, 0), "not in a Map");
  refuse(&subject, event_of(&subject, MS_EVENT_STATE_RESET, 3), "no children");
  refuse(&subject, event_of(&subject, MS_EVENT_STATE_RESET, 1), "a child is running");
  subject_close(&subject);
}

MT_TEST(record_check__as_many_branches_as_there_are)
{
  struct subject subject;
  subject_open(&subject);
  struct ms_frame *frame = subject.execution->frames[0];
  frame->status = MS_FRAME_ENTERED;
  struct ms_event event = event_of(&subject, MS_EVENT_PARALLEL_STARTED, 0);
  for (event.number = 0; event.number < 5; event.number++) {
    if (event.number == 2)
      accept(&subject, &event);
    else
      refuse(&subject, event, "another number of branches");
  }
  frame = subject.execution->frames[1];
  frame->status = MS_FRAME_ENTERED;
  event = event_of(&subject, MS_EVENT_MAP_STARTED, 1);
  refuse(&subject, event, "another number of items");
  event.data = ms_json_array(0);
  event.more = ms_json_object(1);
  refuse(&subject, event, "may run nothing");
  mt_eq_int(ms_json_setc(&event.more, "concurrency", ms_json_int(1)), 0);
  accept(&subject, &event);
  event.number = 1;
  refuse(&subject, event, "another number of items");
  ms_json_unref(event.data);
  ms_json_unref(event.more);
  subject_close(&subject);
}

/* ---- states ---- */

/* After one member was changed, and before it is put back. */
static void refuse_state(const struct subject *subject, const char *why)
{
  mt_eq_int(ms_record_check_execution(subject->execution), MSTEP_EIO);
  if (strstr(ms_error_detail(), why) == NULL)
    mt_report("\"%s\" is not because \"%s\"", ms_error_detail(), why);
}

/* The member has another value; then its own again, and all is well. */
#define WITH(member, value, why)                                                                   \
  do {                                                                                             \
    char own_[sizeof(member)];                                                                     \
    memcpy(own_, &(member), sizeof own_);                                                          \
    (member) = (value);                                                                            \
    refuse_state(&subject, why);                                                                   \
    memcpy(&(member), own_, sizeof own_);                                                          \
    mt_eq_int(ms_record_check_execution(subject.execution), 0);                                    \
  } while (0)

MT_TEST(record_check__states_that_cannot_be)
{
  struct subject subject;
  subject_open(&subject);
  struct ms_execution *execution = subject.execution;
  mt_eq_int(ms_record_check_execution(execution), 0);
  WITH(execution->started_at_ms, INT64_MAX, "out of range");
  WITH(execution->next_event, 0, "counter");
  WITH(execution->next_event, 1, "has not started");
  WITH(execution->status, MS_EXECUTION_SUCCEEDED, "has ended");
  WITH(execution->status, MS_EXECUTION_FAILED, "ended nowhere");
  WITH(execution->next_task, 1, "a task of nobody");
  WITH(execution->frames[0], NULL, "runs nowhere");
  WITH(execution->frames[1], NULL, "does not know");
  WITH(execution->frames[3], NULL, "missing");
  subject_close(&subject);
}

MT_TEST(record_check__frames_that_cannot_be)
{
  struct subject subject;
  subject_open(&subject);
  struct ms_frame **frames = subject.execution->frames;
  WITH(frames[3]->status, MS_FRAME_READY, "two things at once");
  WITH(frames[3]->task, 0, "two things at once");
  WITH(frames[3]->parameters, MS_JSON_VALUE_NONE, "a task of nobody");
  WITH(frames[3]->input, MS_JSON_VALUE_NONE, "without values");
  WITH(frames[3]->variables, ms_json_int(1), "without values");
  WITH(frames[3]->is_queued, true, "run queue");
  WITH(frames[3]->is_cut, true, "cut");
  WITH(frames[3]->index, 1, "two frames for one child");
  WITH(frames[3]->index, 9, "does not know");
  WITH(frames[3]->parent, 2, "does not know");
  WITH(frames[3]->parent, MS_FRAME_NONE, "without a parent");
  WITH(frames[3]->flow, frames[2]->flow, "does not know");
  WITH(frames[3]->timeout_at_ms, INT64_MIN, "out of range");
  WITH(frames[2]->timer_at_ms, 0, "a Wait without end");
  WITH(frames[2]->status, MS_FRAME_ENTERED, "run queue");
  WITH(frames[2]->status, MS_FRAME_RETRYING, "a retry without end");
  WITH(frames[2]->state, frames[3]->state, "a Wait without end");
  WITH(frames[0]->timer_at_ms, 5, "does not wait");
  WITH(frames[0]->flow, frames[2]->flow, "in a branch");
  subject_close(&subject);
}

MT_TEST(record_check__children_that_cannot_be)
{
  struct subject subject;
  subject_open(&subject);
  struct ms_children *children = subject.execution->frames[1]->children;
  WITH(children->started_count, 3, "missing, or was never started");
  WITH(children->started_count, 1, "missing, or was never started");
  WITH(children->running_count, 1, "counted wrong");
  WITH(children->done_count, 1, "counted wrong");
  WITH(children->failed_count, 1, "counted wrong");
  WITH(children->waiting_count, 1, "counted wrong");
  WITH(children->outputs[1], ms_json_int(1), "two frames for one child");
  WITH(children->outputs[2], ms_json_int(1), "never started");
  WITH(children->items, MS_JSON_VALUE_NULL, "other items");
  WITH(children->concurrency, 0, "other items");
  WITH(children->is_failing, true, "no map run");
  WITH(children->cut_first, 3, "cut elsewhere");
  WITH(children->cut_first, 77, "cut elsewhere");
  struct ms_children *branches = subject.execution->frames[0]->children;
  WITH(branches->failed_count, 1, "other branches");
  WITH(branches->count, 1, "does not know");
  subject_close(&subject);
}

/* Fails only what is a map run, writes, and has no child that runs; and then it does nothing else. */
MT_TEST(record_check__a_map_run_that_fails_and_writes)
{
  struct subject subject;
  subject_open(&subject);
  refuse(&subject, event_of(&subject, MS_EVENT_MAP_RUN_FAILING, 0), "in no map run");
  refuse(&subject, event_of(&subject, MS_EVENT_MAP_RUN_FAILING, 1), "in no map run");
  subject_close(&subject);
  trial_open(&subject.trial, 2);
  subject.execution = subject.trial.drive.execution;
  struct ms_command command = {.type = MS_COMMAND_START};
  mt_eq_int(ms_json_parse(&command.data, MS_STR("{\"items\":[1,2,3]}"), NULL, NULL), 0);
  mt_eq_int(drive_command(&subject.trial.drive, &command), 0);
  ms_json_unref(command.data);
  refuse(&subject, event_of(&subject, MS_EVENT_MAP_RUN_FAILING, 0), "a child is running");
  WITH(subject.execution->frames[0]->children->dates[1], INT64_MAX, "time out of range");
  command = (struct ms_command){.type = MS_COMMAND_TASK_FAILED, .frame = 1, .task = 1};
  mt_eq_int(drive_command(&subject.trial.drive, &command), 0);
  struct ms_frame *map = subject.execution->frames[0];
  mt_ok(map->children->is_failing && map->task != 0);
  refuse(&subject, event_of(&subject, MS_EVENT_MAP_RUN_FAILING, 0), "in no map run");
  WITH(map->children->is_failing, false, "counted wrong");
  WITH(map->children->failed_count, 3, "counted wrong");
  map->task = 0;
  refuse(&subject, event_of(&subject, MS_EVENT_MAP_RUN_FAILING, 0), "fails already");
  struct ms_event started = event_of(&subject, MS_EVENT_MAP_ITERATION_STARTED, 0);
  started.number = 2;
  refuse(&subject, started, "the Map is busy");
  subject_close(&subject);
}

/* The events of one decision, without the steps that follow. */
static void decide(struct subject *subject, const struct ms_command *command)
{
  struct ms_events events = {0};
  mt_eq_int(ms_core_decide(&events, subject->execution, command, &subject->trial.drive.env), 0);
  for (size_t i = 0; i < events.count; i++)
    mt_eq_int(ms_core_evolve(subject->execution, &events.items[i]), 0);
  ms_events_deinit(&events);
}

/* A Map that waits for nothing and stands in no queue would wait for ever. */
MT_TEST(record_check__nobody_is_left_behind)
{
  struct subject subject;
  subject_open(&subject);
  struct ms_frame *map = subject.execution->frames[1];
  for (uint32_t task = 1; task <= 3; task++) {
    struct drive_task *open = subject.trial.drive.tasks;
    struct ms_command command = {.type = MS_COMMAND_TASK_SUCCEEDED,
                                 .frame = open->frame,
                                 .task = open->task,
                                 .data = ms_json_int(1)};
    if (task < 3)
      mt_eq_int(drive_command(&subject.trial.drive, &command), 0);
    else
      decide(&subject, &command);
  }
  mt_eq_int(map->children->done_count, 3);
  mt_eq_int(ms_core_runnable(subject.execution), 1);
  WITH(map->is_queued, false, "nobody looks after");
  subject_close(&subject);
}
