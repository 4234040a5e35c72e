/*
 * What is written: the record of each command's events, and the rows of an execution that has ended or
 * is saved. Records are
 *
 *   type, length, body      START   number, row (rows.c)
 *                           EVENTS  number, which of its records, event bytes (core/record.h)
 *                           PURGED  number
 *
 * A start is written with the first events; the rows of one that ends are in the commit of its last
 * event, so that of the journal it needs nothing any more.
 */
#include "base/error.h"
#include "base/fault.h"
#include "runtime/durable.h"
#include "runtime/map_runs.h"

#define CHUNKS_MAX (1u << MS_DURABLE_SHIFT)

/* ---- documents ---- */

static int put_document(uint32_t number, struct ms_str text, void *user)
{
  struct ms_durable_documents *documents = user;
  char key[MS_STORE_NUMBER_SIZE];
  if (number >> MS_DURABLE_SHIFT != 0) {
    return ms_error(MSTEP_ETOOBIG, "an execution with more than %u large values",
                    1u << MS_DURABLE_SHIFT);
  }
  ms_batch_put(documents->batch, MS_TABLE_PAYLOAD, ms_key_part(key, documents->number, number),
               text);
  return ms_batch_error(documents->batch);
}

static int parse_document(struct ms_str key, struct ms_str text, void *user)
{
  struct ms_json_limits limits = MS_JSON_LIMITS_OWN; /* what was printed is read back */
  (void)key;
  return ms_json_parse(user, text, &limits, NULL);
}

static int get_document(struct ms_json *out, uint32_t number, void *user)
{
  struct ms_durable_documents *documents = user;
  char key[MS_STORE_NUMBER_SIZE];
  int err = ms_store_get(documents->reader, MS_TABLE_PAYLOAD,
                         ms_key_part(key, documents->number, number), parse_document, out);
  return err == MSTEP_ENOTFOUND ? ms_error(MSTEP_EIO, "a payload of execution %llu is missing",
                                           (unsigned long long)documents->number)
                                : err;
}

struct ms_document_io ms_durable_io(struct ms_durable_documents *documents)
{
  return (struct ms_document_io){documents->batch == NULL ? NULL : put_document, get_document,
                                 documents};
}

/* ---- the line of those whose records the journal must keep ---- */

void ms_unsaved_add(struct ms_durable *durable, struct ms_kept *kept, uint64_t lsn)
{
  if (kept->is_unsaved) {
    return;
  }
  kept->is_unsaved = true;
  kept->unsaved_lsn = lsn;
  kept->unsaved_at_bytes = durable->written_bytes;
  kept->next_unsaved = NULL;
  kept->previous_unsaved = durable->last_unsaved;
  if (durable->last_unsaved == NULL) {
    durable->first_unsaved = kept;
  } else {
    durable->last_unsaved->next_unsaved = kept;
  }
  durable->last_unsaved = kept;
}

void ms_unsaved_remove(struct ms_durable *durable, struct ms_kept *kept)
{
  if (!kept->is_unsaved) {
    return;
  }
  kept->is_unsaved = false;
  if (kept->previous_unsaved == NULL) {
    durable->first_unsaved = kept->next_unsaved;
  } else {
    kept->previous_unsaved->next_unsaved = kept->next_unsaved;
  }
  if (kept->next_unsaved == NULL) {
    durable->last_unsaved = kept->previous_unsaved;
  } else {
    kept->next_unsaved->previous_unsaved = kept->previous_unsaved;
  }
}

/* ---- records ---- */

static void put_record(struct ms_batch *batch, enum ms_durable_record type, struct ms_str head,
                       struct ms_str body)
{
  ms_buf_char(&batch->records, (char)type);
  ms_bytes_put_number(&batch->records, head.len + body.len);
  ms_buf_str(&batch->records, head);
  ms_buf_str(&batch->records, body);
}

static struct ms_str head_of(struct ms_buf *buf, uint64_t number, const uint32_t *serial)
{
  ms_buf_reset(buf);
  ms_bytes_put_number(buf, number);
  if (serial != NULL) {
    ms_bytes_put_number(buf, *serial);
  }
  return ms_buf_view(buf);
}

static int write_start(struct ms_engine *engine, struct ms_batch *batch, struct ms_run *run,
                       const struct ms_document_io *io)
{
  struct ms_durable *durable = engine->durable;
  if (durable->next_number >= durable->reserved_number) {
    return ms_error(MSTEP_EINTERNAL, "an execution without a number of its own");
  }
  ms_buf_reset(&durable->row);
  int err = ms_row_write(&durable->row, run, true, io);
  if (err == 0) {
    put_record(batch, MS_RECORD_START, head_of(&durable->key, run->number, NULL),
               ms_buf_view(&durable->row));
  }
  return err;
}

static bool is_fail_state(const struct ms_engine_machine *machine, const struct ms_event *event)
{
  return event->type == MS_EVENT_STATE_ENTERED && machine->machine != NULL &&
         strcmp(machine->machine->states[event->state]->type->name, "Fail") == 0;
}

/* Has an Express machine's log a place for it? Levels as those of CloudWatch Logs have it. */
static bool is_logged(const struct ms_engine_machine *machine, const struct ms_event *event)
{
  switch (machine->log_level) {
  case MS_LOG_OFF:
    return false;
  case MS_LOG_FATAL:
    return event->type >= MS_EVENT_EXECUTION_FAILED && event->type <= MS_EVENT_EXECUTION_TIMED_OUT;
  case MS_LOG_ERROR:
    return ms_event_is_failure(event) || is_fail_state(machine, event);
  case MS_LOG_ALL:
    return true;
  }
  return true;
}

/* What an Express execution leaves of its events: in its log, not in the journal. */
static int log_events(struct ms_engine *engine, struct ms_turn_entry *entry,
                      const struct ms_document_io *io)
{
  struct ms_kept *kept = entry->run->kept;
  struct ms_buf *unit = &engine->durable->unit;
  size_t before = kept->log.len;
  int err = MSTEP_OK;
  for (size_t i = 0; i < entry->event_count && err == 0; i++) {
    const struct ms_event *event = &engine->turn->events.items[entry->first_event + i];
    if (is_logged(entry->run->machine, event)) {
      ms_buf_reset(unit);
      err = ms_record_write_events(unit, &kept->documents, io, event, 1);
      ms_bytes_put_text(&kept->log, ms_buf_view(unit));
    }
  }
  entry->log_bytes = kept->log.len - before;
  return err != 0 ? err : kept->log.error;
}

/* The events, into the log and from there into the record. */
static int write_events(struct ms_engine *engine, struct ms_batch *batch,
                        struct ms_turn_entry *entry, const struct ms_document_io *io)
{
  struct ms_run *run = entry->run;
  struct ms_kept *kept = run->kept;
  struct ms_buf *unit = &engine->durable->unit;
  ms_buf_reset(unit);
  int err = ms_record_write_events(unit, &kept->documents, io,
                                   &engine->turn->events.items[entry->first_event],
                                   entry->event_count);
  if (err == 0) {
    struct ms_buf *head = &engine->durable->key;
    put_record(batch, MS_RECORD_EVENTS, head_of(head, run->number, &kept->records),
               ms_buf_view(unit));
    size_t before = kept->log.len;
    ms_bytes_put_text(&kept->log, ms_buf_view(unit));
    entry->log_bytes = kept->log.len - before;
    kept->records++;
    err = kept->log.error != 0 ? kept->log.error : unit->error;
  }
  return err;
}

/* ---- rows ---- */

/* The log becomes a row of history. */
static int write_chunk(struct ms_batch *batch, struct ms_kept *kept)
{
  struct ms_str fresh = ms_str_sub(ms_buf_view(&kept->log), kept->log_saved, kept->log.len);
  if (fresh.len == 0) {
    return MSTEP_OK;
  }
  if (kept->chunks >= CHUNKS_MAX) {
    return ms_error(MSTEP_ETOOBIG, "a history of more than %u rows", CHUNKS_MAX);
  }
  char key[MS_STORE_NUMBER_SIZE];
  ms_batch_put(batch, MS_TABLE_HISTORY, ms_key_part(key, kept->run->number, kept->chunks), fresh);
  kept->log_saved = kept->log.len;
  kept->chunks++;
  return MSTEP_OK;
}

static int write_ended(struct ms_engine *engine, struct ms_batch *batch, struct ms_run *run,
                       const struct ms_document_io *io)
{
  struct ms_durable *durable = engine->durable;
  struct ms_kept *kept = run->kept;
  char number[MS_STORE_NUMBER_SIZE], stopped[MS_STORE_NUMBER_SIZE];
  int err = write_chunk(batch, kept);
  if (err == 0) {
    ms_buf_reset(&durable->row);
    err = ms_row_write(&durable->row, run, false, io);
  }
  if (err != 0) {
    return err;
  }
  struct ms_str key = ms_store_key(number, run->number);
  ms_batch_put(batch, MS_TABLE_EXECUTION, key, ms_buf_view(&durable->row));
  if (kept->records_saved > 0 || run->machine->is_express) { /* Express has no records */
    ms_batch_remove(batch, MS_TABLE_SNAPSHOT, key);
  }
  ms_buf_reset(&durable->row);
  ms_key_listing(&durable->row, run->machine->family, (int)run->core->status, run->number);
  ms_batch_put(batch, MS_TABLE_LISTING, ms_buf_view(&durable->row),
               ms_store_key(stopped, (uint64_t)run->core->stopped_at_ms));
  ms_buf_reset(&durable->row);
  ms_key_name(&durable->row, run->machine->family, ms_json_text(run->tail));
  ms_batch_put(batch, MS_TABLE_NAME, ms_buf_view(&durable->row), key);
  return durable->row.error;
}

int ms_durable_write_purged(struct ms_engine *engine, struct ms_batch *batch, uint64_t number,
                            const struct ms_row *row)
{
  struct ms_buf *scratch = &engine->durable->key;
  char key[MS_STORE_NUMBER_SIZE], from[MS_STORE_NUMBER_SIZE], to[MS_STORE_NUMBER_SIZE];
  put_record(batch, MS_RECORD_PURGED, head_of(scratch, number, NULL), MS_STR(""));
  struct ms_str first = ms_key_part(from, number, 0), next = ms_key_part(to, number + 1, 0);
  ms_batch_remove_range(batch, MS_TABLE_PAYLOAD, first, next);
  ms_batch_remove(batch, MS_TABLE_SNAPSHOT, ms_store_key(key, number));
  if (row == NULL) {
    return MSTEP_OK;
  }
  const struct ms_engine_machine *machine = ms_machine_version(engine, row->machine);
  ms_batch_remove_range(batch, MS_TABLE_HISTORY, first, next);
  ms_batch_remove(batch, MS_TABLE_EXECUTION, ms_store_key(key, number));
  if (machine != NULL) {
    ms_buf_reset(scratch);
    ms_key_listing(scratch, machine->family, (int)row->status, number);
    ms_batch_remove(batch, MS_TABLE_LISTING, ms_buf_view(scratch));
    ms_buf_reset(scratch);
    ms_key_name(scratch, machine->family, row->tail);
    ms_batch_remove(batch, MS_TABLE_NAME, ms_buf_view(scratch));
  }
  return scratch->error;
}

static int write_snapshot(struct ms_engine *engine, struct ms_batch *batch, struct ms_run *run)
{
  struct ms_durable *durable = engine->durable;
  struct ms_durable_documents documents = {batch, durable->reader, run->number};
  struct ms_document_io io = ms_durable_io(&documents);
  char key[MS_STORE_NUMBER_SIZE];
  int err = write_chunk(batch, run->kept);
  if (err == 0) {
    ms_buf_reset(&durable->row);
    /* Of an Express execution only its start is kept: after a crash it begins anew. */
    err = ms_row_write(&durable->row, run, run->machine->is_express, &io);
  }
  if (err == 0) {
    ms_batch_put(batch, MS_TABLE_SNAPSHOT, ms_store_key(key, run->number),
                 ms_buf_view(&durable->row));
    run->kept->records_saved = run->kept->records;
    run->kept->snapshots_held++;
    ms_unsaved_remove(durable, run->kept);
  }
  return err;
}

/* Redriven: it leaves those that have ended. The row that it gets is later than all of its records. */
static int write_reopened(struct ms_engine *engine, struct ms_batch *batch,
                          struct ms_turn_entry *entry)
{
  struct ms_durable *durable = engine->durable;
  struct ms_run *run = entry->run;
  char key[MS_STORE_NUMBER_SIZE];
  ms_buf_reset(&durable->row);
  ms_key_listing(&durable->row, run->machine->family, run->kept->listed_status, run->number);
  ms_batch_remove(batch, MS_TABLE_LISTING, ms_buf_view(&durable->row));
  ms_batch_remove(batch, MS_TABLE_EXECUTION, ms_store_key(key, run->number));
  run->kept->listed_status = MS_NOT_LISTED;
  int err = write_snapshot(engine, batch, run);
  entry->has_snapshot = err == 0;
  return err;
}

static enum ms_durability durability_of(const struct ms_engine *engine, const struct ms_run *run)
{
  return run->machine->has_durability ? run->machine->durability : engine->options.durability;
}

/* Numbers are given out in blocks, so that one that was given out never is again. */
#define NUMBERS 4096

static void reserve_numbers(struct ms_durable *durable, struct ms_batch *batch)
{
  char value[MS_STORE_NUMBER_SIZE];
  if (durable->next_number >= durable->reserved_number) {
    durable->reserved_number = durable->next_number + NUMBERS;
    ms_batch_put(batch, MS_TABLE_SETTING, MS_STR("next_execution"),
                 ms_store_key(value, durable->reserved_number));
  }
}

static int write_run(struct ms_engine *engine, struct ms_batch *batch, struct ms_turn_entry *entry)
{
  struct ms_durable *durable = engine->durable;
  struct ms_run *run = entry->run;
  struct ms_kept *kept = run->kept;
  struct ms_durable_documents documents = {batch, durable->reader, run->number};
  struct ms_document_io io = ms_durable_io(&documents);
  size_t before = batch->records.len;
  int err = MSTEP_OK;
  ms_batch_need(batch, durability_of(engine, run));
  if (run->number == 0) {
    reserve_numbers(durable, batch);
    run->number = documents.number = durable->next_number;
    err = write_start(engine, batch, run, &io);
    durable->next_number++;
  }
  if (err == 0) {
    ms_unsaved_add(durable, kept, ms_journal_durable_lsn(durable->journal));
    err = run->machine->is_express ? log_events(engine, entry, &io)
                                   : write_events(engine, batch, entry, &io);
  }
  if (err == 0 && kept->listed_status != MS_NOT_LISTED) {
    err = write_reopened(engine, batch, entry);
  }
  if (err == 0 && run->core->status != MS_EXECUTION_RUNNING) {
    bool leaves_nothing = run->machine->is_express && run->machine->log_level == MS_LOG_OFF;
    err = leaves_nothing ? ms_durable_write_purged(engine, batch, run->number, NULL)
                         : write_ended(engine, batch, run, &io);
    ms_unsaved_remove(durable, kept);
  } else if (err == 0 && kept->log.len - kept->log_saved > durable->log_bytes_max &&
             !run->machine->is_express) {
    err = write_snapshot(engine, batch, run);
    entry->has_snapshot = err == 0;
  }
  if (err == 0) {
    durable->written_bytes += batch->records.len - before;
    ms_documents_prune(&kept->documents);
  }
  return err;
}

/* A step is two events, more or less. */
static int weigh(const struct ms_durable *durable, struct ms_turn_entry *entry, size_t bytes)
{
  entry->run->kept->weight = entry->event_count == 0 ? 0 : 2 * bytes / entry->event_count;
  return bytes <= durable->write_bytes_max
             ? MSTEP_OK
             : ms_error(MSTEP_ETOOBIG, "a transition of %zu bytes", bytes);
}

int ms_durable_write(struct ms_engine *engine, struct ms_turn_entry *entry)
{
  if (entry->run->core->identity.is_sync) {
    return MSTEP_OK; /* whoever started it waits for it: there is nobody for whom it would be kept */
  }
  if (entry->event_count == 0 && entry->run->number != 0) {
    return MSTEP_OK;
  }
  struct ms_batch *batch;
  int err = ms_durable_begin(&batch, engine);
  if (err != 0) {
    return err;
  }
  size_t before = ms_batch_size(batch);
  err = write_run(engine, batch, entry);
  if (err == 0) {
    err = ms_map_runs_note(engine, batch, entry);
  }
  if (err == 0) {
    err = weigh(engine->durable, entry, ms_batch_size(batch) - before);
  }
  if (err != 0 && batch->error == 0) {
    batch->error = err; /* taken back by the end */
  }
  int end = ms_durable_end(engine);
  return err != 0 ? err : end;
}

/* ---- snapshots ---- */

int ms_durable_snapshot(struct ms_engine *engine, struct ms_run *run)
{
  struct ms_batch *batch;
  int err = ms_durable_begin(&batch, engine);
  if (err != 0) {
    return err;
  }
  err = write_snapshot(engine, batch, run);
  if (err != 0 && batch->error == 0) {
    batch->error = err;
  }
  int end = ms_durable_end(engine);
  err = err != 0 ? err : end;
  if (err == 0) {
    ms_turn_add(engine, run)->has_snapshot = true;
    MS_FAULT(snapshot_written);
  } else {
    ms_durable_break(engine, err); /* memory may believe that a row has its history */
  }
  return err;
}

/* ---- machines ---- */

int ms_durable_write_machine(struct ms_engine *engine, const struct ms_engine_machine *machine)
{
  struct ms_batch *batch;
  int err = ms_durable_begin(&batch, engine);
  if (err != 0) {
    return err;
  }
  struct ms_durable *durable = engine->durable;
  char key[4] = {(char)(machine->id >> 24), (char)(machine->id >> 16), (char)(machine->id >> 8),
                 (char)machine->id};
  ms_buf_reset(&durable->row);
  ms_row_machine_write(&durable->row, machine);
  if (durable->row.error != 0) {
    batch->error = durable->row.error;
  }
  ms_batch_put(batch, MS_TABLE_MACHINE, (struct ms_str){key, sizeof key},
               ms_buf_view(&durable->row));
  return ms_durable_end(engine);
}
