/* See map_run.h. */
#include "core/map_run.h"

#include "base/error.h"

/* ---- counting ---- */

static uint64_t weight_of(const struct ms_children *children, uint32_t index)
{
  if (!children->is_batched)
    return 1;
  return ms_json_count(ms_json_getc(ms_json_at(children->items, index), "Items"));
}

bool ms_map_run_is_failure(size_t *at, const struct ms_children *children,
                           const struct ms_frame *child)
{
  int64_t index = -1;
  ms_json_to_int(&index, ms_json_at(ms_json_at(children->failures, *at), 0));
  if (*at >= ms_json_count(children->failures) || index != (int64_t)child->index)
    return false;
  ++*at;
  return true;
}

static void count_by_output(struct ms_map_run_counts *items, struct ms_map_run_counts *executions,
                            const struct ms_children *children)
{
  executions->total = children->count;
  for (uint32_t i = 0; i < children->count; i++) {
    uint64_t weight = weight_of(children, i);
    bool is_done = !ms_json_is_none(children->outputs[i]);
    bool is_pending = i >= children->started_count;
    items->total += weight;
    *(is_done ? &items->succeeded : is_pending ? &items->pending : &items->running) += weight;
    (*(is_done ? &executions->succeeded : is_pending ? &executions->pending
                                                     : &executions->running))++;
  }
}

void ms_map_run_count(struct ms_map_run_counts *items, struct ms_map_run_counts *executions,
                      const struct ms_execution *execution, const struct ms_frame *frame,
                      const struct ms_frame *failed_now)
{
  const struct ms_children *children = frame->children;
  *items = *executions = (struct ms_map_run_counts){0};
  count_by_output(items, executions, children);
  /* In a redrive the first ones of the list wait for their turn. */
  uint32_t waiting = children->waiting_count;
  size_t failure = 0;
  for (uint32_t id = children->cut_first; id != MS_FRAME_NONE;) {
    const struct ms_frame *child = execution->frames[id];
    uint64_t weight = weight_of(children, child->index);
    bool is_waiting = waiting > 0;
    bool is_failure = !is_waiting && ms_map_run_is_failure(&failure, children, child);
    waiting -= is_waiting;
    items->running -= weight;
    executions->running--;
    *(is_waiting   ? &items->pending_redrive
      : is_failure ? &items->failed
                   : &items->aborted) += weight;
    (*(is_waiting   ? &executions->pending_redrive
       : is_failure ? &executions->failed
                    : &executions->aborted))++;
    id = child->next_ready;
  }
  if (failed_now != NULL) {
    uint64_t weight = weight_of(children, failed_now->index);
    items->running -= weight;
    items->failed += weight;
    executions->running--;
    executions->failed++;
  }
}

/* ---- saying ---- */

static struct ms_json counts_value(const struct ms_map_run_counts *counts)
{
  const struct {
    const char *name;
    uint64_t value;
  } members[] = {{"pending", counts->pending},
                 {"running", counts->running},
                 {"succeeded", counts->succeeded},
                 {"failed", counts->failed},
                 {"timedOut", 0},
                 {"aborted", counts->aborted},
                 {"total", counts->total},
                 {"resultsWritten", counts->succeeded + counts->failed},
                 {"failuresNotRedrivable", 0},
                 {"pendingRedrive", counts->pending_redrive}};
  struct ms_json out = ms_json_object(sizeof members / sizeof members[0]);
  int status = ms_json_is_none(out) ? ms_error_nomem() : 0;
  for (size_t i = 0; status == 0 && i < sizeof members / sizeof members[0]; i++)
    status = ms_json_setc(&out, members[i].name, ms_json_int((int64_t)members[i].value));
  if (status == 0)
    return out;
  ms_json_unref(out);
  return MS_JSON_VALUE_NONE;
}

static double at_least_zero(double value)
{
  return value < 0 ? 0 : value;
}

static int set(struct ms_json *object, const char *name, struct ms_json value)
{
  return ms_json_is_none(value) ? ms_error_nomem() : ms_json_setc(object, name, value);
}

int ms_map_run_summary(struct ms_json *out, const struct ms_execution *execution,
                       const struct ms_frame *frame, const char *status,
                       const struct ms_frame *failed_now)
{
  const struct ms_children *children = frame->children;
  struct ms_map_run_counts items, executions;
  ms_map_run_count(&items, &executions, execution, frame, failed_now);
  if (status[0] != 'R') { /* what runs when it has ended was stopped */
    items.aborted += items.running;
    executions.aborted += executions.running;
    items.running = executions.running = 0;
  }
  *out = ms_json_object(8);
  int err = set(out, "mapRunArn", ms_json_ref(children->run_arn));
  if (err == 0)
    err = set(out, "status", ms_json_cstring(status));
  if (err == 0)
    err = set(out, "maxConcurrency", ms_json_int(children->concurrency));
  if (err == 0)
    err = set(out, "toleratedFailureCount",
              ms_json_int((int64_t)at_least_zero(children->tolerated_count)));
  if (err == 0)
    err = set(out, "toleratedFailurePercentage",
              ms_json_double(at_least_zero(children->tolerated_percentage)));
  if (err == 0)
    err = set(out, "redriveCount", ms_json_int(children->redrive_count));
  if (err == 0)
    err = set(out, "itemCounts", counts_value(&items));
  if (err == 0)
    err = set(out, "executionCounts", counts_value(&executions));
  if (err != 0)
    ms_json_replace(out, MS_JSON_VALUE_NONE);
  return err;
}

/* Looks at the latest events only: those about its end stand together. */
static bool has_ended(const struct ms_decision *decision, const struct ms_frame *frame)
{
  const struct ms_events *events = decision->out;
  for (size_t i = 0; i < 8 && i < events->count; i++) {
    const struct ms_event *event = &events->items[events->count - 1 - i];
    if (event->type == MS_EVENT_MAP_RUN_REDRIVEN)
      return false;
    if (event->type == MS_EVENT_MAP_RUN_ENDED &&
        ms_str_eq(ms_json_text(ms_json_getc(event->data, "mapRunArn")),
                  ms_json_text(frame->children->run_arn)))
      return true;
  }
  return false;
}

int ms_decision_end_map_run(struct ms_decision *decision, const struct ms_frame *frame,
                            const char *status, const struct ms_frame *failed_now)
{
  if (frame->children == NULL || ms_json_is_none(frame->children->run_arn) ||
      has_ended(decision, frame))
    return 0;
  struct ms_event *event = ms_decision_hidden(decision, MS_EVENT_MAP_RUN_ENDED, frame);
  if (event == NULL)
    return ms_error_nomem();
  return ms_map_run_summary(&event->data, decision->execution, frame, status, failed_now);
}

int ms_decision_exceed_map_run(struct ms_decision *decision, const struct ms_frame *frame,
                               const struct ms_frame *failed_now, struct ms_failure *failure)
{
  int failed = ms_fail(failure, "States.ExceedToleratedFailureThreshold",
                       "The specified tolerated failure threshold was exceeded");
  if (failed != MS_FAILED || !frame->children->is_map_run)
    return failed;
  int status = ms_decision_end_map_run(decision, frame, "FAILED", failed_now);
  if (status == 0)
    status = ms_decision_write(decision, MS_EVENT_MAP_RUN_FAILED, frame, ms_json_ref(failure->error),
                               ms_json_ref(failure->cause));
  return status == 0 ? MS_FAILED : status;
}

const struct ms_frame *ms_map_run_find(const struct ms_execution *execution, struct ms_str arn)
{
  for (uint32_t i = 0; i < execution->frame_count; i++) {
    const struct ms_frame *frame = execution->frames[i];
    if (frame != NULL && frame->children != NULL &&
        ms_str_eq(ms_json_text(frame->children->run_arn), arn))
      return frame;
  }
  return NULL;
}
