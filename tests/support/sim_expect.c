/* See sim.h: the results that have to come out, from an engine on virtual time that has no store. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "core/execution.h"
#include "mt.h"
#include "sim.h"

static void on_done(struct ms_callback callback, const struct ms_engine_end *end, void *host)
{
  struct sim *sim = host;
  (void)callback;
  sim->reference_end = (struct sim_end){end->status, sim_text(sim, end->output),
                                        sim_text(sim, end->error), sim_text(sim, end->cause)};
}

static void on_task(struct ms_callback callback, const char *token, const char *resource,
                    struct ms_str input, void *host)
{
  struct sim *sim = host;
  struct steady_task task;
  int err = 0;
  (void)callback;
  (void)resource;
  steady_task(&task, input, sim->reference_redrives);
  if (task.mode == STEADY_FAIL) {
    err = ms_engine_task_failure(sim->reference, ms_str_c(token), ms_str_c(task.error),
                                 MS_STR(STEADY_CAUSE));
  } else if (task.mode == STEADY_ANSWER || task.mode == STEADY_TWICE) {
    err = ms_engine_task_success(sim->reference, ms_str_c(token), ms_buf_view(&task.output));
  }
  ms_buf_deinit(&task.output);
  mt_eq_int(err, 0);
}

static void on_log(int level, const char *module, struct ms_str line, void *host)
{
  (void)level;
  (void)module;
  (void)line;
  (void)host;
}

static void open_reference(struct sim *sim)
{
  struct ms_engine_options options = sim_options(sim, NULL);
  options.host = (struct ms_engine_host){.done = on_done, .task = on_task, .log = on_log, .host = sim};
  mt_eq_int(ms_engine_open(&sim->reference, &options), 0);
  struct ms_callback any = {(void (*)(void))open_reference, sim};
  mt_eq_int(ms_engine_task_register(sim->reference, MS_STR("*"), any), 0);
}

/* ---- histories ---- */

static int by_text(const void *a, const void *b)
{
  return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Type and details: what stands before them in the text, and an id in the details, is of one run. */
static char *timeless(struct sim *sim, const char *text)
{
  const char *type = strstr(text, "\"type\":"), *rest = strstr(text, "\"previousEventId\":");
  if (type == NULL || rest == NULL) {
    sim_fail(sim, "an event without type or cause: %s", text);
  }
  const char *type_end = strchr(type, ',');
  return sim_format(sim, "%.*s%s", (int)(type_end - type), type, rest + strcspn(rest, ",}"));
}

/* Not what has an ARN of its own; nor that a call was made, which a deadline may overtake after a crash. */
static bool is_compared(const char *line)
{
  return strstr(line, "\"MapRunStarted\"") == NULL && strstr(line, "\"TaskSubmitted\"") == NULL;
}

char *sim_sorted_events(struct sim *sim, char **events, unsigned count)
{
  char **lines = sim_alloc(sim, (count + 1) * sizeof *lines);
  struct ms_buf all;
  ms_buf_init(&all, 0);
  for (unsigned i = 0; i < count; i++) {
    lines[i] = timeless(sim, events[i]);
  }
  qsort(lines, count, sizeof *lines, by_text);
  for (unsigned i = 0; i < count; i++) {
    if (is_compared(lines[i])) {
      ms_buf_cstr(&all, lines[i]);
      ms_buf_char(&all, '\n');
    }
  }
  char *kept = sim_text(sim, ms_buf_view(&all));
  ms_buf_deinit(&all);
  return kept;
}

const char *sim_expected_events(struct sim *sim, struct sim_slot *slot)
{
  struct ms_buf out;
  ms_buf_init(&out, 0);
  const struct ms_engine_history request = {.arn = ms_str_c(sim_expect(sim, slot, 0)->arn),
                                            .max_results = UINT_MAX};
  mt_eq_int(ms_engine_execution_history(&out, sim->reference, &request), 0);
  struct ms_json answer;
  mt_eq_int(ms_json_parse(&answer, ms_buf_view(&out), NULL, NULL), 0);
  struct ms_json list = ms_json_getc(answer, "events");
  unsigned count = (unsigned)ms_json_count(list);
  char **events = sim_alloc(sim, (count + 1) * sizeof *events);
  for (unsigned i = 0; i < count; i++) {
    ms_buf_reset(&out);
    ms_json_print(&out, ms_json_at(list, i));
    events[i] = sim_text(sim, ms_buf_view(&out));
  }
  ms_json_unref(answer);
  ms_buf_deinit(&out);
  return sim_sorted_events(sim, events, count);
}

/* ---- the whole ---- */

const struct sim_expected *sim_expect(struct sim *sim, struct sim_slot *slot, unsigned redrives)
{
  struct sim_expected *expected = &slot->expected[redrives];
  if (expected->is_known) {
    return expected;
  }
  if (sim->reference == NULL) {
    open_reference(sim);
  }
  char machine[MS_ENGINE_ARN_SIZE], arn[MS_ENGINE_ARN_SIZE];
  const struct ms_engine_machine_request create = {
      .name = ms_str_c(sim_format(sim, "m%u-%u", slot->machine, slot->version)),
      .definition = ms_buf_view(&sim->definitions[slot->machine][slot->version]),
      .is_express = slot->is_express,
      .log_level = MS_LOG_ALL};
  mt_eq_int(ms_engine_machine_create(machine, sim->reference, &create, NULL, NULL), 0);
  const struct ms_engine_start start = {
      .machine_arn = ms_str_c(machine),
      .name = ms_str_c(sim_format(sim, "%s-%u-%u", slot->name, slot->incarnation, redrives)),
      .input = ms_str_c(slot->input),
      .done = {(void (*)(void))open_reference, sim}};
  sim->reference_end.status = MS_EXECUTION_RUNNING;
  sim->reference_redrives = (int)redrives;
  mt_eq_int(ms_engine_execution_start(arn, sim->reference, &start), 0);
  mt_eq_int(ms_engine_run(sim->reference), 0);
  if (sim->reference_end.status == MS_EXECUTION_RUNNING) {
    sim_fail(sim, "the reference of %s does not end", slot->name);
  }
  *expected = (struct sim_expected){true, sim->reference_end, sim_text(sim, ms_str_c(arn))};
  return expected;
}
