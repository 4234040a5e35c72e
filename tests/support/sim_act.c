/* See sim.h: what is asked of the engine. Each asks first what is there, so that the answer is known. */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "core/execution.h"
#include "mt.h"
#include "sim.h"

/* The store may have failed at any time; nothing else may be wrong. */
static bool is_down(struct sim *sim, int err, const char *what)
{
  if (err != 0 && err != MSTEP_EIO) {
    sim_fail(sim, "%s: %s: %s", what, ms_error_text(err), ms_error_detail());
  }
  return err != 0;
}

/* It is what this one needs from now on; others keep what they were started with. */
static bool make_machine(struct sim *sim, const struct sim_slot *slot)
{
  unsigned i = slot->machine;
  char arn[MS_ENGINE_ARN_SIZE];
  const struct ms_engine_machine_request request = {
      .name = ms_str_c(sim_format(sim, "m%u", i)),
      .definition = ms_buf_view(&sim->definitions[i][slot->version]),
      .is_express = sim->is_express[i],
      .log_level = sim->log_levels[i],
      .is_update = true};
  int err = ms_engine_machine_create(arn, sim->engine, &request, NULL, NULL);
  return !is_down(sim, err, "create a machine");
}

/* ---- start ---- */

static void name_slot(struct sim *sim, struct sim_slot *slot)
{
  static const char *const items[] = {"", "1", "1,2", "3,4,5"};
  snprintf(slot->name, sizeof slot->name, "e%u", slot->number);
  slot->input = sim_format(sim, "{\"id\":\"%u.%u\",\"i\":\"\",\"n\":%u,\"items\":[%s]%s}",
                           slot->number, slot->incarnation, sim_below(sim, 6),
                           items[sim_below(sim, 4)], sim_below(sim, 2) ? "" : " ");
  if (sim_below(sim, 4) == 0) { /* long enough to be kept by itself */
    char filling[1200];
    memset(filling, 'x', sizeof filling);
    slot->input = sim_format(sim, "{\"filling\":\"%.*s\",%s", (int)sizeof filling, filling,
                             slot->input + 1);
  }
}

static void start_was(struct sim *sim, struct sim_slot *slot, int err, const char *arn)
{
  bool may_exist = slot->state != SIM_NEVER;
  if (err == 0 && slot->state != SIM_NEVER && strcmp(arn, slot->arn) != 0) {
    sim_fail(sim, "%s has another ARN now: %s", slot->name, arn);
  }
  if (err == 0) {
    memcpy(slot->arn, arn, sizeof slot->arn);
    slot->state = slot->state == SIM_NEVER ? SIM_ASKED : slot->state;
  } else if (err == MSTEP_EEXISTS && may_exist) {
    sim_plan_action(sim, SIM_LOOK, slot->number, 0);
  } else if (is_down(sim, err, "start") && slot->state != SIM_THERE) {
    sim_plan_action(sim, SIM_START, slot->number, 200 + sim_below(sim, 1000));
  }
}

void sim_start(struct sim *sim, struct sim_slot *slot)
{
  if (slot->is_express && slot->state != SIM_NEVER) {
    return; /* would be another one */
  }
  if (sim->is_ending || slot->state == SIM_GONE || (slot->is_purge_asked && slot->state == SIM_THERE)) {
    return;
  }
  if (slot->input == NULL) {
    name_slot(sim, slot);
  }
  if (!make_machine(sim, slot)) {
    sim_plan_action(sim, SIM_START, slot->number, 500);
    return;
  }
  char arn[MS_ENGINE_ARN_SIZE];
  sim->is_settled = false;
  const char *machine = sim_format(sim, "arn:aws:states:us-east-1:000000000000:stateMachine:m%u",
                                   slot->machine);
  const struct ms_engine_start start = {.machine_arn = ms_str_c(machine),
                                        .name = ms_str_c(slot->name),
                                        .input = ms_str_c(slot->input),
                                        .accepted = sim_callback(sim, SIM_CALL_START, slot),
                                        .done = sim_callback(sim, SIM_CALL_DONE, slot)};
  int err = ms_engine_execution_start(arn, sim->engine, &start);
  sim_note(sim, "start %s.%u%s: %s", slot->name, slot->incarnation,
           slot->is_express ? " (express)" : "", ms_error_text(err));
  start_was(sim, slot, err, arn);
}

void sim_wait(struct sim *sim, struct sim_slot *slot)
{
  if (slot->state != SIM_THERE || slot->is_purge_asked) {
    return;
  }
  int err = ms_engine_execution_wait(sim->engine, ms_str_c(slot->arn),
                                     sim_callback(sim, SIM_CALL_DONE, slot));
  bool leaves_nothing = slot->is_express && sim->log_levels[slot->machine] == MS_LOG_OFF;
  if (err == MSTEP_ENOTFOUND && leaves_nothing) {
    sim_gone(sim, slot);
  } else {
    is_down(sim, err, "wait");
  }
}

/* ---- stop, redrive ---- */

void sim_stop(struct sim *sim, struct sim_slot *slot)
{
  enum sim_look look = sim_look(sim, slot);
  if (look == SIM_LOOK_ERROR || look == SIM_LOOK_NONE) {
    return;
  }
  bool may_run = look == SIM_LOOK_RUNNING || !sim->is_settled;
  sim->is_settled = false;
  int err = ms_engine_execution_stop(sim->engine, ms_str_c(slot->arn), MS_STR("Stopped"),
                                     MS_STR("enough"), sim_callback(sim, SIM_CALL_STOP, slot));
  sim_note(sim, "stop %s: %s", slot->name, ms_error_text(err));
  if (!is_down(sim, err, "stop") && may_run) {
    slot->has_stopped = true;
    for (unsigned i = slot->redrives_told; i <= slot->redrives_asked; i++) {
      slot->may_be_aborted[i] = true;
    }
  }
}

void sim_redrive(struct sim *sim, struct sim_slot *slot)
{
  enum sim_look look = sim_look(sim, slot);
  bool is_known = slot->redrives_asked == slot->redrives_told; /* not so that one may have been lost */
  if (look == SIM_LOOK_ERROR || look == SIM_LOOK_NONE || !is_known ||
      slot->redrives_asked >= SIM_REDRIVES) {
    return;
  }
  const struct sim_end *end = &slot->ends[slot->redrives_told];
  bool is_wrong = look == SIM_LOOK_RUNNING || slot->is_express ||
                  end->status == MS_EXECUTION_SUCCEEDED;
  bool was_settled = sim->is_settled;
  sim->is_settled = false;
  slot->redrives_asked++;
  int err = ms_engine_execution_redrive(sim->engine, ms_str_c(slot->arn),
                                        sim_callback(sim, SIM_CALL_REDRIVE, slot));
  sim_note(sim, "redrive %s: %s", slot->name, ms_error_text(err));
  if (err != 0) {
    slot->redrives_asked--;
  }
  if (err == MSTEP_ESTATE && (is_wrong || !was_settled)) {
    return;
  }
  if (!is_down(sim, err, "redrive")) {
    if (is_wrong && was_settled) {
      sim_fail(sim, "a redrive of %s, which %s", slot->name,
               look == SIM_LOOK_RUNNING ? "runs" : "has succeeded");
    }
    slot->must_have_ended = false;
    if (sim_below(sim, 3) == 0) {
      sim_look(sim, slot); /* not durable yet: it has not happened */
    }
    sim_wait(sim, slot);
  }
}

/* ---- purge ---- */

/* Its name may be used again. */
void sim_gone(struct sim *sim, struct sim_slot *slot)
{
  slot->state = SIM_GONE;
  if (sim->is_calm) {
    return;
  }
  sim_plan_action(sim, SIM_LOOK, slot->number, 0);
  sim_plan_action(sim, SIM_START, slot->number, 1 + sim_below(sim, 5000));
}

void sim_purge(struct sim *sim, struct sim_slot *slot)
{
  enum sim_look look = sim_look(sim, slot);
  if (look == SIM_LOOK_ERROR || look == SIM_LOOK_NONE || slot->state != SIM_THERE) {
    return;
  }
  bool was_asked = slot->is_purge_asked, was_settled = sim->is_settled;
  slot->is_purge_asked = true;
  sim->is_settled = false;
  int err = ms_engine_execution_purge(sim->engine, ms_str_c(slot->arn),
                                      sim_callback(sim, SIM_CALL_PURGE, slot));
  sim_note(sim, "purge %s: %s", slot->name, ms_error_text(err));
  if (look == SIM_LOOK_RUNNING || (err == MSTEP_ESTATE && !was_settled)) {
    slot->is_purge_asked = was_asked;
    if (err != MSTEP_ESTATE && err != MSTEP_EIO) {
      sim_fail(sim, "a purge of %s, which runs: %s", slot->name, ms_error_text(err));
    }
  } else if (is_down(sim, err, "purge")) {
    slot->is_purge_asked = was_asked;
    sim_plan_action(sim, SIM_PURGE, slot->number, 1000);
  }
}

void sim_purge_old(struct sim *sim)
{
  bool has_ended[SIM_SLOTS] = {false};
  for (unsigned i = 0; i < sim->plan.slots; i++) {
    enum sim_look look = sim_look(sim, &sim->slots[i]);
    if (look == SIM_LOOK_ERROR) {
      return;
    }
    has_ended[i] = look == SIM_LOOK_ENDED && sim->slots[i].state == SIM_THERE;
  }
  uint64_t count;
  sim->is_settled = false;
  int err = ms_engine_purge_before(&count, sim->engine, (struct ms_str){NULL, 0}, INT64_MAX,
                                   sim_callback(sim, SIM_CALL_PURGE, NULL));
  sim_note(sim, "purge all that have ended: %llu: %s", (unsigned long long)count,
           ms_error_text(err));
  is_down(sim, err, "purge all");
  for (unsigned i = 0; i < sim->plan.slots; i++) {
    if (has_ended[i]) { /* an error leaves some undone */
      struct sim_slot *slot = &sim->slots[i];
      slot->is_purge_asked = true;
      slot->is_purge_in_doubt |= slot->redrives_asked > slot->redrives_told;
      if (err != 0) {
        sim_plan_action(sim, SIM_PURGE, i, 1000);
      }
    }
  }
}
