/*
 * Executions as the API shows them: DescribeExecution, GetExecutionHistory, and the texts of an
 * end.
 */
#include "base/error.h"
#include "runtime/durable.h"
#include "runtime/map_children.h"

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

bool ms_run_has_ended(const struct ms_run *run)
{
  bool is_redriven = run->kept != NULL && run->kept->listed_status != MS_NOT_LISTED;
  return run->core->status != MS_EXECUTION_RUNNING && (run->is_closed || is_redriven);
}

static void describe_run(struct describe *d, struct ms_engine *engine, const struct ms_run *run)
{
  const struct ms_execution *core = run->core;
  enum ms_execution_status status = ms_run_has_ended(run) ? core->status : MS_EXECUTION_RUNNING;
  const struct ms_execution_identity *is = &core->identity;
  put(d, "executionArn", ms_json_ref(is->arn));
  put(d, "stateMachineArn", ms_json_ref(is->machine_arn));
  if (run->machine->version != 0) {
    put(d, "stateMachineVersionArn", ms_machine_version_arn(run->machine));
  }
  if (!ms_json_is_none(run->machine->alias)) {
    put(d, "stateMachineAliasArn", ms_machine_alias_arn(run->machine));
  }
  put(d, "name", ms_json_ref(is->name));
  put(d, "status", ms_json_cstring(ms_execution_status_text(status)));
  put(d, "startDate", ms_json_double((double)core->started_at_ms / 1000));
  if (status != MS_EXECUTION_RUNNING) {
    put(d, "stopDate", ms_json_double((double)core->stopped_at_ms / 1000));
  }
  put(d, "input",
      ms_json_is_none(is->input_text) ? ms_json_print_value(core->input)
                                      : ms_json_ref(is->input_text));
  put_included(d, "inputDetails");
  if (status == MS_EXECUTION_SUCCEEDED) {
    put(d, "output", ms_json_print_value(core->output));
    put_included(d, "outputDetails");
  }
  if (status != MS_EXECUTION_RUNNING) {
    put_given(d, "error", core->error);
    put_given(d, "cause", core->cause);
  }
  put_redrive(d, engine, core);
}

int ms_engine_execution_describe(struct ms_buf *out, struct ms_engine *engine, struct ms_str arn)
{
  struct ms_run *run;
  if (ms_map_child_is(arn)) {
    return ms_map_child_describe(out, engine, arn);
  }
  int err = ms_run_get(&run, engine, arn);
  if (err != 0) {
    return err;
  }
  struct describe d = {ms_json_object(16), 0};
  describe_run(&d, engine, run);
  if (d.err == 0) {
    ms_json_print(out, d.object);
  }
  ms_json_unref(d.object);
  ms_run_rest(engine, run); /* looking at it is no reason to keep it in memory */
  ms_run_unref(run);
  return d.err != 0 ? d.err : out->error;
}

void ms_event_hide_data(struct ms_json *described)
{
  static const char *const hidden[] = {"input", "output", "parameters", "error", "cause"};
  for (size_t i = 0; i < ms_json_count(*described); i++) {
    struct ms_json details = ms_json_member(*described, i);
    if (!ms_json_is_object(details)) {
      continue;
    }
    struct ms_json kept = ms_json_ref(details);
    for (size_t j = 0; j < sizeof hidden / sizeof hidden[0]; j++) {
      ms_json_remove(&kept, ms_str_c(hidden[j]));
    }
    ms_json_set_key(described, ms_json_key_value(*described, i), kept);
  }
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
