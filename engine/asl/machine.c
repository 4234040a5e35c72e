/* The compiled machine's life and look-ups. Building it is parse_*.c's work. */
#include "asl/machine.h"

#include "base/alloc.h"

struct ms_machine *ms_machine_ref(struct ms_machine *machine)
{
  machine->references++;
  return machine;
}

void ms_machine_unref(struct ms_machine *machine)
{
  if (machine == NULL || --machine->references > 0) {
    return;
  }
  for (uint32_t i = 0; i < machine->query_count; i++) {
    ms_query_free(machine->queries[i]);
  }
  for (uint32_t i = 0; i < machine->value_count; i++) {
    ms_json_unref(machine->values[i]);
  }
  ms_free(machine->queries);
  ms_free(machine->query_states);
  ms_free(machine->values);
  ms_free(machine->states);
  ms_arena_free(machine->arena); /* the machine itself stands in it */
}

const struct ms_state *ms_machine_find(const struct ms_machine *machine, struct ms_str name)
{
  for (uint32_t i = 0; i < machine->state_count; i++) {
    if (ms_str_eq(machine->states[i]->name, name)) {
      return machine->states[i];
    }
  }
  return NULL;
}

bool ms_state_is_nested(const struct ms_state *state)
{
  return state->flow->owner != NULL;
}
