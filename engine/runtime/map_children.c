/* See map_children.h. */
#include "runtime/map_children.h"

#include <stdio.h>

#include "asl/state_type.h"
#include "base/error.h"
#include "core/map_child.h"
#include "runtime/catalog.h"
#include "runtime/durable.h"
#include "runtime/map_runs.h"

#define PAGE_DEFAULT 100
#define PAGE_MAX 1000

bool ms_map_children_has_any(const struct ms_machine *machine)
{
  for (uint32_t i = 0; i < machine->state_count; i++) {
    const struct ms_state *state = machine->states[i];
    if (ms_str_is(ms_str_c(state->type->name), "Map") &&
        (*state->type->flows(state))->is_distributed) {
      return true;
    }
  }
  return false;
}

bool ms_map_child_is(struct ms_str arn)
{
  size_t slash = ms_str_find(arn, 0, '/');
  return slash < arn.len && ms_str_find(arn, slash, ':') < arn.len;
}

/* ---- the view ---- */

/* A map run, seen; everything but run is there only while view_of has succeeded. */
struct seen {
  struct ms_engine *engine;
  struct ms_json row; /* of the map run; owned */
  struct ms_run *run; /* of the execution above */
  struct ms_map_view view;
};

static int on_event(const struct ms_event *event, void *user)
{
  return ms_map_view_add(user, event);
}

/* Takes row. */
static int see(struct seen *out, struct ms_engine *engine, struct ms_json row, uint32_t wanted)
{
  *out = (struct seen){.engine = engine, .row = row};
  int err = ms_run_get(&out->run, engine, ms_json_text(ms_json_getc(row, "executionArn")));
  if (err != 0) {
    ms_json_unref(row);
    return err;
  }
  err = ms_map_view_init(&out->view, out->run->core->machine, &out->run->core->identity,
                         ms_json_text(ms_json_getc(row, "mapRunArn")), wanted);
  return err != 0 ? err : ms_history_each(engine, out->run, on_event, &out->view);
}

static void unsee(struct seen *seen)
{
  if (seen->run != NULL) {
    ms_map_view_deinit(&seen->view);
    ms_run_rest(seen->engine, seen->run);
    ms_run_unref(seen->run);
    ms_json_unref(seen->row);
  }
}

/* The map run of whose children one has that ARN. *row owned. MSTEP_ENOTFOUND with a detail. */
static int find_row(struct ms_json *row, uint32_t *index, struct ms_engine *engine,
                    struct ms_str arn)
{
  size_t at = arn.len;
  while (at > 0 && arn.data[at - 1] != ':') {
    at--;
  }
  uint64_t position = 0;
  struct ms_str run_arn, name = ms_str_sub(arn, at, arn.len);
  while (ms_catalog_next(&run_arn, row, &position, engine, MS_MAP_RUN_KIND)) {
    if (!ms_map_child_index(index, run_arn, name)) {
      continue;
    }
    struct ms_json mine = ms_map_child_arn_like(run_arn, "execution", "");
    if (ms_json_is_none(mine)) {
      return ms_error_nomem();
    }
    struct ms_str text = ms_json_text(mine);
    bool is_mine = text.len + 1 == at && memcmp(text.data, arn.data, text.len) == 0;
    ms_json_unref(mine);
    if (is_mine) {
      ms_json_ref(*row);
      return MSTEP_OK;
    }
  }
  return ms_error(MSTEP_ENOTFOUND, "Execution Does Not Exist: '%.*s'", MS_STR_ARG(arn));
}

static int see_child(struct seen *out, struct ms_engine *engine, struct ms_str arn)
{
  uint32_t index;
  struct ms_json row;
  *out = (struct seen){.engine = engine};
  int err = find_row(&row, &index, engine, arn);
  err = err != 0 ? err : see(out, engine, row, index);
  if (err == 0 && (index >= out->view.count || out->view.is_express)) {
    return ms_error(MSTEP_ENOTFOUND, "Execution Does Not Exist: '%.*s'", MS_STR_ARG(arn));
  }
  return err;
}

/* ---- what all answers have ---- */

struct describe {
  struct ms_json object;
  int err;
};

/* Takes value. */
static void put(struct describe *d, const char *key, struct ms_json value)
{
  if (d->err == 0 && ms_json_is_none(value)) {
    d->err = ms_error_nomem();
  }
  if (d->err == 0) {
    d->err = ms_json_setc(&d->object, key, value);
  } else {
    ms_json_unref(value);
  }
}

static void put_date(struct describe *d, const char *key, int64_t at_ms)
{
  if (at_ms != 0) {
    put(d, key, ms_json_double((double)at_ms / 1000));
  }
}

static const char *status_text(const struct ms_map_child *child)
{
  return child->waits_for_redrive ? "PENDING_REDRIVE" : ms_execution_status_text(child->status);
}

/* What ListExecutions and DescribeExecution say alike. */
static void put_child(struct describe *d, const struct ms_map_view *view, uint32_t index)
{
  const struct ms_map_child *child = &view->children[index];
  char name[MS_MAP_CHILD_NAME_SIZE];
  ms_map_child_name(name, view->run_arn, index);
  put(d, "executionArn", ms_map_child_arn(view->run_arn, view->is_express, name));
  put(d, "stateMachineArn", ms_map_child_arn_like(view->run_arn, "stateMachine", ""));
  put(d, "name", ms_json_cstring(name));
  put(d, "status", ms_json_cstring(status_text(child)));
  put_date(d, "startDate", child->started_at_ms);
  put_date(d, "stopDate", child->stopped_at_ms);
  put(d, "mapRunArn", ms_json_string(view->run_arn));
  put(d, "redriveCount", ms_json_int(child->redrive_count));
  put_date(d, "redriveDate", child->redriven_at_ms);
}

/* ---- DescribeExecution ---- */

static void put_payload(struct describe *d, const char *key, const char *details_key,
                        struct ms_json value)
{
  struct ms_json details = ms_json_object(1);
  put(d, key, ms_json_print_value(value));
  if (d->err == 0) {
    d->err = ms_json_setc(&details, "included", ms_json_bool(true));
  }
  put(d, details_key, details);
}

/* What has failed or was stopped goes on with its map run only. */
static void put_redrive(struct describe *d, const struct ms_map_child *child)
{
  bool is_running = child->status == MS_EXECUTION_RUNNING;
  if (!is_running && child->status != MS_EXECUTION_SUCCEEDED) {
    put(d, "redriveStatus", ms_json_cstring("REDRIVABLE_BY_MAP_RUN"));
    return;
  }
  put(d, "redriveStatus", ms_json_cstring("NOT_REDRIVABLE"));
  put(d, "redriveStatusReason",
      ms_json_stringf("Execution is %s and cannot be redriven",
                      ms_execution_status_text(child->status)));
}

int ms_map_child_describe(struct ms_buf *out, struct ms_engine *engine, struct ms_str arn)
{
  struct seen seen;
  struct describe d = {ms_json_object(16), 0};
  d.err = see_child(&seen, engine, arn);
  if (d.err == 0) {
    const struct ms_map_view *view = &seen.view;
    put_child(&d, view, view->wanted);
    put_payload(&d, "input", "inputDetails", view->input);
    if (!ms_json_is_none(view->output)) {
      put_payload(&d, "output", "outputDetails", view->output);
    }
    if (ms_json_is_string(view->error)) {
      put(&d, "error", ms_json_ref(view->error));
    }
    if (ms_json_is_string(view->cause)) {
      put(&d, "cause", ms_json_ref(view->cause));
    }
    put_redrive(&d, &view->children[view->wanted]);
  }
  if (d.err == 0) {
    ms_json_print(out, d.object);
  }
  unsee(&seen);
  ms_json_unref(d.object);
  return d.err != 0 ? d.err : out->error;
}

/* ---- GetExecutionHistory ---- */

static int print_event(struct ms_buf *out, const struct ms_event *event,
                       const struct ms_execution *execution, bool is_without_data)
{
  struct ms_json described = ms_event_describe(event, execution);
  if (ms_json_is_none(described)) {
    return ms_error_nomem();
  }
  if (is_without_data) {
    ms_event_hide_data(&described);
  }
  ms_json_print(out, described);
  ms_json_unref(described);
  return out->error;
}

int ms_map_child_history(struct ms_buf *out, struct ms_engine *engine,
                         const struct ms_engine_history *request, uint64_t from_id, uint64_t max)
{
  struct seen seen;
  int err = see_child(&seen, engine, request->arn);
  uint64_t count = err == 0 ? seen.view.events.count : 0;
  uint64_t at = from_id != 0 ? from_id : request->is_reverse ? count : 1;
  ms_buf_cstr(out, "{\"events\":[");
  for (uint64_t done = 0; err == 0 && done < max && at >= 1 && at <= count; done++) {
    ms_buf_cstr(out, done > 0 ? "," : "");
    err = print_event(out, &seen.view.events.items[at - 1], seen.run->core, request->is_without_data);
    at = request->is_reverse ? at - 1 : at + 1;
  }
  ms_buf_cstr(out, "]");
  if (err == 0 && at >= 1 && at <= count) {
    ms_buf_printf(out, ",\"nextToken\":\"%llu.0\"", (unsigned long long)at);
  }
  ms_buf_cstr(out, "}");
  unsee(&seen);
  return err != 0 ? err : out->error;
}

/* ---- StopExecution ---- */

/* NONE for text that was not given; *out owned. */
static int set_text(struct ms_json *out, struct ms_str text)
{
  *out = text.data == NULL ? MS_JSON_VALUE_NONE : ms_json_string(text);
  return text.data != NULL && ms_json_is_none(*out) ? ms_error_nomem() : MSTEP_OK;
}

static int push_stop(const struct seen *seen, struct ms_str error, struct ms_str cause,
                     struct ms_callback accepted)
{
  struct ms_pending *stop = ms_pending_new(seen->engine, seen->run, MS_COMMAND_STOP_CHILD);
  if (stop == NULL) {
    return ms_error_nomem();
  }
  stop->command.task = seen->view.wanted;
  stop->command.data = ms_json_ref(ms_json_getc(seen->row, "mapRunArn"));
  int err = set_text(&stop->command.error, error);
  err = err != 0 ? err : set_text(&stop->command.cause, cause);
  if (err != 0) {
    ms_pending_free(seen->engine, stop);
    return err;
  }
  stop->accepted = accepted;
  ms_pending_push(seen->engine, stop);
  ms_engine_touch(seen->engine);
  return MSTEP_OK;
}

int ms_map_child_stop(struct ms_engine *engine, struct ms_str arn, struct ms_str error,
                      struct ms_str cause, struct ms_callback accepted)
{
  struct seen seen;
  int err = see_child(&seen, engine, arn);
  if (err == 0) {
    err = push_stop(&seen, error, cause, accepted);
  }
  unsee(&seen);
  return err;
}

/* ---- ListExecutions ---- */

static bool is_listed(const struct ms_map_child *child, const struct ms_engine_children_list *list)
{
  int status = child->waits_for_redrive ? MS_ENGINE_PENDING_REDRIVE : (int)child->status;
  return (list->status < 0 || list->status == status) &&
         (list->redrive_filter < 0 || list->redrive_filter == (child->redrive_count > 0));
}

static int print_child(struct ms_buf *out, const struct ms_map_view *view, uint32_t index)
{
  struct describe d = {ms_json_object(10), 0};
  put_child(&d, view, index);
  if (view->children[index].item_count > 0) {
    put(&d, "itemCount", ms_json_int(view->children[index].item_count));
  }
  if (d.err == 0) {
    ms_json_print(out, d.object);
  }
  ms_json_unref(d.object);
  return d.err != 0 ? d.err : out->error;
}

/* Later ones have higher places. *below: those from it on have been told. */
static int read_token(uint64_t *below, struct ms_str token)
{
  uint64_t value = 0;
  if (token.data == NULL) {
    *below = UINT32_MAX;
    return MSTEP_OK;
  }
  bool is_number = token.len > 0 && token.len < 11;
  for (size_t i = 0; is_number && i < token.len; i++) {
    is_number = token.data[i] >= '0' && token.data[i] <= '9';
    value = value * 10 + (uint64_t)(token.data[i] - '0');
  }
  *below = value;
  return is_number && value > 0 && value < UINT32_MAX
             ? MSTEP_OK
             : ms_error(MSTEP_EINVALID, "Invalid Token: '%.*s'", MS_STR_ARG(token));
}

static int print_children(struct ms_buf *out, const struct ms_map_view *view,
                          const struct ms_engine_children_list *list, uint64_t below)
{
  unsigned max = list->max_results == 0        ? PAGE_DEFAULT
                 : list->max_results > PAGE_MAX ? PAGE_MAX
                                                : list->max_results;
  unsigned count = 0;
  uint64_t last = 0, at = below < view->count ? below : view->count;
  int err = MSTEP_OK;
  ms_buf_cstr(out, "{\"executions\":[");
  for (; err == 0 && at > 0; at--) {
    if (!is_listed(&view->children[at - 1], list)) {
      continue;
    }
    if (count == max) {
      break;
    }
    ms_buf_cstr(out, count++ > 0 ? "," : "");
    last = at - 1;
    err = print_child(out, view, (uint32_t)last);
  }
  ms_buf_cstr(out, "]");
  if (at > 0) {
    ms_buf_printf(out, ",\"nextToken\":\"%llu\"", (unsigned long long)last);
  }
  ms_buf_cstr(out, "}");
  return err != 0 ? err : out->error;
}

int ms_engine_children_list(struct ms_buf *out, struct ms_engine *engine,
                            const struct ms_engine_children_list *list)
{
  uint64_t below;
  struct ms_json row = ms_json_ref(ms_catalog_get(engine, MS_MAP_RUN_KIND, list->map_run_arn));
  if (ms_json_is_none(row)) {
    return MSTEP_ENOTFOUND;
  }
  int err = read_token(&below, list->next_token);
  if (err != 0) {
    ms_json_unref(row);
    return err;
  }
  struct seen seen;
  err = see(&seen, engine, row, MS_MAP_CHILD_NONE);
  if (err == 0) {
    err = print_children(out, &seen.view, list, below);
  }
  unsee(&seen);
  return err;
}
