/*
 * The engine's store: opening it, what is held until it is durable, and what happens when the store
 * fails. Nothing here runs inside the call that took a command: the journal's callbacks only note
 * what has happened, durable_settle acts on it at the end of the loop's callback.
 */
#include "runtime/durable.h"

#include <stdio.h>

#include "base/alloc.h"
#include "base/error.h"

#define PROBE_FIRST_MS 100
#define PROBE_LAST_MS 5000
#define BREAK_AGAIN_MS 10000 /* after reading anew: what breaks so soon may do so each time */
/*
 * That a task has begun is of use to nobody but a reader of the history, and the answer is often there
 * at once: so long it does not cause a commit of its own.
 */
#define PATIENCE_MS 20
#define IDLE_MAX 10000                       /* that only wait and stay in memory all the same */
#define UNSAVED_BYTES_MAX ((uint64_t)32 << 20) /* of records that a start would have to read */
#define TRIM_BYTES_MIN ((uint64_t)4 << 20)
#define LOG_BYTES_MAX ((size_t)256 << 10) /* of history in memory, for one execution */

/* ---- state ---- */

int ms_durable_status(const struct ms_engine *engine)
{
  const struct ms_durable *durable = engine->durable;
  if (durable == NULL || durable->state == MS_DURABLE_OPEN) {
    return MSTEP_OK;
  }
  return ms_error(MSTEP_EIO, "the store %s has failed: %s", ms_store_name(durable->reader),
                  durable->detail);
}

int ms_engine_health(const struct ms_engine *engine)
{
  return ms_durable_status(engine);
}

bool ms_durable_is_ready(const struct ms_engine *engine)
{
  const struct ms_durable *durable = engine->durable;
  if (durable == NULL || (durable->journal == NULL && engine->options.is_read_only)) {
    return true; /* nothing is written */
  }
  return durable->state == MS_DURABLE_OPEN && durable->journal != NULL &&
         !ms_journal_is_full(durable->journal);
}

static int64_t next_delay_ms(int64_t delay_ms)
{
  return delay_ms == 0 ? PROBE_FIRST_MS
                       : delay_ms * 2 > PROBE_LAST_MS ? PROBE_LAST_MS : delay_ms * 2;
}

/* What breaks again and again is read anew at longer and longer intervals. */
static void break_again(struct ms_engine *engine)
{
  struct ms_durable *durable = engine->durable;
  int64_t now_ms = ms_loop_now_ms(engine->loop);
  bool is_again =
      durable->reloaded_at_ms != 0 && now_ms - durable->reloaded_at_ms < BREAK_AGAIN_MS;
  durable->break_delay_ms = is_again ? next_delay_ms(durable->break_delay_ms) : 0;
  if (is_again) {
    durable->probe_at_ms = now_ms + durable->break_delay_ms;
  }
}

void ms_durable_break(struct ms_engine *engine, int err)
{
  struct ms_durable *durable = engine->durable;
  bool has_detail = err != MSTEP_ENOMEM;
  ms_engine_log(engine, 0, "executions are to be read from the store again: %s%s%s",
                ms_error_text(err), has_detail ? ": " : "", has_detail ? ms_error_detail() : "");
  if (durable->state == MS_DURABLE_OPEN) {
    durable->state = MS_DURABLE_AHEAD;
    durable->is_urgent = true;
    snprintf(durable->detail, sizeof durable->detail, "%s", ms_error_text(err));
    break_again(engine);
    ms_loop_defer(engine->loop);
  }
}

/* ---- what the journal says ---- */

static void on_durable(uint64_t seq, uint64_t lsn, void *user)
{
  (void)seq; /* durable_settle asks the journal */
  (void)lsn;
  (void)user;
}

static void on_failed(uint64_t seq, int code, const char *detail, void *user)
{
  struct ms_engine *engine = user;
  struct ms_durable *durable = engine->durable;
  (void)seq;
  durable->state = MS_DURABLE_FAILED;
  durable->probe_delay_ms = 0;
  snprintf(durable->detail, sizeof durable->detail, "%s%s%s", ms_error_text(code),
           *detail == '\0' ? "" : ": ", detail);
}

static void on_probed(int code, const char *detail, uint64_t lsn, void *user)
{
  struct ms_engine *engine = user;
  struct ms_durable *durable = engine->durable;
  (void)lsn;
  durable->is_probing = false;
  durable->is_probe_fine = code == 0;
  if (code != 0) {
    snprintf(durable->detail, sizeof durable->detail, "%s%s%s", ms_error_text(code),
             *detail == '\0' ? "" : ": ", detail);
  }
}

/* ---- held turns ---- */

static struct ms_turn *held_take(struct ms_durable *durable)
{
  struct ms_turn *turn = durable->held;
  durable->held = turn->next;
  if (durable->held == NULL) {
    durable->held_last = NULL;
  }
  turn->next = NULL;
  return turn;
}

static void held_drop(struct ms_engine *engine, const char *detail)
{
  struct ms_durable *durable = engine->durable;
  while (durable->held != NULL) {
    ms_turn_drop(engine, held_take(durable), MSTEP_EIO, detail);
  }
  if (engine->turn != NULL) {
    struct ms_turn *turn = engine->turn;
    engine->turn = NULL;
    ms_turn_drop(engine, turn, MSTEP_EIO, detail);
  }
}

/* ---- failing and coming back ---- */

static void durable_settle(struct ms_engine *engine);

static void probe_later(struct ms_engine *engine)
{
  struct ms_durable *durable = engine->durable;
  durable->probe_delay_ms = next_delay_ms(durable->probe_delay_ms);
  durable->probe_at_ms = ms_loop_now_ms(engine->loop) + durable->probe_delay_ms;
}

int64_t ms_durable_next_due_ms(const struct ms_engine *engine)
{
  const struct ms_durable *durable = engine->durable;
  if (durable == NULL) {
    return 0;
  }
  const int64_t times[] = {durable->probe_at_ms, durable->flush_at_ms, durable->step_at_ms};
  int64_t first_ms = 0;
  for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
    first_ms = first_ms == 0 || (times[i] != 0 && times[i] < first_ms) ? times[i] : first_ms;
  }
  return first_ms;
}

static void plan_step(struct ms_engine *engine)
{
  struct ms_durable *durable = engine->durable;
  if (durable->commit_ms != 0 && durable->step_at_ms == 0 &&
      !ms_journal_is_idle(durable->journal)) {
    durable->step_at_ms = ms_loop_now_ms(engine->loop) + durable->commit_ms;
  }
}

void ms_durable_on_timer(struct ms_engine *engine)
{
  struct ms_durable *durable = engine->durable;
  int64_t now_ms = ms_loop_now_ms(engine->loop);
  if (durable == NULL) {
    return;
  }
  if (durable->flush_at_ms != 0 && durable->flush_at_ms <= now_ms) {
    durable->flush_at_ms = 0;
    durable->is_urgent = true;
    ms_loop_defer(engine->loop);
  }
  if (durable->probe_at_ms != 0 && durable->probe_at_ms <= now_ms) {
    durable->probe_at_ms = 0;
    if (durable->state == MS_DURABLE_FAILED) {
      durable->is_probing = ms_journal_probe(durable->journal) == 0;
      ms_journal_flush(durable->journal);
    }
    ms_loop_defer(engine->loop); /* which settles what has changed */
  }
  if (durable->step_at_ms != 0 && durable->step_at_ms <= now_ms) {
    durable->step_at_ms = 0;
    ms_journal_step(durable->journal);
    plan_step(engine);
    durable_settle(engine);
  }
}

/* Machines whose commit was lost: executions that are started from now on need their rows. */
static int durable_write_machines(struct ms_engine *engine)
{
  int err = MSTEP_OK;
  for (size_t i = 0; i < engine->versions.count && err == 0; i++) {
    struct ms_engine_machine *machine = engine->versions.data[i];
    if (machine != NULL && !machine->is_stored) {
      err = ms_durable_write_machine(engine, machine);
      machine->is_stored = err == 0;
    }
  }
  return err;
}

/* Everything is read anew; if that cannot be done now, it is tried again. */
static void durable_reload(struct ms_engine *engine)
{
  struct ms_durable *durable = engine->durable;
  held_drop(engine, durable->detail);
  ms_durable_drop_all(engine);
  durable->purging.count = 0;
  int err = ms_store_recover(durable->reader);
  if (err == 0) {
    durable->state = MS_DURABLE_OPEN;
    err = ms_durable_recover(engine);
  }
  err = err != 0 ? err : durable_write_machines(engine);
  err = err != 0 ? err : ms_drivers_load(engine);
  if (err == 0) {
    ms_loop_defer(engine->loop);
    ms_engine_log(engine, 1, "the store is back: %s", ms_store_name(durable->reader));
    err = ms_durable_settle_waiters(engine);
  }
  if (err == 0) {
    durable->probe_delay_ms = 0;
    durable->reloaded_at_ms = ms_loop_now_ms(engine->loop);
    return;
  }
  ms_engine_log(engine, 0, "the store cannot be read: %s: %s", ms_error_text(err),
                ms_error_detail());
  snprintf(durable->detail, sizeof durable->detail, "%s: %s", ms_error_text(err),
           ms_error_detail());
  ms_durable_drop_all(engine);
  durable->state = MS_DURABLE_AHEAD;
  probe_later(engine);
}

static void durable_fail(struct ms_engine *engine)
{
  struct ms_durable *durable = engine->durable;
  ms_engine_log(engine, 0, "the store has failed, nothing is taken until it is back: %s",
                durable->detail);
  held_drop(engine, durable->detail);
  ms_durable_drop_all(engine);
  probe_later(engine);
}

/* Acts on what the journal has said. */
static void durable_settle(struct ms_engine *engine)
{
  struct ms_durable *durable = engine->durable;
  uint64_t seq = ms_journal_durable_seq(durable->journal);
  bool is_failed = ms_journal_is_failed(durable->journal);
  if (durable->state == MS_DURABLE_FAILED && durable->probe_delay_ms != 0) {
    held_drop(engine, durable->detail); /* asked for since */
  }
  ms_purge_settle(durable, seq);
  while (durable->held != NULL && durable->held->seq <= seq) {
    ms_turn_perform(engine, held_take(durable));
  }
  if (durable->state == MS_DURABLE_FAILED && is_failed) {
    if (durable->probe_delay_ms == 0) {
      durable_fail(engine);
    } else if (durable->probe_at_ms == 0 && !durable->is_probing) {
      probe_later(engine);
    }
  } else if (durable->state == MS_DURABLE_FAILED && durable->is_probe_fine) {
    durable->is_probe_fine = false;
    durable_reload(engine);
  } else if (durable->state == MS_DURABLE_AHEAD && durable->held == NULL &&
             durable->last_seq <= seq && durable->probe_at_ms == 0) {
    durable_reload(engine);
  }
}

void ms_durable_hold(struct ms_engine *engine)
{
  struct ms_durable *durable = engine->durable;
  struct ms_turn *turn = engine->turn;
  engine->turn = NULL;
  turn->seq = durable->last_seq; /* of what others wrote, too: what it tells may rest on that */
  if (durable->held_last == NULL) {
    durable->held = turn;
  } else {
    durable->held_last->next = turn;
  }
  durable->held_last = turn;
}

/* In an engine that only looks nothing waits for the disk. */
static void perform_held(struct ms_engine *engine)
{
  if (engine->turn != NULL && engine->turn->count > 0) {
    ms_durable_hold(engine);
  }
  while (engine->durable->held != NULL) {
    ms_turn_perform(engine, held_take(engine->durable));
  }
}

void ms_durable_flush(struct ms_engine *engine)
{
  struct ms_durable *durable = engine->durable;
  if (durable->journal == NULL) {
    perform_held(engine);
    return;
  }
  if (durable->state == MS_DURABLE_OPEN) {
    ms_durable_tidy(engine);
  }
  if (engine->turn != NULL && engine->turn->count > 0) {
    ms_durable_hold(engine);
  }
  if (durable->is_urgent || !durable->is_patient) {
    durable->is_urgent = false;
    durable->flush_at_ms = 0;
    ms_journal_flush(durable->journal);
  } else if (durable->held != NULL && durable->flush_at_ms == 0) {
    durable->flush_at_ms = ms_loop_now_ms(engine->loop) + PATIENCE_MS;
  }
  plan_step(engine);
  durable_settle(engine);
}

void ms_durable_take(struct ms_engine *engine)
{
  if (engine->durable != NULL && engine->durable->journal != NULL) {
    ms_journal_take(engine->durable->journal);
    durable_settle(engine);
  }
}

/* ---- changes that are no command's ---- */

int ms_durable_begin(struct ms_batch **out, struct ms_engine *engine)
{
  struct ms_durable *durable = engine->durable;
  int err = ms_durable_status(engine);
  if (err == 0 && durable->journal == NULL) {
    err = ms_error(MSTEP_ESTATE, "the store was opened to be read only");
  }
  return err != 0 ? err : ms_journal_begin(out, durable->journal);
}

int ms_durable_end(struct ms_engine *engine)
{
  uint64_t seq;
  int err = ms_journal_end(engine->durable->journal, &seq);
  if (err == 0) {
    engine->durable->is_urgent = true;
    engine->durable->last_seq = seq;
    ms_loop_defer(engine->loop);
  }
  return err;
}

int ms_engine_accept(struct ms_engine *engine, struct ms_callback accepted)
{
  if (accepted.fn == NULL) {
    return MSTEP_OK;
  }
  int err = ms_durable_status(engine);
  if (err != 0) {
    return err;
  }
  /* Behind the commands that were taken before. */
  struct ms_pending *pending = ms_pending_new(engine, NULL, MS_COMMAND_STEP);
  if (pending == NULL) {
    return ms_error_nomem();
  }
  pending->accepted = accepted;
  ms_pending_push(engine, pending);
  ms_engine_touch(engine);
  return MSTEP_OK;
}

int ms_durable_add_waiter(struct ms_engine *engine, struct ms_str arn, struct ms_callback callback)
{
  struct ms_waiter *waiter = ms_alloc(sizeof *waiter);
  if (waiter == NULL) {
    return ms_error_nomem();
  }
  waiter->callback = callback;
  snprintf(waiter->arn, sizeof waiter->arn, "%.*s", MS_STR_ARG(arn));
  waiter->next = engine->durable->waiters;
  engine->durable->waiters = waiter;
  return MSTEP_OK;
}

void ms_engine_set_resident_max(struct ms_engine *engine, size_t count)
{
  if (engine->durable != NULL) {
    engine->durable->idle_max = count;
  }
}

void ms_engine_set_journal_limits(struct ms_engine *engine,
                                  const struct ms_engine_journal_limits *limits)
{
  struct ms_durable *durable = engine->durable;
  if (durable == NULL) {
    return;
  }
  if (limits->unsaved_bytes != 0) {
    durable->unsaved_bytes_max = limits->unsaved_bytes;
  }
  if (limits->trim_bytes != 0) {
    durable->trim_bytes_min = limits->trim_bytes;
  }
  if (limits->log_bytes != 0) {
    durable->log_bytes_max = limits->log_bytes;
  }
  durable->is_patient = durable->is_patient || limits->is_patient;
  if (limits->write_bytes != 0) {
    durable->write_bytes_max = limits->write_bytes;
  }
  if (limits->commit_ms != 0 && engine->options.is_virtual_time) {
    durable->commit_ms = limits->commit_ms;
    ms_journal_set_stepping(durable->journal, true);
  }
}

/* ---- open, close ---- */

static int durable_open_store(struct ms_engine *engine)
{
  struct ms_durable *durable = engine->durable;
  const struct ms_engine_options *options = &engine->options;
  const struct ms_store_options store = {.durability = options->durability,
                                         .is_read_only = options->is_read_only};
  int err = ms_store_open(&durable->store, options->store_url, &store);
  if (err == 0) {
    err = ms_store_reader(&durable->reader, durable->store);
  }
  return err;
}

static int durable_open_journal(struct ms_engine *engine)
{
  struct ms_durable *durable = engine->durable;
  const struct ms_engine_options *options = &engine->options;
  bool is_inline = options->is_virtual_time ||
                   ms_str_has_prefix(ms_str_c(options->store_url), "memory:");
  const struct ms_journal_options journal = {
      .store = durable->store,
      .loop = engine->loop,
      .callbacks = {on_durable, on_failed, on_probed, engine},
      .is_inline = is_inline,
  };
  durable->is_patient = !is_inline;
  return ms_journal_open(&durable->journal, &journal);
}

int ms_durable_open(struct ms_engine *engine)
{
  if (engine->options.store_url == NULL) {
    return MSTEP_OK;
  }
  struct ms_durable *durable = ms_calloc(1, sizeof *durable);
  if (durable == NULL) {
    return ms_error_nomem();
  }
  engine->durable = durable;
  durable->idle_max = IDLE_MAX;
  durable->unsaved_bytes_max = UNSAVED_BYTES_MAX;
  durable->trim_bytes_min = TRIM_BYTES_MIN;
  durable->log_bytes_max = LOG_BYTES_MAX;
  durable->write_bytes_max = MS_BATCH_BYTES_MAX;
  ms_buf_init(&durable->row, 0);
  ms_buf_init(&durable->key, 0);
  ms_buf_init(&durable->unit, 0);
  int err = durable_open_store(engine);
  if (err == 0) {
    durable->trimmed_lsn = ms_store_trimmed_lsn(durable->store);
    err = ms_durable_recover(engine);
  }
  if (err == 0 && !engine->options.is_read_only) {
    err = durable_open_journal(engine);
  }
  return err;
}

void ms_durable_close(struct ms_engine *engine)
{
  struct ms_durable *durable = engine->durable;
  if (durable == NULL) {
    return;
  }
  ms_journal_close(durable->journal);
  while (durable->held != NULL) {
    struct ms_turn *turn = held_take(durable);
    for (size_t i = 0; i < turn->count; i++) {
      turn->entries[i].accepted.fn = NULL; /* nobody is called by a close */
      turn->entries[i].on_durable = NULL;
    }
    ms_turn_drop(engine, turn, MSTEP_EIO, "");
  }
  while (durable->waiters != NULL) {
    struct ms_waiter *next = durable->waiters->next;
    ms_free(durable->waiters);
    durable->waiters = next;
  }
  ms_store_close(durable->reader);
  ms_store_close(durable->store);
  ms_free(durable->purging.data);
  ms_buf_deinit(&durable->row);
  ms_buf_deinit(&durable->key);
  ms_buf_deinit(&durable->unit);
  ms_free(durable);
  engine->durable = NULL;
}
