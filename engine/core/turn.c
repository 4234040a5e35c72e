/*
 * One command and the steps that follow from it: decide, evolve, effects, until nothing is ready. And the
 * end of a history that may not grow any more: its last event, with the number of the limit, is the
 * execution's end.
 */
#include "base/error.h"
#include "core/core.h"

static bool is_end(const struct ms_event *event)
{
  return event->type >= MS_EVENT_EXECUTION_SUCCEEDED && event->type <= MS_EVENT_EXECUTION_TIMED_OUT;
}

/* Drops the events that do not fit; true when there were any. */
static bool drop_excess(struct ms_events *events, size_t from, const struct ms_execution *execution,
                        const struct ms_core_env *env)
{
  uint32_t limit = env->limits->history_events;
  if (limit == 0 || execution->identity.is_express)
    return false;
  for (size_t i = from; i < events->count; i++)
    if (events->items[i].id >= limit && !is_end(&events->items[i])) {
      while (events->count > i)
        ms_event_deinit(&events->items[--events->count]);
      return true;
    }
  return false;
}

static int apply_events(struct ms_events *events, struct ms_effects *effects,
                        struct ms_execution *execution, size_t from)
{
  int status = 0;
  for (size_t i = from; status == 0 && i < events->count; i++) {
    status = ms_core_evolve(execution, &events->items[i]);
    if (status == 0)
      status = ms_core_effects(effects, &events->items[i]);
  }
  return status;
}

static int apply(struct ms_events *events, struct ms_effects *effects,
                 struct ms_execution *execution, const struct ms_command *command,
                 const struct ms_core_env *env)
{
  size_t from = events->count;
  int status = ms_core_decide(events, execution, command, env);
  bool is_full = status == 0 && drop_excess(events, from, execution, env);
  if (status == 0)
    status = apply_events(events, effects, execution, from);
  if (status != 0 || !is_full)
    return status;
  from = events->count;
  status =
      ms_core_decide(events, execution, &(struct ms_command){.type = MS_COMMAND_HISTORY_FULL}, env);
  return status == 0 ? apply_events(events, effects, execution, from) : status;
}

int ms_core_turn(struct ms_events *events, struct ms_effects *effects,
                 struct ms_execution *execution, const struct ms_command *command,
                 const struct ms_core_env *env, uint32_t max_steps)
{
  int status = command == NULL ? 0 : apply(events, effects, execution, command, env);
  struct ms_command step = {.type = MS_COMMAND_STEP};
  for (uint32_t steps = 0; status == 0 && (max_steps == 0 || steps < max_steps); steps++) {
    step.frame = ms_core_runnable(execution);
    if (step.frame == MS_FRAME_NONE)
      break;
    status = apply(events, effects, execution, &step, env);
  }
  if (status == 0)
    ms_execution_assert_state(execution);
  return status;
}
