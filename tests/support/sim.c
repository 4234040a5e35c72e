/* See sim.h: lives of engines, one after the other, and what happens in them when. */
#include "sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/error.h"
#include "core/execution.h"
#include "mt.h"
#include "runtime/durable.h"

#define PERIOD_MS 60000       /* in which everything is asked for */
#define QUIET_ROUNDS 100      /* until all must have ended */
#define OPEN_TRIES 500
#define TEXT_MAX ((size_t)256 << 20)

/* ---- helpers of all ---- */

unsigned sim_below(struct sim *sim, unsigned bound)
{
  return (unsigned)ms_random_below(&sim->random, bound);
}

void *sim_alloc(struct sim *sim, size_t size)
{
  void *block = ms_arena_calloc(sim->arena, 1, size);
  if (block == NULL) {
    sim_fail(sim, "the simulation itself has no memory");
  }
  return block;
}

char *sim_text(struct sim *sim, struct ms_str text)
{
  if (text.data == NULL) {
    return NULL;
  }
  char *copy = sim_alloc(sim, text.len + 1);
  memcpy(copy, text.data, text.len);
  return copy;
}

char *sim_format(struct sim *sim, const char *format, ...)
{
  struct ms_buf buf;
  va_list args;
  ms_buf_init(&buf, 0);
  va_start(args, format);
  ms_buf_vprintf(&buf, format, args);
  va_end(args);
  char *text = sim_text(sim, ms_buf_view(&buf));
  ms_buf_deinit(&buf);
  return text;
}

void sim_note(struct sim *sim, const char *format, ...)
{
  char *line = sim->trace[sim->trace_count++ % SIM_TRACE];
  int64_t now_ms = sim->engine != NULL ? ms_engine_now_ms(sim->engine) : sim->now_ms;
  int len = snprintf(line, SIM_TRACE_SIZE, "%lld.%u ", (long long)now_ms, sim->life);
  va_list args;
  va_start(args, format);
  vsnprintf(line + len, SIM_TRACE_SIZE - (size_t)len, format, args);
  va_end(args);
  if (sim->is_loud) {
    fprintf(stderr, "# %s\n", line);
  }
}

void sim_fail(struct sim *sim, const char *format, ...)
{
  unsigned first = sim->trace_count > SIM_TRACE ? sim->trace_count - SIM_TRACE : 0;
  char text[4096];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  for (unsigned i = first; i < sim->trace_count && !sim->is_loud; i++) {
    fprintf(stderr, "# %s\n", sim->trace[i % SIM_TRACE]);
  }
  mt_fail("seed %llu, life %u: %s", (unsigned long long)sim->seed, sim->life, text);
}

/* ---- what happens when ---- */

static struct sim_action *add_action(struct sim *sim, enum sim_action_type type, int64_t in_ms)
{
  if (sim->action_count == sim->action_capacity) {
    size_t capacity = sim->action_capacity == 0 ? 64 : 2 * sim->action_capacity;
    struct sim_action *actions = sim_alloc(sim, capacity * sizeof *actions);
    if (sim->action_count > 0) {
      memcpy(actions, sim->actions, sim->action_count * sizeof *actions);
    }
    sim->actions = actions;
    sim->action_capacity = capacity;
  }
  struct sim_action *action = &sim->actions[sim->action_count++];
  int64_t now_ms = sim->engine != NULL ? ms_engine_now_ms(sim->engine) : sim->now_ms;
  *action = (struct sim_action){.at_ms = now_ms + in_ms, .order = sim->next_order++, .type = type};
  return action;
}

void sim_plan_action(struct sim *sim, enum sim_action_type type, unsigned slot, unsigned in_ms)
{
  add_action(sim, type, in_ms)->slot = slot;
}

void sim_plan_task(struct sim *sim, enum sim_action_type type, struct sim_task *task, int64_t in_ms)
{
  struct sim_action *action = add_action(sim, type, in_ms);
  action->slot = task->slot;
  action->task = task;
  action->start = task->starts;
}

static bool take_action(struct sim_action *out, struct sim *sim)
{
  size_t best = 0;
  for (size_t i = 1; i < sim->action_count; i++) {
    const struct sim_action *a = &sim->actions[i], *b = &sim->actions[best];
    if (a->at_ms < b->at_ms || (a->at_ms == b->at_ms && a->order < b->order)) {
      best = i;
    }
  }
  if (sim->action_count == 0) {
    return false;
  }
  *out = sim->actions[best];
  sim->actions[best] = sim->actions[--sim->action_count];
  return true;
}

/* Who works on tasks in another process outlives a crash, others do not. */
static void lose_answers(struct sim *sim)
{
  for (size_t i = sim->action_count; i > 0; i--) {
    if (sim->actions[i - 1].task != NULL && sim_below(sim, 2) == 0) {
      sim->actions[i - 1] = sim->actions[--sim->action_count];
    }
  }
}

/* ---- lives ---- */

static void make_url(struct sim *sim, char url[SIM_URL_SIZE])
{
  char plan[128];
  snprintf(plan, sizeof plan, "faulty:%llu,fail=%u,tear=%u,read=%u,down=%u:",
           (unsigned long long)ms_random_next(&sim->random) >> 1, sim->plan.fail, sim->plan.tear,
           sim->plan.read, sim->plan.down);
  if (sim->plan.is_memory) {
    snprintf(url, SIM_URL_SIZE, "%smemory:", plan);
  } else {
    snprintf(url, SIM_URL_SIZE, "%ssqlite:%s", sim->is_calm ? "" : plan, sim->path);
  }
}

static void open_engine(struct sim *sim)
{
  char url[SIM_URL_SIZE];
  int err = MSTEP_EIO;
  sim->life++;
  sim->epoch++;
  sim->death_in = 0;
  sim->counts->lives++;
  for (unsigned i = 0; i < OPEN_TRIES && err == MSTEP_EIO; i++) {
    make_url(sim, url);
    const struct ms_engine_options options = sim_options(sim, url);
    sim->is_dead = false;
    err = ms_engine_open(&sim->engine, &options);
    if (err == MSTEP_EIO && strstr(ms_error_detail(), "fault on plan") == NULL) {
      break;
    }
  }
  if (err != 0) {
    sim_fail(sim, "open: %s: %s", ms_error_text(err), ms_error_detail());
  }
  struct ms_callback any = {(void (*)(void))open_engine, NULL};
  mt_eq_int(ms_engine_task_register(sim->engine, MS_STR("*"), any), 0);
  ms_engine_set_resident_max(sim->engine, sim->plan.resident_max);
  ms_engine_set_journal_limits(sim->engine, &sim->plan.limits);
  sim->death_in = sim->crashes < sim->plan.crashes && sim_below(sim, 2) == 0
                      ? 1 + sim_below(sim, 150)
                      : 0;
  sim->is_settled = true;
  sim_note(sim, "opened %s", url);
  for (unsigned i = 0; i < sim->plan.slots; i++) {
    if (sim->slots[i].state == SIM_ASKED || sim_below(sim, 3) == 0) {
      sim_look(sim, &sim->slots[i]);
    }
    sim_wait(sim, &sim->slots[i]);
  }
}

static void close_engine(struct sim *sim, bool is_orderly)
{
  struct ms_engine *engine = sim->engine;
  sim->now_ms = ms_engine_now_ms(engine);
  sim_note(sim, is_orderly ? "closed" : "killed");
  sim->engine = NULL;
  sim->is_dead = true;
  mt_eq_int(is_orderly ? ms_engine_close(engine) : ms_engine_abandon(engine), 0);
  sim->is_dead = false;
}

static void crash(struct sim *sim, bool is_orderly)
{
  close_engine(sim, is_orderly);
  sim->crashes++;
  sim->counts->crashes++;
  lose_answers(sim);
  sim->now_ms += sim_below(sim, 3) == 0 ? 0 : sim_below(sim, 20000);
  open_engine(sim);
}

/* Everything up to that moment, over the deaths of engines. */
static void run_until(struct sim *sim, int64_t at_ms)
{
  for (;;) {
    int err = ms_engine_run_until(sim->engine, at_ms);
    if (err != 0) {
      sim_fail(sim, "run: %s: %s", ms_error_text(err), ms_error_detail());
    }
    if (!sim->is_dead) {
      break;
    }
    crash(sim, false);
  }
  const struct ms_durable *durable = sim->engine->durable;
  sim->is_settled = durable->state == MS_DURABLE_OPEN && durable->held == NULL &&
                    ms_journal_is_idle(durable->journal) && sim->engine->first_pending == NULL;
}

/* ---- actions ---- */

/* A name that was purged is used again. */
static void begin_again(struct sim_slot *slot)
{
  unsigned number = slot->number, incarnation = slot->incarnation, machine = slot->machine;
  bool is_express = slot->is_express;
  *slot = (struct sim_slot){.number = number,
                            .incarnation = incarnation + 1,
                            .machine = machine,
                            .version = (number + incarnation) % SIM_VERSIONS,
                            .is_express = is_express};
}

static void act(struct sim *sim, const struct sim_action *action)
{
  struct sim_slot *slot = &sim->slots[action->slot];
  switch (action->type) {
  case SIM_START:
    if (slot->state == SIM_GONE && slot->incarnation < 2 && sim->is_settled) {
      begin_again(slot);
    }
    sim_start(sim, slot);
    break;
  case SIM_STOP:
    sim_stop(sim, slot);
    break;
  case SIM_REDRIVE:
    sim_redrive(sim, slot);
    break;
  case SIM_PURGE:
    sim_purge(sim, slot);
    break;
  case SIM_PURGE_OLD:
    sim_purge_old(sim);
    break;
  case SIM_LOOK:
    sim_look(sim, slot);
    break;
  case SIM_HISTORY:
    sim_check_history(sim, slot);
    break;
  case SIM_LIST:
    sim_check_list(sim);
    break;
  case SIM_FOLD:
    sim_check_fold(sim, slot);
    break;
  case SIM_ANSWER:
  case SIM_FAILURE:
  case SIM_BEAT:
    sim_answer(sim, action);
    break;
  case SIM_CRASH:
    if (sim->crashes < sim->plan.crashes) {
      crash(sim, sim_below(sim, 4) == 0);
    }
    break;
  }
}

/* Some of what is due at nearly the same time is asked without a turn in between. */
static void act_all(struct sim *sim)
{
  struct sim_action action;
  while (take_action(&action, sim)) {
    int64_t now_ms = ms_engine_now_ms(sim->engine);
    bool is_joined = action.at_ms < now_ms + 2000 && sim_below(sim, 8) == 0;
    if (!is_joined) {
      run_until(sim, action.at_ms > now_ms ? action.at_ms : now_ms);
    }
    act(sim, &action);
  }
}

/* ---- the plan ---- */

static void plan_limits(struct sim *sim)
{
  static const size_t residents[] = {0, 1, 3, 10000};
  static const uint64_t bytes[] = {1, 500, 5000, 0};
  static const int64_t commits_ms[] = {0, 0, 1, 10, 150};
  struct sim_plan *plan = &sim->plan;
  plan->resident_max = residents[sim_below(sim, 4)];
  plan->limits.unsaved_bytes = bytes[sim_below(sim, 4)];
  plan->limits.trim_bytes = bytes[sim_below(sim, 4)];
  plan->limits.log_bytes = (size_t)bytes[sim_below(sim, 4)];
  plan->limits.is_patient = sim_below(sim, 2) == 0;
  plan->limits.commit_ms = commits_ms[sim_below(sim, 5)];
}

static void plan_faults(struct sim *sim)
{
  static const unsigned rates[] = {0, 0, 5, 20, 60};
  struct sim_plan *plan = &sim->plan;
  plan->is_memory = sim_below(sim, 3) == 0;
  plan->crashes = plan->is_memory ? 0 : sim_below(sim, 6);
  plan->fail = rates[sim_below(sim, 5)];
  plan->tear = rates[sim_below(sim, 5)];
  plan->read = rates[sim_below(sim, 5)] / 4;
  plan->down = sim_below(sim, 4);
}

static void plan_machines(struct sim *sim)
{
  struct sim_plan *plan = &sim->plan;
  plan->machines = 1 + sim_below(sim, SIM_MACHINES);
  plan->slots = 3 + sim_below(sim, 9);
  for (unsigned i = 0; i < plan->machines; i++) {
    sim->is_express[i] = sim_below(sim, 5) == 0 && !plan->is_memory;
    sim->log_levels[i] = sim->is_express[i] && sim_below(sim, 2) == 0 ? MS_LOG_OFF : MS_LOG_ALL;
    for (unsigned j = 0; j < SIM_VERSIONS; j++) {
      ms_buf_init(&sim->definitions[i][j], 0);
      steady_machine(&sim->definitions[i][j], &sim->random, sim->is_express[i]);
      if (sim->is_loud) {
        fprintf(stderr, "# m%u version %u: %s\n", i, j, sim->definitions[i][j].data);
      }
    }
  }
}

static void plan_slots(struct sim *sim)
{
  for (unsigned i = 0; i < sim->plan.slots; i++) {
    struct sim_slot *slot = &sim->slots[i];
    slot->number = i;
    slot->machine = sim_below(sim, sim->plan.machines);
    slot->version = sim_below(sim, SIM_VERSIONS);
    slot->is_express = sim->is_express[slot->machine];
    sim_plan_action(sim, SIM_START, i, sim_below(sim, PERIOD_MS / 2));
    for (unsigned asked = sim_below(sim, 6); asked > 0; asked--) {
      static const enum sim_action_type types[] = {SIM_START,   SIM_STOP,  SIM_REDRIVE, SIM_REDRIVE,
                                                   SIM_PURGE,   SIM_LOOK,  SIM_HISTORY, SIM_HISTORY,
                                                   SIM_LOOK, SIM_FOLD};
      sim_plan_action(sim, types[sim_below(sim, 10)], i, sim_below(sim, PERIOD_MS));
    }
  }
  for (unsigned i = sim_below(sim, 6); i > 0; i--) {
    sim_plan_action(sim, SIM_LIST, 0, sim_below(sim, PERIOD_MS));
  }
  for (unsigned i = 0; i < sim->plan.crashes; i++) {
    sim_plan_action(sim, SIM_CRASH, 0, sim_below(sim, PERIOD_MS));
  }
  if (sim_below(sim, 4) == 0) {
    sim_plan_action(sim, SIM_PURGE_OLD, 0, sim_below(sim, PERIOD_MS));
  }
}

/* ---- the end ---- */

/* True when none is asked for, running or to be purged. */
static bool all_ended(struct sim *sim)
{
  bool all = sim->action_count == 0;
  for (unsigned i = 0; i < sim->plan.slots; i++) {
    struct sim_slot *slot = &sim->slots[i];
    enum sim_look look = sim_look(sim, slot);
    all = all && look != SIM_LOOK_ERROR && look != SIM_LOOK_RUNNING && slot->state != SIM_ASKED;
  }
  return all;
}

static void run_to_end(struct sim *sim)
{
  int64_t step_ms = 1000;
  unsigned well = 0;
  for (unsigned i = 0; i < QUIET_ROUNDS; i++) {
    act_all(sim);
    run_until(sim, ms_engine_now_ms(sim->engine) + step_ms);
    step_ms += step_ms < 600000 ? step_ms / 4 : 0;
    well += sim->is_settled;
    if (sim->is_settled && all_ended(sim)) {
      return;
    }
  }
  if (well == 0) {
    sim_fail(sim, "the store is away for good");
  }
  if (!sim->is_calm && !sim->plan.is_memory) {
    return; /* what begins anew after each failure may not come to its end */
  }
  for (unsigned i = 0; i < sim->plan.slots; i++) {
    if (sim_look(sim, &sim->slots[i]) == SIM_LOOK_RUNNING) {
      sim_fail(sim, "%s does not end", sim->slots[i].name);
    }
  }
  sim_fail(sim, "it does not come to an end");
}

/* The whole history, against that of an engine without a store where nothing but time may differ. */
static void check_slot(struct sim *sim, struct sim_slot *slot)
{
  if (slot->state != SIM_THERE) {
    return;
  }
  bool is_read = false;
  for (unsigned i = 0; i < 1000 && !is_read; i++) {
    is_read = sim_check_history(sim, slot);
  }
  sim_check_fold(sim, slot);
  const struct sim_expected *expected = sim_expect(sim, slot, 0);
  if (slot->has_stopped || slot->is_express || slot->redrives_asked > 0 ||
      expected->end.status != MS_EXECUTION_SUCCEEDED || !is_read) {
    return;
  }
  const char *events = sim_sorted_events(sim, slot->events, slot->event_count);
  const char *should = sim_expected_events(sim, slot);
  while (*events != '\0' && *events == *should) {
    size_t len = strcspn(events, "\n") + 1;
    if (strncmp(events, should, len) != 0) {
      break;
    }
    events += len;
    should += len;
  }
  if (*events != *should || *events != '\0') {
    sim_fail(sim, "%s has the event\n  %.*s\nand should have\n  %.*s", slot->name,
             (int)strcspn(events, "\n"), events, (int)strcspn(should, "\n"), should);
  }
}

/* Two more turns: in the first the journal is cut. */
static void shorten_journal(struct sim *sim)
{
  for (unsigned i = 0; i < 2; i++) {
    mt_eq_int(ms_engine_accept(sim->engine, sim_callback(sim, SIM_CALL_PURGE, NULL)), 0);
    run_until(sim, ms_engine_now_ms(sim->engine) + 1000);
  }
}

static void purge_all(struct sim *sim)
{
  for (unsigned i = 0; i < 1000; i++) {
    bool is_empty = true;
    for (unsigned j = 0; j < sim->plan.slots; j++) {
      if (sim_look(sim, &sim->slots[j]) != SIM_LOOK_NONE) {
        is_empty = false;
        sim_purge(sim, &sim->slots[j]);
      }
    }
    act_all(sim);
    run_until(sim, ms_engine_now_ms(sim->engine) + 1000);
    if (is_empty && sim->is_settled) {
      shorten_journal(sim);
      return;
    }
  }
  sim_fail(sim, "not everything can be purged");
}

static void be_calm(struct sim *sim)
{
  sim->is_calm = true;
  sim->death_in = 0;
  sim->plan.crashes = 0;
  if (!sim->plan.is_memory) {
    crash(sim, sim_below(sim, 2) == 0);
  }
}

static void clean(struct sim *sim)
{
  static const char *const ends[] = {"", "-wal", "-shm", "-lock"};
  for (size_t i = 0; i < 4; i++) {
    unlink(sim_format(sim, "%s%s", sim->path, ends[i]));
  }
  sim_tasks_free(sim);
  for (unsigned i = 0; i < sim->plan.machines; i++) {
    for (unsigned j = 0; j < SIM_VERSIONS; j++) {
      ms_buf_deinit(&sim->definitions[i][j]);
    }
  }
  mt_eq_int(ms_engine_close(sim->reference), 0);
  ms_arena_free(sim->arena);
}

/* What map runs read. What they write stays until the case ends. */
static void make_buckets(struct sim *sim)
{
  static const char *const folders[] = {"functions", "buckets", "buckets/in"};
  for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
    mkdir(sim_format(sim, "%s/%s", mt_tmpdir(), folders[i]), 0777); /* an earlier seed made them, or this one */
  }
  FILE *file = fopen(sim_format(sim, "%s/buckets/in/items.json", mt_tmpdir()), "w");
  mt_ok(file != NULL && fputs("[4,0,2]", file) >= 0 && fclose(file) == 0);
  sim->functions = sim_format(sim, "%s/functions", mt_tmpdir());
}

void sim_run(uint64_t seed, bool is_loud, struct sim_counts *counts)
{
  struct sim *sim = ms_calloc(1, sizeof *sim);
  sim->seed = seed;
  sim->is_loud = is_loud;
  sim->counts = counts;
  sim->now_ms = 1704067200000;
  sim->arena = ms_arena_new(TEXT_MAX);
  ms_random_seed(&sim->random, seed);
  sim->path = sim_format(sim, "%s/sim.db", mt_tmpdir());
  make_buckets(sim);
  plan_faults(sim);
  plan_limits(sim);
  plan_machines(sim);
  plan_slots(sim);
  open_engine(sim);
  act_all(sim);
  run_to_end(sim);
  be_calm(sim);
  run_to_end(sim);
  for (unsigned i = 0; i < sim->plan.slots; i++) {
    check_slot(sim, &sim->slots[i]);
  }
  sim->is_ending = true;
  purge_all(sim);
  if (!sim->plan.is_memory) {
    sim_check_empty(sim);
  }
  close_engine(sim, true);
  clean(sim);
  ms_free(sim);
}
