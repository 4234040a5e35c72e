/*
 * From the store back into memory, when the engine is opened and when the store has failed and is well
 * again: machines, the rows of open executions, and then the journal's records, one after the other.
 *
 *   snapshot rows ──▶ runs that are away, or in memory when more than timers is pending
 *   START         ──▶ a run, unless a row has it: ended (execution) or later (snapshot)
 *   EVENTS        ──▶ evolve, unless the run's row covers it
 *   PURGED        ──▶ gone
 *
 * Every record says which of its execution's it is, so one that is missing or comes twice is noticed.
 */
#include <stdio.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/fault.h"
#include "runtime/durable.h"

#define LOST_DETAIL_SIZE 160

struct lost {
  uint64_t number;
  char why[LOST_DETAIL_SIZE];
};

/*
 * What one recovery needs. An execution whose records cannot be read is `lost` until a later record says
 * that it was purged: then its payloads are gone, and rightly so.
 */
struct recovery {
  struct ms_engine *engine;
  struct ms_durable *durable;
  struct ms_index numbers; /* runs by their number */
  struct ms_events events;
  struct ms_buf frame;
  uint64_t lsn;
  MS_VEC(struct lost) lost;
};

static struct ms_str number_key(const uint64_t *number)
{
  return (struct ms_str){(const char *)number, sizeof *number};
}

static bool number_is(const void *run, struct ms_str key)
{
  return memcmp(&((const struct ms_run *)run)->number, key.data, key.len) == 0;
}

static struct ms_run *find_number(struct recovery *r, uint64_t number)
{
  return ms_index_find(&r->numbers, number_key(&number));
}

static int damaged(uint64_t number, const char *what)
{
  return ms_error(MSTEP_EIO, "execution %llu: %s", (unsigned long long)number, what);
}

/* ---- settings, machines ---- */

static int read_number(struct ms_str key, struct ms_str value, void *user)
{
  (void)key;
  if (value.len != MS_STORE_NUMBER_SIZE) {
    return ms_error(MSTEP_EIO, "a setting is damaged");
  }
  *(uint64_t *)user = ms_store_number(value);
  return MSTEP_OK;
}

static int recover_settings(struct recovery *r)
{
  uint64_t number = 1;
  int err = ms_store_get(r->durable->reader, MS_TABLE_SETTING, MS_STR("next_execution"),
                         read_number, &number);
  if (err != 0 && err != MSTEP_ENOTFOUND) {
    return err;
  }
  /* What memory believes to have reserved may have been lost with its commit. */
  r->durable->reserved_number = number;
  if (number > r->durable->next_number) {
    r->durable->next_number = number;
  }
  return MSTEP_OK;
}

static int recover_machine(struct ms_str key, struct ms_str value, void *user)
{
  struct recovery *r = user;
  struct ms_engine_machine_request request = {0};
  struct ms_machine_row row;
  int err = key.len == 4 ? ms_row_machine_read(&request, &row, value)
                         : ms_error(MSTEP_EIO, "the key of a machine is damaged");
  if (err != 0) {
    return err;
  }
  const unsigned char *k = (const unsigned char *)key.data;
  uint32_t id = (uint32_t)k[0] << 24 | (uint32_t)k[1] << 16 | (uint32_t)k[2] << 8 | k[3];
  struct ms_engine_machine *machine = ms_machine_version(r->engine, id);
  if (machine != NULL) {
    machine->is_stored = true;
    return MSTEP_OK;
  }
  err = ms_machine_add(&machine, r->engine, id, &request, row.arn);
  if (err == 0) {
    machine->family = row.family;
    machine->created_at_ms = row.created_at_ms;
    machine->updated_at_ms = row.updated_at_ms;
    machine->is_stored = true;
    if (row.revision.len > 0) {
      machine->revision = ms_json_string(row.revision);
      err = ms_json_is_none(machine->revision) ? ms_error_nomem() : MSTEP_OK;
    }
  }
  return err;
}

/* ---- runs ---- */

/*
 * A run that is away, by what its row says. By its number only: until all was read there may be two of one
 * name, one of which was purged before the other was started.
 */
static int recover_run(struct ms_run **out, struct recovery *r, uint64_t number,
                       const struct ms_row *row)
{
  struct ms_engine_machine *machine = ms_machine_version(r->engine, row->machine);
  if (machine == NULL) {
    return damaged(number, "its machine is missing");
  }
  struct ms_json tail = ms_json_string(row->tail);
  struct ms_run *run = ms_json_is_none(tail) ? NULL : ms_run_new(machine, tail);
  if (run == NULL) {
    ms_json_unref(tail);
    return ms_error_nomem();
  }
  run->number = number;
  int err = ms_index_add(&r->numbers, number_key(&number), run);
  if (err != 0) {
    ms_run_unref(run);
    return err;
  }
  r->engine->open_count++;
  *out = run;
  return MSTEP_OK;
}

static void free_run(struct recovery *r, struct ms_run *run)
{
  if (run->kept != NULL) {
    ms_unsaved_remove(r->durable, run->kept);
  }
  ms_run_quiet(r->engine, run);
  r->engine->open_count--;
  ms_runs_remove(r->engine, run);
  ms_run_unref(run);
}

static void forget_run(struct recovery *r, struct ms_run *run)
{
  ms_index_remove(&r->numbers, number_key(&run->number), run);
  free_run(r, run);
}

static int set_timers(struct recovery *r, struct ms_run *run, struct ms_row *row)
{
  int err = MSTEP_OK;
  for (uint32_t i = 0; i < row->timer_count && err == 0; i++) {
    uint32_t frame;
    int64_t due_at_ms;
    err = ms_row_timer(&frame, &due_at_ms, row);
    if (err == 0) {
      err = ms_run_set_timer(r->engine, run, frame, due_at_ms);
    }
  }
  return err;
}

/* Timers at once; what is busy is loaded when all rows have been seen (a scan may not read more). */
static int recover_snapshot(struct ms_str key, struct ms_str value, void *user)
{
  struct recovery *r = user;
  struct ms_row row;
  struct ms_run *run;
  int err = ms_row_read(&row, value);
  if (err == 0) {
    err = recover_run(&run, r, ms_store_number(key), &row);
  }
  if (err == 0 && !r->engine->options.is_paused && !r->engine->options.is_read_only) {
    err = set_timers(r, run, &row);
  }
  if (err == 0) {
    run->must_load = row.is_busy || row.is_start;
  }
  return err;
}

/* ---- the journal's records ---- */

static int none(struct ms_str key, struct ms_str value, void *user)
{
  (void)key;
  (void)value;
  (void)user;
  return MSTEP_OK;
}

/* The run is gone; whether that is an error shows at the end of the journal. */
static int lose(struct recovery *r, struct ms_run *run)
{
  char why[LOST_DETAIL_SIZE];
  snprintf(why, sizeof why, "%s", ms_error_detail());
  int err = MS_VEC_RESERVE(&r->lost, SIZE_MAX / sizeof(struct lost), 1);
  if (err == 0) {
    struct lost *lost = &r->lost.data[r->lost.count++];
    lost->number = run->number;
    memcpy(lost->why, why, sizeof why);
    forget_run(r, run);
  }
  return err;
}

static void find_lost(struct recovery *r, uint64_t number)
{
  for (size_t i = 0; i < r->lost.count; i++) {
    if (r->lost.data[i].number == number) {
      r->lost.data[i] = r->lost.data[--r->lost.count];
      return;
    }
  }
}

static int replay_start(struct recovery *r, struct ms_bytes_reader *body)
{
  uint64_t number = ms_bytes_number(body);
  struct ms_row row;
  if (body->error != 0) {
    return body->error;
  }
  if (number >= r->durable->next_number) {
    return damaged(number, "its number was not given out yet");
  }
  if (find_number(r, number) != NULL) {
    return MSTEP_OK; /* its snapshot is later */
  }
  char key[MS_STORE_NUMBER_SIZE];
  int err = ms_store_get(r->durable->reader, MS_TABLE_EXECUTION, ms_store_key(key, number), none,
                         NULL);
  if (err != MSTEP_ENOTFOUND) {
    return err; /* it has ended */
  }
  err = ms_row_read(&row, ms_str_sub((struct ms_str){body->data, body->len}, body->at, body->len));
  struct ms_run *run = NULL;
  if (err == 0) {
    err = recover_run(&run, r, number, &row);
  }
  if (err != 0) {
    return err;
  }
  err = ms_row_load(run, &row, r->engine, r->durable->reader);
  if (err == 0) {
    ms_unsaved_add(r->durable, run->kept, r->lsn - 1);
  }
  return err == MSTEP_EIO ? lose(r, run) : err;
}

static int replay_fold(struct recovery *r, struct ms_run *run)
{
  int err = MSTEP_OK;
  for (size_t i = 0; i < r->events.count && err == 0; i++) {
    err = ms_record_check_event(run->core, &r->events.items[i]);
    if (err == 0) {
      err = ms_core_evolve(run->core, &r->events.items[i]);
    }
  }
  ms_events_clear(&r->events);
  return err;
}

static int replay_events(struct recovery *r, struct ms_bytes_reader *body)
{
  uint64_t number = ms_bytes_number(body);
  uint32_t serial = ms_bytes_number32(body);
  struct ms_run *run = find_number(r, number);
  if (body->error != 0 || run == NULL) {
    return body->error; /* it has ended, or is gone */
  }
  int err = ms_run_wake(r->engine, run);
  if (err != 0 || serial < run->kept->records) {
    return err;
  }
  if (serial > run->kept->records) {
    return damaged(number, "a record of the journal is missing");
  }
  struct ms_str bytes = ms_str_sub((struct ms_str){body->data, body->len}, body->at, body->len);
  struct ms_durable_documents documents = {NULL, r->durable->reader, number};
  struct ms_document_io io = ms_durable_io(&documents);
  err = ms_record_read_events(&r->events, &run->kept->documents, &io, bytes);
  if (err == 0) {
    err = replay_fold(r, run);
  }
  if (err == 0) {
    ms_bytes_put_text(&run->kept->log, bytes);
    run->kept->log_durable = run->kept->log.len;
    run->kept->records++;
    ms_documents_prune(&run->kept->documents);
    ms_unsaved_add(r->durable, run->kept, r->lsn - 1);
    err = run->kept->log.error;
  }
  return err == MSTEP_EIO ? lose(r, run) : err;
}

static int replay_purged(struct recovery *r, struct ms_bytes_reader *body)
{
  uint64_t number = ms_bytes_number(body);
  struct ms_run *run = find_number(r, number);
  if (body->error == 0 && run != NULL) {
    forget_run(r, run);
  }
  find_lost(r, number);
  return body->error;
}

static int replay_record(struct recovery *r, struct ms_bytes_reader *reader)
{
  uint8_t type = ms_bytes_byte(reader);
  struct ms_str bytes = ms_bytes_text(reader);
  struct ms_bytes_reader body;
  ms_bytes_reader_init(&body, bytes);
  if (reader->error != 0) {
    return reader->error;
  }
  switch (type) {
  case MS_RECORD_START:
    return replay_start(r, &body);
  case MS_RECORD_EVENTS:
    return replay_events(r, &body);
  case MS_RECORD_PURGED:
    return replay_purged(r, &body);
  default:
    return ms_error(MSTEP_EUNSUPPORTED, "the journal has a record of a kind that is not known: %u",
                    (unsigned)type);
  }
}

static int copy_frame(struct ms_str key, struct ms_str value, void *user)
{
  struct ms_buf *out = user;
  (void)key;
  ms_buf_reset(out);
  ms_buf_str(out, value);
  return out->error;
}

static int replay_journal(struct recovery *r)
{
  struct ms_store *reader = r->durable->reader;
  uint64_t last = ms_store_last_lsn(reader);
  int err = MSTEP_OK;
  for (r->lsn = ms_store_trimmed_lsn(reader) + 1; r->lsn <= last && err == 0; r->lsn++) {
    char key[MS_STORE_NUMBER_SIZE];
    err = ms_store_get(reader, MS_TABLE_JOURNAL, ms_store_key(key, r->lsn), copy_frame, &r->frame);
    struct ms_bytes_reader records;
    ms_bytes_reader_init(&records, ms_buf_view(&r->frame));
    while (err == 0 && !ms_bytes_is_end(&records)) {
      err = replay_record(r, &records);
    }
  }
  return err;
}

/* ---- afterwards ---- */

/* What is busy is read now; an execution that has ended must have its row. */
static int recover_load(struct recovery *r)
{
  uint32_t at = 0;
  struct ms_run *run;
  int err = MSTEP_OK;
  while (err == 0 && (run = ms_index_next(&r->numbers, &at)) != NULL) {
    if (run->must_load) {
      err = ms_run_wake(r->engine, run);
    }
    run->must_load = run->core != NULL;
    if (err == 0 && run->core != NULL && run->core->status != MS_EXECUTION_RUNNING) {
      err = damaged(run->number, "it has ended, and its row is missing");
    } else if (err == 0 && run->core != NULL && run->core->next_event > 1) {
      err = ms_record_check_execution(run->core);
    }
  }
  return err;
}

/* From now on they are found by their ARNs. */
static int recover_enter(struct recovery *r)
{
  uint32_t at = 0;
  struct ms_run *run;
  int err = MSTEP_OK;
  while (err == 0 && (run = ms_index_next(&r->numbers, &at)) != NULL) {
    char arn[MS_ENGINE_ARN_SIZE];
    ms_run_arn(arn, run);
    err = ms_index_find(&r->engine->runs, ms_str_c(arn)) != NULL
              ? damaged(run->number, "another one has the same name")
              : ms_runs_add(r->engine, run);
  }
  return err;
}

static int recover_scan(struct recovery *r, unsigned table, ms_record_cb cb)
{
  const struct ms_scan scan = {.table = table};
  return ms_store_scan(r->durable->reader, &scan, cb, r);
}

static int recover_all(struct recovery *r)
{
  for (size_t i = 0; i < r->engine->versions.count; i++) {
    if (r->engine->versions.data[i] != NULL) {
      r->engine->versions.data[i]->is_stored = false;
    }
  }
  int err = recover_settings(r);
  if (err == 0) {
    err = recover_scan(r, MS_TABLE_MACHINE, recover_machine);
  }
  if (err == 0) {
    err = recover_scan(r, MS_TABLE_SNAPSHOT, recover_snapshot);
  }
  if (err == 0) {
    err = replay_journal(r);
  }
  if (err == 0 && r->lost.count > 0) {
    err = ms_error(MSTEP_EIO, "%s", r->lost.data[0].why);
  }
  err = err != 0 ? err : recover_load(r);
  return err != 0 ? err : recover_enter(r);
}

int ms_durable_recover(struct ms_engine *engine)
{
  struct ms_durable *durable = engine->durable;
  struct recovery r = {.engine = engine, .durable = durable};
  ms_index_init(&r.numbers, engine->runs.seed, number_is);
  ms_buf_init(&r.frame, 0);
  if (durable->next_number == 0) {
    durable->next_number = durable->reserved_number = 1;
  }
  MS_FAULT(recover_begin);
  int err = ms_store_view_begin(durable->reader);
  if (err == 0) {
    err = recover_all(&r);
    ms_store_view_end(durable->reader);
  }
  uint32_t at = 0;
  for (struct ms_run *run; err != 0 && (run = ms_index_next(&r.numbers, &at)) != NULL;) {
    free_run(&r, run);
  }
  ms_index_deinit(&r.numbers);
  ms_buf_deinit(&r.frame);
  ms_events_deinit(&r.events);
  ms_free(r.lost.data);
  MS_FAULT(recover_done);
  if (err == 0 && engine->open_count > 0 && !engine->options.is_paused &&
      !engine->options.is_read_only) {
    ms_engine_log(engine, 2, "%zu execution%s on from %s", engine->open_count,
                  engine->open_count == 1 ? " goes" : "s go", ms_store_name(durable->reader));
    durable->must_resume = true;
    ms_loop_defer(engine->loop);
  }
  return err;
}

/* ---- going on ---- */

/* It would write too much again and again: it is stopped, which is little. */
static int resume_stopped(struct ms_engine *engine, struct ms_run *run)
{
  struct ms_pending *stop = ms_pending_new(engine, run, MS_COMMAND_STOP);
  if (stop == NULL) {
    return ms_error_nomem();
  }
  stop->command.error = ms_json_cstring("States.DataLimitExceeded");
  stop->command.cause = ms_json_cstring("One step of it writes more than a commit can hold.");
  ms_pending_push(engine, stop);
  engine->durable->too_large = 0;
  run->must_load = false;
  return MSTEP_OK;
}

static int resume_run(struct ms_engine *engine, struct ms_run *run, struct ms_effects *effects)
{
  if (run->number != 0 && run->number == engine->durable->too_large) {
    return resume_stopped(engine, run);
  }
  if (!run->must_load) {
    return MSTEP_OK; /* away, or begun since */
  }
  run->must_load = false;
  bool is_new = run->machine->is_express && run->core->next_event == 1;
  if (is_new) {
    /* Its tasks have other tokens: an answer to one of the run that was lost is none to another's. */
    run->core->identity.seed = ms_random_next(&engine->random);
  }
  if (is_new || ms_core_runnable(run->core) != MS_FRAME_NONE) {
    struct ms_pending *go = ms_pending_new(engine, run, is_new ? MS_COMMAND_START : MS_COMMAND_STEP);
    if (go == NULL) {
      return ms_error_nomem();
    }
    go->is_more = !is_new;
    go->command.data = is_new ? ms_json_ref(run->core->input) : MS_JSON_VALUE_NONE;
    ms_pending_push(engine, go);
  }
  ms_effects_clear(effects);
  int err = is_new ? MSTEP_OK : ms_core_pending(effects, run->core);
  for (size_t i = 0; i < effects->count && err == 0; i++) {
    ms_run_perform(engine, run, &effects->items[i]);
  }
  ms_run_ref(run);
  ms_run_rest(engine, run);
  ms_run_unref(run);
  return err;
}

/* How late the timers are that fell due while nobody looked. */
static void report_overdue(struct ms_engine *engine)
{
  int64_t now_ms = ms_loop_now_ms(engine->loop), late_ms = 0;
  uint64_t count = 0;
  uint32_t at = 0;
  struct ms_run *run;
  while ((run = ms_index_next(&engine->runs, &at)) != NULL) {
    for (const struct ms_run_timer *timer = run->timers; timer != NULL; timer = timer->next) {
      int64_t late = now_ms - ms_timer_due_at_ms(&engine->timers, &timer->timer);
      count += late > 0;
      late_ms = late > late_ms ? late : late_ms;
    }
  }
  engine->durable->overdue_count = count;
  engine->durable->overdue_ms = late_ms;
  if (count > 0) {
    ms_engine_log(engine, 1, "%llu timer%s fell due meanwhile, the first %lld.%03lld s ago",
                  (unsigned long long)count, count == 1 ? "" : "s", (long long)(late_ms / 1000),
                  (long long)(late_ms % 1000));
  }
}

static void tell_unknown(struct ms_engine *engine, const char *arn, struct ms_callback callback)
{
  const struct ms_engine_host *host = &engine->options.host;
  const struct ms_engine_end end = {.arn = arn, .status = MS_ENGINE_UNKNOWN};
  host->done(callback, &end, host->host);
}

static int waiter_tell(struct ms_engine *engine, const struct ms_waiter *waiter)
{
  const struct ms_engine_host *host = &engine->options.host;
  struct ms_run *run = ms_index_find(&engine->runs, ms_str_c(waiter->arn));
  if (run != NULL) {
    return ms_run_add_done(run, waiter->callback);
  }
  int err = ms_archive_load(&run, engine, ms_str_c(waiter->arn));
  if (err == MSTEP_ENOTFOUND) {
    tell_unknown(engine, waiter->arn, waiter->callback);
    return MSTEP_OK;
  }
  if (err == 0) {
    struct ms_engine_end end;
    struct ms_buf output;
    ms_buf_init(&output, 0);
    ms_run_end_texts(&end, &output, run);
    host->done(waiter->callback, &end, host->host);
    ms_run_unref(run);
    ms_buf_deinit(&output);
  }
  return err;
}

int ms_durable_settle_waiters(struct ms_engine *engine)
{
  struct ms_durable *durable = engine->durable;
  int err = MSTEP_OK;
  while (err == 0 && durable->waiters != NULL) {
    struct ms_waiter *waiter = durable->waiters;
    durable->waiters = waiter->next;
    err = waiter_tell(engine, waiter);
    if (err != 0) {
      waiter->next = durable->waiters;
      durable->waiters = waiter;
    } else {
      ms_free(waiter);
    }
  }
  return err;
}

void ms_durable_resume(struct ms_engine *engine)
{
  struct ms_durable *durable = engine->durable;
  if (durable == NULL || !durable->must_resume || durable->state != MS_DURABLE_OPEN) {
    return;
  }
  durable->must_resume = false;
  struct ms_effects effects = {NULL, 0, 0};
  uint32_t at = 0;
  struct ms_run *run;
  int err = MSTEP_OK;
  engine->is_resuming = true;
  while (err == 0 && (run = ms_index_next(&engine->runs, &at)) != NULL) {
    err = resume_run(engine, run, &effects);
  }
  engine->is_resuming = false;
  ms_effects_deinit(&effects);
  report_overdue(engine);
  if (err != 0) {
    ms_durable_break(engine, err);
  }
}

/* ---- losing it ---- */

static void keep_waiting(struct ms_engine *engine, struct ms_run *run)
{
  char arn[MS_ENGINE_ARN_SIZE];
  ms_run_arn(arn, run);
  struct ms_run_done first = {run->done, run->more_done};
  for (const struct ms_run_done *who = run->done.fn == NULL ? run->more_done : &first; who != NULL;
       who = who->next) {
    if (ms_durable_add_waiter(engine, ms_str_c(arn), who->callback) != 0) {
      tell_unknown(engine, arn, who->callback); /* no memory to wait with */
    }
  }
  run->done.fn = NULL;
}

void ms_durable_drop_all(struct ms_engine *engine)
{
  struct ms_durable *durable = engine->durable;
  const struct ms_engine_host *host = &engine->options.host;
  struct ms_pending *pending;
  while ((pending = ms_pending_pop(engine)) != NULL) {
    if (pending->accepted.fn != NULL) {
      host->accepted(pending->accepted, MSTEP_EIO, durable->detail, host->host);
    }
    if (pending->on_durable != NULL) {
      pending->on_durable(MSTEP_EIO, pending->arg);
    }
    ms_pending_free(engine, pending);
  }
  uint32_t at = 0;
  struct ms_run *run;
  while ((run = ms_index_next(&engine->runs, &at)) != NULL) {
    keep_waiting(engine, run);
    ms_run_quiet(engine, run);
    if (run->kept != NULL) {
      ms_run_unrest(engine, run);
      ms_unsaved_remove(durable, run->kept);
    }
    ms_run_unref(run);
  }
  ms_index_deinit(&engine->runs);
  engine->open_count = 0;
}
