/*
 * The turn: commands become events, events change executions, and what they ask of the world waits
 * until it is durable.
 *
 *   commands --ms_core_turn--> events and effects --ms_durable_write--> journal
 *                                       └── held ── durable ──▶ history, watchers, effects
 *
 * Memory runs ahead of the commit, the outside world never does: nothing in the first half calls
 * anybody. A turn is bounded by the commands and the steps it takes, so a machine that loops for
 * ever shares the loop with timers, sockets and other executions. Without a store a turn is
 * performed as soon as it is made.
 */
#include "base/alloc.h"
#include "base/error.h"
#include "base/fault.h"
#include "runtime/durable.h"
#include "runtime/internal.h"
#include "runtime/map_children.h"
#include "runtime/map_runs.h"

#define STEPS_BYTES ((size_t)16 << 20) /* that the steps of one execution at a time are meant to write */
#define TURN_STEPS_MAX 4096 /* of a turn; counted in events, roughly two a transition */
#define TURN_SPARE 8 /* entries that stay free for what one command may ask to hear of */
#define AGAIN_NOMEM_MS 100
#define AGAIN_UNREADABLE_MS 60000
#define FREE_EVENTS_MAX 8192 /* a turn that held more gives the memory back */

/* ---- turns as data ---- */

static struct ms_turn *turn_new(struct ms_engine *engine)
{
  struct ms_turn *turn = engine->free_turns;
  if (turn != NULL) {
    engine->free_turns = turn->next;
    turn->next = NULL;
    return turn;
  }
  turn = ms_alloc(sizeof *turn);
  if (turn != NULL) {
    turn->next = NULL;
    turn->seq = 0;
    turn->count = 0;
    turn->events = (struct ms_events){NULL, 0, 0};
    turn->effects = (struct ms_effects){NULL, 0, 0};
    turn->notes = (struct ms_watch_threads){NULL, 0, 0};
  }
  return turn;
}

static void turn_free(struct ms_turn *turn)
{
  ms_events_deinit(&turn->events);
  ms_effects_deinit(&turn->effects);
  ms_free(turn->notes.data);
  ms_free(turn);
}

static void turn_give_back(struct ms_engine *engine, struct ms_turn *turn)
{
  turn->count = 0;
  turn->seq = 0;
  turn->notes.count = 0;
  ms_events_clear(&turn->events);
  ms_effects_clear(&turn->effects);
  if (turn->events.capacity > FREE_EVENTS_MAX) {
    ms_events_deinit(&turn->events);
  }
  turn->next = engine->free_turns;
  engine->free_turns = turn;
}

void ms_turns_deinit(struct ms_engine *engine)
{
  struct ms_turn *turn;
  while ((turn = engine->full) != NULL) {
    engine->full = turn->next;
    turn_free(turn);
  }
  while ((turn = engine->free_turns) != NULL) {
    engine->free_turns = turn->next;
    turn_free(turn);
  }
  if (engine->turn != NULL) {
    turn_free(engine->turn);
    engine->turn = NULL;
  }
}

/* A turn that is full before it is its time. */
static void turn_put_away(struct ms_engine *engine)
{
  if (engine->durable != NULL) {
    ms_durable_hold(engine);
    return;
  }
  if (engine->full_last == NULL) {
    engine->full = engine->turn;
  } else {
    engine->full_last->next = engine->turn;
  }
  engine->full_last = engine->turn;
  engine->turn = NULL;
}

int ms_turn_ready(struct ms_engine *engine)
{
  if (engine->turn != NULL && engine->turn->count == MS_TURN_MAX) {
    turn_put_away(engine);
  }
  if (engine->turn == NULL) {
    engine->turn = turn_new(engine);
  }
  if (engine->turn == NULL) {
    return ms_error_nomem();
  }
  return MSTEP_OK;
}

struct ms_turn_entry *ms_turn_add(struct ms_engine *engine, struct ms_run *run)
{
  struct ms_turn *turn = engine->turn;
  struct ms_turn_entry *entry = &turn->entries[turn->count++];
  *entry = (struct ms_turn_entry){.run = run == NULL ? NULL : ms_run_ref(run),
                                  .first_event = turn->events.count,
                                  .first_effect = turn->effects.count,
                                  .first_note = turn->notes.count};
  return entry;
}

/* ---- making one ---- */

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
                        const struct ms_command *command, uint32_t max)
{
  for (uint32_t steps = 0; steps < max; steps++) {
    struct ms_turn *turn = engine->turn;
    size_t before = turn->events.count;
    int err = ms_core_turn(&turn->events, &turn->effects, run->core, command, &engine->env, 1);
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

/* May this command still do something? */
static bool turn_is_late(const struct ms_run *run, const struct ms_pending *pending)
{
  bool is_running = run->core->status == MS_EXECUTION_RUNNING;
  return is_running == (pending->command.type == MS_COMMAND_REDRIVE && !pending->is_more);
}

#define CAREFUL_MACHINE ((uint64_t)1 << 63)

static uint64_t careful_key(const struct ms_run *run)
{
  return run->number != 0 ? run->number : CAREFUL_MACHINE | run->machine->id;
}

static struct ms_careful *find_careful(struct ms_durable *durable, uint64_t key)
{
  for (unsigned i = 0; i < MS_CAREFUL_MAX && i < durable->careful_count; i++) {
    if (durable->careful[i].key == key) {
      return &durable->careful[i];
    }
  }
  return NULL;
}

/* What wrote too much is tried again in smaller pieces; one for which that is no help is stopped. */
static void be_careful(struct ms_durable *durable, const struct ms_run *run, uint64_t key)
{
  struct ms_careful *careful = find_careful(durable, key);
  if (careful == NULL) {
    careful = &durable->careful[durable->careful_count++ % MS_CAREFUL_MAX];
    *careful = (struct ms_careful){key, MS_TURN_STEPS};
  }
  if (careful->steps == 1) {
    durable->too_large = run->number;
  }
  careful->steps = careful->steps > 8 ? careful->steps / 8 : 1;
}

/* As many as may be written at once. */
static uint32_t turn_steps(const struct ms_engine *engine, const struct ms_run *run)
{
  struct ms_careful *careful =
      engine->durable == NULL ? NULL : find_careful(engine->durable, careful_key(run));
  uint32_t steps = careful == NULL ? MS_TURN_STEPS : careful->steps;
  size_t weight = run->kept == NULL ? 0 : run->kept->weight;
  if (weight > STEPS_BYTES / steps) {
    steps = (uint32_t)(STEPS_BYTES / weight);
  }
  return steps == 0 ? 1 : steps;
}

static int turn_decide(struct ms_engine *engine, struct ms_run *run,
                       const struct ms_command *command)
{
  struct ms_turn *turn = engine->turn;
  uint32_t steps = turn_steps(engine, run);
  int err;
  do {
    err = engine->watcher.fn != NULL ? turn_watched(engine, run, command, steps)
                                     : ms_core_turn(&turn->events, &turn->effects, run->core,
                                                    command, &engine->env, steps);
    command = NULL;
  } while (err == 0 && ms_core_runnable(run->core) != MS_FRAME_NONE && !turn_later(engine, run));
  return err;
}

/* Its memory is ahead of what can be written: nothing of it leaves. */
static void entry_break(struct ms_engine *engine, struct ms_turn_entry *entry, int err)
{
  entry->event_count = entry->effect_count = 0;
  entry->log_bytes = 0;
  entry->code = MSTEP_EIO;
  ms_durable_break(engine, err);
}

/*
 * It is away and cannot be read: the others go on. Its timer is tried again, since what is wrong may be the
 * disk's.
 */
static void entry_put_off(struct ms_engine *engine, struct ms_turn_entry *entry,
                          const struct ms_pending *pending, int err)
{
  int64_t delay_ms = err == MSTEP_ENOMEM ? AGAIN_NOMEM_MS : AGAIN_UNREADABLE_MS;
  entry->code = err;
  ms_engine_log(engine, 0, "%s", ms_error_detail());
  if (pending->command.type == MS_COMMAND_TIMER &&
      ms_run_set_timer(engine, pending->run, pending->command.frame,
                       ms_loop_now_ms(engine->loop) + delay_ms) != 0) {
    ms_durable_break(engine, MSTEP_ENOMEM);
  }
}

/* What the bus hears: that it runs, that it has ended, both when one command did it all. */
static void turn_tell_status(struct ms_engine *engine, struct ms_run *run, bool begins)
{
  enum ms_execution_status status = run->core->status;
  if (begins) {
    run->core->status = MS_EXECUTION_RUNNING;
    ms_run_tell_status(engine, run);
    run->core->status = status;
  }
  if (status != MS_EXECUTION_RUNNING) {
    ms_run_tell_status(engine, run);
  }
}

/* One command: its events and effects go to the turn. */
static void turn_take(struct ms_engine *engine, struct ms_pending *pending)
{
  struct ms_run *run = pending->run;
  struct ms_turn *turn = engine->turn;
  int err = run == NULL ? MSTEP_OK : ms_run_wake(engine, run);
  struct ms_turn_entry *entry = ms_turn_add(engine, run);
  entry->accepted = pending->accepted;
  entry->on_durable = pending->on_durable;
  entry->arg = pending->arg;
  if (run == NULL) {
    return;
  }
  if (err != 0) {
    entry_put_off(engine, entry, pending, err);
    return;
  }
  if (turn_is_late(run, pending)) {
    return; /* nothing to do is done, too: an answer or a timer of an execution that has ended */
  }
  ms_run_unrest(engine, run);
  uint64_t key = careful_key(run);
  bool begins = !pending->is_more && (pending->command.type == MS_COMMAND_START ||
                                      pending->command.type == MS_COMMAND_REDRIVE);
  err = turn_decide(engine, run, pending->is_more ? NULL : &pending->command);
  entry->event_count = turn->events.count - entry->first_event;
  entry->effect_count = turn->effects.count - entry->first_effect;
  if (engine->durable != NULL) {
    MS_FAULT(turn_decided);
    bool is_patient = pending->command.type == MS_COMMAND_TASK_STARTED && !engine->durable->is_urgent;
    err = err != 0 ? err : ms_durable_write(engine, entry);
    if (is_patient) {
      engine->durable->is_urgent = false;
    }
    MS_FAULT(turn_journaled);
    if (err == MSTEP_ETOOBIG) {
      be_careful(engine->durable, run, key);
    }
    if (err != 0) {
      entry_break(engine, entry, err);
    }
  } else {
    err = err != 0 ? err : ms_map_runs_note(engine, NULL, entry);
    if (err != 0) {
      ms_run_break(engine, run, err);
    }
  }
  if (err == 0 && entry->event_count > 0) {
    turn_tell_status(engine, run, begins);
  }
}

/* ---- performing one ---- */

/* Tells watchers and keeps the history; the events are used up. */
static void entry_record(struct ms_engine *engine, struct ms_turn *turn,
                         const struct ms_turn_entry *entry)
{
  struct ms_run *run = entry->run;
  ms_watch_tell(engine, turn, entry);
  if (run->kept != NULL) {
    run->kept->log_durable += entry->log_bytes;
  }
  if (engine->durable != NULL || !engine->options.is_history_kept) {
    return;
  }
  if (run->history.len == 0) {
    run->history.keeps_all = ms_map_children_has_any(run->core->machine);
  }
  int err = ms_history_append(&run->history, &turn->events.items[entry->first_event],
                              entry->event_count, run->core->started_at_ms);
  if (err != 0) {
    ms_run_break(engine, run, err);
  }
}

static void entry_perform(struct ms_engine *engine, struct ms_turn *turn,
                          const struct ms_turn_entry *entry)
{
  struct ms_run *run = entry->run;
  const struct ms_engine_host *host = &engine->options.host;
  if (run != NULL) {
    entry_record(engine, turn, entry);
    for (size_t j = 0; j < entry->effect_count; j++) {
      MS_FAULT(effect_before);
      ms_run_perform(engine, run, &turn->effects.items[entry->first_effect + j]);
      MS_FAULT(effect_after);
    }
    if (run->is_broken) {
      ms_run_close(engine, run);
    } else if (run->is_closed) {
      ms_run_tell_end(engine, run); /* to who asked after it was */
    }
  }
  if (entry->accepted.fn != NULL) {
    host->accepted(entry->accepted, entry->code, "", host->host);
  }
  if (entry->on_durable != NULL) {
    entry->on_durable(entry->code, entry->arg);
  }
  if (run != NULL) {
    if (entry->has_snapshot) {
      ms_kept_saved(run->kept);
    }
    ms_run_rest(engine, run);
    ms_run_unref(run);
  }
}

void ms_turn_perform(struct ms_engine *engine, struct ms_turn *turn)
{
  ms_collect_events(engine, &turn->events);
  for (size_t i = 0; i < turn->count; i++) {
    entry_perform(engine, turn, &turn->entries[i]);
  }
  turn_give_back(engine, turn);
}

void ms_turn_drop(struct ms_engine *engine, struct ms_turn *turn, int code, const char *detail)
{
  const struct ms_engine_host *host = &engine->options.host;
  for (size_t i = 0; i < turn->count; i++) {
    struct ms_turn_entry *entry = &turn->entries[i];
    if (entry->accepted.fn != NULL && host->accepted != NULL) {
      host->accepted(entry->accepted, code, detail, host->host);
    }
    if (entry->on_durable != NULL) {
      entry->on_durable(code, entry->arg);
    }
    ms_run_unref(entry->run);
  }
  turn_give_back(engine, turn);
}

/* ---- one turn of the loop ---- */

static bool turn_has_room(const struct ms_engine *engine)
{
  return engine->turn->count + TURN_SPARE < MS_TURN_MAX && engine->turn->events.count < TURN_STEPS_MAX &&
         ms_durable_is_ready(engine);
}

void ms_engine_turn(struct ms_engine *engine)
{
  if (ms_turn_ready(engine) == MSTEP_ENOMEM) {
    return; /* the engine was opened with one: it is held, and comes back */
  }
  engine->env.now_ms = ms_loop_now_ms(engine->loop);
  while (turn_has_room(engine)) {
    struct ms_pending *pending = ms_pending_pop(engine);
    if (pending == NULL) {
      break;
    }
    turn_take(engine, pending);
    ms_pending_free(engine, pending);
  }
  ms_arena_reset(engine->arena);
  if (engine->durable != NULL) {
    ms_durable_flush(engine);
    return;
  }
  turn_put_away(engine);
  struct ms_turn *turn = engine->full;
  engine->full = engine->full_last = NULL;
  while (turn != NULL) {
    struct ms_turn *next = turn->next;
    turn->next = NULL;
    ms_turn_perform(engine, turn);
    turn = next;
  }
}
