/* InvokeAsync of Lambda, from before Invoke had its types: what Event is there, with less room and no request id. */
#include "api/function.h"
#include "base/error.h"

#define PAYLOAD_MAX ((size_t)256 << 10)

/* InvokeArgs is its own name for the payload, which over HTTP is the body. */
static const struct ms_api_member members[] = {MS_MEMBER_FUNCTION_NAME,
                                               {.name = "InvokeArgs", .kind = MS_API_ANY},
                                               {.name = "Payload", .kind = MS_API_ANY},
                                               MS_MEMBER_END};

static void sent(int code, const char *request_id, void *user)
{
  struct ms_api_call *call = user;
  (void)request_id;
  if (code == MSTEP_EIO) {
    ms_api_fail(call, MS_API_ERROR_SERVICE_UNAVAILABLE,
                MS_STR("It is not known whether the event was accepted"));
  } else if (code != 0) {
    ms_api_fail_code(call, code);
  } else {
    ms_api_reply_text(call, MS_STR("{\"Status\":202}"));
  }
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
  struct ms_buf text;
  ms_buf_init(&text, 0);
  struct ms_json payload = ms_api_get(call, "InvokeArgs");
  ms_json_print(&text, ms_json_is_none(payload) ? ms_api_get(call, "Payload") : payload);
  const struct ms_invoke_event event = {
      .name = name,
      .payload = text.len == 0 ? MS_STR("{}") : ms_buf_view(&text),
      .lineage = ms_api_lineage(call)};
  int err = text.error;
  if (err == 0 && text.len > PAYLOAD_MAX) {
    err = ms_api_fail_f(call, MS_API_ERROR_LAMBDA_TOO_LARGE,
                        "%zu byte payload is too large for the Event invocation type (limit %zu "
                        "bytes)",
                        text.len, PAYLOAD_MAX);
  } else if (err == 0) {
    err = ms_invoke_send(ms_api_invoke(call), &event, sent, call);
  }
  ms_buf_deinit(&text);
  return err != MSTEP_ETOOBIG
             ? err
             : ms_api_fail_with(call, MS_API_ERROR_LAMBDA_TOO_MANY_REQUESTS,
                                MS_STR("Too much waits to be stored."), "Reason",
                                "FunctionInvocationRateLimitExceeded");
}

const struct ms_op ms_op_invoke_async = {members, run};
