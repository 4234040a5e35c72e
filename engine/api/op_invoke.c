/*
 * Invoke of Lambda. RequestResponse gives {"StatusCode": 200, "ExecutedVersion", "Payload"} with "FunctionError" when
 * the function failed and "LogResult" when it was asked for; Event {"StatusCode": 202} once it is durable;
 * DryRun {"StatusCode": 204}. The first two have the RequestId that the handler sees. Payloads are JSON values here.
 */
#include "api/function.h"
#include "base/base64.h"
#include "base/error.h"

static const struct ms_api_member members[] = {
    MS_MEMBER_FUNCTION_NAME,
    MS_MEMBER_QUALIFIER,
    {.name = "InvocationType", .kind = MS_API_STRING, .values = "Event, RequestResponse, DryRun"},
    {.name = "LogType", .kind = MS_API_STRING, .values = "None, Tail"},
    {.name = "ClientContext", .kind = MS_API_STRING, .max = 3583},
    {.name = "Payload", .kind = MS_API_ANY},
    MS_MEMBER_END};

static void answered(const struct ms_invoke_answer *answer, void *user)
{
  struct ms_api_call *call = user;
  if (answer->code != MSTEP_OK && answer->code != MSTEP_ELUA && answer->code != MSTEP_ENOTFOUND) {
    ms_api_fail_code(call, answer->code);
    return;
  }
  struct ms_buf text;
  ms_buf_init(&text, 0);
  ms_buf_cstr(&text, "{\"StatusCode\":200,\"ExecutedVersion\":");
  ms_json_print_string(&text, ms_str_c(answer->version));
  ms_buf_cstr(&text, answer->code != 0 ? ",\"FunctionError\":\"Unhandled\"" : "");
  if (ms_str_is(ms_api_text(call, "LogType"), "Tail")) {
    ms_buf_cstr(&text, ",\"LogResult\":\"");
    ms_base64_encode(&text, answer->log_tail);
    ms_buf_char(&text, '"');
  }
  ms_buf_cstr(&text, ",\"Payload\":");
  ms_buf_str(&text, answer->payload.len == 0 ? MS_STR("null") : answer->payload);
  ms_buf_printf(&text, ",\"RequestId\":\"%s\"}", answer->request_id);
  ms_api_reply_buf(call, &text);
}

static void sent(int code, const char *request_id, void *user)
{
  struct ms_api_call *call = user;
  if (code == MSTEP_EIO) {
    ms_api_fail(call, MS_API_ERROR_SERVICE_UNAVAILABLE,
                MS_STR("It is not known whether the event was accepted"));
  } else if (code != 0) {
    ms_api_fail_code(call, code);
  } else {
    struct ms_buf text;
    ms_buf_init(&text, 0);
    ms_buf_printf(&text, "{\"StatusCode\":202,\"RequestId\":\"%s\"}", request_id);
    ms_api_reply_buf(call, &text);
  }
}

/* The parsed ClientContext: base64 of a JSON object. NONE: there is none, or it is not that. */
static struct ms_json client_context(struct ms_api_call *call)
{
  struct ms_str text = ms_api_text(call, "ClientContext");
  struct ms_json value = MS_JSON_VALUE_NONE;
  struct ms_buf plain;
  ms_buf_init(&plain, 0);
  if (text.len == 0 || ms_base64_decode_lenient(&plain, text) != 0 ||
      ms_json_parse(&value, ms_buf_view(&plain), NULL, NULL) != 0) {
    value = MS_JSON_VALUE_NONE;
  }
  ms_buf_deinit(&plain);
  return value;
}

static int invoke_now(struct ms_api_call *call, const struct ms_function_name *name,
                      struct ms_json payload)
{
  struct ms_json none = ms_json_is_none(payload) ? ms_json_object(0) : MS_JSON_VALUE_NONE;
  const struct ms_invoke_request request = {.name = *name,
                                            .payload = ms_json_is_none(payload) ? none : payload,
                                            .client_context = client_context(call),
                                            .lineage = ms_api_lineage(call),
                                            .has_log_tail =
                                                ms_str_is(ms_api_text(call, "LogType"), "Tail")};
  int err = ms_invoke_call(ms_api_invoke(call), &request, answered, call);
  ms_json_unref(request.client_context);
  ms_json_unref(none);
  return err;
}

static int invoke_later(struct ms_api_call *call, const struct ms_function_name *name,
                        struct ms_json payload)
{
  struct ms_buf text;
  ms_buf_init(&text, 0);
  ms_json_print(&text, payload);
  const struct ms_invoke_event event = {
      .name = *name,
      .payload = text.len == 0 ? MS_STR("{}") : ms_buf_view(&text),
      .lineage = ms_api_lineage(call)};
  int err = text.error;
  if (err == 0 && text.len > MS_INVOKE_PAYLOAD_MAX) {
    err = ms_api_fail_f(call, MS_API_ERROR_LAMBDA_TOO_LARGE,
                        "%zu byte payload is too large for the Event invocation type (limit %zu "
                        "bytes)",
                        text.len, MS_INVOKE_PAYLOAD_MAX);
  } else if (err == 0) {
    err = ms_invoke_send(ms_api_invoke(call), &event, sent, call);
  }
  ms_buf_deinit(&text);
  return err;
}

static int refuse(struct ms_api_call *call)
{
  enum ms_invoke_refusal why = ms_invoke_refusal(ms_api_invoke(call));
  if (why == MS_INVOKE_LOOP) {
    return ms_api_fail(call, MS_API_ERROR_LAMBDA_RECURSIVE,
                       MS_STR("Lambda has detected your function being invoked in a recursive "
                              "loop with other AWS resources and stopped your function's "
                              "invocation."));
  }
  return ms_api_fail_with(call, MS_API_ERROR_LAMBDA_TOO_MANY_REQUESTS, MS_STR("Rate Exceeded."),
                          "Reason",
                          why == MS_INVOKE_FULL_ACCOUNT
                              ? "ConcurrentInvocationLimitExceeded"
                              : "ReservedFunctionConcurrentInvocationLimitExceeded");
}

static int run(struct ms_api_call *call)
{
  struct ms_function_name name;
  if (!ms_api_function(&name, call)) {
    return MSTEP_OK;
  }
  if (!ms_invoke_has(ms_api_invoke(call), &name)) {
    return ms_api_no_function(call, &name);
  }
  struct ms_str type = ms_api_text(call, "InvocationType");
  struct ms_json payload = ms_json_getc(ms_api_get(call, NULL), "Payload");
  if (ms_str_is(type, "DryRun")) {
    return ms_api_reply_text(call, MS_STR("{\"StatusCode\":204}"));
  }
  int err = ms_str_is(type, "Event") ? invoke_later(call, &name, payload)
                                     : invoke_now(call, &name, payload);
  if (err == MSTEP_ESTATE && !ms_str_is(type, "Event")) {
    return refuse(call);
  }
  if (err == MSTEP_ETOOBIG) {
    return ms_api_fail_with(call, MS_API_ERROR_LAMBDA_TOO_MANY_REQUESTS,
                            MS_STR("Too much waits to be stored."), "Reason",
                            "FunctionInvocationRateLimitExceeded");
  }
  return err;
}

const struct ms_op ms_op_invoke = {members, run};
