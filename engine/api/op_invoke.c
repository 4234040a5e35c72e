/*
 * Invoke of Lambda, RequestResponse: {"FunctionName", "Payload"} -> {"StatusCode",
 * "ExecutedVersion", "Payload"} and, when the function failed, "FunctionError". Payloads are JSON
 * values here.
 */
#include "api/members.h"
#include "base/error.h"

static const struct ms_api_member members[] = {
    {.name = "FunctionName", .kind = MS_API_STRING, .is_required = true, .min = 1, .max = 256},
    {.name = "InvocationType", .kind = MS_API_STRING, .values = "Event, RequestResponse, DryRun"},
    {.name = "Payload", .kind = MS_API_ANY},
    MS_MEMBER_END};

/* "name" of a name, an ARN, either with a qualifier. */
static struct ms_str function_name(struct ms_str text)
{
  static const char mark[] = "function:";
  size_t from = 0;
  for (size_t at = 0; at + sizeof mark - 1 <= text.len; at++) {
    if (memcmp(text.data + at, mark, sizeof mark - 1) == 0) {
      from = at + sizeof mark - 1;
      break;
    }
  }
  return ms_str_sub(text, from, ms_str_find(text, from, ':'));
}

static int replied(struct ms_api_call *call, int status, struct ms_str reply)
{
  if (status == MSTEP_ENOTFOUND) {
    return ms_api_fail(call, MS_API_ERROR_RESOURCE_NOT_FOUND, ms_api_text(call, "FunctionName"));
  }
  if (status != MSTEP_OK && status != MSTEP_ELUA) {
    return status;
  }
  struct ms_buf text;
  ms_buf_init(&text, 0);
  ms_buf_cstr(&text, "{\"StatusCode\":200,\"ExecutedVersion\":\"$LATEST\",");
  ms_buf_cstr(&text, status == MSTEP_ELUA ? "\"FunctionError\":\"Unhandled\"," : "");
  ms_buf_cstr(&text, "\"Payload\":");
  ms_buf_str(&text, reply.len == 0 ? MS_STR("null") : reply);
  ms_buf_char(&text, '}');
  return ms_api_reply_buf(call, &text);
}

static int run(struct ms_api_call *call)
{
  struct ms_str type = ms_api_text(call, "InvocationType");
  if (type.data != NULL && !ms_str_is(type, "RequestResponse")) {
    return ms_api_fail_f(call, MS_API_ERROR_INVALID_PARAMETER_VALUE,
                         "InvocationType %.*s is not supported yet", MS_STR_ARG(type));
  }
  struct ms_buf payload;
  ms_buf_init(&payload, 0);
  struct ms_json value = ms_json_getc(ms_api_get(call, NULL), "Payload");
  ms_json_print(&payload, value);
  int err = payload.error;
  if (err == 0) {
    err = ms_engine_function_invoke(ms_api_engine(call),
                                    function_name(ms_api_text(call, "FunctionName")),
                                    payload.len == 0 ? MS_STR("{}") : ms_buf_view(&payload),
                                    ms_api_when_replied(call, replied));
  }
  ms_buf_deinit(&payload);
  return err;
}

const struct ms_op ms_op_invoke = {members, run};
