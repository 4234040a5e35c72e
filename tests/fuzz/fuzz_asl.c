/*
 * Fuzzes the compiler of definitions. A leading `x` makes it an Express machine; the rest is the text.
 * Whatever it is, there is a machine that holds together or a list of problems, never both.
 */
#include <stdint.h>
#include <stdlib.h>

#include "asl/asl.h"
#include "base/utf8.h"
#include "mstep/error.h"
#include "states/states.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
  if (!holds) {
    abort();
  }
}

static void check_text(struct ms_str text)
{
  must(ms_utf8_check(text) == text.len);
}

static void check_diagnostics(const struct ms_diagnostics *list)
{
  struct ms_buf out;
  ms_buf_init(&out, MS_BUF_MAX_DEFAULT);
  must(list->count <= list->max);
  for (size_t i = 0; i < list->count; i++) {
    const struct ms_diagnostic *problem = &list->items[i];
    must(problem->code != NULL && problem->message.len > 0);
    check_text(problem->message);
    check_text(problem->pointer);
    check_text(problem->hint);
  }
  ms_diagnostics_print(&out, list, MS_STR("f"));
  ms_diagnostics_aws_message(&out, list);
  must(out.error == 0);
  check_text(ms_buf_view(&out));
  ms_buf_deinit(&out);
}

static void check_target(const struct ms_machine *machine, const struct ms_state *from, uint32_t to)
{
  must(to == MS_STATE_NONE ||
       (to < machine->state_count && machine->states[to]->flow == from->flow));
}

static void check_state(const struct ms_machine *machine, const struct ms_state *state, uint32_t index)
{
  must(state->type != NULL && state->flow != NULL && state->lang != NULL && state->index == index);
  must(ms_str_eq(ms_json_text(state->name_value), state->name));
  must(ms_machine_find(machine, state->name) == state);
  check_target(machine, state, state->next);
  for (uint32_t i = 0; i < state->catcher_count; i++) {
    must(state->catchers[i].next != MS_STATE_NONE && state->catchers[i].error_count > 0);
    check_target(machine, state, state->catchers[i].next);
  }
  for (uint32_t i = 0; i < state->retrier_count; i++) {
    must(state->retriers[i].error_count > 0 && state->retriers[i].backoff_rate >= 1);
  }
  must(state->flow->start < machine->state_count);
  must(machine->states[state->flow->start]->flow == state->flow);
}

static void check_machine(const struct ms_machine *machine, struct ms_str text)
{
  struct ms_buf out;
  ms_buf_init(&out, MS_BUF_MAX_DEFAULT);
  must(ms_str_eq(machine->text, text) && machine->flow != NULL && machine->state_count > 0);
  for (uint32_t i = 0; i < machine->state_count; i++) {
    check_state(machine, machine->states[i], i);
  }
  ms_asl_graph_mermaid(&out, machine);
  ms_asl_graph_dot(&out, machine);
  must(out.error == 0);
  check_text(ms_buf_view(&out));
  ms_buf_deinit(&out);
  struct ms_json references = ms_asl_variable_references(machine);
  must(ms_json_is_object(references));
  ms_json_unref(references);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  struct ms_str text = {(const char *)data, size};
  struct ms_asl_options options = {.types = ms_states_all};
  if (text.len > 0 && text.data[0] == 'x') {
    options.is_express = true;
    text = ms_str_sub(text, 1, text.len);
  }
  struct ms_diagnostics list;
  struct ms_machine *machine;
  must(ms_diagnostics_init(&list, 30) == 0);
  int err = ms_asl_compile(&machine, text, &options, &list);
  must(err == (list.error_count > 0 ? MSTEP_EDEFINITION : 0));
  must((machine == NULL) == (err != 0));
  check_diagnostics(&list);
  if (machine != NULL) {
    check_machine(machine, text);
  }
  ms_machine_unref(machine);
  ms_diagnostics_deinit(&list);
  return 0;
}
