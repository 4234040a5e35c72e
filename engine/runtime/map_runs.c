/* See map_runs.h; and what DescribeMapRun and UpdateMapRun ask for. */
#include "runtime/map_runs.h"

#include "base/error.h"
#include "core/map_run.h"
#include "runtime/catalog.h"
#include "runtime/durable.h"

static int set(struct ms_json *object, const char *name, struct ms_json value)
{
  return ms_json_is_none(value) ? ms_error_nomem() : ms_json_setc(object, name, value);
}

static struct ms_json date_of(int64_t at_ms)
{
  return ms_json_double((double)at_ms / 1000);
}

/* ---- rows ---- */

static int note_started(struct ms_engine *engine, struct ms_batch *batch, const struct ms_run *run,
                        const struct ms_event *event)
{
  struct ms_json row = ms_json_object(4);
  int err = set(&row, "mapRunArn", ms_json_ref(event->data));
  if (err == 0) {
    err = set(&row, "executionArn", ms_json_ref(run->core->identity.arn));
  }
  if (err == 0) {
    err = set(&row, "status", ms_json_cstring("RUNNING"));
  }
  if (err == 0) {
    err = set(&row, "startDate", date_of(event->at_ms));
  }
  if (err == 0) {
    return ms_catalog_put_within(engine, batch, MS_MAP_RUN_KIND, ms_json_text(event->data), row);
  }
  ms_json_unref(row);
  return err;
}

/* Adds the summary's members to the row, and `name`: when. */
static int note_summary(struct ms_engine *engine, struct ms_batch *batch, struct ms_json summary,
                        const char *name, int64_t at_ms)
{
  struct ms_str arn = ms_json_text(ms_json_getc(summary, "mapRunArn"));
  struct ms_json row = ms_json_ref(ms_catalog_get(engine, MS_MAP_RUN_KIND, arn));
  if (ms_json_is_none(row)) {
    return MSTEP_OK; /* from before there were rows */
  }
  int err = MSTEP_OK;
  for (size_t i = 0; err == 0 && i < ms_json_count(summary); i++) {
    err = ms_json_set_key(&row, ms_json_key_value(summary, i),
                          ms_json_ref(ms_json_member(summary, i)));
  }
  if (err == 0) {
    err = set(&row, name, date_of(at_ms));
  }
  if (err == 0) {
    return ms_catalog_put_within(engine, batch, MS_MAP_RUN_KIND, arn, row);
  }
  ms_json_unref(row);
  return err;
}

static int note_redriven(struct ms_engine *engine, struct ms_batch *batch,
                         const struct ms_event *event)
{
  struct ms_json row = ms_json_ref(ms_catalog_get(engine, MS_MAP_RUN_KIND, ms_json_text(event->data)));
  if (ms_json_is_none(row)) {
    return MSTEP_OK;
  }
  int err = ms_json_remove(&row, MS_STR("stopDate"));
  if (err == 0) {
    err = set(&row, "status", ms_json_cstring("RUNNING"));
  }
  if (err == 0) {
    err = set(&row, "redriveDate", date_of(event->at_ms));
  }
  if (err == 0) {
    return ms_catalog_put_within(engine, batch, MS_MAP_RUN_KIND, ms_json_text(event->data), row);
  }
  ms_json_unref(row);
  return err;
}

int ms_map_runs_note(struct ms_engine *engine, struct ms_batch *batch,
                     const struct ms_turn_entry *entry)
{
  int err = MSTEP_OK;
  for (size_t i = 0; err == 0 && i < entry->event_count; i++) {
    const struct ms_event *event = &engine->turn->events.items[entry->first_event + i];
    if (event->type == MS_EVENT_MAP_RUN_STARTED) {
      err = note_started(engine, batch, entry->run, event);
    } else if (event->type == MS_EVENT_MAP_RUN_ENDED) {
      err = note_summary(engine, batch, event->data, "stopDate", event->at_ms);
    } else if (event->type == MS_EVENT_MAP_RUN_REDRIVEN) {
      err = note_redriven(engine, batch, event);
    }
  }
  return err;
}

/* Whether the row is of that execution: names have no ':' in them. */
static bool is_of(struct ms_json row, struct ms_str machine, struct ms_str tail)
{
  struct ms_str arn = ms_json_text(ms_json_getc(row, "executionArn"));
  size_t len = 1 + machine.len + 1 + tail.len;
  if (arn.len <= len || !ms_str_eq(ms_str_sub(arn, arn.len - tail.len, arn.len), tail)) {
    return false;
  }
  struct ms_str end = ms_str_sub(arn, arn.len - len, arn.len);
  return end.data[0] == ':' && end.data[1 + machine.len] == ':' &&
         ms_str_eq(ms_str_sub(end, 1, 1 + machine.len), machine);
}

int ms_map_runs_forget(struct ms_engine *engine, struct ms_str machine, struct ms_str tail)
{
  uint64_t at = 0;
  struct ms_str name;
  struct ms_json row;
  int err = MSTEP_OK;
  while (err == 0 && ms_catalog_next(&name, &row, &at, engine, MS_MAP_RUN_KIND)) {
    if (is_of(row, machine, tail)) {
      err = ms_catalog_remove(engine, MS_MAP_RUN_KIND, name);
    }
  }
  return err;
}

/* ---- one that runs ---- */

/* The execution of the map run and its frame there; *frame NULL: it does not run. *run is the caller's. */
static int find_running(struct ms_run **run, const struct ms_frame **frame, struct ms_engine *engine,
                        struct ms_json row, struct ms_str arn)
{
  *frame = NULL;
  int err = ms_run_get(run, engine, ms_json_text(ms_json_getc(row, "executionArn")));
  if (err == 0 && (*run)->core != NULL && (*run)->core->status == MS_EXECUTION_RUNNING) {
    *frame = ms_map_run_find((*run)->core, arn);
  }
  return err;
}

/* Its row with the figures of now; *out owned. */
static int describe_running(struct ms_json *out, struct ms_engine *engine, struct ms_json row,
                            struct ms_str arn)
{
  struct ms_run *run;
  const struct ms_frame *frame;
  struct ms_json summary = MS_JSON_VALUE_NONE;
  int err = find_running(&run, &frame, engine, row, arn);
  if (err != 0) {
    return err;
  }
  *out = ms_json_ref(row);
  if (frame != NULL) {
    err = ms_map_run_summary(&summary, run->core, frame, "RUNNING", NULL);
    for (size_t i = 0; err == 0 && i < ms_json_count(summary); i++) {
      err = ms_json_set_key(out, ms_json_key_value(summary, i),
                            ms_json_ref(ms_json_member(summary, i)));
    }
    ms_json_unref(summary);
  }
  ms_run_rest(engine, run);
  ms_run_unref(run);
  if (err != 0) {
    ms_json_replace(out, MS_JSON_VALUE_NONE);
  }
  return err;
}

int ms_engine_map_run_describe(struct ms_buf *out, struct ms_engine *engine, struct ms_str arn)
{
  struct ms_json row = ms_json_ref(ms_catalog_get(engine, MS_MAP_RUN_KIND, arn));
  if (ms_json_is_none(row)) {
    return MSTEP_ENOTFOUND;
  }
  struct ms_json described = MS_JSON_VALUE_NONE;
  bool is_running = ms_str_is(ms_json_text(ms_json_getc(row, "status")), "RUNNING");
  int err = is_running ? describe_running(&described, engine, row, arn) : MSTEP_OK;
  if (err == 0) {
    ms_json_print(out, is_running ? described : row);
    err = out->error;
  }
  ms_json_unref(described);
  ms_json_unref(row);
  return err;
}

int ms_engine_map_run_update(struct ms_engine *engine, struct ms_str arn, struct ms_json settings,
                             struct ms_callback accepted)
{
  struct ms_run *run;
  const struct ms_frame *frame;
  struct ms_json row = ms_json_ref(ms_catalog_get(engine, MS_MAP_RUN_KIND, arn));
  int err = ms_json_is_none(row) ? MSTEP_ENOTFOUND : ms_engine_may_write(engine);
  err = err != 0 ? err : find_running(&run, &frame, engine, row, arn);
  ms_json_unref(row);
  if (err != 0) {
    return err;
  }
  struct ms_pending *update =
      frame == NULL ? NULL : ms_pending_new(engine, run, MS_COMMAND_UPDATE_MAP_RUN);
  if (update != NULL) {
    update->command.frame = frame->id;
    update->command.data = ms_json_ref(settings);
    update->accepted = accepted;
    ms_pending_push(engine, update);
    ms_engine_touch(engine);
  } else {
    err = frame == NULL ? ms_error(MSTEP_ESTATE, "The map run does not run.") : ms_error_nomem();
  }
  ms_run_unref(run);
  return err;
}
