/*
 * ValidateStateMachineDefinition: never an error for a bad definition. Ours: `location` as AWS
 * writes it.
 */
#include "api/machine.h"
#include "base/error.h"

#define DIAGNOSTICS_MAX 100

static const struct ms_api_member members[] = {
    {.name = "definition",
     .kind = MS_API_STRING,
     .is_required = true,
     .max = MS_API_DEFINITION_MAX},
    {.name = "type", .kind = MS_API_STRING, .values = "STANDARD, EXPRESS"},
    {.name = "severity", .kind = MS_API_STRING, .values = "ERROR, WARNING"},
    {.name = "maxResults", .kind = MS_API_INTEGER, .max = DIAGNOSTICS_MAX},
    MS_MEMBER_END};

struct answer {
  struct ms_json diagnostics;
  bool has_warnings; /* are wanted */
  bool has_error;
  bool is_truncated;
  int64_t max;
  int err;
};

static void add_diagnostic(const struct ms_engine_diagnostic *problem, void *user)
{
  struct answer *answer = user;
  answer->has_error = answer->has_error || problem->is_error;
  if (answer->err != 0 || (!problem->is_error && !answer->has_warnings)) {
    return;
  }
  if ((int64_t)ms_json_count(answer->diagnostics) == answer->max) {
    answer->is_truncated = true;
    return;
  }
  /* A place in text that is not JSON stands in the message, too. */
  bool is_source = problem->pointer[0] == '[';
  struct ms_json message = ms_json_stringf("%s%s%s", problem->message, is_source ? "\n at " : "",
                                           is_source ? problem->pointer : "");
  struct ms_json one =
      ms_api_object("severity", ms_json_cstring(problem->is_error ? "ERROR" : "WARNING"));
  answer->err = ms_json_setc(&one, "message", message);
  if (answer->err == 0) {
    answer->err = ms_json_setc(&one, "code", ms_json_cstring(problem->code));
  }
  if (answer->err == 0 && problem->pointer[0] != '\0') {
    answer->err = ms_json_setc(&one, "location", ms_json_cstring(problem->pointer));
  }
  if (answer->err == 0) {
    answer->err = ms_json_push(&answer->diagnostics, one);
  } else {
    ms_json_unref(one);
  }
}

static int run(struct ms_api_call *call)
{
  struct answer answer = {.diagnostics = ms_json_array(0),
                          .has_warnings = ms_str_is(ms_api_text(call, "severity"), "WARNING"),
                          .max = ms_api_int(call, "maxResults", 0)};
  answer.max = answer.max == 0 ? DIAGNOSTICS_MAX : answer.max;
  bool is_express = ms_str_is(ms_api_text(call, "type"), "EXPRESS");
  int err = ms_engine_machine_validate(ms_api_engine(call), ms_api_text(call, "definition"),
                                       is_express ? MS_ENGINE_EXPRESS : 0, add_diagnostic, &answer);
  err = err == MSTEP_EDEFINITION ? answer.err : err;
  struct ms_json reply = ms_api_object("result", ms_json_cstring(answer.has_error ? "FAIL" : "OK"));
  if (err == 0) {
    err = ms_json_setc(&reply, "diagnostics", ms_json_ref(answer.diagnostics));
  }
  if (err == 0) {
    err = ms_json_setc(&reply, "truncated", ms_json_bool(answer.is_truncated));
  }
  ms_json_unref(answer.diagnostics);
  if (err != 0) {
    ms_json_unref(reply);
    return err;
  }
  return ms_api_reply_json(call, reply);
}

const struct ms_op ms_op_validate_definition = {members, run};
