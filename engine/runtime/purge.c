/*
 * Executions that have ended and are forgotten: one by one, by age, or because their machine keeps only so
 * many. Without a store only what is in memory.
 */
#include <stdio.h>

#include "base/alloc.h"
#include "base/error.h"
#include "runtime/durable.h"
#include "runtime/map_runs.h"

#define PURGE_MAX 1000 /* at once */
#define SHRINK_BYTES ((uint64_t)16 << 20)

/* ---- one ---- */

static void forget_run(struct ms_engine *engine, struct ms_run *run)
{
  struct ms_str arn = ms_json_text(run->core->identity.arn), machine = ms_json_text(run->machine->name);
  struct ms_str tail = arn;
  for (int colons = 0; colons < 7; colons++) {
    tail = ms_str_sub(tail, ms_str_find(tail, 0, ':') + 1, tail.len);
  }
  (void)ms_map_runs_forget(engine, machine, tail);
  ms_runs_remove(engine, run);
  ms_run_unref(run);
}

static int purge_in_memory(struct ms_engine *engine, struct ms_str arn)
{
  struct ms_run *run;
  int err = ms_run_get(&run, engine, arn);
  if (err != 0) {
    return err;
  }
  if (!run->is_closed) {
    err = ms_error(MSTEP_ESTATE, "the execution is running");
  } else {
    forget_run(engine, run);
  }
  ms_run_unref(run);
  return err;
}

bool ms_purge_is_asked(const struct ms_durable *durable, uint64_t number)
{
  for (size_t i = 0; i < durable->purging.count; i++) {
    if (durable->purging.data[i].number == number) {
      return true;
    }
  }
  return false;
}

void ms_purge_settle(struct ms_durable *durable, uint64_t durable_seq)
{
  size_t done = 0;
  while (done < durable->purging.count && durable->purging.data[done].seq <= durable_seq) {
    done++;
  }
  if (done > 0) {
    durable->purging.count -= done;
    memmove(durable->purging.data, durable->purging.data + done,
            durable->purging.count * sizeof durable->purging.data[0]);
  }
}

static int purge_row(struct ms_engine *engine, uint64_t number, const struct ms_row *row)
{
  struct ms_durable *durable = engine->durable;
  struct ms_batch *batch;
  int err = MS_VEC_RESERVE(&durable->purging, SIZE_MAX / sizeof(struct ms_purging), 1);
  err = err != 0 ? err : ms_durable_begin(&batch, engine);
  if (err != 0) {
    return err;
  }
  size_t before = batch->records.len;
  err = ms_durable_write_purged(engine, batch, number, row);
  durable->written_bytes += batch->records.len - before;
  if (err != 0 && batch->error == 0) {
    batch->error = err;
  }
  int end = ms_durable_end(engine);
  err = err != 0 ? err : end;
  if (err == 0) { /* a row that is left, without memory, is nobody's and harms nobody */
    const struct ms_engine_machine *machine = ms_machine_version(engine, row->machine);
    if (machine != NULL) {
      (void)ms_map_runs_forget(engine, ms_json_text(machine->name), row->tail);
    }
    durable->purging.data[durable->purging.count++] =
        (struct ms_purging){number, durable->last_seq};
  }
  return err;
}

int ms_engine_execution_purge(struct ms_engine *engine, struct ms_str arn,
                              struct ms_callback accepted)
{
  int err = ms_engine_may_write(engine);
  if (err == 0 && engine->durable == NULL) {
    err = purge_in_memory(engine, arn);
  } else if (err == 0 && ms_index_find(&engine->runs, arn) != NULL) {
    err = ms_error(MSTEP_ESTATE, "the execution is running");
  } else if (err == 0) {
    struct ms_row row;
    uint64_t number;
    struct ms_engine_machine *machine;
    err = ms_archive_find(&row, &number, &machine, engine, arn);
    err = err != 0 ? err : purge_row(engine, number, &row);
  }
  return err != 0 ? err : ms_engine_accept(engine, accepted);
}

/* ---- many ---- */

struct sweep {
  struct ms_engine *engine;
  int64_t before_ms;
  uint64_t numbers[PURGE_MAX];
  size_t count;
};

#define ENOUGH 1

static int on_listing(struct ms_str key, struct ms_str value, void *user)
{
  struct sweep *sweep = user;
  if (key.len < MS_STORE_NUMBER_SIZE || value.len != MS_STORE_NUMBER_SIZE) {
    return ms_error(MSTEP_EIO, "the list of executions is damaged");
  }
  if ((int64_t)ms_store_number(value) < sweep->before_ms) {
    sweep->numbers[sweep->count++] =
        ms_store_number(ms_str_sub(key, key.len - MS_STORE_NUMBER_SIZE, key.len));
  }
  return sweep->count == PURGE_MAX ? ENOUGH : MSTEP_OK;
}

static int copy_row(struct ms_str key, struct ms_str value, void *user)
{
  struct ms_buf *out = user;
  (void)key;
  ms_buf_reset(out);
  ms_buf_str(out, value);
  return out->error;
}

/* It is about to go on, or has ended so lately that nobody was told. */
static bool is_open(struct ms_engine *engine, const struct ms_row *row)
{
  char arn[MS_ENGINE_ARN_SIZE];
  const struct ms_engine_machine *machine = ms_machine_version(engine, row->machine);
  if (machine == NULL) {
    return false;
  }
  snprintf(arn, sizeof arn, "%.*s%.*s", MS_STR_ARG(ms_json_text(machine->prefix)),
           MS_STR_ARG(row->tail));
  return ms_index_find(&engine->runs, ms_str_c(arn)) != NULL;
}

static int sweep_purge(struct sweep *sweep, uint64_t *count)
{
  struct ms_durable *durable = sweep->engine->durable;
  int err = MSTEP_OK;
  for (size_t i = 0; i < sweep->count && err == 0; i++) {
    char key[MS_STORE_NUMBER_SIZE];
    struct ms_row row;
    err = ms_store_get(durable->reader, MS_TABLE_EXECUTION, ms_store_key(key, sweep->numbers[i]),
                       copy_row, &durable->row);
    if (err == MSTEP_ENOTFOUND || ms_purge_is_asked(durable, sweep->numbers[i])) {
      err = MSTEP_OK;
      continue;
    }
    err = err != 0 ? err : ms_row_read(&row, ms_buf_view(&durable->row));
    if (err == 0 && !is_open(sweep->engine, &row)) {
      err = purge_row(sweep->engine, sweep->numbers[i], &row);
      *count += err == 0;
    }
  }
  return err == MSTEP_ETOOBIG ? MSTEP_OK : err; /* the disk is behind: the rest another time */
}

static int sweep_rows(uint64_t *count, bool *is_more, struct ms_engine *engine,
                      struct ms_str machine_arn, int64_t before_ms)
{
  struct sweep sweep = {.engine = engine, .before_ms = before_ms};
  struct ms_buf from, to;
  ms_buf_init(&from, 0);
  ms_buf_init(&to, 0);
  if (machine_arn.data != NULL) {
    const struct ms_engine_machine *machine = ms_map_get(&engine->machines, machine_arn);
    if (machine == NULL) {
      return ms_error(MSTEP_ENOTFOUND, "State Machine Does Not Exist: '%.*s'",
                      MS_STR_ARG(machine_arn));
    }
    ms_key_listing(&from, machine->family, 0, 0);
    ms_key_listing(&to, machine->family + 1, 0, 0);
  }
  const struct ms_scan scan = {
      .table = MS_TABLE_LISTING, .from = ms_buf_view(&from), .to = ms_buf_view(&to)};
  int err = ms_store_scan(engine->durable->reader, &scan, on_listing, &sweep);
  err = err == ENOUGH ? MSTEP_OK : err;
  *is_more = *is_more || sweep.count == PURGE_MAX;
  err = err != 0 ? err : sweep_purge(&sweep, count);
  ms_buf_deinit(&from);
  ms_buf_deinit(&to);
  return err;
}

/* Which of those in memory go: those that ended before, or those of a family up to a number. */
struct doomed {
  struct ms_str machine_arn; /* NULL: of all */
  int64_t before_ms;
  uint32_t family; /* 0: it is the time that counts */
  uint64_t up_to;
};

static bool is_doomed(const struct ms_run *run, const struct doomed *doomed)
{
  if (!run->is_closed) {
    return false;
  }
  if (doomed->family != 0) {
    return run->machine->family == doomed->family && run->number <= doomed->up_to;
  }
  return run->core->stopped_at_ms < doomed->before_ms &&
         (doomed->machine_arn.data == NULL ||
          ms_str_eq(ms_json_text(run->machine->arn), doomed->machine_arn));
}

/* One walk over all of them, whatever goes: what is found is collected first, for the walk bears no change. */
static size_t forget_doomed(struct ms_engine *engine, const struct doomed *doomed)
{
  struct ms_run *found[PURGE_MAX], *run;
  size_t count = 0;
  uint32_t at = 0;
  while (count < PURGE_MAX && (run = ms_index_next(&engine->runs, &at)) != NULL) {
    if (is_doomed(run, doomed)) {
      found[count++] = run;
    }
  }
  for (size_t i = 0; i < count; i++) {
    forget_run(engine, found[i]);
  }
  return count;
}

int ms_purge_old(uint64_t *count, bool *is_more, struct ms_engine *engine,
                 struct ms_str machine_arn, int64_t stopped_before_ms)
{
  if (engine->durable != NULL) {
    return sweep_rows(count, is_more, engine, machine_arn, stopped_before_ms);
  }
  size_t found = forget_doomed(
      engine, &(struct doomed){.machine_arn = machine_arn, .before_ms = stopped_before_ms});
  *count += found;
  *is_more = *is_more || found == PURGE_MAX;
  return MSTEP_OK;
}

int ms_engine_purge_before(uint64_t *count, struct ms_engine *engine, struct ms_str machine_arn,
                           int64_t stopped_before_ms, struct ms_callback accepted)
{
  *count = 0;
  bool is_more = false;
  int err = ms_engine_may_write(engine);
  err = err != 0 ? err : ms_purge_old(count, &is_more, engine, machine_arn, stopped_before_ms);
  return err != 0 ? err : ms_engine_accept(engine, accepted);
}

/* ---- so many of a machine ---- */

/* The lowest numbers of a scan that goes over all statuses: a heap with the highest on top. */
struct surplus {
  uint64_t *numbers; /* of a sweep */
  size_t count;
  size_t max;
  uint64_t total;
};

static void surplus_down(struct surplus *surplus)
{
  uint64_t *numbers = surplus->numbers;
  for (size_t at = 0, child; (child = 2 * at + 1) < surplus->count; at = child) {
    if (child + 1 < surplus->count && numbers[child + 1] > numbers[child]) {
      child++;
    }
    if (numbers[at] >= numbers[child]) {
      return;
    }
    uint64_t swap = numbers[at];
    numbers[at] = numbers[child];
    numbers[child] = swap;
  }
}

static void surplus_add(struct surplus *surplus, uint64_t number)
{
  uint64_t *numbers = surplus->numbers;
  surplus->total++;
  if (surplus->count == surplus->max) {
    if (surplus->max > 0 && number < numbers[0]) {
      numbers[0] = number;
      surplus_down(surplus);
    }
    return;
  }
  size_t at = surplus->count++;
  for (; at > 0 && numbers[(at - 1) / 2] < number; at = (at - 1) / 2) {
    numbers[at] = numbers[(at - 1) / 2];
  }
  numbers[at] = number;
}

static int on_surplus(struct ms_str key, struct ms_str value, void *user)
{
  (void)value;
  if (key.len < MS_STORE_NUMBER_SIZE) {
    return ms_error(MSTEP_EIO, "the list of executions is damaged");
  }
  surplus_add(user, ms_store_number(ms_str_sub(key, key.len - MS_STORE_NUMBER_SIZE, key.len)));
  return MSTEP_OK;
}

static int surplus_rows(struct surplus *surplus, struct ms_engine *engine, uint32_t family)
{
  struct ms_buf from, to;
  ms_buf_init(&from, 0);
  ms_buf_init(&to, 0);
  ms_key_listing(&from, family, 0, 0);
  ms_key_listing(&to, family + 1, 0, 0);
  const struct ms_scan scan = {
      .table = MS_TABLE_LISTING, .from = ms_buf_view(&from), .to = ms_buf_view(&to)};
  int err = from.error != 0 || to.error != 0
                ? ms_error_nomem()
                : ms_store_scan(engine->durable->reader, &scan, on_surplus, surplus);
  ms_buf_deinit(&from);
  ms_buf_deinit(&to);
  return err;
}

static void surplus_runs(struct surplus *surplus, struct ms_engine *engine, uint32_t family)
{
  uint32_t at = 0;
  struct ms_run *run;
  while ((run = ms_index_next(&engine->runs, &at)) != NULL) {
    if (run->is_closed && run->machine->family == family) {
      surplus_add(surplus, run->number);
    }
  }
}

int ms_purge_surplus(uint64_t *count, bool *is_more, struct ms_engine *engine,
                     const struct ms_engine_machine *machine, uint64_t most)
{
  struct sweep sweep = {.engine = engine};
  struct surplus surplus = {.numbers = sweep.numbers, .max = PURGE_MAX};
  int err = MSTEP_OK;
  if (engine->durable == NULL) {
    surplus_runs(&surplus, engine, machine->family);
  } else {
    err = surplus_rows(&surplus, engine, machine->family);
  }
  if (err != 0 || surplus.total <= most) {
    return err;
  }
  /* The highest of those that were found go until as many are left as are too many. */
  while (surplus.count > surplus.total - most) {
    sweep.numbers[0] = sweep.numbers[--surplus.count];
    surplus_down(&surplus);
  }
  *is_more = *is_more || surplus.count == PURGE_MAX;
  if (engine->durable == NULL) {
    *count += forget_doomed(
        engine, &(struct doomed){.family = machine->family, .up_to = sweep.numbers[0]});
    return MSTEP_OK;
  }
  sweep.count = surplus.count;
  return sweep_purge(&sweep, count);
}

/* ---- space ---- */

struct shrink {
  struct ms_engine *engine;
  struct ms_callback accepted;
  bool is_done;
};

static int shrink_run(struct ms_store *store, void *user)
{
  struct shrink *shrink = user;
  return ms_store_shrink(store, SHRINK_BYTES, &shrink->is_done);
}

static void shrink_done(int code, const char *detail, void *user)
{
  struct shrink *shrink = user;
  struct ms_engine *engine = shrink->engine;
  if (code == 0 && !shrink->is_done &&
      ms_journal_call(engine->durable->journal, shrink_run, shrink_done, shrink) == 0) {
    return;
  }
  if (shrink->accepted.fn != NULL) {
    engine->options.host.accepted(shrink->accepted, code, detail, engine->options.host.host);
  }
  ms_free(shrink);
}

int ms_engine_shrink(struct ms_engine *engine, struct ms_callback accepted)
{
  int err = ms_engine_may_write(engine);
  if (err != 0 || engine->durable == NULL) {
    return err != 0 ? err : ms_engine_accept(engine, accepted);
  }
  struct shrink *shrink = ms_calloc(1, sizeof *shrink);
  if (shrink == NULL) {
    return ms_error_nomem();
  }
  *shrink = (struct shrink){engine, accepted, false};
  err = ms_journal_call(engine->durable->journal, shrink_run, shrink_done, shrink);
  if (err != 0) {
    ms_free(shrink);
    return err;
  }
  ms_loop_defer(engine->loop);
  return MSTEP_OK;
}

int ms_engine_backup(struct ms_engine *engine, const char *path)
{
  if (engine->durable == NULL) {
    return ms_error(MSTEP_ESTATE, "without a store there is nothing to copy");
  }
  return ms_store_backup(engine->durable->reader, path);
}

int ms_engine_store_status(struct ms_engine *engine)
{
  return ms_durable_status(engine);
}

int ms_engine_store_size(struct ms_engine *engine, uint64_t *bytes)
{
  if (engine->durable == NULL) {
    return ms_error(MSTEP_ESTATE, "there is no store");
  }
  return ms_store_size(engine->durable->reader, bytes);
}
