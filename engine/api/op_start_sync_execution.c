/*
 * StartSyncExecution: an Express execution whose end is the answer. It happens at most once: of one that was
 * under way when the process ended nothing is left.
 */
#include "api/start.h"
#include "base/error.h"
#include "runtime/names.h"

#define BILLED_STEP_MS 100
#define BILLED_MEMORY_MB 64

static const struct ms_api_member members[] = {
    MS_MEMBER_ARN("stateMachineArn", true),
    {.name = "name", .kind = MS_API_STRING, .min = 1, .max = MS_API_NAME_MAX},
    {.name = "input", .kind = MS_API_STRING},
    {.name = "traceHeader", .kind = MS_API_STRING, .max = 256},
    MS_MEMBER_INCLUDED_DATA,
    MS_MEMBER_END};

/* An object under construction; failure is sticky. */
struct reply {
  struct ms_json object;
  int err;
};

/* Takes value. */
static void put(struct reply *reply, const char *name, struct ms_json value)
{
  if (reply->err != 0) {
    ms_json_unref(value);
    return;
  }
  reply->err = ms_json_setc(&reply->object, name, value);
}

static void put_text(struct reply *reply, const char *name, struct ms_str text)
{
  if (text.data != NULL) {
    put(reply, name, ms_json_string(text));
  }
}

static void put_billing(struct reply *reply, int64_t lasted_ms)
{
  int64_t steps = lasted_ms <= 0 ? 1 : (lasted_ms + BILLED_STEP_MS - 1) / BILLED_STEP_MS;
  struct ms_json billing = ms_api_object("billedMemoryUsedInMB", ms_json_int(BILLED_MEMORY_MB));
  if (reply->err == 0) {
    reply->err =
        ms_json_setc(&billing, "billedDurationInMilliseconds", ms_json_int(steps * BILLED_STEP_MS));
  }
  put(reply, "billingDetails", billing);
}

static void put_data(struct reply *reply, struct ms_api_call *call, const struct ms_engine_end *end)
{
  bool is_included = !ms_str_is(ms_api_text(call, "includedData"), "METADATA_ONLY");
  struct ms_str input = ms_api_text(call, "input");
  if (is_included) {
    put_text(reply, "input", input.data == NULL ? MS_STR("{}") : input);
    put_text(reply, "output", end->output);
  }
  put(reply, "inputDetails", ms_api_object("included", ms_json_bool(is_included)));
  put(reply, "outputDetails", ms_api_object("included", ms_json_bool(is_included)));
}

/* Of an Express execution's ARN: ...:express:MACHINE:NAME:ID. */
static struct ms_str name_of(struct ms_str arn)
{
  struct ms_str rest = ms_api_arn_rest(arn);
  size_t from = ms_str_find(rest, 0, ':') + 1;
  return ms_str_sub(rest, from, ms_str_find(rest, from, ':'));
}

static int ended(struct ms_api_call *call, const struct ms_engine_end *end)
{
  static const char *const names[] = {"RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"};
  if (end->status < 0 || end->status >= (int)(sizeof names / sizeof names[0])) {
    return ms_error(MSTEP_EIO, "It is not known how the execution ended.");
  }
  struct ms_json kept = ms_api_kept(call);
  int64_t started_at_ms = 0, now_ms = ms_engine_now_ms(ms_api_engine(call));
  ms_json_to_int(&started_at_ms, ms_json_getc(kept, "startedAtMs"));
  struct reply reply = {ms_json_object(16), 0};
  put_text(&reply, "executionArn", ms_str_c(end->arn));
  put(&reply, "stateMachineArn", ms_json_ref(ms_json_getc(kept, "machine")));
  put_text(&reply, "name", name_of(ms_str_c(end->arn)));
  put(&reply, "startDate", ms_api_date(started_at_ms));
  put(&reply, "stopDate", ms_api_date(now_ms));
  put_text(&reply, "status", ms_str_c(names[end->status]));
  put_text(&reply, "error", end->error);
  put_text(&reply, "cause", end->cause);
  put_data(&reply, call, end);
  put_text(&reply, "traceHeader", ms_api_text(call, "traceHeader"));
  put_billing(&reply, now_ms - started_at_ms);
  if (reply.err != 0) {
    ms_json_unref(reply.object);
    return reply.err;
  }
  return ms_api_reply_json(call, reply.object);
}

/* The ARN without version and alias. */
static struct ms_str machine_of(struct ms_str arn)
{
  size_t at = 0;
  for (int i = 0; i < 7; i++) {
    at = ms_str_find(arn, at, ':') + 1;
  }
  return at > arn.len ? arn : ms_str_sub(arn, 0, at - 1);
}

static int run(struct ms_api_call *call)
{
  struct ms_str machine = ms_api_arn(call, "stateMachineArn", "stateMachine");
  struct ms_str name = ms_api_text(call, "name");
  if (machine.data == NULL) {
    return MSTEP_OK;
  }
  if (name.data != NULL && ms_name_check(name) != 0) {
    return ms_api_fail(call, MS_API_ERROR_INVALID_NAME, name);
  }
  struct ms_json kept = ms_api_object("machine", ms_json_string(machine_of(machine)));
  if (ms_json_setc(&kept, "startedAtMs", ms_json_int(ms_engine_now_ms(ms_api_engine(call)))) != 0) {
    ms_json_unref(kept);
    return ms_error_nomem();
  }
  ms_api_keep(call, kept);
  char arn[MS_ENGINE_ARN_SIZE] = "";
  const struct ms_engine_start request = {.machine_arn = machine,
                                          .name = name,
                                          .input = ms_api_text(call, "input"),
                                          .done = ms_api_when_ended(call, ended),
                                          .is_sync = true};
  int err = ms_engine_execution_start(arn, ms_api_engine(call), &request);
  return err == 0 ? MSTEP_OK : ms_api_start_failed(call, err, machine, arn);
}

const struct ms_op ms_op_start_sync_execution = {members, run};
