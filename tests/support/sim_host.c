/* See sim.h: what an engine calls, and how tasks are answered. */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "core/execution.h"
#include "mt.h"
#include "sim.h"

#define LATE_MS 2000 /* behind a deadline: by then commits that were under way are answered */

/* ---- dying ---- */

/* One more callback; false: the process is dead, or dies now, and nobody hears it. */
static bool is_heard(struct sim *sim)
{
  if (sim->death_in > 0 && --sim->death_in == 0 && !sim->is_calm) {
    sim_note(sim, "killed in a callback");
    sim->is_dead = true;
    ms_engine_stop(sim->engine);
  }
  return !sim->is_dead;
}

struct ms_callback sim_callback(struct sim *sim, int type, struct sim_slot *slot)
{
  struct sim_call *call = sim_alloc(sim, sizeof *call);
  call->type = type;
  call->slot = slot;
  call->life = sim->life;
  if (slot != NULL) {
    call->incarnation = slot->incarnation;
    call->redrives = slot->redrives_asked;
  }
  return (struct ms_callback){(void (*)(void))sim_callback, call};
}

/* ---- accepted, done ---- */

static void check_call(struct sim *sim, struct sim_call *call)
{
  if (call->is_over) {
    sim_fail(sim, "a callback of type %d came twice", (int)call->type);
  }
  if (call->life != sim->life) {
    sim_fail(sim, "a callback of an engine that is closed");
  }
  call->is_over = true;
}

static void accepted_start(struct sim *sim, struct sim_slot *slot, int code)
{
  if (code == 0 && slot->state == SIM_ASKED) {
    slot->state = SIM_THERE;
    sim->counts->executions++;
  } else if (code != 0 && slot->state == SIM_ASKED && !slot->is_express) {
    sim_plan_action(sim, SIM_START, slot->number, 1000);
  }
}

static void accepted_purge(struct sim *sim, struct sim_slot *slot, int code)
{
  if (code == 0 && slot->state == SIM_THERE) {
    sim->counts->purges++;
    sim_gone(sim, slot);
  } else if (code != 0) {
    sim_plan_action(sim, SIM_PURGE, slot->number, 1500);
  }
}

/* Of many: which of them are gone is looked at afterwards. */
static void accepted_purge_old(struct sim *sim, int code)
{
  for (unsigned i = 0; code == 0 && i < sim->plan.slots; i++) {
    struct sim_slot *slot = &sim->slots[i];
    if (slot->state != SIM_THERE || !slot->is_purge_asked) {
      continue;
    }
    if (slot->is_purge_in_doubt || slot->redrives_asked > slot->redrives_told) {
      sim_plan_action(sim, SIM_LOOK, i, 1000);
    } else {
      sim->counts->purges++;
      sim_gone(sim, slot);
    }
  }
}

static void on_accepted(struct ms_callback callback, int code, const char *detail, void *host)
{
  struct sim *sim = host;
  struct sim_call *call = callback.user;
  struct sim_slot *slot = call->slot;
  if (!is_heard(sim)) {
    return;
  }
  check_call(sim, call);
  if (code != 0 && code != MSTEP_EIO) {
    sim_fail(sim, "accepted with %s", ms_error_text(code));
  }
  sim_note(sim, "  accepted %d %s: %s %s", (int)call->type, slot == NULL ? "many" : slot->name,
           code == 0 ? "yes" : "unknown", detail);
  if (slot == NULL) {
    accepted_purge_old(sim, code);
    return;
  }
  if (call->incarnation != slot->incarnation) {
    return;
  }
  switch (call->type) {
  case SIM_CALL_START:
    accepted_start(sim, slot, code);
    break;
  case SIM_CALL_STOP:
    slot->must_have_ended = code == 0 && slot->redrives_asked == call->redrives;
    break;
  case SIM_CALL_REDRIVE:
    if (code == 0 && slot->redrives_told < call->redrives) {
      slot->redrives_told = call->redrives;
      sim->counts->redrives++;
    }
    break;
  case SIM_CALL_PURGE:
    accepted_purge(sim, slot, code);
    break;
  case SIM_CALL_DONE:
    break;
  }
}

static void on_done(struct ms_callback callback, const struct ms_engine_end *end, void *host)
{
  struct sim *sim = host;
  struct sim_call *call = callback.user;
  struct sim_slot *slot = call->slot;
  if (!is_heard(sim)) {
    return;
  }
  check_call(sim, call);
  sim_note(sim, "  done %s: %d", slot->name, end->status);
  if (call->incarnation != slot->incarnation || slot->state == SIM_GONE) {
    return;
  }
  if (strcmp(end->arn, slot->arn) != 0) {
    sim_fail(sim, "done tells of %s, not of %s", end->arn, slot->arn);
  }
  bool leaves_nothing = slot->is_express && sim->log_levels[slot->machine] == MS_LOG_OFF;
  if (end->status == MS_ENGINE_UNKNOWN) {
    if (slot->state == SIM_THERE && !leaves_nothing && !slot->is_purge_asked) {
      sim_fail(sim, "the end of %s, which was accepted, is unknown", slot->name);
    }
    return;
  }
  const struct sim_end told = {end->status, sim_text(sim, end->output), sim_text(sim, end->error),
                               sim_text(sim, end->cause)};
  sim_check_end(sim, slot, -1, &told);
}

/* ---- tasks ---- */

static struct sim_slot *slot_of(struct sim *sim, struct ms_json parameters)
{
  struct ms_str id = ms_json_text(ms_json_getc(parameters, "id"));
  for (unsigned i = 0; i < sim->plan.slots; i++) {
    struct sim_slot *slot = &sim->slots[i];
    if (ms_str_eq(id, ms_str_c(sim_format(sim, "%u.%u", i, slot->incarnation)))) {
      return slot;
    }
  }
  sim_fail(sim, "a task of nobody: %.*s", MS_STR_ARG(id));
}

/* By what it is asked; its token must be the same for ever, and no other task's. */
static struct sim_task *find_task(struct sim *sim, struct ms_str text, const char *token)
{
  uint64_t hash = ms_hash(text, 0);
  struct sim_task *found = NULL;
  for (struct sim_task *task = sim->tasks; task != NULL; task = task->next) {
    bool is_it = task->hash == hash && ms_str_eq(ms_str_c(task->parameters), text);
    bool has_token = strcmp(task->token, token) == 0;
    bool is_express = sim->slots[task->slot].is_express;
    if (is_it != has_token && (has_token || !is_express)) { /* Express begins anew */
      sim_fail(sim, "token %s for %.*s, token %s for %s", token, MS_STR_ARG(text), task->token,
               task->parameters);
    }
    if (is_it) {
      found = task;
    }
  }
  return found;
}

static struct sim_task *new_task(struct sim *sim, struct ms_str text)
{
  struct sim_task *task = sim_alloc(sim, sizeof *task);
  struct ms_json parameters;
  mt_eq_int(ms_json_parse(&parameters, text, NULL, NULL), 0);
  task->slot = slot_of(sim, parameters)->number;
  ms_json_unref(parameters);
  task->parameters = sim_text(sim, text);
  task->hash = ms_hash(text, 0);
  steady_task(&task->plan, text, -1);
  task->next = sim->tasks;
  sim->tasks = task;
  sim->counts->tasks++;
  return task;
}

static void begin_task(struct sim *sim, struct sim_task *task)
{
  unsigned delay_ms = sim_below(sim, 4) == 0 ? 0 : sim_below(sim, 6000);
  switch (task->plan.mode) {
  case STEADY_ANSWER:
    sim_plan_task(sim, SIM_ANSWER, task, delay_ms);
    break;
  case STEADY_TWICE:
    sim_plan_task(sim, SIM_ANSWER, task, delay_ms);
    sim_plan_task(sim, SIM_ANSWER, task, delay_ms + sim_below(sim, 3000));
    break;
  case STEADY_FAIL:
    sim_plan_task(sim, SIM_FAILURE, task, delay_ms);
    break;
  case STEADY_BEATS:
    sim_plan_task(sim, SIM_BEAT, task, 1000);
    sim_plan_task(sim, SIM_BEAT, task, 2000);
    break;
  case STEADY_LATE:
    sim_plan_task(sim, SIM_ANSWER, task, task->plan.timeout_ms + LATE_MS + delay_ms);
    break;
  case STEADY_SILENT:
    break;
  }
}

static void on_task(struct ms_callback callback, const char *token, const char *resource,
                    struct ms_str input, void *host)
{
  struct sim *sim = host;
  (void)callback;
  (void)resource;
  if (!is_heard(sim)) {
    return;
  }
  struct sim_task *task = find_task(sim, input, token);
  if (task == NULL) {
    task = new_task(sim, input);
  } else if (task->epoch == sim->epoch) {
    sim_fail(sim, "a task was started twice, and nothing had failed: %s", task->parameters);
  }
  snprintf(task->token, sizeof task->token, "%s", token);
  task->epoch = sim->epoch;
  task->starts++;
  task->started_at_ms = ms_engine_now_ms(sim->engine);
  sim_note(sim, "  task %.8s start %u: %.150s", token, task->starts, task->parameters);
  struct sim_slot *slot = &sim->slots[task->slot];
  if (slot->state == SIM_GONE) {
    sim_fail(sim, "a task of %s, which was purged", slot->name);
  }
  begin_task(sim, task);
  if (task->plan.mode == STEADY_ANSWER && sim_below(sim, 4) == 0) {
    const struct sim_action now = {.type = SIM_ANSWER, .task = task, .start = task->starts};
    sim_answer(sim, &now);
  }
}

/* One is late only behind its deadline, which begins with the latest start. */
static bool is_too_early(struct sim *sim, const struct sim_task *task)
{
  return task->plan.mode == STEADY_LATE &&
         ms_engine_now_ms(sim->engine) < task->started_at_ms + task->plan.timeout_ms + LATE_MS;
}

void sim_answer(struct sim *sim, const struct sim_action *action)
{
  struct sim_task *task = action->task;
  struct ms_str token = ms_str_c(task->token);
  int err;
  if (is_too_early(sim, task)) {
    return; /* the later start has planned another */
  }
  if (action->type == SIM_BEAT) {
    err = ms_engine_task_heartbeat(sim->engine, token);
  } else if (action->type == SIM_FAILURE) {
    err = ms_engine_task_failure(sim->engine, token, ms_str_c(task->plan.error),
                                 MS_STR(STEADY_CAUSE));
  } else {
    err = ms_engine_task_success(sim->engine, token, ms_buf_view(&task->plan.output));
  }
  sim_note(sim, "  answer %d to %.8s: %s", (int)action->type, task->token, ms_error_text(err));
  if (err == MSTEP_EIO) { /* the store has failed: once more later, unless it was started again since */
    if (action->start == task->starts) {
      sim_plan_task(sim, action->type, task, 400);
    }
  } else if (err != 0 && err != MSTEP_ENOTFOUND) {
    sim_fail(sim, "an answer to a task: %s: %s", ms_error_text(err), ms_error_detail());
  } else if (err == 0 && task->plan.mode == STEADY_LATE) {
    sim_fail(sim, "an answer behind the deadline was taken: %s", task->parameters);
  }
}

/* ---- the rest ---- */

static void on_event(struct ms_callback callback, const struct ms_engine_event *event, void *host)
{
  (void)callback;
  (void)event;
  (void)host;
}

static void on_log(int level, const char *module, struct ms_str line, void *host)
{
  struct sim *sim = host;
  (void)level;
  (void)module;
  if (!is_heard(sim)) {
    return;
  }
  sim_note(sim, "  log: %.*s", MS_STR_ARG(line));
  if (ms_str_has_prefix(line, "the store has failed")) {
    sim->counts->failures++;
  } else if (ms_str_has_prefix(line, "the store is back")) {
    sim->epoch++;
  }
}

struct ms_engine_options sim_options(struct sim *sim, const char *url)
{
  return (struct ms_engine_options){
      .region = "us-east-1",
      .account = "000000000000",
      .role_arn = "arn:aws:iam::000000000000:role/r",
      .is_virtual_time = true,
      .start_at_ms = sim->now_ms,
      .seed = ms_random_next(&sim->random) | 1,
      .is_history_kept = true,
      .store_url = url,
      .durability = MS_DURABILITY_NONE,
      .functions_dir = sim->functions,
      .host = {on_done, on_task, NULL, NULL, on_accepted, on_event, on_log, sim, NULL},
  };
}

void sim_tasks_free(struct sim *sim)
{
  for (struct sim_task *task = sim->tasks; task != NULL; task = task->next) {
    ms_buf_deinit(&task->plan.output);
  }
  sim->tasks = NULL;
}
