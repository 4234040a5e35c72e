/*
 * Executions as the API shows them: DescribeExecution, GetExecutionHistory, and the texts of an
 * end.
 */
#include "base/error.h"
#include "runtime/internal.h"

/* An object under construction; failure is sticky. */
struct describe {
  struct ms_json object;
  int err;
};

/* Takes value. */
static void put(struct describe *d, const char *key, struct ms_json value)
{
  if (d->err != 0) {
    ms_json_unref(value);
    return;
  }
  d->err = ms_json_setc(&d->object, key, value);
}

static void put_given(struct describe *d, const char *key, struct ms_json value)
{
  if (ms_json_is_string(value)) {
    put(d, key, ms_json_ref(value));
  }
}

static void put_included(struct describe *d, const char *key)
{
  struct ms_json details = ms_json_object(1);
  if (d->err == 0) {
    d->err = ms_json_setc(&details, "included", ms_json_bool(true));
  }
  put(d, key, details);
}

static void put_redrive(struct describe *d, struct ms_engine *engine,
                        const struct ms_execution *core)
{
  const char *reason;
  bool is_redrivable =
      ms_core_redrivable(&reason, core, &engine->limits, ms_engine_now_ms(engine));
  put(d, "redriveCount", ms_json_int(core->redrive_count));
  if (core->redrive_count != 0) {
    put(d, "redriveDate", ms_json_double((double)core->redriven_at_ms / 1000));
  }
  put(d, "redriveStatus", ms_json_cstring(is_redrivable ? "REDRIVABLE" : "NOT_REDRIVABLE"));
  if (!is_redrivable) {
    put(d, "redriveStatusReason", ms_json_cstring(reason));
  }
}

static void describe_run(struct describe *d, struct ms_engine *engine, const struct ms_run *run)
{
  const struct ms_execution *core = run->core;
  const struct ms_execution_identity *is = &core->identity;
  put(d, "executionArn", ms_json_ref(is->arn));
  put(d, "stateMachineArn", ms_json_ref(is->machine_arn));
  put(d, "name", ms_json_ref(is->name));
  put(d, "status", ms_json_cstring(ms_execution_status_text(core->status)));
  put(d, "startDate", ms_json_double((double)core->started_at_ms / 1000));
  if (core->status != MS_EXECUTION_RUNNING) {
    put(d, "stopDate", ms_json_double((double)core->stopped_at_ms / 1000));
  }
  put(d, "input",
      ms_json_is_none(is->input_text) ? ms_json_print_value(core->input)
                                      : ms_json_ref(is->input_text));
  put_included(d, "inputDetails");
  if (core->status == MS_EXECUTION_SUCCEEDED) {
    put(d, "output", ms_json_print_value(core->output));
    put_included(d, "outputDetails");
  }
  put_given(d, "error", core->error);
  put_given(d, "cause", core->cause);
  put_redrive(d, engine, core);
}

int ms_engine_execution_describe(struct ms_buf *out, struct ms_engine *engine, struct ms_str arn)
{
  const struct ms_run *run = ms_run_find(engine, arn);
  if (run == NULL) {
    return MSTEP_ENOTFOUND;
  }
  struct describe d = {ms_json_object(16), 0};
  describe_run(&d, engine, run);
  if (d.err == 0) {
    ms_json_print(out, d.object);
  }
  ms_json_unref(d.object);
  return d.err != 0 ? d.err : out->error;
}

int ms_engine_execution_history(struct ms_buf *out, struct ms_engine *engine,
                                const struct ms_engine_history *request)
{
  const struct ms_run *run = ms_run_find(engine, request->arn);
  if (run == NULL) {
    return MSTEP_ENOTFOUND;
  }
  /* One event at a time: the tree of a long history would be many times its text. */
  ms_buf_cstr(out, "{\"events\":[");
  struct ms_history_reader reader = {&run->history, run->core->started_at_ms, 0, 0};
  struct ms_event event;
  while (out->error == 0 && ms_history_next(&event, &reader)) {
    struct ms_json described = ms_event_describe(&event, run->core);
    if (ms_json_is_none(described)) {
      return ms_error_nomem();
    }
    ms_buf_cstr(out, event.id == 1 ? "" : ",");
    ms_json_print(out, described);
    ms_json_unref(described);
  }
  ms_buf_cstr(out, "]}");
  return out->error;
}

void ms_run_end_texts(struct ms_engine_end *end, struct ms_buf *output, const struct ms_run *run)
{
  const struct ms_execution *core = run->core;
  *end = (struct ms_engine_end){.arn = ms_json_text(core->identity.arn).data,
                                .status = (int)core->status};
  if (core->status == MS_EXECUTION_SUCCEEDED) {
    ms_json_print(output, core->output);
    end->output = ms_buf_view(output);
  }
  if (ms_json_is_string(core->error)) {
    end->error = ms_json_text(core->error);
  }
  if (ms_json_is_string(core->cause)) {
    end->cause = ms_json_text(core->cause);
  }
}
