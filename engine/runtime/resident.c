/*
 * Which executions are in memory. One for which nothing is under way but timers stands in a line; when
 * the line is longer than what memory is meant to hold, the longest idle are saved and go away, and
 * come back when their timer fires or somebody asks for them. Also what keeps the journal short:
 * the execution whose records reach back farthest is saved when it reaches back too far.
 */
#include "base/alloc.h"
#include "base/error.h"
#include "runtime/durable.h"

#define TIDY_MAX 512 /* snapshots in one turn: more than a turn has commands */

/* ---- what is kept ---- */

struct ms_kept *ms_kept_new(struct ms_run *run)
{
  struct ms_kept *kept = ms_calloc(1, sizeof *kept);
  if (kept != NULL) {
    kept->run = run;
    kept->listed_status = MS_NOT_LISTED;
    ms_buf_init(&kept->log, 0);
  }
  return kept;
}

/* It stands in no line any more. */
void ms_kept_free(struct ms_kept *kept)
{
  if (kept != NULL) {
    ms_documents_deinit(&kept->documents);
    ms_buf_deinit(&kept->log);
    ms_free(kept);
  }
}

void ms_kept_saved(struct ms_kept *kept)
{
  if (kept == NULL || --kept->snapshots_held > 0) {
    return;
  }
  /* What rows hold need not be in memory, too. */
  if (kept->log_saved > 0) {
    memmove(kept->log.data, kept->log.data + kept->log_saved, kept->log.len - kept->log_saved);
  }
  kept->log.len -= kept->log_saved;
  kept->log_durable -= kept->log_saved;
  kept->log_saved = 0;
  kept->chunks_durable = kept->chunks;
  if (kept->log.len == 0) {
    ms_buf_deinit(&kept->log);
    ms_buf_init(&kept->log, 0);
  }
}

/* ---- the line of the idle ---- */

void ms_run_unrest(struct ms_engine *engine, struct ms_run *run)
{
  struct ms_durable *durable = engine->durable;
  struct ms_kept *kept = run->kept;
  if (kept == NULL || !kept->is_idle) {
    return;
  }
  kept->is_idle = false;
  durable->idle_count--;
  if (kept->previous_idle == NULL) {
    durable->first_idle = kept->next_idle;
  } else {
    kept->previous_idle->next_idle = kept->next_idle;
  }
  if (kept->next_idle == NULL) {
    durable->last_idle = kept->previous_idle;
  } else {
    kept->next_idle->previous_idle = kept->previous_idle;
  }
}

/* Called while one reference is the caller's and one the index's. */
void ms_run_rest(struct ms_engine *engine, struct ms_run *run)
{
  struct ms_durable *durable = engine->durable;
  struct ms_kept *kept = run->kept;
  if (kept == NULL || kept->is_idle || run->references > 2 || run->tasks != NULL ||
      run->is_closed || run->core->status != MS_EXECUTION_RUNNING || run->machine->is_express ||
      ms_core_runnable(run->core) != MS_FRAME_NONE) {
    return;
  }
  kept->is_idle = true;
  kept->next_idle = NULL;
  kept->previous_idle = durable->last_idle;
  if (durable->last_idle == NULL) {
    durable->first_idle = kept;
  } else {
    durable->last_idle->next_idle = kept;
  }
  durable->last_idle = kept;
  durable->idle_count++;
  if (durable->idle_count > durable->idle_max) {
    ms_loop_defer(engine->loop); /* the end of a turn sends some away */
  }
}

/* ---- going and coming ---- */

static void run_go(struct ms_engine *engine, struct ms_run *run)
{
  ms_run_unrest(engine, run);
  ms_unsaved_remove(engine->durable, run->kept);
  ms_kept_free(run->kept);
  ms_execution_free(run->core);
  ms_watch_threads_free(run->threads);
  run->kept = NULL;
  run->core = NULL;
  run->threads = NULL;
}

static int load_snapshot(struct ms_str key, struct ms_str value, void *user)
{
  struct ms_buf *out = user;
  (void)key;
  ms_buf_str(out, value);
  return out->error;
}

int ms_run_wake(struct ms_engine *engine, struct ms_run *run)
{
  if (run->core != NULL) {
    return MSTEP_OK;
  }
  struct ms_durable *durable = engine->durable;
  char key[MS_STORE_NUMBER_SIZE];
  struct ms_row row;
  ms_buf_reset(&durable->row);
  int err = ms_store_get(durable->reader, MS_TABLE_SNAPSHOT, ms_store_key(key, run->number),
                         load_snapshot, &durable->row);
  if (err == 0) {
    err = ms_row_read(&row, ms_buf_view(&durable->row));
  }
  err = err != 0 ? err : ms_row_load(run, &row, engine, durable->reader);
  if (err == MSTEP_ENOTFOUND) {
    err = ms_error(MSTEP_EIO, "its row is missing");
  }
  return err == 0 || err == MSTEP_ENOMEM
             ? err
             : ms_error(err, "execution %s in %s cannot be read: %s", ms_json_text(run->tail).data,
                        ms_store_name(durable->reader), ms_error_detail());
}

/* The longest idle, until the line is as short as it should be. */
static void tidy_idle(struct ms_engine *engine, unsigned *left)
{
  struct ms_durable *durable = engine->durable;
  while (durable->idle_count > durable->idle_max && *left > 0) {
    struct ms_kept *kept = durable->first_idle;
    struct ms_run *run = kept->run;
    if (kept->records_saved == kept->records && kept->snapshots_held == 0) {
      run_go(engine, run);
      continue;
    }
    ms_run_unrest(engine, run); /* and stands in the line again once it is saved */
    if (kept->snapshots_held == 0) {
      if (ms_turn_ready(engine) != 0 || ms_durable_snapshot(engine, run) != 0) {
        return;
      }
      (*left)--;
    }
  }
}

/* Those that keep the journal from being cut. */
static void tidy_unsaved(struct ms_engine *engine, unsigned *left)
{
  struct ms_durable *durable = engine->durable;
  while (durable->first_unsaved != NULL && *left > 0 &&
         durable->written_bytes - durable->first_unsaved->unsaved_at_bytes >
             durable->unsaved_bytes_max) {
    if (ms_turn_ready(engine) != 0 ||
        ms_durable_snapshot(engine, durable->first_unsaved->run) != 0) {
      return;
    }
    (*left)--;
  }
}

/* Cuts off what nobody needs: all before the oldest record that no row covers. */
static void tidy_journal(struct ms_engine *engine)
{
  struct ms_durable *durable = engine->durable;
  uint64_t lsn = durable->first_unsaved != NULL ? durable->first_unsaved->unsaved_lsn
                                                : ms_journal_durable_lsn(durable->journal);
  if (lsn <= durable->trimmed_lsn ||
      durable->written_bytes - durable->trimmed_at_bytes < durable->trim_bytes_min) {
    return;
  }
  struct ms_batch *batch;
  char key[MS_STORE_NUMBER_SIZE];
  if (ms_durable_begin(&batch, engine) == 0) {
    ms_batch_remove_range(batch, MS_TABLE_JOURNAL, MS_STR(""), ms_store_key(key, lsn + 1));
    if (ms_durable_end(engine) == 0) {
      durable->trimmed_lsn = lsn;
      durable->trimmed_at_bytes = durable->written_bytes;
    }
  }
}

void ms_durable_tidy(struct ms_engine *engine)
{
  unsigned left = TIDY_MAX;
  tidy_idle(engine, &left);
  tidy_unsaved(engine, &left);
  tidy_journal(engine);
}
