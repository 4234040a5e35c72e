/* What an execution asks of the world. Derived from events, or from state after a crash. */
#ifndef MS_CORE_EFFECT_H
#define MS_CORE_EFFECT_H

#include "core/execution.h"

enum ms_effect_type {
  MS_EFFECT_SCHEDULE_TASK, /* parameters, details (more of the event) */
  MS_EFFECT_CANCEL_TASK,   /* nobody waits for it any more */
  MS_EFFECT_SET_TIMER,     /* send MS_COMMAND_TIMER for frame at due_at_ms; replaces the frame's timer */
  MS_EFFECT_CLEAR_TIMER,
  MS_EFFECT_CLOSED         /* the execution has ended */
};

struct ms_effect {
  enum ms_effect_type type;
  uint32_t frame;
  uint32_t task;
  uint32_t state;   /* SCHEDULE_TASK: index of the Task or Map; its resource: ms_core_resource */
  int64_t due_at_ms;
  struct ms_json parameters; /* referenced */
  struct ms_json details;    /* referenced */
};

struct ms_effects {
  struct ms_effect *items;
  size_t count;
  size_t capacity;
};

void ms_effects_clear(struct ms_effects *effects);
void ms_effects_deinit(struct ms_effects *effects);
struct ms_effect *ms_effects_add(struct ms_effects *effects); /* zeroed; NULL when out of memory */

#endif
