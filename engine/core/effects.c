/* effects = f(event), pending = f(state): the same requests, seen from two sides. */
#include "base/alloc.h"
#include "base/error.h"
#include "core/core.h"

static void effect_deinit(struct ms_effect *effect)
{
  ms_json_unref(effect->parameters);
  ms_json_unref(effect->details);
}

void ms_effects_clear(struct ms_effects *effects)
{
  for (size_t i = 0; i < effects->count; i++)
    effect_deinit(&effects->items[i]);
  effects->count = 0;
}

void ms_effects_deinit(struct ms_effects *effects)
{
  ms_effects_clear(effects);
  ms_free(effects->items);
  *effects = (struct ms_effects){NULL, 0, 0};
}

struct ms_effect *ms_effects_add(struct ms_effects *effects)
{
  if (effects->count == effects->capacity) {
    size_t capacity = effects->capacity == 0 ? 4 : effects->capacity * 2;
    struct ms_effect *items = ms_reallocarray(effects->items, capacity, sizeof(*items));
    if (items == NULL)
      return NULL;
    effects->items = items;
    effects->capacity = capacity;
  }
  struct ms_effect *effect = &effects->items[effects->count++];
  *effect = (struct ms_effect){.frame = MS_FRAME_NONE, .state = MS_STATE_NONE};
  return effect;
}

static int add_timer(struct ms_effects *out, uint32_t frame, int64_t due_at_ms)
{
  struct ms_effect *effect = ms_effects_add(out);
  if (effect == NULL)
    return ms_error_nomem();
  effect->type = MS_EFFECT_SET_TIMER;
  effect->frame = frame;
  effect->due_at_ms = due_at_ms;
  return 0;
}

static int add_task(struct ms_effects *out, uint32_t frame, uint32_t task, uint32_t state,
                    struct ms_json parameters, struct ms_json details)
{
  struct ms_effect *effect = ms_effects_add(out);
  if (effect == NULL)
    return ms_error_nomem();
  effect->type = MS_EFFECT_SCHEDULE_TASK;
  effect->frame = frame;
  effect->task = task;
  effect->state = state;
  effect->parameters = ms_json_ref(parameters);
  effect->details = ms_json_ref(details);
  return 0;
}

static int add_plain(struct ms_effects *out, enum ms_effect_type type, uint32_t frame, uint32_t task)
{
  struct ms_effect *effect = ms_effects_add(out);
  if (effect == NULL)
    return ms_error_nomem();
  effect->type = type;
  effect->frame = frame;
  effect->task = task;
  return 0;
}

static bool is_scheduled(const struct ms_event *event)
{
  return event->type == MS_EVENT_TASK_SCHEDULED || event->type == MS_EVENT_LAMBDA_SCHEDULED ||
         event->type == MS_EVENT_ACTIVITY_SCHEDULED || event->type == MS_EVENT_MAP_TASK_SCHEDULED;
}

int ms_core_effects(struct ms_effects *out, const struct ms_event *event)
{
  int status = 0;
  if (event->flags & MS_EVENT_SETS_TIMER)
    status = add_timer(out, event->frame, event->due_at_ms);
  else if (event->flags & MS_EVENT_CLEARS_TIMER)
    status = add_plain(out, MS_EFFECT_CLEAR_TIMER, event->frame, 0);
  if (status == 0 && (event->flags & MS_EVENT_CANCELS_TASK))
    status = add_plain(out, MS_EFFECT_CANCEL_TASK, event->frame, event->number);
  if (status == 0 && is_scheduled(event))
    status = add_task(out, event->frame, event->number, event->state, event->data, event->more);
  if (status == 0 && event->type >= MS_EVENT_EXECUTION_SUCCEEDED &&
      event->type <= MS_EVENT_EXECUTION_TIMED_OUT)
    status = add_plain(out, MS_EFFECT_CLOSED, MS_FRAME_NONE, 0);
  return status;
}

int ms_core_pending(struct ms_effects *out, const struct ms_execution *execution)
{
  int status = 0;
  if (execution->status != MS_EXECUTION_RUNNING)
    return add_plain(out, MS_EFFECT_CLOSED, MS_FRAME_NONE, 0);
  if (execution->timer_at_ms != 0)
    status = add_timer(out, MS_FRAME_NONE, execution->timer_at_ms);
  for (uint32_t i = 0; status == 0 && i < execution->frame_count; i++) {
    const struct ms_frame *frame = execution->frames[i];
    if (frame == NULL)
      continue;
    if (frame->task != 0)
      status = add_task(out, i, frame->task, frame->state->index, frame->parameters,
                        frame->task_details);
    if (status == 0 && frame->timer_at_ms != 0)
      status = add_timer(out, i, frame->timer_at_ms);
  }
  return status;
}
