/*
 * The turn: commands become events, events change executions, and what they ask of the world waits
 * until the batch is committed.
 *
 *   commands --ms_core_turn--> events and effects --commit_batch--> history, watchers, effects
 *
 * Memory runs ahead of the commit, the outside world never does: nothing in the first half calls
 * anybody. A batch is bounded by the commands and the steps it takes, so a machine that loops for
 * ever shares the loop with timers, sockets and other executions.
 */
#include "base/error.h"
#include "runtime/internal.h"

#define STEPS_MAX 512       /* of one execution at a time */
#define TURN_STEPS_MAX 4096 /* of a turn; counted in events, roughly two a transition */

/*
 * Queues the run's further steps behind the others; without memory for that, false: go on at once.
 */
static bool turn_later(struct ms_engine *engine, struct ms_run *run)
{
  struct ms_pending *more = ms_pending_new(engine, run, MS_COMMAND_STEP);
  if (more == NULL) {
    return false;
  }
  more->is_more = true;
  ms_pending_push(engine, more);
  return true;
}

/* As ms_core_turn, step by step, because a note must see the frames just after each. */
static int turn_watched(struct ms_engine *engine, struct ms_run *run,
                        const struct ms_command *command)
{
  for (uint32_t steps = 0; steps < STEPS_MAX; steps++) {
    struct ms_turn *batch = &engine->turn;
    size_t before = batch->events.count;
    int err = ms_core_turn(&batch->events, &batch->effects, run->core, command, &engine->env, 1);
    if (err == 0) {
      err = ms_watch_note(engine, run, before);
    }
    if (err != 0) {
      return err;
    }
    command = NULL;
    if (ms_core_runnable(run->core) == MS_FRAME_NONE) {
      break;
    }
  }
  return MSTEP_OK;
}

/* One command: its events and effects go to the batch. */
static void turn_take(struct ms_engine *engine, struct ms_pending *pending)
{
  struct ms_run *run = pending->run;
  struct ms_turn *batch = &engine->turn;
  if (run->core->status != MS_EXECUTION_RUNNING) {
    return; /* too late: an answer or a timer of an execution that has ended */
  }
  struct ms_turn_entry *entry = &batch->entries[batch->count++];
  *entry = (struct ms_turn_entry){.run = ms_run_ref(run),
                                   .first_event = batch->events.count,
                                   .first_effect = batch->effects.count,
                                   .first_note = batch->notes.count};
  const struct ms_command *command = pending->is_more ? NULL : &pending->command;
  int err;
  do {
    err = engine->watcher.fn != NULL ? turn_watched(engine, run, command)
                                     : ms_core_turn(&batch->events, &batch->effects, run->core,
                                                    command, &engine->env, STEPS_MAX);
    command = NULL;
  } while (err == 0 && ms_core_runnable(run->core) != MS_FRAME_NONE && !turn_later(engine, run));
  entry->event_count = batch->events.count - entry->first_event;
  entry->effect_count = batch->effects.count - entry->first_effect;
  if (err != 0) {
    ms_run_break(engine, run, err);
  }
}

/* Where the batch becomes durable. There is no journal yet: memory is all there is. */
static int commit_batch(struct ms_engine *engine, struct ms_turn *batch)
{
  (void)engine;
  (void)batch;
  return MSTEP_OK;
}

/* Tells watchers and keeps the history; the events are used up. */
static void entry_record(struct ms_engine *engine, const struct ms_turn_entry *entry)
{
  struct ms_turn *batch = &engine->turn;
  struct ms_run *run = entry->run;
  ms_watch_tell(engine, entry);
  if (!engine->options.is_history_kept) {
    return;
  }
  int err = ms_history_append(&run->history, &batch->events.items[entry->first_event],
                              entry->event_count, run->core->started_at_ms);
  if (err != 0) {
    ms_run_break(engine, run, err);
  }
}

static void batch_perform(struct ms_engine *engine, struct ms_turn *batch)
{
  for (size_t i = 0; i < batch->count; i++) {
    struct ms_turn_entry *entry = &batch->entries[i];
    entry_record(engine, entry);
    for (size_t j = 0; j < entry->effect_count; j++) {
      ms_run_perform(engine, entry->run, &batch->effects.items[entry->first_effect + j]);
    }
    if (entry->run->is_broken) {
      ms_run_close(engine, entry->run);
    }
    ms_run_unref(entry->run);
  }
  batch->count = 0;
  batch->notes.count = 0;
  ms_events_clear(&batch->events);
  ms_effects_clear(&batch->effects);
}

void ms_engine_turn(struct ms_engine *engine)
{
  struct ms_turn *batch = &engine->turn;
  engine->env.now_ms = ms_loop_now_ms(engine->loop);
  size_t events = 0;
  while (batch->count < MS_TURN_MAX && events < TURN_STEPS_MAX) {
    struct ms_pending *pending = ms_pending_pop(engine);
    if (pending == NULL) {
      break;
    }
    size_t before = batch->count;
    turn_take(engine, pending);
    events += batch->count > before ? batch->entries[before].event_count : 0;
    ms_pending_free(engine, pending);
  }
  ms_arena_reset(engine->arena);
  if (commit_batch(engine, batch) == 0) {
    batch_perform(engine, batch);
  }
}
