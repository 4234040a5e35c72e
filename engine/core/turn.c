/* One command and the steps that follow from it: decide, evolve, effects, until nothing is ready. */
#include "base/error.h"
#include "core/core.h"

static int apply(struct ms_events *events, struct ms_effects *effects, struct ms_execution *execution,
                 const struct ms_command *command, const struct ms_core_env *env)
{
  size_t from = events->count;
  int status = ms_core_decide(events, execution, command, env);
  for (size_t i = from; status == 0 && i < events->count; i++) {
    status = ms_core_evolve(execution, &events->items[i]);
    if (status == 0)
      status = ms_core_effects(effects, &events->items[i]);
  }
  return status;
}

int ms_core_turn(struct ms_events *events, struct ms_effects *effects, struct ms_execution *execution,
                 const struct ms_command *command, const struct ms_core_env *env, uint32_t max_steps)
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
