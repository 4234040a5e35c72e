/*
 * "Step Functions Execution Status Change": what the default bus is told of a Standard execution that begins, ends or is
 * redriven, if there is a rule that could want it. It is written in the turn that changed the status, so both are
 * durable together, and delivered when they are. Memory that runs out here loses an event, and says so in the log.
 */
#include "base/error.h"
#include "messaging/bus.h"
#include "runtime/durable.h"

#define DETAIL_MAX ((size_t)248 << 10) /* with the payloads; then they are left out, the input first */
#define REST_MAX ((size_t)4 << 10)     /* what the other members have, about */

struct detail {
  struct ms_json object;
  int err;
};

/* Takes value. */
static void put(struct detail *d, const char *name, struct ms_json value)
{
  int err = ms_json_setc(&d->object, name, value);
  d->err = d->err != 0 ? d->err : err;
}

static struct ms_json or_null(struct ms_json value)
{
  return ms_json_is_none(value) ? MS_JSON_VALUE_NULL : value;
}

/* A payload as text, unless it is too large, and whether it is there. Takes text; NONE: there is none. */
static void put_payload(struct detail *d, const char *name, const char *details,
                        struct ms_json text, bool is_included)
{
  struct ms_json how = MS_JSON_VALUE_NULL;
  bool is_there = !ms_json_is_none(text);
  if (is_there) {
    how = ms_json_object(1);
    int err = ms_json_setc(&how, "included", ms_json_bool(is_included));
    d->err = d->err != 0 ? d->err : err;
  }
  if (is_there && !is_included) {
    ms_json_unref(text);
    text = MS_JSON_VALUE_NULL;
  }
  put(d, name, or_null(text));
  put(d, details, how);
}

static void put_payloads(struct detail *d, const struct ms_execution *core)
{
  const struct ms_execution_identity *is = &core->identity;
  struct ms_json input = ms_json_is_none(is->input_text) ? ms_json_print_value(core->input)
                                                         : ms_json_ref(is->input_text);
  bool has_output = core->status == MS_EXECUTION_SUCCEEDED;
  struct ms_json output = has_output ? ms_json_print_value(core->output) : MS_JSON_VALUE_NONE;
  if (ms_json_is_none(input) || (has_output && ms_json_is_none(output))) {
    d->err = ms_error_nomem();
  }
  size_t input_size = ms_json_size_bytes(input), output_size = ms_json_size_bytes(output);
  bool has_room = output_size + REST_MAX <= DETAIL_MAX;
  put_payload(d, "input", "inputDetails", input,
              has_room && input_size <= DETAIL_MAX - REST_MAX - output_size);
  put_payload(d, "output", "outputDetails", output, has_room);
}

static void put_redrive(struct detail *d, struct ms_engine *engine,
                        const struct ms_execution *core)
{
  const char *reason = "";
  bool is_redrivable =
      ms_core_redrivable(&reason, core, &engine->limits, ms_engine_now_ms(engine));
  put(d, "redriveCount", ms_json_int(core->redrive_count));
  put(d, "redriveDate",
      core->redrive_count == 0 ? MS_JSON_VALUE_NULL : ms_json_int(core->redriven_at_ms));
  put(d, "redriveStatus", ms_json_cstring(is_redrivable ? "REDRIVABLE" : "NOT_REDRIVABLE"));
  put(d, "redriveStatusReason",
      is_redrivable ? MS_JSON_VALUE_NULL : ms_json_cstring(reason));
}

static void put_failure(struct detail *d, const char *name, const struct ms_execution *core,
                        struct ms_json text)
{
  bool is_there = core->status != MS_EXECUTION_RUNNING && ms_json_is_string(text);
  put(d, name, is_there ? ms_json_ref(text) : MS_JSON_VALUE_NULL);
}

static int make_detail(struct ms_json *out, struct ms_engine *engine, const struct ms_run *run)
{
  const struct ms_execution *core = run->core;
  const struct ms_execution_identity *is = &core->identity;
  bool has_ended = core->status != MS_EXECUTION_RUNNING;
  struct detail d = {ms_json_object(18), 0};
  put(&d, "executionArn", ms_json_ref(is->arn));
  put(&d, "stateMachineArn", ms_json_ref(is->machine_arn));
  put(&d, "name", ms_json_ref(is->name));
  put(&d, "status", ms_json_cstring(ms_execution_status_text(core->status)));
  put(&d, "startDate", ms_json_int(core->started_at_ms));
  put(&d, "stopDate", has_ended ? ms_json_int(core->stopped_at_ms) : MS_JSON_VALUE_NULL);
  put(&d, "stateMachineVersionArn",
      run->machine->version == 0 ? MS_JSON_VALUE_NULL : ms_machine_version_arn(run->machine));
  put(&d, "stateMachineAliasArn", ms_json_is_none(run->machine->alias)
                                      ? MS_JSON_VALUE_NULL
                                      : ms_machine_alias_arn(run->machine));
  put_payloads(&d, core);
  put_redrive(&d, engine, core);
  put_failure(&d, "error", core, core->error);
  put_failure(&d, "cause", core, core->cause);
  *out = d.object;
  return d.err;
}

void ms_run_tell_status(struct ms_engine *engine, const struct ms_run *run)
{
  struct ms_buses *buses = ms_engine_driver(engine, &ms_buses_driver);
  if (run->machine->is_express || run->core->identity.is_sync || buses == NULL ||
      !ms_bus_has_rules(buses)) {
    return;
  }
  struct ms_json detail;
  int err = make_detail(&detail, engine, run);
  if (err == 0) {
    err = ms_bus_publish(buses, "aws.states", "Step Functions Execution Status Change",
                         ms_json_text(run->core->identity.arn), detail);
  }
  ms_json_unref(detail);
  if (err != 0) {
    ms_engine_log(engine, 1, "the status of execution %s was not told to the bus: %s",
                  ms_json_text(run->core->identity.arn).data, ms_error_text(err));
  }
}
