/* Lists of events and the text of their types. What an event looks like to the world is history.c's. */
#include "core/event.h"

#include <stdio.h>

#include "asl/state_type.h"
#include "base/alloc.h"

void ms_event_deinit(struct ms_event *event)
{
  ms_json_unref(event->data);
  ms_json_unref(event->more);
}

void ms_events_clear(struct ms_events *events)
{
  for (size_t i = 0; i < events->count; i++)
    ms_event_deinit(&events->items[i]);
  events->count = 0;
}

void ms_events_deinit(struct ms_events *events)
{
  ms_events_clear(events);
  ms_free(events->items);
  *events = (struct ms_events){NULL, 0, 0};
}

struct ms_event *ms_events_add(struct ms_events *events)
{
  if (events->count == events->capacity) {
    size_t capacity = events->capacity == 0 ? 8 : events->capacity * 2;
    struct ms_event *items = ms_reallocarray(events->items, capacity, sizeof(*items));
    if (items == NULL)
      return NULL;
    events->items = items;
    events->capacity = capacity;
  }
  struct ms_event *event = &events->items[events->count++];
  *event = (struct ms_event){0};
  return event;
}

#define MS_EVENT(name, text, details) text,
static const char *const event_texts[] = {
#include "core/events.def"
};
#undef MS_EVENT

bool ms_event_is_public(enum ms_event_type type)
{
  return type < MS_EVENT_WAIT_SCHEDULED || type == MS_EVENT_EXECUTION_REDRIVEN ||
         type == MS_EVENT_MAP_RUN_REDRIVEN;
}

size_t ms_event_type_text(char *out, size_t size, const struct ms_event *event,
                          const struct ms_machine *machine)
{
  const char *prefix = "";
  if (event->type == MS_EVENT_STATE_ENTERED || event->type == MS_EVENT_STATE_EXITED ||
      event->type == MS_EVENT_STATE_ABORTED)
    prefix = machine->states[event->state]->type->name;
  int len = snprintf(out, size, "%s%s", prefix, event_texts[event->type]);
  return len < 0 ? 0 : (size_t)len;
}
