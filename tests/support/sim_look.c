/* See sim.h: what the engine says, held against what it has said before and against what has to be. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "core/execution.h"
#include "mt.h"
#include "record.h"
#include "runtime/durable.h"
#include "sim.h"

/* ---- ends ---- */

static bool is_same_text(const char *a, const char *b)
{
  return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static bool is_same_end(const struct sim_end *a, const struct sim_end *b)
{
  return a->status == b->status && is_same_text(a->output, b->output) &&
         is_same_text(a->error, b->error) && is_same_text(a->cause, b->cause);
}

static bool may_end(struct sim *sim, struct sim_slot *slot, unsigned redrives,
                    const struct sim_end *end)
{
  const struct sim_end aborted = {MS_EXECUTION_ABORTED, NULL, (char *)(uintptr_t) "Stopped",
                                  (char *)(uintptr_t) "enough"};
  if (slot->ends[redrives].status != MS_EXECUTION_RUNNING) {
    return is_same_end(end, &slot->ends[redrives]);
  }
  return is_same_end(end, &sim_expect(sim, slot, redrives)->end) ||
         (slot->may_be_aborted[redrives] && is_same_end(end, &aborted));
}

static const char *end_text(struct sim *sim, const struct sim_end *end)
{
  return sim_format(sim, "%d %s / %s / %s", end->status, end->output == NULL ? "-" : end->output,
                    end->error == NULL ? "-" : end->error, end->cause == NULL ? "-" : end->cause);
}

void sim_check_end(struct sim *sim, struct sim_slot *slot, int redrives, const struct sim_end *end)
{
  unsigned first = redrives < 0 ? slot->redrives_told : (unsigned)redrives;
  unsigned last = redrives < 0 ? slot->redrives_asked : (unsigned)redrives;
  for (unsigned i = first; i <= last; i++) {
    if (may_end(sim, slot, i, end)) {
      if (redrives >= 0) {
        slot->ends[i] = *end;
      }
      return;
    }
  }
  const struct sim_end *before = &slot->ends[first];
  bool is_first = before->status == MS_EXECUTION_RUNNING;
  const char *is = end_text(sim, end);
  const char *should = end_text(sim, is_first ? &sim_expect(sim, slot, first)->end : before);
  size_t at = 0;
  while (is[at] != '\0' && is[at] == should[at]) {
    at++;
  }
  at -= at < 100 ? at : 100;
  sim_fail(sim, "%s, redriven %u to %u times, has ended with\n  %.300s\n%s\n  %.300s", slot->name,
           first, last, is + at, is_first ? "expected" : "it had ended with", should + at);
}

/* ---- describe ---- */

static int status_of(struct sim *sim, struct ms_json value)
{
  for (int status = MS_EXECUTION_RUNNING; status <= MS_EXECUTION_ABORTED; status++) {
    if (ms_str_eq(ms_json_text(value),
                  ms_str_c(ms_execution_status_text((enum ms_execution_status)status)))) {
      return status;
    }
  }
  sim_fail(sim, "no status: %.*s", MS_STR_ARG(ms_json_text(value)));
}

static char *member_text(struct sim *sim, struct ms_json object, const char *key)
{
  struct ms_json value = ms_json_getc(object, key);
  return ms_json_is_string(value) ? sim_text(sim, ms_json_text(value)) : NULL;
}

static unsigned redrives_of(struct sim *sim, struct sim_slot *slot, struct ms_json object)
{
  struct ms_json value = ms_json_getc(object, "redriveCount");
  unsigned count = value.type == MS_JSON_INT ? (unsigned)value.u.integer : UINT_MAX;
  if (count < slot->redrives_told || count > slot->redrives_asked) {
    sim_fail(sim, "%s was redriven %u times, it says, and not %u to %u", slot->name, count,
             slot->redrives_told, slot->redrives_asked);
  }
  return count;
}

static void check_start_date(struct sim *sim, struct sim_slot *slot, struct ms_json object)
{
  struct ms_buf date;
  ms_buf_init(&date, 0);
  ms_json_print(&date, ms_json_getc(object, "startDate"));
  if (slot->started != NULL && strcmp(slot->started, date.data) != 0 && !slot->is_express) {
    sim_fail(sim, "%s was started at %s, and before that at %s", slot->name, date.data,
             slot->started);
  }
  if (sim->is_settled) {
    slot->started = sim_text(sim, ms_buf_view(&date));
  }
  ms_buf_deinit(&date);
}

/* Of describe or list; the rest of the end is known with describe only. */
static void check_status(struct sim *sim, struct sim_slot *slot, int status, unsigned redrives)
{
  int told = slot->ends[redrives].status;
  bool is_express_again = slot->is_express && told == MS_EXECUTION_RUNNING;
  if (told != MS_EXECUTION_RUNNING && status != told) {
    sim_fail(sim, "%s had ended with %d, and now it says %d", slot->name, told, status);
  }
  if (status == MS_EXECUTION_RUNNING && slot->must_have_ended && !is_express_again) {
    sim_fail(sim, "%s was stopped, and runs", slot->name);
  }
}

static enum sim_look described(struct sim *sim, struct sim_slot *slot, struct ms_json object)
{
  unsigned redrives = redrives_of(sim, slot, object);
  int status = status_of(sim, ms_json_getc(object, "status"));
  check_start_date(sim, slot, object);
  check_status(sim, slot, status, redrives);
  if (strcmp(member_text(sim, object, "input"), slot->input) != 0) {
    sim_fail(sim, "%s has another input: %s", slot->name, member_text(sim, object, "input"));
  }
  if (sim->is_settled) {
    slot->redrives_told = slot->redrives_asked = redrives;
    slot->is_purge_asked = slot->is_purge_in_doubt = false;
    if (slot->state == SIM_ASKED) {
      slot->state = SIM_THERE;
      sim->counts->executions++;
    }
  }
  if (status == MS_EXECUTION_RUNNING) {
    return SIM_LOOK_RUNNING;
  }
  const struct sim_end end = {status, member_text(sim, object, "output"),
                              member_text(sim, object, "error"), member_text(sim, object, "cause")};
  sim_check_end(sim, slot, (int)redrives, &end);
  return SIM_LOOK_ENDED;
}

static void not_found(struct sim *sim, struct sim_slot *slot)
{
  bool leaves_nothing = slot->is_express && sim->log_levels[slot->machine] == MS_LOG_OFF;
  if (slot->state == SIM_THERE && (slot->is_purge_asked || leaves_nothing)) {
    if (sim->is_settled || leaves_nothing) {
      sim_gone(sim, slot);
    }
  } else if (slot->state == SIM_THERE) {
    sim_fail(sim, "%s was accepted, and is not there", slot->name);
  } else if (slot->state == SIM_ASKED && sim->is_settled) {
    sim_note(sim, "%s is lost", slot->name);
    slot->state = leaves_nothing ? SIM_GONE : SIM_NEVER;
    sim_plan_action(sim, SIM_START, slot->number, 100 + sim_below(sim, 2000));
  }
}

enum sim_look sim_look(struct sim *sim, struct sim_slot *slot)
{
  if (slot->state == SIM_NEVER) {
    return SIM_LOOK_NONE;
  }
  struct ms_buf out;
  ms_buf_init(&out, 0);
  enum sim_look look = SIM_LOOK_ERROR;
  int err = ms_engine_execution_describe(&out, sim->engine, ms_str_c(slot->arn));
  if (err == 0 && slot->state == SIM_GONE) {
    sim_fail(sim, "%s was purged, and is there: %s", slot->name, out.data);
  }
  if (err == 0) {
    struct ms_json object;
    mt_eq_int(ms_json_parse(&object, ms_buf_view(&out), NULL, NULL), 0);
    look = described(sim, slot, object);
    ms_json_unref(object);
  } else if (err == MSTEP_ENOTFOUND) {
    not_found(sim, slot);
    look = SIM_LOOK_NONE;
  } else if (err != MSTEP_EIO) {
    sim_fail(sim, "describe %s: %s: %s", slot->name, ms_error_text(err), ms_error_detail());
  }
  ms_buf_deinit(&out);
  return look;
}

/* ---- history ---- */

struct pages {
  char **events;
  unsigned count, capacity;
};

static void pages_add(struct sim *sim, struct pages *pages, char *text)
{
  if (pages->count == pages->capacity) {
    unsigned capacity = pages->capacity == 0 ? 32 : 2 * pages->capacity;
    char **events = sim_alloc(sim, capacity * sizeof *events);
    if (pages->count > 0) {
      memcpy(events, pages->events, pages->count * sizeof *events);
    }
    pages->events = events;
    pages->capacity = capacity;
  }
  pages->events[pages->count++] = text;
}

/* One page; *next gets the token, NULL at the end. */
static int read_page(struct sim *sim, struct sim_slot *slot, struct pages *pages, bool is_reverse,
                     char **next)
{
  struct ms_buf out;
  ms_buf_init(&out, 0);
  const struct ms_engine_history request = {
      .arn = ms_str_c(slot->arn),
      .max_results = sim_below(sim, 3) == 0 ? UINT_MAX : 1 + sim_below(sim, 20),
      .is_reverse = is_reverse,
      .next_token = *next == NULL ? (struct ms_str){NULL, 0} : ms_str_c(*next)};
  int err = ms_engine_execution_history(&out, sim->engine, &request);
  struct ms_json answer = MS_JSON_VALUE_NONE;
  if (err == 0) {
    mt_eq_int(ms_json_parse(&answer, ms_buf_view(&out), NULL, NULL), 0);
    struct ms_json events = ms_json_getc(answer, "events");
    for (size_t i = 0; i < ms_json_count(events); i++) {
      ms_buf_reset(&out);
      ms_json_print(&out, ms_json_at(events, i));
      pages_add(sim, pages, sim_text(sim, ms_buf_view(&out)));
    }
    *next = member_text(sim, answer, "nextToken");
  }
  ms_json_unref(answer);
  ms_buf_deinit(&out);
  return err;
}

static void check_events(struct sim *sim, struct sim_slot *slot, const struct pages *pages)
{
  for (unsigned i = 0; i < pages->count; i++) {
    unsigned id = 0, previous = 0;
    const char *at = strstr(pages->events[i], "\"previousEventId\":");
    if (sscanf(strstr(pages->events[i], "\"id\":"), "\"id\":%u", &id) != 1 || id != i + 1) {
      sim_fail(sim, "%s: event %u has the id %u", slot->name, i + 1, id);
    }
    if (at != NULL && sscanf(at, "\"previousEventId\":%u", &previous) == 1 && previous >= id) {
      sim_fail(sim, "%s: event %u comes of event %u", slot->name, id, previous);
    }
  }
  if (slot->is_express) {
    return; /* the log of one that began anew begins anew */
  }
  if (pages->count < slot->event_count) {
    sim_fail(sim, "%s had %u events, and now %u", slot->name, slot->event_count, pages->count);
  }
  for (unsigned i = 0; i < slot->event_count; i++) {
    if (strcmp(pages->events[i], slot->events[i]) != 0) {
      sim_fail(sim, "%s: event %u was\n  %s\nand is\n  %s", slot->name, i + 1, slot->events[i],
               pages->events[i]);
    }
  }
}

bool sim_check_history(struct sim *sim, struct sim_slot *slot)
{
  struct pages pages = {NULL, 0, 0};
  char *next = NULL;
  bool is_reverse = sim_below(sim, 2) == 0;
  if (slot->state == SIM_NEVER || slot->state == SIM_GONE) {
    return true;
  }
  do {
    int err = read_page(sim, slot, &pages, is_reverse, &next);
    bool may_be_gone = slot->state == SIM_ASKED || slot->is_purge_asked || slot->is_express;
    if (err == MSTEP_EIO || (err == MSTEP_ENOTFOUND && may_be_gone)) {
      return false;
    }
    if (err != 0) {
      sim_fail(sim, "history of %s: %s: %s", slot->name, ms_error_text(err), ms_error_detail());
    }
  } while (next != NULL);
  for (unsigned i = 0; is_reverse && i < pages.count / 2; i++) {
    char *swap = pages.events[i];
    pages.events[i] = pages.events[pages.count - 1 - i];
    pages.events[pages.count - 1 - i] = swap;
  }
  check_events(sim, slot, &pages);
  sim->counts->events += pages.count - (slot->is_express ? 0 : slot->event_count);
  slot->events = pages.events;
  slot->event_count = pages.count;
  return true;
}

/* ---- list ---- */

static struct sim_slot *slot_by_arn(struct sim *sim, struct ms_str arn)
{
  for (unsigned i = 0; i < sim->plan.slots; i++) {
    if (sim->slots[i].state != SIM_NEVER && ms_str_eq(arn, ms_str_c(sim->slots[i].arn))) {
      return &sim->slots[i];
    }
  }
  return NULL;
}

static void check_item(struct sim *sim, struct ms_json item, unsigned seen[SIM_SLOTS], int filter)
{
  struct ms_str arn = ms_json_text(ms_json_getc(item, "executionArn"));
  struct sim_slot *slot = slot_by_arn(sim, arn);
  if (slot == NULL) {
    sim_fail(sim, "%.*s is listed, and unknown", MS_STR_ARG(arn));
  }
  if (slot->state == SIM_GONE) {
    sim_fail(sim, "%s was purged, and is listed", slot->name);
  }
  int status = status_of(sim, ms_json_getc(item, "status"));
  if (filter >= 0 && status != filter) {
    sim_fail(sim, "%s is listed with status %d, not %d", slot->name, status, filter);
  }
  check_status(sim, slot, status, redrives_of(sim, slot, item));
  seen[slot->number]++;
}

static int list_page(struct sim *sim, const struct ms_engine_list *request, char **next,
                     unsigned seen[SIM_SLOTS], double *before)
{
  struct ms_buf out;
  ms_buf_init(&out, 0);
  int err = ms_engine_execution_list(&out, sim->engine, request);
  struct ms_json answer = MS_JSON_VALUE_NONE;
  if (err == 0) {
    mt_eq_int(ms_json_parse(&answer, ms_buf_view(&out), NULL, NULL), 0);
    struct ms_json items = ms_json_getc(answer, "executions");
    for (size_t i = 0; i < ms_json_count(items); i++) {
      check_item(sim, ms_json_at(items, i), seen, request->status);
    }
    *next = member_text(sim, answer, "nextToken");
  }
  (void)before;
  ms_json_unref(answer);
  ms_buf_deinit(&out);
  return err;
}

void sim_check_list(struct sim *sim)
{
  unsigned seen[SIM_SLOTS] = {0};
  double before = 0;
  char *next = NULL;
  bool is_of_one = sim_below(sim, 2) == 0;
  unsigned machine = sim_below(sim, sim->plan.machines);
  int filter = sim_below(sim, 2) == 0 ? -1 : (int)sim_below(sim, MS_EXECUTION_ABORTED + 1);
  char *arn =
      sim_format(sim, "arn:aws:states:us-east-1:000000000000:stateMachine:m%u", machine);
  do {
    const struct ms_engine_list request = {
        .machine_arn = is_of_one ? ms_str_c(arn) : (struct ms_str){NULL, 0},
        .status = filter,
        .max_results = 1 + sim_below(sim, 10),
        .next_token = next == NULL ? (struct ms_str){NULL, 0} : ms_str_c(next)};
    int err = list_page(sim, &request, &next, seen, &before);
    if (err == MSTEP_EIO || err == MSTEP_ENOTFOUND) { /* no machine yet */
      return;
    }
    if (err != 0) {
      sim_fail(sim, "list: %s: %s", ms_error_text(err), ms_error_detail());
    }
  } while (next != NULL);
  for (unsigned i = 0; i < sim->plan.slots; i++) {
    const struct sim_slot *slot = &sim->slots[i];
    bool leaves_nothing = slot->is_express && sim->log_levels[slot->machine] == MS_LOG_OFF;
    bool must = slot->state == SIM_THERE && !slot->is_purge_asked && !leaves_nothing &&
                filter < 0 && (!is_of_one || slot->machine == machine);
    if (seen[i] > 1 || (must && seen[i] == 0)) {
      sim_fail(sim, "%s is listed %u times", slot->name, seen[i]);
    }
  }
}

/* ---- the fold ---- */

/* One row of history, or the log: texts, each the events of a record. */
static int fold_units(struct sim *sim, struct ms_run *run, struct ms_execution *twin,
                      struct ms_str bytes)
{
  struct ms_durable_documents documents = {NULL, sim->engine->durable->reader, run->number};
  struct ms_document_io io = ms_durable_io(&documents);
  struct ms_bytes_reader reader;
  ms_bytes_reader_init(&reader, bytes);
  struct ms_events events = {NULL, 0, 0};
  int err = MSTEP_OK;
  while (err == 0 && !ms_bytes_is_end(&reader)) {
    struct ms_str unit = ms_bytes_text(&reader);
    struct ms_documents seen = {.input = ms_json_ref(run->core->input)};
    err = reader.error != 0 ? reader.error : ms_record_read_events(&events, &seen, &io, unit);
    ms_documents_deinit(&seen);
  }
  for (size_t i = 0; i < events.count && err == 0; i++) {
    err = ms_record_check_event(twin, &events.items[i]);
    err = err != 0 ? err : ms_core_evolve(twin, &events.items[i]);
  }
  ms_events_deinit(&events);
  return err;
}

static int copy_value(struct ms_str key, struct ms_str value, void *user)
{
  struct ms_buf *out = user;
  (void)key;
  ms_buf_reset(out);
  ms_buf_str(out, value);
  return out->error;
}

static int fold(struct sim *sim, struct ms_run *run, struct ms_execution *twin)
{
  const struct ms_kept *kept = run->kept;
  struct ms_buf bytes;
  ms_buf_init(&bytes, 0);
  int err = MSTEP_OK;
  for (uint32_t i = 0; i < kept->chunks_durable && err == 0; i++) {
    char key[MS_STORE_NUMBER_SIZE];
    err = ms_store_get(sim->engine->durable->reader, MS_TABLE_HISTORY,
                       ms_key_part(key, run->number, i), copy_value, &bytes);
    err = err != 0 ? err : fold_units(sim, run, twin, ms_buf_view(&bytes));
  }
  ms_buf_deinit(&bytes);
  return err != 0 ? err
                  : fold_units(sim, run, twin,
                               ms_str_sub(ms_buf_view(&kept->log), 0, kept->log_durable));
}

void sim_check_fold(struct sim *sim, struct sim_slot *slot)
{
  struct ms_run *run;
  if (slot->state != SIM_THERE || slot->is_express || !sim->is_settled ||
      ms_engine_store_status(sim->engine) != 0 ||
      ms_run_get(&run, sim->engine, ms_str_c(slot->arn)) != 0) {
    return;
  }
  if (run->kept->log_durable != run->kept->log.len) {
    ms_run_unref(run);
    return; /* it waits for the disk */
  }
  struct ms_execution *twin = record_twin(run->core);
  int err = fold(sim, run, twin);
  const char *difference = err == 0 ? record_execution_difference(twin, run->core) : NULL;
  if (err != 0 && (err != MSTEP_EIO || (sim->is_calm && !sim->plan.is_memory))) {
    sim_fail(sim, "%s: its history cannot be folded: %s: %s", slot->name, ms_error_text(err),
             ms_error_detail());
  }
  if (difference != NULL) {
    sim_fail(sim, "%s: its history makes another state of it: %s", slot->name, difference);
  }
  ms_execution_free(twin);
  ms_run_unref(run);
}

/* ---- tables ---- */

static int count_row(struct ms_str key, struct ms_str value, void *user)
{
  (void)key;
  (void)value;
  ++*(unsigned *)user;
  return MSTEP_OK;
}

void sim_check_empty(struct sim *sim)
{
  for (unsigned table = 0; table < MS_TABLE_COUNT; table++) {
    const struct ms_scan scan = {.table = table};
    unsigned count = 0;
    int err = ms_store_scan(sim->engine->durable->reader, &scan, count_row, &count);
    if (err != 0) {
      sim_fail(sim, "table %s: %s", ms_table_name(table), ms_error_detail());
    }
    bool may_have_rows = table == MS_TABLE_MACHINE || table == MS_TABLE_SETTING;
    unsigned max = table == MS_TABLE_JOURNAL && sim->plan.limits.trim_bytes == 1 ? 3 : UINT_MAX;
    if (table == MS_TABLE_JOURNAL ? count > max : !may_have_rows && count > 0) {
      sim_fail(sim, "everything is purged, and table %s has %u rows", ms_table_name(table), count);
    }
  }
}
